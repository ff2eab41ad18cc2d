"""Lines over a common axis, with a legend and a value for each under the pointer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale, padded
from asl_inspector.gui.plots.plot import Plot
from asl_inspector.gui.plots.thinning import columns, draw_columns, shown, thinned
from asl_inspector.gui.scripts import isolated
from asl_inspector.report.ticks import labelled
from asl_inspector.visible_text import visible

FloatArray = NDArray[np.float64]
BAND_OPACITY = 0.16


@dataclass(frozen=True, slots=True)
class Curve:
    """One line.

    Attributes:
        name: For the legend.
        x: (n,), rising.
        y: (n,), NaN where there is a gap.
        colour: Name of a colour of the theme.
        dashed: True for a line of minor interest.
        band: (n,) and (n,), lower and upper limits, drawn as a shade behind the line; NaN where there are none.
        dots: True to mark every value, where there are few.
    """

    name: str
    x: FloatArray
    y: FloatArray
    colour: str = "series_1"
    dashed: bool = False
    band: tuple[FloatArray, FloatArray] | None = None
    dots: bool = False


class CurvePlot(Plot):
    """Several curves.

    `shares` draws the vertical axis as percentages, from 0 to 100 or, where `fitted`, to what the curves need; `x_whole`
    leaves out what lies between whole numbers of the other axis.
    """

    def __init__(
        self,
        *,
        x_title: str = "",
        y_title: str = "",
        height: int = 190,
        shares: bool = False,
        x_shares: bool = False,
        x_whole: bool = False,
        fitted: bool = False,
    ) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._curves: tuple[Curve, ...] = ()
        self._marks: tuple[tuple[float, str], ...] = ()
        self._shares = shares
        self._x_shares = x_shares
        self._x_whole = x_whole
        self._fitted = fitted
        self._ceiling: float | None = None
        self._pieces: tuple[list[tuple[FloatArray, FloatArray]], ...] = ()
        self._y_reach: tuple[float, float] | None = None
        self._x_span: tuple[float, float] | None = None

    def show_curves(
        self, curves: list[Curve], *, marks: list[tuple[float, str]] | None = None, ceiling: float | None = None
    ) -> None:
        """Show curves, and vertical marks with a word each; what lies above `ceiling` leaves the frame."""
        self._ceiling = ceiling
        self._x_span = None
        self._curves = tuple(curve for curve in curves if len(curve.x))
        self._pieces = tuple(_unbroken(curve) for curve in self._curves)
        self._y_reach = _reach(self._curves)
        self._marks = tuple(marks or ())
        self.show_anew()

    def set_x_span(self, low: float, high: float) -> None:
        """Have the horizontal axis reach from `low` to `high`, whatever the curves that are shown need."""
        self._x_span = (low, high)
        self._x_view = None
        self.update()

    def has_data(self) -> bool:
        return bool(self._curves)

    def x_range(self) -> tuple[float, float]:
        if self._x_span is not None:
            return self._x_span
        low = min(float(curve.x[0]) for curve in self._curves)
        high = max(float(curve.x[-1]) for curve in self._curves)
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def y_range(self) -> tuple[float, float]:
        if self._shares and not self._fitted:
            return 0.0, 1.02
        if self._y_reach is None:
            return 0.0, 1.0
        lowest, highest = self._y_reach
        if self._shares:
            return 0.0, min(1.02, max(0.02, 1.08 * highest))
        low, high = padded(min(0.0, lowest), highest)
        low = 0.0 if lowest >= 0 else low
        return low, high if self._ceiling is None else min(high, self._ceiling)

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        if self._x_whole:
            return [(value, f"{value:.0f}") for value, _ in super().x_ticks(low, high, most) if value == round(value)]
        return _percents(low, high, most) if self._x_shares else super().x_ticks(low, high, most)

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        if not self._shares:
            return super().y_ticks(low, high, most)
        return _percents(0.0, high if self._fitted else 1.0, min(most, 4))

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
        for value, _ in self._marks:
            painter.drawLine(QPointF(x.place(value), frame.top()), QPointF(x.place(value), frame.bottom()))
        for curve in self._curves:
            if curve.band is not None:
                self._draw_band(painter, curve, curve.band, x, y)
        for curve, pieces in zip(self._curves, self._pieces, strict=True):
            style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(getattr(colours, curve.colour)), 1.8, style))
            for part in pieces:
                if (lines := columns(*part, x, y)) is not None:
                    draw_columns(painter, lines)
                    continue
                points = [QPointF(x.place(a), y.place(b)) for a, b in zip(*shown(*part, x), strict=True)]
                if len(points) > 1:
                    painter.drawPolyline(QPolygonF(points))
                for point in points if curve.dots or len(points) == 1 else ():
                    painter.drawEllipse(point, 2, 2)
        self._draw_mark_words(painter, frame, x)

    def _draw_band(
        self, painter: QPainter, curve: Curve, band: tuple[FloatArray, FloatArray], x: Scale, y: Scale
    ) -> None:
        """The shade between the limits of a curve."""
        shade = QColor(getattr(theme.current(), curve.colour))
        shade.setAlphaF(BAND_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        low, high = band
        edges = np.flatnonzero(np.diff(np.concatenate([[0], np.isfinite(low).astype(int), [0]])))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            upper = zip(*thinned(curve.x[start:stop], high[start:stop], x), strict=True)
            lower = zip(*thinned(curve.x[start:stop], low[start:stop], x), strict=True)
            above = [QPointF(x.place(a), y.place(b)) for a, b in upper]
            below = [QPointF(x.place(a), y.place(b)) for a, b in lower]
            painter.drawPolygon(QPolygonF([*above, *reversed(below)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def has_legend(self) -> bool:
        return len(self._curves) > 1

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        colours = theme.current()
        metrics = QFontMetricsF(painter.font())
        right = frame.right() - 4
        for curve in reversed(self._curves):
            name = visible(curve.name)
            width = metrics.horizontalAdvance(name)
            box = QRectF(right - width, frame.top() - metrics.height() - 6, width, metrics.height())
            painter.setPen(QColor(colours.text))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), name)
            style = Qt.PenStyle.DashLine if curve.dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(getattr(colours, curve.colour)), 2.4, style))
            middle = box.center().y()
            painter.drawLine(QPointF(box.left() - 17, middle), QPointF(box.left() - 5, middle))
            right -= width + 34

    def _draw_mark_words(self, painter: QPainter, frame: QRectF, x: Scale) -> None:
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QColor(theme.current().muted))
        for value, word in self._marks:
            width = metrics.horizontalAdvance(word)
            left = x.place(value) + 4
            if left + width > frame.right():
                left = x.place(value) - 4 - width
            painter.drawText(QPointF(left, frame.bottom() - 5), word)

    def stops(self) -> FloatArray:
        return np.unique(np.concatenate([curve.x for curve in self._curves])) if self._curves else np.zeros(0)

    def nearest(self, x: float, y: float) -> tuple[float, float | None] | None:
        """The value of any curve that is nearest across, and among those the one that is nearest in height."""
        if not self._curves:
            return None
        at = min((float(curve.x[_index_near(curve.x, x)]) for curve in self._curves), key=lambda place: abs(place - x))
        near = [(curve, _index_near(curve.x, at)) for curve in self._curves]
        values = [float(curve.y[index]) for curve, index in near if curve.x[index] == at]
        known = [value for value in values if value == value]
        return at, min(known, key=lambda value: abs(value - y)) if known else None

    def readout(self, x: float, y: float) -> str:
        lines = []
        for curve in self._curves:
            index = _index_near(curve.x, x)
            value = float(curve.y[index])
            shown = "no value" if value != value else f"{100 * value:.1f} %" if self._shares else f"{value:.4g}"
            lines.append(f"{isolated(visible(curve.name))}: {local(shown + _limits(curve, index))}")
        at = min((float(curve.x[_index_near(curve.x, x)]) for curve in self._curves), key=lambda place: abs(place - x))
        where = f"{100 * at:.0f} %" if self._x_shares else f"{at:g}"
        return f"{self.x_title or 'at'} {local(where)}\n" + "\n".join(lines)

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows: list[list[object]] = [
            [curve.name, a, b]
            for curve in self._curves
            for a, b in zip(curve.x.tolist(), curve.y.tolist(), strict=True)
        ]
        return ["curve", self.x_title or "x", self.y_title or "y"], rows


def _reach(curves: tuple[Curve, ...]) -> tuple[float, float] | None:
    """The lowest and the highest value of all, limits above included; None where there is no value."""
    parts = [curve.y for curve in curves] + [curve.band[1] for curve in curves if curve.band]
    known = [part[np.isfinite(part)] for part in parts]
    known = [part for part in known if len(part)]
    return (min(float(part.min()) for part in known), max(float(part.max()) for part in known)) if known else None


def _index_near(places: FloatArray, x: float) -> int:
    after = int(np.searchsorted(places, x))
    if after == 0 or after == len(places):
        return min(after, len(places) - 1)
    return after if places[after] - x < x - places[after - 1] else after - 1


def _percents(low: float, high: float, most: int) -> list[tuple[float, str]]:
    return [(value, local(text)) for value, text in labelled(low, high, most, percent=True)]


def _limits(curve: Curve, index: int) -> str:
    """The limits of a curve's share at one place, as text."""
    if curve.band is None or not np.isfinite(curve.band[0][index]):
        return ""
    return f" (95 %: {100 * curve.band[0][index]:.1f} to {100 * curve.band[1][index]:.1f})"


def _unbroken(curve: Curve) -> list[tuple[FloatArray, FloatArray]]:
    """The pieces of a curve between its gaps."""
    known = np.isfinite(curve.y)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(int), [0]])))
    return [(curve.x[a:b], curve.y[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
