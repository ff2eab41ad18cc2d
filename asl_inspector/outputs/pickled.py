"""Outputs in a pickle stream, which is read as data: an entry a clip, or a column a field. Arrays stay in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.inert_pickle.numpy_arrays import OBJECT, array_of, scalar_of, to_numpy
from asl_inspector.inert_pickle.plain import items_of, key_text, pairs_of
from asl_inspector.inert_pickle.records import Buffer, Items, Pairs
from asl_inspector.outputs import names as known
from asl_inspector.outputs.building import from_arrays_by_clip, from_fields, from_marks_by_clip
from asl_inspector.outputs.marks import Values
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.outputs.scales import scale_of

Array = NDArray[np.generic]
FEWEST_CLIPS = 2
LOOKED_AT = 5
ROWS_LOOKED_AT = 512
NUMBER_KINDS = "fiubUS"


def read_pickled(path: Path, value: object, content: Buffer) -> SavedOutputs | None:
    """The outputs that an inert tree holds, or None where it holds something else.

    Args:
        path: The file.
        value: The tree.
        content: What the tree was read from.

    Raises:
        DataError: If they are outputs that cannot be used.
    """
    pairs = pairs_of(value)
    if pairs is None:
        rows = items_of(value)
        return _of_rows(path, rows, content) if rows else None
    keys = [key for key, _ in pairs[:LOOKED_AT]]
    if any(isinstance(key, Pairs) for key in keys):  # no clip is called a dict
        return None
    if all(isinstance(key, str) for key in keys) and known.pick(map(str, keys), (*known.SCORES, *known.PREDICTIONS)):
        fields = {
            key: held for key, item in pairs if isinstance(key, str) and (held := _values(item, content)) is not None
        }
        found = from_fields(path, "a dict of columns", fields, content)
        if found is not None:
            return found
    if len(pairs) < FEWEST_CLIPS:
        return None
    first = pairs[0][1]
    if pairs_of(first) is not None:
        return _of_entries(path, [(key_text(key), held) for key, held in pairs], content)
    if _array(first, content) is not None or _is_list_of_numbers(first):
        return _of_arrays(path, pairs, content)
    if scalar_of(first) is not None:
        marks: list[tuple[str, object]] = [(key_text(key), scalar_of(item)) for key, item in pairs]
        if any(mark is None and item is not None for (_, mark), (_, item) in zip(marks, pairs, strict=True)):
            return None
        numbers = [mark for _, mark in marks]
        if all(isinstance(number, int) for number in numbers) and len(set(numbers)) == len(numbers):
            return None  # a number that nothing else has is the id of a gloss, not an answer to a clip
        return from_marks_by_clip(path, marks)
    return None


def _of_arrays(path: Path, pairs: list[tuple[object, object]], content: Buffer) -> SavedOutputs | None:
    if _are_features(path, _array(pairs[0][1], content)):
        return None
    arrays = []
    known: dict[int, Array | None] = {}  # one row below many names is read once
    for key, held in pairs:
        if id(held) not in known:
            known[id(held)] = _array(held, content) if not _is_list_of_numbers(held) else _list_of_numbers(held)
        array = known[id(held)]
        if array is None or array.ndim == 0 or array.dtype.kind not in "fiu":
            return None
        arrays.append((key_text(key), array))
    return from_arrays_by_clip(path, arrays, content)


def _are_features(path: Path, first: Array | None) -> bool:
    """True where the first array alone shows that these are no scores, so that a large cache is not gone through."""
    said = known.words(path.stem) & (known.WORDS_OF_SCORES | known.WORDS_OF_PREDICTIONS)
    if first is None or first.ndim < 2 or said:
        return False
    return first.ndim > 2 or first.dtype.kind not in "fiu" or scale_of(first[:ROWS_LOOKED_AT]) in ("raw", None)


def _of_entries(path: Path, pairs: list[tuple[str, object]], content: Buffer) -> SavedOutputs | None:
    """`{clip: {"logits": ..., "label": ...}}`: each field becomes a column."""
    first = {str(key): held for key, held in pairs_of(pairs[0][1]) or []}
    if not _are_answers([first]):
        return None
    entries = [{str(key): held for key, held in pairs_of(entry) or []} for _, entry in pairs]
    if not _are_answers(entries):
        return None
    fields: dict[str, Values] = {"clip_id": [name for name, _ in pairs]}
    for field in first:
        held = [entry_of(entry.get(field), content) for entry in entries]
        if known.normal(field) not in known.CLIPS:
            fields[field] = held
    return from_fields(path, "a dict of one entry a clip", fields, content)


def _are_answers(entries: list[dict[str, object]]) -> bool:
    """True where the entries have a field of scores or predictions in common, and none of features."""
    first = entries[0]
    named = known.pick(first, (*known.SCORES, *known.PREDICTIONS))
    return named is not None and not known.pick(first, known.FEATURES) and all(named in entry for entry in entries)


def _of_rows(path: Path, rows: list[object], content: Buffer) -> SavedOutputs | None:
    """A list of dicts, one a clip."""
    if len(rows) < FEWEST_CLIPS or pairs_of(rows[0]) is None:
        return None
    entries = [{str(key): held for key, held in pairs_of(row) or []} for row in rows]
    first = entries[0]
    if not _are_answers(entries):
        return None
    fields: dict[str, Values] = {name: [entry_of(entry.get(name), content) for entry in entries] for name in first}
    return from_fields(path, "a list of one entry a clip", fields, content)


def inert(value: object) -> object:
    """What was read from JSON as the records that stand for pickled dicts and lists."""
    if isinstance(value, dict):
        return Pairs([(key, inert(held)) for key, held in value.items()])
    return Items("list", [inert(held) for held in value]) if isinstance(value, list) else value


def entry_of(value: object, content: Buffer) -> object:
    """A number, a text, an array or None."""
    array = _list_of_numbers(value) if _is_list_of_numbers(value) else _array(value, content)
    if array is not None and array.ndim:
        return array
    return scalar_of(value) if array is None else array.item()


def _values(value: object, content: Buffer) -> Values | None:
    """A column: an array, or the entries of a list."""
    array = _array(value, content)
    if array is not None:
        return array if array.ndim else None
    held = array_of(value)
    entries = list(held.data) if held is not None and isinstance(held.data, tuple) else items_of(value)
    return [entry_of(one, content) for one in entries] if entries else None


def _array(value: object, content: Buffer) -> Array | None:
    found = array_of(value)
    if found is None or found.dtype == OBJECT or found.dtype[1] not in NUMBER_KINDS:
        return None
    return to_numpy(found, content)


def _is_list_of_numbers(value: object) -> bool:
    items = items_of(value)
    return bool(items) and len(items or []) > 1 and all(isinstance(scalar_of(one), int | float) for one in items or [])


def _list_of_numbers(value: object) -> Array:
    numbers = [scalar_of(one) for one in items_of(value) or []]
    return np.array([float(one) for one in numbers if isinstance(one, int | float)], dtype=np.float32)
