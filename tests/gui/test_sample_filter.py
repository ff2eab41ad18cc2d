"""The Samples panel's filters, lists and columns, against plain loops over the clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gui.gloss_tables import inspection_of, sample_table
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from asl_inspector.gui.clip_listing import ClipListing
from asl_inspector.gui.panels.sample_filter import SampleFilter, SampleTexts, wrong_clips
from asl_inspector.gui.panels.samples import SamplesPanel
from asl_inspector.progress import Step
from asl_inspector.report.clip_groups import clip_groups
from asl_inspector.report.contents import Problem
from asl_inspector.report.sample_table import SampleTable

SAMPLES = sample_table()
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def kept(asked: SampleFilter, samples: SampleTable = SAMPLES) -> list[int]:
    right = samples.ran & (samples.majority == samples.true_ids)
    return np.flatnonzero(asked.kept(samples, SampleTexts(samples), samples.majority, right)).tolist()


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> SamplesPanel:
    panel = SamplesPanel(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    qtbot.addWidget(panel)
    panel.resize(900, 700)
    panel.show_inspection(inspection_of(SAMPLES))
    panel.show()
    return panel


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (SampleFilter(confidence=(0.2, 0.4)), lambda i: 0.2 <= SAMPLES.confidence[i] <= 0.4),
        (SampleFilter(blank=(None, 0.5)), lambda i: SAMPLES.blank_share[i] <= 0.5),
        (SampleFilter(length=(30, None)), lambda i: SAMPLES.lengths[i] >= 30),
        (SampleFilter(outcome="empty"), lambda i: SAMPLES.majority[i] == 0),
        (SampleFilter(outcome="right"), lambda i: SAMPLES.majority[i] == SAMPLES.true_ids[i]),
        (SampleFilter(gloss="GLOSS-003", gloss_as="true"), lambda i: SAMPLES.true_ids[i] == 3),
        (SampleFilter(gloss="GLOSS-003", gloss_as="predicted"), lambda i: SAMPLES.majority[i] == 3),
        (SampleFilter(gloss="GLOSS-003"), lambda i: 3 in (SAMPLES.true_ids[i], SAMPLES.majority[i])),
        (SampleFilter(text="gloss-01"), lambda i: SAMPLES.true_ids[i] >= 10 or SAMPLES.majority[i] >= 10),
        (SampleFilter(text="BLANK"), lambda i: SAMPLES.majority[i] == 0),
        (SampleFilter(text="00019"), lambda i: 190 <= i < 200 or i == 19),
        (
            SampleFilter(gloss="GLOSS-002", outcome="wrong", length=(20, 80)),
            lambda i: (
                2 in (SAMPLES.true_ids[i], SAMPLES.majority[i])
                and SAMPLES.majority[i] != SAMPLES.true_ids[i]
                and 20 <= SAMPLES.lengths[i] <= 80
            ),
        ),
    ],
)
def test_a_filter_keeps_what_a_plain_loop_keeps(asked: SampleFilter, holds: object) -> None:
    expected = [row for row in range(len(SAMPLES)) if holds(row)]  # type: ignore[operator]
    assert 0 < len(expected) < len(SAMPLES)
    assert kept(asked) == expected


def test_a_clip_without_a_confidence_is_in_no_range() -> None:
    unknown = replace(SAMPLES, confidence=np.full(len(SAMPLES), np.nan))
    assert kept(SampleFilter(confidence=(0.0, 1.0)), unknown) == []


def test_a_clip_that_was_not_run_or_has_no_label_is_neither_right_nor_wrong() -> None:
    ran = SAMPLES.ran.copy()
    ran[:5] = False
    true, names = SAMPLES.true_ids.copy(), list(SAMPLES.glosses)
    true[5:9] = -1
    names[5:9] = [""] * 4
    samples = replace(SAMPLES, ran=ran, true_ids=true, learned_ids=true, glosses=tuple(names))
    right = samples.ran & (samples.majority == samples.true_ids)
    wrong = wrong_clips(samples, right)
    assert not wrong[:9].any()
    assert wrong[9:].tolist() == (~right[9:]).tolist()


def test_groups_name_the_clips_that_findings_are_about() -> None:
    learned = SAMPLES.true_ids.copy()
    learned[:7], learned[7:9] = 40, -1
    score = SAMPLES.majority.copy()
    score[20] += 1
    groups = {one.title: one for one in clip_groups(replace(SAMPLES, learned_ids=learned, score=score), None)}
    assert np.flatnonzero(groups["id differs from training"].clips).tolist() == list(range(7))
    assert groups["id differs from training"].cause == "label-map-mismatch"
    assert np.flatnonzero(groups["gloss not in training"].clips).tolist() == [7, 8]
    assert np.flatnonzero(groups["decoders disagree"].clips).tolist() == [20]
    assert groups["empty answer"].clips.tolist() == (SAMPLES.majority == 0).tolist()
    assert "not run" not in groups


def test_what_is_typed_filters_the_table(panel: SamplesPanel, qtbot: QtBot) -> None:
    tester = QAbstractItemModelTester(panel._model, FATAL)
    panel.controls.filters._confidence._fields[0].setText("50 %")
    qtbot.waitUntil(lambda: panel._model.rowCount() == int((SAMPLES.confidence >= 0.5).sum()))
    assert panel.controls.more.text() == "Filters (1)"
    panel.controls.filters._confidence._fields[1].setText("much")
    assert panel.controls.filters._confidence._fields[1].property("wrong") is True
    assert panel.controls.filters._confidence.limits == (0.5, None)
    panel.controls.filters._evidence.setCurrentIndex(panel.controls.filters._evidence.findData("empty answer"))
    both = (SAMPLES.confidence >= 0.5) & (SAMPLES.majority == 0)
    assert panel._model.source_rows().tolist() == np.flatnonzero(both).tolist()
    assert panel._selected in panel._model.source_rows().tolist()
    panel.go_to("samples")
    assert panel._model.rowCount() == len(SAMPLES)
    assert panel.controls.more.text() == "Filters"
    tester.deleteLater()


def test_a_typed_gloss_is_chosen_and_one_that_is_none_is_not(panel: SamplesPanel, qtbot: QtBot) -> None:
    field = panel.controls.filters._gloss
    with qtbot.waitSignal(panel.gloss_chosen) as chosen:
        field.setText("gloss-004")
        field.editingFinished.emit()
    assert chosen.args == ["GLOSS-004"]
    assert field.text() == "GLOSS-004"
    with qtbot.assertNotEmitted(panel.gloss_chosen):
        field.setText("no such gloss")
        field.editingFinished.emit()
    assert field.text() == "GLOSS-004"


def test_a_listing_shows_its_clips_until_all_are_asked_for(panel: SamplesPanel) -> None:
    tester = QAbstractItemModelTester(panel._model, FATAL)
    panel.controls.search.setText("gloss-001")
    panel.show_listing(ClipListing("Near", np.array([9, 3, 40]), np.array([0.0, 0.7, 0.2])))
    assert panel.controls.search.text() == ""
    assert panel._model.source_rows().tolist() == [9, 40, 3]
    assert panel._selected == 9
    assert panel._bar._words._whole == "Near: 3 clips"
    panel._bar._all.click()
    assert panel._model.rowCount() == len(SAMPLES)
    assert "distance" not in [one.title for one in panel._model.columns]
    tester.deleteLater()


def test_progress_and_trouble_of_a_search_are_told(panel: SamplesPanel, qtbot: QtBot) -> None:
    panel.show_search(Step("Seeking similar clips", 3, 9, "clips"))
    assert panel._bar._bar.isVisible()
    with qtbot.waitSignal(panel.wants_stop):
        panel._bar._stop.click()
    panel.show_search_problem(Problem("This clip has no numbers."))
    assert panel._bar._words._whole == "This clip has no numbers."
    panel.show_search_problem(None)
    assert panel._bar.isHidden()


def test_clips_like_the_selected_one_are_listed(panel: SamplesPanel, qtbot: QtBot) -> None:
    wrong = int(np.flatnonzero((SAMPLES.majority != SAMPLES.true_ids) & (SAMPLES.majority > 0))[0])
    true, said = SAMPLES.true_ids[wrong], SAMPLES.majority[wrong]
    like = panel._like

    def choose() -> None:
        panel.go_to("samples")
        row = panel._model.view_row(wrong)
        assert row is not None
        panel._table.selectRow(row)

    choose()
    assert like._confusion.text() == f"Same confusion: “GLOSS-{true:03d}” taken for “GLOSS-{said:03d}”"
    like._confusion.trigger()
    same = (SAMPLES.true_ids == true) & (SAMPLES.majority == said)
    assert panel._model.source_rows().tolist() == np.flatnonzero(same).tolist()
    choose()
    like._gloss.trigger()
    assert panel._model.source_rows().tolist() == np.flatnonzero(SAMPLES.true_ids == true).tolist()
    choose()
    like._answer.trigger()
    assert panel._model.source_rows().tolist() == np.flatnonzero(SAMPLES.majority == said).tolist()
    with qtbot.waitSignal(panel.wants_similar) as asked:
        like._features.trigger()
    assert asked.args == [panel._selected]


def test_hidden_columns_are_remembered(panel: SamplesPanel, qtbot: QtBot, tmp_path: Path) -> None:
    titles = [one.title for one in panel._model.columns]
    panel._chooser.choose("margin", shown=False)
    assert panel._table.isColumnHidden(titles.index("margin"))
    other = SamplesPanel(panel._chooser._settings)
    qtbot.addWidget(other)
    other.show_inspection(inspection_of(SAMPLES))
    assert other._table.isColumnHidden(titles.index("margin"))
    other._chooser._fill()
    named = {action.text(): action for action in other._chooser._menu.actions()}
    assert not named["margin"].isChecked()
    assert not named["clip"].isEnabled()
    named["Show all columns"].trigger()
    assert not other._table.isColumnHidden(titles.index("margin"))


def test_the_order_survives_another_decoder(panel: SamplesPanel) -> None:
    titles = [one.title for one in panel._model.columns]
    panel._table.sortByColumn(titles.index("frames"), Qt.SortOrder.DescendingOrder)
    panel.controls.decoder_box.setCurrentIndex(1)
    lengths = SAMPLES.lengths[panel._model.source_rows()].tolist()
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("title", ["clip", "true gloss", "predicted"])
def test_text_is_sorted_by_name(panel: SamplesPanel, title: str) -> None:
    titles = [one.title for one in panel._model.columns]
    place = titles.index(title)
    panel._table.sortByColumn(place, Qt.SortOrder.DescendingOrder)
    shown = [str(panel._model.data(panel._model.index(row, place))) for row in range(panel._model.rowCount())]
    assert shown == sorted(shown, reverse=True)
