"""Everything known of a case after a run: what reports, the command line and the window show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asl_inspector.inference.records import Settings

if TYPE_CHECKING:
    from asl_inspector.case.records import Case
    from asl_inspector.checkpoints.comparison_records import Comparison
    from asl_inspector.checkpoints.records import Checkpoint
    from asl_inspector.data.records import DataMeasures
    from asl_inspector.diagnosis.evidence import Scored
    from asl_inspector.diagnosis.records import Diagnosis
    from asl_inspector.history.records import History
    from asl_inspector.inference.saved import SavedFacts
    from asl_inspector.networks.records import Architecture


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be done, with what to do about it."""

    sentence: str
    advice: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Inspected:
    """A case and all that was found out about it.

    Attributes:
        case: The files.
        checkpoint: The checkpoint, or None.
        architecture: Its network, or None.
        validation: Predictions on the validation clips, or None.
        train: Predictions on the training clips, or None.
        comparison: The network compared with the Stage 1 file, or None.
        history: The run's history, or None.
        diagnosis: What was found.
        problems: What could not be done.
        data: What was found in the clips, or None.
        saved: What is known of saved outputs, where they stand for a network's, or None.
        saved_names: Glosses by the classes of saved outputs, where they are known.
        settings: What the user chose.
        interrupted: True where the inspection did not come to its end, so that this is only a part of its result.
    """

    case: Case
    checkpoint: Checkpoint | None
    architecture: Architecture | None
    validation: Scored | None
    train: Scored | None
    comparison: Comparison | None
    history: History | None
    diagnosis: Diagnosis
    problems: tuple[Problem, ...] = ()
    data: DataMeasures | None = None
    saved: SavedFacts | None = None
    saved_names: Mapping[int, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    interrupted: bool = False
