"""What is needed of a curve to draw it: the points in view, or where they are denser than pixels a line down each column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, Qt
from PySide6.QtGui import QPainter

from asl_inspector.gui.plots.axes import Scale

FloatArray = NDArray[np.float64]
POINTS_A_COLUMN = 1.0  # from here on columns of pixels are drawn, not points


def _in_frame(places: FloatArray, x: Scale) -> slice:
    """The points of an unbroken piece that lie in the frame, with a neighbour on each side, so that lines leave it."""
    low, high = min(x.low, x.high), max(x.low, x.high)
    first = max(0, int(np.searchsorted(places, low)) - 1)
    return slice(first, int(np.searchsorted(places, high, side="right")) + 1)


def shown(places: FloatArray, values: FloatArray, x: Scale) -> tuple[list[float], list[float]]:
    """The points of an unbroken piece that are needed to draw it."""
    shown = _in_frame(places, x)
    return places[shown].tolist(), values[shown].tolist()


def _extremes(places: FloatArray, values: FloatArray, x: Scale) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Where columns of pixels begin, and the lowest and highest value of each; None where points are no denser than pixels."""
    shown = _in_frame(places, x)
    places, values = places[shown], values[shown]
    columns = max(1, int(abs(x.end - x.start)))
    low, high = min(x.low, x.high), max(x.low, x.high)
    if len(places) <= columns * POINTS_A_COLUMN or high <= low:
        return None
    starts = np.unique(np.searchsorted(places, np.linspace(low, high, columns + 1)[:-1]))
    starts = np.unique(np.minimum(np.append(0, starts), len(places) - 1))
    return places[starts], np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


def thinned(places: FloatArray, values: FloatArray, x: Scale) -> tuple[list[float], list[float]]:
    """The points of an unbroken piece that are needed to draw it: of each column of pixels the lowest and the highest."""
    found = _extremes(places, values, x)
    if found is None:
        return shown(places, values, x)
    middles, lows, highs = found
    return np.repeat(middles, 2).tolist(), np.stack([lows, highs], axis=1).ravel().tolist()


def columns(places: FloatArray, values: FloatArray, x: Scale, y: Scale) -> FloatArray | None:
    """(n, 3), a line down each column of pixels: its place, its upper and its lower end, touching the one before it.

    None where points are no denser than pixels. A polyline through thousands of points is slow: each joint is computed.
    """
    found = _extremes(places, values, x)
    if found is None:
        return None
    middles, lows, highs = found
    lows[1:], highs[1:] = np.minimum(lows[1:], highs[:-1]), np.maximum(highs[1:], lows[:-1])
    ends = np.sort(np.stack([y.places(lows), y.places(highs)]), axis=0)
    return np.stack([np.floor(x.places(middles)) + 0.5, ends[0] - 0.5, ends[1] + 0.5], axis=1)


def draw_columns(painter: QPainter, lines: FloatArray) -> None:
    """Lines of one pixel, without smoothing: side by side they are the curve."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    pen = painter.pen()
    pen.setStyle(Qt.PenStyle.SolidLine)
    pen.setWidthF(1.0)
    painter.setPen(pen)
    painter.drawLines([QLineF(place, top, place, bottom) for place, top, bottom in lines.tolist()])
    painter.restore()
