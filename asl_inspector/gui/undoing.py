"""Undo and redo for what the user changes in a case: files, roles, layouts, and how the network is run.

Each step keeps the choices before and after it, whole: they are small, and a case is read again in any case. What was
allowed to run is not among them: undoing never allows anything, and never takes back what was allowed.
"""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QKeySequence, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QMenu

from asl_inspector.gui.case_choices import CaseChoices
from asl_inspector.gui.session import Session
from asl_inspector.visible_text import visible

MOST_STEPS = 100


class Undoing(QObject):
    """Keeps the steps of a session, and the two actions of the Edit menu."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(MOST_STEPS)
        session.choices_changed.connect(self._keep)
        self._held: list[_Step] = []  # Qt's steps by their wrappers, for the reason that `leaving.py` tells
        session.choices_forgotten.connect(self._forget)

    def add_to(self, menu: QMenu) -> None:
        """Put the actions into a menu; they name the step."""
        for action, keys in (
            (self.stack.createUndoAction(menu, "&Undo"), QKeySequence.StandardKey.Undo),
            (self.stack.createRedoAction(menu, "&Redo"), QKeySequence.StandardKey.Redo),
        ):
            action.setShortcuts(keys)
            menu.addAction(action)

    @Slot(str, object, object)
    def _keep(self, words: str, before: CaseChoices, after: CaseChoices) -> None:
        self._held.append(_Step(self._session, words, before, after))
        self.stack.push(self._held[-1])  # which deletes steps that were undone, and the oldest of too many
        self._held = [step for step in self._held if shiboken6.isValid(step)]

    @Slot()
    def _forget(self) -> None:
        self.stack.clear()
        self._held.clear()


class _Step(QUndoCommand):
    """From one set of choices to another. Qt redoes a step when it is pushed: that first time it is done already."""

    def __init__(self, session: Session, words: str, before: CaseChoices, after: CaseChoices) -> None:
        super().__init__(visible(words).replace("&", "&&"))
        self._session = session
        self._before, self._after = before, after
        self._is_done = True

    def undo(self) -> None:
        self._session.restore(self._before)

    def redo(self) -> None:
        if not self._is_done:
            self._session.restore(self._after)
        self._is_done = False
