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
class ReadRequest:
    """Read these files as one thing.

    Attributes:
        method: "checkpoint" for a checkpoint and nothing else, "file" for whatever it is.
        path: The file.
        identity: Which file the caller has mapped; another one is refused.
    """

    method: Method
    path: Path
    identity: Identity


@dataclass(frozen=True, slots=True)
class Refusal:
    """The file cannot be read; the words of an `InspectorError`."""

    sentence: str
    advice: str = ""
    detail: str = ""
