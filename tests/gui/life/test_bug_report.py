"""A bug report shows the machine and the log, and nothing private."""

from __future__ import annotations

import getpass
import socket
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from asl_inspector.about import program_version
from asl_inspector.gui.life.bug_report import bug_report, without_private

FILES = [Path("/home/ada/secret study/patient_7.pt"), Path("/home/ada/secret study/val.pkl")]


def test_it_names_versions_device_and_the_log(qtbot: QtBot) -> None:
    told = bug_report(["a line", "another"], [], "CPU, 2 threads")
    assert told.startswith(f"ASL Inspector {program_version()}\n")
    assert "PySide6-Essentials 6." in told
    assert "torch 2." in told
    assert "Device: CPU, 2 threads" in told
    assert told.endswith("The end of the log:\na line\nanother")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"cannot read {FILES[0]}", "cannot read file-1.pt"),
        ("“val.pkl” is damaged", "“file-2.pkl” is damaged"),
        ('File "/home/ada/venv/lib/asl_inspector/gui/jobs.py", line 3', 'File ".../jobs.py", line 3'),
        ("opened C:\\Users\\Ada\\run\\best.pt", "opened .../best.pt"),
        ("12/07/2026: 3/4 clips", "12/07/2026: 3/4 clips"),
    ],
)
def test_paths_are_taken_out(line: str, shown: str) -> None:
    assert without_private(line, FILES) == shown


def test_user_and_computer_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "lovelace")
    monkeypatch.setattr(socket, "gethostname", lambda: "engine-1")
    assert without_private("lovelace on engine-1, lovelaces", []) == "<user> on <computer>, lovelaces"
