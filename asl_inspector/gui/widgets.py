"""Small widgets that every panel is made of. All text is plain text: what a file says is never taken for markup."""

from __future__ import annotations

import re

import shiboken6
from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QGuiApplication, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.gui import theme
from asl_inspector.gui.focus_ring import FocusRing
from asl_inspector.gui.leaving import let_go
from asl_inspector.gui.numbers import local_figure, local_sentence
from asl_inspector.gui.scripts import in_order
from asl_inspector.gui.why import WhyButton
from asl_inspector.report.why import why_of
from asl_inspector.visible_text import visible

CODE = re.compile(r"`([^`\n]+)`")


class Text(QLabel):
    """Plain text that wraps, can be selected, and shows control characters instead of obeying them.

    Numbers are written as in the user's region, and the backticks that sentences of the program put around code are left
    out: they mean nothing on a label. `exact` keeps both as they are, for what a file says.
    """

    def __init__(
        self,
        text: str = "",
        *,
        size: float = theme.BODY_SIZE,
        weight: QFont.Weight = QFont.Weight.Normal,
        tone: str = "",
        mono: bool = False,
        wrap: bool = True,
        selectable: bool = False,
        exact: bool = False,
    ) -> None:
        super().__init__()
        self._exact = exact or mono
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(size, weight=weight, mono=mono))
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.set_tone(tone)
        self.setText(text)

    def setText(self, text: str) -> None:
        shown = text if self._exact else CODE.sub(r"\1", local_sentence(text))
        shown = visible(shown, one_line=False)
        super().setText(shown if self._exact else in_order(shown))

    def set_tone(self, tone: str) -> None:
        """Colour by meaning: "", "muted", "danger", "caution", "good" or "accent"."""
        self.setProperty("tone", tone)
        restyle(self)


class Elided(QLabel):
    """One line that ends in an ellipsis where there is no room; the whole text is in the tool tip.

    A `sentence` has numbers as the user's region writes them; a name stays as it is.
    """

    def __init__(
        self,
        text: str = "",
        *,
        size: float = theme.BODY_SIZE,
        tone: str = "",
        middle: bool = False,
        sentence: bool = False,
    ) -> None:
        super().__init__()
        self._is_sentence = sentence
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(size))
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        self._whole = ""
        self.set_whole(text)

    @property
    def whole(self) -> str:
        """The whole text."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show `text`, cut to the room there is."""
        self._whole = in_order(visible(local_sentence(text))) if self._is_sentence else visible(text)
        self.setToolTip(self._whole)
        self.setAccessibleName(self._whole)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        self.setText(QFontMetricsF(self.font()).elidedText(self._whole, self._mode, self.width()))


class Badge(QLabel):
    """A short word on a coloured ground; `kind` is "critical", "warning", "info" or "good"."""

    def __init__(self, text: str, kind: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(theme.SMALL, weight=QFont.Weight.DemiBold))
        self.setProperty("badge", kind)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)


class Card(QFrame):
    """A framed group with a vertical layout."""

    def __init__(self, *, margins: tuple[int, int, int, int] = (16, 14, 16, 14), spacing: int = 8) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(*margins)
        self.body.setSpacing(spacing)


class Tile(Card):
    """One figure: what it is, its value, and a line that puts it in place."""

    def __init__(self, title: str) -> None:
        super().__init__(margins=(14, 11, 14, 11), spacing=3)
        self.title = Text(title, size=theme.SMALL, tone="muted")
        self.value = Text(size=theme.FIGURE, weight=QFont.Weight.DemiBold, wrap=False, selectable=True, exact=True)
        self.note = Text(size=theme.SMALL, tone="muted")
        self.why = WhyButton(self)
        self.why.explain(title, why_of(title))
        heading = QHBoxLayout()
        heading.setSpacing(6)
        heading.addWidget(self.title, 1)
        heading.addWidget(self.why, alignment=Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(heading)
        self.body.addWidget(self.value)
        self.body.addWidget(self.note)
        self.body.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_figure(self, value: str, note: str, tone: str = "", title: str | None = None) -> None:
        """Show a value; "-" stands for what is not known."""
        if title is not None:
            self.title.setText(title)
            self.why.explain(title, why_of(title))
        value = local_sentence(value) if value.lstrip("+-−")[:1].isdigit() else local_figure(value)
        self.value.setText(value)
        self.value.set_tone(tone)
        self.note.setText(note)
        self.setAccessibleName(f"{self.title.text()}: {value}, {self.note.text()}")


class Line(QFrame):
    """A thin horizontal line."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "line")
        self.setFixedHeight(1)


class EmptyState(QWidget):
    """What a panel shows while it has nothing: what it would show, and what to drop."""

    def __init__(self, title: str, advice: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        self._title = Text(title, size=theme.LARGE + 2, weight=QFont.Weight.DemiBold)
        self._advice = Text(advice, tone="muted")
        for label in (self._title, self._advice):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        layout.addStretch(3)

    def say(self, title: str, advice: str) -> None:
        """Say something else, such as what failed."""
        self._title.setText(title)
        self._advice.setText(advice)


class CodeBox(QWidget):
    """A snippet to copy."""

    def __init__(self, code: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._edit = QPlainTextEdit()
        self._edit.setReadOnly(True)
        self._edit.setFont(theme.font(theme.SMALL, mono=True))
        self._edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._edit.setPlainText(code.rstrip())
        self._edit.setAccessibleName("Code to copy")
        lines = code.rstrip().count("\n") + 1
        height = QFontMetricsF(self._edit.font()).lineSpacing() * lines
        self._edit.setFixedHeight(min(260, int(height) + 36))
        layout.addWidget(self._edit)
        self._button = link_button("Copy code")
        self._button.clicked.connect(self._copy)
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignRight)

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._edit.toPlainText())
        self._button.setText("Copied")


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


class PanelButton(QPushButton):
    """An entry of the panel list: a name on the left, a figure on the right."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setProperty("look", "panel")
        self.setMinimumHeight(28)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self._name = name
        self._figure = ""

    def set_figure(self, text: str) -> None:
        """Show a short figure at the right edge."""
        self._figure = local_sentence(text)
        self.setAccessibleName(f"{self._name} {self._figure}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        colours = theme.current()
        painter = QPainter(self)
        weight = QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal
        painter.setFont(theme.font(weight=weight))
        painter.setPen(colours.accent if self.isChecked() else colours.text)
        inside = self.rect().adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, int(middle | Qt.AlignmentFlag.AlignLeft), self._name)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(colours.muted)
        painter.drawText(inside, int(middle | Qt.AlignmentFlag.AlignRight), self._figure)
        painter.end()


class DropOverlay(QFrame):
    """Shown over the window while files are dragged: they may be dropped anywhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        label = Text("Drop files or folders anywhere", size=theme.TITLE, weight=QFont.Weight.DemiBold, tone="accent")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(label)
        self.hide()


class Foldable(QWidget):
    """A heading that shows or hides what is below it."""

    toggled = Signal(bool)

    def __init__(self, title: str, inner: QWidget, *, is_open: bool = False) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._title = title
        self._button = QPushButton()
        self._button.setProperty("look", "flat")
        self._button.setCheckable(False)
        self._button.clicked.connect(self._flip)
        self._inner = inner
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(inner)
        self.set_open(is_open)

    def set_open(self, is_open: bool) -> None:
        """Show or hide the inner widget."""
        self._inner.setVisible(is_open)
        self._button.setText(f"{'▾' if is_open else '▸'} {self._title}")
        self._button.setAccessibleName(f"{self._title}, {'shown' if is_open else 'hidden'}")
        self.toggled.emit(is_open)

    @Slot()
    def _flip(self) -> None:
        self.set_open(self._inner.isHidden())


def link_button(text: str) -> QPushButton:
    """A button that looks like a link."""
    button = QPushButton(text)
    button.setProperty("look", "link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button


def restyle(widget: QWidget) -> None:
    """Have the style sheet look at a widget's properties again."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def empty(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Take all widgets and layouts out of a layout and delete them."""
    while (item := layout.takeAt(0)) is not None:
        inner, widget = item.layout(), item.widget()
        if isinstance(inner, QVBoxLayout | QHBoxLayout):
            empty(inner)
            shiboken6.delete(inner)  # at once: see `leaving.py`
        if widget is not None:
            let_go(widget)
