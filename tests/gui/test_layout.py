"""Nothing stands on anything else and nothing is cut, at every size that the window may have."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QHBoxLayout, QLabel, QScrollArea, QStackedLayout, QWidget
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.gui.containers import Scrolled
from asl_inspector.gui.main_window import SMALLEST, START_SIZE, MainWindow
from asl_inspector.gui.name_box import NameBox
from asl_inspector.gui.widgets import Elided, Text

ARROW = 30  # pixels of a box beside its text

SIZES = [(SMALLEST.width(), SMALLEST.height()), (1000, 700), (START_SIZE.width(), START_SIZE.height()), (1920, 1080)]


def overlaps(root: QWidget) -> Iterator[str]:
    """Pairs of widgets of one layout that share pixels."""
    for parent in [root, *root.findChildren(QWidget)]:
        layout = parent.layout()
        if layout is None or isinstance(layout, QStackedLayout) or not parent.isVisible():
            continue
        members = [child for child in parent.children() if isinstance(child, QWidget) and child.isVisible()]
        placed = [child for child in members if not child.isWindow() and child.geometry().isValid()]
        for one, other in itertools.combinations(placed, 2):
            if one.geometry().intersects(other.geometry()):
                yield f"{named(one)} and {named(other)} overlap"


def cuts(root: QWidget) -> Iterator[str]:
    """Widgets whose text has less room than it needs, or that reach out of what they stand in."""
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or isinstance(widget, Elided):
            continue
        wanted = widget.sizeHint()
        if isinstance(widget, QLabel) and widget.text():
            if widget.wordWrap():
                if widget.height() < widget.heightForWidth(widget.width()):
                    yield f"{named(widget)} needs {widget.heightForWidth(widget.width())} px of height, has {widget.height()}"
            elif widget.width() < wanted.width():
                yield f"{named(widget)} needs {wanted.width()} px, has {widget.width()}"
        elif isinstance(widget, QComboBox):
            text = widget.fontMetrics().horizontalAdvance(widget.currentText())
            if widget.width() < text + ARROW:
                yield f"{named(widget)} needs {text + ARROW} px, has {widget.width()}"
        elif isinstance(widget, QAbstractButton) and widget.width() < wanted.width() and widget.text():
            yield f"{named(widget)} needs {wanted.width()} px, has {widget.width()}"
        elif isinstance(widget, QScrollArea) and (inside := widget.widget()) is not None:
            never = widget.horizontalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff
            if never and inside.width() > widget.viewport().width():
                yield f"{named(widget)} shows {widget.viewport().width()} px of a page of {inside.width()} px"
        parent = widget.parentWidget()
        if parent is not None and parent.layout() is not None and not parent.rect().contains(widget.geometry()):
            yield f"{named(widget)} reaches out of {named(parent)}"


def text_of(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return widget.text() if isinstance(widget, QAbstractButton | QLabel) else ""


def named(widget: QWidget) -> str:
    return f"{type(widget).__name__} “{(text_of(widget) or widget.accessibleName())[:40]}”"


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Columns are laid out again once they know their width, and what they hold after them."""
    for _ in range(3):
        qtbot.wait(10)
    assert window.isVisible()


@pytest.mark.slow
def test_nothing_overlaps_and_nothing_is_cut(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(demo_files())
    qtbot.waitUntil(window.diagnosis.what_if.isVisible, timeout=20_000)
    window.samples.controls.more.setChecked(True)
    found: list[str] = []
    for size in SIZES:
        window.resize(*size)
        assert window.size() == QSize(*size)  # nothing in it needs more
        for index, panel in enumerate(window.panels):
            window.show_panel(index)
            for view in (0, 1) if panel is window.glosses else (0,):
                window.glosses.show_view(view)
                settle(window, qtbot)
                found += [f"{size} {panel.title}: {one}" for one in (*overlaps(panel), *cuts(panel))]
        found += [f"{size} sidebar: {one}" for one in (*overlaps(window.sidebar), *cuts(window.sidebar))]
    assert not found, "\n".join(found)


def test_the_check_sees_a_cut_label_and_an_overlap(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    line = QHBoxLayout(box)
    labels = [Text("the first label", wrap=False), Text("the second label", wrap=False)]
    for label in labels:
        line.addWidget(label)
    box.show()
    assert not [*overlaps(box), *cuts(box)]
    labels[0].resize(labels[0].width() - 8, labels[0].height())
    assert any("needs" in one for one in cuts(box))
    labels[0].resize(labels[0].width() + 40, labels[0].height())
    assert any("overlap" in one for one in overlaps(box))
    page = Scrolled()
    page.column.addWidget(Text("a page that is wider than its window", wrap=False))
    line.addWidget(page)
    page.setFixedWidth(120)
    qtbot.waitUntil(lambda: any("of a page" in one for one in cuts(box)))


def test_a_long_name_in_a_box_loses_its_middle_and_a_short_one_nothing(qtbot: QtBot) -> None:
    box = NameBox(80)
    qtbot.addWidget(box)
    box.setPlaceholderText("Choose")
    box.addItem("stage1_checkpoint_best.pt")
    box.setCurrentIndex(-1)
    box.setFixedWidth(150)
    box.show()
    assert box.shown_text() == "Choose"
    box.setCurrentIndex(0)
    assert box.shown_text().startswith("stage")
    assert box.shown_text().endswith(".pt")
    assert "…" in box.shown_text()
    assert not box.grab().isNull()
    box.setFixedWidth(400)
    assert box.shown_text() == "stage1_checkpoint_best.pt"
