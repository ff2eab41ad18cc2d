"""NumPy arrays, scalars and dtypes in a pickle stream, recognised without NumPy's own unpickling.

NumPy 1 writes `numpy.core.multiarray`, NumPy 2 `numpy._core.multiarray`; protocol 5 uses `_frombuffer`. All of them
give a dtype, a shape, an order and a run of bytes, which is all that is kept here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl_inspector.inert_pickle.plain import arguments_of, class_of, items_of, lookup
from asl_inspector.inert_pickle.records import NOWHERE, Buffer, Built, ByteSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RECONSTRUCT = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}
FROM_BUFFER = {
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
}
SCALAR = {("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")}
DTYPE = {("numpy", "dtype")}
JOBLIB_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
EMPTY_BYTES = {("__builtin__", "bytes"), ("builtins", "bytes")}
NUMBER_KINDS = "biufcSU"
OBJECT = "|O"
LAST_CHARACTER = 0x10FFFF


@dataclass(frozen=True, slots=True)
class NumpyArray:
    """An array as the stream describes it.

    Attributes:
        dtype: NumPy's own short form with byte order, `<f4`; `|O` for objects.
        shape: Sizes of the dimensions.
        fortran: True where the first index varies fastest.
        data: The bytes, or their place in the source, or for `|O` the objects as inert values.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    data: bytes | ByteSpan | tuple[object, ...]

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


def array_of(value: object) -> NumpyArray | None:
    """The array that `value` stands for, or None where it is none or its parts contradict each other."""
    made_by = class_of(value)
    if not isinstance(value, Built):
        return None
    if made_by in RECONSTRUCT and value.states:
        return _from_state(items_of(value.states[-1]))
    if made_by == JOBLIB_WRAPPER and value.items:
        return _from_joblib(value)
    if made_by in FROM_BUFFER:
        given = arguments_of(value)
        if len(given) < 3:
            return None
        order = given[3] if len(given) > 3 else "C"
        return _checked(dtype_of(given[1]), shape_of(given[2]), order == "F", given[0])
    return None


def _from_state(state: list[object] | None) -> NumpyArray | None:
    """From `(version, shape, dtype, is_fortran, data)`."""
    if state is None or len(state) < 5:
        return None
    return _checked(
        dtype_of(state[2]),
        shape_of(state[1]),
        state[3] is True or state[3] == 1,
        state[4],
    )


def _from_joblib(wrapper: Built) -> NumpyArray | None:
    """From the wrapper that joblib writes, to which its reader gave the bytes, or the array of objects."""
    held = wrapper.items[-1]
    if isinstance(held, Built):
        return array_of(held) if class_of(held) in RECONSTRUCT else None
    return _checked(
        dtype_of(lookup(wrapper, "dtype")), shape_of(lookup(wrapper, "shape")), lookup(wrapper, "order") == "F", held
    )


def _checked(dtype: str | None, shape: tuple[int, ...] | None, fortran: bool, data: object) -> NumpyArray | None:
    if dtype is None or shape is None:
        return None
    if dtype == OBJECT:
        objects = items_of(data)
        if objects is None or len(objects) != math.prod(shape):
            return None
        return NumpyArray(dtype, shape, fortran, tuple(objects))
    raw = bytes_of(data)
    if raw is None:
        return None
    size = raw.size if isinstance(raw, ByteSpan) else len(raw)
    return NumpyArray(dtype, shape, fortran, raw) if math.prod(shape) * item_size(dtype) == size else None


def bytes_of(value: object) -> bytes | ByteSpan | None:
    """A byte string in any of the ways that pickle writes one, or None.

    Protocol 2 has no bytes: Python 3 then writes `_codecs.encode(text, "latin1")`, or a call of `bytes` for none at
    all; Python 2 writes a string.
    """
    if isinstance(value, ByteSpan):
        return value.head if value.start == NOWHERE else value
    if isinstance(value, str):  # Python 2's byte string that happened to be ASCII
        return value.encode("latin-1", "replace")
    if class_of(value) in EMPTY_BYTES and isinstance(value, Built) and not arguments_of(value):
        return b""
    if class_of(value) == ("_codecs", "encode") and isinstance(value, Built):
        given = arguments_of(value)
        if len(given) == 2 and isinstance(given[0], str) and given[1] in ("latin1", "latin-1"):
            return given[0].encode("latin-1", "replace")
    return None


def shape_of(value: object) -> tuple[int, ...] | None:
    """A shape: a tuple of sizes, or one size."""
    sizes = items_of(value)
    if sizes is None and isinstance(value, int) and not isinstance(value, bool):
        sizes = [value]
    if sizes is None or len(sizes) > 64:
        return None
    checked = [size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 62]
    return tuple(checked) if len(checked) == len(sizes) else None


def dtype_of(value: object) -> str | None:
    """NumPy's short form of a pickled dtype, or None where it is structured or unknown."""
    if class_of(value) not in DTYPE or not isinstance(value, Built):
        return None
    name = (arguments_of(value) or [None])[0]
    if not isinstance(name, str):
        return None
    bare = name.lstrip("<>|=")
    kind, digits = bare[:1], bare[1:]
    if kind == "O":
        return OBJECT
    if kind not in NUMBER_KINDS or not (digits.isdecimal() and len(digits) < 6):
        return None
    if kind in "biufc" and int(digits) not in (1, 2, 4, 8, 16, 32):
        return None
    return f"{_byte_order(name, value)}{kind}{int(digits)}"


def _byte_order(name: str, dtype: Built) -> str:
    """`<`, `>` or `|`: the state of a dtype is `(version, order, ...)`; a prefix of the name says the same."""
    state = items_of(dtype.states[-1]) if dtype.states else None
    order = state[1] if state and len(state) > 1 and isinstance(state[1], str) else name[:1]
    return order if order in ("<", ">", "|") else "<"


def item_size(dtype: str) -> int:
    """Bytes of one element of a dtype in short form."""
    count = int(dtype[2:])
    return count * 4 if dtype[1] == "U" else count


def scalar_of(value: object) -> bool | int | float | str | None:
    """A plain or NumPy scalar as a Python value, or None where `value` is no scalar."""
    if isinstance(value, bool | int | float | str):
        return value
    if class_of(value) not in SCALAR or not isinstance(value, Built):
        return None
    given = arguments_of(value)
    dtype = dtype_of(given[0]) if given else None
    span = bytes_of(given[1]) if len(given) > 1 else None
    raw = span.content if isinstance(span, ByteSpan) else span
    if dtype is None or not isinstance(raw, bytes) or dtype == OBJECT or len(raw) != item_size(dtype):
        return None
    return _scalar_value(dtype, raw)


def _scalar_value(dtype: str, raw: bytes) -> bool | int | float | str | None:
    import struct

    order = ">" if dtype[0] == ">" else "<"
    kind = dtype[1]
    if kind == "U":
        return raw.decode("utf-32-be" if order == ">" else "utf-32-le", "replace").rstrip("\0")
    if kind == "S":
        return raw.rstrip(b"\0").decode("utf-8", "backslashreplace")
    if kind == "b":
        return raw != b"\0"
    if kind in "iu":
        return int.from_bytes(raw, "big" if order == ">" else "little", signed=kind == "i")
    layouts = {2: "e", 4: "f", 8: "d"}
    if kind == "f" and len(raw) in layouts:
        number: float = struct.unpack(order + layouts[len(raw)], raw)[0]
        return number
    return None


def to_numpy(array: NumpyArray, source: Buffer) -> NDArray[np.generic]:
    """The array itself, read-only, over the bytes of `source` where they lie there.

    Args:
        array: A number or text array; objects have no array.
        source: What the stream was read from.
    """
    import numpy as np

    if isinstance(array.data, tuple):
        raise TypeError("an array of objects has no numbers")
    if isinstance(array.data, ByteSpan):
        raw = memoryview(source)[array.data.start : array.data.start + array.data.size]
    else:
        raw = memoryview(array.data)
    flat: NDArray[np.generic] = np.frombuffer(raw, dtype=np.dtype(array.dtype))
    shaped = flat.reshape(array.shape, order="F" if array.fortran else "C")
    shaped.flags.writeable = False
    return shaped


def text_entries(array: NDArray[np.generic]) -> list[str]:
    """The entries of an array of text, in row order, whatever its bytes are.

    NumPy itself fails on characters beyond Unicode's last one; they become the replacement character.

    Args:
        array: Of kind "S" (UTF-8) or "U".
    """
    import numpy as np

    flat = np.ascontiguousarray(array).reshape(-1)
    if not flat.size or not flat.dtype.itemsize:
        return [""] * flat.size
    if flat.dtype.kind == "S":
        return [bytes(one).decode("utf-8", "backslashreplace") for one in flat.tolist()]
    little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    if int(little.view("<u4").max()) <= LAST_CHARACTER:
        return [str(one) for one in little.tolist()]
    size, raw = flat.dtype.itemsize, little.tobytes()
    places = range(0, len(raw), size)
    return [raw[place : place + size].decode("utf-32-le", "replace").rstrip("\0") for place in places]


def text_of_array(array: NumpyArray, source: Buffer, *, limit: int) -> str | None:
    """An array of text as Python would show the list of its entries, cut at `limit`; None where it is none of text."""
    if isinstance(array.data, tuple) or array.dtype[1] not in "SU":
        return None
    raw: Buffer = array.data if isinstance(array.data, bytes) else b""
    if isinstance(array.data, ByteSpan):
        raw = memoryview(source)[array.data.start : array.data.start + array.data.size]
    size, parts, length = item_size(array.dtype), [], 2
    for index in range(array.count):
        text = _scalar_value(array.dtype, bytes(raw[index * size : (index + 1) * size]))
        parts.append(repr(text))
        length += len(parts[-1]) + 2
        if length > limit:
            return f"[{', '.join(parts)}"[: limit - 3] + "..."
    return f"[{', '.join(parts)}]"
