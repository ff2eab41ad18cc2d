"""What the reader of one format hands over: rows, and the inert tree that gives them meaning."""

from __future__ import annotations

from dataclasses import dataclass, field

from asl_inspector.checkpoints.records import TensorRecord, ValueRecord, WouldRun


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
        is_damaged: True where the file breaks off and only what is intact was read.
    """

    format: str
    tensors: tuple[TensorRecord, ...]
    values: tuple[ValueRecord, ...] = ()
    would_run: tuple[WouldRun, ...] = ()
    notes: tuple[str, ...] = ()
    root: object = None
    gloss_to_id: dict[str, int] | None = field(default=None)
    is_damaged: bool = False
