"""The what-if strip follows the inspection, asks the engine one question at a time, and shows what it answers."""

from __future__ import annotations

import pytest
from gui.test_window import open_and_wait
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.diagnosis.what_if_records import WhatIf, WhatIfAnswer, WhatIfChoices
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panels.what_if_strip import WhatIfStrip
from asl_inspector.gui.what_if_jobs import LANE
from asl_inspector.report.contents import Problem


def wait_for(window: MainWindow, qtbot: QtBot) -> WhatIfStrip:
    strip = window.diagnosis.what_if
    qtbot.waitUntil(lambda: not strip.isHidden() and not window.session.jobs.is_running(LANE), timeout=30_000)
    return strip


def test_the_strip_says_how_it_is_and_what_it_would_be(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    strip = wait_for(window, qtbot)
    diagnosis = window.session.inspection.diagnosis  # type: ignore[union-attr]
    plain = diagnosis.validation.accuracies["majority"]  # type: ignore[union-attr]
    assert plain is not None
    assert strip.tiles["accuracy"].value.text() == f"{100 * plain.value:.1f} %"
    assert strip.remap.isEnabled()
    assert strip.padding.isChecked()
    strip.remap.setChecked(True)
    by_name = diagnosis.by_name
    assert by_name is not None
    qtbot.waitUntil(lambda: strip.tiles["accuracy"].value.text() == f"{100 * by_name.value:.1f} %", timeout=10_000)
    assert f"now {100 * plain.value:.1f} %" in strip.tiles["accuracy"].note.text()
    strip._reset.click()
    qtbot.waitUntil(lambda: strip.tiles["accuracy"].value.text() == f"{100 * plain.value:.1f} %", timeout=10_000)
    assert not strip.remap.isChecked()


@pytest.mark.slow
def test_of_many_moves_the_last_one_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    strip = wait_for(window, qtbot)
    strip.remap.setChecked(True)  # the sweep of the diagnosis goes by gloss name too
    for value in range(strip.bias.minimum(), strip.bias.maximum() + 1, 3):
        strip.bias.setValue(value)
    strip.bias.setValue(strip.bias.maximum())
    sweep = window.session.inspection.diagnosis.sweep  # type: ignore[union-attr]
    last = sweep.points[-1]  # type: ignore[union-attr]
    assert last.bias == 10
    wanted = f"{last.correct} / {last.of}"
    qtbot.waitUntil(lambda: wanted in strip.tiles["accuracy"].note.text(), timeout=10_000)
    qtbot.waitUntil(lambda: not window.session.jobs.is_running(LANE), timeout=10_000)
    assert wanted in strip.tiles["accuracy"].note.text()


def test_a_rule_that_sums_over_glosses_takes_no_bias(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    strip = wait_for(window, qtbot)
    strip.bias.setValue(12)
    strip.decoder.setCurrentIndex(strip.decoder.findData("score"))
    assert not strip.bias.isEnabled()
    assert not strip.padding.isEnabled()
    assert strip.question == WhatIf(decoder="score")
    strip.decoder.setCurrentIndex(strip.decoder.findData("majority"))
    assert strip.question.bias == 3


def test_the_strip_goes_with_the_case(window: MainWindow, qtbot: QtBot) -> None:
    files = demo_files()
    open_and_wait(window, qtbot, files)
    strip = wait_for(window, qtbot)
    window.session.inspection_changed.emit(None)
    assert strip.isHidden()


@pytest.mark.parametrize("is_large", [True, False])
def test_a_set_that_is_too_large_is_told_in_a_sentence(qtbot: QtBot, is_large: bool) -> None:
    strip = WhatIfStrip()
    qtbot.addWidget(strip)
    refusal = "2,000,000 frames are too many." if is_large else ""
    strip.show_answer(
        WhatIfAnswer(WhatIfChoices(("majority",), blank=True, padding=True, remap=False, refusal=refusal), None)
    )
    assert strip._controls.isHidden() == is_large
    assert (refusal in strip._words.text()) if is_large else not strip.remap.isEnabled()
    strip.show_problem(Problem("It failed.", "Try again."))
    assert strip.note.text() == "It failed. Try again."
