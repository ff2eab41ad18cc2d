"""What travels between the program and the processes that read files for it. All of it is frozen plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Method = Literal["file", "checkpoint", "unpack", "numbers", "files", "index"]
Library = Literal["hdf5", "arrow"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file a path stood for: device, inode, bytes, time of change in nanoseconds."""

    device: int
    inode: int
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that the one to read names: where it is, or why it may not be used.

    Attributes:
        name: As the file names it.
        path: Where it is, or None.
        identity: Which file the caller has mapped, or None.
        refusal: Why it may not be used, as a sentence; empty where it may.
    """

    name: str
    path: Path | None
    identity: Identity | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class NamesOthers:
    """The file names others, which the reader may not open by itself."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """Read these files as one thing.

    Attributes:
        method: "checkpoint" for a checkpoint and nothing else, "file" for whatever it is, "unpack" for what is in a
            gzip archive, "numbers" for a block of decoded numbers, "files" for some clips of a folder, "index" for the
            table that gives the clips of a folder their glosses.
        path: The file, or the folder.
        identity: Which file the caller has mapped; another one is refused. None for a folder.
        name: How to call the file in sentences, where `path` is a temporary copy; else empty.
        libraries: What the reader is likely to need, loaded before the file is touched.
        files: Of a folder: names below it, with size and time of change.
        extra: A `Correction` or a `Block`.
        companions: Those that `path` names, once the caller has opened them; None at first.
    """

    method: Method
    path: Path
    identity: Identity | None
    name: str = ""
    libraries: tuple[Library, ...] = ()
    files: tuple[tuple[str, int, int], ...] = ()
    companions: tuple[Companion, ...] | None = None
    extra: object = None


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A gzip archive was unpacked to this many bytes."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """The file cannot be read; the words of an `InspectorError`."""

    sentence: str
    advice: str = ""
    detail: str = ""
