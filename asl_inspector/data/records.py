"""What is found in the clips themselves, as frozen plain data. N clips, F features, M frames.

Arrays are read-only; an undefined figure is None or NaN, as told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.samples.records import Landmarks

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ColumnFacts:
    """Each feature over all frames of a file. Every array is (F,); NaN where a feature has no finite number.

    Attributes:
        mean: Over finite numbers.
        spread: Standard deviation.
        low: Smallest finite number.
        high: Largest.
        absent: Share of frames in which the number is NaN or infinite.
        zero: Share of frames in which it is exactly 0.
    """

    mean: FloatArray
    spread: FloatArray
    low: FloatArray
    high: FloatArray
    absent: FloatArray
    zero: FloatArray


@dataclass(frozen=True, slots=True)
class Block:
    """Features that are missing together: NaN, or exactly 0, in the same frames.

    Attributes:
        name: "right hand" where the layout of the landmarks is known, else "features 0 to 20".
        columns: Which features.
        missing: Share of all frames in which the block is missing.
        clips: Clips in which it is missing from the first frame to the last.
    """

    name: str
    columns: tuple[int, ...]
    missing: float
    clips: int = 0


@dataclass(frozen=True)
class ClipSurvey:
    """One file of clips, looked through once.

    Attributes:
        clips: N.
        frames: M.
        lengths: (N,), frames a clip.
        columns: Facts of each feature, or None where the clips differ in their features.
        glosses: `(gloss or id as text, clips)`, most clips first.
        signers: Signers by clip where the clip names tell them, else empty.
        constant: Features that never change.
        blocks: Features that are missing together.
        frozen: (N,), share of frames that repeat the frame before; NaN where no two neighbouring frames hold anything.
        spikes: Clips whose first step is ten times their middle one.
        repeated: Clips that are bit for bit another clip of this file.
        infeasible: Clips with fewer frames than CTC needs for their gloss.
        digests: One a clip, of its numbers; empty for clips without frames.
        frame_prints: (M,), a fingerprint of each frame's numbers; 0 for frames of nothing but zeros and gaps.
        means: (N, F), mean of each clip's finite numbers, NaN where there are none; (N, 0) where features differ.
        landmarks: What the numbers are, or None; which hand is which is settled where the clips tell it.
        parts: P parts of the body, where the layout of the landmarks is known, else empty.
        missing: (N, P), share of a clip's frames in which the part is missing; NaN for clips without frames.
    """

    clips: int
    frames: int
    lengths: IntArray
    columns: ColumnFacts | None
    glosses: tuple[tuple[str, int], ...]
    signers: tuple[str, ...]
    constant: tuple[int, ...]
    blocks: tuple[Block, ...]
    frozen: FloatArray
    spikes: int
    repeated: int
    infeasible: int
    digests: tuple[bytes, ...]
    frame_prints: NDArray[np.uint64]
    means: FloatArray
    landmarks: Landmarks | None
    parts: tuple[str, ...]
    missing: FloatArray


@dataclass(frozen=True)
class ClipFeatures:
    """The numbers of one clip as they are in the file, with what is needed to draw them.

    Attributes:
        index: Its row.
        features: (S, F), every `every`-th frame.
        every: 1, or more for a clip of very many numbers.
        frames: T, frames of the clip; S is T / every, rounded up.
        mean: (F,), over all clips of the file, or over this one where the file was not looked through; NaN where unknown.
            Of landmarks without the zeros, which stand for what was not found.
        spread: (F,), standard deviation over the same.
        landmarks: What the numbers are, or None.
        rate: Frames a second, or None where the file does not tell.
    """

    index: int
    features: NDArray[np.float32]
    every: int
    frames: int
    mean: FloatArray
    spread: FloatArray
    landmarks: Landmarks | None
    rate: float | None


@dataclass(frozen=True)
class Shift:
    """Training against validation, feature by feature, over the means of clips. Every array is (F,).

    Attributes:
        effect: Validation minus training mean over the pooled spread of clip means (Cohen's d); NaN where neither varies.
        statistic: Kolmogorov-Smirnov distance of the clip means, in [0, 1].
        q: Its p-value, corrected over all features after Benjamini and Hochberg.
        ratio: Spread of single frames in validation over training; NaN where either is 0.
        extreme: Features that are on another scale altogether.
        raw: Features that look like a raw time or count beside the others, in either file.
    """

    effect: FloatArray
    statistic: FloatArray
    q: FloatArray
    ratio: FloatArray
    extreme: tuple[int, ...]
    raw: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A validation clip and a training clip that are nearly the same.

    Attributes:
        validation: Clip name.
        train: Clip name.
        ratio: Their distance over the usual distance between two training clips of one gloss; 0 is identical.
        same_gloss: True, False, or None where one has no gloss.
    """

    validation: str
    train: str
    ratio: float
    same_gloss: bool | None


@dataclass(frozen=True, slots=True)
class SharedFrames:
    """A validation clip that has frames in common with a training clip, bit for bit: one was cut from the other.

    Attributes:
        validation: Clip name.
        train: Clip name.
        frames: Frames in common.
        of: Frames of the validation clip.
    """

    validation: str
    train: str
    frames: int
    of: int


@dataclass(frozen=True)
class Neighbours:
    """The nearest training clip of every validation clip.

    Attributes:
        method: "resampled" or "dtw".
        pairs: Pairs nearer than the threshold, nearest first.
        nearest: (N,), index of the nearest training clip; -1 where a clip has no frames.
        ratio: (N,), distance over the usual distance; NaN where unknown.
        right: (N,), the nearest clip has the same gloss.
        judged: (N,), both clips have a gloss, by name where both files have names.
        usual: The distance that `ratio` is over: the median distance from a training clip to the nearest other of its gloss.
        seconds: How long it took.
    """

    method: str
    pairs: tuple[Pair, ...]
    nearest: IntArray
    ratio: FloatArray
    right: BoolArray
    judged: BoolArray
    usual: float | None
    seconds: float

    @property
    def correct(self) -> int:
        """Validation clips whose nearest training clip has their gloss."""
        return int((self.right & self.judged).sum())

    @property
    def of(self) -> int:
        """Clips that could be judged."""
        return int(self.judged.sum())


@dataclass(frozen=True)
class SimilarClips:
    """The clips of a file that are nearest to one of them.

    Attributes:
        index: Row of that clip.
        clips: (K,), rows, nearest first; the clip itself is the first.
        distance: (K,), root mean square over features of the difference between the means of two clips, in standard deviations.
        features: How many features were compared.
    """

    index: int
    clips: IntArray
    distance: FloatArray
    features: int


@dataclass(frozen=True, slots=True)
class Votes:
    """How often the five nearest training clips say the right gloss.

    Attributes:
        train_right: Training clips, each judged by the others.
        train_of: How many were judged.
        validation_right: Validation clips.
        validation_of: How many were judged.
        train_alone_right: Training clips judged by each other, no more of a gloss than validation has.
        train_alone_of: How many were judged; 0 where no gloss has clips enough on both sides.
        validation_alone_right: Validation clips judged by each other, no more of a gloss than training has.
        validation_alone_of: How many were judged.
    """

    train_right: int
    train_of: int
    validation_right: int
    validation_of: int
    train_alone_right: int = 0
    train_alone_of: int = 0
    validation_alone_right: int = 0
    validation_alone_of: int = 0


@dataclass(frozen=True)
class Among:
    """For every validation clip the nearest other ones of its file.

    Attributes:
        nearest: (N, 3), rows, nearest first; -1 where there is none. Copies are left out.
        squared: (N, 3), their squared distances.
    """

    nearest: IntArray
    squared: FloatArray


@dataclass(frozen=True, slots=True)
class StructureShift:
    """How the features of validation hang together and move, beside those of training.

    Attributes:
        alike: Correlation between the two files' correlations of features, over what halves of one file reach; 1 is alike.
        turned: Features whose sign differs from that of the others.
        alike_if_turned: `alike` once these are turned back.
        pace: Middle ratio, validation over training, of the squared step between frames over the variance within clips;
            None where nothing moves.
        length: Middle length of the validation clips over that of the training clips.
        features: How many were compared.
    """

    alike: float
    turned: tuple[int, ...]
    alike_if_turned: float
    pace: float | None
    length: float
    features: int


@dataclass(frozen=True, slots=True)
class Separation:
    """How well a classifier tells the clips of validation from those of training.

    Attributes:
        auc: Area under its curve on clips that it was not trained on; 0.5 where nothing differs.
        p: Probability of such an area in the null.
        null_high: 95 % point of the null.
        between_signers: The same area between halves of the signers of training, or None where too few are known.
        validation: Clips of validation that were looked at.
        train: Clips of training.
    """

    auc: float
    p: float
    null_high: float
    between_signers: float | None
    validation: int
    train: int


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """The accuracy with so many training clips a gloss, with 95 % limits over validation clips."""

    clips: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """What a nearest neighbour reaches with fewer training clips.

    Attributes:
        points: From one clip a gloss on, each with twice as many as the one before.
        glosses: How many glosses are in every point.
        clips: Validation clips.
        p: Probability of such a gain of the last doubling where it makes no difference.
    """

    points: tuple[LearningPoint, ...]
    glosses: int
    clips: int
    p: float


@dataclass(frozen=True, slots=True)
class LinearProbe:
    """Validation clips that a linear classifier on the means of clips gets right."""

    correct: int
    of: int


@dataclass(frozen=True)
class DataMeasures:
    """The clips of a case.

    Attributes:
        validation: The validation clips, or None.
        train: The training clips, or None.
        shift: One against the other, or None.
        same_features: Validation clips that are bit for bit a training clip: (validation index, train index).
        copies: The same by name.
        same_name: Validation clips with the name of a training clip.
        same_signers: Signers in both files, where the clip names tell them.
        unseen: Glosses of validation that training lacks, by name.
        shared_frames: Validation clips that were cut from a training clip, or the other way round; whole copies left out.
        neighbours: The nearest training clips, or None where they were not sought.
        votes: What the nearest clips say, in training and in validation; None where they were not asked.
        among: The nearest validation clips of every validation clip, or None where they were not sought.
        structure: How the features hang together, one file against the other; None where that cannot be told.
        separation: How well a classifier tells the files apart, or None where clips are few.
        learning: What a nearest neighbour reaches with fewer clips, or None where labels or clips are missing.
        linear: What a linear classifier on the means of clips gets right, or None for the same.
    """

    validation: ClipSurvey | None
    train: ClipSurvey | None
    shift: Shift | None
    same_features: tuple[tuple[int, int], ...]
    same_name: int
    same_signers: tuple[str, ...]
    unseen: tuple[str, ...]
    copies: tuple[SharedFrames, ...] = ()
    shared_frames: tuple[SharedFrames, ...] = ()
    neighbours: Neighbours | None = None
    votes: Votes | None = None
    among: Among | None = None
    structure: StructureShift | None = None
    separation: Separation | None = None
    learning: LearningCurve | None = None
    linear: LinearProbe | None = None
