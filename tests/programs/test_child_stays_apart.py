"""The module that runs code is reached by its own process alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from programs.conftest import clips_of
from programs.models import Spotter, onnx_model, seeded

import asl_inspector
from asl_inspector.programs import walls
from asl_inspector.programs.hosting import SERVE, child_command

PACKAGE = Path(asl_inspector.__path__[0])
CHILD = "asl_inspector.programs.child"


def importers() -> dict[str, list[ast.stmt]]:
    """Every file of the package that imports the module in any spelling, with the statements."""
    found: dict[str, list[ast.stmt]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]
            if any(name == CHILD or name.endswith("programs.child") for name in names):
                found.setdefault(path.relative_to(PACKAGE).as_posix(), []).append(node)
    return found


@pytest.mark.slow
def test_only_the_start_of_its_own_process_imports_it() -> None:
    """`cli.main` does so where a frozen program is started as that process, under the word `_program`."""
    assert list(importers()) == ["cli.py"]
    (statement,) = importers()["cli.py"]
    tree = ast.parse((PACKAGE / "cli.py").read_text(encoding="utf-8"))
    (branch,) = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "_program" in ast.unparse(node.test)]
    assert ast.dump(statement) in [ast.dump(node) for node in branch.body]
    assert ast.unparse(branch.test) == "given == ['_program']"
    assert f"from {CHILD} import serve" in SERVE
    assert any(SERVE in part for part in child_command())


@pytest.mark.slow
def test_an_ordinary_run_of_a_program_never_loads_it(tmp_path: Path) -> None:
    model = onnx_model(tmp_path / "a.onnx", seeded(Spotter, 9))
    clips = clips_of(tmp_path / "features_val.pkl", 8, first=1)
    code = (
        "import sys; from asl_inspector.cli import main; "
        f"status = main(['diagnose', {str(model)!r}, {str(clips)!r}, '--json', '-', '--fail-on', 'never']); "
        f"assert {CHILD!r} not in sys.modules and 'onnxruntime' not in sys.modules; sys.exit(status)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert '"clips": 8' in ran.stdout


def behind_walls(act: str) -> subprocess.CompletedProcess[str]:
    """What becomes of an act in a process that runs a network which nobody consented to."""
    code = f"import os, socket; from asl_inspector.programs import walls; walls.forbid_everything(); {act}; os._exit(0)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


def test_a_network_without_consent_computes_behind_walls() -> None:
    assert behind_walls("sum(range(9))").returncode == 0
    for act in ("open('x', 'w')", "socket.create_connection(('127.0.0.1', 9))", "os.system('true')", "import wave"):
        ran = behind_walls(act)
        assert ran.returncode == 97, (act, ran)


def test_native_code_cannot_open_a_file_either() -> None:
    """Where the operating system holds the wall, and not Python's announcements."""
    code = (
        "import os, resource; from asl_inspector.programs import walls; walls.tripwire.arm = lambda: None; "
        "walls.forbid_everything(); print(os.open('/dev/null', os.O_RDONLY))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert "Too many open files" in ran.stderr


def test_memory_is_bounded_by_what_is_said() -> None:
    code = (
        "from asl_inspector.programs import walls; walls.bound_memory(50 << 20)\n"
        "try: bytearray(500 << 20)\nexcept MemoryError: print('bounded')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout.strip() == "bounded"


def test_the_sentence_of_the_network_is_the_one_that_the_program_looks_for() -> None:
    assert "network is switched off" in walls.SWITCHED_OFF
