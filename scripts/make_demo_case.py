"""Make the bundled demo case: train a small BiLSTM + CTC on synthetic signs, in the layout of a notebook, with two faults.

    python scripts/make_demo_case.py resources/demo

What is planted, and so what the diagnosis must find:

1. glosses are numbered separately in every split, so most validation ids mean another gloss than in training;
2. the Stage 1 checkpoint has another width, so nothing of it was loaded, although the notebook says PRE-TRAINED.

Everything is seeded; the same torch version gives the same files. Takes about a minute on one core.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from demo_cells import CODE_CELLS, MARKDOWN_TITLE
from numpy.typing import NDArray
from torch import nn

SEED = 7
FEATURES = 36
CONSTANT_FEATURES = (30, 35)
LATENTS = 8
SIGNERS = {"train": 9, "val": 3}
CLIPS_A_GLOSS = {"train": 10, "val": 3}
GLOSSES = [
    "book",
    "drink",
    "computer",
    "before",
    "chair",
    "go",
    "clothes",
    "who",
    "candy",
    "cousin",
    "deaf",
    "fine",
    "help",
    "no",
    "thin",
    "walk",
    "year",
    "yes",
    "all",
    "black",
    "cool",
    "finish",
    "hot",
    "like",
    "many",
    "mother",
    "now",
    "orange",
    "table",
    "thanksgiving",
    "what",
    "woman",
    "bed",
    "blue",
    "bowling",
    "can",
    "dog",
    "family",
    "fish",
    "graduate",
]
WITHOUT_VALIDATION = {"drink", "clothes", "mother", "bed", "dog"}
STAGE1_WIDTH = 48
Video = dict[str, str | int]


class SyntheticSigns:
    """Made-up movements: each gloss is a smooth path through a few latent dimensions, seen through a fixed matrix."""

    def __init__(self, random: np.random.Generator) -> None:
        self.random = random
        self.view = random.normal(size=(LATENTS, FEATURES)) / np.sqrt(LATENTS)
        self.waves = {gloss: self._path() for gloss in GLOSSES}
        self.offsets = random.normal(scale=0.5, size=(sum(SIGNERS.values()), FEATURES))

    def _path(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        shape = (3, LATENTS)
        return (
            self.random.uniform(0.3, 1, shape),
            self.random.uniform(0.5, 2.5, shape),
            self.random.uniform(0, 6.3, shape),
        )

    def landmarks_of(self, video: Video) -> NDArray[np.float32] | None:
        """(T, 36), or None for the few videos in which nothing was found."""
        if self.random.uniform() < 0.03:
            return None
        length = int(self.random.integers(18, 40))
        start, stretch = self.random.uniform(-0.06, 0.06), self.random.uniform(0.85, 1.15)
        time = start + stretch * np.linspace(0, 1, length)[:, None, None]  # (T, 1, 1)
        strength, pace, phase = self.waves[str(video["gloss"])]
        path = (strength * np.sin(2 * np.pi * pace * time + phase)).sum(axis=1)  # (T, waves, L) -> (T, L)
        path += np.cumsum(self.random.normal(scale=0.25, size=path.shape), axis=0)
        features = path @ self.view * self.random.uniform(0.8, 1.2) + self.offsets[int(video["signer"])]
        features += self.random.normal(scale=0.7, size=features.shape)
        features[:, CONSTANT_FEATURES] = 0
        return features.astype(np.float32)


def list_videos(random: np.random.Generator) -> dict[str, list[Video]]:
    """The videos of both splits, glosses in the order of the list."""
    videos: dict[str, list[Video]] = {"train": [], "val": []}
    number = 10_000
    for split, first_signer in (("train", 0), ("val", SIGNERS["train"])):
        for gloss in GLOSSES:
            count = CLIPS_A_GLOSS[split] + int(random.integers(-1, 2))
            for _ in range(0 if split == "val" and gloss in WITHOUT_VALIDATION else count):
                number += int(random.integers(1, 9))
                signer = first_signer + int(random.integers(SIGNERS[split]))
                videos[split].append({"id": f"{number:05d}", "gloss": gloss, "signer": signer})
    return videos


def save_stage1(path: Path) -> None:
    """A pre-trained encoder of another width, as an earlier experiment may have left it."""
    torch.manual_seed(SEED + 1)
    projection, norm = nn.Linear(FEATURES, STAGE1_WIDTH), nn.LayerNorm(2 * STAGE1_WIDTH)
    lstm = nn.LSTM(STAGE1_WIDTH, STAGE1_WIDTH, 2, batch_first=True, bidirectional=True)
    parts = {"input_projection": projection, "lstm": lstm, "layer_norm": norm}
    state = {f"{part}.{name}": value for part, module in parts.items() for name, value in module.state_dict().items()}
    torch.save({"epoch": 11, "encoder_state_dict": state, "best_loss": 2.03}, path)


def run_cells(namespace: dict[str, object]) -> list[dict[str, object]]:
    """Run the notebook's cells and keep what they printed, one output an epoch."""
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "metadata": {}, "source": MARKDOWN_TITLE}]
    for number, source in enumerate(CODE_CELLS, start=1):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(source, f"<cell {number}>", "exec"), namespace)  # noqa: S102 - our own cells, see demo_cells
        print(printed.getvalue(), end="")
        output = {"output_type": "stream", "name": "stdout", "text": printed.getvalue().splitlines(keepends=True)}
        cells.append(
            {"cell_type": "code", "execution_count": number, "metadata": {}, "source": source, "outputs": [output]}
        )
    return cells


def main(out: Path) -> None:
    """Write the case into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    signs = SyntheticSigns(random)
    landmarks_of: Callable[[Video], NDArray[np.float32] | None] = signs.landmarks_of
    save_stage1(out / "stage1_checkpoint_best.pt")
    videos = list_videos(random)
    cells = run_cells({"SEED": SEED, "OUT": str(out), "videos": videos, "landmarks_of": landmarks_of})
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    (out / "training.ipynb").write_text(json.dumps(notebook, indent=1, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "resources/demo"))
