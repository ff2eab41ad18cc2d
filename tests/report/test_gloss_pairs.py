"""From samples to glosses: who counts, under which name, and what of continuous clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from asl_inspector.diagnosis.continuous_records import ContinuousMeasures
from asl_inspector.inference.word_errors import together, word_errors
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.report.gloss_pairs import gloss_measures
from asl_inspector.report.sample_table import SampleTable


def table(**changes: object) -> SampleTable:
    """Six clips of book (1), car (2) and a gloss that training lacks; 0 is the blank."""
    count = 6
    unknown = np.full(count, np.nan)
    made = SampleTable(
        clip_ids=tuple(f"clip{one}" for one in range(count)),
        glosses=("book", "book", "car", "car", "zebra", "book"),
        true_ids=np.array([1, 1, 2, 2, 3, 1]),
        learned_ids=np.array([1, 1, 2, 2, -1, 1]),
        majority=np.array([1, 2, 2, 0, 1, 0]),
        first_token=np.array([1, 1, 1, 1, 1, 1]),
        score=np.array([2, 2, 2, 2, 2, 2]),
        loss=unknown,
        confidence=unknown,
        margin=unknown,
        blank_share=unknown,
        lengths=np.full(count, 9),
        ran=np.array([True, True, True, True, True, False]),
        names={1: "book", 2: "car"},
        blank=0,
        scored_by_name=False,
        parts=(),
        missing=np.zeros((count, 0)),
        frozen=unknown,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_empty_answers_are_nothing_and_clips_that_did_not_run_are_left_out() -> None:
    found = gloss_measures(table(), "majority")
    assert found.names == ("book", "car", "zebra")
    assert found.support.tolist() == [2, 2, 1]
    assert found.right.tolist() == [1, 1, 0]
    assert found.clips_of(1, 3).tolist() == [3]
    assert found.left_out == 1


def test_the_decoder_chooses_the_answers() -> None:
    assert gloss_measures(table(), "first_token").right.tolist() == [2, 0, 0]
    assert gloss_measures(table(), "score").right.tolist() == [0, 2, 0]


def test_clashing_ids_are_scored_by_gloss_name() -> None:
    """The file swaps the ids; by name the answers are right all the same, and zebra is a gloss without an output."""
    swapped = table(true_ids=np.array([2, 2, 1, 1, 3, 2]), scored_by_name=True)
    found = gloss_measures(swapped, "majority")
    assert found.names == ("book", "car", "zebra")
    assert found.numbers.tolist() == [1, 2, -1]
    assert found.right.tolist() == [1, 1, 0]
    assert found.name_of(int(found.confused_with[2])) == "book"


def test_right_clips_add_up_to_the_tables_own() -> None:
    for by_name in (False, True):
        samples = table(scored_by_name=by_name)
        right = samples.correct_by_name if by_name else samples.correct
        assert int(gloss_measures(samples, "majority").right.sum()) == int(right.sum())


def test_a_gloss_without_a_name_is_called_by_its_clips_or_its_number() -> None:
    found = gloss_measures(table(names={}, glosses=("", "", "car", "car", "", "")), "majority")
    assert found.names == ("1", "car", "3")


def test_continuous_clips_are_paired_by_their_fewest_edits() -> None:
    signed, heard = ((1, 2), (2,)), ((1, 1), (2, 2))
    counted = [word_errors(a, b) for a, b in zip(signed, heard, strict=True)]
    numbers = np.array([(one.substitutions, one.deletions, one.insertions) for one in counted])
    continuous = ContinuousMeasures(
        signed, heard, numbers[:, 0], numbers[:, 1], numbers[:, 2], together(counted), 2, "", 0, 0, {1: "a", 2: "b"}
    )
    samples = table(ran=np.array([True, True, False, False, False, False]))
    found = gloss_measures(samples, "majority", continuous)
    assert found.names == ("a", "b")
    assert found.decoder == "greedy"
    assert found.support.tolist() == [1, 2]
    assert found.right.tolist() == [1, 1]
    assert found.clips_of(2, 1).tolist() == [1]  # an insertion
    assert found.clips_of(1, 0).tolist() == [0]  # a substitution


def test_counting_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        gloss_measures(table(), "majority", cancel=cancel)
