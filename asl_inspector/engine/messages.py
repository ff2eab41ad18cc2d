"""What travels between the window and the engine. All of it is frozen plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from asl_inspector.case.records import CaseFile, Role
from asl_inspector.case_files.records import CachedResult, SavedCase, SavedFile, SavedResult
from asl_inspector.checkpoints.comparison_records import (
    CheckpointComparison,
    Clue,
    Comparison,
    Fingerprint,
    Judgement,
    ModuleDistance,
    PrefixPair,
    TensorComparison,
    ValueComparison,
)
from asl_inspector.checkpoints.health_records import HealthNote
from asl_inspector.checkpoints.optimizer_states import OptimizerState, ParameterState
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.data.records import (
    Among,
    Block,
    ClipFeatures,
    ClipSurvey,
    ColumnFacts,
    DataMeasures,
    LearningCurve,
    LearningPoint,
    LinearProbe,
    Neighbours,
    Pair,
    Separation,
    SharedFrames,
    Shift,
    SimilarClips,
    StructureShift,
    Votes,
)
from asl_inspector.diagnosis.continuous_records import ContinuousMeasures
from asl_inspector.diagnosis.epoch_records import AlongEpochs, Collapse, EpochPoint
from asl_inspector.diagnosis.findings import Finding, Undetermined
from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.diagnosis.probe_records import PaddingMeasures, Probes, SignerMeasures, Temperature
from asl_inspector.diagnosis.records import (
    Accuracy,
    Advice,
    BiasPoint,
    BlankMeasures,
    BlankSweep,
    Cause,
    ChanceTest,
    Clash,
    ClipMeasures,
    CountedTest,
    CountedTests,
    Counterfactual,
    Diagnosis,
    HistogramMeasures,
    LabelAudit,
    Losses,
    Reproduction,
    Stage1Verdict,
)
from asl_inspector.diagnosis.run_records import EarlyStop, LossSteps, Luck, RunMeasures
from asl_inspector.diagnosis.what_if_records import WhatIf, WhatIfAnswer, WhatIfChoices, WhatIfFigures
from asl_inspector.engine.tensor_messages import (
    FloatArray,
    HealthView,
    IntArray,
    OptimizerView,
    SliceRequest,
    SliceView,
    StatisticsPart,
    TensorView,
)
from asl_inspector.history.records import CodeHint, Contradiction, History, Printed, Stated
from asl_inspector.inference.records import (
    AlignedGloss,
    ClipDetail,
    Consent,
    EffectiveRank,
    EffectiveRanks,
    LayerReset,
    LayerResets,
    Settings,
)
from asl_inspector.inference.saved import SavedFacts
from asl_inspector.inference.word_errors import WordErrors
from asl_inspector.networks.records import Architecture, Choice, Tried
from asl_inspector.outputs.joining import Matched
from asl_inspector.programs.consent import Offer
from asl_inspector.progress import Step
from asl_inspector.report.changes.records import ChangedCause, ChangedFigure, ChangedFile, Changes, PairedTest
from asl_inspector.report.contents import Problem
from asl_inspector.report.options import ReportOptions
from asl_inspector.report.sample_table import ContinuousClips, SampleTable
from asl_inspector.samples.mapping import Correction, FieldMapping
from asl_inspector.samples.records import LandmarkGroup, Landmarks
from asl_inspector.sweep.records import (
    Answers,
    Best,
    CauseFacts,
    ClipList,
    ConditionPair,
    DataFile,
    Figures,
    HardClip,
    Row,
    Run,
    Sweep,
)
from asl_inspector.wire import Codec
from asl_inspector.workers.codecs import OF_CHECKPOINTS
from asl_inspector.workers.preview_records import ClipPreview, PreviewRow


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


CODEC = Codec(
    (
        *OF_CHECKPOINTS,
        Accuracy,
        Advice,
        AlignedGloss,
        AlongEpochs,
        Answers,
        Architecture,
        Best,
        BiasPoint,
        BlankMeasures,
        BlankSweep,
        Block,
        CachedResult,
        CaseFile,
        CaseSpec,
        CaseView,
        Cause,
        CauseFacts,
        ChanceTest,
        ChangedCause,
        ChangedFigure,
        ChangedFile,
        Changes,
        CheckpointComparison,
        Choice,
        Clash,
        ClipDetail,
        ClipFeatures,
        ClipList,
        ClipMeasures,
        ClipPreview,
        ClipSurvey,
        Clue,
        CodeHint,
        Collapse,
        ColumnFacts,
        CompareSide,
        CompareView,
        Comparison,
        ConditionPair,
        Consent,
        ContinuousClips,
        ContinuousMeasures,
        Contradiction,
        Correction,
        CountedTest,
        CountedTests,
        Counterfactual,
        DataFile,
        DataMeasures,
        Diagnosis,
        EarlyStop,
        EpochPoint,
        Exported,
        FieldMapping,
        Figures,
        Finding,
        Fingerprint,
        GlossMeasures,
        HardClip,
        HealthNote,
        HealthView,
        HistogramMeasures,
        History,
        InspectionView,
        Judgement,
        LabelAudit,
        LandmarkGroup,
        Landmarks,
        LossSteps,
        Losses,
        Luck,
        Matched,
        ModuleDistance,
        Neighbours,
        Offer,
        OptimizerState,
        OptimizerView,
        Pair,
        PairView,
        PairedTest,
        ParameterState,
        PrefixPair,
        PreviewRow,
        Printed,
        Problem,
        Reply,
        ReportOptions,
        Reproduction,
        Request,
        Role,
        Row,
        Run,
        RunMeasures,
        SampleTable,
        SavedCase,
        SavedFacts,
        SavedFile,
        SavedResult,
        Settings,
        SharedFrames,
        Shift,
        SimilarClips,
        SliceRequest,
        SliceView,
        Stage1Verdict,
        Stated,
        StatisticsPart,
        Step,
        Sweep,
        TensorComparison,
        TensorStatistics,
        TensorView,
        Tried,
        Undetermined,
        ValueComparison,
        Among,
        StructureShift,
        Votes,
        EffectiveRank,
        EffectiveRanks,
        LayerReset,
        LayerResets,
        LearningCurve,
        LearningPoint,
        LinearProbe,
        PaddingMeasures,
        Probes,
        Separation,
        SignerMeasures,
        Temperature,
        WhatIf,
        WhatIfAnswer,
        WhatIfChoices,
        WhatIfFigures,
        WordErrors,
    )
)
