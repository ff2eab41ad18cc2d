"""Files of torch.save that lie inside a pickle stream, as byte strings given to `torch.storage._load_from_bytes`.

An ordinary `pickle.dump` of tensors writes them so: each storage is a whole legacy file of its own. They are read where
they lie, level by level and without recursion.

Source: torch 2.13, torch/storage.py (`TypedStorage.__reduce__`, `_load_from_bytes`).
"""

from __future__ import annotations

from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.storages import Storage
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.torch_legacy import legacy_stream
from asl_inspector.checkpoints.torch_zip import archive_region, is_torch_zip, torch_zip_stream
from asl_inspector.checkpoints.zip_directory import read_directory
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import bytes_of
from asl_inspector.inert_pickle.plain import arguments_of, class_of
from asl_inspector.inert_pickle.records import Built, ByteSpan, Persistent
from asl_inspector.progress import CancelToken
from asl_inspector.sniffing import Kind, sniff

LOAD_FROM_BYTES = ("torch.storage", "_load_from_bytes")
MOST_LEVELS = 8
MOST_STREAMS = 200_000
MOST_FAILED = 100
MOST_UNPACKED = 1 << 30  # bytes of streams that lie packed in others


def open_stream(region: Region, cancel: CancelToken, label: str) -> Stream:
    """The stream of a file of torch.save or pickle that lies in another file.

    Raises:
        UnreadableCheckpoint: If it is none, or damaged.
        MalformedPickle: If its stream is damaged.
    """
    kind = sniff(region.content)
    if kind is Kind.TORCH_LEGACY:
        return legacy_stream(region, cancel, label)
    if kind is Kind.PICKLE:
        return Stream(read_pickle(region.content, cancel=cancel, salvage=True), region, lambda _: None)
    directory = read_directory(region.content) if kind is Kind.ZIP else None
    if directory is None or not is_torch_zip(directory):
        raise UnreadableCheckpoint(f"it is {kind.value}.")
    return torch_zip_stream(directory, archive_region(directory, region.offset), cancel, label)


class NestedStreams:
    """The streams inside a stream, each opened once.

    Attributes:
        streams: Those that could be opened, in file order.
        notes: Why others could not.
    """

    def __init__(self, outer: Stream, cancel: CancelToken) -> None:
        self.streams: list[Stream] = []
        self.notes: list[str] = []
        self.opened: dict[int, Stream] = {}
        self._cancel = cancel
        self._unpacked = 0
        self._failed = 0
        level = [outer]
        for _ in range(MOST_LEVELS):
            level = [inner for stream in level for inner in self._open_all(stream)]
        if any(_calls(stream) for stream in level):
            self._note(f"Streams nested in more than {MOST_LEVELS} others are not read.")

    def _open_all(self, stream: Stream) -> list[Stream]:
        """The streams directly inside one; the same bytes are opened once however often they are named."""
        found: dict[int, Stream | None] = {}
        for built in _calls(stream):
            given = (arguments_of(built) or [None])[0]
            if id(given) not in found:
                self._cancel.raise_if_cancelled()
                found[id(given)] = self._open(stream, given)
            inner = found[id(given)]
            if inner is not None:
                self.opened[id(built)] = inner
        return [inner for inner in found.values() if inner is not None]

    def _open(self, stream: Stream, given: object) -> Stream | None:
        raw = bytes_of(given)
        if raw is None:
            self._note("A nested stream is no byte string.")
            return None
        if len(self.streams) >= MOST_STREAMS or self._failed >= MOST_FAILED or self._unpacked > MOST_UNPACKED:
            self._note("There are too many nested streams, or too large ones; the others are not read.")
            return None
        region = stream.region.span(raw) if isinstance(raw, ByteSpan) else Region(memoryview(raw), None)
        place = f"stream {len(self.streams) + 1}, "
        try:
            inner = open_stream(region, self._cancel, place)
        except InspectorError as error:
            self._failed += 1
            self._note(f"A nested stream cannot be read: {error.sentence}")
            return None
        self._unpacked += len(inner.region.content) if inner.region.offset is None else 0
        self.streams.append(inner)
        return inner

    def _note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < 20:
            self.notes.append(text)

    def of(self, value: object) -> Stream | None:
        """The stream behind a call of `_load_from_bytes`, or None."""
        return self.opened.get(id(value)) if isinstance(value, Built) else None

    def storage(self, value: object) -> Storage | None:
        """The storage that a call of `_load_from_bytes` gives, through as many levels as there are."""
        stream = self.of(value)
        while stream is not None:
            held = stream.pickle.value
            if isinstance(held, Persistent):
                return stream.find_storage(held.identity)
            stream = self.of(held)
        return None


def _calls(stream: Stream) -> list[Built]:
    return [built for built in stream.pickle.built if class_of(built) == LOAD_FROM_BYTES]
