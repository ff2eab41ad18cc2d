"""Answers made by hand, epoch by epoch: where a collapse is named, where none is, and which file is called better."""

from __future__ import annotations

from math import comb
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.diagnosis.along_epochs import Answered, Entry, Judge, holm
from asl_inspector.diagnosis.epoch_findings import action, ask
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.diagnosis.findings import Finding

CLIPS, GLOSSES = 120, 20
TRUTH = np.arange(CLIPS) % GLOSSES + 1
ALL = np.ones(CLIPS, bool)


def answered(said: np.ndarray) -> Answered:
    return Answered(said, said, ALL, said == 0, float((said == 0).mean()), 1.0, GLOSSES)


def answers(right: int, *, empty: int = 0, seed: int = 0, only: int | None = None) -> np.ndarray:
    """`right` clips right, the last `empty` ones empty, the rest wrong; or `only` that many glosses are ever said."""
    said = TRUTH % GLOSSES + 1
    chosen = np.random.default_rng(seed).permutation(CLIPS - empty)[:right]
    said[chosen] = TRUTH[chosen]
    if only is not None:
        said = said % only + 1
    said[CLIPS - empty :] = 0
    return said


def judged(said: dict[int, np.ndarray], inspected: int, **more: object) -> AlongEpochs:
    entries = [
        Entry(Path(f"epoch_{epoch}.pt"), epoch, epoch == inspected, answered(one)) for epoch, one in said.items()
    ]
    waiting = more.pop("waiting", ())
    return Judge(TRUTH, ALL, by_name=bool(more.pop("by_name", False))).judge(entries, waiting)  # type: ignore[arg-type]


def finding(along: AlongEpochs, *ids: str) -> Finding | None:
    return next((one for one in ask(along).findings if one.id in ids), None)


COLLAPSES = ("blank-collapse-begins", "blank-collapse-later", "narrowing-begins", "narrowing-later")


def test_a_collapse_to_blanks_is_named_at_its_epoch() -> None:
    said = {epoch: answers(60, seed=epoch, empty=100 if epoch >= 22 else 0) for epoch in range(18, 26) if epoch < 22}
    said |= {epoch: answers(10, seed=epoch, empty=100) for epoch in range(22, 26)}
    along = judged(said, 25)
    assert along.collapse is not None
    assert (along.collapse.kind, along.collapse.after, along.collapse.begins) == ("blank", 21, 22)
    found = finding(along, *COLLAPSES)
    assert found is not None
    assert (found.id, found.severity) == ("blank-collapse-begins", "critical")
    assert "begins at epoch 22: from there on 83 % of the clips come out empty" in found.sentence


def test_between_sparse_epochs_the_collapse_begins_between_two() -> None:
    said = {10: answers(60), 20: answers(70), 30: answers(5, empty=90), 40: answers(0, empty=120)}
    found = finding(judged(said, 20), *COLLAPSES)
    assert found is not None
    assert (found.id, found.severity) == ("blank-collapse-later", "info")
    assert "between epoch 20 and epoch 30: from there on 75 to 100 %" in found.sentence


@pytest.mark.parametrize(
    "empties",
    [
        (120, 90, 30, 0, 0),  # blanks first, as CTC training begins
        (0, 0, 0, 0, 110),  # the last epoch alone
        (0, 110, 110, 0, 0),  # it came back
        (22, 22, 22, 26, 27),  # just over the limit, by a few clips
        (0, 0, 0, 0, 0),
    ],
)
def test_what_is_no_collapse_is_not_named_one(empties: tuple[int, ...]) -> None:
    said = {epoch: answers(8, seed=epoch, empty=empty) for epoch, empty in enumerate(empties, start=1)}
    along = judged(said, 5)
    assert along.collapse is None
    assert finding(along, *COLLAPSES, "never-left-the-blanks") is None


def test_two_files_of_one_epoch_are_one_epoch() -> None:
    entries = [
        Entry(Path(f"{name}.pt"), epoch, name == "last", answered(answers(5, empty=empty)))
        for name, epoch, empty in (("a", 1, 0), ("b", 2, 0), ("best", 3, 110), ("last", 3, 110))
    ]
    assert Judge(TRUTH, ALL, by_name=False).judge(entries).collapse is None


def test_a_run_that_never_left_the_blanks_has_no_beginning() -> None:
    along = judged({epoch: answers(0, empty=110) for epoch in (1, 2, 3, 4)}, 4)
    assert along.collapse is None
    found = finding(along, "never-left-the-blanks")
    assert found is not None
    assert "At each of the 4 scored epochs (1 to 4)" in found.sentence


def test_answers_that_narrow_for_good_are_named_and_weak_ones_are_not() -> None:
    wide = {epoch: answers(60, seed=epoch) for epoch in (1, 2, 3)}
    along = judged(wide | {4: answers(60, only=3), 5: answers(60, only=2)}, 5)
    assert along.collapse is not None
    assert (along.collapse.kind, along.collapse.after, along.collapse.begins) == ("narrow", 3, 4)
    assert along.collapse.low == pytest.approx(3, abs=0.2)  # 3 of 20 glosses, evenly said
    found = finding(along, *COLLAPSES)
    assert found is not None
    assert "collapse to a few glosses begins at epoch 4" in found.sentence
    assert judged(wide | {4: answers(60, only=15), 5: answers(60, only=14)}, 5).collapse is None


def test_a_partial_round_says_so() -> None:
    said = {1: answers(60), 2: answers(5, empty=110), 3: answers(5, empty=110)}
    along = judged(said, 3, waiting=("epoch_4.pt",))
    found = finding(along, *COLLAPSES)
    assert found is not None
    assert "1 of 4 was not scored" in found.sentence
    assert along.partial
    assert "scored so far, of 4" in action(along)


def test_a_better_file_is_shown_with_the_corrected_p_of_the_same_clips() -> None:
    inspected, best = answers(30, seed=1), answers(80, seed=2)
    along = judged({1: inspected, 2: best, 3: answers(31, seed=3)}, 1)
    gained = int(((best == TRUTH) & (inspected != TRUTH)).sum())
    lost = int(((best != TRUTH) & (inspected == TRUTH)).sum())
    of = gained + lost
    tail = sum(comb(of, k) for k in range(max(gained, lost), of + 1)) / 2**of
    point = along.points[1]
    assert point.p == pytest.approx(min(1, 2 * tail))
    assert point.p_corrected == pytest.approx(min(1, 2 * 2 * tail))  # the smallest of two
    assert along.best == 1
    assert along.shown
    found = finding(along, "later-file-is-better")
    assert found is not None
    assert "80 of 120 clips (66.7 %, 95 %: 57.8 to 74.5)" in found.sentence
    assert "against 30 of 120" in found.sentence
    assert action(along).startswith("Use “epoch_2.pt” (epoch 2): 80 of 120 clips")


def test_a_difference_of_a_few_clips_is_not_shown() -> None:
    along = judged({1: answers(40, seed=1), 2: answers(44, seed=2)}, 1)
    found = finding(along, "no-file-shown-better")
    assert found is not None
    assert "The difference is not shown" in found.sentence
    assert action(along).startswith("Keep “epoch_1.pt” or use “epoch_2.pt”")


def test_looking_at_many_files_is_paid_for() -> None:
    """One file of twelve gains 8 clips and loses 1: p = 0.039 by itself, and not shown among eleven compared."""
    base = answers(40, seed=1)
    better = base.copy()
    wrong, right = np.flatnonzero(base != TRUTH), np.flatnonzero(base == TRUTH)
    better[wrong[:8]] = TRUTH[wrong[:8]]
    better[right[0]] = TRUTH[right[0]] % GLOSSES + 1
    pair = judged({1: base, 2: better}, 1)
    assert pair.points[1].p == pytest.approx(2 * (1 + 9) / 2**9)
    assert pair.shown
    many = judged({1: base, 2: better} | {epoch: base.copy() for epoch in range(3, 13)}, 1)
    assert many.points[1].p_corrected == pytest.approx(11 * 2 * (1 + 9) / 2**9)
    assert not many.shown


def test_two_equal_files_are_not_shown_to_differ() -> None:
    along = judged({1: answers(50), 2: answers(50)}, 2)
    assert along.best == 1
    assert along.points[0].p_corrected == 1.0
    found = finding(along, "inspected-file-is-best")
    assert found is not None
    assert "comes next with as many; a difference is not shown" in found.sentence


def test_the_best_of_files_that_guess_is_not_recommended() -> None:
    along = judged({epoch: answers(epoch + 4, seed=epoch) for epoch in (1, 2, 3, 4)}, 1)
    assert not along.above_guessing
    assert action(along).startswith("None of the 4 files of the run can be told from guessing")


def test_a_file_that_failed_is_kept_with_its_reason_and_the_others_are_judged() -> None:
    entries = [
        Entry(Path("epoch_1.pt"), 1, inspected=True, answered=answered(answers(50))),
        Entry(Path("epoch_2.pt"), 2, inspected=False, answered=None, problem="“epoch_2.pt” is cut short."),
        Entry(Path("epoch_3.pt"), 3, inspected=False, answered=answered(answers(90, seed=3))),
    ]
    along = Judge(TRUTH, ALL, by_name=False).judge(entries)
    assert [one.problem for one in along.points] == ["", "“epoch_2.pt” is cut short.", ""]
    assert (along.best, along.shown, len(along.scored)) == (2, True, 2)


def test_an_inspected_file_that_cannot_run_leaves_the_best_of_the_others() -> None:
    entries = [
        Entry(Path("epoch_1.pt"), 1, inspected=False, answered=answered(answers(50))),
        Entry(Path("epoch_2.pt"), 2, inspected=False, answered=answered(answers(40, seed=3))),
        Entry(Path("epoch_3.pt"), 3, inspected=True, answered=None, problem="NaN."),
    ]
    along = Judge(TRUTH, ALL, by_name=False).judge(entries)
    assert along.shown is None
    assert action(along).startswith("Use “epoch_1.pt”")


def test_holm_steps_down() -> None:
    """By hand: 3 x 0.01, then 2 x 0.02, then the larger of 1 x 0.03 and what came before."""
    assert holm({7: 0.03, 8: 0.01, 9: 0.02}) == pytest.approx({8: 0.03, 9: 0.04, 7: 0.04})
    assert holm({1: 0.9, 2: 0.8}) == {2: 1.0, 1: 1.0}
    assert holm({}) == {}


def test_two_files_of_one_epoch_that_disagree_do_not_date_a_collapse() -> None:
    entries = [
        Entry(Path(f"{name}.pt"), epoch, name == "last", answered(answers(5, empty=empty)))
        for name, epoch, empty in (("a", 1, 0), ("best", 2, 0), ("epoch_2", 2, 110), ("last", 3, 110))
    ]
    assert Judge(TRUTH, ALL, by_name=False).judge(entries).collapse is None


def test_guessing_as_often_as_there_are_files_is_the_null() -> None:
    """13 of 120 by guessing among 20 glosses: p = 0.0079 in one look, 1 - (1 - p)^12 in twelve."""
    p = sum(comb(CLIPS, k) * 0.05**k * 0.95 ** (CLIPS - k) for k in range(13, CLIPS + 1))
    assert p < 0.01
    pair = judged({1: answers(13), 2: np.zeros(CLIPS, int)}, 1)
    assert pair.p_guessing == pytest.approx(1 - (1 - p) ** 2)
    many = judged({1: answers(13)} | {epoch: np.zeros(CLIPS, int) for epoch in range(2, 13)}, 1)
    assert many.p_guessing == pytest.approx(1 - (1 - p) ** 12)
    assert not many.above_guessing
