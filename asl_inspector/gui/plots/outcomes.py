"""Clips by checkpoints: which clip is right in which file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.heat import HeatPlot
from asl_inspector.gui.plots.plot import SHORTEST_DRAG

RIGHT, WRONG, NOT_RUN = -1, 1, 0  # as the heat map colours numbers: blue, orange, and the background
WORDS = {RIGHT: "right", WRONG: "wrong", NOT_RUN: "not run"}
MOST = 4_000  # rows or columns that are drawn; of more, every second or third


class OutcomePlot(HeatPlot):
    """Files downwards, clips to the right; a click or Enter chooses a file."""

    row_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(x_title="clips, those that most files get right first", y_title="files", height=320)
        self._files: Sequence[str] = ()
        self._clips: Sequence[str] = ()

    def show_outcomes(self, outcomes: NDArray[np.int8], files: Sequence[str], clips: Sequence[str]) -> None:
        """Show (K, N) of `RIGHT`, `WRONG` and `NOT_RUN`, with a name for every file and clip."""
        self._files, self._clips = files, clips
        steps = tuple(max(1, -(-count // MOST)) for count in outcomes.shape)
        self.show_matrix(outcomes[:: steps[0], :: steps[1]], (steps[0], steps[1]))

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        colours = theme.current()
        right = frame.right()
        line = QRectF(frame.left(), frame.top() - metrics.height() - 6, frame.width(), metrics.height())
        for words, colour in (("wrong", colours.series_2), ("right", colours.series_1)):
            width = metrics.horizontalAdvance(words)
            painter.setPen(QColor(colours.muted))
            painter.drawText(
                QRectF(right - width, line.top(), width, line.height()), int(Qt.AlignmentFlag.AlignVCenter), words
            )
            right -= width + 16
            painter.fillRect(QRectF(right, line.center().y() - 5, 10, 10), QColor(colour))
            right -= 14

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        return _whole(super().x_ticks(low, high, most))

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        return _whole(super().y_ticks(low, high, most))

    def readout(self, x: float, y: float) -> str:
        row, column = self.row_at(y), self._place(x, 1)
        if row is None or not 0 <= column < len(self._clips):
            return ""
        value = int(self._values[row // self._steps[0], column // self._steps[1]])
        return f"{self._clips[column]}: {WORDS[value]} in {self._files[row]}"

    def row_at(self, y: float) -> int | None:
        """The file at a number of the vertical axis, or None."""
        row = self._place(y, 0)
        return row if 0 <= row < len(self._files) else None

    def _place(self, value: float, axis: int) -> int:
        """The file or clip that is drawn there."""
        step = self._steps[axis]
        return int(value) // step * step if value >= 0 else -1

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows, columns = self._values.shape
        names = [self._clips[column * self._steps[1]] for column in range(columns)]
        return ["file", *names], [
            [self._files[row * self._steps[0]], *(WORDS[int(value)] for value in self._values[row])]
            for row in range(rows)
        ]

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        start: QPointF | None = self._band[0] if self._band is not None else None
        super().mouseReleaseEvent(event)
        if start is None or (event.position() - start).manhattanLength() >= SHORTEST_DRAG:
            return
        frame, _, y = self.layout_on_screen()
        row = self.row_at(y.value(start.y())) if frame.contains(start) else None
        if row is not None:
            self.row_chosen.emit(row)

    def _obey(self, key: Qt.Key) -> bool:
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._mark is not None and self._mark[1] is not None:
            row = self.row_at(self._mark[1])
            if row is not None:
                self.row_chosen.emit(row)
            return True
        return super()._obey(key)


def _whole(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """There is no file and no clip between two numbers."""
    return [(value, local(f"{value:.0f}")) for value, _ in ticks if value == round(value)]
