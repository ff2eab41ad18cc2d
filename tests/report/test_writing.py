"""Files are written whole or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from asl_inspector.errors import ExportError
from asl_inspector.report import writing
from asl_inspector.report.writing import write_atomically


def test_content_replaces_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    write_atomically(target, b"new")
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_permissions_of_the_old_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    target.chmod(0o640)
    write_atomically(target, b"new")
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "r.json").write_text("old")
    (tmp_path / "r.json").symlink_to(tmp_path / "real" / "r.json")
    write_atomically(tmp_path / "r.json", b"new")
    assert (tmp_path / "r.json").is_symlink()
    assert (tmp_path / "real" / "r.json").read_text() == "new"


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 250 + ".json")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("code", ["No space left on device", "Input/output error"])
def test_a_failure_half_way_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, code)

    monkeypatch.setattr(writing.os, "fsync", full)
    with pytest.raises(ExportError, match=code):
        write_atomically(target, b"new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="folder"):
        write_atomically(tmp_path / "nowhere" / "r.json", b"x")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is a folder"):
        write_atomically(tmp_path, b"x")


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions are another matter here")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    tmp_path.chmod(0o500)
    user = os.geteuid()
    if user == 0:  # who may write anywhere
        os.seteuid(65534)
    try:
        with pytest.raises(ExportError, match="may not be written"):
            write_atomically(target, b"x")
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)
    assert target.read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="an open file may not be replaced there")
def test_a_target_that_is_open_elsewhere_is_replaced_and_its_reader_keeps_the_old(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    target.write_text("old")
    with target.open() as reader:
        write_atomically(target, b"new")
        assert reader.read() == "old"
    assert target.read_text() == "new"


def test_a_target_that_another_program_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows has it, whose `replace` is refused while a viewer shows the file."""
    target = tmp_path / "r.pdf"
    target.write_text("old")

    def refused(_part: str, _target: Path) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(writing.os, "replace", refused)
    with pytest.raises(ExportError, match="may not be written"):
        write_atomically(target, b"new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.pdf"]


LIMITED = """
import resource, sys
from pathlib import Path
from asl_inspector.errors import ExportError
from asl_inspector.report.writing import write_atomically
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_atomically(Path(sys.argv[1]), b"n" * 1_000_000)
except ExportError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such limit there")
def test_a_file_that_does_not_fit_leaves_the_old_one_whole(tmp_path: Path) -> None:
    """The kernel ends the writing after 100,000 of 1,000,000 bytes, as a full disk does."""
    target = tmp_path / "r.pdf"
    target.write_bytes(b"old")
    ran = subprocess.run([sys.executable, "-c", LIMITED, target], cwd=ROOT, capture_output=True, check=True, text=True)
    assert "could not be written: File too large" in ran.stdout
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["r.pdf"]


def test_parts_left_by_a_killed_program_are_removed_when_they_are_old(tmp_path: Path) -> None:
    for name in (".r.json.old.part", ".r.json.young.part", ".other.json.old.part"):
        (tmp_path / name).write_text("half")
    for name in (".r.json.old.part", ".other.json.old.part"):
        os.utime(tmp_path / name, (time.time() - 7200,) * 2)
    write_atomically(tmp_path / "r.json", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.json.old.part", ".r.json.young.part", "r.json"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.slow
@pytest.mark.parametrize("kills", [200])
def test_exports_that_are_killed_leave_whole_files(tmp_path: Path, kills: int) -> None:
    """Of every kind of file: the old one or the new one, nothing between."""
    script = Path(__file__).with_name("killed_exports.py")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    ran = subprocess.run(
        [sys.executable, script, tmp_path, str(kills), "2026"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["damaged"] == []
    assert found["looked"] == 7 * kills
    assert found["interrupted"] > 0
    assert found["typeset"] or kills < 20
