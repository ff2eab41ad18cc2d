"""What may travel between the window and the engine: the list of records, and how they are written.

It names every record there is, so that it is imported when the engine is first spoken to and not with the window.
"""

from __future__ import annotations

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
from asl_inspector.engine.messages import (
    CaseSpec,
    CaseView,
    CompareSide,
    CompareView,
    Exported,
    InspectionView,
    PairView,
    Reply,
    Request,
)
from asl_inspector.engine.tensor_messages import (
    HealthView,
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
