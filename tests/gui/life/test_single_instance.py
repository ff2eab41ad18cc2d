"""A second start hands its files to the window that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from asl_inspector.gui.life.single_instance import MOST_PATHS, Listener, hand_over, paths_of


@pytest.fixture
def name() -> str:
    return f"asl-inspector-test-{os.getpid()}"


@pytest.fixture
def listener(qtbot: QtBot, name: str) -> Iterator[Listener]:
    found = Listener(name=name)
    assert found.is_listening
    yield found
    found.close()


def second_start(name: str, *paths: str) -> subprocess.Popen[bytes]:
    code = (
        "import sys; from pathlib import Path; from asl_inspector.gui.life.single_instance import hand_over\n"
        "sys.exit(0 if hand_over([Path(one) for one in sys.argv[2:]], sys.argv[1]) else 3)"
    )
    return subprocess.Popen([sys.executable, "-c", code, name, *paths])


def test_files_arrive_in_the_window_that_is_there(qtbot: QtBot, listener: Listener, name: str, tmp_path: Path) -> None:
    paths = [tmp_path / 'it\'s a "best" run.pt', tmp_path / "手話 – été.pkl"]
    with qtbot.waitSignal(listener.arrived, timeout=30_000) as heard:
        second = second_start(name, *map(str, paths))
    assert heard.args == [paths]
    assert second.wait(30) == 0


def test_a_start_without_files_asks_for_the_window(qtbot: QtBot, listener: Listener, name: str) -> None:
    with qtbot.waitSignal(listener.arrived, timeout=30_000) as heard:
        second = second_start(name)
    assert heard.args == [[]]
    assert second.wait(30) == 0


def test_where_no_window_is_there_a_start_opens_one(name: str) -> None:
    assert not hand_over([Path("/a.pt")], name)


def test_a_socket_that_a_crash_left_is_taken_over(qtbot: QtBot, name: str) -> None:
    code = (
        "import os, sys; from PySide6.QtCore import QCoreApplication; from PySide6.QtNetwork import QLocalServer\n"
        "app = QCoreApplication([]); server = QLocalServer(); assert server.listen(sys.argv[1]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, name], check=True, timeout=60)
    listener = Listener(name=name)
    assert listener.is_listening
    listener.close()


def test_what_is_no_list_of_paths_is_refused(qtbot: QtBot, listener: Listener, name: str) -> None:
    socket = QLocalSocket()
    socket.connectToServer(name)
    assert socket.waitForConnected(2_000)
    with qtbot.assertNotEmitted(listener.arrived, wait=300):
        socket.write(b'{"open": "/etc"}\n')
        socket.flush()
        qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState, timeout=5_000)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"nothing",
        b"[" * 100_000,
        b'["relative.pt"]',
        b'["/a\\u0000b"]',
        b"[1]",
        json.dumps(["/a"] * (MOST_PATHS + 1)).encode(),
    ],
)
def test_messages_that_break_the_rules_name_no_paths(message: bytes) -> None:
    assert paths_of(message) is None
