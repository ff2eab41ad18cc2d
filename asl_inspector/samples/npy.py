"""NumPy's own files: one array in an `.npy`, several in an `.npz` archive.

The header is read by a grammar of our own, not evaluated; arrays of objects go through the inert reader of pickle streams.

Source: NumPy enhancement proposal 1, and numpy/lib/format.py of NumPy 2.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass

import numpy as np

from asl_inspector.checkpoints.zip_directory import DEFLATED, STORED, ZipDirectory
from asl_inspector.checkpoints.zip_oddities import Member
from asl_inspector.errors import DataError
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import text_entries
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.gathering import Source, clips_in
from asl_inspector.samples.job import Job
from asl_inspector.samples.nodes import Array, Fields, Node, Numbers, Sequence, dense_strides
from asl_inspector.samples.pickled import PickleLook, clips_of_tree
from asl_inspector.samples.records import Clips

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1 << 16
CHUNK = 1 << 20
MOST_TEXTS = 64 << 20  # bytes of an array of text, and entries
OBJECTS = "|O"
_DESCR = re.compile(r"'descr'\s*:\s*'([<>|=]?[a-zA-Z]\d*)'")
_ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)")
_SHAPE = re.compile(r"'shape'\s*:\s*\(([\d,\sL]*)\)")
_NUMBER_KINDS = "biuf"


@dataclass(frozen=True, slots=True)
class Header:
    """What an `.npy` says of its array; `size` is the header's own, up to the first number."""

    dtype: str
    fortran: bool
    shape: tuple[int, ...]
    size: int

    @property
    def bytes(self) -> int:
        """Bytes of the numbers."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def read_header(content: Buffer, name: str) -> Header:
    """The header of an `.npy`.

    Raises:
        DataError: If it is damaged or of no known form.
    """
    head = bytes(content[:12])
    if head[:6] != MAGIC or len(head) < 10:
        raise DataError(f"“{name}” is no NumPy array.", advice="Copy or download it again.")
    wide = head[6] >= 2
    length = int.from_bytes(head[8 : 12 if wide else 10], "little")
    start = 12 if wide else 10
    if length > LONGEST_HEADER or start + length > len(content):
        raise DataError(f"The header of “{name}” announces {length:,} bytes.", advice="Copy or download it again.")
    text = bytes(content[start : start + length]).decode("latin-1")
    descr, order, shape = _DESCR.search(text), _ORDER.search(text), _SHAPE.search(text)
    if descr is None or order is None or shape is None:
        raise DataError(
            f"“{name}” is an array of records, or its header is damaged.",
            advice="Save one plain array for each field.",
            detail=text[:200],
        )
    sizes = tuple(int(part.rstrip("L")) for part in re.findall(r"\d+L?", shape.group(1)) if len(part) < 19)
    kind = descr.group(1).lstrip("<>|=")[:1]
    dtype = OBJECTS if kind == "O" else descr.group(1)
    if kind not in "OSU" + _NUMBER_KINDS or len(sizes) > 32 or len(sizes) != len(re.findall(r"\d+", shape.group(1))):
        raise DataError(f"“{name}” holds values of type {descr.group(1)}, which are no features.")
    try:
        known = np.dtype(dtype).str
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"“{name}” holds values of type {descr.group(1)}, which does not exist.") from None
    return Header(known, order.group(1) == "True", sizes, start + length)


class ArrayLook(PickleLook):
    """Says what the members of an archive, or the values in an array of objects, are."""

    def __init__(self, file: MappedFile, directory: ZipDirectory | None, job: Job) -> None:
        super().__init__(file.view, in_file=True)
        self.job = job
        self.file = file
        self.directory = directory

    def __call__(self, value: object) -> Node:
        """A node for a member, or for a value of an array of objects."""
        if isinstance(value, Member) and self.directory is not None:
            return self._member(self.directory, value)
        if isinstance(value, _Inflated):
            return _wrapped(value.look(value.value), value.look)
        return super().__call__(value)

    def _member(self, directory: ZipDirectory, member: Member) -> Node:
        if member.method == STORED:
            start = directory.data_offset(member)
            content = memoryview(self.file.view)[start : start + member.packed_size]
            header = read_header(content, member.name)
            return self.array(header, content, start, member.name)
        if member.method != DEFLATED:
            raise DataError(f"“{member.name}” is packed in a way that is not supported.", advice="Use np.savez.")
        return self._packed(directory, member)

    def array(self, header: Header, content: Buffer, start: int, name: str) -> Node:
        """The node of an array that lies plainly in the file at `start`."""
        if header.dtype == OBJECTS:
            return self._objects(header, self._read(self.file.view, start + header.size), self)
        if header.bytes > len(content) - header.size:
            raise DataError(f"“{name}” is cut short.", advice="Copy or download it again.")
        if np.dtype(header.dtype).kind in "SU":
            return _texts(header, bytes(content[header.size : header.size + header.bytes]), name)
        strides = dense_strides(header.shape, np.dtype(header.dtype).itemsize, fortran=header.fortran)
        first = start + header.size
        view = self.file.view

        def rows(from_row: int, to_row: int) -> Array:
            held: Array = np.ndarray(header.shape, np.dtype(header.dtype), view, first, strides)
            return held[from_row:to_row] if header.shape else held

        return Numbers(header.dtype, header.shape, rows, first, strides)

    def _read(self, content: Buffer, start: int) -> object:
        pickle = read_pickle(content, start, cancel=self.job.cancel)
        self.job.pickles.append(pickle)
        return pickle.value

    def _objects(self, header: Header, value: object, look: PickleLook) -> Node:
        node = look(value)
        return node if header.shape or not isinstance(node, Sequence) else look(node.items[0])

    def _packed(self, directory: ZipDirectory, member: Member) -> Node:
        """A deflated member: inflated again from its start whenever rows are asked for that have gone by."""
        start = directory.data_offset(member)
        packed = memoryview(directory.content)[start : start + member.packed_size]
        stream = _Stream(packed, member.name)
        header = read_header(stream.read(0, min(member.size, LONGEST_HEADER)), member.name)
        if header.size + (0 if header.dtype == OBJECTS else header.bytes) > member.size:
            raise DataError(f"“{member.name}” is cut short.", advice="Copy or download it again.")
        if header.dtype == OBJECTS:
            content = bytes(directory.read(member))
            look = PickleLook(content, in_file=False)
            return _wrapped(self._objects(header, self._read(content, header.size), look), look)
        if np.dtype(header.dtype).kind in "SU":
            return _texts(header, stream.read(header.size, header.bytes), member.name)
        return Numbers(header.dtype, header.shape, lambda a, b: _inflated_rows(stream, header, a, b))


@dataclass(frozen=True, slots=True)
class _Inflated:
    """A value of a stream that is not in the file, with what knows it."""

    value: object
    look: PickleLook


def _wrapped(node: Node, look: PickleLook) -> Node:
    """The same node whose children remember which stream they are of."""
    if isinstance(node, Fields):
        return Fields([(name, _Inflated(raw, look)) for name, raw in node.pairs])
    if isinstance(node, Sequence):
        return Sequence([_Inflated(raw, look) for raw in node.items])
    return node


def _texts(header: Header, raw: bytes, name: str) -> Node:
    if max(header.bytes, math.prod(header.shape)) > MOST_TEXTS or len(raw) != header.bytes:
        raise DataError(f"“{name}” is cut short, or far too large for names.", advice="Copy or download it again.")
    if not np.dtype(header.dtype).itemsize:
        return Sequence([""] * math.prod(header.shape))
    texts = text_entries(np.frombuffer(raw, np.dtype(header.dtype)))
    return Sequence(list(texts)) if header.shape else texts[0]


class _Stream:
    """A deflated member as bytes by place, inflated in pieces from front to back."""

    def __init__(self, packed: memoryview, name: str) -> None:
        self.packed = packed
        self.name = name
        self._restart()

    def _restart(self) -> None:
        self.engine = zlib.decompressobj(-15)
        self.fed = 0
        self.position = 0
        self.waiting = b""

    def read(self, start: int, size: int) -> bytes:
        """Bytes `start` to `start + size`.

        Raises:
            DataError: If the member is damaged or ends before.
        """
        if start < self.position:
            self._restart()
        while self.position < start:
            self.position += len(self._next(min(CHUNK, start - self.position)))
        parts, wanted = [], size
        while wanted:
            parts.append(self._next(min(CHUNK, wanted)))
            wanted -= len(parts[-1])
        self.position = start + size
        return b"".join(parts)

    def _next(self, most: int) -> bytes:
        while True:
            if not self.waiting:
                self.waiting = bytes(self.packed[self.fed : self.fed + CHUNK])
                self.fed += len(self.waiting)
            ended = not self.waiting
            try:
                found = self.engine.decompress(self.waiting, most)
            except zlib.error as error:
                raise DataError(f"“{self.name}” is damaged.", advice="Copy it again.", detail=str(error)) from None
            self.waiting = self.engine.unconsumed_tail
            if found:
                return found
            if ended or self.engine.eof:
                raise DataError(f"“{self.name}” is cut short.", advice="Copy or download it again.")


def _inflated_rows(stream: _Stream, header: Header, start: int, stop: int) -> Array:
    kind = np.dtype(header.dtype)
    if not header.shape or header.fortran:
        whole = np.frombuffer(stream.read(header.size, header.bytes), kind)
        held: Array = whole.reshape(header.shape, order="F" if header.fortran else "C")
        return held[start:stop] if header.shape else held
    row = math.prod(header.shape[1:]) * kind.itemsize
    start, stop = min(start, header.shape[0]), min(stop, header.shape[0])
    raw = stream.read(header.size + start * row, (stop - start) * row)
    return np.frombuffer(raw, kind).reshape(stop - start, *header.shape[1:])


def array_node(file: MappedFile, job: Job) -> tuple[Node, ArrayLook]:
    """What an `.npy` file holds, and what knows its values.

    Raises:
        DataError: If it is damaged.
    """
    look = ArrayLook(file, None, job)
    return look.array(read_header(file.view, file.path.name), file.view, 0, file.path.name), look


def read_npy_clips(file: MappedFile, job: Job) -> Clips | None:
    """The clips of an `.npy` file, or None where it holds none.

    Raises:
        DataError: If it is damaged.
    """
    root, look = array_node(file, job)
    return clips_of_tree(file, "NumPy array", root, look, job)


def is_npz(directory: ZipDirectory) -> bool:
    """True where all members are arrays of NumPy."""
    return bool(directory.members) and all(name.endswith(".npy") for name in directory.members)


def read_npz_clips(file: MappedFile, directory: ZipDirectory, job: Job) -> Clips | None:
    """The clips of an `.npz` archive, or None where it holds none.

    Raises:
        DataError: If it is damaged.
        UnreadableCheckpoint: If the archive is.
    """
    look = ArrayLook(file, directory, job)
    root: Node = Fields([(name.removesuffix(".npy"), member) for name, member in directory.members.items()])
    if isinstance(root, Fields) and len(root.pairs) == 1:
        alone = look(root.pairs[0][1])
        if not isinstance(alone, Numbers):
            root = alone
    source = Source(file.path, "NumPy archive", root, look, job, may_be_weights=True)
    return clips_in(source)
