"""Tensors of every kind that torch.save writes, against torch itself."""

from __future__ import annotations

import struct
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from old_torch import Call, StorageRef, dumped
from tensors_alike import DTYPES, assert_equal_to_torch, opened, seeded
from torch import nn

from asl_inspector.checkpoints.records import Quantizer
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint


@pytest.fixture(autouse=True)
def _quantized_tensors_are_deprecated() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"torch\.quantize_per_tensor, torch\.quantize_per_channel")
        yield


class Tagged(torch.Tensor):
    """A subclass that only the researcher has."""


def written(value: object, path: Path, **members: bytes) -> Path:
    """A zip file with a stream made by hand."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", dumped(value))
        for key, raw in members.items():
            archive.writestr(f"a/data/{key.removeprefix('s')}", raw)
    return path


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_equal_torchs_for_every_dtype(dtype: torch.dtype, tmp_path: Path) -> None:
    torch.save({"w": seeded(dtype), "column": seeded(dtype)[:, 1]}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    assert (checkpoint.status, checkpoint.would_run) == ("opened", ())
    whole, column = checkpoint.tensors
    assert_equal_to_torch(whole, file.view, seeded(dtype))
    assert_equal_to_torch(column, file.view, seeded(dtype)[:, 1])


@pytest.mark.parametrize("dtype", [torch.qint8, torch.quint8, torch.qint32], ids=str)
def test_a_quantized_tensor_is_read_as_the_numbers_it_stands_for(dtype: torch.dtype, tmp_path: Path) -> None:
    tensor = torch.quantize_per_tensor(seeded(torch.float32), 0.37, 3, dtype)
    torch.save({"w": tensor}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert record.quantizer == Quantizer((0.37,), (3.0,))
    assert_equal_to_torch(record, file.view, tensor)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_each_channel_has_its_scale(axis: int, legacy: bool, tmp_path: Path) -> None:
    count = (3, 5)[axis]
    scales, zeros = torch.linspace(0.1, 0.9, count, dtype=torch.float64), torch.arange(count)
    tensor = torch.quantize_per_channel(seeded(torch.float32), scales, zeros, axis, torch.qint8)
    torch.save({"w": tensor}, tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy)
    checkpoint, file = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert record.quantizer == Quantizer(tuple(scales.tolist()), tuple(map(float, range(count))), axis)
    assert_equal_to_torch(record, file.view, tensor)


def test_scales_that_do_not_fit_the_shape_are_trouble(tmp_path: Path) -> None:
    storage = StorageRef("storage", torch.QInt8Storage, "0", "cpu", 6)
    for number, parameters in enumerate(
        [(torch.per_channel_affine, [0.1], [0], 0), (torch.per_channel_affine, [0.1, 0.2], [0, 0], 7), ("odd", 1, 2)]
    ):
        call = Call(torch._utils._rebuild_qtensor, storage, 0, (2, 3), (3, 1), parameters, False, {})
        checkpoint, _ = opened(written({"w": call}, tmp_path / f"{number}.pt", s0=bytes(6)))
        assert "whole numbers" in checkpoint.tensors[0].trouble


def test_numbers_of_half_a_byte_have_a_shape_and_trouble(tmp_path: Path) -> None:
    scales = torch.tensor([0.1, 0.2])
    tensor = torch.quantize_per_channel(torch.randn(2, 4), scales, torch.tensor([0.0, 1.0]), 0, torch.quint4x2)
    torch.save({"w": tensor}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert (record.dtype, record.shape) == ("quint4x2", (2, 4))
    assert "smaller than a byte" in record.trouble


SPARSE = torch.tensor([[0.0, 2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 4.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 5.0, 6.0]])


def test_a_sparse_tensor_keeps_its_shape_and_its_parts(tmp_path: Path) -> None:
    tensor = SPARSE.to_sparse()
    torch.save({"w": tensor}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert (record.layout, record.shape, record.dtype, record.trouble) == ("sparse_coo", (4, 4), "float32", "")
    assert checkpoint.would_run == ()
    assert first_numbers(record, file.view, 16) == SPARSE.flatten().tolist()
    np.testing.assert_array_equal(read_array(record.components[0], file.view), tensor.indices().numpy())
    np.testing.assert_array_equal(read_array(record.components[1], file.view), tensor.values().numpy())
    with pytest.raises(UnreadableCheckpoint, match="sparse"):
        read_array(record, file.view)


@pytest.mark.parametrize("layout", ["csr", "csc", "bsr", "bsc"])
def test_compressed_layouts_keep_three_parts(layout: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse .* tensor support is in beta")
        block = () if layout.startswith("cs") else ((2, 2),)
        tensor = getattr(SPARSE, f"to_sparse_{layout}")(*block)
    torch.save({"w": tensor}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert (record.layout, record.shape, record.trouble) == (f"sparse_{layout}", (4, 4), "")
    by_row = layout in ("csr", "bsr")
    parts = (tensor.crow_indices(), tensor.col_indices()) if by_row else (tensor.ccol_indices(), tensor.row_indices())
    for component, part in zip(record.components, (*parts, tensor.values()), strict=True):
        assert_equal_to_torch(component, file.view, part)


def test_a_sparse_tensor_whose_parts_contradict_is_trouble(tmp_path: Path) -> None:
    indices, values = torch.zeros(2, 3, dtype=torch.int64), torch.zeros(4)
    for number, data in enumerate(
        [(indices, values, (4, 4)), (indices, torch.zeros(3), (4,)), (values, values, (4, 4))]
    ):
        call = Call(torch._utils._rebuild_sparse_tensor, torch.sparse_coo, data)
        torch.save({"w": call}, tmp_path / f"{number}.pt")
        checkpoint, _ = opened(tmp_path / f"{number}.pt")
        assert "contradict" in checkpoint.tensors[0].trouble


def test_nested_tensors_show_their_numbers_in_a_row(tmp_path: Path) -> None:
    parts = [torch.randn(2, 3), torch.randn(1, 3)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The PyTorch API of nested tensors is in prototype")
        held = {
            "strided": torch.nested.nested_tensor(parts),
            "jagged": torch.nested.nested_tensor(parts, layout=torch.jagged),
        }
    torch.save(held, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    records = {record.path[0]: record for record in checkpoint.tensors if len(record.path) == 1}
    flat = torch.cat([part.flatten() for part in parts]).tolist()
    for record in records.values():
        assert record.layout == "nested"
        assert first_numbers(record, file.view, 9) == flat
        assert read_array(record, file.view).flatten().tolist() == flat
    assert read_array(records["strided"].components[1], file.view).tolist() == [[2, 3], [1, 3]]
    assert read_array(records["jagged"].components[1], file.view).tolist() == [0, 2, 3]


def test_views_that_are_conjugated_or_negated_are_read_so(tmp_path: Path) -> None:
    base = seeded(torch.complex64)
    held = {"conjugated": base.conj(), "negated": base.clone().conj().imag, "one": base[0, 0].conj()}
    assert held["conjugated"].is_conj()
    assert held["negated"].is_neg()
    for name, tensor in held.items():
        torch.save({name: tensor}, tmp_path / f"{name}.pt")
        checkpoint, file = opened(tmp_path / f"{name}.pt")
        (record,) = checkpoint.tensors
        assert_equal_to_torch(record, file.view, tensor)


def test_meta_tensors_have_a_shape_and_no_numbers(tmp_path: Path) -> None:
    torch.save({"w": torch.empty(3, 4, device="meta", dtype=torch.float16)}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert (record.shape, record.dtype, record.device, checkpoint.status) == ((3, 4), "float16", "meta", "opened")


def test_parameters_and_subclasses_keep_their_attributes(tmp_path: Path) -> None:
    parameter = nn.Parameter(torch.randn(3))
    parameter.note = "frozen"
    parameter.mask = torch.ones(2)
    tagged = torch.randn(4).as_subclass(Tagged)
    tagged.gloss = "apple"
    torch.save(
        {"p": parameter, "t": tagged, "plain": nn.Parameter(torch.ones(2, dtype=torch.int64), False)}, tmp_path / "a.pt"
    )
    checkpoint, file = opened(tmp_path / "a.pt")
    records = {record.path: record for record in checkpoint.tensors}
    assert_equal_to_torch(records["p",], file.view, parameter)
    assert_equal_to_torch(records["p", "mask"], file.view, parameter.mask)
    assert_equal_to_torch(records["t",], file.view, tagged.as_subclass(torch.Tensor))
    assert_equal_to_torch(records["plain",], file.view, torch.ones(2, dtype=torch.int64))
    values = {value.path: value.text for value in checkpoint.values}
    assert (values["p", "note"], values["t", "gloss"]) == ("'frozen'", "'apple'")
    assert [run.call.rpartition(".")[2] for run in checkpoint.would_run] == ["Tagged"]


def test_a_wrapper_has_a_shape_and_shows_what_it_is_made_of(tmp_path: Path) -> None:
    inner = torch.arange(6, dtype=torch.int8)
    arguments = (Tagged, torch.float32, (2, 3), (3, 1), 0, torch.strided, "cpu", False)
    call = Call(
        torch._tensor._rebuild_from_type_v2,
        torch._utils._rebuild_wrapper_subclass,
        Tagged,
        arguments,
        {"int_data": inner},
    )
    torch.save({"w": call}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    wrapper, part = checkpoint.tensors
    assert (wrapper.shape, wrapper.dtype) == ((2, 3), "float32")
    assert "Tagged" in wrapper.trouble
    assert part.path == ("w", "int_data")
    assert_equal_to_torch(part, file.view, inner)


def test_tensors_of_other_devices_are_read(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    held = {
        "xla": Call(torch._utils._rebuild_xla_tensor, array, torch.float32, "xla:0", False),
        "numpy": Call(torch._utils._rebuild_device_tensor_from_numpy, array, torch.float32, "xla:1", False),
        "cpu": Call(torch._utils._rebuild_device_tensor_from_cpu_tensor, torch.ones(3), torch.float32, "npu:0", False),
    }
    torch.save(held, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    assert [(record.name, record.device) for record in checkpoint.tensors] == [
        ("xla", "xla:0"),
        ("numpy", "xla:1"),
        ("cpu", "npu:0"),
    ]
    for record, wanted in zip(checkpoint.tensors, (array, array, np.ones(3)), strict=True):
        np.testing.assert_array_equal(read_array(record, file.view), wanted)
    assert checkpoint.would_run == ()


def test_the_device_of_a_saved_tensor_is_told(tmp_path: Path) -> None:
    call = Call(
        torch._utils._rebuild_tensor_v2,
        StorageRef("storage", torch.FloatStorage, "0", "cuda:3", 2),
        0,
        (2,),
        (1,),
        False,
        {},
    )
    checkpoint, file = opened(written({"w": call}, tmp_path / "a.pt", s0=struct.pack("<2f", 1, 2)))
    assert checkpoint.tensors[0].device == "cuda:3"
    assert first_numbers(checkpoint.tensors[0], file.view, 2) == [1, 2]


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_storages_saved_as_they_are(legacy: bool, tmp_path: Path) -> None:
    tensor = torch.arange(5, dtype=torch.int32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="TypedStorage is deprecated")
        typed = torch.tensor([1.5, 2.5]).storage()
        torch.save([tensor.untyped_storage(), typed], tmp_path / "a.pt", _use_new_zipfile_serialization=not legacy)
    checkpoint, file = opened(tmp_path / "a.pt")
    raw, floats = checkpoint.tensors
    assert (raw.dtype, raw.shape) == ("uint8", (20,))
    assert bytes(read_array(raw, file.view)) == tensor.numpy().tobytes()
    assert read_array(floats, file.view).tolist() == [1.5, 2.5]


def test_windows_are_checked_in_unbounded_integers(tmp_path: Path) -> None:
    """Products and sums that wrap to something small in 64 bits."""
    storage = StorageRef("storage", torch.FloatStorage, "0", "cpu", 4)
    shapes = [
        ((2**32, 2**32), (1, 1), 0),
        ((2,), (2**62,), 0),
        ((1,), (1,), 2**64),
        ((4,), (1,), -1),
        ((3, 3), (2, 1), 0),
    ]
    for number, (shape, strides, offset) in enumerate(shapes):
        call = Call(torch._utils._rebuild_tensor_v2, storage, offset, shape, strides, False, {})
        checkpoint, _ = opened(written({"w": call}, tmp_path / f"{number}.pt", s0=bytes(16)))
        assert "beyond the memory block" in checkpoint.tensors[0].trouble
        assert checkpoint.tensors[0].shape == shape
    fits = Call(torch._utils._rebuild_tensor_v2, storage, 0, (2**40, 0), (1, 1), False, {})
    checkpoint, file = opened(written({"w": fits}, tmp_path / "empty.pt", s0=bytes(16)))
    assert first_numbers(checkpoint.tensors[0], file.view, 3) == []


def test_parameters_around_parameters_do_not_recurse_without_end(tmp_path: Path) -> None:
    call: object = torch.ones(2)
    for _ in range(300):
        call = Call(torch._utils._rebuild_parameter, call, True, {})
    torch.save({"w": call, "good": torch.ones(3)}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert ("good",) in {record.path for record in checkpoint.tensors}
