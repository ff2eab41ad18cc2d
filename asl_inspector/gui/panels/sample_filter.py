"""Which clips the Samples panel keeps: conditions on columns, all of them array operations. N clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.gui.text_columns import TextColumn
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Limits = tuple[float | None, float | None]
ANY: Limits = (None, None)


class SampleTexts:
    """The columns of text of a table of samples, made once and used by sorting and searching alike."""

    def __init__(self, samples: SampleTable) -> None:
        self.clips = TextColumn(samples.clip_ids)
        self.glosses = TextColumn(samples.glosses)
        self.recognised = TextColumn(samples.continuous.recognised) if samples.continuous is not None else None

    def prepare(self) -> None:
        """Make what is otherwise made at the first sort and the first search by name."""
        for column in (self.clips, self.glosses):
            column.containing("a")
            column.ranks  # noqa: B018 - it is kept


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """What is asked of a clip; all of it must hold.

    Attributes:
        text: Occurs in the clip's name, its true gloss or its answer, whatever the case.
        gloss: A gloss by name, or an empty string for any.
        gloss_as: Where that gloss must stand: "either", "true" or "predicted".
        outcome: "all", "wrong", "right" or "empty".
        confidence: Lowest and highest, in [0, 1]; None for no limit.
        blank: The same of the share of blank frames.
        length: The same of the number of frames.
    """

    text: str = ""
    gloss: str = ""
    gloss_as: str = "either"
    outcome: str = "all"
    confidence: Limits = ANY
    blank: Limits = ANY
    length: Limits = ANY

    def kept(self, samples: SampleTable, texts: SampleTexts, predicted: IntArray, right: BoolArray) -> BoolArray:
        """(N,), the clips for which it holds. A clip without a label, or not run, is neither right nor wrong.

        Args:
            samples: The clips.
            texts: Their text.
            predicted: (N,), the answers of the decoder that is shown.
            right: (N,), which of them are right.
        """
        kept = self._by_outcome(samples, predicted, right)
        for values, limits in (
            (samples.confidence, self.confidence),
            (samples.blank_share, self.blank),
            (samples.lengths, self.length),
        ):
            if limits != ANY:
                kept &= _within(values, limits)
        if self.gloss:
            kept &= self._with_gloss(samples, texts, predicted)
        if self.text.strip():
            kept &= self._with_text(samples, texts, predicted)
        return kept

    def _by_outcome(self, samples: SampleTable, predicted: IntArray, right: BoolArray) -> BoolArray:
        if self.outcome == "wrong":
            return wrong_clips(samples, right)
        if self.outcome == "right":
            return right.copy()
        if self.outcome == "empty":
            return samples.ran & np.equal(predicted, samples.blank)
        return np.ones(len(samples), bool)

    def _with_gloss(self, samples: SampleTable, texts: SampleTexts, predicted: IntArray) -> BoolArray:
        found = np.zeros(len(samples), bool)
        outputs = [number for number, name in samples.names.items() if name == self.gloss]
        if not outputs and self.gloss.isdecimal():  # a gloss without a name is called by its number
            outputs = [int(self.gloss)]
        if self.gloss_as != "predicted":
            if samples.continuous is None:
                found |= texts.glosses.places_of(self.gloss)
                nameless = texts.glosses.places_of("")
                truth = samples.learned_ids if samples.scored_by_name else samples.true_ids
                found |= nameless & _among(truth, outputs)
            else:
                found |= _with_word(texts.glosses, samples.glosses, self.gloss)
        if self.gloss_as != "true":
            if samples.continuous is None or texts.recognised is None:
                found |= samples.ran & _among(predicted, outputs)
            else:
                found |= _with_word(texts.recognised, samples.continuous.recognised, self.gloss)
        return found

    def _with_text(self, samples: SampleTable, texts: SampleTexts, predicted: IntArray) -> BoolArray:
        wanted = self.text.strip().casefold()
        found = texts.clips.containing(wanted) | texts.glosses.containing(wanted)
        if texts.recognised is not None:
            return found | texts.recognised.containing(wanted)
        said = [number for number, name in samples.names.items() if wanted in name.casefold()]
        if wanted in "(blank)":
            said.append(samples.blank)
        return found | (samples.ran & _among(predicted, said))


def wrong_clips(samples: SampleTable, right: BoolArray) -> BoolArray:
    """(N,), clips with a label and an answer that is not right."""
    labelled = np.not_equal(samples.true_ids, UNLABELLED) | np.not_equal(samples.learned_ids, UNLABELLED)
    if samples.continuous is not None or not labelled.all():
        labelled |= np.fromiter(map(bool, samples.glosses), bool, len(samples))
    wrong: BoolArray = samples.ran & labelled & ~right
    return wrong


def _within(values: FloatArray | IntArray, limits: Limits) -> BoolArray:
    """(N,), numbers between two limits; an undefined number is between none."""
    low, high = limits
    kept: BoolArray = np.equal(values, values)
    if low is not None:
        kept &= values >= low
    if high is not None:
        kept &= values <= high
    return kept


def _among(values: IntArray, wanted: list[int]) -> BoolArray:
    """(N,), by a table of yes and no, which is quicker than a search for each row."""
    wanted = [one for one in wanted if one >= 0]
    if not wanted or not len(values):
        return np.zeros(len(values), bool)
    table = np.zeros(max(max(wanted), int(values.max()), 0) + 2, bool)  # the last stands for -1, which is never wanted
    table[wanted] = True
    return table[values]


def _with_word(column: TextColumn, texts: tuple[str, ...], gloss: str) -> BoolArray:
    """(N,), lines of glosses with spaces between in which one stands as a whole."""
    found = column.containing(gloss)
    for row in np.flatnonzero(found).tolist():
        found[row] = f" {gloss} " in f" {texts[row]} "
    return found
