"""The numbers of a tensor: a few of them without NumPy, or all as an array over the file's own bytes."""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, Literal

from asl_inspector.checkpoints.records import ITEM_SIZES, Quantizer, TensorRecord
from asl_inspector.checkpoints.tensor_bytes import tensor_block
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Number = bool | int | float | complex
STRUCT_LAYOUTS = {
    "float64": "d",
    "float32": "f",
    "float16": "e",
    "int64": "q",
    "int32": "i",
    "int16": "h",
    "int8": "b",
    "uint64": "Q",
    "uint32": "I",
    "uint16": "H",
    "uint8": "B",
    "bool": "?",
    "qint8": "b",
    "quint8": "B",
    "qint32": "i",
}
COMPLEX_PARTS = {"complex32": "e", "complex64": "f", "complex128": "d"}
FLOAT8_LAYOUTS = {  # exponent bits, mantissa bits, bias, whether infinities exist, whether only -0 is not a number
    "float8_e4m3fn": (4, 3, 7, False, False),
    "float8_e5m2": (5, 2, 15, True, False),
    "float8_e4m3fnuz": (4, 3, 8, False, True),
    "float8_e5m2fnuz": (5, 2, 16, False, True),
}


@cache
def float8_values(dtype: str) -> tuple[float, ...]:
    """The 256 values of an 8-bit float type, by their byte.

    Source: OCP 8-bit Floating Point Specification 1.0, section 5 (e4m3fn, e5m2); OCP Microscaling Formats 1.0,
    section 5.4.1 (e8m0); Noune et al. 2022, arXiv 2206.02915 (fnuz).
    """
    if dtype == "float8_e8m0fnu":
        return (*(math.ldexp(1.0, byte - 127) for byte in range(255)), math.nan)
    exponent_bits, mantissa_bits, bias, has_infinity, unsigned_zero = FLOAT8_LAYOUTS[dtype]
    values = []
    for byte in range(256):
        sign = -1.0 if byte & 0x80 else 1.0
        exponent = byte >> mantissa_bits & (1 << exponent_bits) - 1
        mantissa = byte & (1 << mantissa_bits) - 1
        top = exponent == (1 << exponent_bits) - 1
        fraction = mantissa / (1 << mantissa_bits)
        if unsigned_zero and byte == 0x80:
            value = math.nan
        elif has_infinity and top:
            value = math.nan if mantissa else sign * math.inf
        elif not has_infinity and not unsigned_zero and top and mantissa == (1 << mantissa_bits) - 1:
            value = math.nan
        elif exponent:
            value = sign * math.ldexp(1 + fraction, exponent - bias)
        else:
            value = sign * math.ldexp(fraction, 1 - bias)
        values.append(value)
    return tuple(values)


def first_numbers(tensor: TensorRecord, content: Content, count: int) -> list[Number]:
    """Up to `count` first values in row order, read without NumPy; those of quantized tensors as real numbers.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
    """
    wanted = min(count, tensor.count)
    if tensor.layout == "nested":
        return first_numbers(tensor.components[0], content, count)
    if tensor.layout != "strided":
        return _first_of_sparse(tensor, content, wanted)
    if tensor.chunks:
        return _first_of_chunks(tensor, content, wanted)
    block = tensor_block(tensor, content)
    return [_number_at(tensor, block, index) for index in range(wanted)]


def _number_at(tensor: TensorRecord, block: memoryview, index: int) -> Number:
    """The element with this number in row order."""
    size = ITEM_SIZES[tensor.dtype]
    place = _place(tensor.shape, tensor.strides, index) * size
    number = _number(tensor, block[place : place + size])
    if tensor.quantizer is not None and isinstance(number, int):
        number = _real(number, tensor.quantizer, _coordinate(tensor.shape, tensor.quantizer.axis, index))
    return _as_seen(tensor, number)


def _as_seen(tensor: TensorRecord, number: Number) -> Number:
    """The number that the tensor stands for, where it only says that it is conjugated or negated."""
    if tensor.conjugate and isinstance(number, complex):
        number = number.conjugate()
    return -number if tensor.negative else number


def _place(shape: tuple[int, ...], strides: tuple[int, ...], index: int) -> int:
    """Where the element with this number in row order is, in elements."""
    place, rest = 0, index
    for length, step in zip(reversed(shape), reversed(strides), strict=True):
        rest, here = divmod(rest, length)
        place += here * step
    return place


def _coordinate(shape: tuple[int, ...], axis: int | None, index: int) -> int:
    """The element's index along one dimension; 0 where `axis` is None."""
    return 0 if axis is None else index // math.prod(shape[axis + 1 :]) % shape[axis]


def _real(whole: int, quantizer: Quantizer, channel: int) -> float:
    """The real number that a quantized one stands for, as torch computes it: one scale in float32, several in float64."""
    scale = quantizer.scales[channel] if quantizer.axis is not None else _float32(quantizer.scales[channel])
    return _float32((whole - quantizer.zero_points[channel]) * scale)


def _float32(number: float) -> float:
    """The nearest float32."""
    try:
        near: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        return math.copysign(math.inf, number)
    return near


def _number(tensor: TensorRecord, raw: memoryview) -> Number:
    order = ">" if tensor.big_endian else "<"
    if tensor.dtype == "bfloat16":
        held = bytes(raw)[::-1] if tensor.big_endian else bytes(raw)
        wide: float = struct.unpack("<f", b"\0\0" + held)[0]
        return wide
    if tensor.dtype in COMPLEX_PARTS:
        real, imaginary = struct.unpack(order + 2 * COMPLEX_PARTS[tensor.dtype], raw)
        return complex(real, imaginary)
    if tensor.dtype.startswith("float8"):
        return float8_values(tensor.dtype)[raw[0]]
    number: float | int | bool = struct.unpack(order + STRUCT_LAYOUTS[tensor.dtype], raw)[0]
    return number


def _first_of_chunks(tensor: TensorRecord, content: Content, wanted: int) -> list[Number]:
    """First values of a tensor that lies in pieces."""
    if tensor.trouble:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” cannot be read: {tensor.trouble}.")
    blocks: dict[int, memoryview] = {}
    numbers = []
    for index in range(wanted):
        place = tuple(_coordinate(tensor.shape, axis, index) for axis in range(len(tensor.shape)))
        number, chunk = next(((n, c) for n, c in enumerate(tensor.chunks) if c.holds(place)), (0, None))
        if chunk is None:
            raise UnreadableCheckpoint(f"No piece of “{tensor.name}” holds its number {index + 1:,}.")
        if number not in blocks:
            blocks[number] = tensor_block(chunk.tensor, content)
        inner = 0
        for size, start, here in zip(chunk.tensor.shape, chunk.offsets, place, strict=True):
            inner = inner * size + here - start
        numbers.append(_number_at(chunk.tensor, blocks[number], inner))
    return numbers


def _first_of_sparse(tensor: TensorRecord, content: Content, wanted: int) -> list[Number]:
    """First values of a sparse COO tensor in row order of the dense one, entries of one place added up."""
    if tensor.layout != "sparse_coo" or len(tensor.components) != 2:
        raise UnreadableCheckpoint(f"“{tensor.name}” is kept as {tensor.layout}; its parts can be read, not itself.")
    if tensor.trouble:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” cannot be read: {tensor.trouble}.")
    indices, entries = tensor.components
    dimensions, count = indices.shape
    dense = math.prod(tensor.shape[dimensions:])
    numbers: list[Number] = [False if tensor.dtype == "bool" else 0 if "int" in tensor.dtype else 0.0] * wanted
    places = first_numbers(indices, content, indices.count)
    held = first_numbers(entries, content, entries.count)
    for entry in range(count):
        row = 0
        for axis in range(dimensions):
            row = row * tensor.shape[axis] + int(places[axis * count + entry].real)
        for inner in range(dense):
            if 0 <= row * dense + inner < wanted:
                numbers[row * dense + inner] += held[entry * dense + inner]
    return numbers


def single_number(tensor: TensorRecord, content: Content) -> float | int | None:
    """The value of a real tensor of one element, or None where it has more or cannot be read."""
    if tensor.count != 1 or tensor.trouble:
        return None
    try:
        number = first_numbers(tensor, content, 1)[0]
    except UnreadableCheckpoint:
        return None
    return None if isinstance(number, complex) else number


def read_array(tensor: TensorRecord, content: Content) -> NDArray[np.generic]:
    """The tensor as a read-only array.

    Types that NumPy has are views of the file's own bytes. 16- and 8-bit floats that it has not become float32,
    complex32 becomes complex64, quantized numbers become the float32 numbers that they stand for.

    Returns:
        Array of `tensor.shape`.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had, or the tensor is sparse.
    """
    import numpy as np

    if tensor.layout == "nested":
        return read_array(tensor.components[0], content)
    if tensor.layout != "strided":
        raise UnreadableCheckpoint(f"“{tensor.name}” is sparse ({tensor.layout}) and is not made dense.")
    if tensor.chunks:
        return _assembled(tensor, content)
    block = tensor_block(tensor, content)
    strides = tuple(step * ITEM_SIZES[tensor.dtype] for step in tensor.strides)
    order: Literal["<", ">"] = ">" if tensor.big_endian else "<"

    def view(code: str) -> NDArray[np.generic]:
        return np.ndarray(tensor.shape, dtype=np.dtype(code).newbyteorder(order), buffer=block, strides=strides)

    array: NDArray[np.generic]
    if tensor.dtype == "bfloat16":
        array = (view("u2").astype(np.uint32) << 16).view(np.float32)
    elif tensor.dtype.startswith("float8"):
        array = np.array(float8_values(tensor.dtype), np.float32)[view("u1").astype(np.intp)]
    elif tensor.dtype == "complex32":
        halves = np.ndarray((*tensor.shape, 2), np.dtype("f2").newbyteorder(order), block, strides=(*strides, 2))
        array = halves.astype(np.float32).view(np.complex64).reshape(tensor.shape)
    elif tensor.dtype in COMPLEX_PARTS:
        array = view(tensor.dtype)
    else:
        array = view("?" if tensor.dtype == "bool" else STRUCT_LAYOUTS[tensor.dtype])
    if tensor.quantizer is not None:
        array = _real_array(array, tensor.quantizer)
    if tensor.conjugate:
        array = np.conjugate(array)
    if tensor.negative:
        array = np.negative(array)
    array = np.asarray(array)  # of no dimension, NumPy's results are no arrays
    array.flags.writeable = False
    return array


def _assembled(tensor: TensorRecord, content: Content) -> NDArray[np.generic]:
    """A tensor that lies in pieces, as one array; the pieces must cover all of it."""
    import numpy as np

    if tensor.trouble:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” cannot be read: {tensor.trouble}.")
    pieces = [(chunk, read_array(chunk.tensor, content)) for chunk in tensor.chunks]
    whole: NDArray[np.generic] = np.empty(tensor.shape, pieces[0][1].dtype)
    covered = np.zeros(tensor.shape, bool)
    for chunk, piece in pieces:
        place = tuple(slice(start, start + size) for start, size in zip(chunk.offsets, piece.shape, strict=True))
        whole[place] = piece
        covered[place] = True
    if not covered.all():
        raise UnreadableCheckpoint(f"The pieces of “{tensor.name}” do not cover all of it.")
    whole.flags.writeable = False
    return whole


def _real_array(whole: NDArray[np.generic], quantizer: Quantizer) -> NDArray[np.generic]:
    import numpy as np

    along = [1] * whole.ndim
    if quantizer.axis is not None:
        along[quantizer.axis] = -1
    scales = np.array(quantizer.scales, np.float64).reshape(along)
    if quantizer.axis is None:
        scales = scales.astype(np.float32).astype(np.float64)
    zero_points = np.array(quantizer.zero_points, np.float64).reshape(along)
    with np.errstate(over="ignore"):  # a scale near the largest float32 gives infinities, as in torch
        return ((whole.astype(np.float64) - zero_points) * scales).astype(np.float32)
