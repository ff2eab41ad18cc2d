"""What widgets stand in: cards, columns that wrap, pages that scroll, headings that fold."""

from __future__ import annotations

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.focus_ring import FocusRing
from asl_inspector.gui.leaving import let_go


class Card(QFrame):
    """A framed group with a vertical layout."""

    def __init__(self, *, margins: tuple[int, int, int, int] = (16, 14, 16, 14), spacing: int = 8) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*margins)
        self.body.setSpacing(spacing)


class Line(QFrame):
    """A thin horizontal line."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "line")
        self.setFixedHeight(1)


class Scrolled(QScrollArea):
    """A column of widgets that scrolls vertically and never horizontally; the Tab key stops at it where it does."""

    def __init__(self, *, margins: tuple[int, int, int, int] = (22, 18, 22, 22)) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Page")
        self._inside = QWidget()
        self.column = QVBoxLayout(self._inside)
        self.column.setContentsMargins(*margins)
        self.column.setSpacing(theme.GAP)
        self.setWidget(self._inside)
        self._ring = FocusRing(self)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.verticalScrollBar().rangeChanged.connect(self._take_focus_where_it_scrolls)

    @Slot()
    def _take_focus_where_it_scrolls(self) -> None:
        scrolls = self.verticalScrollBar().maximum() > 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if scrolls else Qt.FocusPolicy.ClickFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._ring.follow(event.reason())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._ring.hide()


class Columns(QWidget):
    """Widgets side by side in as many columns as fit, all of one width."""

    def __init__(self, *, narrowest: int) -> None:
        super().__init__()
        self._narrowest = narrowest
        self._members: list[QWidget] = []
        self._fillers: list[QWidget] = []
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.GAP)
        self._count = 0

    def set_members(self, members: list[QWidget]) -> None:
        """Show these widgets; the old ones are let go."""
        for old in self._members:
            if old not in members:
                let_go(old)
        self._members = members
        self._count = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        return QSize(self._narrowest, super().minimumSizeHint().height())

    def _arrange(self) -> None:
        room = max(1, (self.width() + theme.GAP) // (self._narrowest + theme.GAP))
        count = max(1, min(len(self._members), room))
        if count == self._count:
            return
        self._count = count
        for filler in self._fillers:
            let_go(filler)
        self._fillers = []
        while (item := self._rows.takeAt(0)) is not None:
            row = item.layout()
            while row is not None and row.count():
                row.takeAt(0)
            if row is not None:
                shiboken6.delete(row)  # at once: see `leaving.py`
        for start in range(0, len(self._members), count):
            line = QHBoxLayout()
            line.setSpacing(theme.GAP)
            for member in self._members[start : start + count]:
                line.addWidget(member, 1)
            for _ in range(count - len(self._members[start : start + count])):
                filler = QWidget()  # as wide as a member, which a stretch is not: it has no margins
                filler.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
                self._fillers.append(filler)
                line.addWidget(filler, 1)
            self._rows.addLayout(line)


class Foldable(QWidget):
    """A heading that shows or hides what is below it, which is made when it is first shown."""

    toggled = Signal(bool)

    def __init__(self, title: str, make: Callable[[], QWidget], *, is_open: bool = False) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._title, self._make = title, make
        self._button = QPushButton()
        self._button.setProperty("look", "flat")
        self._button.setCheckable(False)
        self._button.clicked.connect(self._flip)
        self._inner: QWidget | None = None
        self._column.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignLeft)
        self.set_open(is_open)

    @property
    def is_open(self) -> bool:
        """True while what is below is shown."""
        return self._inner is not None and not self._inner.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show or hide what is below."""
        if is_open and self._inner is None:
            self._inner = self._make()
            self._column.addWidget(self._inner)
        if self._inner is not None:
            self._inner.setVisible(is_open)
        self._button.setText(f"{'▾' if is_open else '▸'} {self._title}")
        self._button.setAccessibleName(f"{self._title}, {'shown' if is_open else 'hidden'}")
        self.toggled.emit(is_open)

    @Slot()
    def _flip(self) -> None:
        self.set_open(not self.is_open)


def empty(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Take all widgets and layouts out of a layout and delete them."""
    while (item := layout.takeAt(0)) is not None:
        inner, widget = item.layout(), item.widget()
        if isinstance(inner, QVBoxLayout | QHBoxLayout):
            empty(inner)
            shiboken6.delete(inner)  # at once: see `leaving.py`
        if widget is not None:
            let_go(widget)
