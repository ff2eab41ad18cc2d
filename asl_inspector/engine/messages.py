"""What is said between the window and the engine. All of it is frozen plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from asl_inspector.inference.records import Settings

if TYPE_CHECKING:  # the window starts without them
    from asl_inspector.case.records import CaseFile, Role
    from asl_inspector.checkpoints.comparison_records import CheckpointComparison
    from asl_inspector.checkpoints.records import Checkpoint
    from asl_inspector.data.records import DataMeasures
    from asl_inspector.diagnosis.records import Diagnosis
    from asl_inspector.engine.tensor_messages import FloatArray, IntArray
    from asl_inspector.history.records import History
    from asl_inspector.inference.saved import SavedFacts
    from asl_inspector.networks.records import Architecture
    from asl_inspector.report.contents import Problem
    from asl_inspector.report.sample_table import SampleTable
    from asl_inspector.samples.mapping import Correction


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """The files of a case as the window knows them.

    Attributes:
        paths: Files and folders.
        chosen: The roles that the user chose.
        corrections: What the user said of the layout of clips.
    """

    paths: tuple[Path, ...]
    chosen: tuple[tuple[Path, Role], ...] = ()
    corrections: tuple[tuple[Path, Correction], ...] = ()


@dataclass(frozen=True, slots=True)
class CaseView:
    """The files of a case, recognised, and the checkpoint among them, opened."""

    files: tuple[CaseFile, ...]
    notes: tuple[str, ...]
    checkpoint: Checkpoint | None


@dataclass(frozen=True, slots=True)
class InspectionView:
    """All that the panels show of an inspection.

    Attributes:
        files: The files, as they were at the run.
        architecture: The network, or None.
        diagnosis: What was found.
        samples: The validation clips, run or not, or None.
        history: The run's history, or None.
        problems: What could not be done.
        device: Where the network ran, or an empty string.
        clips: Clips that ran.
        frames: Their frames.
        seconds: How long they took.
        partial: True where the training clips are still being run.
        data: What was found in the clips, without the arrays that only the core needs, or None.
        saved: What is known of saved outputs, where they stand for a network's, or None.
        settings: What the user had chosen.
        origin: Which version found it and when, where it was not found now but kept in a case; else empty.
        device_why: Why it ran there, and what the number of threads rests on, as sentences.
        run_notes: What was out of the ordinary about the runs, as sentences: a device that failed, a lack of memory.
        interrupted: How much was run, where the inspection was interrupted, as a sentence; else empty.
    """

    files: tuple[CaseFile, ...]
    architecture: Architecture | None
    diagnosis: Diagnosis
    samples: SampleTable | None
    history: History | None
    problems: tuple[Problem, ...]
    device: str
    clips: int
    frames: int
    seconds: float
    partial: bool
    data: DataMeasures | None = None
    saved: SavedFacts | None = None
    settings: Settings = field(default_factory=Settings)
    origin: str = ""
    interrupted: str = ""
    device_why: str = ""
    run_notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompareSide:
    """One side of a comparison: a file, and which of its state dicts (None for the network)."""

    path: Path
    part: str | None = None


@dataclass(frozen=True, slots=True)
class CompareView:
    """Two checkpoints compared.

    Attributes:
        a: What was compared.
        b: With what.
        compared: The comparison.
        parts_a: The state dicts of A that could be compared, by their paths joined by dots.
        parts_b: The same of B.
    """

    a: CompareSide
    b: CompareSide
    compared: CheckpointComparison
    parts_a: tuple[str, ...]
    parts_b: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairView:
    """The numbers of two corresponding tensors side by side.

    Attributes:
        a: Key on side A.
        b: Key on side B.
        counts: Numbers in each bin of A - B.
        edges: One more than bins.
        points_a: A few numbers of A.
        points_b: Those of B at the same places.
        numbers: How many numbers the histogram is of.
        of: How many there are.
        trouble: Why there is nothing, or an empty string.
    """

    a: str
    b: str
    counts: IntArray
    edges: FloatArray
    points_a: FloatArray
    points_b: FloatArray
    numbers: int
    of: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """A report was written; `notes` are sentences on what could not be shown as it is."""

    path: Path
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A call to the engine; "cancel", "pause" and "go_on" are about the call with the number in `arguments`."""

    number: int
    method: str
    arguments: tuple[object, ...] = ()


ReplyKind = Literal["progress", "part", "result", "error", "cancelled"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the call `number`: any number of "progress" and "part", then one of the others."""

    number: int
    kind: ReplyKind
    value: object
