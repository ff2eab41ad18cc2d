"""What travels between the program and the processes that read files for it. All of it is frozen plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Method = Literal["file", "checkpoint"]


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
        method: "checkpoint" for a checkpoint and nothing else, "file" for whatever it is.
        path: The file.
        identity: Which file the caller has mapped; another one is refused.
        companions: The files that it names, once the caller has opened them; None at first.
    """

    method: Method
    path: Path
    identity: Identity
    companions: tuple[Companion, ...] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The file cannot be read; the words of an `InspectorError`."""

    sentence: str
    advice: str = ""
    detail: str = ""
