"""What the panels around one table have in common: a heading with a count, a search field, the choice of a decoder, keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QTableView, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.tables import ColumnModel
from asl_inspector.gui.widgets import Elided, Text

DECODERS = (("majority of frames", "majority"), ("first token", "first_token"), ("exact score", "score"))
SEARCH_DELAY_MS = 150
NARROWEST_SEARCH = 100  # pixels
MOST_COPIED = 100_000  # rows; a spreadsheet takes no million from a clipboard, and the window would stand still


class PanelHeading(QHBoxLayout):
    """A title, what is counted beside it, which is cut where there is no room, and buttons at the right."""

    def __init__(self, title: str, *buttons: QWidget) -> None:
        super().__init__()
        self.setSpacing(8)
        self.addWidget(Text(title, size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self.count_of = Elided(tone="muted", sentence=True)
        self.addWidget(self.count_of, 1)
        for button in buttons:
            self.addWidget(button)


class SearchField(QLineEdit):
    """Says what is sought a moment after the last key."""

    searched = Signal()

    def __init__(self, what: str) -> None:
        super().__init__()
        self.setPlaceholderText(what)
        self.setAccessibleName(what)
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(NARROWEST_SEARCH)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DELAY_MS)
        self._timer.timeout.connect(self.searched)
        self.textChanged.connect(self._timer.start)

    def settle(self) -> None:
        """Say nothing of what was typed so far: whoever asks has seen to it."""
        self._timer.stop()


def decoder_box() -> QComboBox:
    """Whose answers are shown."""
    box = QComboBox()
    box.setAccessibleName("Decoder")
    for text, value in DECODERS:
        box.addItem(text, value)
    return box


def copy_key(table: QTableView, copy: Callable[[], None]) -> None:
    """Ctrl+C on the table copies rows."""
    key = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table)
    key.setContext(Qt.ShortcutContext.WidgetShortcut)
    key.activated.connect(copy)


def find_key(content: QWidget, search: QLineEdit) -> None:
    """Ctrl+F anywhere in the panel goes to the search."""
    key = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), content)
    key.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    key.activated.connect(search.setFocus)


def copy_rows(table: QTableView, model: ColumnModel) -> None:
    """Put the rows that are selected on the clipboard, as text."""
    chosen = table.selectionModel().selection()
    rows: set[int] = set()
    for place in range(chosen.count()):
        rows |= set(range(chosen.at(place).top(), chosen.at(place).bottom() + 1))
    if rows:
        QGuiApplication.clipboard().setText(model.text_rows(sorted(rows)[:MOST_COPIED]))
