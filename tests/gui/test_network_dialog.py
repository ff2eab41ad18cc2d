"""The dialog in which the network and its run are chosen by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gui.conftest import DirectEngine
from makers import write_cache
from networks.families import CLASSES, BiLstmState, TokenTransformer
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot
from test_rebuilding import cache, spread_out, trained_for

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.engine.travelling import CODEC
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.network_dialog import NetworkDialog
from asl_inspector.gui.network_words import by_hand, for_checkpoint, with_choices
from asl_inspector.gui.widgets import Text
from asl_inspector.inference.records import Settings
from asl_inspector.report.inspection_json import inspection_json


@pytest.fixture
def case(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> list[Path]:
    """A BiLSTM whose head activation and pooling the stored accuracy settles."""
    network = spread_out(BiLstmState())
    clips = cache(150, 1)
    accuracy = trained_for(network, clips, 0.8)
    torch.save({"model_state_dict": network.state_dict(), "val_acc": 100 * accuracy}, tmp_path / "a.pt")
    paths = [tmp_path / "a.pt", write_cache(tmp_path / "features_val.pkl", clips)]
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(paths)
    return paths


def opened(window: MainWindow) -> NetworkDialog:
    window.diagnosis.network.button.click()
    return window.findChildren(NetworkDialog)[-1]


def shown(window: MainWindow) -> InspectionView:
    assert window.session.inspection is not None
    return window.session.inspection


def choices(window: MainWindow) -> dict[str, tuple[str, str]]:
    network = shown(window).architecture
    assert network is not None
    return {one.name: (one.value, one.settled_by) for one in network.choices}


def test_the_dialog_shows_each_choice_why_and_what_the_tries_gave(window: MainWindow, case: list[Path]) -> None:
    dialog = opened(window)
    words = "\n".join(label.text() for label in dialog.findChildren(Text))
    assert {"blank", "pooling", "head activation", "preprocessing", "length"} <= set(dialog.rows)
    assert "Head activation: gelu reproduces the stored 80.00 %" in words
    assert "Tried: gelu 80.00 %" in words
    assert "as stored" in words
    assert "because a clip gets one answer, so that no frame is left to be blank" in words
    assert dialog.rows["head activation"].box.currentText() == "gelu (by trying)"
    assert not dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    assert "Found by trying: " in window.diagnosis.network.assumed.text()
    dialog.reject()


def test_what_is_chosen_is_run_and_can_be_taken_back(
    window: MainWindow, qtbot: QtBot, engine: DirectEngine, case: list[Path]
) -> None:
    before = shown(window).diagnosis.validation
    dialog = opened(window)
    row = dialog.rows["pooling"]
    row.box.setCurrentIndex(row.box.findData("max"))
    length = dialog.rows["length"]
    assert length.number.isHidden()
    length.box.setCurrentIndex(length.box.findData("resampled to {}"))
    assert not length.number.isHidden()
    length.number.setValue(12)
    dialog.decoder.setCurrentIndex(dialog.decoder.findData("first_token"))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    assert choices(window)["pooling"] == ("max", "you")
    assert choices(window)["length"] == ("resampled to 12", "you")
    assert shown(window).diagnosis.validation != before
    assert "By hand: pooling max, length resampled to 12." in window.diagnosis.network.assumed.text()
    assert window.diagnosis.figures.tiles[0].title.text() == "Validation accuracy by first token"
    inspected = engine.service.inspected
    assert inspected is not None
    document = inspection_json(inspected)
    assert document["settings"]["choices"] == {"pooling": "max", "length": "resampled to 12"}  # type: ignore[index,call-overload]
    assert document["settings"]["decoder"] == "first_token"  # type: ignore[index,call-overload]
    again = opened(window)
    assert again.rows["pooling"].box.currentData() == "max"
    assert again.rows["length"].number.value() == 12
    again.buttons.button(QDialogButtonBox.StandardButton.Reset).click()
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        again.buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    assert window.session.settings == Settings()
    assert choices(window)["pooling"] == ("last state", "measured")


@pytest.mark.slow
def test_the_blank_can_be_moved_to_any_index(window: MainWindow, qtbot: QtBot, case: list[Path]) -> None:
    dialog = opened(window)
    row = dialog.rows["blank"]
    row.box.setCurrentIndex(row.box.findData("{}"))
    row.number.setValue(CLASSES - 2)
    assert row.number.maximum() == CLASSES - 1
    pooling = dialog.rows["pooling"]
    pooling.box.setCurrentIndex(pooling.box.findData("every frame"))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.accept()
    assert choices(window)["blank"] == (str(CLASSES - 2), "you")
    assert by_hand(window.session.settings) == {"blank": str(CLASSES - 2), "pooling": "every frame"}


def test_choices_that_contradict_each_other_are_told_and_the_dialog_still_opens(
    window: MainWindow, qtbot: QtBot, case: list[Path]
) -> None:
    dialog = opened(window)
    for name, value in (("blank", "0"), ("pooling", "mean")):
        box = dialog.rows[name].box
        box.setCurrentIndex(box.findData(value))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.accept()
    (problem,) = shown(window).problems
    assert "pools its frames (mean)" in problem.sentence
    again = opened(window)
    assert again.rows["pooling"].told == "mean"
    again.reject()


@pytest.mark.slow
def test_choices_do_not_follow_another_checkpoint(
    window: MainWindow, qtbot: QtBot, case: list[Path], tmp_path: Path
) -> None:
    dialog = opened(window)
    row = dialog.rows["head activation"]
    row.box.setCurrentIndex(row.box.findData("relu"))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.accept()
    torch.save({"model_state_dict": TokenTransformer().state_dict()}, tmp_path / "b.pt")
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.replace_file(case[0], tmp_path / "b.pt")
    assert not shown(window).problems
    assert window.session.settings.choices == ()
    assert "you" not in {by for _, by in choices(window).values()}


def test_the_device_menu_and_the_dialog_agree(window: MainWindow, qtbot: QtBot, case: list[Path]) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.menus.network._devices["cpu"].trigger()
    dialog = opened(window)
    assert dialog.device.currentData() == "cpu"
    dialog.device.setCurrentIndex(0)
    dialog.precision.setCurrentIndex(1)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.accept()
    assert window.menus.network._devices["auto"].isChecked()
    assert window.session.settings == Settings(mixed=True)


def test_threads_are_chosen_and_the_dialog_tells_why_it_ran_as_it_did(
    window: MainWindow, qtbot: QtBot, case: list[Path]
) -> None:
    dialog = opened(window)
    told = "\n".join(text.text() for text in dialog.findChildren(Text))
    assert "It ran on: CPU, " in told
    assert " Threads: " in told
    assert dialog.threads.currentData() == 0
    dialog.threads.setCurrentIndex(dialog.threads.findData(1))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.accept()
    assert window.session.settings.threads == 1
    assert shown(window).device == "CPU, 1 thread"
    assert shown(window).device_why.endswith("Threads: as you chose.")


def test_settings_hold_what_was_told_and_travel(window: MainWindow, case: list[Path]) -> None:
    told = {"blank": "none", "pooling": "mean"}
    settings = with_choices(Settings(device="cpu"), told)
    assert by_hand(settings) == told
    assert settings.blank == -1
    assert for_checkpoint(settings, Path("/other.pt"), CaseView((), (), None)) == Settings(device="cpu")
    assert for_checkpoint(settings, None, CaseView((), (), None)) == settings
    inspection = shown(window)
    found = CODEC.decode([bytes(part) for part in CODEC.encode(inspection)])
    assert isinstance(found, InspectionView)
    assert found.architecture == inspection.architecture
    assert any(one.tries for one in found.architecture.choices)  # type: ignore[union-attr]
