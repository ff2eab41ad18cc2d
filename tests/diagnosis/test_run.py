"""What the history of a run tells by itself, against hand-worked examples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis.stories import evidence, make_clips, scored
from scipy.stats import binom

from asl_inspector.checkpoints.records import Optimizer
from asl_inspector.diagnosis import learning_rate, run
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.early_stopping import replay, stop_on, stop_on_drop
from asl_inspector.diagnosis.measures import accuracy_of
from asl_inspector.diagnosis.validation_size import fits, smallest_size
from asl_inspector.history.records import CodeHint, Contradiction, History

FALLING = tuple(5.0 * 0.9**n for n in range(20))


def history(**fields: object) -> History:
    epochs = max((len(value) for value in fields.values() if isinstance(value, tuple)), default=0)
    return History("log.txt", epochs=tuple(range(1, epochs + 1)), **fields)  # type: ignore[arg-type]


# -- the number of clips ----------------------------------------------------------------------------------------------


def test_two_percentages_tell_168_clips() -> None:
    assert smallest_size((0.0357, 0.0060, 0.0)) == 168


@pytest.mark.parametrize("clips", [7, 46, 97, 168, 333])
def test_the_number_of_clips_is_found_from_rounded_accuracies(clips: int) -> None:
    random = np.random.default_rng(clips)
    values = tuple(round(k / clips, 4) for k in random.integers(0, clips, 30).tolist())
    found = smallest_size(values)
    assert found is not None
    assert clips % found == 0 or found == clips
    assert fits(values, clips)


def test_accuracies_that_are_no_shares_tell_no_number() -> None:
    random = np.random.default_rng(0)
    assert smallest_size(tuple(random.random(30).round(4).tolist())) is None
    assert smallest_size((0.5,)) in (None, 2)
    assert smallest_size((0.0, 1.0, None)) is None


def test_coarsely_printed_accuracies_tell_no_number() -> None:
    assert smallest_size((0.25, 0.26, 0.31)) is None


# -- luck -------------------------------------------------------------------------------------------------------------


def test_the_best_of_fifty_guesses_equals_a_simulation() -> None:
    best = accuracy_of(6, 168)
    assert best is not None
    luck = run.luck_of(best, 50, 0.01)
    assert luck is not None
    draws = np.random.default_rng(1).binomial(168, 0.01, (20_000, 50)).max(axis=1)
    assert luck.expected == pytest.approx(draws.mean(), abs=0.05)
    assert (draws >= luck.unlikely).mean() <= 0.055
    assert (draws >= luck.unlikely - 1).mean() > 0.05
    assert luck.p == pytest.approx((draws >= 6).mean(), abs=0.02)


def test_one_guess_is_the_binomial() -> None:
    best = accuracy_of(3, 20)
    assert best is not None
    luck = run.luck_of(best, 1, 0.1)
    assert luck is not None
    assert luck.expected == pytest.approx(2.0)
    assert luck.p == pytest.approx(float(binom.sf(2, 20, 0.1)))


# -- early stopping ---------------------------------------------------------------------------------------------------


def test_the_rules_are_replayed_by_hand() -> None:
    losses = (3.0, 2.0, 2.5, 2.4, 2.3, 1.0)
    assert stop_on(losses, 3, rising=False) == (4, 1)
    assert stop_on(losses, 4, rising=False) == (None, 5)
    assert stop_on((0.1, None, 0.05, 0.2), 2, rising=True) == (2, 0)
    assert stop_on_drop((0.05, 0.03, 0.03, 0.045, 0.03, 0.03), 2) == (2, 0)
    assert stop_on_drop((0.05, 0.03, 0.045, 0.03, 0.045), 2) == (None, 0)


def test_a_replay_says_what_it_cost() -> None:
    told = history(val_loss=(3.0, 2.0, 2.5, 2.4, 2.3, 2.2), val_acc=(0.0, 0.1, 0.1, 0.2, 0.2, 0.3))
    stops = {(one.watched, one.patience): one for one in replay(told, 10)}
    first = stops["val_loss", 3]
    assert (first.stopped, first.kept, first.accuracy) == (5, 2, 0.1)
    assert first.forgone == pytest.approx(0.2)
    assert first.low is not None
    assert first.high is not None
    assert first.low < 0.2 < first.high
    assert stops["val_loss", 10].stopped is None
    assert ("drop", 5) in stops


# -- the learning rate ------------------------------------------------------------------------------------------------


def test_a_smooth_loss_settles() -> None:
    told = history(train_loss=FALLING)
    assert [one.id for one in learning_rate.ask(told, learning_rate.measure(told), None)] == ["losses-settle"]


def test_a_falling_loss_with_noise_settles_too() -> None:
    random = np.random.default_rng(5)
    for _ in range(200):
        told = history(train_loss=tuple((np.array(FALLING) * random.normal(1, 0.02, 20)).tolist()))
        assert [one.id for one in learning_rate.ask(told, learning_rate.measure(told), None)] == ["losses-settle"]


@pytest.mark.parametrize(
    ("losses", "wanted"),
    [
        ((5, 9, 4, 8, 5, 7, 4, 9, 5, 8), "training-loss-jumps"),
        ((5, 4, 3, 2, 1, 3, 6, 8, 9, 9), "training-diverged"),
        ((5, 4, 3, float("nan"), float("nan"), 1, 1, 1, 1), "training-diverged"),
        ((9, 8, 7, 6, 5, 5, 4.6, 4.6, 4.6), "loss-plateau"),
    ],
)
def test_losses_that_do_not_settle_are_named(losses: tuple[float, ...], wanted: str) -> None:
    told = history(train_loss=losses)
    assert [one.id for one in learning_rate.ask(told, learning_rate.measure(told), None)] == [wanted]


def test_warm_restarts_are_not_judged() -> None:
    told = history(train_loss=(5, 9, 4, 8, 5, 7, 4, 9, 5, 8), learning_rate=(1e-3, 1e-4, 1e-3, 1e-4))
    assert learning_rate.ask(told, learning_rate.measure(told), None) == []


def test_a_large_step_size_is_named_for_adam_alone() -> None:
    adam = Optimizer("Adam", 10, 0.1, 0.0, 2)
    assert [one.id for one in learning_rate.ask(None, None, adam)] == ["large-step-size"]
    assert learning_rate.ask(None, None, replace(adam, lr=1e-3)) == []
    assert learning_rate.ask(None, None, replace(adam, kind="SGD")) == []


def test_jumping_losses_are_a_cause() -> None:
    found = diagnose(evidence(history=history(train_loss=(5, 9, 4, 8, 5, 7, 4, 9, 5, 8))))
    assert [cause.id for cause in found.causes] == ["learning-rate-too-high"]
    assert found.causes[0].severity == "warning"


# -- all of it --------------------------------------------------------------------------------------------------------


def test_bands_follow_the_validation_clips() -> None:
    clips = make_clips(["a", "b"] * 20, [1, 2] * 20)
    told = history(val_acc=(0.25, None, 0.5))
    found = run.measure(evidence(validation=scored(clips, [1] * 40, classes=3), history=told))
    assert found is not None
    assert (found.clips, found.clips_from) == (40, "the validation clips")
    wanted = accuracy_of(10, 40)
    assert wanted is not None
    assert (found.low[0], found.high[0]) == (wanted.low, wanted.high)
    assert np.isnan(found.low[1])


def test_accuracies_of_other_clips_are_named() -> None:
    clips = make_clips(["a", "b"] * 20, [1, 2] * 20)
    told = history(val_acc=(0.0357, 0.0060, 0.0119))
    case = evidence(validation=scored(clips, [1] * 40, classes=3), history=told)
    (found,) = [one for one in diagnose(case).findings if one.id == "validation-size-differs"]
    assert "1/168" in found.sentence
    assert "40" in found.sentence


def test_contradictions_and_habits_become_findings() -> None:
    hints = (
        CodeHint("load-in-try", "cell 3, line 2", "It hides.", "x"),
        CodeHint("load-in-try", "cell 9, line 1", "It hides.", "y"),
    )
    told = history(train_loss=FALLING, hints=hints, contradictions=(Contradiction("A and B differ."),))
    found = {one.id: one for one in diagnose(evidence(history=told)).findings}
    assert found["sources-contradict"].sentence == "A and B differ."
    assert "cell 3, line 2; cell 9, line 1" in found["code-load-in-try"].sentence
    assert found["code-load-in-try"].severity == "info"


def test_the_penalty_in_the_loss_is_told_apart() -> None:
    parts = (("CTC", (4.0, 0.2048)), ("Blank Penalty", (0.3, 0.2719)))
    found = run.ask(evidence(history=history(train_loss=(4.3, 0.4767), parts=parts)), None).findings
    assert [one.id for one in found] == ["penalty-in-training-loss"]
    assert "0.2719" in found[0].sentence
    found = run.ask(evidence(history=history(train_loss=(4.3, 0.9), parts=parts)), None).findings
    assert [one.id for one in found] == ["parts-do-not-add-up"]


def test_the_measures_equal_those_of_every_case(cases: object) -> None:
    """The early-stopping rule of the seed's own advice, against where it was computed to stop."""
    import json
    from pathlib import Path

    for name in ("seed", "overfit", "stage1_load_failed", "healthy"):
        wanted = json.loads((Path(str(cases)) / name / "truth.json").read_text())["history"]
        told = history(val_acc=tuple(value / 100 for value in wanted["val_acc"]))
        assert smallest_size(told.val_acc) == 168
        (drop,) = [one for one in replay(told, 168) if one.watched == "drop"]
        assert drop.stopped == wanted["seed_fix3_early_stop_epoch"]
