"""The program in a real window under a window manager: drag from a file manager, keyboard, export, close."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from desktop.conftest import Desktop
from desktop.exporting import export_by_keyboard
from PySide6.QtGui import QImage

from asl_inspector.bundled_files import demo_files

PANEL_LIST = 100  # pixels from the left edge of the window
SAMPLES_ABOVE_BOTTOM = 229  # pixels; the list of panels stands at the bottom of the side bar
Start = Callable[..., "subprocess.Popen[bytes]"]


def differing(one: QImage, other: QImage, box: tuple[int, int, int, int]) -> float:
    """The share of pixels of a box (left, top, width, height) that two pictures of the screen do not share."""
    left, top, width, height = box
    places = [(x, y) for x in range(left, left + width, 3) for y in range(top, top + height, 3)]
    return sum(one.pixel(x, y) != other.pixel(x, y) for x, y in places) / len(places)


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "program.log").read_text()


def export(desktop: Desktop, window: str, target: Path) -> None:
    export_by_keyboard(desktop, window, target, until_done_s=60, until_written_s=20)
    assert target.read_bytes().startswith(b"%PDF-")
    desktop.tool("windowactivate", "--sync", window)


def test_files_on_the_command_line_are_inspected_and_the_report_is_exported_by_keyboard(
    desktop: Desktop, program: Start, tmp_path: Path
) -> None:
    process = program(*demo_files())
    window = desktop.window("checkpoint_epoch_40.pt")
    export(desktop, window, tmp_path / "diagnosis.pdf")
    desktop.tool("key", "--clearmodifiers", "ctrl+q")
    assert process.wait(timeout=20) == 0
    assert log_of(tmp_path) == ""


def test_files_are_dragged_from_a_file_manager_then_clicked_searched_and_exported(
    desktop: Desktop, program: Start, tmp_path: Path
) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    for path in demo_files():
        shutil.copy(path, folder / path.name)
    process = program()
    window = desktop.window("ASL Inspector")
    desktop.tool("windowsize", "--sync", window, 950, 640)
    desktop.tool("windowmove", "--sync", window, 430, 200)
    desktop.start("pcmanfm", folder)
    manager = desktop.window("case")
    desktop.tool("windowsize", manager, 560, 500)
    desktop.tool("windowmove", manager, 20, 40)
    time.sleep(1.5)
    desktop.tool("windowactivate", "--sync", manager)
    desktop.tool("key", "ctrl+a")
    time.sleep(0.5)
    desktop.drag((228, 160), (1000, 600))
    desktop.window("checkpoint_epoch_40.pt")
    export(desktop, window, tmp_path / "dragged.pdf")
    assert all((folder / path.name).exists() for path in demo_files())  # copied in thought only: nothing was moved

    left, top = 430, 200
    before = desktop.look(tmp_path / "diagnosis.png")
    desktop.click(left + PANEL_LIST, top + 640 - SAMPLES_ABOVE_BOTTOM)
    samples = desktop.look(tmp_path / "samples.png")
    assert differing(before, samples, (left + 270, top + 40, 660, 540)) > 0.05
    desktop.tool("key", "--clearmodifiers", "ctrl+f")
    desktop.tool("type", "--delay", 20, "computer")
    searched = desktop.look(tmp_path / "searched.png")
    assert differing(samples, searched, (left + 290, top + 170, 620, 90)) > 0.01  # other rows
    desktop.tool("key", "--clearmodifiers", "ctrl+q")
    assert process.wait(timeout=20) == 0
    assert log_of(tmp_path) == ""


def test_closing_while_the_engine_works_ends_every_process(desktop: Desktop, program: Start, tmp_path: Path) -> None:
    process = program(*demo_files())
    window = desktop.window("ASL Inspector")

    def children() -> str:
        return subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False
        ).stdout.strip()

    engine = desktop.wait(children, 10, "no engine was started")
    subprocess.run(["wmctrl", "-i", "-c", window], env=desktop.environment, check=True)
    assert process.wait(timeout=20) == 0
    assert not Path(f"/proc/{engine}").exists()
    assert log_of(tmp_path) == ""
