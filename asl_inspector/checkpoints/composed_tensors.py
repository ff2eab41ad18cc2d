"""Tensors that are made of other tensors: sparse, quantized and nested ones.

Source: torch 2.13, torch/_utils.py (`_rebuild_sparse_tensor`, `_rebuild_qtensor`, `_rebuild_nested_tensor`) and
torch/nested/_internal/nested_tensor.py (`_rebuild_njt`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from asl_inspector.checkpoints.records import Quantizer, TensorRecord
from asl_inspector.checkpoints.tensor_numbers import first_numbers
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.plain import arguments_of, class_of, items_of
from asl_inspector.inert_pickle.records import Built, Global
from asl_inspector.mapped_file import Content

LAYOUTS = ("sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")
Inner = Callable[[object], TensorRecord | None]


def layout_name(value: object) -> str | None:
    """`torch.sparse_coo` and the like, by name or through `torch.serialization._get_layout`, as the bare name."""
    if class_of(value) == ("torch.serialization", "_get_layout") and isinstance(value, Built):
        given = arguments_of(value)
        text = given[0] if given and isinstance(given[0], str) else ""
    else:
        text = value.dotted if isinstance(value, Global) else ""
    name = text.removeprefix("torch.")
    return name if text.startswith("torch.") and name in LAYOUTS else None


def sparse_tensor(
    layout: object, data: list[object], inner: Inner, sizes_of: Callable[[object], tuple[int, ...] | None]
) -> TensorRecord | None:
    """`_rebuild_sparse_tensor(layout, (indices..., values, size[, is_coalesced]))`."""
    name = layout_name(layout)
    index_count = 1 if name == "sparse_coo" else 2
    if name is None or len(data) < index_count + 2:
        return None
    parts = [inner(held) for held in data[: index_count + 1]]
    components = tuple(part for part in parts if part is not None)
    sizes = sizes_of(data[index_count + 1])
    if sizes is None or len(components) != len(parts):
        return None
    values = components[-1]
    strides = tuple(math.prod(sizes[axis + 1 :]) for axis in range(len(sizes)))
    record = replace(
        values,
        shape=sizes,
        strides=strides,
        storage_offset=0,
        file_offset=None,
        inline=None,
        packed_bytes=None,
        layout=name,
        components=components,
        trouble=next((part.trouble for part in components if part.trouble), ""),
    )
    if not record.trouble and not _fits(name, sizes, components):
        return replace(record, trouble="its indices, its values and its shape contradict each other")
    return record


def _fits(layout: str, sizes: tuple[int, ...], components: tuple[TensorRecord, ...]) -> bool:
    """Whether the shapes of the parts agree with the shape of the whole."""
    *indices, values = components
    if any(not part.dtype.startswith("int") for part in indices) or not values.shape:
        return False
    if layout == "sparse_coo":
        places = indices[0].shape
        if len(places) != 2 or places[0] > len(sizes) or places[1] != values.shape[0]:
            return False
        return values.shape[1:] == sizes[places[0] :]
    batch = len(indices[1].shape) - 1
    compressed, plain = indices[0].shape, indices[1].shape
    if batch < 0 or len(compressed) != batch + 1 or len(sizes) < batch + 2 or plain != values.shape[: batch + 1]:
        return False
    return compressed[:-1] == plain[:-1] == sizes[:batch]


@dataclass(slots=True)
class Allowance:
    """How many scales and zero points may still be read while a file is opened."""

    left: int = 4_000_000


def quantized(
    record: TensorRecord | None,
    parameters: list[object],
    inner: Inner,
    content: Content | None,
    allowance: Allowance,
) -> TensorRecord | None:
    """A tensor of whole numbers with `(scheme, scale, zero point)` or `(scheme, scales, zero points, axis)`."""
    if record is None or not parameters:
        return record
    scheme = parameters[0].dotted if isinstance(parameters[0], Global) else ""
    quantizer = None
    if scheme == "torch.per_tensor_affine" and len(parameters) >= 3:
        quantizer = _quantizer([parameters[1]], [parameters[2]], None)
    elif scheme.startswith("torch.per_channel_affine") and len(parameters) >= 4 and isinstance(parameters[3], int):
        axis = parameters[3]
        if 0 <= axis < len(record.shape):
            scales, zeros = (_numbers(held, inner, content, record.shape[axis], allowance) for held in parameters[1:3])
            quantizer = _quantizer(scales, zeros, axis)
    if quantizer is None:
        return replace(record, trouble=record.trouble or "how its whole numbers stand for real ones cannot be read")
    return replace(record, quantizer=quantizer)


def _quantizer(scales: list[object], zeros: list[object], axis: int | None) -> Quantizer | None:
    def numbers(held: list[object]) -> tuple[float, ...] | None:
        plain = [number for number in held if isinstance(number, int | float) and abs(number) < 3.4e38]
        return tuple(float(number) for number in plain) if plain and len(plain) == len(held) else None

    all_scales, all_zeros = numbers(scales), numbers(zeros)
    return Quantizer(all_scales, all_zeros, axis) if all_scales and all_zeros else None


def _numbers(value: object, inner: Inner, content: Content | None, count: int, allowance: Allowance) -> list[object]:
    """Scales or zero points: a tensor, or in old files a list; none where there are not `count` of them."""
    listed = items_of(value)
    if listed is not None:
        return listed if len(listed) == count else []
    record = inner(value)
    if record is None or content is None or record.shape != (count,) or count > allowance.left:
        return []
    allowance.left -= count
    try:
        return [*first_numbers(record, content, count)]
    except UnreadableCheckpoint:
        return []


def nested_tensor(parts: list[TensorRecord | None]) -> TensorRecord | None:
    """`_rebuild_nested_tensor(buffer, sizes, strides, offsets)`: tensors of different lengths in one block."""
    components = tuple(part for part in parts if part is not None)
    if len(components) != len(parts):
        return None
    return replace(components[0], layout="nested", components=components)


def jagged_tensor(values: TensorRecord | None, offsets: TensorRecord | None) -> TensorRecord | None:
    """A nested tensor of the jagged layout: values in a row, and where each part starts."""
    return None if values is None or offsets is None else replace(values, layout="nested", components=(values, offsets))
