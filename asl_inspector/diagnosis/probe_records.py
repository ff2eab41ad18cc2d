"""What the questions beyond accuracy measure, as frozen plain data that may cross to the window.

Accuracies and shares are fractions in [0, 1]; what could not be measured is None, and `Probes.reasons` says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asl_inspector.data.records import LearningCurve, LinearProbe, Separation
from asl_inspector.diagnosis.records import Accuracy
from asl_inspector.inference.records import EffectiveRanks, LayerResets


@dataclass(frozen=True, slots=True)
class Temperature:
    """The confidence after one temperature on the scores, fitted on one half of the clips and judged on the other.

    Attributes:
        chosen: The temperatures of the two halves.
        before: Calibration error as it is.
        after: With the temperature.
        low: 95 % limit of `after` over clips drawn again.
        high: The other limit.
        loss_before: Mean loss in nats, of the score among all glosses.
        loss_after: With the temperature.
        p: Probability of such a fall of the loss by luck (one-sided paired t-test).
        clips: How many were judged.
    """

    chosen: tuple[float, float]
    before: float
    after: float
    low: float
    high: float
    loss_before: float
    loss_after: float
    p: float
    clips: int


@dataclass(frozen=True, slots=True)
class PaddingMeasures:
    """The majority rule with padded frames counted, as loops without a mask do, and without them.

    Attributes:
        counted: Accuracy with padded frames counted.
        masked: Accuracy without them.
        changed: Clips whose answer differs.
        p: Exact McNemar probability of the difference.
    """

    counted: Accuracy
    masked: Accuracy
    changed: int
    p: float

    @property
    def matters(self) -> bool:
        """True where masking gains more than 5 points with p under 0.01."""
        return self.masked.value - self.counted.value > 0.05 and self.p < 0.01


@dataclass(frozen=True, slots=True)
class SignerMeasures:
    """The accuracy by signer.

    Attributes:
        signers: `(signer, correct, of, whether training has the signer)`, most clips first; the last None where unknown.
        low: 95 % limit of the whole accuracy where signers, not clips, are drawn again; None with fewer than five signers.
        high: The other limit.
        seen: Accuracy of signers that training has, or None where there is none.
        unseen: Accuracy of the others, or None.
        p: Probability that as many signers drawn at random are as much better; None where there is no such difference to test.
    """

    signers: tuple[tuple[str, int, int, bool | None], ...]
    low: float | None
    high: float | None
    seen: Accuracy | None
    unseen: Accuracy | None
    p: float | None


@dataclass(frozen=True)
class Probes:
    """All of them.

    Attributes:
        ranks: In how many directions features and encoder outputs spread.
        resets: How many answers stay when each layer is drawn anew.
        learning: What a nearest neighbour reaches with fewer clips a gloss.
        linear: What a linear classifier on the means of clips gets right.
        separation: How well a classifier tells training from validation clips.
        signers: The accuracy by signer.
        temperature: The confidence after a temperature.
        padding: The majority rule with padded frames counted.
        reasons: By the name of an attribute that is None, why.
    """

    ranks: EffectiveRanks | None = None
    resets: LayerResets | None = None
    learning: LearningCurve | None = None
    linear: LinearProbe | None = None
    separation: Separation | None = None
    signers: SignerMeasures | None = None
    temperature: Temperature | None = None
    padding: PaddingMeasures | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
