"""What the reader of one format hands over: rows, and the inert tree that gives them meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

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
        weights_path: Path of the weights where the format tells, and then all tensors have their roles; else None.
        parts: Further files that hold tensors, by the name that these give them.
        kind: What the file is, as a sentence, where it is a model of another library and holds no weights of a network.
        is_damaged: True where the file breaks off and only what is intact was read.
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
    kind: str = ""
    is_damaged: bool = False


def below(path: tuple[str, ...], reading: Reading) -> Reading:
    """The same reading with all its rows one or more levels deeper."""
    return replace(
        reading,
        tensors=tuple(replace(tensor, path=(*path, *tensor.path)) for tensor in reading.tensors),
        values=tuple(replace(value, path=(*path, *value.path)) for value in reading.values),
    )


def together(format_name: str, readings: Iterable[Reading], notes: Iterable[str] = ()) -> Reading:
    """Several parts of one archive as one reading; the tree is that of the first that has one."""
    parts = list(readings)
    return Reading(
        format_name,
        tuple(tensor for part in parts for tensor in part.tensors),
        tuple(value for part in parts for value in part.values),
        tuple(run for part in parts for run in part.would_run),
        tuple(dict.fromkeys([*notes, *(note for part in parts for note in part.notes)])),
        next((part.root for part in parts if part.root is not None), None),
        is_damaged=any(part.is_damaged for part in parts),
    )
