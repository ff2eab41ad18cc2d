"""What the clips of a file would be, as frozen plain data; the window reads it without what makes it."""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.samples.mapping import FieldMapping


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One clip: its name, its label in words, its frames."""

    clip_id: str
    label: str
    frames: int


@dataclass(frozen=True, slots=True)
class ClipPreview:
    """What a file's clips would be.

    Attributes:
        clips: How many.
        labelled: How many have a label.
        glosses: Different glosses.
        mapping: What is taken for what, and what else there is to choose from; None where nothing was found.
        rows: The first clips.
        notes: Sentences on what is odd.
        problem: Why there are none, or an empty string.
        advice: What to do about it.
    """

    clips: int
    labelled: int
    glosses: int
    mapping: FieldMapping | None
    rows: tuple[PreviewRow, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""
    advice: str = ""
