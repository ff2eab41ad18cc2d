"""Distributed checkpoints: folders of `.metadata` and `*.distcp`, against the tensors that were saved."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

from asl_inspector.checkpoints.opening import open_path
from asl_inspector.checkpoints.slices import table_of
from asl_inspector.checkpoints.statistics import tensor_statistics
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint

Piece = tuple[tuple[int, ...], torch.Tensor, str]


class Writer:
    """Writes a distributed checkpoint by hand, so that tensors can be cut and spread as several processes would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytearray] = {}
        self.state: dict[str, Any] = {}
        self.storage: dict[MetadataIndex, _StorageInfo] = {}

    def put(self, file: str, value: object) -> tuple[int, int]:
        stream = io.BytesIO()
        torch.save(value, stream)
        held = self.files.setdefault(file, bytearray())
        held += stream.getvalue()
        return len(held) - len(stream.getvalue()), len(stream.getvalue())

    def tensor(self, key: str, whole: torch.Tensor, pieces: Sequence[Piece]) -> None:
        chunks = []
        for index, (offsets, piece, file) in enumerate(pieces):
            chunks.append(ChunkStorageMetadata(torch.Size(offsets), piece.size()))
            place = self.put(file, piece)
            self.storage[MetadataIndex(key, torch.Size(offsets), index)] = _StorageInfo(file, *place)
        properties = TensorProperties(dtype=whole.dtype)
        self.state[key] = TensorStorageMetadata(properties, whole.size(), chunks)

    def value(self, key: str, value: object, file: str) -> None:
        self.state[key] = BytesStorageMetadata()
        self.storage[MetadataIndex(key)] = _StorageInfo(file, *self.put(file, value))

    def finish(self) -> Path:
        for name, content in self.files.items():
            (self.folder / name).write_bytes(bytes(content))
        (self.folder / ".metadata").write_bytes(pickle.dumps(Metadata(self.state, None, self.storage)))
        return self.folder


def quarters(whole: torch.Tensor, files: tuple[str, str] = ("__0_0.distcp", "__1_0.distcp")) -> list[Piece]:
    """A matrix as four pieces in two files, not in order."""
    rows, columns = whole.shape[0] // 2, whole.shape[1] // 3
    return [
        ((top, left), whole[top:bottom, left:right].contiguous(), files[int(left > 0)])
        for top, bottom in ((rows, whole.shape[0]), (0, rows))
        for left, right in ((0, columns), (columns, whole.shape[1]))
    ]


def test_what_one_process_saved_is_read_and_understood(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for _ in range(3):
        network(torch.randn(4, 3)).square().sum().backward()
        optimizer.step()
    state = {
        "model_state_dict": network.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "epoch": 7,
        "val_acc": 3.57,
        "gloss_to_id": {"a": 1, "b": 2},
        "train_losses": [3.0, 2.5],
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch tells that it saves from one process
        dcp.save(state, checkpoint_id=tmp_path / "saved", no_dist=True)
    file, checkpoint = open_path(tmp_path / "saved")
    assert (checkpoint.format, checkpoint.status) == ("distributed checkpoint", "opened")
    assert (checkpoint.notes, checkpoint.would_run) == ((), ())
    assert set(checkpoint.weights) == set(network.state_dict())
    for key, record in checkpoint.weights.items():
        np.testing.assert_array_equal(read_array(record, file.view), network.state_dict()[key].numpy())
    contents = checkpoint.contents
    assert (contents.epoch, contents.stored, contents.gloss_to_id) == (7, {"val_acc": 3.57}, {"a": 1, "b": 2})
    assert contents.curves == {"train_losses": (3.0, 2.5)}
    assert contents.optimizer is not None
    assert (contents.optimizer.kind, contents.optimizer.step, contents.optimizer.lr) == ("AdamW", 3, 2e-3)
    moments = next(record for record in checkpoint.tensors if record.path[-1] == "exp_avg_sq")
    held = optimizer.state_dict()["state"][int(moments.path[2])]["exp_avg_sq"]
    np.testing.assert_array_equal(read_array(moments, file.view), held.numpy())


DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool]
DTYPES += [torch.complex64, torch.float8_e4m3fn]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_tensor_in_pieces_of_two_files_is_put_together(tmp_path: Path, dtype: torch.dtype) -> None:
    whole = torch.randn(7, 8, generator=torch.Generator().manual_seed(0)).mul(9).to(dtype)
    writer = Writer(tmp_path)
    writer.tensor("w", whole, quarters(whole))
    file, checkpoint = open_path(writer.finish())
    (record,) = checkpoint.tensors
    assert (record.shape, record.dtype, len(record.chunks)) == ((7, 8), str(dtype).removeprefix("torch."), 4)
    exact = whole.float() if dtype in (torch.bfloat16, torch.float8_e4m3fn) else whole
    np.testing.assert_array_equal(read_array(record, file.view), exact.numpy())
    assert first_numbers(record, file.view, 30) == exact.flatten()[:30].tolist()
    assert not read_array(record, file.view).flags.writeable


@pytest.mark.parametrize("steps", [(1, 1), (2, 3), (3, 2), (5, 7)])
@pytest.mark.parametrize("window", [((0, 9), (0, 10)), ((2, 8), (1, 9)), ((3, 5), (2, 4)), ((5, 9), (4, 5))])
def test_every_part_of_a_tensor_in_pieces_can_be_looked_at(
    tmp_path: Path, window: tuple[tuple[int, int], tuple[int, int]], steps: tuple[int, int]
) -> None:
    whole = torch.arange(90.0).reshape(9, 10)
    cube = torch.stack([whole, -whole])
    writer = Writer(tmp_path)
    writer.tensor("w", whole, quarters(whole))
    pieces = [
        ((part, *at), sign * piece.unsqueeze(0), f)
        for part, sign in ((0, 1), (1, -1))
        for at, piece, f in quarters(whole)
    ]
    writer.tensor("cube", cube, pieces)
    writer.tensor("row", whole[0], [((0,), whole[0, :3], "__0_0.distcp"), ((3,), whole[0, 3:], "__1_0.distcp")])
    file, checkpoint = open_path(writer.finish())
    held = {record.name: record for record in checkpoint.tensors}
    (top, bottom), (left, right) = window
    expected = whole[top : bottom : steps[0], left : right : steps[1]].numpy()
    np.testing.assert_array_equal(read_array(table_of(held["w"], (), *window, steps), file.view), expected)
    np.testing.assert_array_equal(read_array(table_of(held["cube"], (1,), *window, steps), file.view), -expected)
    column = read_array(table_of(held["row"], (), (left, right), (0, 1), (steps[1], 1)), file.view)
    np.testing.assert_array_equal(column[:, 0], whole[0, left : right : steps[1]].numpy())


def test_statistics_are_of_the_whole_tensor(tmp_path: Path) -> None:
    whole = torch.arange(24.0).reshape(4, 6)
    writer = Writer(tmp_path)
    writer.tensor("w", whole, quarters(whole))
    file, checkpoint = open_path(writer.finish())
    facts = tensor_statistics(checkpoint.tensors[0], file.view)
    assert (facts.count, facts.minimum, facts.maximum, facts.mean) == (24, 0.0, 23.0, 11.5)


def test_a_missing_file_costs_only_the_tensors_in_it(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.tensor("cut", torch.ones(4, 6), quarters(torch.ones(4, 6)))
    writer.tensor("whole", torch.ones(2), [((0,), torch.ones(2), "__0_0.distcp")])
    writer.value("epoch", 4, "__1_0.distcp")
    (writer.finish() / "__1_0.distcp").unlink()
    file, checkpoint = open_path(tmp_path)
    cut, sound = checkpoint.tensors
    assert checkpoint.status == "partly"
    assert "“__1_0.distcp” is not here." in checkpoint.notes
    assert "one of its pieces is not to be had" in cut.trouble
    assert (cut.shape, cut.dtype) == ((4, 6), "float32")
    assert read_array(sound, file.view).tolist() == [1, 1]
    assert "not to be had" in checkpoint.values[0].text


def changed(pieces: list[Piece], index: int, **change: Any) -> list[Piece]:
    offsets, tensor, file = pieces[index]
    pieces[index] = (change.get("offsets", offsets), change.get("tensor", tensor), change.get("file", file))
    return pieces


WHOLE = torch.arange(24.0).reshape(4, 6)


@pytest.mark.parametrize(
    ("pieces", "trouble"),
    [
        (quarters(WHOLE)[:3], "its pieces do not cover all of it"),
        (changed(quarters(WHOLE), 0, offsets=(3, 0)), "one of its pieces reaches beyond it"),
        (changed(quarters(WHOLE), 0, tensor=torch.ones(2, 2).double()), "type float64 instead of float32"),
        (changed(quarters(WHOLE), 0, tensor=torch.ones(1).expand(2, 2)), "repeats numbers"),
        (changed(quarters(WHOLE), 0, file="../__0_0.distcp"), "no plain file name"),
        ([], "its pieces do not cover all of it"),
    ],
)
def test_pieces_that_do_not_make_the_tensor_are_told(tmp_path: Path, pieces: list[Piece], trouble: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    writer = Writer(folder)
    writer.tensor("w", WHOLE, pieces)
    file, checkpoint = open_path(writer.finish())
    assert trouble in checkpoint.tensors[0].trouble
    for read in (
        lambda: read_array(checkpoint.tensors[0], file.view),
        lambda: first_numbers(checkpoint.tensors[0], file.view, 1),
    ):
        with pytest.raises(UnreadableCheckpoint, match="cannot be read"):
            read()


def test_pieces_that_lie_over_each_other_leave_a_hole_that_is_not_filled_with_chance(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    piece = torch.ones(2, 6)
    writer.tensor("w", WHOLE, [((0, 0), piece, "__0_0.distcp"), ((1, 0), piece, "__1_0.distcp")])
    file, checkpoint = open_path(writer.finish())
    with pytest.raises(UnreadableCheckpoint, match="do not cover"):
        read_array(checkpoint.tensors[0], file.view)
    with pytest.raises(UnreadableCheckpoint, match="No piece"):
        first_numbers(checkpoint.tensors[0], file.view, 24)


def test_a_place_beyond_the_file_and_a_packed_one_are_told(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for key in ("far", "packed", "torn"):
        writer.tensor(key, torch.ones(2), [((0,), torch.ones(2), "__0_0.distcp")])
    for index, info in list(writer.storage.items()):
        if index.fqn == "far":
            writer.storage[index] = _StorageInfo(info.relative_path, 1 << 40, info.length)
        elif index.fqn == "packed":
            writer.storage[index] = _StorageInfo(info.relative_path, info.offset, info.length, ["stream.zstd"])
        else:
            writer.storage[index] = _StorageInfo(info.relative_path, info.offset + 5, info.length - 5)
    _, checkpoint = open_path(writer.finish())
    far, packed, torn = checkpoint.tensors
    assert "ends before it" in far.trouble
    assert "“stream.zstd”, which is not supported" in packed.trouble
    assert torn.trouble


def test_what_a_value_would_run_is_told_and_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (canary,)

    folder = tmp_path / "saved"
    folder.mkdir()
    writer = Writer(folder)
    writer.value("hyper", Evil(), "__0_0.distcp")
    _, checkpoint = open_path(writer.finish())
    assert not canary.exists()
    assert any("touch" in run.call or "getattr" in run.call for run in checkpoint.would_run)


def test_one_part_alone_says_that_it_is_a_part(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.tensor("w", WHOLE, quarters(WHOLE))
    _, checkpoint = open_path(writer.finish() / "__0_0.distcp")
    assert checkpoint.notes[0].endswith("drop its folder to see the whole.")
