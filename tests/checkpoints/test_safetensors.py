"""safetensors files, against the safetensors library."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile


def test_names_shapes_and_values_equal_the_librarys(tmp_path: Path) -> None:
    held = {
        "a.weight": torch.randn(3, 4),
        "b": torch.arange(5),
        "c": torch.randn(2, 2).half(),
        "d": torch.randn(4).bfloat16(),
    }
    save_file(held, tmp_path / "m.safetensors", metadata={"format": "pt", "gloss_to_id": json.dumps({"x": 1})})
    file = MappedFile(tmp_path / "m.safetensors")
    checkpoint = open_checkpoint(file)
    assert {record.name for record in checkpoint.tensors} == set(held)
    for record in checkpoint.tensors:
        np.testing.assert_array_equal(read_array(record, file.view), held[record.name].float().numpy())
    assert checkpoint.contents.gloss_to_id == {"x": 1}
    assert {value.path for value in checkpoint.values} == {("__metadata__", "format"), ("__metadata__", "gloss_to_id")}
    assert set(checkpoint.weights) == set(held)


def write(path: Path, header: bytes, body: bytes = b"", size: int | None = None) -> MappedFile:
    path.write_bytes((len(header) if size is None else size).to_bytes(8, "little") + header + body)
    return MappedFile(path)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b'{"a": ', "valid JSON"),
        (b'{"a": 5}', "wrongly"),
        (b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}", "nested"),
    ],
)
def test_damaged_headers_are_refused_with_a_sentence(tmp_path: Path, header: bytes, why: str) -> None:
    with pytest.raises(UnreadableCheckpoint, match=why):
        open_checkpoint(write(tmp_path / "m.safetensors", header))


def test_bytes_beyond_the_file_are_told_per_tensor(tmp_path: Path) -> None:
    header = b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}'
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", header, b"\0" * 8))
    assert checkpoint.status == "partly"
    assert "beyond the end" in checkpoint.tensors[0].trouble


def test_a_size_that_contradicts_the_shape_is_told(tmp_path: Path) -> None:
    header = b'{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 8]}}'
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", header, b"\0" * 8))
    assert "8 bytes for 4 numbers" in checkpoint.tensors[0].trouble


def test_a_name_given_twice_is_noted(tmp_path: Path) -> None:
    entry = b'"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}'
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", b"{" + entry + b"," + entry + b"}", b"\0" * 4))
    assert "twice" in checkpoint.notes[0]
