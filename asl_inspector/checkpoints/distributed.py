"""A distributed checkpoint: a folder with a pickled `.metadata` and `*.distcp` files of many small torch files.

`.metadata` says, for every tensor, its sizes and the pieces it was cut into, and for every piece and every other
value the file, the place and the length of a stream that torch.save wrote. The metadata is read as data; files are
opened by plain name only, and every stream is read as it would be alone.

Source: torch 2.13, torch/distributed/checkpoint/metadata.py and filesystem.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from asl_inspector.checkpoints.companions import Companions
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import ITEM_SIZES, Chunk, TensorRecord, ValueRecord, WouldRun
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.stream_reading import read_stream
from asl_inspector.checkpoints.torch_legacy import legacy_stream
from asl_inspector.checkpoints.torch_values import dtype_name, sizes_of
from asl_inspector.checkpoints.torch_zip import torch_zip_stream
from asl_inspector.checkpoints.zip_directory import read_directory
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.inert_pickle.plain import class_of, items_of, key_text, lookup, pairs_of
from asl_inspector.inert_pickle.records import Built, Items, Pairs
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.sniffing import Kind, sniff

MODULE = "torch.distributed.checkpoint.metadata"
METADATA = (MODULE, "Metadata")
TENSOR, BYTES = (MODULE, "TensorStorageMetadata"), (MODULE, "BytesStorageMetadata")
HARMLESS = {
    *(
        f"{MODULE}.{name}"
        for name in (
            "Metadata",
            "TensorStorageMetadata",
            "BytesStorageMetadata",
            "ChunkStorageMetadata",
            "TensorProperties",
            "MetadataIndex",
            "StorageMeta",
            "_MEM_FORMAT_ENCODING",
        )
    ),
    "torch.distributed.checkpoint.filesystem._StorageInfo",
    "torch.serialization._get_layout",
    "pathlib.PosixPath",
    "pathlib._local.PosixPath",
    "pathlib.WindowsPath",
    "pathlib._local.WindowsPath",
}
DEEPEST_PATH = 64
KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """Where one stream lies."""

    file: str
    offset: int
    length: int
    transforms: str


@dataclass(slots=True)
class _Found:
    """What was read so far. `tree` is the saved object again, dicts of inert values."""

    tensors: list[TensorRecord] = field(default_factory=list)
    values: list[ValueRecord] = field(default_factory=list)
    would_run: list[WouldRun] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    tree: dict[object, object] = field(default_factory=dict)


def is_distributed_metadata(root: object) -> bool:
    """True where an inert tree is the `.metadata` of a distributed checkpoint."""
    return class_of(root) == METADATA


def read_distributed(file: MappedFile, metadata: Reading, cancel: CancelToken) -> Reading:
    """The tensors and the values of a distributed checkpoint.

    Args:
        file: Its `.metadata`.
        metadata: What that file holds, its root a `Metadata`.
        cancel: Asked between tensors.

    Raises:
        UnreadableCheckpoint: If the metadata does not say what is where.
    """
    known = pairs_of(lookup(metadata.root, "state_dict_metadata"))
    if known is None:
        raise UnreadableCheckpoint("The `.metadata` of the distributed checkpoint lists no tensors.")
    items = _items_in(lookup(metadata.root, "storage_data"))
    paths: dict[object, list[object]] = {
        key: items_of(path) or [] for key, path in pairs_of(lookup(metadata.root, "planner_data")) or []
    }
    reader = _ItemReader(Companions(file), cancel)
    found = _Found(would_run=[run for run in metadata.would_run if run.call not in HARMLESS])
    for key, held in known:
        cancel.raise_if_cancelled()
        name = key_text(key)
        path = paths.get(key, [])
        if not 0 < len(path) <= DEEPEST_PATH:
            path = [name]
        if class_of(held) == TENSOR:
            _add_tensor(found, name, path, held, items, reader)
        elif class_of(held) == BYTES:
            _add_value(found, name, path, items, reader)
        else:
            found.notes[f"“{name}” is stored in a way that is not known."] = None
    return Reading(
        format="distributed checkpoint",
        tensors=tuple(found.tensors),
        values=tuple(found.values),
        would_run=tuple(found.would_run),
        notes=(*metadata.notes, *reader.beside.notes(), *found.notes),
        root=_as_inert(found.tree),
        parts=reader.beside.opened,
    )


def _items_in(storage_data: object) -> dict[tuple[str, tuple[int, ...] | None], _Item]:
    """Where each stream lies, by the key and the offsets of the piece; values have no offsets."""
    items = {}
    for index, info in pairs_of(storage_data) or []:
        key, offsets = lookup(index, "fqn"), lookup(index, "offset")
        file, offset, length = (lookup(info, name) for name in ("relative_path", "offset", "length"))
        if not (isinstance(key, str) and isinstance(file, str)):
            continue
        if type(offset) is not int or type(length) is not int or offset < 0 or length < 0:
            continue
        transforms = ", ".join(key_text(name) for name in items_of(lookup(info, "transform_descriptors")) or [])
        items[key, None if offsets is None else sizes_of(offsets)] = _Item(file, offset, length, transforms)
    return items


class _ItemReader:
    """Reads one stream of one `.distcp` file."""

    def __init__(self, beside: Companions, cancel: CancelToken) -> None:
        self.beside = beside
        self.cancel = cancel

    def read(self, item: _Item | None) -> Reading:
        """What a stream holds, its tensors with their place in the file.

        Raises:
            UnreadableCheckpoint: If the stream is not to be had; the sentence is a part of one.
        """
        if item is None:
            raise UnreadableCheckpoint("the metadata does not say where it is")
        if item.transforms:
            raise UnreadableCheckpoint(f"it is packed with “{item.transforms}”, which is not supported")
        file = self.beside.find(item.file)
        if file is None:
            raise UnreadableCheckpoint(f"its file was not opened: {self.beside.why_not(item.file)}")
        if item.offset + item.length > file.size:
            raise UnreadableCheckpoint(f"the file “{item.file}” ends before it")
        view = file.view[item.offset : item.offset + item.length]
        region, label = Region(view, item.offset), f"{item.offset}/"
        kind = sniff(view)
        try:
            if kind is Kind.ZIP:
                stream = torch_zip_stream(read_directory(view), region, self.cancel, label)
            elif kind is Kind.TORCH_LEGACY:
                stream = legacy_stream(region, self.cancel, label)
            else:
                raise UnreadableCheckpoint(f"{kind.value} lies in its place")
            reading = read_stream("", stream, file.view, self.cancel)
        except InspectorError as error:
            raise UnreadableCheckpoint(error.sentence.rstrip(".")) from error
        runs = tuple(replace(run, offset=run.offset + (stream.region.offset or 0)) for run in reading.would_run)
        tensors = tuple(tensor.in_part(item.file) for tensor in reading.tensors)
        return replace(reading, tensors=tensors, would_run=runs)


Places = Mapping[tuple[str, tuple[int, ...] | None], _Item]


def _add_tensor(found: _Found, name: str, path: list[object], held: object, items: Places, reader: _ItemReader) -> None:
    shape = sizes_of(lookup(held, "size"))
    pieces = items_of(lookup(held, "chunks")) or []
    dtype = _dtype_of(lookup(held, "properties"))
    texts = tuple(key_text(element) for element in path)
    if shape is None:
        found.notes[f"The metadata tells no sizes of “{name}”."] = None
        return
    chunks, trouble = [], ""
    for piece in pieces:
        offsets, sizes = sizes_of(lookup(piece, "offsets")), sizes_of(lookup(piece, "sizes"))
        if offsets is None or sizes is None or not len(offsets) == len(sizes) == len(shape):
            trouble = "the metadata describes its pieces wrongly"
            break
        try:
            reading = reader.read(items.get((name, offsets)))
        except UnreadableCheckpoint as error:
            trouble = error.sentence if len(pieces) == 1 else f"one of its pieces is not to be had: {error.sentence}"
            break
        found.would_run += reading.would_run
        found.notes |= dict.fromkeys(reading.notes)
        whole = [tensor for tensor in reading.tensors if not tensor.path]
        if len(whole) != 1 or whole[0].shape != sizes:
            trouble = "its file holds something else in its place"
            break
        chunks.append(Chunk(offsets, whole[0]))
    dtype = dtype or (chunks[0].tensor.dtype if chunks else "unknown")
    found.tensors.append(_tensor(name, texts, dtype, shape, chunks, trouble))
    _plant(found.tree, path, Items("tensor", []))


def _tensor(
    name: str, path: KeyPath, dtype: str, shape: tuple[int, ...], chunks: list[Chunk], trouble: str
) -> TensorRecord:
    """One piece that is the whole tensor stands for itself; several are kept as pieces."""
    trouble = trouble or _chunk_trouble(dtype, shape, chunks)
    if not trouble and len(chunks) == 1 and chunks[0].tensor.shape == shape:
        return replace(chunks[0].tensor, path=path)
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return TensorRecord(
        path=path,
        dtype=dtype,
        shape=shape,
        strides=tuple(strides),
        storage=f"the pieces of {name}",
        storage_bytes=sum(chunk.tensor.nbytes for chunk in chunks),
        storage_offset=0,
        file_offset=None,
        trouble=trouble,
        chunks=() if trouble else tuple(chunks),
    )


def _chunk_trouble(dtype: str, shape: tuple[int, ...], chunks: list[Chunk]) -> str:
    """Why the pieces do not make the tensor; whether they lie over each other is seen when they are read."""
    for chunk in chunks:
        piece = chunk.tensor
        if piece.trouble:
            return piece.trouble
        if piece.dtype != dtype:
            return f"one of its pieces has the type {piece.dtype} instead of {dtype}"
        if any(start + size > whole for start, size, whole in zip(chunk.offsets, piece.shape, shape, strict=True)):
            return "one of its pieces reaches beyond it"
        if len(chunks) > 1 and piece.count * ITEM_SIZES.get(dtype, 1) > piece.storage_bytes:
            return "one of its pieces repeats numbers, which no writer does"
    if sum(chunk.tensor.count for chunk in chunks) != math.prod(shape):
        return "its pieces do not cover all of it"
    return ""


def _dtype_of(properties: object) -> str | None:
    """The type in `TensorProperties`, whose state is a tuple that starts with it."""
    if not isinstance(properties, Built):
        return None
    named = lookup(properties, "dtype")
    for state in properties.states:
        named = named or next(iter(items_of(state) or []), None)
    return dtype_name(named)


def _add_value(found: _Found, name: str, path: list[object], items: Places, reader: _ItemReader) -> None:
    """A value that is no tensor: the stream is a tree of its own, and its rows go below the value's path."""
    texts = tuple(key_text(element) for element in path)
    try:
        reading = reader.read(items.get((name, None)))
    except UnreadableCheckpoint as error:
        found.values.append(ValueRecord(texts, "unknown", f"(not to be had: {error.sentence})"))
        found.notes[f"“{name}” is not to be had: {error.sentence}."] = None
        return
    found.tensors += [replace(tensor, path=(*texts, *tensor.path)) for tensor in reading.tensors]
    found.values += [replace(value, path=(*texts, *value.path)) for value in reading.values]
    found.would_run += reading.would_run
    found.notes |= dict.fromkeys(reading.notes)
    _plant(found.tree, path, reading.root)


def _plant(tree: dict[object, object], path: list[object], value: object) -> None:
    """Put a value into dicts of dicts; what contradicts an earlier path is left out."""
    for element in path[:-1]:
        branch = tree.setdefault(_plain(element), {})
        if not isinstance(branch, dict):
            return
        tree = branch
    tree.setdefault(_plain(path[-1]), value)


def _plain(element: object) -> object:
    return element if type(element) in (str, int) else key_text(element)


def _as_inert(tree: dict[object, object]) -> object:
    """Dicts of dicts as inert pairs; those whose keys are whole numbers were lists. At most `DEEPEST_PATH` deep."""
    pairs = [(key, _as_inert(held) if isinstance(held, dict) else held) for key, held in tree.items()]
    if pairs and all(type(key) is int for key, _ in pairs):
        return Items("list", [held for _, held in pairs])
    return Pairs(pairs)
