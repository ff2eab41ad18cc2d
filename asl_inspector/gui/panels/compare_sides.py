"""The head of the Compare panel: which two checkpoints, and which state dict of each."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from asl_inspector.case.records import CaseFile, Role
from asl_inspector.engine.messages import CompareSide
from asl_inspector.gui import theme
from asl_inspector.gui.name_box import NameBox
from asl_inspector.gui.widgets import Text
from asl_inspector.visible_text import visible

ANOTHER = "Open another file to compare…"
NARROWEST = 150
WIDEST_PART = 170


class SideBox(QWidget):
    """A letter, a list of checkpoints, and a list of state dicts where the chosen file has several."""

    changed = Signal()

    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter
        self._known: list[Path] = []
        self._chosen: Path | None = None
        self._by_hand = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        label = Text(letter, weight=QFont.Weight.DemiBold, tone="muted", wrap=False)
        self._files, self._parts = NameBox(NARROWEST), NameBox(0)
        self._files.setAccessibleName(f"Checkpoint {letter}")
        self._parts.setAccessibleName(f"State dict of {letter}")
        self._files.setPlaceholderText("Choose a checkpoint")
        self._parts.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._parts.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._parts.setMaximumWidth(WIDEST_PART)
        self._parts.hide()
        layout.addWidget(label, alignment=Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._files, 1)
        layout.addWidget(self._parts)
        self._files.activated.connect(self._choose)
        self._parts.activated.connect(self._choose_part)

    @property
    def side(self) -> CompareSide | None:
        """What is chosen, or None."""
        if self._chosen is None:
            return None
        return CompareSide(self._chosen, self._parts.currentData() if self._parts.count() else None)

    @property
    def known(self) -> list[Path]:
        """The files that are offered."""
        return self._known

    def offer(self, paths: list[Path], usual: Path | None) -> None:
        """Offer the checkpoints of a case; a file that was chosen by hand stays chosen while it exists."""
        kept = self._chosen if self._by_hand and self._chosen is not None and self._chosen.exists() else None
        self._by_hand = kept is not None
        offered = paths if kept is None or kept in paths else [*paths, kept]
        self.show_files(offered, kept or usual)

    def forget(self) -> None:
        """Offer nothing: the case is closed, and what was chosen by hand was chosen for it."""
        self._by_hand = False
        self.show_files([], None)

    def show_files(self, paths: list[Path], chosen: Path | None) -> None:
        """Offer these files, and the way to others."""
        if self._chosen != chosen:
            self._parts.clear()
            self._parts.hide()
        self._known, self._chosen = paths, chosen
        with QSignalBlocker(self._files):
            self._files.clear()
            for path in paths:
                self._files.addItem(visible(path.name), path)
                self._files.setItemData(self._files.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)
            self._files.insertSeparator(self._files.count())
            self._files.addItem(ANOTHER, None)
            self._files.setCurrentIndex(paths.index(chosen) if chosen in paths else -1)
        self._files.setToolTip(str(chosen) if chosen else "")

    def choose(self, paths: list[Path], side: CompareSide | None) -> None:
        """Choose a file, and a state dict of it, as if by hand."""
        self._by_hand = side is not None
        self.show_files(paths, side.path if side else None)
        if side is not None and side.part is not None:
            self._parts.addItem(visible(side.part), side.part)

    def show_parts(self, parts: tuple[str, ...], chosen: str | None) -> None:
        """Offer the state dicts of the chosen file where there are several."""
        with QSignalBlocker(self._parts):
            self._parts.clear()
            for index, part in enumerate(parts if len(parts) > 1 else ()):
                self._parts.addItem(visible(part) or "(top level)", None if index == 0 else part)
            if chosen in parts:
                self._parts.setCurrentIndex(parts.index(chosen))
        self._parts.setVisible(self._parts.count() > 0)

    @Slot(int)
    def _choose(self, index: int) -> None:
        path = self._files.itemData(index)
        if path is None:
            start = str(self._chosen.parent) if self._chosen else ""
            name, _ = QFileDialog.getOpenFileName(self, f"Checkpoint {self._letter}", start)
            path = Path(name) if name else None
        if path is None:
            self.show_files(self._known, self._chosen)
            return
        self._by_hand = True
        self.show_files(self._known if path in self._known else [*self._known, path], path)
        self.changed.emit()

    @Slot()
    def _choose_part(self) -> None:
        self.changed.emit()


class SidesBar(QWidget):
    """Both sides, and a button that swaps them."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.a, self.b = SideBox("A"), SideBox("B")
        swap = QPushButton("⇄")
        swap.setToolTip("Swap A and B")
        swap.setAccessibleName("Swap A and B")
        swap.setFont(theme.font(theme.LARGE))
        swap.clicked.connect(self._swap)
        layout.addWidget(self.a, 1)
        layout.addWidget(swap)
        layout.addWidget(self.b, 1)
        for box in (self.a, self.b):
            box.changed.connect(self.changed)

    @property
    def pair(self) -> tuple[CompareSide, CompareSide] | None:
        """What is to be compared, or None while a side is missing."""
        one, other = self.a.side, self.b.side
        return None if one is None or other is None else (one, other)

    def show_case(self, files: tuple[CaseFile, ...]) -> None:
        """Offer the checkpoints of the case; what was chosen stays where it still can."""
        paths = [row.path for row in files if Role.CHECKPOINT in row.choices]
        order = {Role.CHECKPOINT: 0, Role.STAGE1: 1}
        ranked = sorted((row for row in files if row.path in paths), key=lambda row: order.get(row.role, 2))
        first = ranked[0].path if ranked else None
        second = ranked[1].path if len(ranked) > 1 else None
        self.a.offer(paths, first)
        self.b.offer(paths, second)

    def forget(self) -> None:
        """The case is closed."""
        self.a.forget()
        self.b.forget()

    @Slot()
    def _swap(self) -> None:
        known = list(dict.fromkeys([*self.a.known, *self.b.known]))
        first, second = self.a.side, self.b.side
        self.a.choose(known, second)
        self.b.choose(known, first)
        self.changed.emit()
