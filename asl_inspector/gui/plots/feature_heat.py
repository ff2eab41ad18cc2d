"""The features of a clip over time, in standard deviations from their mean: blue below, orange above, grey missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.heat import rgb
from asl_inspector.gui.plots.plot import Plot

FloatArray = NDArray[np.float64]
MOST_DEVIATIONS = 3.0
MOST_ROWS = 512  # of the picture: there are no more pixels than that


@dataclass(frozen=True, slots=True)
class Band:
    """Neighbouring rows with a name, such as those of a hand."""

    name: str
    start: int
    stop: int


class FeatureHeat(Plot):
    """One row a feature, one column a frame."""

    def __init__(self, *, height: int = 170) -> None:
        super().__init__(x_title="frame", height=height)
        self._values: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._deviations: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._every = 1
        self._span = 0
        self._bands: tuple[Band, ...] = ()
        self._image: QImage | None = None
        self._painted_dark = False

    def show_features(
        self,
        values: NDArray[np.float32],
        mean: FloatArray,
        spread: FloatArray,
        *,
        absent: NDArray[np.bool_],
        every: int = 1,
        bands: tuple[Band, ...] = (),
    ) -> None:
        """Show a clip.

        Args:
            values: (T, F), as they are in the file, in the order of the rows to show.
            mean: (F,), what is drawn as nothing.
            spread: (F,), what one step of colour is.
            absent: (T, F), numbers that stand for something that was not found.
            every: Frames from one column to the next.
            bands: Rows that belong together.
        """
        self._values, self._every, self._bands = values, every, bands
        self._span = len(values) * every
        known = np.where((spread > 0) & np.isfinite(spread), spread, np.inf)
        with np.errstate(invalid="ignore"):
            self._deviations = ((values - np.nan_to_num(mean)) / known).astype(np.float32)
        self._deviations[absent | ~np.isfinite(values)] = np.nan
        self._image = None
        self.update()

    def show_nothing(self) -> None:
        """Forget the clip."""
        nothing = np.zeros((0, 0), np.float32)
        self.show_features(nothing, np.zeros(0), np.zeros(0), absent=np.zeros((0, 0), bool))

    def set_span(self, frames: int) -> None:
        """Have the axis reach so many frames, where something beside it does."""
        self._span = max(frames, len(self._values) * self._every)
        self.update()

    def has_data(self) -> bool:
        return self._values.size > 0

    def x_range(self) -> tuple[float, float]:
        return -0.5, self._span - 0.5

    def y_range(self) -> tuple[float, float]:
        return float(self._values.shape[1]), 0.0

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        return [(value, text) for value, text in super().x_ticks(low, high, most) if value == int(value)]

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        if self._bands:
            return [((band.start + band.stop) / 2, band.name) for band in self._bands]
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
        if np.isnan(self._deviations).any():
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
        colours = theme.current()
        if self._image is None or self._painted_dark != colours.is_dark:
            self._image = _picture(self._deviations.T)
            self._painted_dark = colours.is_dark
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        right = x.place(len(self._values) * self._every - 0.5)
        painter.drawImage(QRectF(frame.left(), frame.top(), right - frame.left(), frame.height()), self._image)
        painter.setPen(QPen(QColor(colours.surface), 2))
        for band in self._bands[1:]:
            place = y.place(band.start)
            painter.drawLine(QPointF(frame.left(), place), QPointF(frame.right(), place))

    def readout(self, x: float, y: float) -> str:
        row, column = int(y), round(x) // self._every
        if not (0 <= column < len(self._values) and 0 <= row < self._values.shape[1]):
            return ""
        band = next((one for one in self._bands if one.start <= row < one.stop), None)
        where = f"{band.name}, number {row - band.start}" if band is not None else f"feature {row}"
        away = float(self._deviations[column, row])
        told = "missing" if away != away else f"{away:+.2f} sd"
        return f"frame {column * self._every}, {where}\n{self._values[column, row]:.6g} ({told})"

    def table(self) -> tuple[list[str], list[list[object]]]:
        names = [f"feature {index}" for index in range(self._values.shape[1])]
        if self._bands:
            names = [f"{band.name} {index}" for band in self._bands for index in range(band.stop - band.start)]
        rows: list[list[object]] = [[index * self._every, *row] for index, row in enumerate(self._values.tolist())]
        return ["frame", *names], rows


def _picture(deviations: NDArray[np.float32]) -> QImage:
    """One pixel a number, (F, T); rows beyond what a screen shows are joined, the farthest from the mean winning."""
    colours = theme.current()
    shown = _joined(deviations)
    ground, low, high = rgb(colours.surface), rgb(colours.series_1), rgb(colours.series_2)
    share = np.clip(np.abs(np.nan_to_num(shown)) / MOST_DEVIATIONS, 0, 1)[..., None]
    pixels = ground + (np.where((shown < 0)[..., None], low, high) - ground) * share
    pixels[np.isnan(shown)] = rgb(colours.series_3)
    opaque = np.concatenate([pixels, np.full((*shown.shape, 1), 255.0)], axis=-1)
    held = np.ascontiguousarray(opaque.astype(np.uint8))
    rows, columns = shown.shape
    return QImage(held.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


def _joined(deviations: NDArray[np.float32]) -> NDArray[np.float32]:
    """(F, T) with at most `MOST_ROWS` rows; a number stays missing where all that were joined are."""
    rows = len(deviations)
    if rows <= MOST_ROWS:
        return deviations
    starts = np.arange(MOST_ROWS) * rows // MOST_ROWS
    high = np.fmax.reduceat(deviations, starts, axis=0)
    low = np.fmin.reduceat(deviations, starts, axis=0)
    joined: NDArray[np.float32] = np.where(np.abs(low) > np.abs(high), low, high)
    return joined
