"""What this program is, and what it is made of."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QPlainTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.about import NAME, program_version
from asl_inspector.gui import theme
from asl_inspector.gui.help.licences import components, licence_text
from asl_inspector.gui.layout_memory import first_size
from asl_inspector.gui.splitter import Splitter
from asl_inspector.gui.widgets import Text

SIZE = QSize(720, 620)
WHAT = (
    "Finds out why a sign-language recogniser got a bad number, from the files alone. Nothing that is opened is executed "
    "unless you allow it, and nothing leaves this machine."
)


class AboutDialog(QDialog):
    """Name, version, and a list of everything in it with its licence; the one that is chosen is shown in full."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"About {NAME}")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 20, 22, 18)
        layout.setSpacing(10)
        heading = Text(f"{NAME} {program_version()}", size=theme.TITLE, weight=QFont.Weight.DemiBold)
        layout.addWidget(heading)
        layout.addWidget(Text(WHAT))
        layout.addWidget(Text("It is made of these; choose one to read its licence.", tone="muted"))
        self.list = QTreeWidget()
        self.list.setAccessibleName("Components and licences")
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels(["Component", "Version", "Licence"])
        self._components = components()
        for one in self._components:
            item = QTreeWidgetItem(self.list, [one.name, one.version, one.licence])
            item.setToolTip(2, one.licence)
        header = self.list.header()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(theme.font(theme.SMALL, mono=True))
        self.text.setAccessibleName("The licence")
        self.text.hide()
        self.list.currentItemChanged.connect(self._show_licence)
        parts = Splitter(Qt.Orientation.Vertical)
        parts.addWidget(self.list)
        parts.addWidget(self.text)
        layout.addWidget(parts, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setAccessibleName(heading.text())
        self.resize(first_size(SIZE, self.screen().availableGeometry()))

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _show_licence(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if item is not None:
            self.text.setPlainText(licence_text(self._components[self.list.indexOfTopLevelItem(item)]))
            self.text.show()
