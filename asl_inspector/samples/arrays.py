"""Which values of a tree are arrays of numbers, which of them may be a clip, and which of their axes is time."""

from __future__ import annotations

import numpy as np

from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.nodes import Array, Look, Node, Numbers, Sequence, from_array

FEWEST_FOR_AXIS = 4  # clips whose shapes may overrule that the first axis is time
MOST_DIMS_OF_LANDMARK = 4


def as_numbers(node: Node, look: Look) -> Numbers | None:
    """An array, or nested lists of numbers as one; None where it is neither."""
    if isinstance(node, Numbers):
        return node
    if not isinstance(node, Sequence) or not node.items:
        return None
    if (plain := _of_lists(node.items)) is not None:
        return from_array(plain)
    rows: list[Array] = []
    for raw in node.items:
        item = look(raw)
        if isinstance(item, Numbers):
            rows.append(np.asarray(item.all()))
        elif isinstance(item, Sequence):
            plain = _plain(item, look)
            if plain is None:
                return None
            rows.append(plain)
        else:
            return None
    if len({row.shape for row in rows}) != 1:
        return None
    stacked = np.stack(rows)
    return from_array(stacked) if stacked.dtype.kind in "fiub" else None


def _of_lists(items: list[object]) -> Array | None:
    """Python's own nested lists of numbers, at least two deep, as JSON gives them; None for anything else."""
    first, depth = items[0], 1
    while isinstance(first, list) and first and depth <= MOST_DIMS_OF_LANDMARK:
        first, depth = first[0], depth + 1
    if depth < 2 or isinstance(first, str) or not isinstance(first, int | float | None):
        return None
    try:
        return np.array(items, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _plain(node: Sequence, look: Look) -> Array | None:
    """A list of numbers, or of lists of numbers, as an array; missing numbers are NaN."""
    try:
        array = np.array(_nested(node, look, 0), dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if array.size else None


def _nested(node: Sequence, look: Look, depth: int) -> list[object]:
    found: list[object] = []
    for raw in node.items:
        item = look(raw)
        if isinstance(item, Sequence):
            if depth > MOST_DIMS_OF_LANDMARK:
                raise ValueError("too deep")
            found.append(_nested(item, look, depth + 1))
        elif isinstance(item, Numbers):
            found.append(item.all().tolist())
        elif item is None:
            found.append(float("nan"))
        else:
            found.append(item)
    return found


def is_clip(numbers: Numbers | None) -> bool:
    """True where an array may be one clip; a clip without frames may have lost its other axes."""
    if numbers is None or (numbers.dtype[-2:-1] not in "fiu" and numbers.dtype != "bfloat16"):
        return False
    return 2 <= len(numbers.shape) <= 4 or numbers.shape == (0,)


def is_single(numbers: Numbers) -> bool:
    """True where an array alone is one clip and no stack of clips: frames by numbers, or by landmarks by coordinates."""
    shape = numbers.shape
    return len(shape) == 2 or (len(shape) == 3 and shape[2] <= MOST_DIMS_OF_LANDMARK < shape[1])


def time_axis_of(shapes: list[tuple[int, ...]], correction: Correction) -> int:
    """Which axis of the clips' arrays is time: the one that varies, else the first."""
    ranks = {len(shape) for shape in shapes}
    rank = ranks.pop() if len(ranks) == 1 else 0
    if correction.time_axis is not None:
        return correction.time_axis if 0 <= correction.time_axis < max(rank, 1) else 0
    if rank < 2:
        return 0
    sizes = [{shape[axis] for shape in shapes} for axis in range(rank)]
    varying = [axis for axis in range(rank) if len(sizes[axis]) > 2]
    if len(shapes) >= FEWEST_FOR_AXIS and varying and len(sizes[0]) == 1:
        return varying[0]
    coordinates_first = rank >= 3 and max(sizes[0]) <= MOST_DIMS_OF_LANDMARK < min(sizes[2])
    return 1 if coordinates_first else 0
