"""Fixtures of all tests. Nothing here needs a GPU, a screen, the network or the shared cases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "PYTEST_XDIST_WORKER" in os.environ:  # each of the workers has one core
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from makers import Run, make_run

from asl_inspector.workers.calling import Readers

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT.parent / "shared" / "cases"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A small sound run."""
    return make_run(tmp_path / "run")


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of real cases, where it exists."""
    if not CASES.is_dir():
        pytest.skip("shared/cases is not beside the project")
    return CASES


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    """The reading processes, which a file of tests shares."""
    found = Readers()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and caches of the user are neither read nor written."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
