"""Blocks of memory that tensors are windows into, and the names that torch has for their element types.

Source: torch 2.13, torch/storage.py (`_storage_type_to_dtype_map`) and torch/serialization.py (persistent ids).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from asl_inspector.checkpoints.records import ITEM_SIZES
from asl_inspector.inert_pickle.plain import items_of
from asl_inspector.inert_pickle.records import Global

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
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "uint8",
}
STORAGE_MODULES = ("torch", "torch.storage", "torch.cuda")
DTYPE_ALIASES = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "chalf": "complex32",
    "cfloat": "complex64",
    "cdouble": "complex128",
}
LONGEST_DEVICE = 100
LARGEST_SIZE = (1 << 63) - 1
PACKED_DTYPES = {"quint4x2": 2, "quint2x4": 4}  # numbers a byte, in a quantized tensor
OPAQUE_DTYPES = {"float4_e2m1fn_x2", "bits8", "bits1x8", "bits2x4", "bits4x2", *(f"int{n}" for n in range(1, 8))} | {
    f"uint{n}" for n in range(1, 8)
}  # one byte an element to torch, whose content torch does not read as a number either


@dataclass(frozen=True, slots=True)
class Storage:
    """A block of memory in the file.

    Attributes:
        name: Its key in the file.
        dtype: Type of its elements.
        nbytes: Size announced.
        file_offset: First byte in the file, or None where it is absent.
        device: Where it lived.
        trouble: Why it cannot be read, or an empty string.
        packed_bytes: Its size in the file where it is compressed, else None.
        big_endian: True where numbers have their highest byte first.
        inline: The bytes themselves where they have no place of their own in the file.
        available: Bytes that are there where the file breaks off within the block, else None.
        first: First element of a view into the block, in elements.
        size: Elements of the view, or None where it reaches to the end.
    """

    name: str
    dtype: str
    nbytes: int
    file_offset: int | None
    device: str
    trouble: str = ""
    packed_bytes: int | None = None
    big_endian: bool = False
    inline: bytes | None = None
    available: int | None = None
    first: int = 0
    size: int | None = None


StorageFinder = Callable[[object], Storage | None]  # of the identity of a persistent id, or of a call that makes one


@dataclass(frozen=True, slots=True)
class StorageId:
    """A persistent id `("storage", type, key, device, count[, view])`, checked.

    Attributes:
        dtype: Type of the elements.
        key: The block's key as text.
        device: Where it lived.
        count: Elements announced.
        view: First element and number of elements of a view (PyTorch before 0.4), or None.
    """

    dtype: str
    key: str
    device: str
    count: int
    view: tuple[int, int] | None = None

    @property
    def nbytes(self) -> int:
        """Bytes announced."""
        return storage_bytes(self.dtype, self.count)


def storage_id(identity: object) -> StorageId | None:
    """The persistent id of a storage, or None where `identity` is none."""
    parts = items_of(identity)
    if parts is None or len(parts) < 5 or parts[0] != "storage":
        return None
    dtype, key, device, count = storage_dtype(parts[1]), parts[2], parts[3], parts[4]
    if dtype is None or isinstance(key, bool) or not isinstance(key, str | int) or not is_size(count):
        return None
    view = items_of(parts[5]) if len(parts) > 5 else None
    window = None
    if view is not None:
        if len(view) < 3 or not is_size(view[1]) or not is_size(view[2]):
            return None
        window = (view[1], view[2])
    return StorageId(dtype, str(key), device[:LONGEST_DEVICE] if isinstance(device, str) else "", count, window)


def is_size(value: object) -> TypeGuard[int]:
    """True for a whole number that is not negative and fits torch's 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_SIZE


def storage_bytes(dtype: str, count: int) -> int:
    """Bytes of `count` elements."""
    return count * ITEM_SIZES.get(dtype, 1)  # storages of numbers smaller than a byte count bytes


def storage_dtype(value: object) -> str | None:
    """The element type of a storage class met in the stream."""
    if isinstance(value, Global) and value.module in STORAGE_MODULES:
        return STORAGE_DTYPES.get(value.name)
    return None


def dtype_name(value: object) -> str | None:
    """`torch.float32` and the like as the bare name."""
    if isinstance(value, Global) and value.module == "torch":
        name = DTYPE_ALIASES.get(value.name, value.name)
        return name if name in ITEM_SIZES or name in PACKED_DTYPES or name in OPAQUE_DTYPES else None
    return None
