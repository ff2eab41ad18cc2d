"""Clips of chosen features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from asl_inspector.samples.records import Clips, FeaturePlace, Places


def clips_of(
    arrays: Sequence[np.ndarray],
    glosses: Sequence[str | None] | None = None,
    *,
    name: str = "val",
    ids: Sequence[str] | None = None,
) -> Clips:
    """Clips with these (T, F) features."""
    arrays = [np.asarray(one, np.float32) for one in arrays]
    widths = {one.shape[1] for one in arrays if len(one)}
    places, start = [], 0
    for one in arrays:
        places.append(FeaturePlace(start, (len(one), one.shape[1]), "<f4"))
        start += one.nbytes
    names = list(glosses) if glosses is not None else [None] * len(arrays)
    numbers = {gloss: number for number, gloss in enumerate(dict.fromkeys(names), start=1)}
    return Clips(
        path=Path(f"{name}.pkl"),
        ids=tuple(ids) if ids is not None else tuple(f"{name}{index}" for index in range(len(arrays))),
        glosses=tuple(names),
        gloss_ids=np.array([numbers[gloss] if gloss is not None else -1 for gloss in names], dtype=np.int64),
        splits=(None,) * len(arrays),
        lengths=np.array([len(one) for one in arrays], dtype=np.int64),
        feature_count=widths.pop() if len(widths) == 1 else None,
        places=Places.of(places),
        content=b"".join(one.tobytes() for one in arrays),
    )


def signs(
    seed: int, *, glosses: int = 5, copies: int = 8, features: int = 6, noise: float = 0.3
) -> tuple[list[np.ndarray], list[str]]:
    """Smooth movements, one a gloss, each performed a few times at its own speed; the glosses are those of seed 0."""
    base, random = np.random.default_rng(0), np.random.default_rng(seed)
    arrays, names = [], []
    for gloss in range(glosses):
        phase, speed = base.uniform(0, 6, features), base.uniform(0.5, 3, features)
        for _ in range(copies):
            length = int(random.integers(15, 40))
            time = np.linspace(0, 1, length)[:, None]
            wobble = random.normal(0, noise, features)
            arrays.append(np.sin(phase + speed * 3 * time + wobble) + random.normal(0, 0.1, (length, features)))
            names.append(f"gloss{gloss}")
    return arrays, names
