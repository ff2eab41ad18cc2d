"""Facts of tensors against NumPy."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from asl_inspector.checkpoints.blocks import AS_THEY_LIE, BLOCK, blocks, stretch_of
from asl_inspector.checkpoints.measuring_all import all_statistics
from asl_inspector.checkpoints.measuring_apart import start_apart
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Quantizer, TensorRecord
from asl_inspector.checkpoints.statistics import TensorStatistics, tensor_statistics
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content, MappedFile, descriptor_of
from asl_inspector.progress import Cancelled, CancelToken, Step


def statistics(path: Path, tensor: torch.Tensor):  # type: ignore[no-untyped-def]
    torch.save({"w": tensor}, path)
    file = MappedFile(path)
    return tensor_statistics(open_checkpoint(file).tensors[0], file.view)


def assert_moments(found: TensorStatistics, values: NDArray[np.float64], *, in_single: bool) -> None:
    """Against NumPy in double precision.

    Moments of numbers held in single precision may be off by one rounding to that type (2^-23), and no more; all others
    are double precision. The mean is judged beside the root mean square, since it may be close to zero.
    """
    rel = 2.0**-23 if in_single else 1e-12
    assert found.mean == pytest.approx(values.mean(), rel=0, abs=rel * float(np.sqrt((values**2).mean())))
    assert found.std == pytest.approx(values.std(), rel=rel)
    assert found.norm == pytest.approx(np.linalg.norm(values), rel=rel)


def test_facts_equal_numpys_over_several_blocks(tmp_path: Path) -> None:
    tensor = torch.randn(2 * BLOCK + 77, generator=torch.Generator().manual_seed(1))
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert_moments(found, values, in_single=True)


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


DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_number_type_is_measured_as_its_float64_copy(tmp_path: Path, dtype: torch.dtype) -> None:
    drawn = 20 * torch.randn(BLOCK + 1234, generator=torch.Generator().manual_seed(3))
    tensor = (drawn > 0 if dtype is torch.bool else drawn.abs() if dtype is torch.uint8 else drawn).to(dtype)
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert (found.count, found.nans, found.infinities) == (values.size, 0, 0)
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert found.zeros == int((values == 0).sum())
    assert_moments(found, values, in_single=dtype.is_floating_point and dtype.itemsize <= 4)


def test_complex_numbers_are_judged_by_their_magnitudes(tmp_path: Path) -> None:
    tensor = torch.tensor([3 + 4j, 0j, complex("nan"), 5 - 12j])
    found = statistics(tmp_path / "a.pt", tensor)
    assert (found.minimum, found.maximum, found.zeros, found.nans) == (0.0, 13.0, 1, 1)


def test_both_zeros_are_zeros_and_small_numbers_are_not(tmp_path: Path) -> None:
    tensor = torch.tensor([0.0, -0.0, 1e-45, -1e-45, 1.0])
    assert statistics(tmp_path / "a.pt", tensor).zeros == 2


@pytest.mark.parametrize("place", [0, BLOCK - 1, BLOCK, 2 * BLOCK + 6])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_one_bad_number_is_found_wherever_it_is(tmp_path: Path, place: int, bad: float) -> None:
    tensor = torch.randn(2 * BLOCK + 7, generator=torch.Generator().manual_seed(1))
    tensor[place] = bad
    found, good = statistics(tmp_path / "a.pt", tensor), np.delete(tensor.double().numpy(), place)
    assert (found.nans, found.infinities) == ((1, 0) if bad != bad else (0, 1))
    assert (found.minimum, found.maximum) == (good.min(), good.max())
    assert_moments(found, good, in_single=True)


def test_numbers_too_large_to_square_still_have_moments(tmp_path: Path) -> None:
    tensor = torch.tensor([1e200, -1e200, 3e200, 0.0], dtype=torch.float64)
    found = statistics(tmp_path / "a.pt", tensor)
    scaled = np.array([1.0, -1.0, 3.0, 0.0])
    assert found.mean == pytest.approx(scaled.mean() * 1e200, rel=1e-9)
    assert found.maximum == 3e200


@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_float32_far_from_zero_keeps_its_spread(tmp_path: Path, offset: float) -> None:
    tensor = offset + torch.randn(300_000, generator=torch.Generator().manual_seed(1))
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert found.std == pytest.approx(values.std(), rel=1e-9)
    assert found.mean == pytest.approx(values.mean(), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-30, 1e-18, 1e-10, 1e10, 1e18, 1e30])
def test_float32_whose_squares_leave_its_range_keeps_its_moments(tmp_path: Path, scale: float) -> None:
    tensor = scale * torch.randn(100_000, generator=torch.Generator().manual_seed(1))
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert_moments(found, values, in_single=True)


@pytest.mark.parametrize("mean", [0.1, 1.0, 4.0, 15.0, 200.0])
def test_float32_keeps_the_digits_of_its_spread_beside_a_mean(tmp_path: Path, mean: float) -> None:
    """The deviations are a difference of two sums, so that digits are lost as the mean grows, until they are widened."""
    tensor = mean + torch.randn(1_000_000, generator=torch.Generator().manual_seed(1))
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert found.std == pytest.approx(values.std(), rel=2e-6)


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t.t(),
        lambda t: t[:, ::3],
        lambda t: t[5:400, 7:90],
        lambda t: t[:, :1].expand(-1, 40),
        lambda t: t[3].expand(17, -1),
        lambda t: t.reshape(500, 20, 10).permute(2, 0, 1)[:, 1:],
    ],
)
def test_strided_views_are_measured_without_the_numbers_between(tmp_path: Path, view) -> None:  # type: ignore[no-untyped-def]
    whole = torch.randn(500, 200, generator=torch.Generator().manual_seed(2))
    whole[::2, ::5] = 0
    tensor = view(whole)
    found, values = statistics(tmp_path / "a.pt", tensor), tensor.double().numpy()
    assert (found.count, found.zeros) == (values.size, int((values == 0).sum()))
    assert (found.minimum, found.maximum) == (values.min(), values.max())
    assert_moments(found, values, in_single=True)


def test_a_tensor_expanded_beyond_all_memory_is_counted_not_made(tmp_path: Path) -> None:
    found = statistics(tmp_path / "a.pt", torch.tensor([2.0, 0.0]).reshape(2, 1).expand(2, 10**12))
    assert (found.count, found.zeros, found.mean, found.std) == (2 * 10**12, 10**12, 1.0, 1.0)


def test_overlapping_windows_without_end_are_refused(tmp_path: Path) -> None:
    tensor = torch.zeros(200_000).as_strided((100_000, 100_000), (1, 1))
    with pytest.raises(UnreadableCheckpoint, match="stands for 10,000,000,000 numbers"):
        statistics(tmp_path / "a.pt", tensor)


def test_quantized_numbers_are_measured_as_real_ones() -> None:
    """Against the definition: real = scale * (whole - zero point), with a scale for each of six rows."""
    whole = np.random.default_rng(2).integers(-128, 128, (6, 70_000), dtype=np.int8)
    scales, zeros = np.linspace(0.01, 0.06, 6), np.arange(6.0)
    quantizer = Quantizer(tuple(scales.tolist()), tuple(zeros.tolist()), axis=0)
    record = TensorRecord(
        ("w",), "qint8", (6, 70_000), (70_000, 1), "0", whole.size, 0, None, inline=whole.tobytes(), quantizer=quantizer
    )
    found, values = tensor_statistics(record, b""), scales[:, None] * (whole - zeros[:, None])
    assert found.mean == pytest.approx(values.mean(), rel=1e-6)
    assert found.std == pytest.approx(values.std(), rel=1e-6)
    assert found.zeros == int((values == 0).sum())


# -- all of them ------------------------------------------------------------------------------------------------------


def many(path: Path, held: dict[str, torch.Tensor]) -> tuple[tuple[TensorRecord, ...], memoryview]:
    torch.save(held, path)
    file = MappedFile(path)
    return open_checkpoint(file).tensors, file.view


@pytest.mark.parametrize("apart", [False, True])
def test_all_tensors_come_in_order_with_the_facts_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    monkeypatch.setattr("asl_inspector.mapped_file.LARGE", 1)
    monkeypatch.setattr("asl_inspector.checkpoints.measuring_all.BATCH_BYTES", 100_000)
    random = torch.Generator().manual_seed(5)
    held = {f"t{number}": torch.randn(1 + 1000 * number, generator=random) for number in range(60)}
    tensors, content = many(tmp_path / "a.pt", held)
    steps: list[Step] = []
    rows = list(all_statistics(tensors, content, apart=apart, progress=steps.append))
    assert [row.index for row in rows] == list(range(60))
    assert [row.statistics for row in rows] == [tensor_statistics(tensor, content) for tensor in tensors]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total


def test_shared_memory_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tied = torch.randn(2000)
    tensors, content = many(tmp_path / "a.pt", {"a": tied, "b": tied, "c": tied[:1000], "d": torch.randn(2000)})
    read = []

    def counted(tensor: TensorRecord, content: Content) -> Iterator[NDArray[np.generic]]:
        read.append(tensor.name)
        return blocks(tensor, content)

    monkeypatch.setattr("asl_inspector.checkpoints.statistics.blocks", counted)
    rows = list(all_statistics(tensors, content, apart=False))
    assert read == ["a", "c", "d"]
    assert rows[0].statistics == rows[1].statistics != rows[2].statistics


def test_what_cannot_be_read_is_told_and_the_rest_measured(tmp_path: Path) -> None:
    tensors, content = many(tmp_path / "a.pt", {"a": torch.empty(3, device="meta"), "b": torch.ones(3)})
    rows = list(all_statistics(tensors, content))
    assert rows[0].statistics is None
    assert "meta" in rows[0].trouble
    assert rows[1].statistics is not None


def test_cancelling_stops_between_blocks(tmp_path: Path) -> None:
    tensors, content = many(tmp_path / "a.pt", {f"t{number}": torch.zeros(3_000_000) for number in range(8)})
    cancel = CancelToken()
    rows = all_statistics(tensors, content, cancel=cancel)
    next(rows)
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(rows)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one process alone is told by Linux")
def test_pages_that_were_read_are_given_back(tmp_path: Path) -> None:
    """Measured in a process of its own: 200 MB are read, and the process stays far smaller."""
    torch.save({"w": torch.randn(50_000_000)}, tmp_path / "a.pt")
    code = """
import re, sys
from pathlib import Path
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.measuring_all import all_statistics
from asl_inspector.mapped_file import MappedFile
def peak():  # of this program alone; `getrusage` counts the process that it was forked from as well
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000
file = MappedFile(Path(sys.argv[1]))
before = peak()
list(all_statistics(open_checkpoint(file).tensors, file.view))
print(peak() - before)
"""
    ran = subprocess.run([sys.executable, "-c", code, tmp_path / "a.pt"], capture_output=True, text=True, check=True)
    assert float(ran.stdout) < 100


# -- large files, which are read rather than mapped --------------------------------------------------------------------


def opened_as_large(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[tuple[TensorRecord, ...], memoryview]:
    monkeypatch.setattr("asl_inspector.mapped_file.LARGE", 1)
    file = MappedFile(path)
    return open_checkpoint(file).tensors, file.view


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numbers_that_are_read_are_those_that_are_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    random = torch.Generator().manual_seed(4)
    whole = (20 * torch.randn(3, BLOCK - 5, generator=random)).to(dtype)
    held = {"whole": whole, "part": whole[1:, 7:], "turned": whole.t(), "one": whole[0, 0], "none": whole[:0]}
    mapped = [row.statistics for row in all_statistics(*many(tmp_path / "a.pt", held))]
    tensors, content = opened_as_large(tmp_path / "a.pt", monkeypatch)
    assert [row.statistics for row in all_statistics(tensors, content)] == mapped
    is_read = stretch_of(tensors[0], content) is not None
    assert is_read == (str(dtype).removeprefix("torch.") in AS_THEY_LIE)


@pytest.mark.skipif(os.name != "posix", reason="there is no second process elsewhere")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_second_process_finds_what_this_one_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    whole = (20 * torch.randn(5, 3000, generator=torch.Generator().manual_seed(4))).to(dtype)
    if dtype.is_floating_point and dtype.itemsize > 1:
        whole[2, 5] = float("nan")
    torch.save({"whole": whole, "none": whole[:0], "one": whole[0, 0].clone()}, tmp_path / "a.pt")
    tensors, content = opened_as_large(tmp_path / "a.pt", monkeypatch)
    stretches = [stretch for tensor in tensors if (stretch := stretch_of(tensor, content))]
    apart = start_apart(stretches)
    assert (apart is None) == (not stretches)
    if apart is not None:
        assert apart.measure(stretches) == [tensor_statistics(tensor, content) for tensor in tensors]
        apart.end()


@pytest.mark.skipif(os.name != "posix", reason="there is no second process elsewhere")
def test_all_is_measured_although_the_second_process_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({f"t{number}": torch.full((40_000,), float(number)) for number in range(30)}, tmp_path / "a.pt")
    tensors, content = opened_as_large(tmp_path / "a.pt", monkeypatch)
    monkeypatch.setattr("asl_inspector.checkpoints.measuring_all.BATCH_BYTES", 100_000)
    rows = all_statistics(tensors, content, apart=True)
    found = [next(rows)]
    frame = rows.gi_frame  # type: ignore[attr-defined]
    frame.f_locals["work"].apart._process.kill()
    found += list(rows)
    assert [row.statistics.mean for row in found if row.statistics] == list(range(30))


def test_a_file_cut_short_while_it_is_open_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"w": torch.randn(300_000)}, tmp_path / "a.pt")
    tensors, content = opened_as_large(tmp_path / "a.pt", monkeypatch)
    with (tmp_path / "a.pt").open("r+b") as file:
        file.truncate(200_000)
    with pytest.raises(UnreadableCheckpoint, match="cut short"):
        tensor_statistics(tensors[0], content)


def test_the_open_file_is_closed_with_its_last_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"w": torch.randn(1000)}, tmp_path / "a.pt")
    _, content = opened_as_large(tmp_path / "a.pt", monkeypatch)
    descriptor = descriptor_of(content)
    assert descriptor is not None
    os.fstat(descriptor)
    del content
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
