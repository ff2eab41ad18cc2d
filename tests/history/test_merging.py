"""Several sources of one run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asl_inspector.history.merging import merge
from asl_inspector.history.records import CodeHint, History, Printed, Stated
from asl_inspector.history.stored_curves import StoredPoint, from_lists, from_points

LOG = History(
    "log.txt",
    epochs=(1, 2, 3),
    train_loss=(3.0123, 2.5, 2.25),
    val_acc=(0.0, 0.0060, 0.0119),
    places=("line 1", "line 5", "line 9"),
)
EXACT = History(
    "metrics.csv",
    epochs=(0, 1, 2),
    train_loss=(3.01234567, 2.50001, 2.24999),
    val_loss=(4.5, 4.25, 4.125),
    val_acc=(0.0, 1 / 168, 2 / 168),
    places=("line 2", "line 3", "line 4"),
    kind="table",
)


def test_a_rounded_and_a_shifted_source_are_one_run() -> None:
    merged = merge([LOG, EXACT])
    assert merged is not None
    assert merged.contradictions == ()
    assert set(merged.sources) == {"log.txt", "metrics.csv"}
    assert merged.val_loss == (4.5, 4.25, 4.125)
    assert merged.best_epoch == merged.epochs[2]


def test_what_one_source_alone_tells_is_filled_in() -> None:
    merged = merge([LOG, replace(LOG, source="b", epochs=(3, 4), train_loss=(2.25, 2.0), val_acc=(), places=())])
    assert merged is not None
    assert merged.epochs == (1, 2, 3, 4)
    assert merged.train_loss == (3.0123, 2.5, 2.25, 2.0)
    assert merged.val_acc == (0.0, 0.0060, 0.0119, None)
    assert "b" in merged.places[3]


def test_a_number_that_differs_is_named_with_both_values_and_places() -> None:
    other = replace(LOG, source="run.ipynb", val_acc=(0.0, 0.0179, 0.0119), places=("cell 4",) * 3)
    merged = merge([LOG, other])
    assert merged is not None
    (found,) = merged.contradictions
    assert (found.figure, found.epoch) == ("val_acc", 2)
    for part in ("0.60 %", "1.79 %", "log.txt", "line 5", "run.ipynb", "cell 4", "epoch 2"):
        assert part in found.sentence


def test_a_source_of_another_run_is_left_out_and_named() -> None:
    other = replace(
        LOG, source="old.txt", train_loss=(9.0, 8.0, 7.0), val_acc=(0.1, 0.2, 0.3), val_loss=(1.0, 1.0, 1.0)
    )
    merged = merge([LOG, other])
    assert merged is not None
    assert "different runs" in merged.contradictions[0].sentence
    assert merged.sources == ()
    assert {merged.source} <= {"log.txt", "old.txt"}
    assert len(merged.epochs) == 3


def test_percentages_that_look_like_fractions_are_told_by_another_source() -> None:
    loose = replace(LOG, source="b", val_acc=(0.0, 0.60, 0.95))
    sure = replace(LOG, source="a", val_acc=(0.0, 0.0060, 0.0095))
    for order in ([loose, sure], [sure, loose]):
        merged = merge(order)
        assert merged is not None
        assert merged.val_acc == pytest.approx((0.0, 0.0060, 0.0095))
        assert merged.contradictions == ()


def test_steps_are_not_laid_over_epochs() -> None:
    merged = merge([LOG, replace(EXACT, axis="step", epochs=(50, 100, 150))])
    assert merged is not None
    assert "step" in merged.notes[0]


def test_claims_and_hints_of_other_sources_are_kept_once() -> None:
    hint = CodeHint("load-in-try", "cell 1, line 2", "s", "t")
    a = replace(LOG, stage1=(Printed("loaded", "line 1", loaded=True),))
    b = History("code.py", kind="code", hints=(hint,))
    c = replace(LOG, source="run.ipynb", hints=(hint,), stage1=(Printed("loaded", "cell 1", loaded=True),))
    merged = merge([a, b, c])
    assert merged is not None
    assert [one.where for one in merged.hints] == ["run.ipynb, cell 1, line 2"] or len(merged.hints) == 1
    assert len(merged.stage1) == 1


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (Stated("best", 0.25, 3, "", "line 20"), ("25.00 %", "1.19 %", "line 20", "line 9")),
        (Stated("final", 0.0060, None, "", "line 21"), ("0.60 %", "1.19 %", "line 21")),
        (Stated("best", 0.0119, 2, "", "line 20"), ("epoch 2", "0.60 %")),
    ],
)
def test_a_statement_that_the_epochs_deny_is_a_contradiction(stated: Stated, words: tuple[str, ...]) -> None:
    merged = merge([replace(LOG, stated=(stated,))])
    assert merged is not None
    (found,) = merged.contradictions
    assert all(word in found.sentence for word in words)


def test_a_statement_that_the_epochs_bear_out_is_none() -> None:
    merged = merge([replace(LOG, stated=(Stated("best", 0.0119, 3, "", ""), Stated("final", 0.0119, None, "", "")))])
    assert merged is not None
    assert merged.contradictions == ()


def test_lists_of_a_checkpoint_are_a_history() -> None:
    history = from_lists(
        "c.pt", {"train_losses": (3.0, 2.0), "val_losses": (4.0, 3.5), "val_accs": (0.6, 1.2), "other": (1.0,)}
    )
    assert history.epochs == (1, 2)
    assert history.train_loss == (3.0, 2.0)
    assert history.val_acc == pytest.approx((0.006, 0.012))


def test_checkpoints_are_points() -> None:
    points = [
        StoredPoint("epoch_20.pt", 20, {"val_acc": 2.5, "val_loss": 5.0}),
        StoredPoint("epoch_10.pt", 10, {"val_acc": 1.0, "val_loss": 4.5}),
        StoredPoint("best.pt", 20, {"val_acc": 2.5, "val_loss": 5.0}),
    ]
    history = from_points(points)
    assert history.epochs == (10, 20)
    assert history.val_acc == pytest.approx((0.01, 0.025))
    assert history.places == ("epoch_10.pt", "best.pt")


def test_nothing_merges_to_nothing() -> None:
    assert merge([]) is None
