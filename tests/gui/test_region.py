"""Numbers stand on screen as the user's region writes them, sentences of the inspection included, and plain in files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.numbers import local, local_figure, local_sentence, number_of
from asl_inspector.gui.panel_button import PanelButton
from asl_inspector.gui.plots.plot import Plot
from asl_inspector.gui.tables import Column, ColumnModel
from asl_inspector.gui.widgets import Elided, Text, Tile

ENGLISH_DECIMAL = re.compile(r"(?<![\w.])\d+\.\d{1,2}(?![\d.\w])")
QUOTED = re.compile(r"“[^”]*”")


@pytest.fixture
def german() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    yield
    QLocale.setDefault(before)


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("english", "wanted"),
    [
        ("480 clips, 13,863 frames in 0.3 s", "480 clips, 13.863 frames in 0,3 s"),
        ("73.2 %, 95 %: 63.6 to 81.0; chance 2.5", "73,2 %, 95 %: 63,6 to 81,0; chance 2,5"),
        ("below chance (p = 0.98).", "below chance (p = 0,98)."),
        ("Features 3, 14 and 15 never change; cell 2, line 3.", "Features 3, 14 and 15 never change; cell 2, line 3."),
        ("1,234,567 numbers", "1.234.567 numbers"),
        ("p = 3.2e-05", "p = 3,2e-05"),
        # names stay
        ("“run 3.5” has 1.5 %", "“run 3.5” has 1,5 %"),
        ("`layer 0.5` and layer.0.weight", "`layer 0.5` and layer.0.weight"),
        ("It runs with Python 3.11 and PyTorch 2.13.", "It runs with Python 3.11 and PyTorch 2.13."),
        ("found by version 0.1.0", "found by version 0.1.0"),
        ("checkpoint_1.5.pt, /runs/2.5/a.pt, a@1.5", "checkpoint_1.5.pt, /runs/2.5/a.pt, a@1.5"),
        ("torch 2.6", "torch 2.6"),
    ],
)
def test_numbers_of_sentences_are_written_as_in_the_region_and_names_are_not(english: str, wanted: str) -> None:
    assert local_sentence(english) == wanted


def test_other_regions_have_their_own_marks_and_digits() -> None:
    before = QLocale()
    try:
        for name, wanted in (("fr_FR", "1\u202f234,5"), ("pt_BR", "1.234,5"), ("hi_IN", "1,234.5"), ("C", "1,234.5")):
            QLocale.setDefault(QLocale(name))
            assert local("1,234.5") == wanted
        QLocale.setDefault(QLocale("fa_IR"))
        assert local("1,234.5 %") == "۱٬۲۳۴٫۵ %"
    finally:
        QLocale.setDefault(before)


@pytest.mark.usefixtures("german")
def test_what_is_typed_is_read_as_the_region_writes_it() -> None:
    assert [number_of(text) for text in ("1.000", "50,5 %", "50.5", "", "much", "nan")] == [
        1000,
        50.5,
        50.5,
        None,
        None,
        None,
    ]


@pytest.mark.usefixtures("german")
def test_figures_follow_the_region_and_copies_do_not(qtbot: QtBot) -> None:
    tile = Tile("Blank frames")
    qtbot.addWidget(tile)
    tile.show_figure("1,234.50 %", "of 2,000")
    assert (tile.value.text(), tile.note.text()) == ("1.234,50 %", "of 2.000")
    tile.show_figure("BiLSTM 2.0", "")
    assert tile.value.text() == "BiLSTM 2.0"
    assert local_figure("layer.0") == "layer.0"
    model = ColumnModel()
    figures = np.array([1234.5])
    model.set_columns([Column("loss", figures, lambda row: f"{figures[row]:,.2f}", numeric=True)])
    assert model.data(model.index(0, 0)) == "1.234,50"
    assert model.text_rows([0]) == "loss\n1,234.50"


@pytest.mark.slow
@pytest.mark.usefixtures("german")
def test_no_english_number_is_left_in_a_german_window_and_none_of_its_own_gets_into_files(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(demo_files())
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
    shown = [
        label.text() for label in window.findChildren(Text) if not label._exact or isinstance(label.parent(), Tile)
    ]
    shown += [label.whole for label in window.findChildren(Elided) if label._is_sentence]
    shown += [button._figure for button in window.findChildren(PanelButton)]
    for table in window.findChildren(QTableView):
        model = table.model()
        if isinstance(model, ColumnModel):
            numeric = [place for place, column in enumerate(model.columns) if column.numeric]
            shown += [
                str(model.data(model.index(row, place)))
                for row in range(min(20, model.rowCount()))
                for place in numeric
            ]
    for plot in window.findChildren(Plot):
        if plot.has_data():
            shown.append(plot.summary())
            shown += [text for _, text in (*plot.x_ticks(*plot.x_range(), 5), *plot.y_ticks(*plot.y_range(), 5))]
    assert len(shown) > 500
    assert any("73,2 %" in text for text in shown)
    assert not [text for text in shown if ENGLISH_DECIMAL.search(QUOTED.sub("", text))]
    for kind in ("csv", "json"):
        with qtbot.waitSignal(window.session.exported, timeout=60_000):
            window.session.export(tmp_path / f"x.{kind}", kind)
    rows = list(csv.DictReader((tmp_path / "x.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 97
    assert all(float(row["loss"]) >= 0 and float(row["confidence"]) <= 1 for row in rows)
    assert json.loads((tmp_path / "x.json").read_text())
