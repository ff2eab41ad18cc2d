"""The order in which the Tab key goes through what is built later than the window: as it is read, not as it was made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QSplitter, QStackedWidget, QWidget

NEXT_PART = "F6"


def in_reading_order(widget: QWidget) -> Iterator[QWidget]:
    """The widgets within `widget` that the Tab key stops at, as their layouts have them."""
    policy = widget.focusPolicy()
    is_page = (
        isinstance(widget, QScrollArea) and policy != Qt.FocusPolicy.NoFocus
    )  # the key stops there once it scrolls
    if is_page or policy & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QScrollArea):
        inner = widget.widget()
        if inner is not None:
            yield from in_reading_order(inner)
    elif isinstance(widget, QSplitter | QStackedWidget):
        for index in range(widget.count()):
            inner = widget.widget(index)
            if index and isinstance(widget, QSplitter):
                yield from in_reading_order(widget.handle(index))
            if inner is not None:
                yield from in_reading_order(inner)
    else:
        layout = widget.layout()
        if layout is not None:
            yield from _in_layout(layout, widget)


def _in_layout(layout: QLayout, within: QWidget) -> Iterator[QWidget]:
    """The members of a layout and of those inside of it, in order.

    Places are asked for, not items: what `itemAt` returns is a second wrapper of a layout that has one, and PySide6 6.11
    crashes in `releaseWrapper` when the layout is deleted. It can go back to `itemAt` when that is mended.
    """
    direct = Qt.FindChildOption.FindDirectChildrenOnly
    widgets = within.findChildren(QWidget, options=direct)
    layouts = layout.findChildren(QLayout, options=direct)
    members: list[tuple[int, QWidget | QLayout]] = [(layout.indexOf(one), one) for one in widgets]
    members += [(layout.indexOf(one), one) for one in layouts]
    for place, member in sorted(members, key=lambda found: found[0]):
        if place >= 0 and isinstance(member, QLayout):
            yield from _in_layout(member, within)
        elif place >= 0 and isinstance(member, QWidget):
            yield from in_reading_order(member)


def bring_into_view(widget: QWidget | None) -> None:
    """Scroll every page around a widget to it: Qt does so where the Tab key goes on within a page, not into one."""
    above = widget.parentWidget() if widget is not None else None
    while widget is not None and above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()


class TabOrder(QObject):
    """Puts widgets in reading order, a moment after it is asked: what is being shown is complete by then.

    Args:
        parts: What follows each other, such as the sidebar and the panels.
        parent: Owner.
    """

    def __init__(self, parts: list[QWidget], parent: QObject) -> None:
        super().__init__(parent)
        self._parts = parts
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.arrange)
        QShortcut(QKeySequence(NEXT_PART), parts[0]).activated.connect(self.go_on)

    @Slot()
    def go_on(self) -> None:
        """Give the focus to the next part that has something for it: from the files to the panel, and back."""
        held = QApplication.focusWidget()
        here = next((place for place, part in enumerate(self._parts) if held and part.isAncestorOf(held)), -1)
        for part in self._parts[here + 1 :] + self._parts[: here + 1]:
            stops = (widget for widget in in_reading_order(part) if widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            first = next((widget for widget in stops if widget.isVisible() and widget.isEnabled()), None)
            if first is not None:
                first.setFocus(Qt.FocusReason.TabFocusReason)
                bring_into_view(first)
                return

    @Slot()
    def arrange_soon(self) -> None:
        """Arrange when the event loop comes round."""
        self._timer.start(0)

    @Slot()
    def arrange(self) -> None:
        """Arrange now."""
        chain = [widget for part in self._parts for widget in in_reading_order(part)]
        for before, after in itertools.pairwise(chain):
            QWidget.setTabOrder(before, after)
