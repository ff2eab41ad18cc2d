"""Every plot reads values, zooms, and is copied and saved, with the pointer and with the keyboard alone."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, QRectF, Qt, QXmlStreamReader
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local, local_figure
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.bars import BarPlot, HistogramPlot
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.plots.feature_heat import FeatureHeat, heat_rows
from asl_inspector.gui.plots.heat import HeatPlot
from asl_inspector.gui.plots.label import lines_in, place_of
from asl_inspector.gui.plots.plot import Plot
from asl_inspector.gui.plots.scatter import ScatterPlot
from asl_inspector.gui.plots.thinning import thinned
from asl_inspector.gui.plots.view import kept, moved, zoomed

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
KINDS = ("bars", "histogram", "curves", "scatter", "heat", "features")


def new_plot(kind: str) -> Plot:
    count = np.arange(20.0)
    match kind:
        case "bars":
            bars = BarPlot(x_title="gloss", y_title="clips")
            bars.show_bars([f"gloss {i}" for i in range(20)], count, reference=count[::-1])
            return bars
        case "histogram":
            histogram = HistogramPlot(x_title="share")
            histogram.show_counts(count.astype(np.int64), np.linspace(0, 1, 21))
            return histogram
        case "curves":
            curves = CurvePlot(x_title="epoch")
            curves.show_curves([Curve("loss", count, count**2), Curve("other", count, count)])
            return curves
        case "scatter":
            scatter = ScatterPlot(x_title="before", y_title="after")
            scatter.show_points(count, count[::-1])
            return scatter
        case "heat":
            heat = HeatPlot()
            heat.show_matrix(np.outer(count, count), (1, 1))
            return heat
    values = np.outer(count, count).astype(np.float32)
    features = FeatureHeat()
    features.show_features(heat_rows(values, values.mean(0), values.std(0) + 1, absent=np.zeros((20, 20), bool)))
    return features


@pytest.fixture(params=KINDS)
def plot(request: pytest.FixtureRequest, qtbot: QtBot) -> Plot:
    found = new_plot(request.param)
    found.setAccessibleName(f"A plot of {request.param}")
    found.resize(500, found.height())
    qtbot.addWidget(found)
    with qtbot.waitExposed(found):
        found.show()
    found.activateWindow()
    found.setFocus()
    qtbot.waitUntil(found.hasFocus)
    return found


def wheel(plot: Plot, place: QPointF, notches: int, keys: Qt.KeyboardModifier = NONE) -> QWheelEvent:
    event = QWheelEvent(
        place,
        place,
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot, event)
    return event


def mouse(plot: Plot, kind: QEvent.Type, place: QPointF, keys: Qt.KeyboardModifier = NONE) -> None:
    held = LEFT if kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
    QApplication.sendEvent(plot, QMouseEvent(kind, place, plot.mapToGlobal(place), LEFT, held, keys))


def drag(plot: Plot, start: QPointF, end: QPointF, keys: Qt.KeyboardModifier = NONE) -> None:
    mouse(plot, QEvent.Type.MouseButtonPress, start, keys)
    mouse(plot, QEvent.Type.MouseMove, end, keys)
    mouse(plot, QEvent.Type.MouseButtonRelease, end, keys)


def test_zooming_keeps_the_number_under_the_pointer_in_its_place() -> None:
    assert zoomed((0, 10), (0, 10), 5, 0.5, 1) == (2.5, 7.5)
    assert zoomed((0, 10), (0, 10), 0, 0.5, 1) == (0, 5)
    assert zoomed((2, 4), (0, 10), 3, 10, 1) is None
    assert zoomed((10, 0), (10, 0), 5, 0.5, 1) == (7.5, 2.5)  # an axis that runs downwards
    assert zoomed((0, 10), (0, 10), 5, 0.001, 4) == (3, 7)


def test_a_view_never_leaves_the_data() -> None:
    assert kept((-2, 3), (0, 10)) == (0, 5)
    assert kept((8, 12), (0, 10)) == (6, 10)
    assert moved((0, 4), (0, 10), 0.5) == (2, 6)
    assert moved((6, 10), (0, 10), 0.5) == (6, 10)


def test_the_label_never_leaves_the_plot(qtbot: QtBot) -> None:
    area = QRectF(0, 0, 220, 90)
    metrics = QFontMetricsF(theme.font(theme.SMALL))
    for text in ("short", "a name " * 40, "\n".join(f"curve {i}" for i in range(30))):
        lines = lines_in(text, area, metrics)
        for x in range(0, 221, 20):
            for y in range(0, 91, 15):
                assert area.contains(place_of(lines, QPointF(x, y), area, metrics))


def test_the_pointer_reads_values_until_it_leaves(plot: Plot) -> None:
    frame, _, _ = plot.layout_on_screen()
    mouse(plot, QEvent.Type.MouseMove, frame.center())
    assert plot.mark is not None
    words = plot.mark_words()
    assert any(character.isdigit() for character in words)
    before = plot.image()
    assert plot.grab().toImage() != before  # the label is on the screen and in no picture
    mouse(plot, QEvent.Type.MouseMove, QPointF(1, 1))
    assert plot.mark is None


def test_arrow_keys_walk_through_the_values(plot: Plot) -> None:
    QTest.keyClick(plot, Qt.Key.Key_Home)
    first = plot.mark
    assert first is not None
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert plot.mark is not None
    assert plot.mark[0] > first[0]
    assert plot.accessibleDescription() == plot.mark_words()
    QTest.keyClick(plot, Qt.Key.Key_Left)
    assert plot.mark == first
    QTest.keyClick(plot, Qt.Key.Key_End)
    assert plot.mark is not None
    assert plot.mark[0] == pytest.approx(plot.stops()[-1])
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert plot.mark[0] == pytest.approx(plot.stops()[-1])


def test_keys_zoom_and_show_all_again(plot: Plot) -> None:
    whole = plot.shown_x()
    QTest.keyClick(plot, Qt.Key.Key_Plus)
    assert plot.is_zoomed
    low, high = plot.shown_x()
    assert min(whole) <= low < high <= max(whole)
    assert high - low < whole[1] - whole[0]
    QTest.keyClick(plot, Qt.Key.Key_End)  # the view follows the mark
    assert plot.mark is not None
    assert plot.shown_x()[0] <= plot.mark[0] <= plot.shown_x()[1]
    QTest.keyClick(plot, Qt.Key.Key_0)
    assert not plot.is_zoomed
    assert plot.shown_x() == whole


def test_the_wheel_zooms_where_the_plot_has_the_focus_and_else_scrolls_the_page(plot: Plot) -> None:
    place = plot.layout_on_screen()[0].center()
    assert wheel(plot, place, 3).isAccepted()
    assert plot.is_zoomed
    wheel(plot, place, -30)
    assert not plot.is_zoomed
    assert not wheel(plot, place, -1).isAccepted()  # all is shown: the page scrolls
    plot.clearFocus()
    assert not wheel(plot, place, 3).isAccepted()
    assert not plot.is_zoomed
    assert wheel(plot, place, 3, Qt.KeyboardModifier.ControlModifier).isAccepted()
    assert plot.is_zoomed


def test_a_drag_chooses_a_part_and_a_double_click_shows_all(plot: Plot) -> None:
    frame, x, _ = plot.layout_on_screen()
    start, end = frame.topLeft() + QPointF(100, 10), frame.topLeft() + QPointF(300, 90)
    wanted = (x.value(start.x()), x.value(end.x()))
    drag(plot, start, end)
    assert plot.shown_x() == pytest.approx(wanted)
    assert (plot.shown_y() != plot.y_range()) is plot.zooms_y
    mouse(plot, QEvent.Type.MouseButtonDblClick, frame.center())
    assert not plot.is_zoomed


def test_where_a_drag_moves_a_cursor_shift_chooses(plot: Plot, qtbot: QtBot) -> None:
    plot.scrubs = True
    frame, _, _ = plot.layout_on_screen()
    with qtbot.waitSignal(plot.pressed):
        drag(plot, frame.center(), frame.center() + QPointF(60, 0))
    assert not plot.is_zoomed
    drag(plot, frame.center(), frame.center() + QPointF(60, 0), Qt.KeyboardModifier.ShiftModifier)
    assert plot.is_zoomed


def test_new_data_are_shown_whole(qtbot: QtBot) -> None:
    plot = new_plot("bars")
    qtbot.addWidget(plot)
    plot.zoom_at(0.5, 5, 0)
    assert isinstance(plot, BarPlot)
    plot.show_bars(["a", "b"], [1, 2])
    assert plot.shown_x() == (-0.6, 1.6)


def test_the_menu_has_every_way_out(plot: Plot, qtbot: QtBot) -> None:
    menu = plot.new_menu()
    words = [action.text().replace("&", "") for action in menu.actions() if not action.isSeparator()]
    assert words[:5] == ["Copy picture", "Copy values", "Save as PNG...", "Save as SVG...", "Save values as CSV..."]
    menu.close()


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_files_are_written_whole_and_can_be_read(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "plot"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    getattr(plot, f"_save_{kind}")()
    (written,) = tmp_path.iterdir()
    assert written.name == f"plot.{kind}"
    content = written.read_bytes()
    if kind == "png":
        assert QImage.fromData(content).size() == plot.size() * 2
    elif kind == "svg":
        reader = QXmlStreamReader(content.decode())
        texts = []
        while not reader.atEnd():
            reader.readNext()
            texts.append(reader.text())
        assert not reader.hasError()
        assert plot.x_title in " ".join(texts)
    else:
        rows = list(csv.reader(io.StringIO(content.decode())))
        assert len(rows) == 1 + len(plot.table()[1])


def test_a_file_that_cannot_be_written_is_told(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = new_plot("bars")
    qtbot.addWidget(plot)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "nowhere" / "x.csv"), ""))
    plot._save_csv()
    (box,) = plot.findChildren(QMessageBox)
    assert "folder" in box.text()
    box.close()


def test_a_formula_in_a_name_is_no_formula_in_the_file(qtbot: QtBot) -> None:
    plot = BarPlot()
    qtbot.addWidget(plot)
    plot.show_bars(["=HYPERLINK(1)", "-a\u202eb"], [1, float("nan")], labels=("@sum", ""))
    assert plot.csv_text() == "name,'@sum\n'=HYPERLINK(1),1.0\n'-a\\u202eb,\n"


@pytest.mark.parametrize("name", ["手話", "שלום", "👋🏽 hello", "👩🏽\u200d🦰", "می\u200cخواهم", "Straße", "élève"])
def test_names_of_every_script_are_drawn_and_kept(qtbot: QtBot, name: str) -> None:
    plot = BarPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 190)
    plot.show_bars([name], [1])
    assert plot.readout(0, 0).removeprefix("\u2068").startswith(name)  # kept apart from the words that follow
    assert name in plot.csv_text()
    with_name = plot.image()
    plot.show_bars([""], [1])
    assert plot.image() != with_name


def test_numbers_on_screen_follow_the_region_and_those_in_files_do_not(qtbot: QtBot) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    try:
        assert local("1,234.5 %") == "1.234,5 %"
        assert local_figure("4 / 97") == "4 / 97"
        assert local_figure("layer.0") == "layer.0"
        plot = BarPlot()
        qtbot.addWidget(plot)
        plot.show_bars(["a"], [1234.5])
        assert "1.234" in plot.readout(0, 0) or "1234,5" in plot.readout(0, 0)
        assert plot.csv_text().splitlines()[1] == "a,1234.5"
    finally:
        QLocale.setDefault(before)


def test_a_logarithm_keeps_small_bars_in_sight(qtbot: QtBot) -> None:
    plot = BarPlot()
    qtbot.addWidget(plot)
    plot.show_bars(["a", "b"], [1, 9999])
    plain = plot.nearest(0, 0)[1] / plot.y_range()[1]  # type: ignore[index]
    plot.set_log(True)
    assert plain < 0.001 < 0.05 < plot.nearest(0, 0)[1] / plot.y_range()[1]  # type: ignore[index]
    assert plot.readout(1, 0) == "b: 9,999 count"
    assert [text for _, text in plot.y_ticks(*plot.y_range(), 5)] == ["0", "1", "10", "100", "1,000", "10,000"]


def test_a_long_curve_keeps_its_extremes(qtbot: QtBot) -> None:
    x = np.arange(100_000.0)
    y = np.sin(x / 5000)
    y[54_321] = 7
    places, values = thinned(x, y, Scale(0, 99_999, 50, 550))
    assert len(places) <= 2 * 502
    assert max(values) == 7
    assert min(values) == pytest.approx(y.min())


def test_moving_the_mark_does_not_draw_the_data_again(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = new_plot("curves")
    plot.resize(400, plot.height())
    qtbot.addWidget(plot)
    drawn = []
    monkeypatch.setattr(plot, "draw", lambda *_: drawn.append(1))
    plot.grab()
    plot.set_mark((3.0, 9.0))
    plot.grab()
    assert len(drawn) == 1
    plot.reset()
    plot.zoom_at(0.5, 3, 0)
    plot.grab()
    assert len(drawn) == 2


def test_copying_puts_values_on_the_clipboard(plot: Plot) -> None:
    plot.copy_text()
    assert QGuiApplication.clipboard().text() == plot.csv_text()


def test_a_cursor_says_the_values_where_the_plot_has_the_focus(plot: Plot) -> None:
    middle = float(plot.stops()[len(plot.stops()) // 2])
    plot.set_cursor_at(middle)
    assert plot.mark is not None
    assert plot.mark[0] == pytest.approx(middle, abs=abs(plot.shown_x()[1] - plot.shown_x()[0]) / 10)
    plot.clearFocus()
    assert plot.mark is None
    plot.set_cursor_at(None)
    plot.set_cursor_at(middle)
    assert plot.mark is None


def test_a_click_tells_its_place_and_a_drag_does_not(plot: Plot, qtbot: QtBot) -> None:
    frame, x, _ = plot.layout_on_screen()
    told: list[float] = []
    plot.pressed.connect(told.append)
    drag(plot, frame.center(), frame.center() + QPointF(80, 0))
    assert told == []
    plot.reset()
    drag(plot, frame.center(), frame.center())
    assert told == pytest.approx([x.value(frame.center().x())])
    assert not plot.is_zoomed


def test_other_figures_of_the_same_bars_keep_the_view(qtbot: QtBot) -> None:
    plot = BarPlot()
    qtbot.addWidget(plot)
    names = [str(number) for number in range(30)]
    plot.show_bars(names, range(30))
    plot.zoom_at(0.5, 10, 0)
    shown = plot.shown_x()
    plot.show_bars(names, range(30), marked={11})
    assert plot.shown_x() == shown
    plot.show_bars(names[::-1], range(30))
    assert not plot.is_zoomed
