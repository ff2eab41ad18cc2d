"""The Training and Data panels: figures on screen are those of the core; searches run, stop and fail in the open."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from gui.conftest import DirectEngine
from gui.test_window import open_and_wait, texts
from makers import GLOSSES, Run, make_clips, save_notebook, write_cache
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.data.warping import MOST_PAIRS
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.scheme import apply_scheme

CODE = "try:\n    m.load_state_dict(s, strict=False)\nexcept Exception:\n    pass"


def rows(model) -> list[list[str]]:  # type: ignore[no-untyped-def]
    return [
        [str(model.data(model.index(row, column))) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_the_training_panel_shows_the_run(window: MainWindow, qtbot: QtBot, engine: DirectEngine) -> None:
    open_and_wait(window, qtbot, demo_files())
    core = engine.service.inspected
    assert core is not None
    history, measures = core.history, core.diagnosis.run
    assert history is not None
    assert measures is not None
    assert measures.best is not None
    tiles = window.training._tiles
    assert tiles["best"].value.text() == str(history.best_epoch)
    assert f"{measures.best.correct} of {measures.best.of} clips" in tiles["accuracy"].note.text()
    assert tiles["clips"].value.text() == "97"
    _, table = window.training._losses.table()
    losses = [row[2] for row in table if row[0] == "validation loss"]
    assert losses == list(history.val_loss)
    curve = next(one for one in window.training._accuracies._curves if one.name == "validation")
    assert curve.band is not None
    np.testing.assert_array_equal(curve.band[0], measures.low)
    stops = rows(window.training._stops)
    assert len(stops) == len(measures.stops)
    assert stops[1][1] == "5"
    shown = texts(window.training)
    assert "contradicts itself" in shown
    assert "cell 5" in "\n".join(hint.where for hint in history.hints)
    assert "gloss_to_id is built inside extract_split" in shown
    assert "training.ipynb" in shown
    assert "validation loss" in window.training.text()


def test_contradictions_between_sources_are_shown(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    save_notebook(run.checkpoint, run.network, val_acc=77.0, val_loss=7.0)
    open_and_wait(window, qtbot, run.files)
    shown = texts(window.training._contradictions)
    assert "77.00 %" in shown
    assert "checkpoint.pt" in shown
    assert window.training._contradictions.isVisibleTo(window.training)


def test_a_run_without_accuracies_or_with_code_alone_is_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("Epoch 1: train loss: 2\nEpoch 2: train loss: 1\n")
    open_and_wait(window, qtbot, [tmp_path / "log.txt"])
    assert window.training._stack.currentIndex() == 1
    assert window.training._tiles["accuracy"].value.text() == "-"
    assert not window.training._accuracies.has_data()
    cells = [{"cell_type": "code", "source": CODE, "outputs": []}]
    (tmp_path / "run.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.replace_file(tmp_path / "log.txt", tmp_path / "run.ipynb")
    assert not window.training._losses.has_data()
    assert "cell 0, line 2" in "\n".join(hint.where for hint in window.session.inspection.history.hints)  # type: ignore[union-attr]


def test_the_data_panel_shows_the_clips(window: MainWindow, qtbot: QtBot, engine: DirectEngine) -> None:
    open_and_wait(window, qtbot, demo_files())
    core = engine.service.inspected
    assert core is not None
    data = core.data
    assert data is not None
    assert data.neighbours is not None
    assert data.train is not None
    tiles = window.data._tiles
    assert tiles["Validation"].value.text() == "97"
    assert tiles["Training"].value.text() == f"{data.train.clips}"
    assert tiles["In both"].value.text() == "0"
    assert f"{data.neighbours.correct} of {data.neighbours.of}" in tiles["Nearest neighbour"].note.text()
    _, table = window.data._plots.glosses.table()
    assert sum(float(str(row[1])) for row in table) == data.train.clips
    assert sum(float(str(row[2])) for row in table) == 97
    features = rows(window.data._features.model)
    assert len(features) == 36
    assert {row[0] for row in features} == {str(number) for number in range(36)}
    assert [row[0] for row in features][-2:] == ["30", "35"]
    assert "constant" in features[-1][-1]
    assert data.shift is not None
    assert features[0][0] == str(int(np.nanargmax(np.abs(data.shift.effect))))
    assert "None" in texts(window.data) or "differ" in texts(window.data)
    assert "feature" in window.data.text()


def planted(folder: Path) -> list[Path]:
    """A raw time in validation, a copied clip, a cut clip, a missing block."""
    theirs = make_clips(split="train", seed=2, clips_a_gloss=6)
    ours = make_clips(clips_a_gloss=4)
    names, others = list(ours), list(theirs)
    for held in (*ours.values(), *theirs.values()):
        held["features"] = np.repeat(held["features"], 2, axis=0) + np.arange(2 * len(held["features"]))[:, None] / 100
    ours[names[1]]["features"] = theirs[others[5]]["features"].copy()
    ours[names[2]]["features"] = theirs[others[9]]["features"][:-1].copy()
    for index, name in enumerate(names[3:]):
        ours[name]["features"][:, 4] = 1.75e9 + 128 * index
    return [write_cache(folder / "val.pkl", ours), write_cache(folder / "train.pkl", theirs)]


def test_planted_faults_are_on_screen(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    open_and_wait(window, qtbot, planted(tmp_path))
    assert "Feature 4 is on another scale" in texts(window.data)
    assert window.data._tiles["In both"].value.text() == "2"
    assert window.data._tiles["In both"].value.property("tone") == "danger"
    pairs = rows(window.data._pairs)
    assert pairs[0][2] == "the same, bit for bit"
    assert "frames in common" in pairs[1][2]
    first = rows(window.data._features.model)[0]
    assert first[0] == "4"
    assert "another scale" in first[-1]
    link = next(button for button in window.diagnosis.findChildren(QPushButton) if button.text() == "Data")
    link.click()
    assert window._stack.currentWidget() is window.data


def test_warping_runs_as_a_job(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    open_and_wait(window, qtbot, run.files)
    with qtbot.waitSignal(window.session.looks.neighbours.succeeded, timeout=30_000) as arrived:
        window.data._search.buttons["dtw"].click()
        assert window.data._search.bar.isVisibleTo(window.data)
        assert not window.data._search.buttons["dtw"].isEnabled()
    found = arrived.args[0]
    assert found.method == "dtw"
    assert f"Warped in time it is {found.correct} of {found.of}" in texts(window.data)
    assert not window.data._search.bar.isVisibleTo(window.data)


def test_a_search_is_cancelled_and_can_be_started_again(
    window: MainWindow, qtbot: QtBot, run: Run, engine: DirectEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_and_wait(window, qtbot, run.files)
    original = engine.service.neighbours

    def waits(talk, method):  # type: ignore[no-untyped-def]
        talk.cancel._event.wait(20)
        return original(talk, method)

    monkeypatch.setattr(engine.service, "neighbours", waits)
    window.data._search.buttons["dtw"].click()
    with qtbot.waitSignal(window.session.looks.neighbours.stopped, timeout=10_000) as stopped:
        window.data._search.stop.click()
    assert stopped.args == [None]
    assert "Cancelled." in texts(window.data)
    assert window.data._search.buttons["dtw"].isEnabled()
    monkeypatch.setattr(engine.service, "neighbours", original)
    with qtbot.waitSignal(window.session.looks.neighbours.succeeded, timeout=30_000):
        window.data._search.buttons["dtw"].click()


def test_a_search_that_cannot_be_done_says_why(
    window: MainWindow, qtbot: QtBot, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl_inspector.data.warping.MOST_PAIRS", 3)
    assert MOST_PAIRS > 3
    open_and_wait(window, qtbot, run.files)
    with qtbot.waitSignal(window.session.looks.neighbours.stopped, timeout=10_000):
        window.data._search.buttons["dtw"].click()
    assert "too many to warp" in texts(window.data)


def test_large_sets_are_searched_on_request(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl_inspector.data.measuring.AT_ONCE", 0)
    open_and_wait(window, qtbot, planted(tmp_path))
    assert window.data._tiles["Nearest neighbour"].value.text() == "-"
    assert "press Seek" in texts(window.data)
    with qtbot.waitSignal(window.session.looks.neighbours.succeeded, timeout=30_000):
        window.data._search.buttons["resampled"].click()
    assert "%" in window.data._tiles["Nearest neighbour"].value.text()
    assert "press Seek" not in texts(window.data)


def test_validation_alone_says_what_is_missing(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    open_and_wait(window, qtbot, [run.validation])
    assert window.data._stack.currentIndex() == 1
    assert window.data._tiles["Training"].note.text() == "no training clips were dropped"
    assert "Drop the training clips too." in texts(window.data)
    assert not window.data._search.buttons["dtw"].isEnabled()


def test_clips_of_different_widths_leave_the_table_away(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    cache = make_clips(clips_a_gloss=1)
    cache[next(iter(cache))]["features"] = np.ones((5, 9), np.float32)
    open_and_wait(window, qtbot, [write_cache(tmp_path / "val.pkl", cache)])
    assert "differ in their number of features" in texts(window.data)
    assert not window.data._features.table.isVisibleTo(window.data)
    assert len(pickle.loads((tmp_path / "val.pkl").read_bytes())) == len(GLOSSES)


def test_files_of_different_widths_are_shown_side_by_side(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    wide, narrow = make_clips(clips_a_gloss=1, split="train"), make_clips(clips_a_gloss=1)
    for clip in narrow.values():
        clip["features"] = clip["features"][:, :3]
    open_and_wait(window, qtbot, [write_cache(tmp_path / "train.pkl", wide), write_cache(tmp_path / "val.pkl", narrow)])
    rows = [row.split("\t") for row in window.data._features.model.text_rows(range(6)).splitlines()[1:]]
    assert [row[3] == "-" for row in rows] == [False] * 3 + [True] * 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bands_are_drawn_and_read_out(qtbot: QtBot, scheme: str) -> None:
    apply_scheme(scheme)
    plot = CurvePlot(x_title="epoch", shares=True, fitted=True)
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    x, y = np.arange(5.0), np.array([0.1, 0.12, np.nan, 0.2, 0.15])
    plot.show_curves([Curve("validation", x, y)])
    bare = plot.image()
    plot.show_curves([Curve("validation", x, y, band=(y - 0.05, y + 0.05))])
    assert plot.image() != bare
    assert plot.y_range()[1] == pytest.approx(1.08 * 0.25)
    assert plot.readout(3, 0).endswith("validation: 20.0 % (95 %: 15.0 to 25.0)")
    assert plot.readout(2, 0).endswith("validation: no value")


def test_a_ceiling_cuts_what_is_far_above(qtbot: QtBot) -> None:
    plot = CurvePlot(x_title="epoch")
    qtbot.addWidget(plot)
    x = np.arange(3.0)
    plot.show_curves([Curve("loss", x, np.array([50.0, 2.0, 1.0]))], ceiling=3.0)
    assert plot.y_range() == (0.0, 3.0)
    assert "loss: 50" in plot.readout(0, 0)
