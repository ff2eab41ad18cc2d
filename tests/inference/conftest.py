"""Fixtures of the tests of inference."""

from __future__ import annotations

from pathlib import Path

import pytest
from inference.pretended_gpu import PretendedGpu, pretend
from makers import make_notebook, save_notebook

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network


@pytest.fixture
def network(tmp_path: Path) -> BuiltNetwork:
    """A small recogniser of six features and nine outputs."""
    file = MappedFile(save_notebook(tmp_path / "a.pt", make_notebook(inputs=6, hidden=16, classes=9)))
    return build_network(open_checkpoint(file), file.view)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> type[PretendedGpu]:
    return pretend(monkeypatch)
