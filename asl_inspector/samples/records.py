"""Clips with labels, as columns.

One row a clip. The features stay in the file and are read when a clip is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.inert_pickle.records import Buffer

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class FeaturePlace:
    """Where one clip's features lie: a (T, F) array of `dtype` at byte `start` of the file."""

    start: int
    shape: tuple[int, int]
    dtype: str
    fortran: bool = False


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips of one file.

    Attributes:
        path: The file.
        ids: One name a clip.
        glosses: True gloss as text, or None where the file has none.
        gloss_ids: (N,), true id; `UNLABELLED` where the file has none.
        splits: What the file says of the split, or None.
        lengths: (N,), frames.
        feature_count: Numbers a frame, or None where the clips differ.
        places: Where the features are.
        content: The bytes that `places` refer to.
        notes: Sentences on what was odd.
    """

    path: Path
    ids: tuple[str, ...]
    glosses: tuple[str | None, ...]
    gloss_ids: IntArray
    splits: tuple[str | None, ...]
    lengths: IntArray
    feature_count: int | None
    places: tuple[FeaturePlace, ...]
    content: Buffer = field(repr=False)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def features(self, index: int) -> FloatArray:
        """Features of one clip.

        Returns:
            (T, F), float32.

        Raises:
            DataError: If the numbers are cut short.
        """
        place = self.places[index]
        kind = np.dtype(place.dtype)
        size = place.shape[0] * place.shape[1] * kind.itemsize
        raw = memoryview(self.content)[place.start : place.start + size]
        if len(raw) != size:
            raise DataError(f"Clip “{self.ids[index]}” of “{self.path.name}” is cut short.", advice="Copy it again.")
        array = np.frombuffer(raw, dtype=kind).reshape(place.shape, order="F" if place.fortran else "C")
        return np.ascontiguousarray(array, dtype=np.float32)

    @property
    def names_to_ids(self) -> dict[str, set[int]]:
        """Every gloss name with all the ids it has in this file: one, where the file is consistent."""
        found: dict[str, set[int]] = {}
        for gloss, number in zip(self.glosses, self.gloss_ids.tolist(), strict=True):
            if gloss is not None and number != UNLABELLED:
                found.setdefault(gloss, set()).add(number)
        return found

    @property
    def gloss_count(self) -> int:
        """Different glosses, by name where there are names, else by id."""
        names = {gloss for gloss in self.glosses if gloss is not None}
        return len(names) or len(set(self.gloss_ids.tolist()) - {UNLABELLED})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Gloss names and ids as a file lists them.

    Attributes:
        path: The file.
        gloss_to_id: By name.
        id_to_gloss: By id.
        declared_size: `vocab_size` as the file states it, blank included, or None.
        notes: Sentences on what was odd.
    """

    path: Path
    gloss_to_id: Mapping[str, int]
    id_to_gloss: Mapping[int, str]
    declared_size: int | None
    notes: tuple[str, ...] = ()

    @property
    def id_count(self) -> int:
        """Different ids; fewer than glosses where several glosses share one."""
        return len(set(self.gloss_to_id.values()))
