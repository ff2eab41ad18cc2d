"""Names in Japanese, Hebrew, Arabic, Hindi and emoji are shown right in tables and plots, and never turn a sentence round."""

from __future__ import annotations

import numpy as np
import pytest
from makers import Run, make_clips, write_cache
from PySide6.QtCore import QSize
from PySide6.QtGui import QFont, QFontDatabase, QImage, QPainter, QTextLayout
from pytestqt.qtbot import QtBot

from asl_inspector.gui import theme
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.scripts import END, ISOLATE, in_order, is_right_to_left, isolated, load_fonts_for, shortened
from asl_inspector.gui.widgets import Text

NAMES = ["手話", "שלום", "مرحبا", "नमस्ते", "👋🏽", "größer"]


def order_on_screen(text: str) -> list[int]:
    """Where each character of a line stands, in pixels: what Qt makes of its directions."""
    layout = QTextLayout(text, theme.font())
    layout.beginLayout()
    line = layout.createLine()
    layout.endLayout()
    places = [line.cursorToX(place) for place in range(len(text))]
    return [round(one[0] if isinstance(one, tuple) else one) for one in places]


@pytest.fixture
def _fonts(qapp: object) -> None:
    load_fonts_for(NAMES)


def inked(name: str) -> np.ndarray:  # type: ignore[type-arg]
    """The pixels of a name as a plot draws it."""
    image = QImage(QSize(140, 40), QImage.Format.Format_Grayscale8)
    image.fill(255)
    painter = QPainter(image)
    painter.setFont(theme.font(theme.LARGE))
    painter.drawText(10, 28, name)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(40, -1).copy()


@pytest.mark.usefixtures("_fonts")
@pytest.mark.parametrize("name", NAMES)
def test_every_script_is_drawn_with_letters_of_its_own_and_not_as_boxes(name: str) -> None:
    missing = inked("\U0010fffe" * 2)  # a character that no font has
    drawn = inked(name)
    assert (drawn < 128).sum() > 20
    assert not np.array_equal(drawn, missing)
    assert not np.array_equal(drawn, inked(name[::-1])) or len(name) == 1 or name == "👋🏽"


@pytest.mark.usefixtures("_fonts")
def test_the_fonts_of_other_scripts_are_known_and_stand_in_for_the_windows_own() -> None:
    families = set(QFontDatabase.families())
    assert {
        "Noto Sans Hebrew",
        "Noto Sans Arabic",
        "Noto Sans Devanagari",
        "Noto Emoji",
        "Noto Sans CJK JP",
    } <= families
    assert "noto sans hebrew" in [name.casefold() for name in QFont.substitutes(theme.SANS)]


def test_a_sentence_keeps_its_order_around_names_from_right_to_left() -> None:
    sentence = "Taken for “שלום”, “مرحبا” and “book”: 3 of 4."
    told = in_order(sentence)
    assert told.replace(ISOLATE, "").replace(END, "") == sentence
    places = order_on_screen(told)
    first, second, end = told.index("שלום"), told.index("مرحبا"), told.index("3 of")
    assert places[first] < places[second] < places[end]
    assert in_order("plain “book”") == "plain “book”"
    readout = isolated("שלום") + ": 3 said, 1 true"
    places = order_on_screen(in_order(readout))
    assert places[-1] > max(places[2:6])
    plain = order_on_screen("שלום: 3 said, 1 true")
    assert plain[-1] < max(plain[:4])  # Qt alone has the name at the right, as the first of a line from right to left


def test_a_name_is_cut_between_the_characters_that_readers_count() -> None:
    assert shortened("thanksgiving", 14) == "thanksgiving"
    assert shortened("thanksgiving day", 14) == "thanksgiving …"
    assert shortened("👋🏽" * 20, 4) == "👋🏽" * 3 + "…"
    assert shortened("é" * 20, 14) == "é" * 13 + "…"
    assert shortened("👨‍👩‍👧" * 3, 14) == "👨‍👩‍👧" * 3
    assert is_right_to_left("a ש")
    assert not is_right_to_left("手話")


@pytest.mark.usefixtures("_fonts")
def test_such_names_stand_in_tables_plots_and_sentences(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    write_cache(run.validation, make_clips(glosses=NAMES))
    write_cache(run.train, make_clips(glosses=NAMES))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files([run.checkpoint, run.validation, run.train])
    qtbot.waitUntil(lambda: window.glosses._found is not None, timeout=20_000)
    model = window.samples._model
    column = next(place for place, one in enumerate(model.columns) if one.title == "true gloss")
    shown = {str(model.data(model.index(row, column))) for row in range(model.rowCount())}
    assert shown == set(NAMES)
    plots = [plot for plot in window.findChildren(BarPlot) if plot.x_title == "gloss" and plot.has_data()]
    ticks = {text for plot in plots for _, text in plot.x_ticks(*plot.x_range(), 20)}
    assert set(NAMES) <= ticks
    labels = [
        label.text()
        for label in window.findChildren(Text)
        if "“שלום”" in label.text().replace(ISOLATE, "").replace(END, "")
    ]
    assert all(ISOLATE in text for text in labels if not text.startswith("true"))
    for panel in window.panels:
        assert not panel.grab().isNull()
