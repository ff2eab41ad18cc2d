"""Everything can be done without a pointer: the focus is seen, nothing holds it, and keys do what clicks do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gui.test_everywhere import described, focusable, open_and_wait
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSlider,
    QSpinBox,
    QTableView,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.gui.containers import Scrolled
from asl_inspector.gui.layout_dialog import LayoutDialog
from asl_inspector.gui.main_window import SMALLEST, MainWindow
from asl_inspector.gui.panel_button import PanelButton
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.gui.sort_keys import HELP, add_sorting
from asl_inspector.gui.splitter import STEP, Splitter
from asl_inspector.gui.tables import Column, ColumnModel, new_table
from asl_inspector.gui.why import WhyButton
from asl_inspector.gui.widgets import link_button
from asl_inspector.samples.mapping import Correction

ALT = Qt.KeyboardModifier.AltModifier
SEEN = 60  # of 255: how far a pixel changes where the focus is shown
PIXELS_SEEN = 40  # a ring around the smallest control has more


def show_active(qtbot: QtBot, widget: QWidget) -> None:
    """Show a window as the one that has the keys."""
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)


def column(title: str, values: list[float]) -> Column:
    return Column(title, np.array(values), lambda row: f"{values[row]:g}", numeric=True)


# -- the focus is seen ----------------------------------------------------------------------------------------------


def controls() -> Iterator[QWidget]:
    """One of each kind that the panels and dialogs have."""
    for look in ("", "primary", "flat", "segment", "small"):
        for checked in (False, True):
            button = QPushButton("A button")
            button.setProperty("look", look)
            button.setCheckable(True)
            button.setChecked(checked)
            yield button
    yield link_button("A link")
    yield PanelButton("A panel")
    chosen = PanelButton("The panel that is shown")
    chosen.setChecked(True)
    yield chosen
    for checked in (False, True):
        box = QCheckBox("A choice")
        box.setChecked(checked)
        yield box
    yield QComboBox()
    yield QSpinBox()
    yield QSlider(Qt.Orientation.Horizontal)
    yield QPlainTextEdit("Code to copy")
    yield QTreeWidget()
    model = ColumnModel()
    model.set_columns([column("clips", [3.0, 1.0])])
    table = new_table(model, "A table")
    model.setParent(table)
    yield table
    page = Scrolled()
    page.column.addWidget(QLabel("\n" * 40))
    yield page


def pixels(box: QWidget, widget: QWidget) -> NDArray[np.int_]:
    """(H, W, 3), what is seen of a widget and around it."""
    place = QRect(widget.mapTo(box, QPoint(0, 0)), widget.size()).adjusted(-3, -3, 3, 3)
    image = box.grab(place).toImage().convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return raw[:, :, :3].astype(int)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen_on_every_kind_of_control(qtbot: QtBot, scheme: str) -> None:
    apply_scheme(scheme)
    box = QWidget()
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(box)
    columns = QHBoxLayout(box)
    shown = list(controls())
    for start in range(0, len(shown), 8):
        line = QVBoxLayout()
        columns.addLayout(line)
        for widget in shown[start : start + 8]:
            line.addWidget(widget)
    why = WhyButton(box)
    why.explain("Accuracy", "What the share of right answers says.")
    columns.addWidget(why)
    box.resize(900, 560)
    show_active(qtbot, box)
    unseen = []
    for widget in [*shown, why]:
        box.setFocus()
        before = pixels(box, widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        assert widget.hasFocus()
        changed = int((np.abs(pixels(box, widget) - before).max(axis=2) > SEEN).sum())
        if changed < PIXELS_SEEN:
            unseen.append(f"{type(widget).__name__} {widget.property('look') or ''}: {changed} pixels")
    assert not unseen


def test_a_page_takes_the_focus_only_where_it_scrolls_and_its_ring_only_by_keys(qtbot: QtBot) -> None:
    page = Scrolled()
    qtbot.addWidget(page)
    inside = QLabel("one line")
    page.column.addWidget(inside)
    page.resize(300, 200)
    show_active(qtbot, page)
    assert not page.focusPolicy() & Qt.FocusPolicy.TabFocus
    inside.setText("\n" * 60)
    qtbot.waitUntil(lambda: bool(page.focusPolicy() & Qt.FocusPolicy.TabFocus))
    page.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not page._ring.isVisible()
    page.clearFocus()
    page.setFocus(Qt.FocusReason.TabFocusReason)
    assert page._ring.isVisible()
    assert page._ring.size() == page.size()
    page.clearFocus()
    assert not page._ring.isVisible()


# -- keys do what clicks do -----------------------------------------------------------------------------------------


def test_keys_sort_by_the_column_of_the_current_cell(qtbot: QtBot) -> None:
    model = ColumnModel()
    model.set_columns([column("clips", [3.0, 1.0, 2.0]), column("loss", [0.1, 0.3, 0.2])])
    table = new_table(model, "Glosses")
    qtbot.addWidget(table)
    model.setParent(table)
    show_active(qtbot, table)
    table.setFocus()
    assert table.accessibleDescription() == HELP
    table.setCurrentIndex(model.index(0, 0))
    QTest.keyClick(table, Qt.Key.Key_Right)
    QTest.keyClick(table, Qt.Key.Key_Down, ALT)
    assert [model.source_row(row) for row in range(3)] == [1, 2, 0]
    assert model.source_row(table.currentIndex().row()) == 0  # the clip that was looked at still is
    QTest.keyClick(table, Qt.Key.Key_Left)
    QTest.keyClick(table, Qt.Key.Key_Up, ALT)
    assert [model.source_row(row) for row in range(3)] == [1, 2, 0]
    QTest.keyClick(table, Qt.Key.Key_Down, ALT)
    assert [model.source_row(row) for row in range(3)] == [0, 2, 1]


def test_enter_on_a_bar_is_a_click_on_it(qtbot: QtBot) -> None:
    plot = BarPlot(x_title="gloss", y_title="clips")
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    plot.show_bars(["book", "drink", "who"], np.array([3.0, 1.0, 2.0]))
    plot.show()
    told: list[float] = []
    plot.pressed.connect(told.append)
    QTest.keyClick(plot, Qt.Key.Key_Return)
    assert told == []  # no bar is marked
    QTest.keyClick(plot, Qt.Key.Key_Right)
    QTest.keyClick(plot, Qt.Key.Key_Right)
    QTest.keyClick(plot, Qt.Key.Key_Return)
    assert told == [1.0]


def test_the_menu_of_a_tree_sorts_as_its_headings_do(qtbot: QtBot) -> None:
    tree = QTreeWidget()
    qtbot.addWidget(tree)
    tree.setHeaderLabels(["key", "numbers", "mean"])
    tree.hideColumn(2)
    header = tree.header()
    header.setSortIndicatorShown(True)
    header.setSortIndicatorClearable(True)
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def press(title: str) -> None:
        menu = QMenu(tree)
        add_sorting(menu, header)
        actions = {action.text(): action for action in menu.actions()[0].menu().actions()}
        assert "mean" not in actions  # not shown
        assert actions[title].isEnabled()
        actions[title].trigger()

    press("numbers")
    press("Largest first")
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (1, Qt.SortOrder.DescendingOrder)
    press("key")
    assert (header.sortIndicatorSection(), header.sortIndicatorOrder()) == (0, Qt.SortOrder.DescendingOrder)
    press("As in the file")
    assert header.sortIndicatorSection() == -1


def test_f6_goes_from_the_files_to_the_panel_and_back(window: MainWindow, qtbot: QtBot) -> None:
    show_active(qtbot, window)
    window.show_panel(3)
    window.show_panel(0)
    window.sidebar._buttons[0].setFocus()
    QTest.keyClick(window, Qt.Key.Key_F6)
    assert window.diagnosis.isAncestorOf(window.focusWidget())
    QTest.keyClick(window, Qt.Key.Key_F6)
    assert window.sidebar.isAncestorOf(window.focusWidget())


def test_enter_presses_the_button_that_has_the_focus_and_opens_its_menu(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_active(qtbot, window)
    window.sidebar._buttons[3].setFocus()
    QTest.keyClick(window.sidebar._buttons[3], Qt.Key.Key_Return)
    assert window.current_panel is window.samples
    button = QPushButton("Columns", window)
    button.setMenu(QMenu(button))
    shown: list[bool] = []
    monkeypatch.setattr(button, "showMenu", lambda: shown.append(True))  # a real one grabs a keyboard that is not there
    button.show()
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Enter)
    assert shown == [True]
    window.samples.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Return)  # no button has it: nothing happens
    assert window.current_panel is window.samples


# -- nothing holds the focus ----------------------------------------------------------------------------------------


def test_the_tab_key_leaves_the_table_of_the_layout_dialog(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = LayoutDialog(tmp_path / "clips.npz", Correction())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    qtbot.addWidget(dialog)
    dialog._table.setRowCount(3)
    show_active(qtbot, dialog)
    dialog._table.setFocus()
    QTest.keyClick(dialog._table, Qt.Key.Key_Tab)
    assert not dialog._table.hasFocus()


def shown_and_enabled(window: MainWindow, panel: QWidget) -> set[QWidget]:
    """What the Tab key should come to in a panel."""
    return {one for one in focusable(window) if panel.isAncestorOf(one) and one.isVisible() and one.isEnabled()}


@pytest.mark.slow
def test_tab_reaches_every_control_of_every_panel_and_comes_round_both_ways(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    window.samples.controls.more.setChecked(True)
    window.resize(SMALLEST)
    show_active(qtbot, window)
    missed: list[str] = []
    hidden: list[str] = []
    for index, panel in enumerate(window.panels):
        window.show_panel(index)
        for view in (0, 1) if panel is window.glosses else (0,):
            window.glosses.show_view(view)
            qtbot.wait(40)
            first = window.sidebar._buttons[index]
            in_list = [button for button in window.sidebar._buttons if button.focusPolicy() & Qt.FocusPolicy.TabFocus]
            assert in_list == [first]  # the arrow keys go to the others
            walks = []
            for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                first.setFocus()
                bar = window.sidebar.findChildren(QScrollArea)[0].verticalScrollBar()
                bar.setValue(bar.maximum() if key is Qt.Key.Key_Tab else 0)  # away from where the key comes in
                order: list[QWidget] = []
                while window.focusWidget() is not first or not order:
                    QTest.keyClick(window.focusWidget(), key)
                    order.append(window.focusWidget())
                    hidden += [described(order[-1])] * order[-1].visibleRegion().isEmpty()
                    assert len(order) < 200, f"{described(order[-1])} holds the focus"
                walks.append(order)
            wanted = shown_and_enabled(window, panel)
            missed += [f"{panel.title}: {described(one)}" for one in wanted if one not in walks[0]]
            missed += [f"{panel.title}, back: {described(one)}" for one in wanted if one not in walks[1]]
    assert not missed
    assert not hidden  # a page scrolls to what the key comes to
    assert not [described(view) for view in window.findChildren(QTableView) if view.tabKeyNavigation()]


def test_the_arrow_keys_move_a_divider(qtbot: QtBot) -> None:
    splitter = Splitter()
    qtbot.addWidget(splitter)
    for _ in range(2):
        splitter.addWidget(QLabel("part"))
    splitter.resize(800, 300)
    splitter.setSizes([400, 400])
    show_active(qtbot, splitter)
    divider = splitter.handle(1)
    divider.clearFocus()
    before, plain = splitter.sizes(), divider.grab().toImage()
    divider.setFocus(Qt.FocusReason.TabFocusReason)
    assert divider.grab().toImage() != plain  # where the focus is can be seen
    qtbot.keyClick(divider, Qt.Key.Key_Right)
    assert splitter.sizes() == [before[0] + STEP, before[1] - STEP]
    for _ in range(2):
        qtbot.keyClick(divider, Qt.Key.Key_Left)
    assert splitter.sizes() == [before[0] - STEP, before[1] + STEP]


def test_no_two_entries_of_a_menu_answer_to_one_letter(window: MainWindow) -> None:
    menus = [window.menuBar(), *window.menuBar().findChildren(QMenu)]
    assert len(menus) > 5
    for menu in menus:
        letters = [QKeySequence.mnemonic(action.text()).toString() for action in menu.actions()]
        told = Counter(letter for letter in letters if letter)
        assert not [letter for letter, times in told.items() if times > 1], f"{menu.accessibleName() or menu}: {told}"
