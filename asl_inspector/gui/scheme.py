"""Light, dark, or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from asl_inspector.gui import theme

SCHEMES = (("As the system", "system"), ("Light", "light"), ("Dark", "dark"))


def apply_scheme(scheme: str) -> None:
    """Light, dark, or what the system says."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    dark = scheme == "dark"
    if scheme == "system":
        dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    theme.Scheme.colours = theme.DARK if dark else theme.LIGHT
    theme.apply(application, theme.Scheme.colours)
    for window in application.topLevelWidgets():
        window.update()
