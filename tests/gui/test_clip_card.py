"""The clip below the table: features, skeleton and cursors in step; what is missing; requests that became stale."""

from __future__ import annotations

import itertools
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from gui.conftest import DirectEngine
from gui.test_window import open_and_wait, texts
from makers import Run, make_notebook, save_notebook
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from samples.test_skeletons import citizen

from asl_inspector.bundled_files import demo_files
from asl_inspector.data.records import ClipFeatures
from asl_inspector.errors import DataError
from asl_inspector.gui import theme
from asl_inspector.gui.clip_drawing import drawing_of
from asl_inspector.gui.clip_jobs import LANE
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panels.clip_card import ClipCard
from asl_inspector.gui.plots.feature_heat import MIDDLE, MISSING, MOST_ROWS, Band, FeatureHeat, heat_rows
from asl_inspector.gui.plots.skeleton import SkeletonView
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.inspection import Inspector
from asl_inspector.report.sample_table import sample_table
from asl_inspector.samples.known_landmarks import landmarks_of
from asl_inspector.samples.skeletons import BodyPart, Skeleton

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
LENGTH = 12


def clips_with_hands() -> list[np.ndarray]:
    """Five clips of 75 joints, the right hand first; of clip i it is missing in the first i frames of 12."""
    arrays = [citizen(("right", "left"), LENGTH, seed) for seed in range(5)]
    for index, array in enumerate(arrays):
        array[:index, 66:108] = 0
    arrays[4][6] = arrays[4][5]
    return arrays


def write_case(folder: Path, arrays: list[np.ndarray]) -> list[Path]:
    folder.mkdir(exist_ok=True)
    cache = {
        f"clip{index}": {
            "features": array.reshape(-1, 75, 2),
            "gloss": "ab"[index % 2],
            "gloss_id": 1 + index % 2,
            "split": "val",
        }
        for index, array in enumerate(arrays)
    }
    (folder / "val.pkl").write_bytes(pickle.dumps(cache))
    return [
        save_notebook(folder / "checkpoint.pt", make_notebook(inputs=150, classes=3)),
        folder / "val.pkl",
    ]


def show(window: MainWindow, qtbot: QtBot, files: list[Path], row: int = 3) -> ClipCard:
    """Open a case, and wait until a clip's features are shown."""
    open_and_wait(window, qtbot, files)
    window.show_panel(3)
    card = window.samples._detail
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
    if window.samples._selected != row:
        window.samples._table.selectRow(row)
        qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
    return card


@pytest.fixture
def in_window(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> ClipCard:
    return show(window, qtbot, write_case(tmp_path / "case", clips_with_hands()))


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Inspector:
    inspector = Inspector()
    inspector.add(write_case(tmp_path_factory.mktemp("case"), clips_with_hands()))
    return inspector


@pytest.fixture
def card(qtbot: QtBot, inspected: Inspector) -> ClipCard:
    """The card by itself, with clip 3."""
    samples = sample_table(inspected.inspect())
    assert samples is not None
    card = ClipCard()
    qtbot.addWidget(card)
    card.show_clip(samples, 3)
    card.show_posteriors(samples, inspected.clip_detail(3))
    card.show_features(drawing_of(inspected.clip_features(3)))
    with qtbot.waitExposed(card):
        card.show()
    return card


def cursors(card: ClipCard) -> tuple[float | None, float | None]:
    return card._plot._cursor, card._heat._cursor


def test_features_and_skeleton_are_shown_and_everything_stands_at_one_frame(card: ClipCard) -> None:
    assert card._heat.has_data()
    assert card.movement.isVisible()
    assert cursors(card) == (0, 0)
    assert card._plot.x_range() == card._heat.x_range() == (-0.5, LENGTH - 0.5)
    assert "frame 0 of 12" in card.movement.place.text()
    np.testing.assert_array_equal(card._heat._rows.values, clips_with_hands()[3])
    assert [band.name for band in card._heat._rows.bands] == ["body", "right hand", "left hand"]


def test_what_is_missing_is_told_for_the_frame_and_for_the_clip(card: ClipCard) -> None:
    assert card.movement.view.words() == "right hand missing in this frame"
    assert card.movement.view.accessibleDescription() == "right hand missing in this frame"
    card.movement.player.seek(3)
    assert card.movement.view.words() == ""
    assert card._quality.text() == "Right hand missing in 25 % of the frames; no frame is frozen."


@pytest.mark.parametrize("part", ["view", "slider"])
def test_keys_play_and_step(card: ClipCard, qtbot: QtBot, part: str) -> None:
    widget, player = getattr(card.movement, part), card.movement.player
    for key, frame in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_Period, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_Comma, 0),
        (Qt.Key.Key_End, LENGTH - 1),
        (Qt.Key.Key_Home, 0),
    ):
        qtbot.keyClick(widget, key)
        assert player.frame == frame
        assert cursors(card) == (frame, frame)
    with qtbot.waitSignals([player.playing_changed, player.frame_changed], timeout=2_000):
        qtbot.keyClick(widget, Qt.Key.Key_Space)
    assert card.movement.play.text() == "Pause"
    with qtbot.waitSignal(player.playing_changed, timeout=1_000):
        qtbot.keyClick(card._plot, Qt.Key.Key_Space)
    assert card.movement.play.text() == "Play"


def test_the_slider_the_buttons_and_the_plots_lead_to_a_frame(card: ClipCard, qtbot: QtBot) -> None:
    movement = card.movement
    movement.slider.setValue(7)
    assert cursors(card) == (7, 7)
    qtbot.mouseClick(movement.forth, Qt.MouseButton.LeftButton)
    assert movement.player.frame == 8
    qtbot.mouseClick(movement.back, Qt.MouseButton.LeftButton)
    assert movement.slider.value() == 7
    for plot in (card._plot, card._heat):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(plot.width() - 20, plot.height() // 2))
        assert movement.player.frame == LENGTH - 1
        movement.player.seek(0)


def test_the_tab_key_goes_through_view_slider_and_buttons(card: ClipCard) -> None:
    movement = card.movement
    order = [movement.view, movement.slider, movement.play, movement.back, movement.forth, movement.speed]
    for before, after in itertools.pairwise(order):
        assert before.nextInFocusChain() is after
        assert after.accessibleName()


def test_speed_and_rate_set_the_time_that_is_shown(card: ClipCard) -> None:
    assert "does not tell the frames a second" in card.movement.play.toolTip()
    movement = card.movement
    skeleton = movement.view._skeleton
    movement.show_clip(skeleton, every=2, frames=24, rate=10.0)
    movement.player.seek(3)
    assert movement.place.text() == "frame 6 of 24   0.60 s"
    assert cursors(card) == (6, 6)
    movement.speed.setCurrentIndex(movement.speed.findData(2.0))
    assert movement.player._timer.interval() == 100


def test_a_clip_that_is_left_no_longer_plays(in_window: ClipCard, window: MainWindow, qtbot: QtBot) -> None:
    player = in_window.movement.player
    player.toggle()
    with qtbot.waitSignal(player.playing_changed, timeout=1_000):
        window.show_panel(0)
    window.show_panel(3)
    player.toggle()
    with qtbot.waitSignal(window.session.jobs.succeeded, timeout=10_000):
        window.samples._table.selectRow(1)
    assert not player.is_playing


def test_the_table_counts_missing_hands_and_frozen_frames(
    in_window: ClipCard, window: MainWindow, qtbot: QtBot
) -> None:
    model = window.samples._model
    tester = QAbstractItemModelTester(model, FATAL)
    window.samples._rebuild()
    titles = [column.title for column in model._columns]
    right, frozen = titles.index("right hand missing"), titles.index("frozen")
    assert titles[-3:] == ["left hand missing", "right hand missing", "frozen"]

    def shown(column: int) -> list[object]:
        return [model.data(model.index(row, column)) for row in range(model.rowCount())]

    assert shown(right) == ["0 %", "8 %", "17 %", "25 %", "33 %"]
    window.samples._table.sortByColumn(right, Qt.SortOrder.DescendingOrder)
    assert shown(right) == ["33 %", "25 %", "17 %", "8 %", "0 %"]
    assert shown(frozen)[0] == "9 %"  # 1 of 11 steps
    tester.deleteLater()


def test_without_landmarks_it_says_why_and_draws_the_features_alone(window: MainWindow, qtbot: QtBot) -> None:
    card = show(window, qtbot, demo_files())
    assert card._heat.has_data()
    assert not card.movement.isVisible()
    assert "which joints the 36 numbers of a frame are" in card._why.text()
    titles = [column.title for column in window.samples._model._columns]
    assert not any("missing" in title for title in titles)
    assert cursors(card) == (None, None)


def test_clips_that_cannot_be_run_are_shown_all_the_same(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    arrays = clips_with_hands()
    for array in arrays:
        array[:2, 66:108] = np.nan
    card = show(window, qtbot, write_case(tmp_path / "case", arrays))
    assert "not finite" in window.samples._note.text()
    assert window.samples._heading.count_of.whole == "5 clips, none run"
    assert card.movement.isVisible()
    assert not card._plot.isVisible()
    titles = [column.title for column in window.samples._model._columns]
    assert titles == ["clip", "true gloss", "id here", "frames", "left hand missing", "right hand missing", "frozen"]


def test_clips_without_a_checkpoint_are_shown(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    files = write_case(tmp_path / "case", clips_with_hands())
    card = show(window, qtbot, files[1:])
    assert "Drop a checkpoint" in window.samples._note.text()
    assert card.movement.isVisible()
    assert not window.samples.controls.decoder_box.isVisible()


def test_another_case_begins_with_its_first_clip(
    in_window: ClipCard, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    other = [citizen(("right", "left"), 7, seed) for seed in range(20, 24)]
    window.samples._table.selectRow(0)
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
    window.session.clear()
    show(window, qtbot, write_case(tmp_path / "other", other)[1:], row=0)
    assert in_window._title.text().startswith("clip0   true")
    assert "frame 0 of 7" in in_window.movement.place.text()
    np.testing.assert_array_equal(in_window._heat._rows.values, other[0])


def test_features_of_a_clip_that_is_no_longer_selected_are_dropped(
    in_window: ClipCard, window: MainWindow, qtbot: QtBot, engine: DirectEngine
) -> None:
    held, asked = threading.Event(), threading.Event()
    answer = engine.service.clip_features

    def slow(talk, index: int) -> ClipFeatures:  # type: ignore[no-untyped-def]
        found = answer(talk, index)
        if index == 0:
            asked.set()
            held.wait(5)
        return found

    engine.service.clip_features = slow  # type: ignore[method-assign]
    window.samples._table.selectRow(0)
    qtbot.waitUntil(asked.is_set, timeout=5_000)
    window.samples._table.selectRow(1)
    qtbot.waitUntil(lambda: not window.session.jobs.is_running(LANE), timeout=10_000)
    held.set()
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=10_000)
    np.testing.assert_array_equal(in_window._heat._rows.values, clips_with_hands()[1])


def test_features_that_cannot_be_read_become_a_sentence(
    in_window: ClipCard, window: MainWindow, qtbot: QtBot, engine: DirectEngine
) -> None:
    def fail(talk, index: int) -> ClipFeatures:  # type: ignore[no-untyped-def]
        raise DataError("The clip is cut short.", advice="Copy it again.")

    engine.service.clip_features = fail  # type: ignore[method-assign]
    window.samples._table.selectRow(0)
    qtbot.waitUntil(lambda: in_window._why.text() == "The clip is cut short. Copy it again.", timeout=10_000)
    assert not in_window._heat.isVisible()
    assert not in_window.movement.isVisible()


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_a_frame_of_the_skeleton_is_saved(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    points = np.arange(12.0).reshape(2, 3, 2)  # (T, J, 2)
    nothing = np.zeros(2, bool)
    hand = BodyPart("left hand", "left", points, ((0, 1), (1, 2)), nothing, np.ones(3, bool))
    view = SkeletonView()
    qtbot.addWidget(view)
    view.show_skeleton(Skeleton((hand,), (0.0, 0.0, 12.0, 12.0)))
    view.show_frame(1)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / f"x.{kind}"), ""))
    view._save(kind)
    content = (tmp_path / f"x.{kind}").read_bytes()
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "csv": b"part,joint,x,y\nleft hand,0,6.0,7.0\n"}
    assert content.startswith(starts[kind])
    view.close()


def picture_of(card: ClipCard) -> set[str]:
    image = card.movement.view.image()
    return {
        image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(60, image.height() - 60, 2)
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hands_are_drawn_in_their_colours_and_a_missing_one_is_not(card: ClipCard, scheme: str) -> None:
    apply_scheme(scheme)
    colours = theme.current()
    card.movement.player.seek(0)
    without = picture_of(card)
    card.movement.player.seek(5)
    whole = picture_of(card)
    apply_scheme("light")
    assert colours.series_2 not in without
    assert {colours.series_1, colours.series_2, colours.series_3} <= whole


def test_the_skeleton_stays_to_be_seen_while_it_has_the_focus(card: ClipCard, qtbot: QtBot) -> None:
    view = card.movement.view
    card.movement.player.seek(5)
    plain = view.grab().toImage()
    view.setFocus()
    qtbot.waitUntil(view.hasFocus, timeout=2_000)
    focused = view.grab().toImage()
    inside = plain.rect().adjusted(2, 2, -2, -2)
    assert focused.copy(inside) == plain.copy(inside)
    assert focused != plain


def test_the_heat_map_reads_out_raw_numbers_and_joins_rows_beyond_the_screen(qtbot: QtBot) -> None:
    heat = FeatureHeat()
    qtbot.addWidget(heat)
    values = np.zeros((6, 3 * MOST_ROWS), np.float32)
    values[2, 5] = 8.0
    values[4] = np.nan
    width = values.shape[1]
    bands = (Band("body", 0, 4), Band("face", 4, width))
    nowhere = np.zeros(values.shape, bool)
    heat.show_features(heat_rows(values, np.zeros(width), np.full(width, 2.0), absent=nowhere, every=2, bands=bands))
    heat.resize(500, heat.height())
    assert not heat.image().isNull()
    picture = heat._image
    assert picture is not None
    assert picture.height() == MOST_ROWS
    assert picture.pixelColor(2, 5 // 3).name() == theme.current().series_2, "the farthest number of a row is seen"
    assert picture.pixelColor(4, 100).name() == theme.current().series_3
    assert heat.readout(4.2, 5.5) == "frame 4, face, number 1\n8 (+4.00 sd)"
    assert heat.readout(8, 1) == "frame 8, body, number 1\nnan (missing)"
    assert heat.readout(99, 1) == ""
    names, rows = heat.table()
    assert (names[:2], rows[1][0], len(rows)) == (["frame", "body 0"], 2, 6)
    heat.show_features(None)
    assert not heat.has_data()


def test_levels_of_the_heat_map_by_hand() -> None:
    """Mean 1 and deviation 2: 1 is the middle, 7 the end, 4 half-way; a feature that never changes has no deviation."""
    values = np.array([[1, 7, -50], [4, np.nan, 3], [-2, -5, 3]], np.float32)
    rows = heat_rows(values, np.array([1.0, 1.0, np.nan]), np.array([2.0, 2.0, 0.0]), absent=values == 4)
    half = round(1.5 * MIDDLE)
    assert rows.levels.tolist() == [[MIDDLE, MISSING, MIDDLE - (half - MIDDLE)], [2 * MIDDLE, MISSING, 0], [MIDDLE] * 3]


def test_a_layout_of_one_hand_and_a_clip_in_which_nothing_was_found(qtbot: QtBot) -> None:
    card = ClipCard()
    qtbot.addWidget(card)
    layout = landmarks_of("one hand", (("hand", ("wrist", "index mcp")),), 2, "")
    nothing = ClipFeatures(0, np.zeros((3, 4), np.float32), 1, 3, np.zeros(4), np.ones(4), layout, None)
    card.show_features(drawing_of(nothing))
    assert card.movement.view.words() == "nothing was found in this frame"
    assert not card.movement.view.image().isNull()


@pytest.mark.parametrize("name", ["pose/mediapipe.pose", "pose/openpose.pose", "islr_parquet/bird-0.parquet"])
def test_a_real_clip_moves(window: MainWindow, qtbot: QtBot, cases: Path, name: str) -> None:
    card = show(window, qtbot, [cases / "real" / name], row=0)
    assert card.movement.isVisible()
    assert "Left hand missing in" in card._quality.text()
    changed: list[int] = []
    card.movement.frame_changed.connect(changed.append)
    card.movement.play.click()
    qtbot.waitUntil(lambda: len(changed) >= 3, timeout=5_000)
    card.movement.player.pause()
    assert changed[:3] == [1, 2, 3]
    assert cursors(card) == (changed[-1], changed[-1])


def test_all_words_of_the_card_can_be_read(card: ClipCard) -> None:
    shown = texts(card)
    assert "clip3   true: “b” (2)" in shown
    assert card._heat.accessibleName()
    assert card.movement.view.accessibleName() == "Skeleton"


def test_all_glosses_are_shown_as_a_map_with_path_and_alignment(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    with qtbot.waitSignal(window.session.looks.clip.succeeded, timeout=60_000):
        window.open_files(run.files)
    card = window.samples._detail
    window.show_panel(window.panels.index(window.samples))
    assert card._plot.isVisible()
    assert not card._map.isVisible()
    card._turn.click()
    assert card._map.isVisible()
    assert not card._plot.isVisible()
    assert card._turn.text() == "Show the lines"
    posteriors = card._map._values  # (C, T)
    assert posteriors.sum(axis=0) == pytest.approx(np.ones(posteriors.shape[1]), abs=1e-5)
    assert card._map._path.tolist() == posteriors.argmax(axis=0).tolist()
    best = int(card._map._path[0])
    share = 100 * posteriors[best, 0]
    assert card._map.readout(float(card._map.stops()[0]), best + 0.5).endswith(f": {share:.1f} %")
    names = [text for _, text in card._map.y_ticks(*card._map.y_range(), 5)]
    assert names[0] == "blank"
    assert card._map.x_range() == card._plot.x_range()
    before = card._map.grab().toImage()
    card._map._aligned = ((1, 0, 3),)
    card._map.update()
    assert card._map.grab().toImage() != before
    head, rows = card._map.table()
    assert len(head) == 1 + len(posteriors)
    assert len(rows) == posteriors.shape[1]
