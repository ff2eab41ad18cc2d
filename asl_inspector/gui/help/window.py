"""The user guide in a window of its own: contents and search on the left, the page on the right. All of it is offline."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.about import NAME
from asl_inspector.bundled_files import documentation
from asl_inspector.gui import theme
from asl_inspector.gui.help.browser import GuideBrowser
from asl_inspector.gui.help.pages import CONTENTS, Page, read_guide, search
from asl_inspector.gui.jobs import Jobs
from asl_inspector.gui.layout_memory import first_size
from asl_inspector.gui.splitter import Splitter
from asl_inspector.gui.widgets import Text

SIZE = QSize(1120, 780)
SIDE = 290  # pixels
PLACE = Qt.ItemDataRole.UserRole
MOST_HITS = 100


class GuideWindow(QWidget):
    """Contents, search and a page.

    Args:
        jobs: Read the pictures.

    Raises:
        DataError: If the guide is not there.
    """

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self.setObjectName("content")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle(f"User guide - {NAME}")
        folder = documentation() / "guide"
        self._pages = read_guide(folder)
        self.browser = GuideBrowser(folder, jobs)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the guide")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search all pages")
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._open_first)
        self.contents = _tree("Contents")
        self._entries = _fill(self.contents, self._pages)
        self.contents.currentItemChanged.connect(self._open_entry)
        self.results = _tree("Where it was found")
        self.results.currentItemChanged.connect(self._open_entry)
        self._lists = QStackedWidget()
        self._lists.addWidget(self.contents)
        self._lists.addWidget(self.results)
        self._told = Text(size=theme.SMALL, tone="muted")
        self._told.hide()
        self._arrange()
        self.browser.opened.connect(self._mark)
        self.browser.told.connect(self._tell)
        for keys, slot in (
            (QKeySequence(QKeySequence.StandardKey.Find), self._start_search),
            (QKeySequence(Qt.Key.Key_Escape), self._leave),
            (QKeySequence("Alt+Left"), self.browser.backward),
            (QKeySequence("Alt+Right"), self.browser.forward),
            (QKeySequence(QKeySequence.StandardKey.Close), self.close),
        ):
            QShortcut(keys, self).activated.connect(slot)
        self.resize(first_size(SIZE, self.screen().availableGeometry()))

    def _arrange(self) -> None:
        row = QHBoxLayout()
        for text, tip, slot, able in (
            ("←", "Back (Alt+Left)", self.browser.backward, self.browser.backwardAvailable),
            ("→", "Forward (Alt+Right)", self.browser.forward, self.browser.forwardAvailable),
        ):
            button = QPushButton(text)
            button.setProperty("look", "small")
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setEnabled(False)
            button.clicked.connect(slot)
            able.connect(button.setEnabled)
            row.addWidget(button)
        row.addWidget(self.search, 1)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(12, 12, 6, 12)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(self._lists, 1)
        right = QWidget()
        page = QVBoxLayout(right)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.browser, 1)
        page.addWidget(self._told)
        self._told.setContentsMargins(22, 6, 22, 8)
        parts = Splitter()
        parts.addWidget(side)
        parts.addWidget(right)
        parts.setStretchFactor(1, 1)
        parts.setSizes([SIDE, SIZE.width() - SIDE])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(parts)

    def go_to(self, place: str = CONTENTS) -> None:
        """Show a place, such as "panels.md#samples", and the window."""
        self.browser.go_to(place)
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        self.browser.setFocus()

    @Slot(str)
    def _find(self, wanted: str) -> None:
        self._lists.setCurrentIndex(1 if wanted.strip() else 0)
        with QSignalBlocker(self.results):
            self.results.clear()
            pages: dict[str, QTreeWidgetItem] = {}
            for hit in search(self._pages, wanted)[:MOST_HITS]:
                if hit.page.name not in pages:
                    pages[hit.page.name] = _entry(self.results, hit.page.title, hit.page.name)
                _entry(pages[hit.page.name], hit.section.title, hit.place).setToolTip(0, hit.snippet)
            if wanted.strip() and not pages:
                _entry(self.results, "Nowhere in the guide", "").setFlags(Qt.ItemFlag.NoItemFlags)
            self.results.expandAll()

    @Slot()
    def _open_first(self) -> None:
        """The best of what was found; the arrow keys go on from there."""
        page = self.results.topLevelItem(0)
        best = page.child(0) if page is not None else None
        if best is not None:
            self.results.setCurrentItem(best)
            self.results.setFocus()

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _open_entry(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, PLACE):
            self.browser.go_to(item.data(0, PLACE))

    @Slot(str)
    def _mark(self, place: str) -> None:
        """Select in the contents what is shown."""
        self._told.hide()
        names = (place, place.partition("#")[0])
        entry = next((self._entries[name] for name in names if name in self._entries), None)
        if entry is None:
            return  # a page beside the guide, such as a decision
        with QSignalBlocker(self.contents):
            self.contents.setCurrentItem(entry)
            entry.setExpanded(True)

    @Slot(str)
    def _tell(self, sentence: str) -> None:
        self._told.setText(sentence)
        self._told.show()

    @Slot()
    def _start_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    @Slot()
    def _leave(self) -> None:
        """Escape clears the search first, and closes the window then."""
        if self.search.text():
            self.search.clear()
            self.browser.setFocus()
        else:
            self.close()


def _fill(tree: QTreeWidget, pages: tuple[Page, ...]) -> dict[str, QTreeWidgetItem]:
    """Put the pages with their sections into a tree; each entry by its place."""
    entries = {}
    for page in pages:
        above: dict[int, QTreeWidgetItem] = {1: _entry(tree, page.title, page.name)}
        entries[page.name] = above[1]
        for section in page.sections[1:] if page.name != CONTENTS else ():
            parent = above[max(level for level in above if level < section.level)]
            entry = _entry(parent, section.title, f"{page.name}#{section.anchor}")
            above = {level: item for level, item in above.items() if level < section.level} | {section.level: entry}
            entries[f"{page.name}#{section.anchor}"] = entry
    return entries


def _tree(name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderHidden(True)
    tree.setAccessibleName(name)
    tree.setIndentation(16)
    return tree


def _entry(parent: QTreeWidget | QTreeWidgetItem, title: str, place: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem(parent, [title])
    item.setData(0, PLACE, place)
    item.setToolTip(0, title)
    return item
