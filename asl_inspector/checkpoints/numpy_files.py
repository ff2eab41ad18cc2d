"""NumPy's own files: one array (`.npy`), or a zip archive of them (`.npz`).

Arrays of numbers are tensors where they lie; arrays of objects are pickle streams and read as data; arrays of text
are values. The tensor of a single array has the empty path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from asl_inspector.checkpoints.flattening import TORCH_NAMES
from asl_inspector.checkpoints.npy_header import MAGIC, NpyHeader, header_size, read_header
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import TensorRecord, ValueRecord, WouldRun
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.stream_reading import read_stream
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.tensor_numbers import single_number
from asl_inspector.checkpoints.zip_directory import DEFLATED, ZipDirectory
from asl_inspector.checkpoints.zip_oddities import Member
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import (
    OBJECT,
    NumpyArray,
    array_of,
    item_size,
    text_of_array,
)
from asl_inspector.inert_pickle.records import ByteSpan, Items, Pairs
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken

FIRST_LOOK = 1 << 10  # bytes in which an ordinary header ends
LONGEST_TEXT = 2_000
LARGEST_COPIED = 1 << 20
ENDING = ".npy"
KIND_NAMES = {"M": "dates", "m": "time spans", "V": "bytes of no stated meaning", "f": "floats", "c": "complex floats"}


@dataclass(slots=True)
class _Found:
    """What was read so far; `pairs` is what gives it meaning."""

    tensors: list[TensorRecord] = field(default_factory=list)
    values: list[ValueRecord] = field(default_factory=list)
    would_run: list[WouldRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pairs: list[tuple[object, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an array file lies.

    Attributes:
        storage: What to call its memory.
        size: Its bytes, unpacked.
        offset: Its first byte in the file, packed or not.
        packed_bytes: Its size in the file where it is compressed, else None.
    """

    storage: str
    size: int
    offset: int
    packed_bytes: int | None = None


def read_npy(file: MappedFile, cancel: CancelToken) -> Reading:
    """The array of a `.npy` file.

    Raises:
        UnreadableCheckpoint: If its header is damaged.
    """
    found = _Found()
    header = read_header(file.view[: header_size(file.view[:12])])
    _add_array(found, (), header, file.view, _Place("the array", file.size, 0), cancel)
    root = found.pairs[0][1] if found.pairs else None
    return Reading("npy", tuple(found.tensors), tuple(found.values), tuple(found.would_run), tuple(found.notes), root)


def is_npz(directory: ZipDirectory) -> bool:
    """True for an archive of array files only."""
    return bool(directory.members) and all(name.endswith(ENDING) for name in directory.members)


def read_npz(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """The arrays of a `.npz` archive by name; one that is damaged is told and costs none of the others."""
    found = _Found(notes=list(directory.notes))
    for name, member in directory.members.items():
        cancel.raise_if_cancelled()
        key = name.removesuffix(ENDING)
        try:
            _add_member(found, key, directory, member, cancel)
        except InspectorError as error:
            found.values.append(ValueRecord((key,), "unknown", f"(not to be had: {error.sentence})"))
            found.notes.append(f"The array “{key}” cannot be read. {error.sentence}")
    return Reading(
        "npz",
        tuple(found.tensors),
        tuple(found.values),
        tuple(found.would_run),
        tuple(found.notes),
        Pairs(found.pairs),
    )


def _add_member(found: _Found, key: str, directory: ZipDirectory, member: Member, cancel: CancelToken) -> None:
    head = directory.read(member, most=FIRST_LOOK)
    if bytes(head[:6]) != MAGIC:
        raise UnreadableCheckpoint("It is no array file.")
    size = header_size(head)
    header = read_header(head if size <= len(head) else directory.read(member, most=size))
    packed = member.packed_size if member.method == DEFLATED else None
    place = _Place(key, member.size, directory.data_offset(member), packed)
    needs_all = header.dtype == OBJECT or header.dtype[1] in "US" or _is_unaligned(header, place)
    content = directory.read(member) if needs_all else head
    _add_array(found, (key,), header, content, place, cancel)


def _is_unaligned(header: NpyHeader, place: _Place) -> bool:
    """True for a small compressed array whose numbers do not start at a whole number of items, which must be copied."""
    name = TORCH_NAMES.get(header.dtype[1:])
    odd = name is not None and place.packed_bytes is not None and header.size % item_size(header.dtype) != 0
    return odd and place.size <= LARGEST_COPIED


def _add_array(
    found: _Found,
    path: tuple[str, ...],
    header: NpyHeader,
    content: memoryview,
    place: _Place,
    cancel: CancelToken,
) -> None:
    """Rows for one array file whose bytes, as far as they are needed here, are `content`."""
    if header.dtype == OBJECT:
        _add_objects(found, path, header, content, place, cancel)
    elif header.dtype[1] in "US" and header.dtype[2:].isdecimal():
        _add_text(found, path, header, content)
    else:
        tensor = _tensor(path, header, content, place)
        found.tensors.append(tensor)
        found.pairs.append(("".join(path), _single(tensor, bytes(content[header.size : header.size + 16]))))
        extra = place.size - header.size - tensor.nbytes
        if extra > 0 and not tensor.trouble:
            found.notes.append(f"{extra:,} bytes after the numbers of “{tensor.name}” belong to no array.")


def _tensor(path: tuple[str, ...], header: NpyHeader, content: memoryview, place: _Place) -> TensorRecord:
    name = TORCH_NAMES.get(header.dtype[1:])
    count = math.prod(header.shape)
    strides = [1] * len(header.shape)
    order = range(1, len(strides)) if header.fortran else range(len(strides) - 2, -1, -1)
    for axis in order:
        neighbour = axis - 1 if header.fortran else axis + 1
        strides[axis] = strides[neighbour] * header.shape[neighbour]
    size = item_size(header.dtype) if name else 1
    start: int | None = place.offset
    inline, first, trouble = None, 0, ""
    if name is None:
        kind = KIND_NAMES.get(header.dtype[1], "numbers")
        trouble = f"it holds {kind} of the type {header.dtype[1:]}, which is not known"
    elif header.size + count * size > place.size:
        trouble = f"it has {max(0, place.size - header.size):,} of {count * size:,} bytes"
    elif place.packed_bytes is None:
        start = place.offset + header.size
    elif header.size % size == 0:
        first = header.size // size
    elif place.size <= LARGEST_COPIED:
        inline, start = bytes(content[header.size :]), None
    else:
        trouble = "its numbers do not start at a whole number of items in a compressed file"
    return TensorRecord(
        path=path,
        dtype=name or header.dtype[1:],
        shape=header.shape,
        strides=tuple(strides),
        storage=place.storage,
        storage_bytes=place.size if place.packed_bytes is not None and inline is None else count * size,
        storage_offset=first,
        file_offset=start,
        trouble=trouble,
        inline=inline,
        packed_bytes=place.packed_bytes if inline is None else None,
        big_endian=header.dtype[0] == ">",
    )


def _single(tensor: TensorRecord, raw: bytes) -> object:
    """The number of an array without dimensions, such as a stored epoch; else a stand-in that means nothing."""
    if tensor.shape or tensor.trouble:
        return Items("tensor", [])
    return single_number(replace(tensor, inline=raw, storage_offset=0, file_offset=None, packed_bytes=None), raw)


def _add_text(found: _Found, path: tuple[str, ...], header: NpyHeader, content: memoryview) -> None:
    size = math.prod(header.shape) * item_size(header.dtype)
    if header.size + size > len(content):
        room = len(content) - header.size
        raise UnreadableCheckpoint(f"The array of text is cut short: it has {room:,} of {size:,} bytes.")
    array = NumpyArray(header.dtype, header.shape, header.fortran, ByteSpan(header.size, size, b""))
    text = text_of_array(array, content, limit=LONGEST_TEXT) or ""
    found.values.append(ValueRecord(path, f"numpy text of shape {header.shape}", text))


def _add_objects(
    found: _Found,
    path: tuple[str, ...],
    header: NpyHeader,
    content: memoryview,
    place: _Place,
    cancel: CancelToken,
) -> None:
    """An array of objects is a pickle stream of the whole array; without dimensions it stands for its one object."""
    offset = None if place.packed_bytes is not None else place.offset + header.size
    region = Region(content[header.size :], offset)
    pickle = read_pickle(region.content, cancel=cancel, salvage=True)
    array = array_of(pickle.value)
    if array is not None and not header.shape and isinstance(array.data, tuple) and len(array.data) == 1:
        pickle = replace(pickle, value=array.data[0])
    reading = read_stream("npy", Stream(pickle, region, lambda _: None), content, cancel)
    found.tensors += [replace(tensor, path=(*path, *tensor.path)) for tensor in reading.tensors]
    found.values += [replace(value, path=(*path, *value.path)) for value in reading.values]
    found.would_run += [replace(run, offset=run.offset + (offset or 0)) for run in reading.would_run]
    found.notes += reading.notes
    found.pairs.append(("".join(path), pickle.value))
