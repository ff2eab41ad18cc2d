"""What the questions measure and conclude, as frozen plain data that may cross to the window.

Conventions: N clips, M frames; accuracies and shares are fractions in [0, 1]; an undefined figure is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.diagnosis.findings import Finding, Severity, Undetermined

if TYPE_CHECKING:
    from asl_inspector.diagnosis.continuous_records import ContinuousMeasures
    from asl_inspector.diagnosis.epoch_records import AlongEpochs
    from asl_inspector.diagnosis.probe_records import Probes
    from asl_inspector.diagnosis.run_records import RunMeasures

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

Verdict = Literal["healthy", "ill", "undetermined"]
Stage1Word = Literal["loaded", "partly", "not-loaded", "unrelated", "undetermined"]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`correct` of `of` clips, with Wilson's 95 % limits as fractions."""

    correct: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """As a fraction."""
        return self.correct / self.of


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """An accuracy beside guessing.

    Attributes:
        accuracy: By the majority decoder.
        chance: 1 over the number of glosses the network can name.
        constant: Accuracy of always saying the most frequent gloss.
        p: Probability that guessing reaches this accuracy in one look.
        p_best: The same for the best of all epochs, or None where their number is unknown.
        above: True where the accuracy is above both nulls.
        p_exchanged: Probability that the same answers, exchanged over the clips, reach it; None where it was not asked.
    """

    accuracy: Accuracy
    chance: float
    constant: float
    p: float
    p_best: float | None
    above: bool
    p_exchanged: float | None = None


@dataclass(frozen=True, slots=True)
class CountedTest:
    """One test of the diagnosis: what it asked, its p, the same corrected for all tests, and the finding that rests on it."""

    name: str
    p: float
    corrected: float
    finding: str


@dataclass(frozen=True, slots=True)
class CountedTests:
    """All tests of one diagnosis; a finding stands where its corrected p is at most the level."""

    level: float
    tests: tuple[CountedTest, ...]


@dataclass(frozen=True, slots=True)
class BlankMeasures:
    """Blank figures of one file of clips.

    Attributes:
        argmax_valid: Share of valid frames whose best class is the blank.
        argmax_padded: The same with padded frames counted, in batches of 16 in file order.
        mean_of_batches: Mean of the padded share over those batches, as training loops print it.
        posterior_valid: Mean probability of the blank over valid frames.
        empty_share: Share of clips whose frames are all blank.
        padding_reads_as: The class that padded frames count as, or None.
        padded_frames: How many there are.
        per_clip: (N,), share of blank frames; NaN for clips that did not run.
        profile: Share of blank frames along relative time, 20 bins.
        outcomes: Mean probabilities that a clip says no gloss, exactly one, and several; None where they are not known.
    """

    argmax_valid: float
    argmax_padded: float
    mean_of_batches: float
    posterior_valid: float
    empty_share: float
    padding_reads_as: int | None
    padded_frames: int
    per_clip: FloatArray
    profile: FloatArray
    outcomes: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class BiasPoint:
    """The whole set decoded with `bias` taken off the blank's logit."""

    bias: float
    correct: int
    of: int
    empty_share: float


@dataclass(frozen=True, slots=True)
class BlankSweep:
    """What if the blank were less likely?

    Attributes:
        points: Accuracy and empty share for every bias, over all clips.
        best_bias: Chosen on every second clip.
        before: Accuracy without a bias.
        after: Accuracy with the bias that is best on the half of the clips to which a clip does not belong.
        p: Exact McNemar probability of the difference.
    """

    points: tuple[BiasPoint, ...]
    best_bias: float
    before: Accuracy
    after: Accuracy
    p: float


@dataclass(frozen=True, slots=True)
class HistogramMeasures:
    """What the network says, by clip and by frame.

    Attributes:
        clip_counts: `(id, clips)`, most frequent first, ties to the lower id; empty clips under the blank.
        frame_counts: `(id, frames)` over valid frames, in the same order.
        padded_counts: The same with padded frames counted.
        true_counts: `(id, clips)` of the labels.
        unique_valid: Different ids over valid frames.
        unique_padded: Different ids over valid and padded frames.
        unique_nonblank: Different ids over valid frames that are not the blank.
        effective: Effective number of different clip predictions, or None where all clips are empty.
        null_low: 5 % quantile of the null.
        null_high: 95 % quantile of the null.
        top_share: Share of the most frequent gloss among clips that are not empty.
        top_share_of_rules: The smallest such share that any of the decoding rules gives, or None.
        top_confidence: Mean probability of the best gloss over the clips that are answered so; None where none is known.
        narrow_p: Share of the null that is as narrow as `effective`, or None.
    """

    clip_counts: tuple[tuple[int, int], ...]
    frame_counts: tuple[tuple[int, int], ...]
    padded_counts: tuple[tuple[int, int], ...]
    true_counts: tuple[tuple[int, int], ...]
    unique_valid: int
    unique_padded: int
    unique_nonblank: int
    effective: float | None
    null_low: float | None
    null_high: float | None
    top_share: float | None
    top_confidence: float | None = None
    top_share_of_rules: float | None = None
    narrow_p: float | None = None


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Stored figures against measured ones; None where a figure is not stored or cannot be measured.

    Attributes:
        val_acc: True where the stored accuracy is what some decoder measures.
        val_loss: True where the stored loss is the mean over clips or over batches of 16.
        decoder: The decoder that reproduces the accuracy, or None.
        measured_correct: Clips right by the majority decoder, or None.
        of: Clips scored.
        stored_acc: The stored accuracy as a fraction, or None.
    """

    val_acc: bool | None
    val_loss: bool | None
    decoder: str | None
    measured_correct: int | None
    of: int | None
    stored_acc: float | None


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean CTC loss over clips, and over batches of 16 in file order as training loops print it."""

    mean_of_clips: float | None
    mean_of_batches: float | None


@dataclass(frozen=True, slots=True)
class Clash:
    """One gloss with two ids."""

    gloss: str
    here: int
    there: int
    clips: int


@dataclass(frozen=True, slots=True)
class LabelAudit:
    """The validation labels against what the network learned.

    Attributes:
        reference: What "learned" was read from, in words ("the training clips").
        agree: Validation clips whose id means the same gloss in the reference.
        of: Validation clips with a name and an id.
        unknown: Of those, clips whose gloss the reference does not have.
        clashes: Glosses with different ids, most clips first.
        learned_ids: (N,), for each validation clip the id that its gloss has in the reference; -1 for none.
        reference_glosses: By id, the names of the reference.
        missing: Glosses of the reference without a validation clip.
        certain: False where the reference itself gives two glosses one id, so that nothing can be scored by it.
    """

    reference: str
    agree: int
    of: int
    unknown: int
    clashes: tuple[Clash, ...]
    learned_ids: IntArray
    reference_glosses: Mapping[int, str]
    missing: tuple[str, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class Stage1Verdict:
    """What became of the Stage 1 file.

    Attributes:
        verdict: "partly" where some tensors could not be copied or carry no trace.
        tensors_equal: Encoder tensors that were copied.
        tensors: Encoder tensors of the network.
        numbers_equal: Numbers in the copied ones.
        numbers: Numbers in all.
        shape_blocked: Keys whose shapes differ.
        missing: Encoder keys that the Stage 1 file does not have.
        claimed: What the run printed last, or None where it printed nothing.
        rows: The encoder's tensors, compared.
    """

    verdict: Stage1Word
    tensors_equal: int
    tensors: int
    numbers_equal: int
    numbers: int
    shape_blocked: tuple[str, ...]
    missing: tuple[str, ...]
    claimed: bool | None
    rows: tuple[TensorComparison, ...]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What the accuracy would be if the cause were gone.

    Attributes:
        accuracy_now: As a fraction.
        accuracy_if_fixed: As a fraction.
        low: Wilson 95 % limit of the latter.
        high: Wilson 95 % limit of the latter.
        how: How it was computed, as a sentence.
    """

    accuracy_now: float
    accuracy_if_fixed: float
    low: float
    high: float
    how: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A ranked cause.

    Attributes:
        id: Name in the contract.
        title: Name for people.
        confidence: In [0, 1].
        severity: That of its gravest finding.
        supporting: Ids of the findings for it.
        opposing: Ids of the findings against it.
        counterfactual: Or None where none can be computed.
        next_experiment: The cheapest step that settles or mends it.
        fix: What to change.
        snippet: Python to copy, for this kind of network and with the names of this run where they are known.
        would_change: What would change the verdict, as a sentence.
        expectation: What to expect after the fix, from the data at hand.
    """

    id: str
    title: str
    confidence: float
    severity: Severity
    supporting: tuple[str, ...]
    opposing: tuple[str, ...]
    counterfactual: Counterfactual | None
    next_experiment: str
    fix: str
    snippet: str
    would_change: str = ""
    expectation: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What belongs to a cause beside its evidence; see `Cause`."""

    next_experiment: str
    fix: str
    snippet: str
    would_change: str
    expectation: str


@dataclass(frozen=True)
class ClipMeasures:
    """Figures of one file of clips.

    Attributes:
        accuracies: By decoder; None where no clip is labelled.
        top5: True gloss among the five with the highest exact probability.
        blanks: Blank figures, or None for a network without a blank.
        histogram: What the network says.
        losses: Mean losses, CTC or cross-entropy.
    """

    accuracies: dict[str, Accuracy | None]
    top5: Accuracy | None
    blanks: BlankMeasures | None
    histogram: HistogramMeasures
    losses: Losses


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        verdict: In one word.
        headline: In one sentence.
        summary: A second sentence with the figure that matters.
        causes: Most likely first.
        findings: In the order of the questions.
        undetermined: What the files cannot answer.
        validation: Figures of the validation clips, or None.
        train: Figures of the training clips, or None.
        by_name: Majority accuracy by gloss name, or None.
        labels: The label audit, or None.
        stage1: What became of the Stage 1 file.
        chance: The accuracy beside guessing, or None.
        reproduction: Stored figures against measured ones.
        sweep: The blank-bias sweep, or None.
        run: Figures of the run's history, or None.
        along: The files of the run on the same clips, or None where there is one file or none was scored yet.
        continuous: Word errors of continuous validation clips, or None.
        continuous_train: The same of the training clips, or None.
        probes: What the questions beyond accuracy measure, or None.
        tests: All tests that were made, corrected for each other, or None.
        advice: By cause, of all that there are, what belongs to it beside its evidence.
    """

    verdict: Verdict
    headline: str
    summary: str
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...]
    undetermined: tuple[Undetermined, ...]
    validation: ClipMeasures | None
    train: ClipMeasures | None
    by_name: Accuracy | None
    labels: LabelAudit | None
    stage1: Stage1Verdict
    chance: ChanceTest | None
    reproduction: Reproduction
    sweep: BlankSweep | None
    run: RunMeasures | None = None
    along: AlongEpochs | None = None
    continuous: ContinuousMeasures | None = None
    continuous_train: ContinuousMeasures | None = None
    probes: Probes | None = None
    tests: CountedTests | None = None
    advice: Mapping[str, Advice] = field(default_factory=dict)
