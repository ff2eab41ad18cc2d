"""The features of a clip over time, in standard deviations from their mean: blue below, orange above, grey missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.heat import rgb
from asl_inspector.gui.plots.plot import Plot

FloatArray = NDArray[np.float64]
MOST_DEVIATIONS = 3.0
MOST_ROWS = 512  # of the picture: there are no more pixels than that
MIDDLE, MISSING = 127, 255  # levels of a number at its mean, and of one that is missing


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring rows with a name, such as those of a hand."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class HeatRows:
    """What the plot shows of a clip: T frames, F rows.

    Attributes:
        values: (T, F), as they are in the file, in the order of the rows.
        mean: (F,), what is drawn as nothing.
        spread: (F,), what a standard deviation is; infinite for what never changes.
        absent: (T, F), numbers that stand for something that was not found.
        levels: (rows of the picture, T), `MIDDLE` at the mean, 0 and 254 at the ends of the scale, `MISSING`.
        every: Frames from one column to the next.
        bands: Rows that belong together.
    """

    values: NDArray[np.float32]
    mean: FloatArray
    spread: FloatArray
    absent: NDArray[np.bool_]
    levels: NDArray[np.uint8]
    every: int
    bands: tuple[Band, ...]


def heat_rows(
    values: NDArray[np.float32],
    mean: FloatArray,
    spread: FloatArray,
    *,
    absent: NDArray[np.bool_],
    every: int = 1,
    bands: tuple[Band, ...] = (),
) -> HeatRows:
    """The numbers of a clip as levels of colour; it takes a while for a long clip, so call it off the window's thread."""
    mean = np.nan_to_num(mean)
    known = np.where((spread > 0) & np.isfinite(spread), spread, np.inf)
    absent = absent | ~np.isfinite(values)
    with np.errstate(invalid="ignore"):
        deviations: NDArray[np.float32] = np.subtract(values, mean, dtype=np.float32)
        deviations /= known.astype(np.float32)
    deviations[absent] = np.nan
    shown = _joined(deviations.T)
    scaled = np.clip(np.nan_to_num(shown) / MOST_DEVIATIONS, -1, 1)
    levels = np.where(np.isnan(shown), MISSING, np.rint(MIDDLE * (1 + scaled))).astype(np.uint8)
    return HeatRows(values, mean, known, absent, np.ascontiguousarray(levels), every, bands)


def _joined(deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """(F, T) with at most `MOST_ROWS` rows, the number farthest from its mean winning; missing where all are."""
    rows = len(deviations)
    if rows <= MOST_ROWS:
        return deviations
    starts = np.arange(MOST_ROWS) * rows // MOST_ROWS
    high = np.fmax.reduceat(deviations, starts, axis=0)
    low = np.fmin.reduceat(deviations, starts, axis=0)
    joined: NDArray[np.float32] = np.where(np.abs(low) > np.abs(high), low, high)
    return joined


class FeatureHeat(Plot):
    """One row a feature, one column a frame."""

    zooms_y = True

    def __init__(self, *, height: int = 170) -> None:
        super().__init__(x_title="frame", height=height)
        self._rows: HeatRows | None = None
        self._span = 0
        self._image: QImage | None = None
        self._painted_dark = False

    def show_features(self, rows: HeatRows | None) -> None:
        """Show a clip, or nothing."""
        self._rows = rows if rows is not None and rows.values.size else None
        self._span = len(rows.values) * rows.every if rows is not None else 0
        self._image = None
        self.show_anew()

    def set_span(self, frames: int) -> None:
        """Have the axis reach so many frames, where something beside it does."""
        self._span = max(frames, len(self._rows.values) * self._rows.every if self._rows is not None else 0)
        self.update()

    def has_data(self) -> bool:
        return self._rows is not None

    def x_range(self) -> tuple[float, float]:
        return -0.5, self._span - 0.5

    def y_range(self) -> tuple[float, float]:
        return (float(self._rows.values.shape[1]) if self._rows is not None else 1.0), 0.0

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        return [(value, text) for value, text in super().x_ticks(low, high, most) if value == int(value)]

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        bands = self._rows.bands if self._rows is not None else ()
        if bands:
            return [((band.start + band.stop) / 2, band.name) for band in bands]
        low, high = min(low, high), max(low, high)
        return [(value, text) for value, text in super().y_ticks(low, high, most) if value == int(value)]

    def has_legend(self) -> bool:
        return True

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        """A scale of colours, and grey for what is missing."""
        colours = theme.current()
        metrics = QFontMetricsF(painter.font())
        line = QRectF(frame.left(), frame.top() - metrics.height() - 6, frame.width(), metrics.height())
        entries = [(f"−{MOST_DEVIATIONS:.0f} sd", colours.series_1), (f"+{MOST_DEVIATIONS:.0f} sd", colours.series_2)]
        if self._rows is not None and bool((self._rows.levels == MISSING).any()):
            entries.append(("missing", colours.series_3))
        right = line.right() - 4
        for text, colour in reversed(entries):
            width = metrics.horizontalAdvance(text)
            painter.setPen(QColor(colours.text))
            painter.drawText(
                QRectF(right - width, line.top(), width, line.height()), int(Qt.AlignmentFlag.AlignVCenter), text
            )
            painter.fillRect(QRectF(right - width - 15, line.center().y() - 4.5, 10, 10), QColor(colour))
            right -= width + 28

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        rows = self._rows
        if rows is None:
            return
        colours = theme.current()
        if self._image is None or self._painted_dark != colours.is_dark:
            self._image = _picture(rows.levels)
            self._painted_dark = colours.is_dark
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        bottom, top = self.y_range()
        corner = QPointF(x.place(-0.5), y.place(top))
        far = QPointF(x.place(len(rows.values) * rows.every - 0.5), y.place(bottom))
        painter.drawImage(QRectF(corner, far), self._image)
        painter.setPen(QPen(QColor(colours.surface), 2))
        for band in rows.bands[1:]:
            place = y.place(band.start)
            painter.drawLine(QPointF(frame.left(), place), QPointF(frame.right(), place))

    def stops(self) -> FloatArray:
        return np.arange(len(self._rows.values), dtype=float) * self._rows.every if self._rows else np.zeros(0)

    def y_stops(self) -> FloatArray:
        return np.arange(0.5, self._rows.values.shape[1]) if self._rows else np.zeros(0)

    def readout(self, x: float, y: float) -> str:
        rows = self._rows
        if rows is None:
            return ""
        row, column = int(y), round(x) // rows.every
        if not (0 <= column < len(rows.values) and 0 <= row < rows.values.shape[1]):
            return ""
        band = next((one for one in rows.bands if one.start <= row < one.stop), None)
        where = f"{band.name}, number {row - band.start}" if band is not None else f"feature {row}"
        value = float(rows.values[column, row])
        away = (value - float(rows.mean[row])) / float(rows.spread[row])
        told = "missing" if rows.absent[column, row] else f"{away:+.2f} sd"
        return f"frame {column * rows.every}, {where}\n{local(f'{value:.6g} ({told})')}"

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows = self._rows
        if rows is None:
            return ["frame"], []
        names = [f"feature {index}" for index in range(rows.values.shape[1])]
        if rows.bands:
            names = [f"{band.name} {index}" for band in rows.bands for index in range(band.stop - band.start)]
        held: list[list[object]] = [[index * rows.every, *row] for index, row in enumerate(rows.values.tolist())]
        return ["frame", *names], held


def _picture(levels: NDArray[np.uint8]) -> QImage:
    """One pixel a number; the colours are looked up."""
    colours = theme.current()
    ground, low, high = rgb(colours.surface), rgb(colours.series_1), rgb(colours.series_2)
    share = np.linspace(-1, 1, 2 * MIDDLE + 1)[:, None]  # (255, 1)
    table = ground + (np.where(share < 0, low, high) - ground) * np.abs(share)
    table = np.concatenate([table, [rgb(colours.series_3)]])
    rows, columns = levels.shape
    image = QImage(levels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
    image.setColorTable([QColor(*(int(part) for part in colour)).rgb() for colour in table.tolist()])
    return image.convertToFormat(QImage.Format.Format_RGB32)
