"""Tensors in an ordinary `pickle.dump`: each storage is a torch file of its own inside the stream."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from makers import make_notebook
from old_torch import Call
from tensors_alike import DTYPES, assert_equal_to_torch, opened, seeded

from asl_inspector.checkpoints.tensor_numbers import read_array


def saved(value: object, *, new: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=new)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_equal_torchs_for_every_dtype(dtype: torch.dtype, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"w": seeded(dtype)}))
    checkpoint, file = opened(tmp_path / "a.pkl")
    (record,) = checkpoint.tensors
    assert (checkpoint.status, checkpoint.would_run, checkpoint.notes) == ("opened", (), ())
    assert record.inline is None
    assert record.file_offset is not None
    assert_equal_to_torch(record, file.view, seeded(dtype))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_state_dict_is_read_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    network = make_notebook()
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"model_state_dict": network.state_dict()}, protocol=protocol))
    checkpoint, file = opened(tmp_path / "a.pkl")
    assert list(checkpoint.weights) == list(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)


def test_tensors_of_one_name_share_memory_and_others_do_not(tmp_path: Path) -> None:
    tensor = torch.randn(4)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"a": tensor, "b": tensor, "c": tensor.clone()}))
    checkpoint, _ = opened(tmp_path / "a.pkl")
    a, b, c = (record.storage for record in checkpoint.tensors)
    assert a == b != c


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_whole_file_inside_a_stream_is_part_of_the_tree(new: bool, tmp_path: Path) -> None:
    inner = OrderedDict(weight=torch.randn(3, 2), bias=torch.randn(3))
    value = {"run": 3, "state_dict": Call(torch.storage._load_from_bytes, saved(inner, new=new))}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value))
    checkpoint, file = opened(tmp_path / "a.pkl")
    assert [record.path for record in checkpoint.tensors] == [("state_dict", "weight"), ("state_dict", "bias")]
    for record in checkpoint.tensors:
        assert_equal_to_torch(record, file.view, inner[record.path[-1]])
    assert checkpoint.would_run == ()


def deep(levels: int) -> bytes:
    """A tensor under so many calls of `_load_from_bytes`."""
    content = saved({"w": torch.arange(5.0)}, new=False)
    for _ in range(levels - 1):
        content = pickle.dumps(Call(torch.storage._load_from_bytes, content))
    return pickle.dumps(Call(torch.storage._load_from_bytes, content))


def test_eight_levels_are_read_and_a_ninth_is_not(tmp_path: Path) -> None:
    (tmp_path / "eight.pkl").write_bytes(deep(8))
    checkpoint, file = opened(tmp_path / "eight.pkl")
    assert read_array(checkpoint.tensors[0], file.view).tolist() == [0, 1, 2, 3, 4]
    (tmp_path / "nine.pkl").write_bytes(deep(9))
    checkpoint, _ = opened(tmp_path / "nine.pkl")
    assert checkpoint.tensors == ()
    assert any("more than 8" in note for note in checkpoint.notes)
    assert [run.call for run in checkpoint.would_run] == ["torch.storage._load_from_bytes"]


def test_what_a_nested_stream_would_run_is_told(tmp_path: Path) -> None:
    import os

    inner = saved({"x": Call(os.system, "true"), "w": torch.ones(2)}, new=False)
    content = pickle.dumps({"a": Call(torch.storage._load_from_bytes, inner)})
    (tmp_path / "a.pkl").write_bytes(content)
    checkpoint, _ = opened(tmp_path / "a.pkl")
    (run,) = checkpoint.would_run
    assert run.call in ("posix.system", "nt.system")
    assert content[run.offset : run.offset + 1] == pickle.REDUCE


def test_a_damaged_nested_stream_is_told_and_counts_as_a_call(tmp_path: Path) -> None:
    content = saved({"w": torch.ones(2)}, new=False)[:60]
    value = {"good": torch.ones(2), "bad": Call(torch.storage._load_from_bytes, content)}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value))
    checkpoint, _ = opened(tmp_path / "a.pkl")
    assert [record.path for record in checkpoint.tensors] == [("good",)]
    assert any("nested stream cannot be read" in note for note in checkpoint.notes)
    assert [run.call for run in checkpoint.would_run] == ["torch.storage._load_from_bytes"]


def test_bytes_named_many_times_are_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asl_inspector.checkpoints import nested_streams

    count = 0
    plain = nested_streams.legacy_stream

    def counting(*given: object) -> object:
        nonlocal count
        count += 1
        return plain(*given)

    monkeypatch.setattr(nested_streams, "legacy_stream", counting)
    content = saved(torch.ones(2), new=False)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps([Call(torch.storage._load_from_bytes, content) for _ in range(500)]))
    checkpoint, _ = opened(tmp_path / "a.pkl")
    assert len(checkpoint.tensors) == 500
    assert count == 1
