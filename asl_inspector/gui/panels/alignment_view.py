"""One clip gloss by gloss: what was signed over what was recognised, and the frames that speak each gloss."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableWidget, QTableWidgetItem

from asl_inspector.gui import theme
from asl_inspector.inference.records import AlignedGloss
from asl_inspector.visible_text import visible

ROWS = ("signed", "recognised", "frames", "probability")
MARKS = {"right": "", "substitution": "S", "deletion": "D", "insertion": "I"}
NOTHING = "–"
NARROWEST, WIDEST = 64, 190
MOST_COLUMNS = 400
ROW, HEAD = 30, 24


class AlignmentView(QTableWidget):
    """A column a step; errors are marked S, D or I and coloured."""

    def __init__(self) -> None:
        super().__init__(len(ROWS), 0)
        self.setVerticalHeaderLabels(list(ROWS))
        self.setAccessibleName("Signed against recognised, gloss by gloss")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setMinimumSectionSize(NARROWEST)
        self.horizontalHeader().setMaximumSectionSize(WIDEST)
        self.horizontalHeader().setFixedHeight(HEAD)
        self.setFixedHeight(ROW * len(ROWS) + HEAD + 16)
        self._steps: tuple[AlignedGloss, ...] = ()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._steps:  # the colours of errors change too
            self.show_steps(self._steps)

    def show_steps(self, steps: tuple[AlignedGloss, ...]) -> None:
        """Show a clip's alignment; a clip of one gloss needs no table, and `one_gloss_words` tells all of it."""
        shown = self._steps = steps[:MOST_COLUMNS] if sum(bool(one.signed) for one in steps) > 1 else ()
        self.setVisible(bool(shown))
        self.setColumnCount(len(shown))
        self.setHorizontalHeaderLabels([MARKS[one.kind] for one in shown])
        for column, one in enumerate(shown):
            frames = (
                NOTHING if one.first < 0 else str(one.first) if one.first == one.last else f"{one.first}–{one.last}"
            )
            likely = "" if one.probability is None else f"{100 * one.probability:.0f} %"
            for row, text in enumerate((one.signed or NOTHING, one.recognised or NOTHING, frames, likely)):
                item = QTableWidgetItem(visible(text))
                item.setToolTip(visible(text) if row < 2 else _hint(one))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if row < 2 and one.kind != "right":
                    item.setForeground(QColor(theme.Scheme.colours.danger))
                self.setItem(row, column, item)

    @property
    def words(self) -> str:
        """The same as text: one line a row."""
        lines = []
        for row, title in enumerate(ROWS):
            cells = [self.item(row, column) for column in range(self.columnCount())]
            lines.append("\t".join([title, *(cell.text() if cell is not None else "" for cell in cells)]))
        return "\n".join(lines)


def one_gloss_words(steps: tuple[AlignedGloss, ...]) -> str:
    """Where the gloss of a clip of one gloss is spoken; an empty string for other clips."""
    signed = [one for one in steps if one.signed]
    if len(signed) != 1 or signed[0].first < 0 or signed[0].probability is None:
        return ""
    one = signed[0]
    where = f"frame {one.first}" if one.first == one.last else f"frames {one.first} to {one.last}"
    likely = f"{100 * signed[0].probability:.0f} %"
    return f" If the clip says “{visible(one.signed)}”, it does so at {where}, with {likely} on average (forced alignment)."


def _hint(one: AlignedGloss) -> str:
    if one.first < 0:
        return "No path of the network's frames says what was signed."
    return f"On the most probable path that says what was signed, “{visible(one.signed)}” is spoken here (forced alignment)."
