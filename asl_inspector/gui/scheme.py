"""Light, dark, or as the system has it."""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from asl_inspector.gui import theme

KEY, SYSTEM = "view/scheme", "system"
SCHEMES = (("As the system", SYSTEM), ("Light", "light"), ("Dark", "dark"))


def chosen_scheme(settings: QSettings) -> str:
    """What the user chose; as the system has it where the settings hold nothing that can be chosen."""
    held = str(settings.value(KEY, SYSTEM))
    return held if any(held == value for _, value in SCHEMES) else SYSTEM


def apply_scheme(scheme: str) -> None:
    """Light, dark, or what the system says."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    dark = scheme == "dark"
    if scheme not in ("light", "dark"):
        dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    theme.Scheme.colours = theme.DARK if dark else theme.LIGHT
    theme.apply(application, theme.Scheme.colours)
    for window in application.topLevelWidgets():
        window.update()
