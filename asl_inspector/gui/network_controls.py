"""Between the session and what chooses how the network is rebuilt and run: menu, strip and dialog."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from asl_inspector.gui.network_dialog import DEVICES, NetworkDialog
from asl_inspector.gui.panels.network_strip import NetworkStrip
from asl_inspector.gui.session import Session
from asl_inspector.inference.records import Settings


class NetworkControls(QObject):
    """Adds the entries to a menu and opens the dialog.

    Args:
        session: The case.
        menu: Where the entries go.
        strip: The card whose button opens the dialog.
        window: The dialog's parent.
    """

    def __init__(self, session: Session, menu: QMenu, strip: NetworkStrip, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        menu.addAction("&Network...", self.ask)
        menu.addSeparator()
        group = QActionGroup(self)
        self._devices: dict[str, QAction] = {}
        for name, value in DEVICES:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(value == session.settings.device)
            action.triggered.connect(partial(self._choose_device, value))
            group.addAction(action)
            self._devices[value] = action
        strip.wants_choices.connect(self.ask)

    @Slot()
    def ask(self) -> None:
        """Open the dialog on the network as it was last rebuilt."""
        found = self._session.inspection
        network, device = (found.architecture, found.device) if found is not None else (None, "")
        why = found.device_why if found is not None else ""
        dialog = NetworkDialog(network, self._session.settings, device, self._window, why=why)
        dialog.chosen.connect(self._choose)
        dialog.open()

    @Slot(object)
    def _choose(self, settings: Settings) -> None:
        action = self._devices.get(settings.device)
        if action is not None:
            action.setChecked(True)
        self._session.choose(settings)

    def _choose_device(self, device: str, _checked: bool = False) -> None:
        self._session.choose(replace(self._session.settings, device=device))
