"""Cases of the corpus: files that attack, and files that are merely odd and must open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Load = Literal["pickle", "torch", "numpy", "gzip", "zlib", "bz2", "xz"]
TensorPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case is written.

    Attributes:
        folder: Gets the file; empty at first.
        canary: A payload that runs makes an entry in this folder; nothing else writes there.
    """

    folder: Path
    canary: Path

    @property
    def mark(self) -> str:
        """The path that a payload creates."""
        return str(self.canary / "fired")


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that attacks its reader.

    Attributes:
        name: Unique in the corpus.
        category: What kind of attack.
        claim: What it does to a careless reader.
        make: Writes it; returns the file to open.
        load: The ordinary load under which its payload fires; None where it has no payload.
        calls: Names of which at least one must be told where the file opens at all.
        must_open: True where something in it is intact and has to be shown.
        format: Format of the container.
    """

    name: str
    category: str
    claim: str
    make: Callable[[Place], Path]
    load: Load | None = None
    calls: tuple[str, ...] = ()
    must_open: bool = False
    format: str = "pickle"


@dataclass(frozen=True, slots=True)
class Truth:
    """A tensor as the library that wrote it describes it: first values in row order."""

    dtype: str
    shape: tuple[int, ...]
    first: tuple[bool | int | float | complex, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A benign file and what is in it.

    Attributes:
        path: The file.
        tensors: Every tensor by its path.
        values: Some of the other values, as text.
    """

    path: Path
    tensors: dict[TensorPath, Truth]
    values: dict[TensorPath, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Benign:
    """A file that is odd, attacks nobody, and must open with its true content.

    Attributes:
        name: Unique in the corpus.
        category: What is odd.
        make: Writes it into a folder.
        format: Format of the container.
    """

    name: str
    category: str
    make: Callable[[Path], Made]
    format: str = "torch zip"
