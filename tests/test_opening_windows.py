"""What a file manager passes when a file is double-clicked."""

from __future__ import annotations

from pathlib import Path

import pytest

from asl_inspector.commands import window


@pytest.mark.parametrize(
    ("argument", "path"),
    [
        ("file:///home/a/b.pt", "/home/a/b.pt"),
        ("file://localhost/home/a/it's%20%22best%22.pt", '/home/a/it\'s "best".pt'),
        ("file:///m/%E6%89%8B%E8%A9%B1.pkl", "/m/手話.pkl"),
        ("file://elsewhere/share/b.pt", "file://elsewhere/share/b.pt"),
        ("/plain/100%25.pt", "/plain/100%25.pt"),
        ("relative.pt", "relative.pt"),
    ],
)
def test_addresses_of_files_become_paths(argument: str, path: str) -> None:
    assert window.local_path(argument) == path


def test_files_and_the_wish_for_a_window_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asl_inspector.gui import app

    file = tmp_path / "手 話.pt"
    file.write_bytes(b"")
    asked: list[tuple[list[Path], bool]] = []

    def run(paths: list[Path], *, new_window: bool) -> int:
        asked.append((paths, new_window))
        return 0

    monkeypatch.setattr(app, "run", run)
    assert window.open_window([file.as_uri(), "--new-window"]) == 0
    assert window.open_window([str(file)]) == 0
    assert asked == [([file], True), ([file], False)]
    assert window.open_window(["--newest-window"]) != 0
