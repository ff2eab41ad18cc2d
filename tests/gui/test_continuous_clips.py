"""Continuous clips in the window."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from pytestqt.qtbot import QtBot
from test_continuous import CLIPS, NAMES, Continuous, files
from torch import nn

from asl_inspector.bundled_files import demo_files
from asl_inspector.gui.main_window import MainWindow


def test_the_window_shows_rate_columns_and_alignment(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    torch.manual_seed(4)
    network = Continuous().eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.8)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(files(tmp_path, network))
    tile = window.diagnosis.figures.tiles[0]
    assert tile.title.text() == "Word error rate"
    assert tile.value.text().endswith(" %")
    samples = window.samples
    titles = [column.title for column in samples._model._columns]
    assert titles[:6] == ["clip", "signed", "recognised", "S", "D", "I"]
    assert f"{3 * CLIPS // 4} wrong" in samples._heading.count_of.whole
    glosses, inspection = window.glosses, window.session.inspection
    qtbot.waitUntil(lambda: glosses._found is not None, timeout=20_000)
    assert inspection is not None
    assert inspection.diagnosis.continuous is not None
    total = inspection.diagnosis.continuous.total
    assert glosses._found is not None
    assert int(glosses._found.support.sum()) == total.glosses
    assert int(glosses._found.right.sum()) == total.glosses - total.substitutions - total.deletions
    assert "signs" in glosses._heading.count_of.whole
    assert glosses._decoder.isHidden()
    view = samples._detail.alignment
    qtbot.waitUntil(lambda: view.columnCount() > 0, timeout=20_000)
    with qtbot.waitSignal(window.session.looks.clip.succeeded, timeout=20_000):
        samples._table.selectRow(1)
    marks = [view.horizontalHeaderItem(column).text() for column in range(view.columnCount())]
    assert marks.count("S") == 1
    assert view.item(0, 0).text() in NAMES
    assert "signed\t" in view.words
    assert not samples.controls.decoder_box.isVisible()


def test_where_a_single_gloss_is_spoken_is_told_in_a_sentence(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    with qtbot.waitSignals([session.looks.clip.succeeded, session.became_idle], timeout=60_000):
        window.open_files(demo_files())
    detail = window.samples._detail
    assert detail.alignment.isHidden()
    assert re.search(
        r"If the clip says “\w+”, it does so at frames? \d+.*, with \d+ % on average", detail._words.text()
    )
