"""A run that really trains: a tiny CTC network on signs that can be told apart, with a checkpoint after every epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from makers import GLOSSES, Notebook, write_cache
from torch import nn

FRAMES = 8
STEPS_AN_EPOCH = 12
FEATURES = 6


@dataclass(frozen=True)
class TrainedRun:
    """The files of a run, and how many validation clips are right after each epoch by the majority of frames."""

    folder: Path
    checkpoints: dict[int, Path]
    validation: Path
    train: Path
    correct: dict[int, int]
    empty: dict[int, int]


def signs(clips_a_gloss: int, *, seed: int, glosses: Sequence[str] = GLOSSES) -> tuple[torch.Tensor, torch.Tensor]:
    """Clips (N, T, F) of glosses that differ in their mean, and their ids from 1."""
    centres = np.random.default_rng(7).normal(size=(len(glosses), FEATURES)) * 1.5
    random = np.random.default_rng(seed)
    ids = np.repeat(np.arange(len(glosses)), clips_a_gloss)
    clips = centres[ids][:, None, :] + random.normal(size=(len(ids), FRAMES, FEATURES))
    return torch.tensor(clips, dtype=torch.float32), torch.tensor(ids + 1)


def cache_of(clips: torch.Tensor, ids: torch.Tensor, split: str) -> dict[str, dict[str, object]]:
    """The clips in the seed's layout."""
    return {
        f"{split}_{index}": {
            "features": clip.numpy(),
            "gloss": GLOSSES[int(number) - 1],
            "gloss_id": int(number),
            "video_id": f"{split}_{index}",
            "split": split,
        }
        for index, (clip, number) in enumerate(zip(clips, ids, strict=True))
    }


def majority(logits: torch.Tensor) -> np.ndarray:
    """(N, T, C) -> (N,): the most frequent frame winner that is not the blank, 0 where all are blank."""
    answers = []
    for winners in logits.argmax(-1).numpy():
        spoken = winners[winners != 0]
        answers.append(int(np.bincount(spoken).argmax()) if len(spoken) else 0)
    return np.array(answers)


def train_run(
    folder: Path,
    *,
    epochs: int = 8,
    collapse_from: int | None = None,
    saved: Sequence[int] = (),
    seed: int = 3,
    stored: Mapping[str, object] | None = None,
) -> TrainedRun:
    """Train, and save after each epoch.

    Args:
        folder: Where to write.
        epochs: How many.
        collapse_from: The first epoch that is trained on empty targets, so that only the blank is left.
        saved: Epochs to save; all where none is given.
        seed: Of the weights.
        stored: What else every checkpoint holds.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network is slower on two, and far slower on a busy machine
    try:
        return _train(folder, epochs, collapse_from, saved, seed, stored or {})
    finally:
        torch.set_num_threads(threads)


def _train(
    folder: Path,
    epochs: int,
    collapse_from: int | None,
    saved: Sequence[int],
    seed: int,
    stored: Mapping[str, object],
) -> TrainedRun:
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = Notebook(FEATURES, 16, 1, len(GLOSSES) + 1)
    train, train_ids = signs(8, seed=1)
    validation, validation_ids = signs(10, seed=2)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
    lengths = torch.full((len(train),), FRAMES)
    run = TrainedRun(
        folder=folder,
        checkpoints={},
        validation=write_cache(folder / "features_val.pkl", cache_of(validation, validation_ids, "val")),
        train=write_cache(folder / "features_train.pkl", cache_of(train, train_ids, "train")),
        correct={},
        empty={},
    )
    for epoch in range(1, epochs + 1):
        network.train()
        is_collapsing = collapse_from is not None and epoch >= collapse_from
        targets = torch.zeros(0, dtype=torch.long) if is_collapsing else train_ids
        target_lengths = torch.full((len(train),), 0 if is_collapsing else 1)
        for _ in range(STEPS_AN_EPOCH):
            log_probs = network(train).log_softmax(-1).transpose(0, 1)
            loss = nn.functional.ctc_loss(log_probs, targets, lengths, target_lengths, reduction="sum") / len(train)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if saved and epoch not in saved:
            continue
        path = folder / f"checkpoint_epoch_{epoch}.pt"
        torch.save({"epoch": epoch, "model_state_dict": network.state_dict(), **stored}, path)
        run.checkpoints[epoch] = path
        with torch.inference_mode():
            said = majority(network.eval()(validation))
        run.correct[epoch] = int((said == validation_ids.numpy()).sum())
        run.empty[epoch] = int((said == 0).sum())
    return run
