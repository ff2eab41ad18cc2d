"""What is kept of a network's outputs: compact columns, one row a clip or a frame, never frames times classes.

A frame keeps its best gloss, how far the blank's logit lies above that gloss's, and the blank's posterior. That is
enough for every question about blanks, for greedy decoding, and for decoding with any bias on the blank.

A network without a blank has `blank` -1, which no class is, so that nothing compares equal to it. A network that gives
one answer for a whole clip has one output frame a clip.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

TOP = 5  # glosses kept with their scores
TEMPERATURES = tuple(2 ** (step / 2) for step in range(-4, 8))  # 0.25 to 11.3; each the double of the one before last
NO_BLANK = -1
IntArray = NDArray[np.int64]
SmallIntArray = NDArray[np.int32]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


class Outcome(IntEnum):
    """What became of a clip."""

    NOT_REACHED = 0
    RAN = 1
    NO_FRAMES = 2
    FEATURES_NOT_FINITE = 3
    TOO_SHORT = 4
    OUTPUTS_NOT_FINITE = 5
    TOO_LONG = 6
    NO_OUTPUT = 7


@dataclass(frozen=True, slots=True)
class BeamSearch:
    """The most probable prefix of every clip. N clips, L glosses altogether.

    Attributes:
        tokens: (L,).
        starts: (N + 1,), clip `i` says `tokens[starts[i]:starts[i + 1]]`; clips that did not run say nothing.
    """

    tokens: SmallIntArray
    starts: IntArray

    def __post_init__(self) -> None:
        self.tokens.flags.writeable = self.starts.flags.writeable = False

    def first(self, blank: int) -> SmallIntArray:
        """(N,), first gloss of each clip, the blank for a clip without any."""
        said = np.diff(self.starts) > 0
        result = np.full(len(said), blank, np.int32)
        result[said] = self.tokens[self.starts[:-1][said]]
        return result

    @property
    def paths(self) -> tuple[tuple[int, ...], ...]:
        """(N,), the glosses of every clip."""
        tokens: list[int] = self.tokens.tolist()
        ends: list[int] = self.starts.tolist()
        return tuple(tuple(tokens[start:end]) for start, end in itertools.pairwise(ends))


@dataclass(frozen=True, slots=True)
class Predictions:
    """Outputs of one network on the clips of one file. N clips, M frames altogether, C classes.

    Attributes:
        classes: C, blank included.
        blank: Index of the blank, or `NO_BLANK`.
        ran: (N,), False for clips that could not be run; their columns mean nothing.
        starts: (N + 1,), clip `i` has the output frames `starts[i]` to `starts[i + 1]`; clips that did not run have none.
        best_gloss: (M,), the best class that is not the blank.
        blank_lead: (M,), the blank's logit minus the best gloss's; the blank wins where it is positive.
        blank_posterior: (M,), probability of the blank.
        empty_log_prob: (N,), log probability that the clip has no gloss at all.
        top: (N, 5), glosses with the highest probability as the answer for the whole clip, best first: the exact CTC
            probability, or without a blank the mean over frames of the log posterior.
        top_log_prob: (N, 5), their log probabilities.
        loss: (N,), loss of the true gloss in nats, CTC or cross-entropy; NaN where the label is absent or no output.
        padding_reads_as: The class that a padded frame is taken for, or None.
        padding_lead: In a padded frame, the blank's logit minus that of `padding_gloss`, or None.
        padding_gloss: The best class of a padded frame that is not the blank, or None.
        device: Where it ran.
        seconds: How long it took, loading of data included.
        outcomes: (N,), the `Outcome` of every clip, or None where only `ran` is known.
        notes: What was out of the ordinary about the run, as sentences.
        beam: The best hypothesis of a prefix beam search of every clip; None where none was asked for.
        ranked: How many of the best glosses are known; 1 where only the answers were saved.
        probabilities: False where the scores are none, so that there is neither a confidence nor a loss.
        device_why: Why there, and what the number of threads rests on, as sentences.
        complete: False where the run was interrupted and only the clips that `ran` were reached.
        mean_logit: (N,), gloss with the highest mean logit over the clip's frames, the blank left out; None where unknown.
        sharpness: (N, 12), log sum over glosses of exp((score - best score) / t), t one of `TEMPERATURES`: with it the
            clip's scores at any of these temperatures are known; None where they are not.
    """

    classes: int
    blank: int
    ran: BoolArray
    starts: IntArray
    best_gloss: SmallIntArray
    blank_lead: FloatArray
    blank_posterior: FloatArray
    empty_log_prob: FloatArray
    top: SmallIntArray
    top_log_prob: FloatArray
    loss: FloatArray
    padding_reads_as: int | None
    device: str
    seconds: float
    outcomes: NDArray[np.uint8] | None = None
    notes: tuple[str, ...] = ()
    complete: bool = True
    beam: BeamSearch | None = None
    ranked: int = TOP
    probabilities: bool = True
    padding_lead: float | None = None
    padding_gloss: int | None = None
    mean_logit: SmallIntArray | None = None
    sharpness: FloatArray | None = None
    device_why: str = ""

    def __len__(self) -> int:
        return len(self.ran)

    @property
    def glosses(self) -> int:
        """Classes that are not the blank."""
        return self.classes - (self.blank != NO_BLANK)

    @property
    def one_answer_a_clip(self) -> bool:
        """True for a network that pools its frames: every decoder then says the same."""
        return self.blank == NO_BLANK and bool((self.lengths <= 1).all())

    @property
    def lengths(self) -> IntArray:
        """(N,), output frames of each clip that ran."""
        return np.diff(self.starts)

    @property
    def frame_clip(self) -> IntArray:
        """(M,), the clip of each frame."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def frame_argmax(self, blank_bias: float = 0.0) -> SmallIntArray:
        """(M,), the winning class of each frame after `blank_bias` is taken off the blank's logit."""
        wins = blank_wins(self, blank_bias)
        return np.where(wins, np.int32(self.blank), self.best_gloss)


def blank_wins(predictions: Predictions, blank_bias: float = 0.0) -> BoolArray:
    """(M,), True where the blank wins. A tie goes to the lower index, as `argmax` has it."""
    lead = predictions.blank_lead - np.float32(blank_bias)
    wins: BoolArray = (lead > 0) | ((lead == 0) & (predictions.best_gloss > predictions.blank))
    return wins
