"""The wheel: what is in it, and what it asks for."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest
from conftest import ROOT

HEAVY = ("pyside6", "onnxruntime", "ray")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("asl_inspector-*.whl")
    return zipfile.ZipFile(path)


def test_all_of_the_program_is_in_it_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "asl_inspector").rglob("*.py")}
    assert modules <= names
    assert {PurePosixPath(name).parts[0] for name in names} == {"asl_inspector"}
    for part in ("resources/icons/asl-inspector.svg", "resources/report/report.typ", "docs/guide/first-minutes.md"):
        assert f"asl_inspector/{part}" in names
    demo = {path.name for path in (ROOT / "resources" / "demo").iterdir()}
    assert {Path(name).name for name in names if name.startswith("asl_inspector/resources/demo/")} == demo
    assert sum(one.compress_size for one in wheel.infolist()) < 16 << 20


def test_the_core_asks_for_neither_qt_nor_other_heavy_packages(wheel: zipfile.ZipFile) -> None:
    (name,) = (one for one in wheel.namelist() if one.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    needs = [one.lower() for one in metadata.get_all("Requires-Dist", [])]
    core = [one for one in needs if "extra ==" not in one]
    assert any(one.startswith("torch") for one in core)
    assert not [one for one in core if one.startswith(HEAVY)]
    assert any(one.startswith("pyside6") and "extra == 'gui'" in one for one in needs)
    assert {"gui", "onnx", "cluster", "dev"} <= set(metadata.get_all("Provides-Extra", []))
