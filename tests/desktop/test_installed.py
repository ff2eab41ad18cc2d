"""The Debian package in a clean root, met from a file manager: double click, drag, export, remove.

The program inside is this checkout's, started by a line of shell, so that the test takes seconds. For the package that
is shipped, say which: ASL_INSPECTOR_DEB=build/asl-inspector_0.1.0_amd64.deb python -m pytest tests/desktop
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from desktop.conftest import Desktop
from desktop.exporting import export_by_keyboard

from asl_inspector.bundled_files import demo_files

TOOLS = ("dpkg", "dpkg-deb", "update-mime-database", "update-desktop-database", "pdftotext")
AWKWARD = 'épreuve d\'août 手話 "2".pt'
FIRST_ICON = (228, 175)  # in a file manager that stands as `beside` puts it, with tabs or without


@dataclass
class Installed:
    """A root with nothing in it but the package."""

    root: Path

    def dpkg(self, *arguments: object) -> None:
        command = ["dpkg", f"--root={self.root}", "--force-depends", *map(str, arguments)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr

    def tell_the_desktop(self) -> None:
        """What the triggers of shared-mime-info and desktop-file-utils do, which are not in this root."""
        share = self.root / "usr/share"
        if (share / "mime/packages").is_dir():
            subprocess.run(["update-mime-database", share / "mime"], check=True, capture_output=True)
        if (share / "applications").is_dir():
            subprocess.run(["update-desktop-database", share / "applications"], check=True, capture_output=True)

    def left(self) -> list[str]:
        """Files that are neither dpkg's own nor written by the triggers."""
        files = [path for path in self.root.rglob("*") if not path.is_dir() or path.is_symlink()]
        seen = [str(path.relative_to(self.root)) for path in files]
        own = ("var/lib/dpkg/", "var/log/", "usr/share/mime/", "usr/share/applications/mimeinfo.cache")
        return [name for name in seen if not name.startswith(own)]


def light_package(folder: Path) -> Path:
    """The package as it is built, around a line that starts this checkout."""
    program = folder / "folder" / "asl-inspector"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m asl_inspector "$@"\n')
    program.chmod(0o755)
    build = [sys.executable, ROOT / "packaging" / "build_deb.py", "--folder", program.parent, "--out", folder / "out"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    return next((folder / "out").glob("asl-inspector_*.deb"))


@pytest.fixture
def installed(desktop: Desktop, tmp_path: Path) -> Installed:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0:
        pytest.skip("dpkg installs as root only, into a root of its own too")
    shipped = os.environ.get("ASL_INSPECTOR_DEB")
    package = Path(shipped).resolve() if shipped else light_package(tmp_path / "package")
    found = Installed(tmp_path / "root")
    (found.root / "var/lib/dpkg/updates").mkdir(parents=True)
    (found.root / "var/lib/dpkg/info").mkdir()
    (found.root / "var/lib/dpkg/status").touch()
    found.dpkg("--install", package)
    found.tell_the_desktop()
    desktop.environment["PATH"] = f"{found.root / 'usr/bin'}:{os.environ['PATH']}"
    desktop.environment["XDG_DATA_DIRS"] = f"{found.root / 'usr/share'}:/usr/local/share:/usr/share"
    if shipped:  # what is shipped must bring its own
        desktop.environment.pop("VIRTUAL_ENV", None)
        desktop.environment["PATH"] = f"{found.root / 'usr/bin'}:/usr/bin:/bin"
    return found


def beside(desktop: Desktop, folder: Path) -> None:
    """A file manager that shows a folder, at the left, on top of those before.

    They stay open: one that is started while the last is closing goes to that one, and is lost.
    """
    desktop.start("pcmanfm", folder)
    manager = desktop.window(folder.name)
    desktop.tool("windowsize", manager, 560, 500)
    desktop.tool("windowmove", manager, 20, 40)
    time.sleep(1.5)
    desktop.tool("windowactivate", "--sync", manager)


def double_click(desktop: Desktop) -> None:
    desktop.tool("mousemove", *FIRST_ICON)
    time.sleep(0.3)
    desktop.tool("click", "--repeat", 2, "--delay", 120, 1)


def our_windows(desktop: Desktop) -> list[str]:
    ran = subprocess.run(["wmctrl", "-lx"], env=desktop.environment, capture_output=True, text=True, check=True)
    return [line for line in ran.stdout.splitlines() if "asl-inspector" in line.split()[2].lower()]


def exported(desktop: Desktop, window: str, target: Path) -> str:
    """The text of the PDF that Ctrl+E writes, asked for until a run is complete."""
    export_by_keyboard(desktop, window, target, until_done_s=90, until_written_s=30)
    return subprocess.run(["pdftotext", target, "-"], capture_output=True, text=True, check=True).stdout


def report_naming(names: Sequence[str], desktop: Desktop, window: str, folder: Path) -> str:
    """The text of a report with all these files, exported again until they have arrived: files that were dropped do not
    take away the result that was there before them."""

    def ask() -> str:
        text = exported(desktop, window, folder / f"report {len(list(folder.glob('*.pdf')))} of 'this'.pdf")
        return text if all(name in text for name in names) else ""

    return desktop.wait(ask, 60, f"no report of {names}")


def test_a_checkpoint_is_double_clicked_files_are_dragged_and_nothing_but_settings_stays(
    desktop: Desktop, installed: Installed, tmp_path: Path
) -> None:
    demo = {path.name: path for path in demo_files()}
    checkpoint = next(name for name in demo if name.startswith("checkpoint_"))
    clips = [name for name in demo if name.endswith(".pkl")]
    assert len(clips) == 2
    for folder, names in (("clicked", [checkpoint]), ("dragged", clips)):
        (tmp_path / folder).mkdir()
        for name in names:
            shutil.copy(demo[name], tmp_path / folder / name)
    (tmp_path / "awkward").mkdir()
    shutil.copy(demo[checkpoint], tmp_path / "awkward" / AWKWARD)

    beside(desktop, tmp_path / "clicked")
    double_click(desktop)
    window = desktop.window(checkpoint, 60)
    desktop.tool("windowsize", window, 950, 640)
    desktop.tool("windowmove", window, 430, 200)

    beside(desktop, tmp_path / "dragged")
    desktop.tool("key", "ctrl+a")
    time.sleep(0.5)
    desktop.drag(FIRST_ICON, (1000, 600))
    text = report_naming((checkpoint, *clips), desktop, window, tmp_path)
    assert "The validation labels do not mean what the network learned" in " ".join(text.split())
    assert all((tmp_path / "dragged" / name).exists() for name in clips)  # copied in thought only

    beside(desktop, tmp_path / "awkward")
    double_click(desktop)  # goes to the window that is there
    report_naming((*clips, AWKWARD.partition(" ")[0]), desktop, window, tmp_path)
    assert len(our_windows(desktop)) == 1

    desktop.tool("windowactivate", "--sync", window)
    desktop.tool("key", "--clearmodifiers", "ctrl+q")
    desktop.wait(lambda: "" if our_windows(desktop) else "closed", 30, "the window stays")
    installed.dpkg("--purge", "asl-inspector")
    installed.tell_the_desktop()
    assert installed.left() == []
    assert not (installed.root / "usr/share/applications/mimeinfo.cache").read_text().count("asl-inspector")
