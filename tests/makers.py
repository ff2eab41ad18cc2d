"""Small runs of a recogniser, made on the spot: checkpoints, caches, vocabularies, histories, all seeded."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

FEATURES = 6
GLOSSES = ("apple", "book", "chair", "dog", "eat", "fish")


class Notebook(nn.Module):
    """The notebook layout, written independently of the program."""

    def __init__(self, inputs: int, hidden: int, layers: int, classes: int, *, bidirectional: bool = True) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.lstm = nn.LSTM(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional)
        self.classifier = nn.Linear(hidden * (2 if bidirectional else 1), classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.encoder.lstm(features)[0])


class Stage2(nn.Module):
    """The Stage 2 trainer's layout, written independently of the program."""

    def __init__(self, inputs: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.input_projection = nn.Linear(inputs, hidden)
        self.encoder.lstm = nn.LSTM(hidden, hidden, 1, batch_first=True, bidirectional=True)
        self.encoder.layer_norm = nn.LayerNorm(2 * hidden)
        self.ctc_head = nn.Module()
        self.ctc_head.projection = nn.Linear(2 * hidden, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        encoded = self.encoder.lstm(self.encoder.input_projection(features))[0]
        return self.ctc_head.projection(self.encoder.layer_norm(encoded))


def make_notebook(seed: int = 0, **sizes: Any) -> Notebook:
    """A seeded network with random weights."""
    torch.manual_seed(seed)
    known = {"inputs": FEATURES, "hidden": 8, "layers": 2, "classes": len(GLOSSES) + 1} | sizes
    return Notebook(**known).eval()


def make_clips(
    *,
    glosses: Sequence[str] = GLOSSES,
    clips_a_gloss: int = 3,
    features: int = FEATURES,
    ids: Mapping[str, int] | None = None,
    split: str = "val",
    seed: int = 1,
    dtype: str = "float32",
) -> dict[str, dict[str, Any]]:
    """A cache in the seed's layout; ids start at 1 in the order of `glosses`."""
    random = np.random.default_rng(seed)
    numbers = ids or {gloss: number for number, gloss in enumerate(glosses, start=1)}
    cache = {}
    for gloss in glosses:
        for copy in range(clips_a_gloss):
            length = int(random.integers(4, 12))
            name = f"{split}_{gloss}_{copy}"
            cache[name] = {
                "features": random.normal(size=(length, features)).astype(dtype),
                "gloss": gloss,
                "gloss_id": numbers[gloss],
                "video_id": name,
                "split": split,
            }
    return cache


def write_cache(path: Path, cache: object, protocol: int = 4) -> Path:
    """A cache as a pickle file."""
    path.write_bytes(pickle.dumps(cache, protocol=protocol))
    return path


def save_notebook(path: Path, network: nn.Module, **extra: Any) -> Path:
    """A checkpoint in the notebook's layout."""
    torch.save({"epoch": 3, "model_state_dict": network.state_dict(), **extra}, path)
    return path


def write_vocabulary(path: Path, gloss_to_id: Mapping[str, int]) -> Path:
    """A vocabulary file as the seed writes it."""
    backward = {str(number): gloss for gloss, number in gloss_to_id.items()}
    held = {"gloss_to_id": dict(gloss_to_id), "id_to_gloss": backward, "vocab_size": len(gloss_to_id) + 1}
    path.write_text(json.dumps(held))
    return path


def write_log(path: Path, epochs: int = 4) -> Path:
    """A log with a few epochs."""
    lines = []
    for epoch in range(1, epochs + 1):
        lines += [f"Epoch {epoch}/{epochs}:", f"  Train Loss: {5 - epoch:.4f}", f"  Val Loss: {4 + epoch:.4f}"]
        lines += [f"  Val Accuracy: {epoch:.2f}%"]
    path.write_text("\n".join(lines))
    return path


@dataclass(frozen=True)
class Run:
    """The files of one small run."""

    folder: Path
    network: Notebook
    checkpoint: Path
    validation: Path
    train: Path
    vocabulary: Path
    log: Path

    @property
    def files(self) -> list[Path]:
        """All of them."""
        return [self.checkpoint, self.validation, self.train, self.vocabulary, self.log]


def make_run(folder: Path, seed: int = 0) -> Run:
    """A run whose labels are sound; the network is untrained."""
    folder.mkdir(parents=True, exist_ok=True)
    network = make_notebook(seed)
    ids = {gloss: number for number, gloss in enumerate(GLOSSES, start=1)}
    return Run(
        folder=folder,
        network=network,
        checkpoint=save_notebook(folder / "checkpoint.pt", network),
        validation=write_cache(folder / "features_val.pkl", make_clips()),
        train=write_cache(folder / "features_train.pkl", make_clips(split="train", seed=2, clips_a_gloss=5)),
        vocabulary=write_vocabulary(folder / "vocabulary.json", ids),
        log=write_log(folder / "train_log.txt"),
    )
