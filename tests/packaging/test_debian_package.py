"""The Debian package, built from a stand-in for the self-contained folder: what is in it, and does a desktop take it?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from PySide6.QtGui import QImage

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="Debian's packages are built on Debian")
LINUX = ROOT / "packaging" / "linux"


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, unpacked into a root of its own."""
    folder = tmp_path_factory.mktemp("package")
    program = folder / "folder" / "asl-inspector"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "started with $*"\n')
    program.chmod(0o755)
    (program.parent / "_internal").mkdir()
    (program.parent / "_internal" / "library.so").write_bytes(b"\x7fELF")
    build = [sys.executable, ROOT / "packaging" / "build_deb.py", "--folder", program.parent, "--out", folder / "out"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    (package,) = (folder / "out").glob("asl-inspector_*.deb")
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder / "root"], check=True)
    return folder / "root"


def test_the_program_is_on_the_path_of_all(unpacked: Path) -> None:
    ran = subprocess.run([unpacked / "usr/bin/asl-inspector", "a file.pt"], capture_output=True, text=True, check=True)
    assert ran.stdout == "started with a file.pt\n"


def test_everything_may_be_read_by_all_and_the_sums_are_right(unpacked: Path) -> None:
    for path in unpacked.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & (0o005 if path.is_dir() else 0o004), path
    subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=unpacked, check=True)
    control = (unpacked / "DEBIAN/control").read_text()
    assert f"Architecture: {os.uname().machine.replace('x86_64', 'amd64').replace('aarch64', 'arm64')}\n" in control
    assert {path.name for path in (unpacked / "DEBIAN").iterdir()} == {"control", "md5sums"}  # no scripts run as root


def test_icons_are_there_in_every_size(unpacked: Path) -> None:
    icons = unpacked / "usr/share/icons/hicolor"
    assert (icons / "scalable/apps/asl-inspector.svg").is_file()
    for size in (16, 24, 32, 48, 64, 128, 256, 512):
        image = QImage(str(icons / f"{size}x{size}/apps/asl-inspector.png"))
        assert (image.width(), image.height()) == (size, size)
        assert any(image.pixelColor(x, size // 2).alpha() for x in range(size))


def test_the_desktop_entry_is_valid(unpacked: Path) -> None:
    entry = unpacked / "usr/share/applications/asl-inspector.desktop"
    ran = subprocess.run([tool("desktop-file-validate"), entry], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_types_are_known_by_name_and_by_content(unpacked: Path, tmp_path: Path) -> None:
    shutil.copytree(unpacked / "usr/share/mime", tmp_path / "mime")
    subprocess.run([tool("update-mime-database"), tmp_path / "mime"], check=True, capture_output=True)
    globs = (tmp_path / "mime/globs2").read_text().splitlines()
    for ending, kind in (
        ("aslcase", "application/x-asl-inspector-case"),
        ("pt", "application/x-pytorch-checkpoint"),
        ("pth", "application/x-pytorch-checkpoint"),
        ("ckpt", "application/x-pytorch-checkpoint"),
        ("safetensors", "application/x-safetensors"),
    ):
        assert any(line.split(":")[1:3] == [kind, f"*.{ending}"] for line in globs), ending
    assert b"application/x-safetensors" in (tmp_path / "mime/magic").read_bytes()
    entry = (LINUX / "asl-inspector.desktop").read_text()
    types = next(line for line in entry.splitlines() if line.startswith("MimeType=")).partition("=")[2]
    declared = set(filter(None, types.split(";")))
    assert declared == {line.split(":")[1] for line in globs if not line.startswith("#")}


def test_without_a_folder_it_says_what_to_run(tmp_path: Path) -> None:
    build = [sys.executable, ROOT / "packaging" / "build_deb.py", "--folder", tmp_path, "--out", tmp_path]
    ran = subprocess.run(build, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "build_folder.sh" in ran.stderr
    assert not list(tmp_path.iterdir())
