"""Shows one page of the guide. Pictures are read in a thread and appear when they are there; nothing comes from a network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QImage, QImageReader, QResizeEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.help.look import dress
from asl_inspector.gui.jobs import Jobs, Publish
from asl_inspector.progress import CancelToken, Progress

WIDEST = 780  # pixels of the text: longer lines are hard to read
NARROWEST_MARGIN = 22
LANE = "guide picture "
ResourceType = QTextDocument.ResourceType


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the page: its place in the text, its name there, and its own size in pixels."""

    position: int
    name: str
    size: QSize

    def fitted(self, width: int) -> QSize:
        """Its size within a column, never larger than it is."""
        shown = min(width, self.size.width())
        return QSize(shown, round(self.size.height() * shown / self.size.width()))


class GuideBrowser(QTextBrowser):
    """A page, with links that go to other pages.

    Args:
        folder: The folder with the pages.
        jobs: Read the pictures.
    """

    opened = Signal(str)  # the place that is shown, as in a link from the guide's folder
    told = Signal(str)  # a sentence on a link that leads out of the guide

    def __init__(self, folder: Path, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder.resolve()
        self._jobs = jobs
        self._url = QUrl()  # `source` tells it only when all is done
        self._path = Path()
        self._is_fresh = False  # read, and not yet dressed
        self._dark = theme.current().is_dark
        self._pictures: list[Picture] = []
        self._width = WIDEST
        self._awaited: dict[str, tuple[QUrl, int]] = {}  # by lane: the picture, and its width in pixels of the screen
        self.setOpenExternalLinks(False)
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # or every page would be laid out twice
        self.setAccessibleName("User guide")
        jobs.succeeded.connect(self._on_picture)
        self.sourceChanged.connect(self._on_source)
        self.verticalScrollBar().valueChanged.connect(self._read_pictures)

    def go_to(self, place: str) -> None:
        """Show a place, such as "causes.md#overfitting"."""
        name, _, anchor = place.partition("#")
        url = QUrl.fromLocalFile(str(self._folder / name))
        if anchor:
            url.setFragment(anchor)
        self.setSource(url)

    @property
    def place(self) -> str:
        """What is shown, as in a link from the guide's folder."""
        fragment = self._url.fragment()
        return f"{self._path.name}#{fragment}" if fragment else self._path.name

    def doSetSource(self, url: QUrl | str, kind: ResourceType = ResourceType.UnknownResource) -> None:
        target = self._url.resolved(QUrl(url))
        if not target.isLocalFile():
            QGuiApplication.clipboard().setText(target.toString())
            self.told.emit(f"This window stays offline. The address is on the clipboard: {target.toString()}")
        elif not Path(target.toLocalFile()).is_file():
            self.told.emit(f"“{target.fileName()}” is not part of the guide that comes with the program.")
        else:
            super().doSetSource(target, kind)

    @Slot(QUrl)
    def _on_source(self, url: QUrl) -> None:
        """A page is there as Qt reads it, or another place of the same page."""
        self._url = QUrl(url)
        self._path = Path(url.toLocalFile())
        if self._is_fresh:
            self._is_fresh = False
            self._awaited.clear()
            self._pictures = self._measured(dress(self.document()))
            self._fit()
            self.document().setLayoutEnabled(True)
        if url.hasFragment():
            self.document().documentLayout().documentSize()  # lays out to the end: the place may be far down
            self.scrollToAnchor(url.fragment())
        self._read_pictures()
        self.opened.emit(self.place)

    def _measured(self, pictures: list[tuple[int, str]]) -> list[Picture]:
        """The pictures that are there, with their sizes; only the beginning of their files is read."""
        sized = [(place, name, QImageReader(str(self._file_of(name))).size()) for place, name in pictures]
        return [Picture(place, name, size) for place, name, size in sized if not size.isEmpty()]

    def _fit(self) -> None:
        """Keep the text in a column that can be read, and the pictures within it."""
        room = self.viewport().width()
        margin = max(NARROWEST_MARGIN, (room - WIDEST) // 2)
        frame = self.document().rootFrame().frameFormat()
        frame.setLeftMargin(margin)
        frame.setRightMargin(margin)
        frame.setTopMargin(14)
        frame.setBottomMargin(40)
        self.document().rootFrame().setFrameFormat(frame)
        self._width = max(1, room - 2 * margin)
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for picture in self._pictures:
            shown = picture.fitted(self._width)
            cursor.setPosition(picture.position)
            cursor.setPosition(picture.position + 1, QTextCursor.MoveMode.KeepAnchor)
            look = cursor.charFormat().toImageFormat()
            look.setWidth(shown.width())
            look.setHeight(shown.height())
            cursor.setCharFormat(look)
        cursor.endEditBlock()

    @Slot()
    def _read_pictures(self) -> None:
        """Read those that are seen, or soon will be."""
        layout, room = self.document().documentLayout(), self.viewport().height()
        top = self.verticalScrollBar().value() - room
        for picture in self._pictures:
            place = layout.blockBoundingRect(self.document().findBlock(picture.position))
            if place.bottom() >= top and place.top() <= top + 3 * room:
                self._read(picture)

    def _file_of(self, name: str) -> Path:
        """The file of a picture; in the dark scheme its dark one, where there is one."""
        path = Path(self._url.resolved(QUrl(name)).toLocalFile())
        dark = path.with_name(path.name.replace("-light.", "-dark."))
        return dark if theme.current().is_dark and dark.is_file() else path

    def _read(self, picture: Picture) -> None:
        path = self._file_of(picture.name)
        width = round(picture.fitted(self._width).width() * self.devicePixelRatioF())
        lane = f"{LANE}{path.name}"
        wanted = (self.document().baseUrl().resolved(QUrl(picture.name)), width)
        if self._awaited.get(lane) == wanted:
            return
        self._awaited[lane] = wanted

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            return QImage(str(path)).scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)

        self._jobs.start(lane, work)

    @Slot(str, object)
    def _on_picture(self, lane: str, result: object) -> None:
        wanted = self._awaited.get(lane)
        if wanted is None or not isinstance(result, QImage):
            return
        self.document().addResource(ResourceType.ImageResource.value, wanted[0], result)
        self.viewport().update()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        if kind == ResourceType.ImageResource.value:
            blank = QImage(1, 1, QImage.Format.Format_RGB32)  # until the picture is read
            blank.fill(QColor(theme.current().neutral_soft))
            return blank
        self._is_fresh = (
            True  # a page: it is laid out when it has its look, which takes milliseconds; twice is too much
        )
        self.document().setLayoutEnabled(False)
        return super().loadResource(kind, name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._path.name:
            self._fit()
            self._read_pictures()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._path.name and theme.current().is_dark != self._dark:
            self._dark = theme.current().is_dark
            where = self.verticalScrollBar().value()
            self.reload()
            self.verticalScrollBar().setValue(where)
