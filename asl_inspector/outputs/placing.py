"""Where scores lie: one array for all clips, or one array a clip, in the file or unpacked from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.fixed_arrays import fixed_counts, read_only
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.outputs.records import Scores

Array = NDArray[np.generic]
LARGEST_UNPACKED = 400 << 20
MOST_NAMED = 3


def offset_in(array: Array, content: Buffer) -> int | None:
    """The byte of `content` at which the array starts, or None where it lies elsewhere."""
    if not len(content) or not array.size:
        return None
    first = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    place = int(array.__array_interface__["data"][0]) - int(first)
    return place if 0 <= place < len(content) else None


def one_array(array: Array, content: Buffer, name: str, *, clips: int | None, file: str) -> tuple[Scores, list[str]]:
    """The scores in one array of (N, C), (N, T, C) or, as CTC losses take them, (T, N, C).

    Args:
        array: The array, a view of `content` or not.
        content: The file.
        name: What the file calls it.
        clips: N where something else in the file tells it.
        file: Name of the file, for errors.

    Raises:
        DataError: If its shape is none of these, or does not fit N.
    """
    notes: list[str] = []
    shape = " x ".join(map(str, array.shape))
    if array.ndim not in (2, 3) or array.shape[-1] < 2:
        raise DataError(
            f"The scores “{name}” in “{file}” have the shape {shape}, which is neither clips x classes nor "
            "clips x frames x classes.",
            advice="Save one row of scores a clip, or one a frame.",
        )
    if array.ndim == 2:
        array = array[:, np.newaxis, :]
        per_frame = False
    else:
        per_frame = array.shape[1] > 1
        if clips is not None and array.shape[0] != clips == array.shape[1]:
            array = array.swapaxes(0, 1)
            notes.append(f"“{name}” was read as frames x clips x classes, because there are {clips:,} clips.")
            per_frame = array.shape[1] > 1
    if clips is not None and array.shape[0] != clips:
        turned = array.shape[-1] == clips
        raise DataError(
            f"The scores “{name}” in “{file}” have the shape {shape}, but {clips:,} clips are named or labelled in it.",
            advice="The array is turned: save its transpose, clips x classes."
            if turned
            else "Save them together again.",
        )
    starts_at = offset_in(array, content)
    unpacked = np.zeros(0, np.float32)
    if starts_at is None:
        check_size(array.size, file)
        unpacked = np.ascontiguousarray(array, dtype=np.float32).reshape(-1)
        array, starts_at = unpacked.reshape(array.shape), 0
    count, frames, classes = array.shape
    starts = starts_at + np.arange(count, dtype=np.int64) * array.strides[0]
    lengths = np.full(count, frames)
    return (
        Scores(
            starts=fixed_counts(starts),
            lengths=fixed_counts(lengths),
            classes=classes,
            dtype=array.dtype.str,
            steps=(array.strides[1], array.strides[2]),
            per_frame=per_frame,
            unpacked=read_only(unpacked),
            lengths_told=not per_frame,
            name=name,
        ),
        notes,
    )


def many_arrays(arrays: Sequence[Array], names: Sequence[str], content: Buffer, *, file: str) -> Scores:
    """The scores in one array a clip: (C,), or (T, C) of any T.

    Raises:
        DataError: If they differ in how many classes they have.
    """
    widths = np.array([array.shape[-1] for array in arrays])
    usual = int(np.bincount(widths).argmax())
    odd = np.flatnonzero(widths != usual).tolist()
    if odd:
        named = ", ".join(f"“{names[one]}” {widths[one]}" for one in odd[:MOST_NAMED])
        more = f" and {len(odd) - MOST_NAMED:,} more" if len(odd) > MOST_NAMED else ""
        raise DataError(
            f"{len(odd):,} of {len(arrays):,} clips in “{file}” do not have the {usual} scores of the others: {named}{more}.",
            advice="Save the scores of all clips with one network.",
        )
    shaped = [array if array.ndim == 2 else array[np.newaxis, :] for array in arrays]
    places = [offset_in(array, content) for array in shaped]
    unpacked = np.zeros(0, np.float32)
    alike = len({(array.dtype.str, array.strides[1]) for array in shaped}) == 1
    steps = {array.strides[0] for array in shaped if array.shape[0] > 1}
    lengths = np.array([array.shape[0] for array in shaped])
    if None in [place for place, length in zip(places, lengths, strict=True) if length] or not alike or len(steps) > 1:
        check_size(int(lengths.sum()) * usual, file)
        unpacked = np.concatenate([np.asarray(array, np.float32).reshape(-1) for array in shaped])
        starts = np.concatenate([[0], np.cumsum(lengths * usual * 4)])[:-1]
        dtype, frame_step, class_step = "<f4", usual * 4, 4
    else:
        starts = np.array([place or 0 for place in places])
        dtype, class_step = shaped[0].dtype.str, shaped[0].strides[1]
        frame_step = steps.pop() if steps else usual * class_step
    return Scores(
        starts=fixed_counts(starts),
        lengths=fixed_counts(lengths),
        classes=usual,
        dtype=dtype,
        steps=(frame_step, class_step),
        per_frame=bool((lengths > 1).any()),
        unpacked=read_only(unpacked),
    )


def check_size(numbers: int, file: str) -> None:
    """Refuse what would have to be unpacked and is too large for it.

    Raises:
        DataError: If it is.
    """
    if numbers * 4 > LARGEST_UNPACKED:
        raise DataError(
            f"The scores in “{file}” are {numbers * 4 >> 20:,} MB once unpacked, more than is held in memory.",
            advice="Save them with numpy.save, which needs no unpacking.",
        )
