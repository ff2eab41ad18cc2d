"""What if the blank were less likely? The curve of accuracy and empty clips, and a slider that reads it off."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QSlider

from asl_inspector.diagnosis.records import BiasPoint, BlankSweep
from asl_inspector.gui.containers import Card
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text

TITLE = "What if the blank were less likely?"


class SweepCard(Card):
    """The curve, and below it a slider; a press in the curve moves the slider too."""

    def __init__(self) -> None:
        super().__init__()
        self._points: tuple[BiasPoint, ...] = ()
        self.body.addWidget(Text(TITLE, weight=QFont.Weight.DemiBold))
        self._words = Text(tone="muted", selectable=True)
        self.body.addWidget(self._words)
        self._plot = CurvePlot(x_title="taken off the blank's logit (nats)", shares=True, height=230)
        self._plot.setAccessibleName(TITLE)
        self._plot.scrubs = True
        self._plot.pressed.connect(self._go_to_bias)
        self.body.addWidget(self._plot)
        line = QHBoxLayout()
        line.setSpacing(12)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        leave_wheel_to_page(self.slider)
        self.slider.setAccessibleName("Bias taken off the blank's logit")
        self.slider.setPageStep(4)
        self.slider.setMaximumWidth(420)
        self.slider.valueChanged.connect(self._read_off)
        line.addWidget(self.slider, 1)
        self.read = Text(selectable=True)
        line.addWidget(self.read, 2)
        self.body.addLayout(line)

    def show_sweep(self, sweep: BlankSweep | None) -> None:
        """Show the curve of a case, with the slider at the network as it was trained."""
        self._points = sweep.points if sweep is not None else ()
        for widget in (self._plot, self.slider, self.read):
            widget.setVisible(sweep is not None)
        if sweep is None:
            self._plot.show_curves([])
            self._words.setText("Too few labelled clips to say.")
            return
        bias = np.array([point.bias for point in sweep.points])
        right = np.array([point.correct / point.of for point in sweep.points])
        empty = np.array([point.empty_share for point in sweep.points])
        marks = [(0.0, "as trained")] + ([(sweep.best_bias, "best")] if sweep.best_bias else [])
        curves = [Curve("accuracy", bias, right), Curve("empty clips", bias, empty, "series_3", dashed=True)]
        self._plot.show_curves(curves, marks=marks)
        before, after = sweep.before, sweep.after
        if sweep.best_bias == 0:
            self._words.setText("No bias on the blank gives more right answers: the blank is not in the way.")
        else:
            self._words.setText(
                f"With {sweep.best_bias:g} taken off, {after.correct} instead of {before.correct} of {after.of} clips are "
                f"right (p = {sweep.p:.2g}). The bias was chosen on the other half of the clips."
            )
        self.slider.setRange(0, len(bias) - 1)
        self.slider.setValue(int(np.argmin(np.abs(bias))))
        self._read_off(self.slider.value())

    @Slot(int)
    def _read_off(self, index: int) -> None:
        """Say what the curve has at a bias."""
        if not self._points:
            return
        point = self._points[index]
        bias = (
            f"{point.bias:g} taken off" if point.bias > 0 else f"{-point.bias:g} added" if point.bias else "As trained"
        )
        words = (
            f"{bias}: {point.correct:,} of {point.of:,} right ({100 * point.correct / point.of:.1f} %), "
            f"{100 * point.empty_share:.1f} % empty"
        )
        self.read.setText(words)
        self.slider.setAccessibleDescription(self.read.text())
        self._plot.set_cursor_at(point.bias)

    @Slot(float)
    def _go_to_bias(self, bias: float) -> None:
        if self._points:
            self.slider.setValue(min(range(len(self._points)), key=lambda i: abs(self._points[i].bias - bias)))
