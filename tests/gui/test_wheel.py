"""A turn of the wheel scrolls the page, whatever control lies under the pointer."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QSlider, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from asl_inspector.gui.containers import Scrolled
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.gui.wheel import leave_wheel_to_page


def takes_a_turn(control: QWidget) -> bool:
    """Whether the control keeps one notch down over its middle, instead of leaving it to what is around."""
    middle = QPointF(control.rect().center())
    event = QWheelEvent(
        middle,
        control.mapToGlobal(middle),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(control, event)
    return event.isAccepted()


@pytest.mark.parametrize("focused", [False, True])
def test_the_wheel_over_a_control_changes_nothing(qtbot: QtBot, focused: bool) -> None:
    page, box, slider, number = QWidget(), QComboBox(), QSlider(Qt.Orientation.Horizontal), QSpinBox()
    qtbot.addWidget(page)
    box.addItems(["majority", "first token", "exact score"])
    box.setCurrentIndex(1)
    column = QVBoxLayout(page)
    for control in (box, slider, number):
        column.addWidget(control)
    for numbered in (slider, number):
        numbered.setValue(50)
    with qtbot.waitExposed(page):
        page.show()
    assert takes_a_turn(box)  # as Qt has it, with the focus or without
    assert box.currentIndex() == 2
    leave_wheel_to_page(box, slider, number)
    for control in (box, slider, number):
        if focused:
            control.setFocus()
        assert not takes_a_turn(control)
    assert (box.currentIndex(), slider.value(), number.value()) == (2, 50, 50)


def test_no_control_on_a_page_that_scrolls_takes_the_wheel(window: MainWindow) -> None:
    """A control that the wheel changes, in any panel: scrolling past it would change what is shown."""
    for panel in range(len(PANELS)):
        window.show_panel(panel)
    taken = [
        control.accessibleName()
        for page in window.findChildren(Scrolled)
        for kind in (QComboBox, QSlider)
        for control in page.findChildren(kind)
        if takes_a_turn(control)
    ]
    assert taken == []
