"""Facts of tensors against NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.statistics import BLOCK, tensor_statistics
from asl_inspector.mapped_file import MappedFile


def statistics(path: Path, tensor: torch.Tensor):  # type: ignore[no-untyped-def]
    torch.save({"w": tensor}, path)
    file = MappedFile(path)
    return tensor_statistics(open_checkpoint(file).tensors[0], file.view)


def test_facts_equal_numpys_over_several_blocks(tmp_path: Path) -> None:
    tensor = torch.randn(2 * BLOCK + 77, generator=torch.Generator().manual_seed(1))
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert found.mean == pytest.approx(values.mean(), rel=1e-12)
    assert found.std == pytest.approx(values.std(), rel=1e-12)
    assert found.norm == pytest.approx(np.linalg.norm(values), rel=1e-12)


def test_a_large_mean_does_not_swallow_the_spread(tmp_path: Path) -> None:
    tensor = 1e6 + torch.randn(100_000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert statistics(tmp_path / "a.pt", tensor).std == pytest.approx(tensor.std(correction=0).item(), rel=1e-9)


def test_numbers_that_are_not_finite_are_counted_and_left_out(tmp_path: Path) -> None:
    found = statistics(tmp_path / "a.pt", torch.tensor([1.0, 0.0, float("nan"), float("inf"), -float("inf"), 3.0]))
    assert (found.nans, found.infinities, found.zeros, found.count) == (1, 2, 1, 6)
    assert (found.minimum, found.maximum, found.mean) == (0.0, 3.0, pytest.approx(4 / 3))


def test_nothing_finite_has_no_moments(tmp_path: Path) -> None:
    found = statistics(tmp_path / "a.pt", torch.full((3,), float("nan")))
    assert (found.minimum, found.mean, found.std, found.nans) == (None, None, None, 3)


def test_an_empty_tensor_has_no_moments(tmp_path: Path) -> None:
    assert statistics(tmp_path / "a.pt", torch.zeros(0, 4)).mean is None
