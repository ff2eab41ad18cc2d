"""Parts of tensors against torch's own indexing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Quantizer, TensorRecord
from asl_inspector.checkpoints.slices import flattened, table_of
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile


def saved(path: Path, tensor: torch.Tensor) -> tuple[TensorRecord, memoryview]:
    torch.save({"w": tensor}, path)
    file = MappedFile(path)
    return open_checkpoint(file).tensors[0], file.view


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.float8_e4m3fn])
def test_a_rectangle_is_that_of_torch(tmp_path: Path, dtype: torch.dtype) -> None:
    tensor = (100 * torch.randn(3, 4, 9, 11, generator=torch.Generator().manual_seed(0))).to(dtype)
    record, content = saved(tmp_path / "a.pt", tensor)
    part = table_of(record, (2, 1), (3, 8), (2, 11), (2, 3))
    assert np.array_equal(read_array(part, content), tensor[2, 1, 3:8:2, 2:11:3].double().numpy())


def test_transposed_tensors_are_sliced_where_they_lie(tmp_path: Path) -> None:
    tensor = torch.arange(60.0).reshape(5, 12).t()
    record, content = saved(tmp_path / "a.pt", tensor)
    assert np.array_equal(read_array(table_of(record, (), (1, 4), (0, 5)), content), tensor[1:4].numpy())
    assert flattened(record) is not None


def test_rows_and_single_numbers_are_columns(tmp_path: Path) -> None:
    record, content = saved(tmp_path / "a.pt", torch.tensor([1.0, 2.0, 3.0]))
    assert read_array(table_of(record, (), (1, 3), (0, 9)), content).tolist() == [[2.0], [3.0]]
    single, content = saved(tmp_path / "b.pt", torch.tensor(7))
    assert read_array(table_of(single, (), (0, 9), (0, 9)), content).tolist() == [[7]]


def test_a_channelwise_quantized_tensor_keeps_its_scales() -> None:
    """Against the definition: real = scale * (whole - zero point), with a scale for each index of dimension 1."""
    whole = np.arange(48, dtype=np.int8).reshape(2, 4, 6)
    scales, zeros = np.array([0.5, 0.25, 2.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0])
    quantizer = Quantizer(tuple(scales.tolist()), tuple(zeros.tolist()), axis=1)
    record = TensorRecord(
        ("w",), "qint8", (2, 4, 6), (24, 6, 1), "0", 48, 0, None, inline=whole.tobytes(), quantizer=quantizer
    )
    expected = scales[:, None] * (whole - zeros[:, None])
    assert np.array_equal(read_array(table_of(record, (1,), (1, 4), (0, 6), (2, 1)), b""), expected[1, 1:4:2])


def test_only_what_is_shown_has_to_be_in_the_file(tmp_path: Path) -> None:
    """Everything behind the rectangle is cut off the file's content, and the rectangle is still read."""
    record, content = saved(tmp_path / "a.pt", torch.arange(1_000_000.0).reshape(1000, 1000))
    assert record.file_offset is not None
    cut = content[: record.file_offset + 4 * 10_000]
    assert read_array(table_of(record, (), (2, 4), (5, 7)), cut).tolist() == [[2005, 2006], [3005, 3006]]
    with pytest.raises(UnreadableCheckpoint, match="cut short"):
        read_array(record, cut)


@pytest.mark.parametrize(("leading", "words"), [((), "dimensions"), ((5,), "no part 5 of 2"), ((0, 0), "dimensions")])
def test_parts_that_are_not_there_are_refused(tmp_path: Path, leading: tuple[int, ...], words: str) -> None:
    record, _ = saved(tmp_path / "a.pt", torch.zeros(2, 3, 4))
    with pytest.raises(UnreadableCheckpoint, match=words):
        table_of(record, leading, (0, 1), (0, 1))


def test_a_look_is_bounded(tmp_path: Path) -> None:
    record, _ = saved(tmp_path / "a.pt", torch.zeros(1).expand(10**9, 10**9))
    with pytest.raises(UnreadableCheckpoint, match="too many"):
        table_of(record, (), (0, 10**9), (0, 10**9))
