"""What is measured of each gloss, as frozen plain data that may cross to the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class GlossMeasures:
    """How well each gloss is recognised, and what it is taken for. G glosses, P pairs, K cells.

    A pair is one sign with one answer: a clip, or of continuous clips one gloss signed, deleted or inserted. The place G
    stands for nothing: no answer, or nothing signed. Shares are fractions in [0, 1]; NaN where they are undefined.

    Attributes:
        decoder: Which answers are counted: "majority", "first_token", "score", or "greedy" for continuous clips.
        names: (G,), each gloss that was signed or answered.
        numbers: (G,), its output; -1 for a gloss that the network has no output for.
        support: (G,), how often it was signed.
        said: (G,), how often it was answered.
        right: (G,), how often it was answered rightly.
        low: (G,), lower 95 % limit of Wilson of right / support.
        high: (G,), upper limit.
        precision: (G,), right / said.
        recall: (G,), right / support: the accuracy over the clips of the gloss.
        f1: (G,), harmonic mean of both.
        confused_with: (G,), what it is most often taken for instead, G for nothing; -1 where it never is.
        confused: (G,), how often.
        similar: (G,), the glosses in an order that brings together what is confused; empty where there are too many.
        clips: (P,), row of the clip.
        true: (P,), place of what was signed.
        answer: (P,), place of what was answered.
        cell_true: (K,), the cells of the confusion matrix that are not 0.
        cell_answer: (K,).
        cell_count: (K,).
        left_out: Clips that are not counted: without a label, or not run.
    """

    decoder: str
    names: tuple[str, ...]
    numbers: IntArray
    support: IntArray
    said: IntArray
    right: IntArray
    low: FloatArray
    high: FloatArray
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    confused_with: IntArray
    confused: IntArray
    similar: IntArray
    clips: IntArray
    true: IntArray
    answer: IntArray
    cell_true: IntArray
    cell_answer: IntArray
    cell_count: IntArray
    left_out: int

    def __len__(self) -> int:
        return len(self.names)

    def name_of(self, place: int) -> str:
        """The gloss at a place; G is nothing."""
        return self.names[place] if 0 <= place < len(self.names) else "(nothing)"

    def clips_of(self, true: int, answer: int) -> IntArray:
        """Rows of the clips in one cell of the confusion matrix, each once, in order."""
        return np.unique(self.clips[(self.true == true) & (self.answer == answer)])
