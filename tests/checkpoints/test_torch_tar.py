"""Files of PyTorch before 0.1.10, which are tar archives; torch still reads them, with everything they run."""

from __future__ import annotations

import io
import tarfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from old_torch import StorageRef, write_tar
from tensors_alike import assert_equal_to_torch, opened

from asl_inspector.errors import UnreadableCheckpoint


def written(path: Path) -> Path:
    base = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    ids = torch.tensor([5, 6, 7])
    value = {
        "epoch": 2,
        "state_dict": OrderedDict(weight=StorageRef("11"), column=StorageRef("12"), ids=StorageRef("13")),
    }
    value["state_dict"]["view"] = StorageRef("14")
    storages = {1: (torch.FloatStorage, base), 2: (torch.LongStorage, ids)}
    tensors = {11: (1, base), 12: (1, base[:, 2]), 13: (2, ids), 14: (3, torch.zeros(2, 2))}
    return write_tar(path, value, storages, tensors, views=[(3, 1, 4, 6)])


def test_tensors_equal_those_that_torch_reads(tmp_path: Path) -> None:
    path = written(tmp_path / "model.pt")
    by_torch = torch.load(path, weights_only=False)
    checkpoint, file = opened(path)
    assert (checkpoint.format, checkpoint.status, checkpoint.would_run) == ("torch tar", "opened", ())
    assert list(checkpoint.weights) == list(by_torch["state_dict"])
    for name, tensor in by_torch["state_dict"].items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    assert checkpoint.weights["view"].storage == checkpoint.weights["weight"].storage
    assert checkpoint.contents.epoch == 2


def test_nothing_is_unpacked(tmp_path: Path) -> None:
    path = written(tmp_path / "model.pt")
    before = sorted(tmp_path.rglob("*"))
    opened(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_cut_short_opens_in_part(tmp_path: Path) -> None:
    path = written(tmp_path / "model.pt")
    with tarfile.open(path) as archive:
        contents = {name: archive.extractfile(name).read() for name in ("storages", "tensors", "pickle")}
    contents["storages"] = contents["storages"][: contents["storages"].index(torch.arange(8.0).numpy().tobytes()) + 20]
    cut = tmp_path / "cut.pt"
    with tarfile.open(cut, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    checkpoint, _ = opened(cut)
    assert checkpoint.status == "partly"
    assert len(checkpoint.tensors) == 4
    assert all(record.trouble for record in checkpoint.tensors)


def test_another_tar_archive_is_refused_kindly(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    with tarfile.open(tmp_path / "run.pt", "w") as archive:
        archive.add(tmp_path / "note.txt", "note.txt")
    with pytest.raises(UnreadableCheckpoint, match="unpack it"):
        opened(tmp_path / "run.pt")


def test_a_header_with_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    content = bytearray(written(tmp_path / "model.pt").read_bytes())
    content[0:1] = b"S"
    (tmp_path / "bad.pt").write_bytes(bytes(content))
    with pytest.raises(UnreadableCheckpoint, match="checksum"):
        opened(tmp_path / "bad.pt")
