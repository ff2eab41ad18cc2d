"""Torch zip checkpoints: names, shapes, dtypes and values against torch itself."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_notebook, save_notebook

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint, buffer_count, parameter_count
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile


def opened(path: Path) -> tuple[Checkpoint, MappedFile]:
    file = MappedFile(path)
    return open_checkpoint(file), file


@dataclass
class EncoderConfig:
    """A class that only the researcher has."""

    hidden_dim: int = 64
    name: str = "bilstm"


DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
    torch.complex64,
    torch.complex128,
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_equal_torchs_for_every_dtype(dtype: torch.dtype, tmp_path: Path) -> None:
    tensor = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)).mul(10).to(dtype)
    torch.save({"w": tensor}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    (record,) = checkpoint.tensors
    assert (record.path, record.shape, record.dtype) == (("w",), (3, 5), str(dtype).removeprefix("torch."))
    wanted = tensor.float().numpy() if dtype is torch.bfloat16 else tensor.numpy()
    np.testing.assert_array_equal(read_array(record, file.view), wanted)


def test_views_strides_and_offsets_are_followed(tmp_path: Path) -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    held = {"whole": base, "column": base[:, 2], "transposed": base.t(), "part": base[1:3, 1:4], "one": base[2, 3]}
    torch.save(held, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    for record in checkpoint.tensors:
        np.testing.assert_array_equal(read_array(record, file.view), held[record.path[0]].numpy())
        flat = held[record.path[0]].flatten()[:3].tolist()
        assert first_numbers(record, file.view, 3) == flat
    assert len({record.storage for record in checkpoint.tensors}) == 1


def test_shared_storages_count_once(tmp_path: Path) -> None:
    weight = torch.nn.Parameter(torch.randn(10, 4))
    torch.save({"model_state_dict": OrderedDict(a=weight, b=weight)}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert sum(record.count for record in checkpoint.tensors) == 80
    assert parameter_count(checkpoint.tensors) == 40


def test_buffers_are_told_from_parameters(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    torch.save(network.state_dict(), tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert parameter_count(checkpoint.tensors) == sum(p.numel() for p in network.parameters())
    assert buffer_count(checkpoint.tensors) == sum(b.numel() for b in network.buffers())


def test_a_run_is_understood(tmp_path: Path) -> None:
    network = make_notebook()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, weight_decay=1e-4)
    for _ in range(5):
        network(torch.randn(2, 7, 6)).sum().backward()
        optimizer.step()
    save_notebook(
        tmp_path / "a.pt",
        network,
        optimizer_state_dict=optimizer.state_dict(),
        val_acc=3.57,
        val_loss=np.float64(11.4),
        gloss_to_id={"a": 1, "b": 2},
        id_to_gloss={1: "a", 2: "b"},
        hidden_dim=8,
        encoder_config=EncoderConfig(),
        train_losses=[3.0, 2.5],
    )
    checkpoint, _ = opened(tmp_path / "a.pt")
    contents = checkpoint.contents
    assert contents.layout == "notebook"
    assert contents.weights_path == ("model_state_dict",)
    assert contents.epoch == 3
    assert contents.stored == {"val_acc": 3.57, "val_loss": 11.4}
    assert contents.gloss_to_id == {"a": 1, "b": 2}
    assert contents.optimizer is not None
    assert (contents.optimizer.kind, contents.optimizer.step) == ("Adam", 5)
    assert (contents.optimizer.lr, contents.optimizer.weight_decay) == (2e-3, 1e-4)
    assert contents.hyperparameters["hidden_dim"] == 8
    assert contents.hyperparameters["encoder_config.hidden_dim"] == 64
    assert contents.curves == {"train_losses": (3.0, 2.5)}
    assert list(checkpoint.weights) == list(network.state_dict())
    roles = {record.role for record in checkpoint.tensors if record.path[0] == "optimizer_state_dict"}
    assert roles == {"optimizer"}


def test_objects_of_unknown_classes_show_their_attributes_and_what_would_be_imported(tmp_path: Path) -> None:
    torch.save({"config": EncoderConfig()}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    values = {value.path: value for value in checkpoint.values}
    assert values["config",].text == "EncoderConfig(hidden_dim=64, name='bilstm')"
    assert values["config", "hidden_dim"].text == "64"
    assert [run.call.rpartition(".")[2] for run in checkpoint.would_run] == ["EncoderConfig"]


def test_keys_with_dots_stay_one_element(tmp_path: Path) -> None:
    torch.save({"model_state_dict": {"a.b.c": torch.zeros(1)}}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert checkpoint.tensors[0].path == ("model_state_dict", "a.b.c")


def test_numpy_arrays_in_a_checkpoint_are_tensors_too(tmp_path: Path) -> None:
    torch.save({"weights": np.arange(5, dtype=np.float32), "big": np.ones((40, 40))}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    values = {record.path[0]: read_array(record, file.view) for record in checkpoint.tensors}
    assert values["weights"].tolist() == [0, 1, 2, 3, 4]
    assert values["big"].sum() == 1600


def rewritten(source: Path, target: Path, change: dict[str, bytes | None]) -> Path:
    """The archive with some members replaced, or dropped where None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            short = name.partition("/")[2]
            content = change.get(short, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_a_tensor_beyond_its_storage_is_kept_but_not_read(tmp_path: Path) -> None:
    torch.save({"good": torch.ones(4), "bad": torch.ones(8)}, tmp_path / "a.pt")
    rewritten(tmp_path / "a.pt", tmp_path / "b.pt", {"data/1": b"\0" * 8})
    checkpoint, file = opened(tmp_path / "b.pt")
    good, bad = checkpoint.tensors
    assert checkpoint.status == "partly"
    assert read_array(good, file.view).tolist() == [1, 1, 1, 1]
    with pytest.raises(UnreadableCheckpoint, match="bad"):
        read_array(bad, file.view)


def test_a_missing_storage_is_named(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(4)}, tmp_path / "a.pt")
    rewritten(tmp_path / "a.pt", tmp_path / "b.pt", {"data/0": None})
    checkpoint, _ = opened(tmp_path / "b.pt")
    assert "not in the archive" in checkpoint.tensors[0].trouble
    assert checkpoint.status == "partly"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_says_so(tmp_path: Path, share: float) -> None:
    whole = save_notebook(tmp_path / "a.pt", make_notebook()).read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableCheckpoint, match="cut short"):
        opened(tmp_path / "cut.pt")


def test_a_name_that_differs_between_directory_and_member_is_refused(tmp_path: Path) -> None:
    save_notebook(tmp_path / "a.pt", make_notebook())
    content = bytearray((tmp_path / "a.pt").read_bytes())
    first = content.index(b"a/data.pkl")
    content[first : first + 10] = b"a/Data.pkl"
    (tmp_path / "b.pt").write_bytes(bytes(content))
    with pytest.raises(UnreadableCheckpoint, match=r"Data.pkl"):
        opened(tmp_path / "b.pt")


def test_a_zip_of_something_else_is_refused_kindly(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.pt", "w") as archive:
        archive.writestr("photo.txt", "hello")
    with pytest.raises(UnreadableCheckpoint, match=r"data\.pkl"):
        opened(tmp_path / "photos.pt")


def test_offsets_of_would_run_point_into_the_stream(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            import os

            return os.system, ("true",)

    torch.save({"w": torch.ones(2), "x": Evil()}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    (run,) = checkpoint.would_run
    assert run.call in ("posix.system", "nt.system")
    assert run.arguments == "('true',)"
    stream = zipfile.ZipFile(tmp_path / "a.pt").read("a/data.pkl")
    assert stream[run.offset : run.offset + 1] == pickle.REDUCE


def test_a_number_claimed_larger_than_the_file_allocates_nothing(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(4)}, tmp_path / "a.pt")
    stream = zipfile.ZipFile(tmp_path / "a.pt").read("a/data.pkl")
    huge = struct.pack("<BBq", 0x8A, 8, 2**60)  # LONG1
    claimed = stream.replace(b"K\x04tq", huge + b"tq", 1)
    assert claimed != stream
    rewritten(tmp_path / "a.pt", tmp_path / "b.pt", {"data.pkl": claimed})
    checkpoint, _ = opened(tmp_path / "b.pt")
    assert "of 4,611,686,018,427,387,904" in checkpoint.tensors[0].trouble


def test_a_stream_that_was_changed_after_it_was_saved_is_told(tmp_path: Path) -> None:
    """One letter of a key is changed, as a bit that flipped on a disk would; the archive's checksum stands."""
    torch.save({"weight": torch.zeros(3)}, tmp_path / "a.pt")
    sound = (tmp_path / "a.pt").read_bytes()
    assert not opened(tmp_path / "a.pt")[0].notes
    (tmp_path / "b.pt").write_bytes(sound.replace(b"weight", b"veight"))
    changed, _ = opened(tmp_path / "b.pt")
    assert [tensor.name for tensor in changed.tensors] == ["veight"]
    assert any("checksum" in note and "data.pkl" in note for note in changed.notes)


def test_an_archive_without_checksums_is_no_damaged_one(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "a.pt")
    raw = bytearray((tmp_path / "a.pt").read_bytes())
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        member = next(one for one in archive.infolist() if one.filename.endswith("data.pkl"))
    for place in range(len(raw) - 4):
        if raw[place : place + 4] == struct.pack("<I", member.CRC):
            raw[place : place + 4] = bytes(4)
    (tmp_path / "b.pt").write_bytes(raw)
    assert not any("checksum" in note for note in opened(tmp_path / "b.pt")[0].notes)
