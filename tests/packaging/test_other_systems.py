"""What the packages for Windows and macOS say, as far as it can be checked elsewhere; neither is built here."""

from __future__ import annotations

import ast
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from PySide6.QtGui import QImage

PACKAGING = ROOT / "packaging"
WINDOWS, MACOS, LINUX = PACKAGING / "windows", PACKAGING / "macos", PACKAGING / "linux"


@pytest.fixture(scope="module")
def modules() -> Any:
    """The modules of packaging/, which is no package: its scripts run by themselves."""
    folders = [str(PACKAGING), str(WINDOWS), str(MACOS)]
    sys.path[:0] = folders
    import bundle
    import project
    import version_resource

    yield type("Modules", (), {"bundle": bundle, "project": project, "resource": version_resource})
    for folder in folders:
        sys.path.remove(folder)
    for name in ("bundle", "project", "version_resource"):
        sys.modules.pop(name)


@pytest.fixture(scope="module")
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("icons")
    subprocess.run([sys.executable, PACKAGING / "icons.py", folder], check=True)
    return folder


@pytest.mark.parametrize(("name", "largest"), [("asl-inspector.ico", 256), ("asl-inspector.icns", 1024)])
def test_the_icon_of_another_system_can_be_read(icons: Path, name: str, largest: int) -> None:
    image = QImage(str(icons / name))
    assert not image.isNull()
    assert image.width() in (16, 32, largest)
    assert any(image.pixelColor(x, image.height() // 2).alpha() for x in range(image.width()))


def test_every_system_opens_the_same_files(modules: Any) -> None:
    types = modules.project.FILE_TYPES
    endings = {ending for one in types for ending in one.endings}
    known = (LINUX / "asl-inspector.xml").read_text()
    assert set(re.findall(r'glob pattern="\*\.(\w+)"', known)) == endings
    assert set(re.findall(r'mime-type type="([^"]+)"', known)) == {one.mime for one in types}
    setup = (WINDOWS / "asl-inspector.nsi").read_text()
    ours = {ending for one in types if one.ours for ending in one.endings}
    assert set(re.findall(r'insertmacro offer "(\w+)"', setup)) == endings - ours
    assert set(re.findall(r'insertmacro withdraw "(\w+)"', setup)) == endings - ours
    assert set(re.findall(r'WriteRegStr HKCU "\$\{CLASSES\}\\\.(\w+)" ""', setup)) == ours


def test_what_the_windows_setup_writes_it_takes_away_again() -> None:
    setup = (WINDOWS / "asl-inspector.nsi").read_text()
    install, remove = setup.split('Section "uninstall"')
    written = set(re.findall(r'WriteReg\w+ HKCU "([^"]+)"', install))
    gone = set(re.findall(r'DeleteRegKey HKCU "([^"]+)"', remove)) | set(
        re.findall(r'DeleteRegValue HKCU "([^"]+)"', setup)
    )
    classes = {f"${{CLASSES}}\\{name}" for name in ("${ID}.case", "${ID}.checkpoint")}
    written = {one for one in written if "${CLASS}" not in one.replace("${CLASSES}", "")} | classes
    left = {one for one in written if not any(one == key or one.startswith(key + "\\") for key in gone)}
    assert left == set()
    assert 'RMDir /r "$INSTDIR"' not in remove  # the user may have chosen a folder with other files in it


def test_the_windows_setup_compiles(icons: Path, tmp_path: Path) -> None:
    if shutil.which("makensis") is None:
        pytest.skip("makensis is not installed")
    folder = tmp_path / "folder"
    (folder / "_internal").mkdir(parents=True)
    for name in ("ASL Inspector.exe", "asl-inspector.exe", "_internal/library.dll"):
        (folder / name).write_bytes(b"MZ")
    target = tmp_path / "asl-inspector-0.1.0-setup.exe"
    given = {"VERSION": "0.1.0", "FOLDER": folder, "ICON": icons / "asl-inspector.ico", "OUT": target}
    command = ["makensis", "-V2", "-WX", *(f"-D{name}={value}" for name, value in given.items())]
    ran = subprocess.run([*command, WINDOWS / "asl-inspector.nsi"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert target.read_bytes()[:2] == b"MZ"


def test_the_version_of_the_windows_program_has_four_numbers(modules: Any) -> None:
    text = modules.resource.version_resource("0.12.3", "ASL Inspector", "asl-inspector.exe")
    call = ast.parse(text.strip(), mode="eval").body
    assert isinstance(call, ast.Call)
    assert "filevers=(0, 12, 3, 0)" in text
    assert "StringStruct('ProductVersion', '0.12.3')" in text


def test_the_bundle_of_macos_declares_its_documents(modules: Any) -> None:
    types = modules.project.FILE_TYPES
    found = plistlib.loads(plistlib.dumps(modules.bundle.info_plist("0.1.0", types)))
    declared = found["UTExportedTypeDeclarations"] + found["UTImportedTypeDeclarations"]
    assert {one["UTTypeIdentifier"] for one in declared} == {
        kind for one in found["CFBundleDocumentTypes"] for kind in one["LSItemContentTypes"]
    }
    ranks = {one["CFBundleTypeName"]: one["LSHandlerRank"] for one in found["CFBundleDocumentTypes"]}
    assert ranks == {one.name: "Owner" if one.ours else "Alternate" for one in types}
    entitlements = plistlib.loads((MACOS / "entitlements.plist").read_bytes())
    assert all(value is True for value in entitlements.values())


@pytest.mark.parametrize("script", [MACOS / "build.sh", PACKAGING / "build_folder.sh"], ids=lambda path: path.name)
def test_the_scripts_of_shell_are_sound(script: Path) -> None:
    ran = subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
