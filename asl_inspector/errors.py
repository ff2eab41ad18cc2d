"""Every error that the program shows to its user.

    InspectorError              what went wrong, where, and what to try
    |-- CheckpointError         a file of weights
    |   |-- UnreadableCheckpoint    damaged, empty, cut short, or not a checkpoint at all
    |   `-- UnknownArchitecture     the tensors were read, but no network could be built from them
    |-- DataError               clips, vocabularies, histories
    |-- InferenceError          the network could not be run on the clips
    `-- ExportError             a report or a table could not be written

Errors of libraries are translated once, at the boundary that knows the file.
Cancelling is an outcome and not an error: see `asl_inspector.progress.Cancelled`.
"""

from __future__ import annotations


class InspectorError(Exception):
    """An error with a sentence for the user.

    Args:
        sentence: What went wrong and where, as a full sentence.
        advice: What the user can do about it, as a full sentence.
        detail: Technical detail that the window shows folded, or an empty string.
    """

    def __init__(self, sentence: str, *, advice: str = "", detail: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.advice = advice
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


class CheckpointError(InspectorError):
    """A checkpoint cannot be used as it is."""


class UnreadableCheckpoint(CheckpointError):
    """The file is damaged, empty, cut short or no checkpoint."""


class UnknownArchitecture(CheckpointError):
    """The tensors are readable but no known network fits them."""


class DataError(InspectorError):
    """Clips, labels, a vocabulary or a history cannot be used as they are."""


class InferenceError(InspectorError):
    """The network cannot be run on these clips."""


class ExportError(InspectorError):
    """A report or table could not be written."""
