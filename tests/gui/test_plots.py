"""Plots draw, read out and give back their data."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.bars import BarPlot, HistogramPlot
from asl_inspector.gui.plots.before_after import BeforeAfter
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.plots.thinning import columns
from asl_inspector.report.ticks import labelled, tick_text, ticks


@pytest.mark.parametrize(
    ("low", "high", "most", "wanted"),
    [
        (0, 1, 4, [0, 0.25, 0.5, 0.75, 1]),
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
        (-4, 10, 7, [-4, -2, 0, 2, 4, 6, 8, 10]),
        (0.003, 0.0071, 4, [0.004, 0.006]),
        (5, 5, 4, [5]),
    ],
)
def test_ticks_are_round_and_inside(low: float, high: float, most: int, wanted: list[float]) -> None:
    assert ticks(low, high, most) == pytest.approx(wanted)


def test_tick_texts_have_the_decimals_of_their_step() -> None:
    assert [tick_text(value, 0.25) for value in (0, 0.25, 0.5)] == ["0", "0.25", "0.50"]
    assert [tick_text(value, 2.5) for value in (0, 2.5, 5)] == ["0", "2.5", "5.0"]
    assert tick_text(20_000, 10_000) == "20k"
    assert [text for _, text in labelled(0, 1, 4, percent=True)] == ["0 %", "25 %", "50 %", "75 %", "100 %"]


def test_a_scale_goes_there_and_back() -> None:
    scale = Scale(-2, 6, 100, 20)
    assert (scale.place(-2), scale.place(6), scale.place(2)) == (100, 20, 60)
    assert scale.value(scale.place(3.3)) == pytest.approx(3.3)
    assert Scale(1, 1, 0, 10).place(1) == 0


def drawn_colours(plot) -> int:  # type: ignore[no-untyped-def]
    image = plot.image()
    return len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)})


def test_curves_draw_and_read_out(qtbot: QtBot) -> None:
    plot = CurvePlot(x_title="frame", shares=True)
    qtbot.addWidget(plot)
    plot.resize(400, 190)
    assert not plot.has_data()
    empty = drawn_colours(plot)
    x = np.arange(5.0)
    plot.show_curves(
        [Curve("blank", x, np.array([1, 0.5, np.nan, 0.2, 0])), Curve("book", x, x / 5, "series_2")],
        marks=[(2.0, "here")],
    )
    assert drawn_colours(plot) > empty
    assert "book: 20.0 %" in plot.readout(1.1, 0)
    assert "blank: no value" in plot.readout(2, 0)
    assert plot.csv_text().splitlines()[:2] == ["curve,frame,y", "blank,0.0,1.0"]


def test_bars_draw_and_read_out(qtbot: QtBot) -> None:
    plot = BarPlot(x_title="gloss")
    qtbot.addWidget(plot)
    plot.resize(400, 190)
    plot.show_bars(["a", "b"], [3, 0], reference=[1, 2], labels=("said", "true"))
    assert plot.readout(0.2, 0) == "a: 3 said, 1 true"
    assert plot.readout(7, 0) == ""
    assert plot.csv_text() == "name,said,true\na,3.0,1.0\nb,0.0,2.0\n"


def test_a_histogram_reads_out_its_bins(qtbot: QtBot) -> None:
    plot = HistogramPlot(percent=True)
    qtbot.addWidget(plot)
    plot.show_counts(np.array([2, 5]), np.array([0.0, 0.5, 1.0]))
    assert plot.readout(0.7, 0) == "50 to 100 %: 5"
    assert plot.readout(2, 0) == ""


def test_a_plot_can_be_copied(qtbot: QtBot) -> None:
    plot = HistogramPlot()
    qtbot.addWidget(plot)
    plot.show_counts(np.array([2, 5]), np.array([0.0, 0.5, 1.0]))
    plot.copy_text()
    assert QGuiApplication.clipboard().text().startswith("from,to,count")
    plot.copy_image()
    assert not QGuiApplication.clipboard().image().isNull()


def test_before_and_after_say_their_figures_to_screen_readers(qtbot: QtBot) -> None:
    bars = BeforeAfter(0.04, 0.73, 0.64, 0.81)
    qtbot.addWidget(bars)
    bars.grab()
    assert bars.accessibleName() == "Accuracy now 4.0 %, if fixed 73.0 % (64 to 81)"


def test_a_dense_curve_keeps_the_extremes_of_every_pixel() -> None:
    random = np.random.default_rng(3)
    places, values = np.arange(50_000.0), random.normal(size=50_000).cumsum()
    x, y = Scale(10_000, 40_000, 0, 300), Scale(-400, 400, 200, 0)
    lines = columns(places, values, x, y)
    assert lines is not None
    for pixel in (3, 150, 298):
        inside = (x.places(places) >= pixel) & (x.places(places) < pixel + 1)
        line = lines[np.floor(lines[:, 0]) == pixel]
        assert line[:, 1].min() <= y.places(values[inside]).min()
        assert line[:, 2].max() >= y.places(values[inside]).max()
    assert (lines[1:, 1] <= lines[:-1, 2]).all()  # each touches the one before it
    assert (lines[:-1, 1] <= lines[1:, 2]).all()
    assert columns(places[:200], values[:200], Scale(0, 199, 0, 300), y) is None


def test_many_places_are_where_each_of_them_is() -> None:
    scale = Scale(-2, 6, 100, 20)
    assert scale.places(np.array([-2, 3.3, 6])).tolist() == pytest.approx(
        [scale.place(value) for value in (-2, 3.3, 6)]
    )
    assert Scale(1, 1, 5, 10).places(np.array([1, 2])).tolist() == [5, 5]
