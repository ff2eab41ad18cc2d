"""What the processes of an engine say to each other: one record of a known kind as a line of JSON."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TypeVar

from asl_inspector.sweep.plain import as_json, of_json
from asl_inspector.sweep.records import DataFacts, Setup

Message = TypeVar("Message")
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Start:
    """The first line to a host: what to open, and with how many processes to work."""

    setup: Setup
    workers: int


@dataclass(frozen=True, slots=True)
class Failure:
    """The data cannot be opened; the words of an `InspectorError`."""

    sentence: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """The answer to `Start`: the data, or why not."""

    data: DataFacts | None = None
    failure: Failure | None = None


def line_of(record: object) -> bytes:
    """A record as one line."""
    return json.dumps(as_json(record), separators=(",", ":")).encode() + b"\n"


def record_of(kind: type[Message], line: bytes) -> Message:
    """The record on a line.

    Raises:
        ValueError: If it is none of this kind.
    """
    return of_json(kind, json.loads(line))


class Lines:
    """The lines that come through a pipe, without waiting for more than is there.

    Args:
        descriptor: Of the reading end.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._begun = b""

    def read(self) -> list[bytes] | None:
        """The lines that are complete, once something has come; None where the other side has gone."""
        chunk = os.read(self.descriptor, CHUNK)
        if not chunk:
            return None
        *lines, self._begun = (self._begun + chunk).split(b"\n")
        return lines


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it.

    Raises:
        OSError: If the other side has gone.
    """
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
