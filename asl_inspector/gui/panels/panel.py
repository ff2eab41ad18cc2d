"""What every panel is: an empty state, or its content."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedLayout, QWidget

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui.widgets import EmptyState


class Panel(QWidget):
    """A panel; subclasses say what to drop to fill it."""

    title = ""
    empty_title = ""
    empty_advice = ""

    figure_changed = Signal(str)  # short figure for the panel list
    wants_panel = Signal(str)  # place to go to, as in `Finding.where`
    gloss_chosen = Signal(str)  # by name; an empty string for none

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.title)
        self._stack = QStackedLayout(self)
        self._empty = EmptyState(self.empty_title, self.empty_advice)
        self._stack.addWidget(self._empty)

    def set_content(self, content: QWidget) -> None:
        """The widget that shows results."""
        content.setAccessibleName(self.title)
        self._stack.addWidget(content)

    def show_empty(self, title: str = "", advice: str = "") -> None:
        """Show the empty state, with other words where given."""
        self._empty.say(title or self.empty_title, advice or self.empty_advice)
        self._stack.setCurrentIndex(0)
        self.figure_changed.emit("")

    def show_content(self) -> None:
        """Show the results."""
        self._stack.setCurrentIndex(1)

    def show_case(self, case: CaseView) -> None:
        """The files changed."""

    def show_inspection(self, inspection: InspectionView | None) -> None:
        """There is a new result, or none while the case is read again."""

    def go_to(self, place: str) -> None:
        """Show a place within the panel, such as a key."""

    def show_gloss(self, gloss: str) -> None:
        """A gloss was chosen, here or in another panel; an empty string for none."""

    def text(self) -> str:
        """The panel as plain text, for copying."""
        return ""
