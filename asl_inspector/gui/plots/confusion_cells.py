"""The cells of a confusion matrix, drawn as pixels, as one scaled picture or as rectangles, whichever the zoom asks for."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.confusion_picture import Cells, Colours, View, cell_colours, paint
from asl_inspector.gui.plots.heat import rgb

PIXELS_A_CELL, PIXELS_A_RECTANGLE = 2.0, 8.0  # below the first cells share pixels, below the second they touch
ROOM_FOR_COUNTS = (26.0, 15.0)  # pixels of a cell in which its count is written


class CellPainter:
    """Draws cells, and keeps what it made of them until view, size or scheme change."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self._picture: QImage | None = None
        self._painted: tuple[object, ...] = ()
        self._tones: tuple[bool, Colours] | None = None

    def draw(self, painter: QPainter, frame: QRectF, view: View, x: Scale, y: Scale) -> None:
        """Draw the part that is in view."""
        across, down = frame.width() / view.width, frame.height() / view.height
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        if min(across, down) < PIXELS_A_CELL:
            painter.drawImage(frame.topLeft().toPoint(), self._image(view, int(frame.width()), int(frame.height())))
        elif min(across, down) < PIXELS_A_RECTANGLE:
            self._draw_scaled(painter, view, x, y)
        else:
            self._draw_cells(painter, view, x, y, across, down)

    def _image(self, view: View, width: int, height: int) -> QImage:
        """The picture of the view, kept until view, size or scheme change."""
        colours = theme.current()
        state = (view, width, height, colours.is_dark)
        if self._picture is None or self._painted != state:
            ground = rgb(colours.surface)
            tones = self._colours()
            pixels = np.ascontiguousarray(paint(self.cells, tones, view, max(1, width), max(1, height), ground))
            self._picture = QImage(pixels.data, max(1, width), max(1, height), QImage.Format.Format_RGB32).copy()
            self._painted = state
        return self._picture

    def _colours(self) -> Colours:
        """(K,), the colour of each cell, made anew only for another scheme."""
        colours = theme.current()
        if self._tones is None or self._tones[0] != colours.is_dark:
            made = cell_colours(self.cells, rgb(colours.surface), rgb(colours.series_1), rgb(colours.series_2))
            self._tones = (colours.is_dark, made)
        return self._tones[1]

    def _draw_scaled(self, painter: QPainter, view: View, x: Scale, y: Scale) -> None:
        """One pixel a cell, drawn larger: thousands of cells are in view at this zoom."""
        whole = View(np.floor(view.left), np.floor(view.top), np.ceil(view.right), np.ceil(view.bottom))
        width, height = int(whole.width), int(whole.height)
        ground = rgb(theme.current().surface)
        pixels = np.ascontiguousarray(paint(self.cells, self._colours(), whole, width, height, ground, larger=False))
        picture = QImage(pixels.data, width, height, QImage.Format.Format_RGB32)
        corner, other = (
            QPointF(x.place(whole.left), y.place(whole.top)),
            QPointF(x.place(whole.right), y.place(whole.bottom)),
        )
        painter.drawImage(QRectF(corner, other), picture)

    def _draw_cells(self, painter: QPainter, view: View, x: Scale, y: Scale, across: float, down: float) -> None:
        """One rectangle a cell, with its count where there is room; few are in view at this zoom."""
        cells, shown = self.cells, self.cells.within(view)
        tones = self._colours()[shown].tolist()
        gap = 1.0 if min(across, down) >= 6 else 0.0
        with_counts = across >= ROOM_FOR_COUNTS[0] and down >= ROOM_FOR_COUNTS[1]
        places = zip(cells.rows[shown].tolist(), cells.columns[shown].tolist(), strict=True)
        counts = cells.counts[shown].tolist()
        for (row, column), tone, count in zip(places, tones, counts, strict=True):
            spot = QRectF(x.place(column), y.place(row), across - gap, down - gap)
            colour = QColor.fromRgb(tone)
            painter.fillRect(spot, colour)
            if with_counts:
                painter.setPen(_readable_on(colour))
                painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), local(f"{count:,}"))


def _readable_on(colour: QColor) -> QColor:
    """Black or white, whichever stands out more; the worse of both choices would be under 4.5 to 1, the better never is."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("black") if light > 0.179 else QColor("white")
