"""What holds in every panel: names for those who do not see, a way back, the layout and the files of last time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gui.conftest import DirectEngine
from makers import Run
from PySide6.QtCore import QObject, QRect, QSettings, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QSlider,
    QSplitter,
    QWidget,
)
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.case.records import Role
from asl_inspector.gui.layout_dialog import _unquoted
from asl_inspector.gui.layout_memory import first_size
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.recents import MOST, Recents
from asl_inspector.gui.session import Session
from asl_inspector.gui.sidebar import FileCard
from asl_inspector.gui.undoing import Undoing
from asl_inspector.gui.why import Explanation
from asl_inspector.gui.widgets import Text, Tile
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.report.blank_expectation import expected_blank_share
from asl_inspector.report.why import WHY, why_of


def open_and_wait(window: MainWindow, qtbot: QtBot, paths: list[Path]) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(paths)


def spoken_name(widget: QWidget) -> str:
    """What a screen reader says of a widget: its accessible name, else the text that it shows."""
    if widget.accessibleName():
        return widget.accessibleName()
    return widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""


def focusable(window: QWidget) -> Iterator[QWidget]:
    """Every widget that the Tab key stops at; parts that Qt makes inside of others are reached through those."""
    for widget in window.findChildren(QWidget):
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or widget.objectName().startswith("qt_"):
            continue
        if widget.window() is not window:  # the list of a box of choices, which the box speaks for
            continue
        if isinstance(widget, QLineEdit) and isinstance(widget.parent(), QComboBox):
            continue
        if isinstance(widget.parent(), QAbstractScrollArea | QComboBox) and not isinstance(
            widget.parent(), QScrollArea
        ):
            continue
        yield widget


def described(widget: QWidget) -> str:
    """A widget by its panel and kind, for the message of a failed test."""
    above: QObject | None = widget
    while above is not None and not isinstance(above, Panel):
        above = above.parent()
    words = widget.placeholderText() if isinstance(widget, QLineEdit) else widget.toolTip()
    return f"{type(widget).__name__} in {above.title if isinstance(above, Panel) else 'the window'}: {words}"


def test_every_control_of_every_panel_has_a_name(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    found = list(focusable(window))
    assert len(found) > 100
    assert not [described(one) for one in found if not spoken_name(one).strip()]


def test_tab_goes_from_files_to_panels_to_the_panel_that_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    window.activateWindow()
    first = next(iter(window.sidebar.findChildren(FileCard)))
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)
    order: list[QWidget] = []
    qtbot.wait(20)
    while window.focusWidget() is not first or not order:
        QTest.keyClick(window, Qt.Key.Key_Tab)
        order.append(window.focusWidget())
        assert len(order) < 200
    in_sidebar = [window.sidebar.isAncestorOf(widget) for widget in order]
    steps = sum(a != b for a, b in itertools.pairwise(in_sidebar))
    assert any(window.diagnosis.isAncestorOf(widget) for widget in order)
    assert steps <= 2  # the sidebar, then the panel, then round again: never to and fro
    assert all(widget.isVisible() for widget in order)


# -- a way back -----------------------------------------------------------------------------------------------------


def test_roles_and_removals_are_undone_and_done_again(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    session, stack = window.session, window.findChildren(Undoing)[0].stack
    open_and_wait(window, qtbot, run.files)
    before = session.choices
    with qtbot.waitSignal(session.became_idle, timeout=60_000):
        session.choose_role(run.train, Role.VALIDATION)
    assert stack.undoText() == "the role of features_train.pkl"
    with qtbot.waitSignal(session.became_idle, timeout=60_000):
        stack.undo()
    assert session.choices == before
    assert {row.path: row.role for row in session.case.files}[run.train] is Role.TRAIN
    with qtbot.waitSignal(session.became_idle, timeout=60_000):
        stack.redo()
    assert {row.path: row.role for row in session.case.files}[run.train] is Role.VALIDATION
    with qtbot.waitSignal(session.became_idle, timeout=60_000):
        session.remove_file(run.train)
    with qtbot.waitSignal(session.became_idle, timeout=60_000):
        stack.undo()
    assert run.train in [row.path for row in session.case.files]


def test_undoing_neither_allows_code_nor_takes_it_back(qtbot: QtBot, engine: DirectEngine, tmp_path: Path) -> None:
    session = Session(engine)  # type: ignore[arg-type]
    before = session.choices
    allowed = Consent(tmp_path / "model.py", "0" * 64)
    session.settings = Settings(consent=allowed)
    with qtbot.waitSignal(session.became_idle, timeout=60_000):
        session.restore(before)
    assert session.settings.consent == allowed
    session.close()
    qtbot.waitUntil(lambda: session.jobs.is_idle, timeout=20_000)


def test_another_case_has_nothing_to_undo(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    stack = window.findChildren(Undoing)[0].stack
    open_and_wait(window, qtbot, [run.train])
    assert stack.undoText() == "adding features_train.pkl"
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.clear()
    assert not stack.canUndo()


# -- last time ------------------------------------------------------------------------------------------------------


def test_what_was_opened_together_is_offered_again(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    recents = window.findChildren(Recents)[0]
    open_and_wait(window, qtbot, run.files)
    assert recents.entries == [run.files]
    menu = next(one for one in window.findChildren(QMenu) if one.title() == "Open &recent")
    assert f"{run.files[0].name} and {len(run.files) - 1} more" in menu.actions()[0].text()
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.clear()
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        menu.actions()[0].trigger()
    assert len(window.session.case.files) == len(run.files)
    recents.clear()
    assert not menu.isEnabled()


def test_only_the_latest_are_kept_and_a_foreign_list_is_none(qtbot: QtBot, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat)
    owner = QWidget()
    qtbot.addWidget(owner)
    recents = Recents(settings, lambda _: None, owner)
    for number in range(MOST + 3):
        recents.remember([Path(f"/runs/{number}.pt")])
    recents.remember([Path(f"/runs/{MOST}.pt")])
    assert len(recents.entries) == MOST
    assert recents.entries[0] == [Path(f"/runs/{MOST}.pt")]
    for foreign in ("{", "7", '[1, [2], ["a", 3]]'):
        settings.setValue("files/recent", foreign)
        assert recents.entries == []


@pytest.mark.parametrize(("screen", "least"), [(QSize(1024, 600), True), (QSize(3840, 2160), False)])
def test_the_first_window_is_never_larger_than_the_screen(screen: QSize, least: bool) -> None:
    size = first_size(QSize(1320, 860), QRect(0, 0, screen.width(), screen.height()))
    assert size.width() < screen.width()
    assert size.height() < screen.height()
    assert (size == QSize(1320, 860)) is not least


def test_the_window_fits_the_screen_that_there_is(window: MainWindow) -> None:
    available = window.screen().availableGeometry()
    assert available.contains(window.geometry())
    assert window.minimumSize().boundedTo(available.size()) == window.minimumSize()


def test_layout_and_device_come_back(qtbot: QtBot, tmp_path: Path) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    sizes = []
    for turn in range(2):
        engine = DirectEngine()
        window = MainWindow(Session(engine), settings)  # type: ignore[arg-type]
        qtbot.addWidget(window)
        with qtbot.waitSignal(window.ready, timeout=10_000):
            window.show()
        window.show_panel(window.panels.index(window.samples))
        splitter = window.samples.findChildren(QSplitter)[0]
        if turn == 0:
            splitter.setSizes([260, 300])
            window.session.choose(Settings(device="cpu"))
        assert window.session.settings.device == "cpu"
        sizes.append(splitter.sizes())
        window.close()
        qtbot.waitUntil(lambda window=window: window.session.jobs.is_idle, timeout=20_000)
        window.close()
    assert sizes[0] == sizes[1]


# -- figures and words ----------------------------------------------------------------------------------------------


def test_every_figure_says_why_it_matters(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    tiles = window.findChildren(Tile)
    assert len(tiles) > 15
    for tile in tiles:
        assert tile.why.isVisibleTo(tile), tile.title.text()
        assert tile.why.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert tile.title.text() in tile.why.accessibleName()
    assert why_of("Validation accuracy by first token") == WHY["Validation accuracy"]
    assert why_of("Something else") == ""


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # said of any popup without a screen
def test_the_reason_opens_with_a_key_and_closes_with_escape(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    button = window.diagnosis.figures.tiles[0].why
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    (box,) = button.findChildren(Explanation)
    assert box.isVisible()
    assert WHY["Validation accuracy"][:40] in "".join(text.text() for text in box.findChildren(Text))
    QTest.keyClick(box, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not button.findChildren(Explanation))


def test_the_blank_share_to_expect_counts_one_to_three_frames_a_gloss() -> None:
    low, high = expected_blank_share(np.array([30, 10]), np.array([1, 2]))  # type: ignore[misc]
    assert high == pytest.approx(1 - 3 / 40)
    assert low == pytest.approx(1 - 9 / 40)
    assert expected_blank_share(np.array([2]), np.array([5])) == (0.0, 0.0)
    assert expected_blank_share(np.zeros(0, np.int64), np.zeros(0, np.int64)) is None


def test_the_slider_reads_the_bias_curve_off(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    assert window.session.inspection is not None
    sweep = window.session.inspection.diagnosis.sweep
    assert sweep is not None
    card = window.blanks._sweep
    assert card.read.text().startswith("As trained")
    (slider,) = card.findChildren(QSlider)
    slider.setValue(0)
    point = sweep.points[0]
    assert f"{point.correct} of {point.of} right" in card.read.text()
    assert f"{100 * point.empty_share:.1f} % empty" in card.read.text()
    card._plot.pressed.emit(10.0)
    assert slider.value() == len(sweep.points) - 1


def test_the_histogram_sets_frames_beside_labels_of_the_same_sum(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    panel = window.histogram
    panel._level.button(1).click()
    assert panel._plot._reference.sum() == pytest.approx(panel._plot._heights.sum())
    panel._log.setChecked(True)
    assert panel._plot.y_range()[1] < panel._plot._heights.max()
    assert panel._model.rowCount() == 10
    panel._most.setCurrentIndex(2)
    assert panel._model.rowCount() > 30


def test_code_in_sentences_has_no_backticks_and_text_of_files_keeps_them(qtbot: QtBot) -> None:
    sentence, value = Text("`gloss_to_id` is built inside `f`, it's one ` tick"), Text("`x`", exact=True)
    for label in (sentence, value):
        qtbot.addWidget(label)
    assert sentence.text() == "gloss_to_id is built inside f, it's one ` tick"
    assert value.text() == "`x`"


def test_two_fields_are_named_without_stray_quotes() -> None:
    assert _unquoted("gloss” and “gloss_id") == "gloss and gloss_id"
