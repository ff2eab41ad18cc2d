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
    """A name in a group, opened when it is looked at."""

    group: Any
    name: str


class Hdf5Look:
    """Says what a link or an attribute is.

    Args:
        file: The file.
    """

    def __init__(self, file: MappedFile) -> None:
        import h5py

        self.h5py = h5py
        self.file = file
        self.refused: dict[str, int] = {}
        self.trusts_offsets: bool | None = None

    def refuse(self, why: str) -> None:
        """Count something that was left alone."""
        self.refused[why] = self.refused.get(why, 0) + 1

    def __call__(self, value: object) -> Node:
        """A node for a link, a group, a dataset or a plain value."""
        if isinstance(value, _Link):
            return self._link(value)
        if value is None or isinstance(value, bool | int | float | str | Fields | Numbers | Sequence):
            return value
        if isinstance(value, self.h5py.Group):
            return self.fields(value)
        return _plain(value)

    def fields(self, group: Any) -> Fields:
        """A group's links, then its attributes."""
        pairs: list[tuple[str, object]] = [(name, _Link(group, name)) for name in group]
        taken = {name for name, _ in pairs}
        if len(group.attrs):
            pairs += [(name, self._attribute(group, name)) for name in group.attrs if name not in taken]
        return Fields(pairs)

    def _attribute(self, owner: Any, name: str) -> object:
        identity = self.h5py.h5a.open(owner.id, name.encode("utf-8", "surrogateescape"))
        if identity.get_storage_size() > LARGEST_ATTRIBUTE or identity.dtype.kind not in "fiubSO":
            return None
        return _plain(owner.attrs[name])

    def _link(self, link: _Link) -> Node:
        kind = link.group.get(link.name, getlink=True)
        if not isinstance(kind, self.h5py.HardLink):
            external = isinstance(kind, self.h5py.ExternalLink)
            self.refuse("links to other files" if external else "soft links")
            return None
        found = link.group[link.name]
        if isinstance(found, self.h5py.Group):
            return self.fields(found)
        return self._dataset(found, link.name) if isinstance(found, self.h5py.Dataset) else None

    def _dataset(self, dataset: Any, name: str) -> Node:
        trouble = self.trouble_of(dataset)
        if trouble:
            self.refuse(trouble)
            return None
        kind = dataset.dtype.kind
        if kind in "SO":
            return self._texts(dataset)
        if kind not in "fiub" or dataset.shape is None:
            return None
        if not dataset.shape:
            return _plain(dataset[()])
        start = self._offset(dataset)
        strides = dense_strides(dataset.shape, dataset.dtype.itemsize) if start is not None else ()
        decoder = ("hdf5", dataset.name) if start is None else None
        return Numbers(dataset.dtype.str, dataset.shape, lambda a, b: dataset[a:b], start, strides, decoder)

    def trouble_of(self, dataset: Any) -> str:
        """Why a dataset is left alone, or an empty string."""
        layout = dataset.id.get_create_plist()
        if layout.get_external_count():
            return "datasets whose numbers are in other files"
        if layout.get_layout() == self.h5py.h5d.VIRTUAL:
            return "virtual datasets, which are put together from other files"
        filters = {layout.get_filter(index)[0] for index in range(layout.get_nfilters())}
        return "datasets packed in a way that needs a plug-in" if filters - BUILT_IN_FILTERS else ""

    def _texts(self, dataset: Any) -> Node:
        if dataset.size is None or dataset.size > MOST_TEXTS or not self.h5py.check_string_dtype(dataset.dtype):
            return None
        held = dataset[()]
        if not dataset.shape:
            return _plain(held)
        return Sequence([_plain(value) for value in np.asarray(held).reshape(-1).tolist()])

    def _offset(self, dataset: Any) -> int | None:
        """Where the numbers lie plainly in the file, or None where they are in chunks or packed."""
        if dataset.chunks is not None or dataset.id.get_create_plist().get_nfilters() or not dataset.size:
            return None
        start = dataset.id.get_offset()
        size = dataset.size * dataset.dtype.itemsize
        if start is None or start < 0 or start + size > len(self.file.view):
            return None
        if self.trusts_offsets is None:  # once a file: the library and the place must tell the same numbers
            first = np.ascontiguousarray(dataset[0:1]).tobytes()
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
    look = Hdf5Look(file)
    try:
        if any(name in held or name in held.attrs for name in KERAS):
            return None
        root = look.fields(held)
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
    held, look = _open(file), Hdf5Look(file)
    try:
        for name in block.names:
            dataset = _walk(held, name, look)
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


def _walk(held: Any, name: str, look: Hdf5Look) -> Any:
    """The dataset of a path, by hard links only."""
    found = held
    for part in name.strip("/").split("/"):
        if not isinstance(found.get(part, getlink=True), look.h5py.HardLink):
            raise DataError(f"“{name}” is a link and is not followed.")
        found = found[part]
    if not isinstance(found, look.h5py.Dataset) or look.trouble_of(found):
        raise DataError(f"“{name}” is no dataset that can be read.")
    return found


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
        with h5py.File(_View(memoryview(made.getvalue())), "r") as file:
            group = file["a"]
            np.asarray(group["c"][()]).reshape(-1).tolist()
            group["b"][0:1], group.attrs["gloss"], group["d"].id.get_offset()
            for name in group:
                group.get(name, getlink=True)
