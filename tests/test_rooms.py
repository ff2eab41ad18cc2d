"""What each part of the program may load."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import tomllib

import pytest
from conftest import ROOT
from makers import Run

import asl_inspector

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError("blocked: " + name, name=name)
sys.meta_path.insert(0, Block())
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def modules() -> list[str]:
    found = pkgutil.walk_packages(asl_inspector.__path__, "asl_inspector.")
    return [
        module.name
        for module in found
        if not module.name.startswith("asl_inspector.gui") and not module.name.endswith("__main__")
    ]


@pytest.mark.slow
def test_everything_but_the_window_imports_without_qt() -> None:
    code = BLOCK.format(blocked={"PySide6", "shiboken6"}) + "\n".join(f"import {name}" for name in modules())
    ran = python(code)
    assert ran.returncode == 0, ran.stderr


def test_without_qt_the_window_says_what_to_install() -> None:
    code = BLOCK.format(blocked={"PySide6"}) + "from asl_inspector.cli import main\nsys.exit(main([]))"
    ran = python(code)
    assert ran.returncode == 2
    assert "asl-inspector[gui]" in ran.stderr


def test_keys_are_read_with_neither_torch_nor_numpy(run: Run) -> None:
    code = BLOCK.format(blocked={"torch", "numpy", "scipy", "PySide6", "matplotlib", "typst"})
    code += "from asl_inspector.cli import main\nsys.exit(main(['keys', sys.argv[1], '--json', '--values', '2']))"
    ran = python(code, str(run.checkpoint))
    assert ran.returncode == 0, ran.stderr
    assert '"encoder.lstm.weight_ih_l0"' in ran.stdout


def test_the_window_is_built_without_torch_scipy_or_the_typesetter() -> None:
    """Every panel, not the first ones alone: those that are built later would hold the window up as well."""
    found = pkgutil.walk_packages(asl_inspector.__path__, "asl_inspector.")
    parts = [module.name for module in found if module.name.startswith("asl_inspector.gui")]
    assert "asl_inspector.gui.panels.training" in parts
    code = BLOCK.format(blocked={"torch", "scipy", "typst", "matplotlib", "h5py", "pyarrow"})
    code += "\n".join(f"import {name}" for name in parts)
    ran = python(code)
    assert ran.returncode == 0, ran.stderr


CONTRACTS = {
    one["name"]: one
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
ROOMS = {one.name for one in pkgutil.iter_modules(asl_inspector.__path__)} - {"__main__"}
FREE = {  # the rooms of which a contract does not speak
    "Qt only in the window": {"gui"},
    "torch only where networks run": {"networks", "inference"},
    "native readers only in the readers of clips and outputs": {"samples", "outputs"},
    "what runs code is imported by its own process alone": {"programs"},
}


def test_every_room_has_its_level() -> None:
    levels = [room for row in CONTRACTS["imports point down"]["layers"] for room in row.split("|")]
    assert sorted(room.strip() for room in levels) == sorted(f"asl_inspector.{room}" for room in ROOMS)


@pytest.mark.parametrize("name", FREE)
def test_a_contract_speaks_of_every_other_room(name: str) -> None:
    """A room that was added later would else be free of it."""
    assert {f"asl_inspector.{room}" for room in ROOMS - FREE[name]} <= set(CONTRACTS[name]["source_modules"])
