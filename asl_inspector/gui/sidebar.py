"""The left side of the window: the files of the case, and the list of panels."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QFont, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from asl_inspector.case.records import CaseFile, Role
from asl_inspector.engine.messages import CaseView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Foldable, empty
from asl_inspector.gui.panel_button import PanelButton
from asl_inspector.gui.widgets import Elided, Text
from asl_inspector.report.sizes import size_text
from asl_inspector.visible_text import visible

WIDTH = 262
ROLE_NAMES = {
    Role.CHECKPOINT: "Checkpoint",
    Role.EPOCH: "Epoch of the run",
    Role.VALIDATION: "Validation data",
    Role.TRAIN: "Training data",
    Role.VOCABULARY: "Vocabulary",
    Role.STAGE1: "Stage 1 checkpoint",
    Role.HISTORY: "History",
    Role.OUTPUTS: "Saved outputs",
    Role.LABELS: "Labels",
    Role.UNUSED: "Not used",
}
ORDER = list(ROLE_NAMES)
FEW = 2  # more files of one kind are folded


class FileCard(QFrame):
    """One file: name, role, size, state. A click or the menu key offers what can be done with it."""

    wants_role = Signal(object, object)
    wants_removal = Signal(object)
    wants_replacement = Signal(object)
    wants_layout = Signal(object)

    def __init__(self, row: CaseFile) -> None:
        super().__init__()
        self.row = row
        self.setProperty("kind", "file")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 7)
        layout.setSpacing(1)
        layout.addWidget(Elided(row.path.name, middle=True))
        line = QHBoxLayout()
        tone = "danger" if row.problem and row.role is Role.UNUSED else "muted"
        line.addWidget(Elided(ROLE_NAMES[row.role], size=theme.SMALL, tone=tone), 1)
        line.addWidget(Text(_figure(row), size=theme.SMALL, tone="muted", wrap=False))
        layout.addLayout(line)
        why = row.problem or row.why
        if row.role is not Role.UNUSED:
            layout.addWidget(Text(row.why, size=theme.SMALL, tone="muted"))
        if row.layout:
            layout.addWidget(Elided(row.layout, size=theme.SMALL, tone="muted"))
        if row.notes:
            more = f" (and {len(row.notes) - 1} more)" if len(row.notes) > 1 else ""
            layout.addWidget(Text(row.notes[0] + more, size=theme.SMALL, tone="caution"))
        if row.problem:
            layout.addWidget(Text(row.problem, size=theme.SMALL, tone="danger"))
        elif row.role is Role.UNUSED:
            layout.addWidget(Text(row.why, size=theme.SMALL, tone="muted"))
        if row.would_run:
            layout.addWidget(Text(_would_run_words(row), size=theme.SMALL, tone="caution"))
        lines = (str(row.path), size_text(row.bytes), why, row.advice, row.layout, *row.notes)
        self.setToolTip("\n".join(line for line in lines if line))
        self.setAccessibleName(f"{row.path.name}, {ROLE_NAMES[row.role]}, {row.summary}. {why}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._menu(event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.wants_removal.emit(self.row.path)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._menu(self.mapToGlobal(QPoint(12, self.height())))
        else:
            super().keyPressEvent(event)

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        for role in (role for role in ORDER if role in self.row.choices):
            action = menu.addAction(f"Use as {ROLE_NAMES[role].lower()}" if role is not Role.UNUSED else "Do not use")
            action.setCheckable(True)
            action.setChecked(role is self.row.role)
            action.triggered.connect(partial(self._choose, role))
        if self.row.choices:
            menu.addSeparator()
        if _may_be_clips(self.row):
            menu.addAction("Layout of the clips...", self._ask_layout)
        menu.addAction("Replace...", self._replace)
        menu.addAction("Remove", self._remove)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _choose(self, role: Role, _checked: bool = False) -> None:
        self.wants_role.emit(self.row.path, role)

    @Slot()
    def _replace(self) -> None:
        self.wants_replacement.emit(self.row.path)

    @Slot()
    def _ask_layout(self) -> None:
        self.wants_layout.emit(self.row)

    @Slot()
    def _remove(self) -> None:
        self.wants_removal.emit(self.row.path)


def _may_be_clips(row: CaseFile) -> bool:
    """True for clips, and for files that could not be read and may hold some after all."""
    return bool(row.layout) or (bool(row.problem) and row.path.exists())


def _figure(row: CaseFile) -> str:
    """What it holds and how large it is; of a checkpoint only the size."""
    weights = row.role in (Role.CHECKPOINT, Role.EPOCH, Role.STAGE1) or not row.summary
    return size_text(row.bytes) if weights else f"{row.summary}, {size_text(row.bytes)}"


def _would_run_words(row: CaseFile) -> str:
    names = list(dict.fromkeys(run.call for run in row.would_run))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"A plain load would run {names[0]}{more}"


class Sidebar(QWidget):
    """Files above, panels below."""

    wants_role = Signal(object, object)
    wants_removal = Signal(object)
    wants_replacement = Signal(object)
    wants_layout = Signal(object)
    wants_files = Signal()
    panel_chosen = Signal(int)

    def __init__(self, titles: list[str]) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(12, 14, 12, 12)
        outer.setSpacing(6)
        outer.addWidget(_heading("CASE"))
        self._remarks = Text("", size=theme.SMALL, tone="caution")
        self._remarks.hide()
        outer.addWidget(self._remarks)
        inside = QWidget()
        self._files = QVBoxLayout(inside)
        self._files.setContentsMargins(0, 0, 0, 0)
        self._files.setSpacing(6)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        outer.addWidget(area, 1)
        outer.addSpacing(6)
        outer.addWidget(_heading("PANELS"))
        panels = QVBoxLayout()
        panels.setSpacing(1)
        outer.addLayout(panels)
        self._buttons: list[PanelButton] = []
        for index, title in enumerate(titles):
            button = PanelButton(title)
            button.clicked.connect(partial(self._choose, index))
            self._buttons.append(button)
            panels.addWidget(button)
        self.select_panel(0)
        self.show_case(CaseView((), (), None))

    def select_panel(self, index: int) -> None:
        """Mark a panel as the one that is shown."""
        self._buttons[index].setChecked(True)
        for place, button in enumerate(self._buttons):  # the arrow keys go on from there
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus if place == index else Qt.FocusPolicy.NoFocus)

    def show_figure(self, index: int, text: str) -> None:
        """Show a panel's figure beside its name."""
        self._buttons[index].set_figure(text)

    def _choose(self, index: int, _checked: bool = False) -> None:
        self.panel_chosen.emit(index)

    @Slot(object)
    def show_remarks(self, sentences: tuple[str, ...]) -> None:
        """Say what is not as it was when the case was saved."""
        self._remarks.setText(visible("\n".join(sentences), one_line=False))
        self._remarks.setVisible(bool(sentences))

    @Slot(object)
    def show_case(self, case: CaseView) -> None:
        """Show the files, used ones first, epochs of the run and unused ones folded where there are many."""
        empty(self._files)
        used = sorted((row for row in case.files if row.role is not Role.UNUSED), key=lambda row: ORDER.index(row.role))
        epochs = [row for row in used if row.role is Role.EPOCH]
        folded = epochs if len(epochs) > FEW else []
        for row in used:
            if folded and row is folded[0]:
                self._files.addWidget(self._fold(f"{len(folded)} other epochs of the run", folded))
            elif row not in folded:
                self._files.addWidget(self._card(row))
        unused = [row for row in case.files if row.role is Role.UNUSED]
        if len(unused) > FEW:
            self._files.addWidget(self._fold(f"{len(unused)} files not used", unused))
        else:
            for row in unused:
                self._files.addWidget(self._card(row))
        self._files.addWidget(self._drop_hint(case))
        self._files.addStretch(1)

    def _fold(self, title: str, rows: list[CaseFile]) -> Foldable:
        """Many files under one heading."""

        def group() -> QWidget:
            made = QWidget()
            layout = QVBoxLayout(made)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(6)
            for row in rows:
                layout.addWidget(self._card(row))
            return made

        return Foldable(title, group)

    @Slot(object)
    def show_opening(self, paths: list[Path]) -> None:
        """Name files that are being opened, in front of the hint where to drop more."""
        for path in paths:
            frame = QFrame()
            frame.setProperty("kind", "file")
            layout = QVBoxLayout(frame)
            layout.setContentsMargins(10, 6, 10, 7)
            layout.setSpacing(1)
            layout.addWidget(Elided(path.name, middle=True))
            layout.addWidget(Text("Being opened", size=theme.SMALL, tone="muted"))
            self._files.insertWidget(max(0, self._files.count() - 2), frame)

    def _card(self, row: CaseFile) -> FileCard:
        card = FileCard(row)
        card.wants_role.connect(self.wants_role)
        card.wants_removal.connect(self.wants_removal)
        card.wants_replacement.connect(self.wants_replacement)
        card.wants_layout.connect(self.wants_layout)
        return card

    def _drop_hint(self, case: CaseView) -> QWidget:
        """A dashed field that says what is still missing; a click opens the file dialog."""
        have = {row.role for row in case.files}
        missing = [role for role in (Role.CHECKPOINT, Role.VALIDATION, Role.TRAIN, Role.STAGE1) if role not in have]
        frame = QFrame()
        frame.setProperty("kind", "drop")
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(2)
        button = QPushButton("Drop more files here" if case.files else "Drop files here")
        button.setProperty("look", "link")
        button.clicked.connect(self.wants_files)
        layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignHCenter)
        if missing:
            names = ", ".join(ROLE_NAMES[role].lower() if i else ROLE_NAMES[role] for i, role in enumerate(missing[:2]))
            hint = Text(f"{names} not given", size=theme.SMALL, tone="muted")
            hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(hint)
        return frame


def _heading(text: str) -> Text:
    return Text(text, size=theme.SMALL, weight=QFont.Weight.DemiBold, tone="muted", wrap=False)


def replacement_title(path: Path) -> str:
    """Title of the dialog that asks for another file."""
    return f"Replace {path.name}"
