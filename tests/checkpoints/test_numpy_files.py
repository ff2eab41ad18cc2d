"""NumPy's own files, against NumPy."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asl_inspector.checkpoints.npy_header import NpyHeader, read_header
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile

NUMBERS = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "c8", "c16", "b1"]


def opened(path: Path) -> tuple[Checkpoint, MappedFile]:
    file = MappedFile(path)
    return open_checkpoint(file), file


def example(dtype: str) -> np.ndarray[Any, Any]:
    array = np.random.default_rng(0).normal(size=(3, 4, 2)) * 9
    with np.errstate(invalid="ignore"):
        return np.abs(array).astype(dtype)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", NUMBERS)
def test_an_array_of_every_type_and_byte_order_is_one_tensor_without_a_path(
    tmp_path: Path, dtype: str, order: str
) -> None:
    array = example(order + dtype)
    np.save(tmp_path / "a.npy", array)
    checkpoint, file = opened(tmp_path / "a.npy")
    (record,) = checkpoint.tensors
    assert (checkpoint.format, checkpoint.notes, record.path, record.name) == ("npy", (), (), "")
    assert (record.shape, record.nbytes) == (array.shape, array.nbytes)
    np.testing.assert_array_equal(read_array(record, file.view), array)
    assert first_numbers(record, file.view, 7) == array.flatten()[:7].tolist()


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_all_versions_and_fortran_order_are_read(tmp_path: Path, version: tuple[int, int]) -> None:
    array = np.asfortranarray(example("f4"))
    with (tmp_path / "a.npy").open("wb") as out:
        np.lib.format.write_array(out, array, version=version)
    checkpoint, file = opened(tmp_path / "a.npy")
    np.testing.assert_array_equal(read_array(checkpoint.tensors[0], file.view), array)
    assert first_numbers(checkpoint.tensors[0], file.view, 9) == array.flatten()[:9].tolist()


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_an_archive_of_weights(tmp_path: Path, pack: Any) -> None:
    held = {f"layer.{dtype}": example(dtype) for dtype in NUMBERS}
    held |= {"big": example(">f4"), "fortran": np.asfortranarray(example("f8")), "none": np.zeros((0, 3))}
    pack(tmp_path / "a.npz", **held)
    checkpoint, file = opened(tmp_path / "a.npz")
    assert (checkpoint.format, checkpoint.status, checkpoint.notes) == ("npz", "opened", ())
    assert [record.path for record in checkpoint.tensors] == [(name,) for name in held]
    for record in checkpoint.tensors:
        np.testing.assert_array_equal(read_array(record, file.view), held[record.name])
        assert first_numbers(record, file.view, 5) == held[record.name].flatten()[:5].tolist()
    assert set(checkpoint.weights) == set(held)


@pytest.mark.parametrize("pack", [np.savez, np.savez_compressed], ids=["stored", "deflated"])
def test_what_an_archive_says_beside_its_weights_is_understood(tmp_path: Path, pack: Any) -> None:
    pack(
        tmp_path / "a.npz",
        weight=np.ones((2, 2), "f4"),
        epoch=np.int64(12),
        val_acc=np.float64(3.57),
        names=np.array(["apple", "book"]),
        gloss_to_id=np.array({"apple": 1, "book": 2}),
        ragged=np.array([np.arange(3.0), np.arange(2.0)], dtype=object),
    )
    checkpoint, file = opened(tmp_path / "a.npz")
    assert checkpoint.contents.gloss_to_id == {"apple": 1, "book": 2}
    assert checkpoint.contents.epoch == 12
    assert checkpoint.contents.stored == {"val_acc": 3.57}
    values = {value.path: value.text for value in checkpoint.values}
    assert values["names",] == "['apple', 'book']"
    assert values["gloss_to_id", "apple"] == "1"
    ragged = {record.path: record for record in checkpoint.tensors}["ragged", "1"]
    assert read_array(ragged, file.view).tolist() == [0.0, 1.0]


def test_an_array_that_holds_one_dict_is_that_dict(tmp_path: Path) -> None:
    np.save(tmp_path / "gloss_dict.npy", np.array({"gloss_to_id": {"a": 1}}))
    checkpoint, _ = opened(tmp_path / "gloss_dict.npy")
    assert checkpoint.contents.gloss_to_id == {"a": 1}
    assert [(value.path, value.text) for value in checkpoint.values] == [(("gloss_to_id", "a"), "1")]


def test_objects_are_read_as_data_and_told(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (canary,)

    held = np.empty(1, object)
    held[0] = Evil()
    np.savez(tmp_path / "a.npz", a=held, b=np.ones(2))
    checkpoint, _ = opened(tmp_path / "a.npz")
    assert not canary.exists()
    assert checkpoint.would_run
    assert [record.path for record in checkpoint.tensors] == [("b",)]


def npy(header: str, body: bytes = b"", version: int = 1) -> bytes:
    raw = header.encode("latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + len(raw).to_bytes(2 if version == 1 else 4, "little") + raw + body


def test_headers_of_other_writers_are_read() -> None:
    for text in (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }   \n",
        '{"shape":(3,4),"fortran_order":False,"descr":"f4"}',
        "{'fortran_order': False, 'descr': '=f4', 'shape': (3, 4,)}",
    ):
        content = npy(text)
        assert read_header(content) == NpyHeader("<f4", (3, 4), False, len(content))


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,,4), }",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, }",
        "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 5}",
        "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 25 + ",), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 65 + "), }",
        "[" * 60_000,
        "",
    ],
)
def test_damaged_headers_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.npy").write_bytes(npy(text, bytes(64)))
    with pytest.raises(UnreadableCheckpoint, match="is damaged"):
        opened(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x93NUMPY\x01", "breaks off"),
        (b"\x93NUMPY\x01\x00\xff\x00{'descr'", "breaks off"),
        (b"\x93NUMPY\x09\x00\x10\x00" + bytes(99), "version 9.0"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(99), "header of 2,147,483,647 bytes"),
    ],
)
def test_what_is_no_array_file_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UnreadableCheckpoint, match=why):
        opened(tmp_path / "a.npy")


def test_a_table_of_columns_is_named_for_what_it_is(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3, dtype=[("frame", "i4"), ("x", "f4", (2,))]))
    with pytest.raises(UnreadableCheckpoint, match=r"named columns .*“frame”, “x”"):
        opened(tmp_path / "a.npy")


def test_a_shape_far_larger_than_the_file_allocates_nothing(tmp_path: Path) -> None:
    text = "{'descr': '<f8', 'fortran_order': False, 'shape': (1048576, 1048576), }"
    (tmp_path / "a.npy").write_bytes(npy(text, bytes(16)))
    checkpoint, file = opened(tmp_path / "a.npy")
    assert checkpoint.tensors[0].trouble == "it has 16 of 8,796,093,022,208 bytes"
    with pytest.raises(UnreadableCheckpoint, match="16 of"):
        read_array(checkpoint.tensors[0], file.view)


def test_bytes_after_the_numbers_are_noted(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(3))
    with (tmp_path / "a.npy").open("ab") as out:
        out.write(b"tail")
    assert "4 bytes after the numbers" in opened(tmp_path / "a.npy")[0].notes[0]


@pytest.mark.parametrize(
    ("array", "kind"),
    [(np.array(["2020-01-01"], "M8[D]"), "dates"), (np.ones(2, "V2"), "bytes of no stated meaning")],
)
def test_types_that_are_no_numbers_are_listed_with_the_reason(
    tmp_path: Path, array: np.ndarray[Any, Any], kind: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    assert kind in opened(tmp_path / "a.npy")[0].tensors[0].trouble


def test_numbers_at_an_odd_place_of_a_compressed_file_are_read(tmp_path: Path) -> None:
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
    content = npy(header, np.array([1.5, 2.5]).tobytes())
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("odd.npy", content)
        archive.writestr("broken.npy", b"no array")
    checkpoint, file = opened(tmp_path / "a.npz")
    (record,) = checkpoint.tensors
    assert (len(content) - 16) % 8 == 3
    assert read_array(record, file.view).tolist() == [1.5, 2.5]
    assert "“broken” cannot be read" in checkpoint.notes[0]


def test_an_array_cut_short_inside_an_archive_costs_only_itself(tmp_path: Path) -> None:
    out = io.BytesIO()
    np.save(out, np.ones(100))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("cut.npy", out.getvalue()[:-8])
        archive.writestr("text.npy", npy("{'descr': '<U9', 'fortran_order': False, 'shape': (9,), }", bytes(36)))
        archive.writestr("whole.npy", out.getvalue())
    checkpoint, file = opened(tmp_path / "a.npz")
    cut, whole = checkpoint.tensors
    assert cut.trouble == "it has 792 of 800 bytes"
    assert read_array(whole, file.view).sum() == 100
    assert "36 of 324 bytes" in " ".join(checkpoint.notes)
