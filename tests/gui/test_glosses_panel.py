"""The Glosses panel: table, confusion matrix, what a click lists, and the gloss that is chosen in all panels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from gui.gloss_tables import inspection_of, measures_of, sample_table
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QWheelEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.data.records import SimilarClips
from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.diagnosis.glosses import measure
from asl_inspector.engine.travelling import CODEC
from asl_inspector.gui import theme
from asl_inspector.gui.clip_listing import ClipListing
from asl_inspector.gui.gloss_selection import GlossSelection
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panels.glosses import GlossesPanel
from asl_inspector.gui.panels.histogram import HistogramPanel
from asl_inspector.gui.panels.samples import LISTING, SamplesPanel
from asl_inspector.gui.plots.confusion import ConfusionPlot
from asl_inspector.gui.scheme import apply_scheme

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def panel(qtbot: QtBot) -> GlossesPanel:
    """With the figures of 200 clips of 12 glosses."""
    panel = GlossesPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 640)
    samples = sample_table()
    panel.show_inspection(inspection_of(samples))
    panel.show_measures(measures_of(samples))
    panel.show()
    return panel


@pytest.fixture
def plot(panel: GlossesPanel, qtbot: QtBot) -> ConfusionPlot:
    panel._view.button(1).click()
    plot = panel._page.plot
    qtbot.waitUntil(plot.isVisible)
    return plot


def column(panel: GlossesPanel, title: str) -> list[str]:
    titles = [one.title for one in panel._model.columns]
    place = titles.index(title)
    return [str(panel._model.data(panel._model.index(row, place))) for row in range(panel._model.rowCount())]


def centre_of(plot: ConfusionPlot, row: int, column: int) -> QPoint:
    """The middle of a cell, in pixels of the widget."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QFontMetricsF

    _, x, y = plot._layout(QRectF(plot.rect()), QFontMetricsF(theme.font(theme.SMALL)))
    return QPointF(x.place(column + 0.5), y.place(row + 0.5)).toPoint()


# -- the table --------------------------------------------------------------------------------------------------------


def test_the_panel_says_what_to_drop_and_what_it_waits_for(qtbot: QtBot) -> None:
    panel = GlossesPanel()
    qtbot.addWidget(panel)
    assert panel._stack.currentIndex() == 0
    assert "Drop a checkpoint" in panel._empty._advice.text()
    with qtbot.waitSignal(panel.wants_measures) as asked:
        panel.show_inspection(inspection_of(sample_table()))
    assert asked.args == ["majority"]
    assert panel._empty._title.text() == "Counting confusions"
    panel.show_measures(None)
    assert "labels" in panel._empty._advice.text()


def test_the_table_shows_what_was_measured(panel: GlossesPanel) -> None:
    found = panel._found
    assert found is not None
    assert column(panel, "support") == [f"{one:,}" for one in found.support.tolist()]
    assert column(panel, "accuracy (recall)")[0] == f"{100 * found.recall[0]:.1f} %"
    assert column(panel, "95 % interval")[3] == f"{100 * found.low[3]:.0f} to {100 * found.high[3]:.0f} %"
    assert column(panel, "most confused with")[0] == found.name_of(int(found.confused_with[0]))
    assert "12 glosses, 200 clips" in panel._heading.count_of.whole


def test_the_model_passes_qts_tester_while_sorted_and_searched(panel: GlossesPanel) -> None:
    testers = [QAbstractItemModelTester(model, FATAL) for model in (panel._model, panel._page._model)]
    for place in range(panel._model.columnCount()):
        panel._table.sortByColumn(place, Qt.SortOrder.DescendingOrder)
    panel._search.setText("gloss-00")
    panel._filter()
    assert panel._model.rowCount() == 9
    panel.show_measures(measures_of(sample_table(seed=4)))
    assert len(testers) == 2


def test_an_order_survives_new_figures_and_undefined_figures_come_last(panel: GlossesPanel) -> None:
    titles = [one.title for one in panel._model.columns]
    panel._table.sortByColumn(titles.index("precision"), Qt.SortOrder.DescendingOrder)
    found = measure(
        ["a", "b", "c"], np.arange(3), np.arange(3), np.array([0, 1, 1]), np.array([0, 0, 3]), decoder="majority"
    )
    panel.show_measures(found)
    assert column(panel, "precision") == ["50.0 %", "", ""]


def test_rows_are_copied_and_saved_as_csv(panel: GlossesPanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    panel._table.selectRow(2)
    panel._copy()
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("GLOSS-003\t")
    path = tmp_path / "glosses.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel._csv.click()
    rows = list(csv.DictReader(path.read_text().splitlines()))
    found = panel._found
    assert found is not None
    assert [int(row["support"]) for row in rows] == found.support.tolist()
    assert float(rows[0]["recall"]) == pytest.approx(found.recall[0], rel=1e-5)


# -- the matrix -------------------------------------------------------------------------------------------------------


def test_pointing_reads_a_cell_and_a_click_lists_its_clips(
    plot: ConfusionPlot, panel: GlossesPanel, qtbot: QtBot
) -> None:
    found = panel._found
    assert found is not None
    clips = found.clips_of(4, 5)
    assert len(clips)
    words = plot._words(4, 5)
    assert words == f"true “GLOSS-005”, predicted “GLOSS-006”: {len(clips)} of {found.support[4]}"
    with qtbot.waitSignal(panel.wants_panel) as asked, qtbot.waitSignal(panel.listed) as listed:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=centre_of(plot, 4, 5))
    (listing,) = listed.args
    assert asked.args == [LISTING]
    assert isinstance(listing, ClipListing)
    assert listing.clips.tolist() == clips.tolist()
    assert listing.title == "“GLOSS-005” taken for “GLOSS-006”"
    assert listing.decoder == "majority"


def test_an_empty_cell_lists_nothing(plot: ConfusionPlot, panel: GlossesPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(panel.listed):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=centre_of(plot, 0, 7))


def test_empty_answers_have_the_last_column(plot: ConfusionPlot, panel: GlossesPanel) -> None:
    found = panel._found
    assert found is not None
    assert plot._names[-1] == "(nothing)"
    assert "predicted nothing" in plot._words(2, 12)


def test_the_wheel_zooms_at_the_pointer_and_dragging_moves(plot: ConfusionPlot, qtbot: QtBot) -> None:
    place = centre_of(plot, 6, 6)
    wheel = QWheelEvent(
        QPointF(place),
        plot.mapToGlobal(QPointF(place)),
        QPoint(),
        QPoint(0, 360),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(plot, wheel)
    closer = plot.view
    assert closer.width == pytest.approx(13 / 1.25**3)
    assert (centre_of(plot, 6, 6) - place).manhattanLength() <= 2
    qtbot.mousePress(plot, Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(plot, place - QPoint(60, 40))
    qtbot.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=place - QPoint(60, 40))
    assert plot.view.left > closer.left
    assert plot.view.top > closer.top
    assert plot.view.width == pytest.approx(closer.width)
    plot.zoom(1e-6)
    assert (plot.view.left, plot.view.right) == (0, 13)


def test_the_keyboard_does_all_of_it(plot: ConfusionPlot, panel: GlossesPanel, qtbot: QtBot) -> None:
    plot.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(plot, key)
    assert plot._focus == (1, 2)
    assert "GLOSS-002" in panel._page._words._whole
    assert plot.accessibleDescription() == panel._page._words._whole
    for _ in range(4):
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
    for _ in range(3):
        qtbot.keyClick(plot, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert plot._focus == (12, 2)
    assert plot.view.bottom == pytest.approx(13)
    qtbot.keyClick(plot, Qt.Key.Key_Home)
    assert plot.view.width == 13
    plot._go_to(4, 5)
    with qtbot.waitSignal(panel.listed) as listed:
        qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert "GLOSS-005" in listed.args[0].title


@pytest.mark.parametrize("order", ["support", "similar"])
def test_other_orders_show_the_same_cells(plot: ConfusionPlot, panel: GlossesPanel, order: str) -> None:
    found, box = panel._found, panel._page._order
    assert found is not None
    box.setCurrentIndex(box.findData(order))
    names = plot._names
    assert sorted(names) == sorted([*found.names, "(nothing)"])
    row, answer = names.index("GLOSS-005"), names.index("GLOSS-006")
    assert plot._words(row, answer).endswith(f": {len(found.clips_of(4, 5))} of {found.support[4]}")
    if order == "support":
        supports = [int(found.support[found.names.index(name)]) for name in names[:-1]]
        assert supports == sorted(supports, reverse=True)


def test_the_list_of_confusions_lists_clips_too(plot: ConfusionPlot, panel: GlossesPanel, qtbot: QtBot) -> None:
    found, page = panel._found, panel._page
    assert found is not None
    with qtbot.waitSignal(panel.listed) as listed:
        page._press_row(page._model.index(0, 0))
    assert len(listed.args[0].clips) == int(found.cell_count[found.cell_true != found.cell_answer].max())


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_wrong_cell_among_four_million_is_seen(qtbot: QtBot, scheme: str) -> None:
    """2,000 glosses, all right but for one clip: its pixel has the colour of wrong answers, wherever it lies."""
    apply_scheme(scheme)
    plot, count = ConfusionPlot(), 2_000
    qtbot.addWidget(plot)
    plot.resize(560, 520)
    true, answer = np.repeat(np.arange(count), 10), np.repeat(np.arange(count), 10)
    answer[12_345] = 77
    found = measure(
        [str(one) for one in range(count)], np.arange(count), np.arange(10 * count), true, answer, decoder="majority"
    )
    plot.show_confusions(found, np.arange(count))
    image = QImage(plot.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    plot.render_plot(painter, plot.rect().toRectF())
    painter.end()
    place = centre_of(plot, 1_234, 77)
    near = [image.pixelColor(place.x() + x, place.y() + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    ground = theme.current().surface
    assert any(one.name() != ground and one.red() > one.blue() for one in near)
    assert plot._cell_at(QPointF(place + QPoint(1, 0))) == (1_234, 77)


@pytest.mark.parametrize("pixels", [3, 12])
def test_a_cell_of_a_few_pixels_is_filled_where_it_is_read(qtbot: QtBot, pixels: int) -> None:
    """60 glosses, of which the 11th is taken for the 31st: the middle of that cell is orange, its neighbours are empty."""
    plot, count = ConfusionPlot(), 60
    qtbot.addWidget(plot)
    plot.resize(120 + pixels * count, 120 + pixels * count)
    true = np.arange(count)
    answer = np.where(true == 10, 30, true)
    found = measure([str(one) for one in range(count)], true, true, true, answer, decoder="majority")
    plot.show_confusions(found, true)
    image = QImage(plot.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    plot.render_plot(painter, plot.rect().toRectF())
    painter.end()
    colours = theme.current()
    assert image.pixelColor(centre_of(plot, 10, 30)).name() == colours.series_2
    assert image.pixelColor(centre_of(plot, 40, 40)).name() == colours.series_1
    for row, column in ((10, 10), (9, 30), (11, 30), (10, 29), (10, 31)):
        assert image.pixelColor(centre_of(plot, row, column)).name() == colours.surface


def test_cells_under_one_pixel_are_pooled_by_the_largest_share() -> None:
    """A picture of 10 x 10 pixels of 100 x 100 cells, against a plain loop over the cells."""
    from asl_inspector.gui.plots.confusion_picture import Cells, View, cell_colours, paint

    random = np.random.default_rng(2)
    flat = np.sort(random.choice(10_000, 900, replace=False))
    true, answer = np.divmod(flat, 100)
    share = random.random(900)
    order = random.permutation(100)
    cells = Cells(true, answer, np.ones(900, np.int64), share, order)
    ground, right, wrong = np.full(3, 255.0), np.array([0.0, 0, 255]), np.array([255.0, 128, 0])
    picture = paint(cells, cell_colours(cells, ground, right, wrong), View(0, 0, 100, 100), 10, 10, ground)
    place = np.argsort(order)
    for y in range(10):
        for x in range(10):
            inside = [
                (share[i], true[i] != answer[i])
                for i in range(900)
                if place[true[i]] // 10 == y and place[answer[i]] // 10 == x
            ]
            if not inside:
                assert picture[y, x] == 0xFFFFFFFF
                continue
            largest, is_wrong = max(inside)
            full = wrong if is_wrong else right
            expected = np.rint(ground + (full - ground) * (0.42 + 0.58 * largest)).astype(int)
            shown = int(picture[y, x])
            assert [shown >> 16 & 255, shown >> 8 & 255, shown & 255] == expected.tolist()


def test_a_copy_of_the_matrix_as_text_has_its_cells(plot: ConfusionPlot, panel: GlossesPanel) -> None:
    found = panel._found
    assert found is not None
    rows = list(csv.reader(plot.csv_text().splitlines()))
    assert rows[0] == ["true", "predicted", "count"]
    assert sum(int(row[2]) for row in rows[1:]) == 200


# -- one gloss in all panels ------------------------------------------------------------------------------------------


def test_a_gloss_chosen_in_one_panel_is_chosen_in_all(panel: GlossesPanel, qtbot: QtBot) -> None:
    samples, histogram, selection = SamplesPanel(), HistogramPanel(), GlossSelection()
    for one in (samples, histogram):
        qtbot.addWidget(one)
        one.show_inspection(inspection_of(sample_table()))
    for one in (panel, samples, histogram):
        selection.join(one)
    panel._table.selectRow(4)
    assert selection.gloss == "GLOSS-005"
    assert samples.controls.filters.gloss == "GLOSS-005"
    assert histogram._chosen == "GLOSS-005"
    assert panel._page.plot._chosen == 4
    samples.controls.filters._take_gloss("GLOSS-007")
    assert panel._model.source_row(panel._table.currentIndex().row()) == 6
    histogram._bars = ["GLOSS-001", "GLOSS-002"]
    histogram._plot.pressed.emit(1.2)
    assert selection.gloss == "GLOSS-002"
    assert samples.controls.filters.gloss == "GLOSS-002"
    samples.controls.filters._gloss.clear()
    assert selection.gloss == ""
    assert not panel._table.selectionModel().hasSelection()


def test_the_demo_counts_in_the_engine_and_a_cell_lists_its_clips(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(demo_files())
    glosses, samples = window.glosses, window.samples
    qtbot.waitUntil(lambda: glosses._found is not None, timeout=20_000)
    found, inspection = glosses._found, window.session.inspection
    assert found is not None
    assert inspection is not None
    assert inspection.samples is not None
    assert inspection.samples.scored_by_name
    assert int(found.right.sum()) == int(inspection.samples.correct_by_name.sum()) == 71
    cell = int(np.flatnonzero(found.cell_true != found.cell_answer)[0])
    true, answer = int(found.cell_true[cell]), int(found.cell_answer[cell])
    glosses._list_cell(true, answer)
    assert window._stack.currentWidget() is samples
    assert samples._model.source_rows().tolist() == found.clips_of(true, answer).tolist()
    assert not samples._bar.isHidden()
    with qtbot.waitSignal(samples.wants_similar):
        samples._like._features.trigger()
    qtbot.waitUntil(lambda: samples._model.rowCount() == 50, timeout=20_000)
    assert samples._model.columns[1].title == "distance"
    assert samples._model.data(samples._model.index(0, 1)) == "0.00"
    samples._bar.cleared.emit()
    assert samples._model.rowCount() == 97
    with qtbot.waitSignal(glosses.wants_measures):
        glosses._decoder.setCurrentIndex(2)
    qtbot.waitUntil(lambda: glosses._found is not None and glosses._found.decoder == "score", timeout=20_000)


def test_figures_of_other_clips_are_not_kept_while_new_ones_are_counted(panel: GlossesPanel) -> None:
    panel.show_inspection(inspection_of(sample_table()))
    assert panel._found is not None
    panel.show_inspection(inspection_of(sample_table(clips=20)))
    assert panel._found is None
    assert panel._empty._title.text() == "Counting confusions"


def test_what_is_counted_survives_the_wire() -> None:
    found = measures_of(sample_table())
    back = CODEC.decode([bytes(part) for part in CODEC.encode(found)])
    assert isinstance(back, GlossMeasures)
    assert back.names == found.names
    for name in ("support", "recall", "cell_count", "similar", "clips"):
        np.testing.assert_array_equal(getattr(back, name), getattr(found, name))
    near = SimilarClips(3, np.array([3, 9]), np.array([0.0, 0.5]), 36)
    same = CODEC.decode([bytes(part) for part in CODEC.encode(near)])
    assert isinstance(same, SimilarClips)
    assert same.distance.tolist() == [0.0, 0.5]


def test_seeking_similar_clips_is_cancelled_and_can_be_started_again(
    window: MainWindow, qtbot: QtBot, engine: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(demo_files())
    samples, service = window.samples, engine.service  # type: ignore[attr-defined]
    original = service.similar

    def waits(talk, index):  # type: ignore[no-untyped-def]
        talk.cancel._event.wait(20)
        return original(talk, index)

    monkeypatch.setattr(service, "similar", waits)
    samples._like._features.trigger()
    assert not samples._bar._stop.isHidden()
    with qtbot.waitSignal(window.session.jobs.cancelled, timeout=10_000):
        samples._bar._stop.click()
    assert samples._bar.isHidden()
    assert samples._model.rowCount() == 97
    monkeypatch.setattr(service, "similar", original)
    samples._like._features.trigger()
    qtbot.waitUntil(lambda: samples._model.rowCount() == 50, timeout=20_000)
