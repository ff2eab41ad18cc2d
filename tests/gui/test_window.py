"""The window as a user meets it: drop, look, change, export, close."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gui.conftest import DirectEngine
from makers import Run, make_clips, save_notebook, write_cache
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.case.records import Role
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.menus import keys_of
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.gui.sidebar import FileCard
from asl_inspector.gui.widgets import Text
from asl_inspector.progress import Cancelled


def open_and_wait(window: MainWindow, qtbot: QtBot, paths: list[Path]) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(paths)


def drop(window: MainWindow, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, copy = QPointF(400, 300), Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(place.toPoint(), copy, data, buttons, keys))
    assert window._overlay.isVisible()
    window.dropEvent(QDropEvent(place, copy, data, buttons, keys))
    assert not window._overlay.isVisible()


def cards(window: MainWindow) -> dict[str, FileCard]:
    return {card.row.path.name: card for card in window.sidebar.findChildren(FileCard) if card.parent() is not None}


def texts(widget: object) -> str:
    return "\n".join(label.text() for label in widget.findChildren(Text))  # type: ignore[attr-defined]


def test_every_panel_says_what_to_drop_while_it_is_empty(window: MainWindow) -> None:
    for panel in window.panels:
        assert "rop" in texts(panel._empty)
        assert panel._stack.currentIndex() == 0


def test_dropping_the_demo_case_fills_every_panel(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        drop(window, demo_files())
    for panel in window.panels:
        assert panel._stack.currentIndex() == (0 if panel is window.runs else 1)  # runs come from a sweep alone
    assert "The validation labels do not mean what the network learned" in texts(window.diagnosis)
    assert [tile.value.text() for tile in window.diagnosis.figures.tiles[:3]] == ["4 / 97", "71 / 97", "4 / 97"]
    assert window.samples._model.rowCount() == 97
    assert "checkpoint_epoch_40.pt" in window.windowTitle()
    assert set(cards(window)) == {path.name for path in demo_files()}


def test_figures_on_screen_equal_those_of_the_core(window: MainWindow, qtbot: QtBot, engine: DirectEngine) -> None:
    open_and_wait(window, qtbot, demo_files())
    core = engine.service.inspected
    assert core is not None
    measures = core.diagnosis.validation
    assert measures is not None
    tiles = window.blanks._tiles
    assert tiles["valid"].value.text() == f"{100 * measures.blanks.argmax_valid:.2f} %"
    assert tiles["padded"].value.text() == f"{100 * measures.blanks.argmax_padded:.2f} %"
    assert window.histogram._tiles[1].value.text() == f"{measures.histogram.effective:.0f}"
    model = window.samples._model
    scored = core.validation
    assert scored is not None
    titles = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    for row in (0, 13, 96):
        shown = dict(
            zip(titles, [model.data(model.index(row, column)) for column in range(model.columnCount())], strict=True)
        )
        assert shown["clip"] == scored.clips.ids[row]
        assert shown["id"] == str(scored.majority[row])
        assert shown["CTC loss"] == f"{scored.predictions.loss[row]:.2f}"


def test_selecting_a_clip_draws_its_posteriors(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    with qtbot.waitSignal(window.session.looks.clip.succeeded, timeout=10_000):
        window.samples._table.selectRow(5)
    assert window.samples._detail._plot.has_data()
    assert window.session.inspection is not None
    assert window.session.inspection.samples is not None
    assert window.session.inspection.samples.clip_ids[5] in window.samples._detail._title.text()


def test_samples_are_filtered_searched_and_sorted(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    samples, model = window.samples, window.samples._model
    samples.controls.shown.setCurrentIndex(samples.controls.shown.findData("wrong"))
    assert model.rowCount() == 26
    samples.controls.shown.setCurrentIndex(samples.controls.shown.findData("right"))
    assert model.rowCount() == 71
    samples.controls.shown.setCurrentIndex(0)
    samples.controls.search.setText("book")
    qtbot.waitUntil(lambda: 0 < model.rowCount() < 20)
    found = [
        str(model.data(model.index(row, 1))) + str(model.data(model.index(row, 4))) for row in range(model.rowCount())
    ]
    assert all("book" in text for text in found)
    samples.controls.search.clear()
    qtbot.waitUntil(lambda: model.rowCount() == 97)
    samples._table.sortByColumn(9, Qt.SortOrder.DescendingOrder)
    losses = [float(str(model.data(model.index(row, 9)))) for row in range(97)]
    assert losses == sorted(losses, reverse=True)


def test_a_tensor_is_looked_at(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    with qtbot.waitSignal(window.session.looks.tensor.succeeded, timeout=10_000):
        window.go_to("keys:classifier.weight")
    assert window._stack.currentWidget() is window.keys
    qtbot.waitUntil(lambda: not window.keys.tensors.detail._plot.isHidden())
    assert "model_state_dict\nclassifier.weight" in window.keys.tensors.detail._title.text()


def test_links_of_the_evidence_lead_to_their_panel(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    link = next(button for button in window.diagnosis.findChildren(QPushButton) if button.text() == "Samples")
    link.click()
    assert window._stack.currentWidget() is window.samples


def test_a_role_can_be_changed_and_comes_back(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    open_and_wait(window, qtbot, run.files)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.choose_role(run.train, Role.VALIDATION)
    roles = {name: card.row.role for name, card in cards(window).items()}
    assert roles["features_train.pkl"] is Role.VALIDATION
    assert window.samples._model.rowCount() == 30
    assert cards(window)["features_train.pkl"].row.chosen


def test_a_file_can_be_removed_and_replaced(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    open_and_wait(window, qtbot, [run.folder])
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        cards(window)["features_train.pkl"].wants_removal.emit(run.train)
    assert "features_train.pkl" not in cards(window)
    smaller = write_cache(run.folder / "smaller.pkl", make_clips(clips_a_gloss=1))
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.replace_file(run.validation, smaller)
    assert window.samples._model.rowCount() == 6


def test_two_checkpoints_show_which_one_is_inspected(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    second = save_notebook(run.folder / "second.pt", run.network)
    open_and_wait(window, qtbot, [run.checkpoint, second, run.validation])
    card = cards(window)["second.pt"]
    assert card.row.role is Role.UNUSED
    assert "one checkpoint is inspected at a time" in texts(card)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.choose_role(second, Role.CHECKPOINT)
    assert "second.pt" in window.windowTitle()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<html></html>", "web page"),
        (b"version https://git-lfs\n", "pointer"),
        (b"PK\x03\x04", "cut short"),
    ],
)
def test_a_bad_file_shows_its_sentence_in_its_card(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "best_model.pt").write_bytes(content)
    open_and_wait(window, qtbot, [tmp_path / "best_model.pt"])
    assert words in texts(cards(window)["best_model.pt"])


def test_what_could_not_be_run_is_told_in_every_panel_that_needs_it(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    write_cache(run.validation, make_clips(features=40))
    open_and_wait(window, qtbot, [run.checkpoint, run.validation])
    for widget in (window.blanks._empty, window.histogram._empty, window.samples):
        assert "40 features a frame, but the network takes 6" in texts(widget)
    assert "40 features a frame" in texts(window.diagnosis)
    assert window.keys._stack.currentIndex() == 1


def test_a_file_removed_while_it_is_open_is_named(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    open_and_wait(window, qtbot, run.files)
    run.validation.unlink()
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.run_again()
    assert "no longer there" in texts(window.diagnosis)


def test_a_payload_is_shown_and_never_run(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    import os

    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, (f"touch {canary}",)

    torch.save({"model_state_dict": {"w": torch.ones(3)}, "x": Evil()}, tmp_path / "a.pt")
    open_and_wait(window, qtbot, [tmp_path / "a.pt"])
    assert "Nothing of it was run here" in texts(window.keys)
    assert "system" in texts(window.keys)
    assert not canary.exists()


def test_hostile_names_are_text_everywhere(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    cache = make_clips(glosses=["<b>bold</b>", "\u202eevil", "<img src=x>", "a", "b", "c"])
    write_cache(run.validation, cache)
    open_and_wait(window, qtbot, [run.checkpoint, run.validation])
    for label in window.findChildren(Text):
        assert label.textFormat() is Qt.TextFormat.PlainText
        assert "\u202e" not in label.text()


def test_cancel_stops_the_run_and_the_window_stays_usable(
    window: MainWindow, qtbot: QtBot, run: Run, engine: DirectEngine
) -> None:
    started = []

    def slow(talk, spec, settings):  # type: ignore[no-untyped-def]
        started.append(True)
        while not talk.cancel.is_cancelled:
            qtbot.wait  # noqa: B018 - only the token ends this
        raise Cancelled

    engine.service.inspect = slow  # type: ignore[method-assign]
    with qtbot.waitSignal(window.session.became_idle, timeout=10_000) as idle:
        window.open_files(run.files)
        qtbot.waitUntil(lambda: bool(started), timeout=5_000)
        window.session.cancel()
    assert idle.args == ["Cancelled"]
    assert "Cancelled" in window._status._what.text()


@pytest.mark.parametrize("kind", ["pdf", "html", "md", "json", "csv"])
def test_export_writes_what_is_shown(window: MainWindow, qtbot: QtBot, run: Run, tmp_path: Path, kind: str) -> None:
    open_and_wait(window, qtbot, run.files)
    with qtbot.waitSignal(window.session.exported, timeout=60_000):
        window.session.export(tmp_path / f"x.{kind}", kind)
    assert (tmp_path / f"x.{kind}").stat().st_size > 500


def test_an_export_that_fails_says_why(window: MainWindow, qtbot: QtBot, run: Run, tmp_path: Path) -> None:
    open_and_wait(window, qtbot, run.files)
    with qtbot.waitSignal(window.session.failed, timeout=60_000):
        window.session.export(tmp_path / "nowhere" / "x.pdf", "pdf")
    qtbot.waitUntil(lambda: any(child.isVisible() for child in window.findChildren(QMessageBox)))
    (box,) = [child for child in window.findChildren(QMessageBox) if child.isVisible()]
    assert "folder" in box.text()
    box.close()


def test_the_diagnosis_can_be_copied_as_text(window: MainWindow, qtbot: QtBot) -> None:
    open_and_wait(window, qtbot, demo_files())
    window.copy_panel_text()
    assert "Label map mismatch" in QGuiApplication.clipboard().text()


def test_panels_are_reached_by_the_keyboard(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    for index in range(len(PANELS)):
        action = next(
            a
            for a in window.findChildren(type(window.menus.export_actions[0]))
            if a.shortcut().toString() == keys_of(index)
        )
        action.trigger()
        assert window._stack.currentIndex() == index


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_scheme_changes_while_the_case_is_shown(window: MainWindow, qtbot: QtBot, scheme: str) -> None:
    open_and_wait(window, qtbot, demo_files())
    apply_scheme(scheme)
    image = window.grab().toImage()
    assert (image.pixelColor(image.width() - 5, image.height() // 2).lightness() < 128) is (scheme == "dark")


def test_results_in_quick_succession_never_open_a_window_of_their_own(
    window: MainWindow, qtbot: QtBot, run: Run
) -> None:
    open_and_wait(window, qtbot, run.files)
    for _ in range(3):
        window._show_inspection(window.session.inspection)
    qtbot.wait(50)
    assert [one for one in QGuiApplication.topLevelWindows() if one.isVisible()] == [window.windowHandle()]


def test_closing_the_case_empties_every_panel(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    open_and_wait(window, qtbot, run.files)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.clear()
    assert all(panel._stack.currentIndex() == 0 for panel in window.panels)
    assert not cards(window)


def test_closing_the_window_waits_for_its_jobs(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    window.open_files(run.files)
    window.close()
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
    assert not window.isVisible()


def test_torch_is_not_loaded_by_the_window_itself() -> None:
    """Checked in a fresh process, because the tests of this one load torch themselves."""
    import subprocess
    import sys

    code = "import sys, asl_inspector.gui.main_window; sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
