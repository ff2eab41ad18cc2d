"""The gloss that the user looks at: chosen in one panel, chosen in all."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from asl_inspector.gui.panels.panel import Panel


class GlossSelection(QObject):
    """One gloss by name, or none. Panels tell it what was chosen and hear of it; they do not know each other."""

    changed = Signal(str)  # the gloss, or an empty string for none

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gloss = ""

    @Slot(str)
    def choose(self, gloss: str) -> None:
        """Choose a gloss, or none by an empty string; told only where it is another one."""
        if gloss != self.gloss:
            self.gloss = gloss
            self.changed.emit(gloss)

    def join(self, panel: Panel) -> None:
        """Let a panel choose, and tell it what is chosen."""
        panel.gloss_chosen.connect(self.choose)
        self.changed.connect(panel.show_gloss)
