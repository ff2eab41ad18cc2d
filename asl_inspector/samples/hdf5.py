"""Clips in an HDF5 file. Only a reading process that can open no other file runs the HDF5 library.

The file is walked link by link: soft and external links, external storage, virtual datasets and filters that would load
a plug-in are never followed, so no path is ever resolved by the library. Numbers without filters stay in the file;
compressed ones are decoded when they are asked for.

Source: HDF5 file format specification 3.0; CVE-2026-1669 for what a path may reach.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.gathering import Source, clips_in
from asl_inspector.samples.job import Job
from asl_inspector.samples.nodes import Array, Fields, Node, Numbers, Sequence, Sink, dense_strides
from asl_inspector.samples.records import Block, Clips

BUILT_IN_FILTERS = {1, 2, 3, 4, 5, 6, 32000}  # deflate, shuffle, fletcher32, szip, nbit, scale-offset, lzf
MOST_TEXTS = 5_000_000
LARGEST_ATTRIBUTE = 64 << 10
PIECE = 8 << 20
TROUBLES = (OSError, RuntimeError, ValueError, TypeError, KeyError)  # what h5py raises for a damaged file
KERAS = ("model_weights", "layer_names", "keras_version")


class _View(io.RawIOBase):
    """The mapped file as a stream that the library may read and nothing else."""

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        base = (0, self.position, len(self.view))[whence]
        self.position = max(0, base + offset)
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer: Any, /) -> int:
        target = memoryview(buffer).cast("B")
        found = self.view[self.position : self.position + len(target)]
        target[: len(found)] = found
        self.position += len(found)
        return len(found)


@dataclass(frozen=True, slots=True)
class _Link:
    """A name in a group, opened when it is looked at.

    Attributes:
        group: The group's identifier.
        name: The name.
        path: From the root of the file.
    """

    group: Any
    name: bytes
    path: str


@dataclass(frozen=True, slots=True)
class _Attribute:
    """A name of an attribute, read when it is looked at."""

    owner: Any
    name: bytes


class Hdf5Look:
    """Says what a link or an attribute is. Uses the library's identifiers: its comfortable objects cost far more.

    Args:
        file: The file.
        held: The same, as the library has opened it.
    """

    def __init__(self, file: MappedFile, held: Any) -> None:
        import h5py

        self.h5py = h5py
        self.file = file
        self.root = h5py.h5g.open(held.id, b"/")
        self.refused: dict[str, int] = {}
        self.trusts_offsets: bool | None = None

    def refuse(self, why: str) -> None:
        """Count something that was left alone."""
        self.refused[why] = self.refused.get(why, 0) + 1

    def __call__(self, value: object) -> Node:
        """A node for a link, an attribute or a plain value."""
        if isinstance(value, _Link):
            return self._link(value)
        if isinstance(value, _Attribute):
            return self._attribute(value)
        if value is None or isinstance(value, bool | int | float | str | Fields | Numbers | Sequence):
            return value
        return _plain(value)

    def fields(self, group: Any, path: str) -> Fields:
        """A group's links, then its attributes."""
        pairs: list[tuple[str, object]] = []
        for name in group:
            text = name.decode("utf-8", "surrogateescape")
            pairs.append((text, _Link(group, name, f"{path}/{text}")))
        if self.h5py.h5a.get_num_attrs(group):
            names: list[bytes] = []
            self.h5py.h5a.iterate(group, lambda name, *_: names.append(name))
            taken = {name for name, _ in pairs}
            pairs += [
                (text, _Attribute(group, name))
                for name in names
                if (text := name.decode("utf-8", "surrogateescape")) not in taken
            ]
        return Fields(pairs)

    def _attribute(self, attribute: _Attribute) -> Node:
        held = self.h5py.h5a.open(attribute.owner, attribute.name)
        if held.get_storage_size() > LARGEST_ATTRIBUTE or held.dtype.kind not in "fiubSO":
            return None
        return _plain(self.h5py.AttributeManager(self.h5py.Group(attribute.owner))[attribute.name])

    def open_link(self, link: _Link) -> Any:
        """What a hard link leads to; None for a link that may lead anywhere."""
        kind = link.group.links.get_info(link.name).type
        if kind != self.h5py.h5l.TYPE_HARD:
            soft = kind == self.h5py.h5l.TYPE_SOFT
            self.refuse("soft links" if soft else "links to other files")
            return None
        return self.h5py.h5o.open(link.group, link.name)

    def _link(self, link: _Link) -> Node:
        found = self.open_link(link)
        if isinstance(found, self.h5py.h5g.GroupID):
            return self.fields(found, link.path)
        return self._dataset(found, link.path) if isinstance(found, self.h5py.h5d.DatasetID) else None

    def _dataset(self, held: Any, path: str) -> Node:
        layout = held.get_create_plist()
        trouble = self.trouble_of(layout)
        if trouble:
            self.refuse(trouble)
            return None
        dtype, shape = held.dtype, held.shape
        if dtype.kind in "SO":
            return self._texts(self.h5py.Dataset(held))
        if dtype.kind not in "fiub" or shape is None:
            return None
        if not shape:
            return _plain(self.h5py.Dataset(held)[()])
        start = self._offset(held, layout, dtype, shape)
        strides = dense_strides(shape, dtype.itemsize) if start is not None else ()
        decoder = ("hdf5", path) if start is None else None
        # a dataset that stays open takes 15 KB of the library's memory: 100,000 clips are opened anew when asked for
        return Numbers(dtype.str, shape, lambda a, b: walk(self, path)[a:b], start, strides, decoder)

    def trouble_of(self, layout: Any) -> str:
        """Why a dataset with these properties is left alone, or an empty string."""
        kind = layout.get_layout()
        if kind == self.h5py.h5d.VIRTUAL:
            return "virtual datasets, which are put together from other files"
        if layout.get_external_count():
            return "datasets whose numbers are in other files"
        if kind != self.h5py.h5d.CHUNKED:
            return ""
        filters = {layout.get_filter(index)[0] for index in range(layout.get_nfilters())}
        return "datasets packed in a way that needs a plug-in" if filters - BUILT_IN_FILTERS else ""

    def _texts(self, dataset: Any) -> Node:
        if dataset.size is None or dataset.size > MOST_TEXTS or not self.h5py.check_string_dtype(dataset.dtype):
            return None
        held = dataset[()]
        if not dataset.shape:
            return _plain(held)
        return Sequence([_plain(value) for value in np.asarray(held).reshape(-1).tolist()])

    def _offset(self, held: Any, layout: Any, dtype: Any, shape: tuple[int, ...]) -> int | None:
        """Where the numbers lie plainly in the file, or None where they are in chunks or packed."""
        size = math.prod(shape) * dtype.itemsize
        if layout.get_layout() != self.h5py.h5d.CONTIGUOUS or not size:
            return None
        start = held.get_offset()
        if start is None or start < 0 or start + size > len(self.file.view):
            return None
        if self.trusts_offsets is None:  # once a file: the library and the place must tell the same numbers
            first = np.ascontiguousarray(self.h5py.Dataset(held)[0:1]).tobytes()
            self.trusts_offsets = bytes(self.file.view[start : start + len(first)]) == first
        return int(start) if self.trusts_offsets else None


def _plain(value: object) -> Node:
    """A text or a number in whatever form the library gives it; arrays of texts as a sequence."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "SO":
            return Sequence([_plain(one) for one in value.reshape(-1).tolist()])
        return Sequence(list(value.reshape(-1).tolist())) if value.dtype.kind in "fiub" else None
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value if isinstance(value, bool | int | float | str) else None


def _open(file: MappedFile) -> Any:
    import h5py

    try:
        return h5py.File(_View(file.view), "r")
    except TROUBLES as error:
        raise DataError(
            f"“{file.path.name}” is damaged or cut short: the HDF5 library cannot open it.",
            advice="Copy or download it again.",
            detail=str(error),
        ) from None


def read_hdf5_clips(file: MappedFile, job: Job) -> Clips | None:
    """The clips of an HDF5 file, or None where it holds a network of Keras.

    Raises:
        DataError: If the file is damaged, or holds no clips.
    """
    held = _open(file)
    look = Hdf5Look(file, held)
    try:
        if any(name in held or name in held.attrs for name in KERAS):
            return None
        root = look.fields(look.root, "")
        clips = clips_in(Source(file.path, "HDF5 file", root, look, job))
    except TROUBLES as error:
        raise DataError(
            f"“{file.path.name}” is damaged: the HDF5 library cannot read all of it.",
            advice="Copy or download it again.",
            detail=str(error),
        ) from None
    left = ", ".join(f"{count:,} {why}" for why, count in look.refused.items())
    note = f"Left alone, since reading them could reach other files: {left}." if left else ""
    if clips is None:
        raise DataError(
            f"“{file.path.name}” is an HDF5 file without clips that can be read. {note}".strip(),
            advice="A clip is a dataset of frames by features, alone or in a group with its label.",
        )
    from dataclasses import replace

    return replace(clips, notes=(*clips.notes, note)) if note else clips


def decode_hdf5(file: MappedFile, block: Block, sink: Sink) -> None:
    """Send the numbers of a block on.

    Raises:
        DataError: If they cannot be decoded.
    """
    look = Hdf5Look(file, _open(file))
    try:
        for name in block.names:
            dataset = walk(look, name)
            stop = block.stop if block.stop >= 0 else dataset.shape[0]
            row = math.prod(dataset.shape[1:]) * dataset.dtype.itemsize
            step = max(1, PIECE // max(1, row))
            for start in range(block.start, stop, step):
                rows: Array = np.ascontiguousarray(dataset[start : min(stop, start + step)])
                sink.put(rows.tobytes())
    except TROUBLES as error:
        raise DataError(
            f"Some numbers of “{file.path.name}” cannot be unpacked.", advice="Copy it again.", detail=str(error)
        ) from None


def walk(look: Hdf5Look, path: str) -> Any:
    """The dataset of a path, by hard links only.

    Raises:
        DataError: If the path leads over another link, or to no dataset that can be read.
    """
    found: Any = look.root
    for part in path.strip("/").split("/"):
        name = part.encode("utf-8", "surrogateescape")
        found = look.open_link(_Link(found, name, path)) if isinstance(found, look.h5py.h5g.GroupID) else None
        if found is None:
            raise DataError(f"“{path}” is a link and is not followed.")
    if not isinstance(found, look.h5py.h5d.DatasetID) or look.trouble_of(found.get_create_plist()):
        raise DataError(f"“{path}” is no dataset that can be read.")
    return look.h5py.Dataset(found)


def warm_up() -> None:
    """Have the library import all that it needs, on a file made here in memory."""
    import h5py

    with io.BytesIO() as made:
        with h5py.File(made, "w") as file:
            group = file.create_group("a")
            group.attrs["gloss"], group.attrs["n"] = "x", 1
            group.create_dataset("b", data=np.zeros((4, 2), "f4"), chunks=(2, 2), compression="gzip")
            group.create_dataset("c", data=np.array(["x", "y"], h5py.string_dtype()))
            group.create_dataset("d", data=np.zeros((4, 2), "f4"))
            group["e"] = h5py.SoftLink("/a/b")
        content = made.getvalue()
    view = memoryview(content)
    with h5py.File(_View(view), "r") as file:
        look = Hdf5Look(_InMemory(view), file)
        for _, raw in look.fields(file["a"].id, "/a").pairs:
            node = look(raw)
            if isinstance(node, Numbers):
                node.all()


class _InMemory(MappedFile):
    """Bytes that were made here, in the form of a file."""

    def __init__(self, view: memoryview) -> None:
        self.path = Path("made here")
        self.view = view
