"""What was opened lately: each entry is what was dropped or chosen together, so that a whole case comes back at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QMenu

from asl_inspector.visible_text import visible

KEY = "files/recent"
MOST = 10
MOST_FILES = 200  # of one entry: more are a folder, or no list to come back to
WIDTH = 420  # pixels of an entry


class Recents(QObject):
    """Remembers and offers what was opened lately.

    Args:
        settings: Keeps the list.
        open_paths: Opens an entry again.
        parent: Owner.
    """

    def __init__(self, settings: QSettings, open_paths: Callable[[list[Path]], None], parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._open = open_paths
        self._menu: QMenu | None = None

    def add_to(self, menu: QMenu) -> None:
        """Put the list into a menu, as a menu of its own."""
        self._menu = menu.addMenu("Open &recent")
        self._menu.setToolTipsVisible(True)
        self._fill()

    @property
    def entries(self) -> list[list[Path]]:
        """What was opened, the latest first."""
        return [[Path(name) for name in names] for names in _read(str(self._settings.value(KEY, "")))]

    @Slot(object)
    def remember(self, paths: list[Path]) -> None:
        """Put what was opened together at the top."""
        if not paths or len(paths) > MOST_FILES:
            return
        rest = [entry for entry in self.entries if set(entry) != set(paths)]
        self._write([paths, *rest][:MOST])

    @Slot()
    def clear(self) -> None:
        """Forget all."""
        self._write([])

    def _write(self, entries: list[list[Path]]) -> None:
        self._settings.setValue(KEY, json.dumps([[str(path) for path in entry] for entry in entries]))
        self._fill()

    def _fill(self) -> None:
        menu = self._menu
        if menu is None:
            return
        menu.clear()
        entries = self.entries
        metrics = QFontMetrics(menu.font())
        for number, entry in enumerate(entries, 1):
            words = metrics.elidedText(entry_words(entry), Qt.TextElideMode.ElideMiddle, WIDTH)
            action = menu.addAction(f"&{number % 10}  {words.replace('&', '&&')}", partial(self._open, entry))
            action.setToolTip("\n".join(visible(str(path)) for path in entry[:20]))
        menu.setEnabled(bool(entries))
        if entries:
            menu.addSeparator()
            menu.addAction("&Clear this list", self.clear)


def entry_words(entry: list[Path]) -> str:
    """An entry in a line: the first file, how many more, and where it lies."""
    more = f" and {len(entry) - 1} more" if len(entry) > 1 else ""
    return visible(f"{entry[0].name}{more}  -  {entry[0].parent}")


def _read(text: str) -> list[list[str]]:
    """The list as it was written; what is not of its form, as from another version, is left out."""
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    if not isinstance(found, list):
        return []
    entries = [entry for entry in found if isinstance(entry, list) and entry]
    return [entry for entry in entries if all(isinstance(name, str) for name in entry)][:MOST]
