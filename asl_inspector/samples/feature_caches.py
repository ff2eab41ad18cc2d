"""The seed's feature cache: a pickled dict `{clip id: {"features": (T, F), "gloss": str, "gloss_id": int, ...}}`.

Older caches hold the bare array under the clip id. The pickle is read as data; the arrays stay in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asl_inspector.errors import DataError
from asl_inspector.inert_pickle.joblib_arrays import read_pickle_file
from asl_inspector.inert_pickle.numpy_arrays import NumpyArray, array_of, scalar_of
from asl_inspector.inert_pickle.plain import key_text, pairs_of, text_keyed
from asl_inspector.inert_pickle.records import ByteSpan
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.samples.records import UNLABELLED, Clips, FeaturePlace

FEATURE_KEYS = ("features", "feature", "keypoints", "landmarks", "x", "data")
GLOSS_KEYS = ("gloss", "label_name", "sign", "word")
ID_KEYS = ("gloss_id", "label", "label_id", "class_id", "target", "y")
SPLIT_KEYS = ("split", "subset", "set")


def looks_like_cache(value: object) -> bool:
    """True where an inert tree is a dict of clips: its first entries hold, or are, arrays of frames by features."""
    arrays = [_features_of(held) for _, held in (pairs_of(value) or [])[:5]]
    return bool(arrays) and None not in arrays and any(array and len(array.shape) > 1 for array in arrays)


def _features_of(value: object) -> NumpyArray | None:
    """The array of one clip's entry."""
    array = array_of(value)
    if array is None:
        fields = text_keyed(value)
        array = next((found for key in FEATURE_KEYS if (found := array_of(fields.get(key)))), None)
    if array is None or array.dtype[1] not in "fiu":
        return None
    is_clip = 2 <= len(array.shape) <= 3 or array.shape == (0,)  # a clip without frames may have lost its second axis
    return array if is_clip else None


@dataclass(slots=True)
class _Row:
    """One clip's entry."""

    clip_id: str
    gloss: str | None
    gloss_id: int
    split: str | None
    place: FeaturePlace


def read_feature_cache(file: MappedFile, value: object, *, cancel: CancelToken | None = None) -> Clips:
    """The clips of a cache.

    Args:
        file: The cache.
        value: Its inert tree.
        cancel: Asked now and then.

    Raises:
        DataError: If an entry is no clip.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    rows: list[_Row] = []
    notes: list[str] = []
    for index, (key, held) in enumerate(pairs_of(value) or []):
        if index % 1024 == 0:
            cancel.raise_if_cancelled()
        rows.append(_row(file, key_text(key), held))
    widths = {row.place.shape[1] for row in rows if row.place.shape[0]}
    duplicates = len(rows) - len({row.clip_id for row in rows})
    if duplicates:
        notes.append(f"{duplicates} clip ids occur more than once in “{file.path.name}”.")
    return Clips(
        path=file.path,
        ids=tuple(row.clip_id for row in rows),
        glosses=tuple(row.gloss for row in rows),
        gloss_ids=_read_only([row.gloss_id for row in rows]),
        splits=tuple(row.split for row in rows),
        lengths=_read_only([row.place.shape[0] for row in rows]),
        feature_count=widths.pop() if len(widths) == 1 else None,
        places=tuple(row.place for row in rows),
        content=file.view,
        notes=tuple(notes),
    )


def _read_only(numbers: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    array = np.array(numbers, dtype=np.int64)
    array.flags.writeable = False
    return array


def _row(file: MappedFile, clip_id: str, held: object) -> _Row:
    array = _features_of(held)
    if array is None:
        raise DataError(
            f"Clip “{clip_id}” of “{file.path.name}” has no features.",
            advice="Each entry must be an array of frames by features, or a dict that has one under “features”.",
        )
    fields = text_keyed(held)
    gloss = next((found for key in GLOSS_KEYS if isinstance(found := fields.get(key), str)), None)
    split = next((found for key in SPLIT_KEYS if isinstance(found := fields.get(key), str)), None)
    number = next((found for key in ID_KEYS if (found := _whole(fields.get(key))) is not None), UNLABELLED)
    return _Row(clip_id, gloss, number, split, _place(file, clip_id, array))


def _whole(value: object) -> int | None:
    scalar = scalar_of(value)
    if isinstance(scalar, bool):
        return None
    if isinstance(scalar, float) and scalar.is_integer():
        return int(scalar)
    return scalar if isinstance(scalar, int) else None


def _place(file: MappedFile, clip_id: str, array: NumpyArray) -> FeaturePlace:
    frames = array.shape[0] if array.shape else 0
    width = array.count // frames if frames else (array.shape[1] if len(array.shape) > 1 else 0)
    if not isinstance(array.data, ByteSpan):
        raise DataError(
            f"The features of clip “{clip_id}” in “{file.path.name}” are packed as text by an old pickle protocol.",
            advice="Load the cache in Python 3 once and save it again with pickle protocol 4.",
        )
    return FeaturePlace(array.data.start, (frames, width), array.dtype, array.fortran)


def open_feature_cache(file: MappedFile, *, cancel: CancelToken | None = None) -> Clips:
    """Read a feature cache from a pickle file.

    Raises:
        DataError: If it is no cache.
        MalformedPickle: If the stream is damaged.
    """
    value = read_pickle_file(file.view, cancel=cancel).value
    if not looks_like_cache(value):
        raise DataError(
            f"“{file.path.name}” is a pickle file, but no feature cache.",
            advice="A cache is a dict with one entry a clip, each with an array of frames by features.",
        )
    return read_feature_cache(file, value, cancel=cancel)
