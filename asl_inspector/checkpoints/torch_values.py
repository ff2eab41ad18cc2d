"""Tensors in a pickle stream, recognised by the exact names of torch's rebuild functions.

A tensor is a window into a storage: an offset, sizes and strides. The window is checked against the storage in
unbounded integers before anything is read; nothing is ever expanded or copied here.

Source: torch 2.13, torch/_utils.py and torch/_tensor.py (`_rebuild_*`); torch 0.3, torch/autograd/variable.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from asl_inspector.checkpoints.composed_tensors import Allowance, jagged_tensor, nested_tensor, quantized, sparse_tensor
from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.checkpoints.storages import (
    LARGEST_SIZE,
    OPAQUE_DTYPES,
    PACKED_DTYPES,
    Storage,
    StorageFinder,
    dtype_name,
    is_size,
    storage_dtype,
)
from asl_inspector.inert_pickle.plain import arguments_of, class_of, items_of, lookup
from asl_inspector.inert_pickle.records import Built, Global, Persistent
from asl_inspector.mapped_file import Content

__all__ = ["Storage", "StorageFinder", "Surroundings", "dtype_name", "inner_state", "storage_dtype", "tensor_of"]
HIGHEST_RANK = 64
LARGEST_OFFSET = 1 << 100  # far beyond any file, and yet a number that can be shown
DEEPEST = 8  # a Parameter of a subclass of a tensor is as deep as files go
PARAMETER_FUNCTIONS = {"_rebuild_parameter", "_rebuild_parameter_with_state"}
DEVICE_FUNCTIONS = {
    "_rebuild_device_tensor_from_numpy",
    "_rebuild_device_tensor_from_cpu_tensor",
    "_rebuild_xla_tensor",
}
FROM_TYPE = {
    (module, name)
    for module in ("torch._tensor", "torch.tensor")
    for name in ("_rebuild_from_type", "_rebuild_from_type_v2")
}
VARIABLES = {  # PyTorch 0.1 to 0.3 called the class on the tensor
    ("torch.nn.parameter", "Parameter"),
    ("torch.autograd.variable", "Variable"),
}
NEW_OBJECT = {("copyreg", "__newobj__"), ("copy_reg", "__newobj__")}  # protocols 0 and 1


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the meaning of a value may depend on besides its storages.

    Attributes:
        content: The whole file, for the scales of quantized tensors.
        array: Reads a NumPy array of the stream as a tensor.
        persistent: Reads a persistent id that stands for a whole tensor (PyTorch before 0.1.10).
        allowance: How many scales of quantized tensors may still be read.
    """

    content: Content | None = None
    array: Callable[[object], TensorRecord | None] | None = None
    persistent: Callable[[object], TensorRecord | None] | None = None
    allowance: Allowance = field(default_factory=Allowance)


NOTHING = Surroundings()


def tensor_of(
    value: object, find_storage: StorageFinder, around: Surroundings = NOTHING, *, depth: int = 0
) -> TensorRecord | None:
    """The tensor that `value` stands for, without its path, or None where it is none."""
    if isinstance(value, Persistent):
        found = around.persistent(value.identity) if around.persistent is not None else None
        return found or _bare_storage(find_storage(value.identity))
    made_by = class_of(value)
    if not isinstance(value, Built) or made_by is None or depth > DEEPEST:
        return None
    given = arguments_of(value)

    def inner(held: object) -> TensorRecord | None:
        return tensor_of(held, find_storage, around, depth=depth + 1)

    module, name = made_by
    if made_by in FROM_TYPE and len(given) >= 3:
        return _of_subclass(given, inner)
    if made_by in VARIABLES and given:
        return _variable(name, inner(given[0]))
    if made_by in NEW_OBJECT and len(given) > 1 and isinstance(given[0], Global):
        kind = (given[0].module, given[0].name)
        return _variable(kind[1], inner(given[1])) if kind in VARIABLES else None
    if made_by == ("torch.storage", "_load_from_bytes"):
        return _bare_storage(find_storage(value))
    if module != "torch._utils":
        return None
    if name in PARAMETER_FUNCTIONS and given:
        return _as_parameter(inner(given[0]))
    if name in DEVICE_FUNCTIONS and len(given) >= 3:
        return _of_device(given, inner, around)
    if name == "_rebuild_sparse_tensor" and len(given) >= 2:
        return sparse_tensor(given[0], items_of(given[1]) or [], inner, sizes_of)
    if name == "_rebuild_nested_tensor" and len(given) >= 4:
        return nested_tensor([inner(held) for held in given[:4]])
    return _strided(name, given, find_storage, inner, around)


def _strided(
    name: str,
    given: list[object],
    find_storage: StorageFinder,
    inner: Callable[[object], TensorRecord | None],
    around: Surroundings,
) -> TensorRecord | None:
    """The rebuild functions that take a storage, or none at all."""
    if name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3") and len(given) >= 4:
        third = name == "_rebuild_tensor_v3"
        dtype = dtype_name(given[6]) if third and len(given) > 6 else None
        if third and dtype is None:
            return None
        record = _window(given[0], given[1], given[2], given[3], dtype, find_storage)
        return _flagged(record, given[6 + third :])
    if name == "_rebuild_qtensor" and len(given) >= 5:
        record = _window(given[0], given[1], given[2], given[3], None, find_storage)
        return quantized(record, items_of(given[4]) or [], inner, around.content, around.allowance)
    if name == "_rebuild_meta_tensor_no_storage" and len(given) >= 3:
        return _without_numbers(given[0], given[1], given[2], "meta", "a meta tensor has no numbers")
    if name == "_rebuild_wrapper_subclass" and len(given) >= 4:
        kind = given[0].dotted if isinstance(given[0], Global) else "a tensor subclass"
        return _without_numbers(given[1], given[2], given[3], "", f"it is a {kind}, made of the tensors below it")
    return None


def inner_state(value: object) -> object:
    """What a tensor subclass or a parameter keeps besides its numbers: a dict, or None."""
    if not isinstance(value, Built):
        return None
    made_by, given = class_of(value), arguments_of(value)
    place = 3 if made_by in FROM_TYPE or made_by == ("torch._utils", "_rebuild_parameter_with_state") else None
    return given[place] if place is not None and len(given) > place else None


def _as_parameter(record: TensorRecord | None) -> TensorRecord | None:
    return replace(record, role="parameter") if record else None


def _variable(kind: str, record: TensorRecord | None) -> TensorRecord | None:
    return _as_parameter(record) if kind == "Parameter" else record


def _of_subclass(given: list[object], inner: Callable[[object], TensorRecord | None]) -> TensorRecord | None:
    """`_rebuild_from_type_v2(function, type, arguments, state)`: a Parameter or a tensor subclass."""
    function, kind, arguments = given[0], given[1], given[2]
    if not isinstance(function, Global):
        return None
    if (function.module, function.name) == ("torch.nested._internal.nested_tensor", "_rebuild_njt"):
        keywords = (items_of(arguments) or [None])[0]
        return jagged_tensor(inner(lookup(keywords, "values")), inner(lookup(keywords, "offsets")))
    record = inner(Built("REDUCE", function, arguments, None, 0))
    is_parameter = isinstance(kind, Global) and (kind.module, kind.name) == ("torch.nn.parameter", "Parameter")
    return _as_parameter(record) if is_parameter else record


def _of_device(
    given: list[object], inner: Callable[[object], TensorRecord | None], around: Surroundings
) -> TensorRecord | None:
    """`_rebuild_device_tensor_from_*(data, dtype, device, ...)`: data is an array, or a tensor of the CPU.

    Devices without 16-bit arrays wrote float32 for bfloat16; the record says what the file has.
    """
    record = inner(given[0]) or (around.array(given[0]) if around.array is not None else None)
    device = given[2]
    return replace(record, device=device if isinstance(device, str) else record.device, role=None) if record else None


def sizes_of(value: object) -> tuple[int, ...] | None:
    """A tuple of non-negative integers; `torch.Size` is one."""
    if class_of(value) == ("torch", "Size") and isinstance(value, Built):
        value = (arguments_of(value) or [value])[0]
    numbers = items_of(value)
    if numbers is None or len(numbers) > HIGHEST_RANK:
        return None
    sizes = tuple(number for number in numbers if is_size(number))
    return sizes if len(sizes) == len(numbers) else None


def _window(
    storage_value: object, offset: object, shape: object, strides: object, dtype: str | None, find: StorageFinder
) -> TensorRecord | None:
    """A tensor as a checked window into its storage."""
    storage = find(storage_value.identity if isinstance(storage_value, Persistent) else storage_value)
    sizes, steps = sizes_of(shape), sizes_of(strides)
    if storage is None or sizes is None or steps is None or len(sizes) != len(steps):
        return None
    if not isinstance(offset, int) or isinstance(offset, bool) or abs(offset) > LARGEST_OFFSET:
        return None
    return windowed(storage, dtype or storage.dtype, sizes, steps, offset)


def windowed(storage: Storage, dtype: str, sizes: tuple[int, ...], steps: tuple[int, ...], offset: int) -> TensorRecord:
    """A tensor of a storage; its trouble says where the window does not fit."""
    item = ITEM_SIZES.get(dtype, 1)
    start = storage.first * ITEM_SIZES.get(storage.dtype, 1)
    record = TensorRecord(
        path=(),
        dtype=dtype,
        shape=sizes,
        strides=steps,
        storage=storage.name,
        storage_bytes=storage.nbytes,
        storage_offset=offset + start // item,
        file_offset=storage.file_offset,
        device=storage.device,
        trouble=storage.trouble,
        packed_bytes=storage.packed_bytes,
        big_endian=storage.big_endian,
        inline=storage.inline,
    )
    if record.trouble:
        return record
    end = storage.nbytes if storage.size is None else start + storage.size * ITEM_SIZES.get(storage.dtype, 1)
    last = offset + sum((size - 1) * step for size, step in zip(sizes, steps, strict=True)) + 1
    last_byte = start + -(-last * item // PACKED_DTYPES.get(dtype, 1))
    if offset < 0 or start % item or (record.count > 0 and last_byte > min(end, storage.nbytes)):
        return replace(record, trouble="the tensor reaches beyond the memory block that holds it")
    if record.count > LARGEST_SIZE:
        return replace(record, trouble="its sizes multiply to more numbers than any file holds")
    if record.count > 0 and storage.available is not None and last_byte > storage.available:
        lost = f"the file breaks off after {storage.available:,} of the {storage.nbytes:,} bytes of its memory block"
        return replace(record, trouble=lost)
    if dtype in PACKED_DTYPES or dtype in OPAQUE_DTYPES:
        return replace(record, trouble=f"numbers of type {dtype} are smaller than a byte and are not read")
    return record


def _bare_storage(storage: Storage | None) -> TensorRecord | None:
    """A storage that was saved as it is: all its elements in a row."""
    if storage is None:
        return None
    count = storage.nbytes // ITEM_SIZES.get(storage.dtype, 1) if storage.size is None else storage.size
    return windowed(storage, storage.dtype, (count,), (1,), 0)


def _flagged(record: TensorRecord | None, metadata: list[object]) -> TensorRecord | None:
    """A tensor whose view says "conjugated" or "negated" instead of doing it."""
    if record is None or not metadata:
        return record
    conjugate, negative = lookup(metadata[0], "conj") is True, lookup(metadata[0], "neg") is True
    return replace(record, conjugate=conjugate, negative=negative) if conjugate or negative else record


def _without_numbers(dtype: object, shape: object, strides: object, device: str, why: str) -> TensorRecord | None:
    """A tensor that has a shape only."""
    kind, sizes, steps = dtype_name(dtype), sizes_of(shape), sizes_of(strides)
    if kind is None or sizes is None or steps is None:
        return None
    return TensorRecord((), kind, sizes, steps, device or "wrapper", 0, 0, None, device or "cpu", None, why)
