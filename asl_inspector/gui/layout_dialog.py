"""A dialog that shows how a file of clips was read, and lets it be read in another way; a preview follows each change."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.gui import theme
from asl_inspector.gui.layout_memory import first_size
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text
from asl_inspector.samples.mapping import Correction, FieldMapping
from asl_inspector.visible_text import visible
from asl_inspector.workers.preview_records import ClipPreview

WIDTH, HEIGHT = 620, 640
MILLISECONDS_BEFORE_PREVIEW = 150
AUTOMATIC = "Automatic"
FIELDS = (
    ("features", "Features"),
    ("label", "Gloss or its id"),
    ("lengths", "Frames of each clip"),
    ("ids", "Names of the clips"),
    ("split", "Split"),
    ("signer", "Signer"),
)
TIME_AXES = ((AUTOMATIC, None), ("first axis of a clip", 0), ("second axis of a clip", 1), ("third axis of a clip", 2))
PADDING = ((AUTOMATIC, None), ("keep every frame", "keep"), ("leave out trailing frames of zeros", "trim"))
LABELS = ((AUTOMATIC, None), ("a single gloss", "one"), ("several glosses, parted by spaces", "several"))
COLUMNS = ("clip", "label", "frames")


class LayoutDialog(QDialog):
    """One file of clips.

    Args:
        path: The file or the folder.
        correction: What the user said of it so far.
        parent: The window.
    """

    wants_preview = Signal(object, object)  # path, Correction
    corrected = Signal(object, object)  # path, Correction

    def __init__(self, path: Path, correction: Correction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Layout of {path.name}")
        self.resize(first_size(QSize(WIDTH, HEIGHT), self.screen().availableGeometry()))
        self.path = path
        self._first = correction
        self._asked: Correction | None = None
        self._boxes: dict[str, QComboBox] = {}
        self._known: set[str] = set()  # what the file has, once it was read
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MILLISECONDS_BEFORE_PREVIEW)
        self._timer.timeout.connect(self.ask)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        self._sentence = Text("Reading the file", tone="muted")
        layout.addWidget(self._sentence)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(7)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for name, title in FIELDS:
            held = getattr(correction, name)
            self._add(form, name, title, ((AUTOMATIC, None), *(((held, held),) if held else ())), held)
        self._add(form, "time_axis", "Time runs along the", TIME_AXES, correction.time_axis)
        self._add(form, "padding", "Padded arrays", PADDING, correction.padding)
        self._add(form, "label_is", "A text with spaces is", LABELS, correction.label_is)
        layout.addLayout(form)
        self._result = Text("", weight=QFont.Weight.DemiBold)
        layout.addWidget(self._result)
        self._table = QTableWidget(0, len(COLUMNS))
        self._table.setHorizontalHeaderLabels(list(COLUMNS))
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setTabKeyNavigation(False)
        self._table.verticalHeader().hide()
        self._table.setAccessibleName("The first clips")
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        layout.addWidget(self._table, 1)
        self._notes = Text("", size=theme.SMALL, tone="caution")
        layout.addWidget(self._notes)
        kinds = QDialogButtonBox.StandardButton
        self._buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.Reset)
        self._buttons.button(kinds.Ok).setText("Read it like this")
        self._buttons.button(kinds.Reset).setText("Work it out again")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._buttons.button(kinds.Reset).clicked.connect(self._reset)
        layout.addWidget(self._buttons)
        self._buttons.button(kinds.Ok).setEnabled(False)

    def _add(
        self, form: QFormLayout, name: str, title: str, choices: tuple[tuple[str, object], ...], chosen: object
    ) -> None:
        box = QComboBox()
        leave_wheel_to_page(box)
        box.setAccessibleName(title)
        for text, value in choices:
            box.addItem(text, value)
        box.setCurrentIndex(next((place for place, (_, value) in enumerate(choices) if value == chosen), 0))
        if any(name == field for field, _ in FIELDS):  # the file may have names that were not found
            box.setEditable(True)
            box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
            box.editTextChanged.connect(lambda _: self._timer.start())
        box.currentIndexChanged.connect(lambda _: self._timer.start())
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._boxes[name] = box
        form.addRow(title, box)

    @property
    def correction(self) -> Correction:
        """What the boxes say."""
        held = {name: _value(box) for name, box in self._boxes.items()}
        return Correction(
            **{name: cast("str | None", held[name]) for name, _ in FIELDS},
            time_axis=cast("int | None", held["time_axis"]),
            padding=cast("Literal['keep', 'trim'] | None", held["padding"]),
            label_is=cast("Literal['one', 'several'] | None", held["label_is"]),
        )

    @Slot()
    def ask(self) -> None:
        """Ask for a preview of what the boxes say."""
        if self.correction != self._asked:
            self._asked = self.correction
            self._result.setText("Reading the file")
            self.wants_preview.emit(self.path, self.correction)

    @Slot(object)
    def show_preview(self, preview: ClipPreview) -> None:
        """Show what the file's clips would be."""
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(preview.clips > 0)
        if preview.mapping is not None:
            self._sentence.setText(visible(preview.mapping.sentence))
            self._offer(preview.mapping)
        if preview.problem:
            self._sentence.setText(visible(self._unknown() or preview.problem))
        self._result.setText(_in_words(preview))
        self._notes.setText(visible("\n".join(preview.notes) or preview.advice))
        self._notes.setVisible(bool(preview.notes or preview.advice))
        self._table.setRowCount(len(preview.rows))
        for place, row in enumerate(preview.rows):
            for column, text in enumerate((visible(row.clip_id), visible(row.label) or "no label", f"{row.frames:,}")):
                item = QTableWidgetItem(text)
                if column == len(COLUMNS) - 1:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(place, column, item)

    def _unknown(self) -> str:
        """A sentence on a name that the file does not have, once its names are known."""
        told = (getattr(self.correction, name) for name, _ in FIELDS)
        missing = [field for field in told if field and self._known and field not in self._known]
        return f"The file has nothing that is called “{missing[0]}”." if missing else ""

    def _offer(self, mapping: FieldMapping) -> None:
        """Put what the file holds into the boxes, once it is known."""
        self._known |= {_field(text) for text in mapping.available}
        for name, _ in FIELDS:
            box = self._boxes[name]
            known = {box.itemData(place) for place in range(box.count())}
            used = getattr(mapping, name)
            is_open = box.currentIndex() == 0 and box.currentText() == box.itemText(0)
            box.setItemText(0, f"{AUTOMATIC}: {_unquoted(used)}" if used and is_open else AUTOMATIC)
            for text in mapping.available:
                if _field(text) not in known:
                    box.addItem(visible(text), _field(text))

    @Slot()
    def _reset(self) -> None:
        for box in self._boxes.values():
            box.setCurrentIndex(0)

    def accept(self) -> None:
        """Keep the correction and close."""
        if self.correction != self._first:
            self.corrected.emit(self.path, self.correction)
        super().accept()


def _unquoted(used: str) -> str:
    """Names of fields; two of them come as they stand within the quotes of a sentence."""
    return visible(used.replace("” and “", " and "))


def _field(text: str) -> str:
    """The name in "name: type and shape"."""
    return text.rpartition(": ")[0] or text


def _value(box: QComboBox) -> object:
    """The chosen item's value, or what was typed."""
    typed = box.currentText().strip()
    if not box.isEditable() or typed == box.itemText(box.currentIndex()):
        return box.currentData()
    return typed or None


def _in_words(preview: ClipPreview) -> str:
    if not preview.clips:
        return "No clips like this"
    clips = "1 clip" if preview.clips == 1 else f"{preview.clips:,} clips"
    if not preview.labelled:
        return f"{clips}, none with a label"
    labelled = "all" if preview.labelled == preview.clips else f"{preview.labelled:,}"
    return f"{clips}, {labelled} with a label, {preview.glosses:,} different glosses"
