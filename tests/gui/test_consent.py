"""Consent in the window: asked by a command alone, answered no by every hasty key, kept for one content."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gui.conftest import DirectEngine
from makers import Run
from programs.conftest import clips_of
from programs.models import Reader, frozen_script, seeded
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from asl_inspector.gui.consent_dialog import ConsentDialog
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.widgets import Text
from asl_inspector.programs.consent import Offer, hash_of

CODE = """
import torch
from torch import nn

class Same(nn.Module):
    def forward(self, features):
        return features

def build_model(checkpoint):
    return Same()
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return frozen_script(tmp_path / "frozen.pt", seeded(Reader, 9))


def open_case(window: MainWindow, qtbot: QtBot, *paths: Path) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(list(paths))


def asked(window: MainWindow, qtbot: QtBot) -> ConsentDialog:
    """The dialog that asks, once it is there."""
    qtbot.waitUntil(lambda: bool(window.findChildren(ConsentDialog)), timeout=10_000)
    return window.findChildren(ConsentDialog)[0]


def texts(dialog: ConsentDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(Text))


def test_opening_dropping_and_running_again_never_ask(
    window: MainWindow, qtbot: QtBot, script: Path, tmp_path: Path, engine: DirectEngine
) -> None:
    open_case(window, qtbot, script, clips_of(tmp_path / "features_val.pkl", 8, first=1))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.run_again()
    assert "offer" not in engine.calls
    assert not window.findChildren(ConsentDialog)
    assert window.session.inspection is not None
    assert "not run unless you allow it" in window.session.inspection.problems[0].sentence


def test_the_program_in_the_checkpoint_runs_after_a_yes(
    window: MainWindow, qtbot: QtBot, script: Path, tmp_path: Path
) -> None:
    open_case(window, qtbot, script, clips_of(tmp_path / "features_val.pkl", 8, first=1))
    assert window.menus.program_action.isEnabled()
    window.menus.program_action.trigger()
    dialog = asked(window, qtbot)
    told = texts(dialog)
    digest = hash_of(script.read_bytes())
    assert "Run “frozen.pt” on this computer?" in told
    assert digest[:32] in told
    assert digest[32:] in told
    assert "It can do what you can do here" in told
    assert "If the file changes, you are asked again." in told
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        qtbot.mouseClick(dialog.allow, Qt.MouseButton.LeftButton)
    assert window.session.inspection is not None
    assert not window.session.inspection.problems
    assert window.session.inspection.clips == 8
    assert "Nothing but “frozen.pt”, which you allowed, was executed" in window._status._what.toolTip()
    assert window.menus.forbid_action.isEnabled()
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.menus.forbid_action.trigger()
    assert window.session.inspection.clips == 0


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Space])
def test_a_hasty_key_says_no(qtbot: QtBot, key: Qt.Key) -> None:
    offer = Offer(Path("/models/my_model.py"), "ab" * 32, 900, "Python code", ("It imports torch.",), "Python.")
    dialog = ConsentDialog(offer)
    qtbot.addWidget(dialog)
    given: list[object] = []
    dialog.allowed.connect(given.append)
    dialog.show()
    qtbot.waitExposed(dialog)
    assert dialog.refuse.isDefault()
    assert not dialog.allow.autoDefault()
    qtbot.keyClick(dialog.focusWidget() or dialog, key)
    assert not dialog.isVisible()
    assert not given


def test_code_of_ones_own_is_asked_for_by_its_name_and_a_changed_file_again(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"odd": torch.ones(3, 2, 2, 2)}, tmp_path / "odd.pt")
    code = tmp_path / "my_model.py"
    code.write_text(CODE)
    open_case(window, qtbot, tmp_path / "odd.pt", clips_of(tmp_path / "features_val.pkl", 5))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(code), ""))
    window.menus.code_action.trigger()
    dialog = asked(window, qtbot)
    assert "It defines build_model(checkpoint).\nIt imports torch." in texts(dialog)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        dialog.allow.click()
    assert window.session.inspection is not None
    assert window.session.inspection.architecture is not None
    assert window.session.inspection.architecture.body == "own code Same"
    code.write_text(CODE + "# another line\n")
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.run_again()
    assert "has changed since you allowed it" in window.session.inspection.problems[0].sentence


def test_a_network_of_ones_own_asks_for_its_code_and_not_for_clips_that_are_there(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, run: Run
) -> None:
    torch.save({"odd": torch.ones(3, 2, 2, 2)}, tmp_path / "odd.pt")
    open_case(window, qtbot, tmp_path / "odd.pt", run.validation, run.train)
    assert window.session.inspection is not None
    assert "Run > Run with code of your own" in window.session.inspection.problems[0].advice
    notes = [tile.note.text() for tile in window.diagnosis.figures.tiles[:2]]
    assert notes == ["the network could not be run"] * 2


def test_what_is_no_code_is_said_and_not_asked(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.py").write_text("x = 1")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "notes.py"), ""))
    window.questions.ask_code()
    qtbot.waitUntil(lambda: bool(window.findChildren(QMessageBox)), timeout=10_000)
    box = window.findChildren(QMessageBox)[0]
    assert "defines no function build_model(checkpoint)" in box.text()
    assert not window.findChildren(ConsentDialog)
    box.close()


def test_closing_the_case_forgets_what_was_allowed(window: MainWindow, qtbot: QtBot, script: Path) -> None:
    open_case(window, qtbot, script)
    offer = Offer(script, hash_of(script.read_bytes()), 1, "", (), "")
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.allow(offer.consent)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.clear()
    assert window.session.settings.consent is None
