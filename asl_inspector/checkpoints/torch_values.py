"""Tensors in a pickle stream, recognised by the exact names of torch's rebuild functions.

A tensor is a window into a storage: an offset, sizes and strides. The window is checked against the storage in
unbounded integers before anything is read; nothing is ever expanded or copied here.

Source: torch 2.13, torch/_utils.py (`_rebuild_*`) and torch/serialization.py (persistent ids).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.inert_pickle.plain import arguments_of, class_of, items_of
from asl_inspector.inert_pickle.records import Built, Global, Persistent

HIGHEST_RANK = 64
STORAGE_DTYPES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "UntypedStorage": "uint8",
}
PARAMETER_FUNCTIONS = {"_rebuild_parameter", "_rebuild_parameter_with_state"}
DTYPE_ALIASES = {"float": "float32", "double": "float64", "half": "float16", "long": "int64", "int": "int32"}


@dataclass(frozen=True, slots=True)
class Storage:
    """A block of memory in the file.

    Attributes:
        name: Its key in the file.
        dtype: Type of its elements.
        nbytes: Size announced, at most what the file has.
        file_offset: First byte in the file, or None where it is absent.
        device: Where it lived.
        trouble: Why it cannot be read, or an empty string.
        packed_bytes: Its size in the file where it is compressed, else None.
        big_endian: True where numbers have their highest byte first.
    """

    name: str
    dtype: str
    nbytes: int
    file_offset: int | None
    device: str
    trouble: str = ""
    packed_bytes: int | None = None
    big_endian: bool = False


StorageFinder = Callable[[object], Storage | None]


def storage_dtype(value: object) -> str | None:
    """The element type of a storage class met in the stream."""
    if isinstance(value, Global) and value.module in ("torch", "torch.storage", "torch.cuda"):
        return STORAGE_DTYPES.get(value.name)
    return None


def dtype_name(value: object) -> str | None:
    """`torch.float32` and the like as the bare name."""
    if isinstance(value, Global) and value.module == "torch":
        name = DTYPE_ALIASES.get(value.name, value.name)
        return name if name in ITEM_SIZES else None
    return None


def tensor_of(value: object, find_storage: StorageFinder) -> TensorRecord | None:
    """The tensor that `value` stands for, without its path, or None where it is none."""
    made_by = class_of(value)
    if not isinstance(value, Built) or made_by is None:
        return None
    module, name = made_by
    given = arguments_of(value)
    if module == "torch._utils" and name in PARAMETER_FUNCTIONS and given:
        inner = tensor_of(given[0], find_storage)
        return replace(inner, role="parameter") if inner else None
    if module == "torch._tensor" and name == "_rebuild_from_type_v2" and len(given) >= 3:
        return _of_subclass(given, find_storage)
    if module != "torch._utils":
        return None
    if name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3") and len(given) >= 4:
        dtype = dtype_name(given[6]) if name == "_rebuild_tensor_v3" and len(given) > 6 else None
        return _window(given[0], given[1], given[2], given[3], dtype, find_storage)
    if name == "_rebuild_meta_tensor_no_storage" and len(given) >= 3:
        return _without_numbers(given[0], given[1], given[2])
    return None


def _of_subclass(given: list[object], find_storage: StorageFinder) -> TensorRecord | None:
    """`_rebuild_from_type_v2(function, type, arguments, state)`: a Parameter or a tensor subclass."""
    function, arguments = given[0], given[2]
    if not isinstance(function, Global):
        return None
    inner = tensor_of(Built("REDUCE", function, arguments, None, 0), find_storage)
    kind = given[1]
    is_parameter = isinstance(kind, Global) and kind.name == "Parameter"
    return replace(inner, role="parameter") if inner and is_parameter else inner


def _sizes(value: object) -> tuple[int, ...] | None:
    """A tuple of non-negative integers; `torch.Size` is one."""
    if class_of(value) == ("torch", "Size") and isinstance(value, Built):
        value = (arguments_of(value) or [value])[0]
    numbers = items_of(value)
    if numbers is None or len(numbers) > HIGHEST_RANK:
        return None
    if any(not isinstance(number, int) or isinstance(number, bool) or number < 0 for number in numbers):
        return None
    return tuple(number for number in numbers if isinstance(number, int))


def _window(
    storage_value: object, offset: object, shape: object, strides: object, dtype: str | None, find: StorageFinder
) -> TensorRecord | None:
    """A tensor as a checked window into its storage."""
    storage = find(storage_value.identity) if isinstance(storage_value, Persistent) else None
    sizes, steps = _sizes(shape), _sizes(strides)
    if storage is None or sizes is None or steps is None or not isinstance(offset, int) or len(sizes) != len(steps):
        return None
    kind = dtype or storage.dtype
    record = TensorRecord(
        path=(),
        dtype=kind,
        shape=sizes,
        strides=steps,
        storage=storage.name,
        storage_bytes=storage.nbytes,
        storage_offset=offset,
        file_offset=storage.file_offset,
        device=storage.device,
        trouble=storage.trouble,
        packed_bytes=storage.packed_bytes,
        big_endian=storage.big_endian,
    )
    last = offset + sum((size - 1) * step for size, step in zip(sizes, steps, strict=True)) + 1
    outside = offset < 0 or (record.count > 0 and last * ITEM_SIZES.get(kind, 1) > storage.nbytes)
    if outside and not record.trouble:
        record = replace(record, trouble="the tensor reaches beyond the memory block that holds it")
    return record


def _without_numbers(dtype: object, shape: object, strides: object) -> TensorRecord | None:
    """A tensor saved on the `meta` device has a shape only."""
    kind, sizes, steps = dtype_name(dtype), _sizes(shape), _sizes(strides)
    if kind is None or sizes is None or steps is None:
        return None
    return TensorRecord((), kind, sizes, steps, "meta", 0, 0, None, "meta", None, "a meta tensor has no numbers")
