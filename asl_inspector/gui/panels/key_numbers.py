"""The numbers of a tensor, any slice of them: as a table, or as a heat map."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSpinBox,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.engine.tensor_messages import SliceRequest, SliceView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import empty
from asl_inspector.gui.plots.heat import HeatPlot
from asl_inspector.gui.slice_table import SliceModel
from asl_inspector.gui.widgets import Text

TABLE_HEIGHT = 250
ROW_HEIGHT, COLUMN_WIDTH = 24, 100
FINEST = 128  # rows and columns of a heat map; a larger matrix is thinned out
MOST_COPIED = 100_000


class NumbersView(QWidget):
    """Spin boxes choose the leading indices; nothing but what is shown is read."""

    wants_part = Signal(object)  # SliceRequest

    def __init__(self) -> None:
        super().__init__()
        self._index = -1
        self._tensor: TensorRecord | None = None
        self._asked: SliceRequest | None = None
        self._boxes: list[QSpinBox] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        bar = QHBoxLayout()
        bar.setSpacing(6)
        self._title = Text("Numbers", size=theme.SMALL, tone="muted", wrap=False)
        bar.addWidget(self._title)
        self._leading = QHBoxLayout()
        self._leading.setSpacing(4)
        bar.addLayout(self._leading)
        bar.addStretch(1)
        self._as_table, self._as_picture = QPushButton("Table"), QPushButton("Heat map")
        for button in (self._as_table, self._as_picture):
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setProperty("look", "segment")
            bar.addWidget(button)
        self._as_table.setChecked(True)
        self._as_picture.toggled.connect(self._show_wanted)
        layout.addLayout(bar)
        self._model = SliceModel(self)
        self._model.wants_part.connect(self.wants_part)
        self._table = QTableView()
        self._table.setModel(self._model)
        self._table.setAccessibleName("Numbers of the tensor")
        self._table.setFont(theme.font(theme.SMALL, mono=True))
        self._table.setFixedHeight(TABLE_HEIGHT)
        self._table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for header, size in (
            (self._table.verticalHeader(), ROW_HEIGHT),
            (self._table.horizontalHeader(), COLUMN_WIDTH),
        ):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(size)
            header.setFont(theme.font(theme.SMALL))
            header.setHighlightSections(False)
        self._table.setCornerButtonEnabled(False)
        self._table.setTabKeyNavigation(False)
        layout.addWidget(self._table)
        self._heat = HeatPlot(height=TABLE_HEIGHT)
        self._heat.setAccessibleName("Heat map of the tensor's numbers")
        self._heat.hide()
        layout.addWidget(self._heat)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self._table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    def show_tensor(self, index: int, tensor: TensorRecord | None) -> None:
        """Show a tensor from its first slice on; None shows nothing."""
        usable = tensor is not None and not tensor.trouble and tensor.layout == "strided" and tensor.count > 0
        self._index, self._tensor = (index, tensor) if usable else (-1, None)
        self.setVisible(usable)
        empty(self._leading)
        self._boxes = []
        if tensor is None or not usable:
            self._model.show_tensor(-1, (), ())
            return
        for axis, size in enumerate(tensor.shape[:-2]):
            box = QSpinBox()
            box.setRange(0, size - 1)
            box.setPrefix(f"[{axis}] ")
            box.setToolTip(f"Index along dimension {axis}, of {size:,}")
            box.setAccessibleName(f"Index along dimension {axis}")
            box.valueChanged.connect(self._show_wanted)
            self._leading.addWidget(box)
            self._boxes.append(box)
        self._show_wanted()

    @Slot()
    def _show_wanted(self) -> None:
        tensor = self._tensor
        if tensor is None:
            return
        picture = self._as_picture.isChecked()
        self._table.setVisible(not picture)
        self._heat.setVisible(picture)
        leading = tuple(box.value() for box in self._boxes)
        if not picture:
            self._model.show_tensor(self._index, tensor.shape, leading)
            return
        rows = tensor.shape[-2] if len(tensor.shape) > 1 else tensor.count
        columns = tensor.shape[-1] if len(tensor.shape) > 1 else 1
        steps = (-(-rows // FINEST), -(-columns // FINEST))
        self._asked = SliceRequest(self._index, leading, (0, rows), (0, columns), steps)
        self.wants_part.emit(self._asked)

    @Slot(object)
    def show_part(self, view: SliceView) -> None:
        """Numbers arrived, for the table or for the picture."""
        if view.request == self._asked:
            self._asked = None
            self._heat.show_matrix(view.values, view.request.steps)
        else:
            self._model.show_part(view)

    @Slot()
    def _copy(self) -> None:
        """The selected rectangle, as tab-separated numbers; pages that were never shown are left blank."""
        chosen = self._table.selectionModel().selection()
        if chosen.isEmpty():
            return
        part = chosen.first()
        if (part.bottom() - part.top() + 1) * (part.right() - part.left() + 1) > MOST_COPIED:
            return
        lines = []
        for row in range(part.top(), part.bottom() + 1):
            numbers = [self._model.value(row, column) for column in range(part.left(), part.right() + 1)]
            lines.append("\t".join("" if number is None else repr(number) for number in numbers))
        QGuiApplication.clipboard().setText("\n".join(lines))
