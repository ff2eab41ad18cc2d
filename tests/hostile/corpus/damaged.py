"""Sound files, cut short or with bits turned, seeded so that every run sees the same damage."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path

from hostile.corpus.containers import npy, npz, tar_archive, torch_legacy, torch_tar
from hostile.corpus.records import Hostile, Place
from hostile.corpus.safetensors_headers import safetensors
from hostile.corpus.tensors import archive, with_good

SHARES = (0.0, 0.01, 0.1, 0.33, 0.5, 0.66, 0.9, 0.99, 0.999)
FLIPS = 10


def _notebook() -> bytes:
    cell = {
        "cell_type": "code",
        "outputs": [{"output_type": "stream", "text": ["Epoch 1/2\n", "Val Accuracy: 3.5%\n"]}],
    }
    return json.dumps({"cells": [cell], "nbformat": 4, "metadata": {}}).encode()


def sound() -> dict[str, tuple[str, bytes]]:
    """A sound file of every format: its suffix and its content."""
    state = {"model_state_dict": {f"layer{n}": [0.5] * 8 for n in range(20)}, "epoch": 3, "gloss_to_id": {"a": 0}}
    return {
        "torch zip": ("pt", archive(with_good(epoch=3, config={"lr": 0.1, "name": "bilstm"}))),
        "torch legacy": ("pth", torch_legacy(pickle.dumps(state, protocol=2))),
        "torch tar": ("t7", torch_tar(pickle.dumps(state, protocol=2))),
        "pickle of protocol 0": ("pkl", pickle.dumps(state, protocol=0)),
        "pickle of protocol 2": ("pkl", pickle.dumps(state, protocol=2)),
        "pickle of protocol 5": ("pkl", pickle.dumps(state, protocol=5)),
        "safetensors": ("safetensors", safetensors({"a": ("F32", (2, 2)), "b": ("I64", (3,))}, {"epoch": "3"})),
        "npy": ("npy", npy(pickle.dumps([1, 2, 3]))),
        "npz": ("npz", npz(pickle.dumps([1, 2, 3]))),
        "tar": ("tar", tar_archive({"a.txt": b"hello"})),
        "vocabulary": ("json", json.dumps({"gloss_to_id": {"a": 0, "b": 1}, "vocab_size": 2}).encode()),
        "notebook": ("ipynb", _notebook()),
    }


def _flipped(content: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _exchanged(content: bytes, seed: int) -> bytes:
    """A run of bytes replaced by another run of the same file."""
    chance = random.Random(seed)
    length = chance.randint(1, min(64, len(content)))
    source, target = (chance.randrange(len(content) - length + 1) for _ in range(2))
    return content[:target] + content[source : source + length] + content[target + length :]


def damaged_cases() -> list[Hostile]:
    """Cuts at nine places and twenty damages of each format."""
    cases = []

    def add(name: str, category: str, kind: str, suffix: str, build: Callable[[], bytes]) -> None:
        def make(place: Place) -> Path:
            path = place.folder / f"damaged.{suffix}"
            path.write_bytes(build())
            return path

        cases.append(Hostile(name, category, "a reader that trusts lengths fails in its own way", make, format=kind))

    for kind, (suffix, content) in sound().items():
        for share in SHARES:
            add(f"{kind} cut at {share}", "cut short", kind, suffix, lambda c=content, s=share: c[: int(len(c) * s)])  # type: ignore[misc]
        for seed in range(FLIPS):
            add(
                f"{kind} with bits turned, {seed}",
                "bits turned",
                kind,
                suffix,
                lambda c=content, s=seed: _flipped(c, s),
            )  # type: ignore[misc]
            add(
                f"{kind} with bytes exchanged, {seed}",
                "bits turned",
                kind,
                suffix,
                lambda c=content, s=seed: _exchanged(c, s),
            )  # type: ignore[misc]
    return cases
