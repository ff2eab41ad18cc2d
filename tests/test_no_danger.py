"""The lint that keeps everything out of the program by which a file's content could be run."""

from __future__ import annotations

from pathlib import Path

import pytest
from danger import offences

import asl_inspector

PACKAGE = Path(asl_inspector.__path__[0])
REVIEWED = {  # names that getattr is given, by file: fields of our own records, never the text of a file
    "commands/diagnosing.py": {"role.value"},
    "gui/theme.py": {"field.name"},
    "gui/layout_dialog.py": {"name"},
    "gui/plots/curves.py": {"curve.colour"},
    "gui/tables.py": {"name"},
    "engine/serving.py": {"request.method"},
    "wire.py": {"field"},
    "typed_values.py": {"name"},
    "checkpoints/records.py": {"one.name"},
    "inference/columns.py": {"name"},
    "inference/placed.py": {"field.name"},
    "networks/exact_recurrence.py": {"f'{name}_l{layer}{suffix}'"},
    "networks/recurrent.py": {"place"},
    "networks/transformer.py": {"place"},
    "checkpoints/comparing_values.py": {"name"},
    "checkpoints/comparison_evidence.py": {"f'new_{side}'"},
    "history/code_hints.py": {"name"},
}

# The one module that runs what a file holds: in a process of its own, after consent, exactly the bytes whose hash was
# consented to. `exec` and `compile` are for the researcher's own code, `torch.jit.load` for a TorchScript program. That no
# other module imports it is held by tests/programs/test_child_stays_apart.py.
RUNS_AFTER_CONSENT = {"programs/child.py": ["uses compile", "uses exec", "uses torch.jit.load"]}


def found_in_package() -> dict[str, list[str]]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        wrong = offences(path.read_text(encoding="utf-8"), frozenset(REVIEWED.get(name, ())))
        if wrong:
            found[name] = wrong
    return found


def test_nothing_in_the_program_can_run_a_file_but_the_one_module_that_does_so_after_consent() -> None:
    found = {name: sorted(one.partition(": ")[2] for one in wrong) for name, wrong in found_in_package().items()}
    assert found == RUNS_AFTER_CONSENT


def test_every_review_is_still_of_something() -> None:
    """A review that outlives its line would let the next one pass unseen."""
    for name, allowed in REVIEWED.items():
        source = (PACKAGE / name).read_text(encoding="utf-8")
        for expression in allowed:
            assert offences(source, frozenset(allowed - {expression})), f"{name}: {expression}"


def test_the_package_is_really_read() -> None:
    assert len(list(PACKAGE.rglob("*.py"))) > 100
    assert (PACKAGE / "inert_pickle" / "machine.py").exists()


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import pickle as harmless",
        "from pickle import loads",
        "import _pickle",
        "import os, marshal",
        "from joblib import load",
        "import shelve",
        "import ctypes.util",
        "from torch import load",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=True)",
        "from torch.serialization import load",
        "from torch import hub",
        "torch.jit.load(path)",
        "import numpy as np\nnp.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.lib.format.read_array(file, allow_pickle=flag)",
        "numpy.memmap(path)",
        "eval(text)",
        "run = exec",
        "compile(text, 'x', 'exec')",
        "__import__(name)",
        "import builtins\nbuiltins.eval(text)",
        "import importlib\nimportlib.import_module(name)",
        "from importlib import import_module\nimport_module(name)",
        "getattr(module, name)",
        "setattr(thing, key, value)",
        "hasattr(thing, text)",
        "import os\nos.system('x')",
        "from os import popen",
        "os.execv(path, [])",
        "subprocess.run(text, shell=True)",
        "from operator import attrgetter",
        "pkgutil.resolve_name(text)",
        "vars()[name]()",
    ],
)
def test_the_lint_finds_what_it_is_for(source: str) -> None:
    assert offences(source)


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('x')",
        "template.compile()",
        "getattr(sys, 'frozen', False)",
        "import importlib\nimportlib.import_module('torch')",
        "import json\njson.loads(text)",
        "np.frombuffer(raw)",
        "from asl_inspector.inert_pickle.machine import read_pickle",
        "subprocess.run([program], shell=False)",
        "evaluate(text)",
    ],
)
def test_the_lint_leaves_the_rest_alone(source: str) -> None:
    assert not offences(source)


def test_a_reviewed_name_passes_and_another_does_not() -> None:
    assert not offences("getattr(row, field.name)", frozenset({"field.name"}))
    assert offences("getattr(row, text)", frozenset({"field.name"}))
