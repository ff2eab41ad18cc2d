"""What the reader of one format hands over: rows, and the inert tree that gives them meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asl_inspector.checkpoints.records import TensorRecord, ValueRecord, WouldRun
from asl_inspector.mapped_file import MappedFile


@dataclass(frozen=True, slots=True)
class Reading:
    """A checkpoint as its format's reader found it, before roles are given.

    Attributes:
        format: The format's name for users ("torch zip").
        tensors: In file order, without roles except where the file itself tells ("parameter").
        values: Everything else, as text.
        would_run: What an ordinary load would have run.
        notes: Oddities, as sentences.
        root: The inert tree of the pickle stream; None where the format has none.
        gloss_to_id: A vocabulary that the format keeps in a place of its own, or None.
        weights_path: Path of the weights where the format says it, else None.
        parts: Further files that hold tensors, by the name that these give them.
    """

    format: str
    tensors: tuple[TensorRecord, ...]
    values: tuple[ValueRecord, ...] = ()
    would_run: tuple[WouldRun, ...] = ()
    notes: tuple[str, ...] = ()
    root: object = None
    gloss_to_id: dict[str, int] | None = field(default=None)
    weights_path: tuple[str, ...] | None = None
    parts: Mapping[str, MappedFile] = field(default_factory=dict)
