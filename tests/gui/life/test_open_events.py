"""Files that macOS hands over as events."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from asl_inspector.gui.life.open_events import OpenEvents


def test_a_file_that_finder_opens_arrives(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    events = OpenEvents(qapp)
    path = tmp_path / "run d'août 手話.aslcase"
    with qtbot.waitSignal(events.arrived) as arrived:
        qapp.sendEvent(qapp, QFileOpenEvent(QUrl.fromLocalFile(str(path))))
    assert arrived.args == [[path]]
    qapp.removeEventFilter(events)
    events.deleteLater()
