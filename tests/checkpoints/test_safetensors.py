"""safetensors files, against the safetensors library."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import _TYPES, load_file, save_file

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
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


def header_of(**tensors: tuple[str, list[int], list[int]]) -> bytes:
    held = {
        name: {"dtype": dtype, "shape": shape, "data_offsets": offsets}
        for name, (dtype, shape, offsets) in tensors.items()
    }
    return json.dumps(held).encode()


@pytest.mark.parametrize("dtype", sorted(_TYPES), ids=str)
def test_values_equal_the_librarys_for_every_dtype(dtype: str, tmp_path: Path) -> None:
    kind = _TYPES[dtype]
    raw = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).mul(20)
    tensor = raw.abs().to(kind) if dtype.startswith("U") else raw.to(kind)
    save_file({"w": tensor}, tmp_path / "m.safetensors")
    file = MappedFile(tmp_path / "m.safetensors")
    (record,) = open_checkpoint(file).tensors
    wanted = load_file(tmp_path / "m.safetensors")["w"]
    assert record.dtype == str(kind).removeprefix("torch.")
    exact = wanted.float() if dtype in ("BF16",) or dtype.startswith("F8") else wanted
    np.testing.assert_array_equal(read_array(record, file.view), exact.numpy())
    assert first_numbers(record, file.view, 4) == exact.flatten()[:4].tolist()


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b'{"a": ', "nested|breaks off"),
        (b'{"a": 1e}', "not valid"),
        (b'{"a": 5}', "wrongly"),
        (b'{"a\xff": 5}', "not valid: .*utf-8"),
        (b'{"a": {"dtype": "F32", "shape": [NaN], "data_offsets": [0, 4]}}', "NaN is no JSON number"),
        (b'{"a": {"dtype": "F32", "shape": [' + b"9" * 5000 + b'], "data_offsets": [0, 4]}}', "not valid"),
        (b'{"a": {"dtype": "F32", "shape": [' + b"9" * 4000 + b'], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4, 8]}}', "wrongly"),
        (b'{"a": {"dtype": 5, "shape": [1], "data_offsets": [0, 4]}}', "wrongly"),
        (b'{"a": ' + b"[" * 50 + b"]" * 50 + b"}", "nested"),
        (b'{"a":' + b"[" * 1_000_000, "nested"),
    ],
)
def test_damaged_headers_are_refused_with_a_sentence(tmp_path: Path, header: bytes, why: str) -> None:
    with pytest.raises(UnreadableCheckpoint, match=why):
        open_checkpoint(write(tmp_path / "m.safetensors", header))


def test_a_header_longer_than_the_file_is_cut_short(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCheckpoint, match="cut short"):
        open_checkpoint(write(tmp_path / "m.safetensors", b'{"a": {"dtype"', size=9_000))


def test_brackets_inside_texts_are_no_nesting(tmp_path: Path) -> None:
    metadata = {"__metadata__": {"vocabulary": "[" * 60 + '\\"{{' + "}" * 9}}
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", json.dumps(metadata).encode()))
    assert checkpoint.values[0].text.count("[") == 60


def test_bytes_beyond_the_file_are_told_per_tensor(tmp_path: Path) -> None:
    header = header_of(a=("F32", [4], [0, 16]))
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", header, b"\0" * 8))
    assert checkpoint.status == "partly"
    assert "beyond the end" in checkpoint.tensors[0].trouble


@pytest.mark.parametrize(
    ("entry", "trouble"),
    [
        (("F32", [4], [0, 8]), "8 bytes for 4 numbers"),
        (("F32", [4], [16, 0]), "its last byte comes before its first"),
        (("F32", [1 << 33, 1 << 33], [0, 16]), "multiply to more numbers than any file holds"),
        (("F32", [1 << 32, 1 << 30], [0, 16]), "16 bytes for 4,611,686,018,427,387,904 numbers"),
        (("F4", [32], [0, 16]), "numbers of type F4 are packed, 4 bits each"),
        (("F6_E3M2", [16], [0, 12]), "numbers of type F6_E3M2 are packed, 6 bits each"),
        (("F4", [30], [0, 16]), "16 bytes for 30 numbers"),
        (("Q9", [4], [0, 16]), "numbers of type Q9 are not known"),
    ],
)
def test_what_is_wrong_with_one_tensor_is_told_there(
    tmp_path: Path, entry: tuple[str, list[int], list[int]], trouble: str
) -> None:
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", header_of(a=entry), b"\0" * 16))
    assert checkpoint.status == "partly"
    assert trouble in checkpoint.tensors[0].trouble


def test_packed_numbers_know_their_size(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", header_of(a=("F4", [31], [0, 16])), b"\0" * 16))
    assert (checkpoint.tensors[0].dtype, checkpoint.tensors[0].nbytes) == ("float4_e2m1fn", 16)


def test_of_a_name_given_twice_the_last_one_counts_as_in_the_library(tmp_path: Path) -> None:
    entries = [b'"a": {"dtype": "F32", "shape": [1], "data_offsets": [%d, %d]}' % (i, i + 4) for i in (0, 4)]
    header = b'{"b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},' + b",".join(entries) + b"}"
    file = write(tmp_path / "m.safetensors", header, np.array([1, 2], "<f4").tobytes())
    checkpoint = open_checkpoint(file)
    assert any("names “a” twice" in note for note in checkpoint.notes)
    read = {record.name: read_array(record, file.view).tolist() for record in checkpoint.tensors}
    assert read == {name: tensor.tolist() for name, tensor in load_file(tmp_path / "m.safetensors").items()}


@pytest.mark.parametrize(
    ("header", "body", "note"),
    [
        (header_of(a=("U8", [4], [0, 4]), b=("U8", [4], [2, 6])), 6, "“a” and “b” lie over each other"),
        (header_of(a=("U8", [4], [0, 4]), b=("U8", [4], [6, 10])), 10, "2 bytes between the tensors"),
        (header_of(a=("U8", [4], [2, 6])), 6, "2 bytes between the tensors"),
        (header_of(a=("U8", [4], [0, 4])), 9, "5 bytes after the last tensor"),
    ],
)
def test_bytes_of_two_tensors_or_of_none_are_noted(tmp_path: Path, header: bytes, body: int, note: str) -> None:
    file = write(tmp_path / "m.safetensors", header, bytes(range(body)))
    checkpoint = open_checkpoint(file)
    assert any(note in held for held in checkpoint.notes)
    for record in checkpoint.tensors:
        assert read_array(record, file.view).size == 4
    with pytest.raises(SafetensorError):
        load_file(tmp_path / "m.safetensors")


def test_sound_files_have_no_notes(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(0, 3), "b": torch.ones(2), "c": torch.tensor(1.0)}, tmp_path / "m.safetensors")
    checkpoint = open_checkpoint(MappedFile(tmp_path / "m.safetensors"))
    assert checkpoint.notes == ()
    assert checkpoint.status == "opened"


@pytest.mark.parametrize(
    ("metadata", "note"), [(b"[1]", "no object of texts"), (b'{"a": 5, "b": "x"}', "values that are no texts")]
)
def test_odd_metadata_is_noted_and_the_tensors_are_read(tmp_path: Path, metadata: bytes, note: str) -> None:
    header = b'{"__metadata__": ' + metadata + b', "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}'
    checkpoint = open_checkpoint(write(tmp_path / "m.safetensors", header, b"\1"))
    assert note in checkpoint.notes[0]
    assert [tensor.name for tensor in checkpoint.tensors] == ["a"]


@pytest.mark.slow
def test_hundred_thousand_keys_cost_no_more_than_six_times_the_bare_json(tmp_path: Path) -> None:
    """Under a second on an idle core; told as a ratio, since other work may share the machine."""
    count = 100_000
    header = header_of(**{f"layers.{i}.weight": ("F32", [2, 2], [16 * i, 16 * i + 16]) for i in range(count)})
    file = write(tmp_path / "m.safetensors", header, bytes(16 * count))

    def fastest(work: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            work()
            times.append(time.process_time() - start)
        return min(times)

    assert len(open_checkpoint(file).tensors) == count
    assert fastest(lambda: open_checkpoint(file)) < 6 * fastest(lambda: json.loads(header))
