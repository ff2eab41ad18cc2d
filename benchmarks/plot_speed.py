"""How long plots take to draw, and a frame while they are zoomed and moved along, at the size that they have on screen."""

from __future__ import annotations

import json

import numpy as np

from benchmarks.measuring import Result, fresh, screen

CLOSER = 60  # frames in which the plot is looked at more closely, and as many along it
ALL = """
import json, sys, time
import numpy as np
from PySide6.QtCore import QSettings
from asl_inspector.gui import app, main_window, scheme
application = app.new_application()
scheme.apply_scheme('light')
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.plots.heat import HeatPlot
rng = np.random.default_rng(1)
bars = BarPlot(x_title='gloss', y_title='clips', height=300)
bars.show_bars([f'gloss {i}' for i in range(2000)], rng.integers(1, 400, 2000), reference=rng.integers(1, 400, 2000))
curve = CurvePlot(x_title='step', height=300)
curve.show_curves([Curve('loss', np.arange(1e6), rng.normal(size=1_000_000).cumsum())])
matrix = HeatPlot(height=600)
matrix.show_matrix(rng.normal(size=(2000, 2000)), (1, 1))
told = {}
for name, plot in (('bars', bars), ('curve', curve), ('matrix', matrix)):
    plot.resize(1020, plot.height())
    plot.show()
    application.processEvents()
    def frame():
        start, busy = time.perf_counter(), time.process_time()
        plot.repaint()
        return 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - busy)
    first = []
    for _ in range(5):
        if hasattr(plot, '_image'):
            plot._image = None
        plot.update()
        first.append(frame())
    middle = sum(plot.x_range()) / 2, sum(plot.y_range()) / 2
    frames = []
    for index in range(2 * int(sys.argv[2])):
        if index < int(sys.argv[2]):
            plot.zoom_at(0.9, *middle)
        else:
            plot.move_view(0.05)
        frames.append(frame())
    hovers = []
    for place in np.linspace(*sorted(plot.shown_x()), 40).tolist():
        plot.set_mark(plot.nearest(place, middle[1]))
        hovers.append(frame())
    told[name] = [first, frames, hovers]
print(json.dumps(told))
"""
WORDS = {"bars": "2,000 bars", "curve": "a curve of a million points", "matrix": "a matrix of 2,000 x 2,000"}


def measure() -> list[Result]:
    """First drawing (median of 5), and the 95th percentile of frames while zooming, moving and reading values.

    Beside the time on the clock stands the time of the processor, which other programs on the machine do not prolong.
    """
    found = json.loads(fresh(ALL, str(CLOSER), environment=screen()))
    return [
        result
        for name, (first, frames, hovers) in found.items()
        for result in (
            _result(f"draw_{name}", f"Drawing {WORDS[name]}, median.", first, 0.5, 100),
            _result(f"zoom_{name}", f"A frame while {WORDS[name]} are zoomed and moved along.", frames, 0.95, 16),
            _result(f"hover_{name}", f"A frame while values of {WORDS[name]} are read.", hovers, 0.95, 16),
        )
    ]


def _result(name: str, what: str, frames: list[tuple[float, float]], quantile: float, most: float) -> Result:
    """A quantile of the frames' milliseconds, on the clock and of the processor."""
    clock, processor = np.quantile(frames, quantile, axis=0).tolist()
    goal = f"under {most} ms" + ("" if quantile == 0.5 else f" at the {100 * quantile:.0f}th percentile")
    return Result(name, what, clock, "ms", "processor time alone", processor, goal, clock < most, len(frames))
