"""Small widgets that every panel is made of. All text is plain text: what a file says is never taken for markup."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card
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
