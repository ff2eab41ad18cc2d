"""What travels between the window and the engine. All of it is frozen plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.case.records import CaseFile, Role
from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.checkpoints.records import (
    Checkpoint,
    Contents,
    Optimizer,
    Quantizer,
    TensorRecord,
    ValueRecord,
    WouldRun,
)
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.data.records import (
    Block,
    ClipSurvey,
    ColumnFacts,
    DataMeasures,
    Neighbours,
    Pair,
    SharedFrames,
    Shift,
)
from asl_inspector.diagnosis.findings import Finding, Undetermined
from asl_inspector.diagnosis.records import (
    Accuracy,
    BiasPoint,
    BlankMeasures,
    BlankSweep,
    Cause,
    ChanceTest,
    Clash,
    ClipMeasures,
    Counterfactual,
    Diagnosis,
    HistogramMeasures,
    LabelAudit,
    Losses,
    Reproduction,
    Stage1Verdict,
)
from asl_inspector.diagnosis.run_records import EarlyStop, LossSteps, Luck, RunMeasures
from asl_inspector.history.records import CodeHint, Contradiction, History, Printed, Stated
from asl_inspector.inference.records import ClipDetail, Settings
from asl_inspector.networks.records import Architecture
from asl_inspector.progress import Step
from asl_inspector.report.contents import Problem
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.wire import Codec


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """The files of a case as the window knows them: paths (folders too), and the roles that the user chose."""

    paths: tuple[Path, ...]
    chosen: tuple[tuple[Path, Role], ...] = ()


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
        samples: The validation clips, or None.
        history: The run's history, or None.
        problems: What could not be done.
        device: Where the network ran, or an empty string.
        clips: Clips that ran.
        frames: Their frames.
        seconds: How long they took.
        partial: True where the training clips are still being run.
        data: What was found in the clips, without the arrays that only the core needs, or None.
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


@dataclass(frozen=True, slots=True)
class TensorView:
    """One tensor's numbers: facts and a histogram.

    Attributes:
        name: Dotted path.
        statistics: Facts, or None where the numbers cannot be read.
        counts: Numbers in each bin.
        edges: One more than bins.
        first: The first numbers in row order, as text where they are complex.
        trouble: Why there is nothing, or an empty string.
    """

    name: str
    statistics: TensorStatistics | None
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]
    first: tuple[float | str, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """A report was written."""

    path: Path
    seconds: float


@dataclass(frozen=True, slots=True)
class Request:
    """A call to the engine; `method` "cancel" cancels the call with the number in `arguments`."""

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


CODEC = Codec(
    (
        Accuracy,
        Architecture,
        BiasPoint,
        BlankMeasures,
        BlankSweep,
        Block,
        CaseFile,
        CaseSpec,
        CaseView,
        Cause,
        ChanceTest,
        Checkpoint,
        Clash,
        ClipDetail,
        ClipMeasures,
        ClipSurvey,
        CodeHint,
        ColumnFacts,
        Contents,
        Contradiction,
        Counterfactual,
        DataMeasures,
        Diagnosis,
        EarlyStop,
        Exported,
        Finding,
        HistogramMeasures,
        History,
        InspectionView,
        LabelAudit,
        LossSteps,
        Losses,
        Luck,
        Neighbours,
        Optimizer,
        Pair,
        Printed,
        Problem,
        Reply,
        Quantizer,
        Reproduction,
        Request,
        Role,
        RunMeasures,
        SampleTable,
        Settings,
        Shift,
        SharedFrames,
        Stage1Verdict,
        Stated,
        Step,
        TensorComparison,
        TensorRecord,
        TensorStatistics,
        TensorView,
        Undetermined,
        ValueRecord,
        WouldRun,
    )
)
