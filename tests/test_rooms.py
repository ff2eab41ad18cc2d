"""What each part of the program may load."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

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
