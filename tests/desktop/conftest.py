"""A virtual screen with a window manager, and the program on it as a user would start it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

TOOLS = ("Xvfb", "openbox", "xdotool", "pcmanfm", "dbus-launch", "scrot", "wmctrl")
SIZE = "1400x900x24"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the desktop."""
    for item in items:
        if "desktop" in Path(item.fspath).parts:
            item.add_marker(pytest.mark.desktop)
            item.add_marker(pytest.mark.slow)


@dataclass
class Desktop:
    """One virtual screen; `start` starts programs on it, `tool` drives mouse and keyboard."""

    environment: dict[str, str]
    home: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: object, log: Path | None = None) -> subprocess.Popen[bytes]:
        output = log.open("wb") if log else subprocess.DEVNULL
        process = subprocess.Popen(
            [str(part) for part in command], env=self.environment, stdout=output, stderr=subprocess.STDOUT
        )
        if log:
            output.close()  # type: ignore[union-attr]
        self.processes.append(process)
        return process

    def tool(self, *arguments: object) -> str:
        ran = subprocess.run(
            ["xdotool", *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return ran.stdout.strip()

    def manager(self) -> str:
        """The window manager's name, once it runs."""
        ran = subprocess.run(
            ["wmctrl", "-m"], env=self.environment, capture_output=True, text=True, check=False, timeout=10
        )
        return ran.stdout.partition("\n")[0] if ran.returncode == 0 else ""

    def window(self, name: str, seconds: float = 20) -> str:
        """The id of the visible window whose title contains `name`."""
        return self.wait(
            lambda: self.tool("search", "--onlyvisible", "--name", name).split("\n")[0], seconds, f"no window “{name}”"
        )

    def wait(self, ask: Callable[[], str], seconds: float, complaint: str) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := ask():
                return found
            time.sleep(0.1)
        self.picture(self.home.parent / "desktop-failure.png")
        raise AssertionError(complaint)

    def picture(self, path: Path) -> None:
        subprocess.run(["scrot", "-o", str(path)], env=self.environment, check=False, capture_output=True)

    def look(self, path: Path) -> QImage:
        """What is on the screen once it has settled."""
        time.sleep(1.5)
        self.picture(path)
        found = QImage(str(path))
        assert not found.isNull(), path
        return found

    def corner(self, window: str) -> tuple[int, int]:
        """Where the inside of a window begins on the screen."""
        told = dict(line.partition("=")[::2] for line in self.tool("getwindowgeometry", "--shell", window).splitlines())
        return int(told["X"]), int(told["Y"])

    def click(self, x: int, y: int) -> None:
        """Click as a hand does."""
        self.tool("mousemove", x, y)
        time.sleep(0.2)
        self.tool("click", 1)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag as a hand does: press, many small moves, a pause, release."""
        self.tool("mousemove", *start)
        time.sleep(0.3)
        self.tool("mousedown", 1)
        for step in range(1, 26):
            share = step / 25
            self.tool(
                "mousemove",
                round(start[0] + share * (end[0] - start[0])),
                round(start[1] + share * (end[1] - start[1])),
            )
            time.sleep(0.03)
        time.sleep(0.4)
        self.tool("mouseup", 1)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    home = tmp_path / "home"
    home.mkdir()
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        display = told.readline().strip()  # up to the newline: Xvfb writes it apart, and dies of a closed pipe
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("QT_", "XDG_", "DBUS_", "WAYLAND"))
    }
    environment |= {
        "DISPLAY": f":{display}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "NO_AT_BRIDGE": "1",
        "GTK_A11Y": "none",
    }
    for name, folder in (
        ("CONFIG_HOME", ".config"),
        ("DATA_HOME", ".local/share"),
        ("CACHE_HOME", ".cache"),
        ("RUNTIME_DIR", "run"),
    ):
        (home / folder).mkdir(parents=True, exist_ok=True)
        environment[f"XDG_{name}"] = str(home / folder)
    (home / "run").chmod(0o700)
    bus = subprocess.run(["dbus-launch"], env=environment, capture_output=True, text=True, check=True).stdout
    spoken = dict(line.partition("=")[::2] for line in bus.splitlines())
    environment["DBUS_SESSION_BUS_ADDRESS"] = spoken["DBUS_SESSION_BUS_ADDRESS"]
    desktop = Desktop(environment, home)
    desktop.start("openbox", log=tmp_path / "openbox.log")
    try:
        desktop.wait(
            desktop.manager,
            20,
            f"no window manager on :{display}: {(tmp_path / 'openbox.log').read_text()} {[p.poll() for p in desktop.processes]}",
        )
        yield desktop
    finally:
        for process in reversed(desktop.processes):
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        os.kill(int(spoken["DBUS_SESSION_BUS_PID"]), 15)
        screen.terminate()
        screen.wait(timeout=10)


@pytest.fixture
def program(desktop: Desktop, tmp_path: Path) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts the program on the desktop."""

    def start(*arguments: object) -> subprocess.Popen[bytes]:
        return desktop.start(sys.executable, "-m", "asl_inspector", *arguments, log=tmp_path / "program.log")

    return start
