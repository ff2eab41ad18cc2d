"""One side of the Before and after panel: the case in the window, or a file with a diagnosis."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from asl_inspector.gui.name_box import NameBox
from asl_inspector.gui.widgets import Text
from asl_inspector.visible_text import visible

KINDS = "Cases and diagnoses (*.aslcase *.json)"
THIS_CASE = Path()  # stands for the case in the window
ANOTHER = "Open a saved case or a diagnosis…"
NARROWEST = 100  # pixels


class ReportBox(QWidget):
    """A word, and a list of what can be compared."""

    changed = Signal()

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word
        self._has_case = False
        self._files: list[Path] = []
        self._chosen: Path | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        label = Text(word, weight=QFont.Weight.DemiBold, tone="muted", wrap=False)
        self._list = NameBox(NARROWEST)
        self._list.setAccessibleName(word)
        self._list.setPlaceholderText("Choose")
        layout.addWidget(label, alignment=Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._list, 1)
        self._list.activated.connect(self._activate)
        self._show()

    @property
    def chosen(self) -> Path | None:
        """What is chosen, `THIS_CASE` for the one in the window, or None."""
        return self._chosen

    def offer_case(self, *, is_there: bool) -> None:
        """Offer the case in the window, or no longer."""
        self._has_case = is_there
        if not is_there and self._chosen == THIS_CASE:
            self._chosen = None
        self._show()

    def forget(self) -> None:
        """Choose nothing; the files that were chosen before stay in the list."""
        self._chosen = None
        self._show()

    def choose(self, path: Path) -> None:
        """Choose a file, or `THIS_CASE`."""
        if path != THIS_CASE and path not in self._files:
            self._files.append(path)
        self._chosen = path
        self._show()

    def _show(self) -> None:
        offered = [*([THIS_CASE] if self._has_case else []), *self._files]
        with QSignalBlocker(self._list):
            self._list.clear()
            for path in offered:
                self._list.addItem("This case" if path == THIS_CASE else visible(path.name), path)
                self._list.setItemData(self._list.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)
            if offered:
                self._list.insertSeparator(self._list.count())
            self._list.addItem(ANOTHER, None)
            self._list.setCurrentIndex(offered.index(self._chosen) if self._chosen in offered else -1)
            self._list.setToolTip("" if self._chosen in (None, THIS_CASE) else str(self._chosen))

    @Slot(int)
    def _activate(self, index: int) -> None:
        path = self._list.itemData(index)
        if path is None:
            name, _ = QFileDialog.getOpenFileName(self, self._word, "", KINDS)
            path = Path(name) if name else None
        if path is None:
            self._show()
            return
        self.choose(path)
        self.changed.emit()
