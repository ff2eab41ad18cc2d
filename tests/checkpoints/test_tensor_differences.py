"""Equality and distance of two tensors, against the same computed in one piece by NumPy in double precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from asl_inspector.checkpoints import tensor_windows
from asl_inspector.checkpoints.one_thread_products import dot, gram
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Quantizer, TensorRecord
from asl_inspector.checkpoints.tensor_differences import Difference, difference
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import Cancelled, CancelToken

LONG = 3 * tensor_windows.BLOCK + 17


def differ(folder: Path, a: torch.Tensor, b: torch.Tensor, cancel: CancelToken | None = None) -> Difference:
    torch.save({"w": a}, folder / "a.pt")
    torch.save({"w": b}, folder / "b.pt")
    files = MappedFile(folder / "a.pt"), MappedFile(folder / "b.pt")
    one, other = (open_checkpoint(file).tensors[0] for file in files)
    return difference(one, files[0].view, other, files[1].view, cancel or CancelToken())


@pytest.mark.parametrize(
    "make",
    [
        lambda g: torch.randn(LONG, generator=g),
        lambda g: torch.randn(300, 400, generator=g).double(),
        lambda g: torch.randn(700, 300, generator=g).half(),
        lambda g: torch.randn(700, 300, generator=g).bfloat16(),
        lambda g: torch.randn(400, 500, generator=g).T,  # not in row order
        lambda g: torch.randn(64, 5, 7, generator=g)[:, ::2],
        lambda g: torch.randint(-9, 9, (LONG,), generator=g),
        lambda g: torch.randn(5, generator=g) * 1e30,  # squares overflow single precision
        lambda g: torch.randn(90, generator=g) * 1e-25,  # and here they underflow
    ],
)
def test_norms_and_distance_equal_those_of_one_piece(
    tmp_path: Path, make: Callable[[torch.Generator], torch.Tensor]
) -> None:
    a, b = (make(torch.Generator().manual_seed(seed)) for seed in (1, 2))
    found = differ(tmp_path, a, b)
    x, y = (one.double().numpy().reshape(-1) for one in (a, b))
    assert not found.is_equal
    assert found.norm_a == pytest.approx(np.linalg.norm(x), rel=2e-6)
    assert found.norm_b == pytest.approx(np.linalg.norm(y), rel=2e-6)
    assert found.distance == pytest.approx(np.linalg.norm(x - y), rel=2e-6)
    assert found.cosine == pytest.approx(x @ y / np.linalg.norm(x) / np.linalg.norm(y), abs=2e-6)
    assert found.largest == pytest.approx(np.abs(x - y).max(), rel=1e-6)


def test_a_cosine_close_to_one_keeps_its_digits(tmp_path: Path) -> None:
    a = torch.randn(LONG, dtype=torch.float32)
    b = a + 1e-4 * torch.randn(LONG)
    x, y = a.double().numpy(), b.double().numpy()
    exact = 1 - x @ y / np.linalg.norm(x) / np.linalg.norm(y)
    assert 1 - (differ(tmp_path, a, b).cosine or 0) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("place", [0, tensor_windows.BLOCK, LONG - 1])
def test_one_number_that_differs_is_found_wherever_it_is(tmp_path: Path, place: int) -> None:
    a = torch.randn(LONG)
    b = a.clone()
    b[place] += 0.5
    found = differ(tmp_path, a, b)
    assert not found.is_equal
    assert found.largest == pytest.approx(0.5, rel=1e-6)
    assert found.distance == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (torch.tensor([1.0, float("nan"), -0.0]), torch.tensor([1.0, float("nan"), 0.0])),
        (torch.arange(12.0).reshape(3, 4).T, torch.arange(12.0).reshape(3, 4).T.contiguous()),
        (torch.arange(5), torch.arange(5, dtype=torch.int32)),
        (torch.arange(5.0), torch.arange(5.0).double()),
        (torch.zeros(0, 4), torch.zeros(0, 4)),
        (torch.tensor(3.5), torch.tensor(3.5)),
        (torch.tensor([1 + 2j]), torch.tensor([1 + 2j])),
        (torch.tensor([True, False]), torch.tensor([True, False])),
    ],
)
def test_equal_numbers_are_equal_however_they_are_kept(tmp_path: Path, a: torch.Tensor, b: torch.Tensor) -> None:
    found = differ(tmp_path, a, b)
    assert found.is_equal
    assert found.rounding == ""


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_rounding_is_told_from_change(tmp_path: Path, dtype: torch.dtype) -> None:
    a = torch.randn(5_000)
    rounded = a.to(dtype)
    assert differ(tmp_path, a, rounded).rounding == str(dtype).removeprefix("torch.")
    assert differ(tmp_path, rounded, a).rounding == str(dtype).removeprefix("torch.")
    moved = (a * 1.2).to(dtype)
    assert not differ(tmp_path, a, moved).is_equal


def test_numbers_that_are_not_finite_are_counted_and_left_out(tmp_path: Path) -> None:
    a = torch.tensor([3.0, float("inf"), 1.0])
    b = torch.tensor([0.0, 2.0, 1.0])
    found = differ(tmp_path, a, b)
    assert (found.not_finite, found.distance, found.norm_a) == (1, 3.0, pytest.approx(10**0.5))


def quantized(whole: np.ndarray, scales: tuple[float, ...], zeros: tuple[int, ...], axis: int | None) -> TensorRecord:
    strides = tuple(int(step) // whole.itemsize for step in whole.strides)
    quantizer = Quantizer(scales, zeros, axis)
    return TensorRecord(("w",), "qint8", whole.shape, strides, "0", whole.nbytes, 0, 0, quantizer=quantizer)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_quantized_copies_are_equal_up_to_their_steps(axis: int | None) -> None:
    weight = np.random.default_rng(0).normal(size=(70, 1_100)).astype(np.float32)
    count = 1 if axis is None else weight.shape[axis]
    scales, zeros = tuple(np.linspace(0.03, 0.05, count)), tuple(range(count)) if count < 90 else (0,) * count
    along = [1, 1]
    if axis is not None:
        along[axis] = -1
    steps, zero = np.array(scales, np.float32).reshape(along), np.array(zeros).reshape(along)
    whole = np.rint(weight / steps + zero)
    inside = np.abs(whole) < 127
    weight[~inside] = 0
    whole = np.where(inside, whole, zero).astype(np.int8)
    record = quantized(whole, scales, zeros, axis)
    plain = TensorRecord(("w",), "float32", weight.shape, (1_100, 1), "0", weight.nbytes, 0, 0)
    sides = plain, weight.tobytes(), record, whole.tobytes()
    assert difference(*sides, CancelToken()).rounding == "qint8"
    moved = difference(plain, (weight + np.float32(0.1)).tobytes(), record, whole.tobytes(), CancelToken())
    assert not moved.is_equal
    assert moved.distance == pytest.approx(0.1 * weight.size**0.5, rel=0.05)


def test_constant_sides_are_noticed(tmp_path: Path) -> None:
    assert differ(tmp_path, torch.ones(LONG), torch.randn(LONG)).constant
    assert differ(tmp_path, torch.ones(LONG), torch.ones(LONG)).constant
    assert not differ(tmp_path, torch.randn(LONG), torch.randn(LONG)).constant
    late = torch.ones(LONG)
    late[-1] = 2
    assert not differ(tmp_path, late, late.clone()).constant


def test_cancelling_is_heard_between_blocks(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        differ(tmp_path, torch.randn(LONG), torch.randn(LONG), cancel)


def test_pages_are_handed_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded: after every so many bytes, the mapping is told that its pages are not needed."""
    import mmap
    from typing import Any

    from asl_inspector import mapped_file

    asked: list[tuple[int, int]] = []

    class Spy(mapped_file._Map):
        def madvise(self, option: int, start: int = 0, length: int = 0) -> Any:
            assert option == mmap.MADV_DONTNEED
            asked.append((start, length))

    monkeypatch.setattr("asl_inspector.mapped_file._Map", Spy)
    monkeypatch.setattr(tensor_windows, "RELEASE_BYTES", 1 << 18)
    differ(tmp_path, torch.randn(LONG), torch.randn(LONG))
    assert len(asked) >= 4
    assert all(start % mmap.PAGESIZE == 0 and length > 0 for start, length in asked)


def test_products_in_pieces_equal_those_of_one_piece() -> None:
    random = np.random.default_rng(4)
    a, b = random.normal(size=(130, 201)), random.normal(size=(70, 201))
    np.testing.assert_allclose(gram(a, b), a @ b.T, rtol=1e-12, atol=1e-12)
    x, y = random.normal(size=20_001), random.normal(size=20_001)
    assert dot(x, y) == pytest.approx(float(x @ y), rel=1e-12)
