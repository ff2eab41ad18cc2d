"""A dialog that shows what was taken for granted about the network and its run, and lets it be chosen by hand."""

from __future__ import annotations

import os
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.containers import Line, Scrolled
from asl_inspector.gui.layout_memory import first_size
from asl_inspector.gui.network_rows import BOX_WIDTH, ChoiceRow
from asl_inspector.gui.network_words import by_hand, with_choices
from asl_inspector.gui.tab_order import bring_into_view
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text
from asl_inspector.inference.records import Settings
from asl_inspector.networks.records import Architecture

WIDTH, HEIGHT = 720, 840
DEVICES = (("Automatic", "auto"), ("CPU", "cpu"), ("CUDA", "cuda"), ("Apple MPS", "mps"))
DECODERS = (
    ("Majority of frames", "majority"),
    ("First token of the greedy path", "first_token"),
    ("Exact score of one gloss", "score"),
    ("Prefix beam search", "beam"),
)
NO_NETWORK = (
    "No network was rebuilt yet: drop a checkpoint with its clips. How it is to be run can be chosen all the same."
)
MEASURED = ("As many as prove best", 0)
PRECISIONS = (("Full", False), ("Half, where it changes nothing", True))


def thread_counts() -> tuple[tuple[str, int], ...]:
    """What can be chosen: as measured, or powers of two up to the cores of this machine."""
    cores = os.cpu_count() or 1
    return (MEASURED, *((str(1 << power), 1 << power) for power in range(cores.bit_length())))


class NetworkDialog(QDialog):
    """The network of the case and how it is run.

    Args:
        network: As it was rebuilt, or None.
        settings: What the user chose so far.
        used: Where it ran ("CPU, 2 threads"), or an empty string.
        parent: The window.
        why: Why there, as sentences.
    """

    chosen = Signal(object)  # Settings

    def __init__(
        self,
        network: Architecture | None,
        settings: Settings,
        used: str = "",
        parent: QWidget | None = None,
        *,
        why: str = "",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Network")
        self.resize(first_size(QSize(WIDTH, HEIGHT), self.screen().availableGeometry()))
        self._settings = settings
        self.rows: dict[str, ChoiceRow] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 14)
        layout.setSpacing(10)
        page = Scrolled(margins=(20, 18, 20, 8))
        layout.addWidget(page, 1)
        self._add_network(page.column, network)
        self._add_run(page.column, used, why)
        page.column.addStretch(1)
        kinds = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel | kinds.Reset)
        self.buttons.setContentsMargins(20, 0, 20, 0)
        self.buttons.button(kinds.Ok).setText("Run like this")
        self.buttons.button(kinds.Reset).setText("Back to what the program found")
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.buttons.button(kinds.Reset).clicked.connect(self._reset)
        layout.addWidget(self.buttons)
        self._enable()

    def _add_network(self, column: QVBoxLayout, network: Architecture | None) -> None:
        """What the network is, each choice, and what is taken for granted without one."""
        if network is None:
            column.addWidget(Text(NO_NETWORK, tone="muted"))
            return
        column.addWidget(Text(network.description, size=theme.LARGE, weight=QFont.Weight.DemiBold, selectable=True))
        column.addWidget(Text(network.source, tone="muted"))
        told = by_hand(self._settings)
        for choice in network.choices:
            column.addWidget(Line())
            row = ChoiceRow(choice, told.get(choice.name))
            row.changed.connect(self._enable)
            self.rows[choice.name] = row
            column.addWidget(row)
        sentences = {choice.sentence for choice in network.choices}
        facts = [one for one in network.assumptions if one not in sentences]
        if facts:
            column.addWidget(Line())
            column.addWidget(Text("Taken for granted", weight=QFont.Weight.DemiBold))
            column.addWidget(Text(" ".join(facts), size=theme.SMALL, tone="muted", selectable=True))

    def _add_run(self, column: QVBoxLayout, used: str, why: str) -> None:
        """Device, decoder and precision."""
        column.addWidget(Line())
        column.addWidget(Text("How it is run", weight=QFont.Weight.DemiBold))
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(7)
        self.device, self.decoder, self.precision, self.threads = (QComboBox() for _ in range(4))
        leave_wheel_to_page(self.device, self.decoder, self.precision, self.threads)
        for box, items, held, title in (
            (self.device, DEVICES, self._settings.device, "Device"),
            (self.threads, thread_counts(), self._settings.threads, "CPU threads"),
            (self.decoder, DECODERS, self._settings.decoder, "Decoder"),
            (self.precision, PRECISIONS, self._settings.mixed, "Precision"),
        ):
            box.setAccessibleName(title)
            box.setFixedWidth(BOX_WIDTH)
            for text, value in items:
                box.addItem(text, value)
            if box.findData(held) < 0:  # "cuda:1" from elsewhere
                box.addItem(str(held), held)
            box.setCurrentIndex(box.findData(held))
            box.currentIndexChanged.connect(self._enable)
            form.addRow(title, box)
        column.addLayout(form)
        if used:
            column.addWidget(Text(f"It ran on: {used}. {why}".rstrip(), size=theme.SMALL, tone="muted"))

    @property
    def settings(self) -> Settings:
        """What the boxes say."""
        told = {name: row.told for name, row in self.rows.items()}
        found = with_choices(self._settings, {name: one for name, one in told.items() if one is not None})
        if not self.rows:  # nothing of the network is shown, so nothing was said of it
            found = self._settings
        return replace(
            found,
            device=self.device.currentData(),
            decoder=self.decoder.currentData(),
            mixed=self.precision.currentData(),
            threads=self.threads.currentData(),
        )

    @Slot()
    def _enable(self) -> None:
        """Both buttons only where they would change something."""
        if not hasattr(self, "buttons"):
            return
        kinds = QDialogButtonBox.StandardButton
        now = self.settings
        self.buttons.button(kinds.Ok).setEnabled(now != self._settings)
        plain = Settings(consent=now.consent, batch_frames=now.batch_frames)
        self.buttons.button(kinds.Reset).setEnabled(now != plain)

    @Slot()
    def _reset(self) -> None:
        for row in self.rows.values():
            row.reset()
        for box in (self.device, self.threads, self.decoder, self.precision):
            box.setCurrentIndex(0)

    def focusNextPrevChild(self, onwards: bool) -> bool:
        moved = super().focusNextPrevChild(onwards)
        bring_into_view(self.focusWidget())
        return moved

    def accept(self) -> None:
        """Hand over what was chosen and close."""
        if self.settings != self._settings:
            self.chosen.emit(self.settings)
        super().accept()
