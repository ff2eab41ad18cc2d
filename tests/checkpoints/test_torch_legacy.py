"""Files of torch.save from 0.1.10 to 1.5, and of today's torch told to write so."""

from __future__ import annotations

import struct
import textwrap
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_notebook
from old_torch import Call, StorageRef, raw_bytes, write_legacy
from tensors_alike import DTYPES, assert_equal_to_torch, opened, seeded

from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint


def legacy(value: object, path: Path) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=False)
    return path


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_values_equal_torchs_for_every_dtype(dtype: torch.dtype, tmp_path: Path) -> None:
    checkpoint, file = opened(legacy({"w": seeded(dtype)}, tmp_path / "a.pt"))
    (record,) = checkpoint.tensors
    assert (checkpoint.format, checkpoint.status, checkpoint.would_run) == ("torch legacy", "opened", ())
    assert_equal_to_torch(record, file.view, seeded(dtype))


def test_views_strides_and_sharing_are_followed(tmp_path: Path) -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    held = {"whole": base, "column": base[:, 2], "transposed": base.t(), "part": base[1:3, 1:4], "one": base[2, 3]}
    checkpoint, file = opened(legacy(held, tmp_path / "a.pt"))
    for record in checkpoint.tensors:
        assert_equal_to_torch(record, file.view, held[record.path[0]])
    assert len({record.storage for record in checkpoint.tensors}) == 1


def test_names_equal_those_of_the_state_dict(tmp_path: Path) -> None:
    network = make_notebook()
    checkpoint, file = opened(legacy({"epoch": 3, "model_state_dict": network.state_dict()}, tmp_path / "a.pt"))
    assert checkpoint.contents.epoch == 3
    assert list(checkpoint.weights) == list(network.state_dict())
    for name, tensor in network.state_dict().items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)


def test_tensors_before_version_0_4_and_views_of_storages(tmp_path: Path) -> None:
    base = torch.arange(10, dtype=torch.float32)

    def view(first: int, count: int) -> StorageRef:
        return StorageRef("storage", torch.FloatStorage, "7", "cpu", 10, (f"7-{first}", first, count))

    value = OrderedDict(
        whole=Call(
            torch._utils._rebuild_tensor,
            StorageRef("storage", torch.FloatStorage, "7", "cpu", 10, None),
            0,
            (10,),
            (1,),
        ),
        view=Call(torch._utils._rebuild_tensor, view(2, 6), 1, (2, 2), (2, 1)),
        beyond=Call(torch._utils._rebuild_tensor, view(2, 6), 3, (4,), (1,)),
    )
    path = write_legacy(tmp_path / "a.pt", value, {"7": (10, raw_bytes(base))})
    del value["beyond"]
    sound = write_legacy(tmp_path / "b.pt", value, {"7": (10, raw_bytes(base))})
    by_torch = torch.load(sound, weights_only=False)
    checkpoint, file = opened(path)
    whole, seen, beyond = checkpoint.tensors
    assert_equal_to_torch(whole, file.view, by_torch["whole"])
    assert_equal_to_torch(seen, file.view, by_torch["view"])
    assert read_array(seen, file.view).tolist() == [[3, 4], [5, 6]]
    assert whole.storage == seen.storage
    assert "beyond the memory block" in beyond.trouble


def test_the_storages_of_a_big_endian_machine_have_the_lowest_byte_first(tmp_path: Path) -> None:
    """As torch reads them, whatever the file says of the machine."""
    base = torch.tensor([1.5, -2.0, 3.25])
    value = {
        "w": Call(
            torch._utils._rebuild_tensor, StorageRef("storage", torch.FloatStorage, "7", "cpu", 3, None), 0, (3,), (1,)
        )
    }
    path = write_legacy(tmp_path / "a.pt", value, {"7": (3, raw_bytes(base))}, little_endian=False)
    checkpoint, file = opened(path)
    assert_equal_to_torch(checkpoint.tensors[0], file.view, torch.load(path, weights_only=False)["w"])
    value["ids"] = Call(
        torch._utils._rebuild_tensor, StorageRef("storage", torch.LongStorage, "8", "cpu", 2, None), 0, (2,), (1,)
    )
    storages = {"7": (3, raw_bytes(base)), "8": (2, raw_bytes(torch.tensor([6, -7])))}
    old = write_legacy(tmp_path / "b.pt", value, storages, little_endian=False, big_counts=True)
    checkpoint, file = opened(old)
    assert [first_numbers(record, file.view, 3) for record in checkpoint.tensors] == [[1.5, -2.0, 3.25], [6, -7]]


def test_a_file_cut_short_opens_in_part_and_names_what_is_lost(tmp_path: Path) -> None:
    names = ["a", "b", "c", "d"]
    held = {name: torch.full((1000,), index, dtype=torch.float32) for index, name in enumerate(names)}
    content = legacy(held, tmp_path / "a.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(content[: len(content) - 6000])
    checkpoint, file = opened(tmp_path / "cut.pt")
    assert checkpoint.status == "partly"
    sound = [record for record in checkpoint.tensors if not record.trouble]
    lost = [record for record in checkpoint.tensors if record.trouble]
    assert len(sound) == 2
    assert len(lost) == 2
    for record in sound:
        assert_equal_to_torch(record, file.view, held[record.name])
    for record in lost:
        assert "breaks off" in record.trouble
        assert any(f"“{record.name}”" in note for note in checkpoint.notes)
        with pytest.raises(UnreadableCheckpoint, match=record.name):
            read_array(record, file.view)


def test_a_tensor_in_the_sound_part_of_a_cut_storage_is_read(tmp_path: Path) -> None:
    base = torch.arange(1000, dtype=torch.float32)
    content = legacy({"start": base[:10], "end": base[990:]}, tmp_path / "a.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(content[:-100])
    checkpoint, file = opened(tmp_path / "cut.pt")
    start, end = checkpoint.tensors
    assert_equal_to_torch(start, file.view, base[:10])
    assert end.trouble


def test_a_file_cut_before_its_first_tensor_is_refused_with_a_sentence(tmp_path: Path) -> None:
    content = legacy({"model": make_notebook().state_dict()}, tmp_path / "a.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(content[:200])
    with pytest.raises(UnreadableCheckpoint, match=r"cut\.pt.*breaks off"):
        opened(tmp_path / "cut.pt")


def test_a_file_cut_in_its_list_of_tensors_shows_the_first_of_them_without_numbers(tmp_path: Path) -> None:
    network = make_notebook().state_dict()
    content = legacy({"model": network}, tmp_path / "a.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(content[:1000])
    checkpoint, _ = opened(tmp_path / "cut.pt")
    assert checkpoint.status == "partly"
    shapes = {record.path[-1]: record.shape for record in checkpoint.tensors}
    assert 0 < len(shapes) < len(network)
    assert all(shapes[name] == tuple(network[name].shape) for name in shapes)
    assert all(record.trouble for record in checkpoint.tensors)


def test_a_claimed_count_allocates_nothing(tmp_path: Path) -> None:
    content = bytearray(legacy({"w": torch.ones(4)}, tmp_path / "a.pt").read_bytes())
    content[-24:-16] = struct.pack("<q", 1 << 60)
    (tmp_path / "b.pt").write_bytes(bytes(content))
    checkpoint, file = opened(tmp_path / "b.pt")
    assert read_array(checkpoint.tensors[0], file.view).tolist() == [1, 1, 1, 1]
    content[-24:-16] = struct.pack("<q", -5)
    (tmp_path / "c.pt").write_bytes(bytes(content))
    checkpoint, _ = opened(tmp_path / "c.pt")
    assert checkpoint.status == "partly"


def test_a_module_carries_its_source_and_none_of_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = tmp_path / "imported"
    source = f"""
        import pathlib
        from torch import nn
        if pathlib.Path({str(tmp_path / "armed")!r}).exists():
            pathlib.Path({str(canary)!r}).touch()
        class Signer(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = nn.LSTM(3, 4, bidirectional=True)
                self.classifier = nn.Linear(8, 5)
                self.classifier.register_buffer("seen", __import__("torch").arange(3.0), persistent=False)
                self.hidden = 4
    """
    (tmp_path / "private_models.py").write_text(textwrap.dedent(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    import sys

    import private_models

    network = private_models.Signer()
    legacy({"model": network, "epoch": 4}, tmp_path / "a.pt")
    state = network.state_dict()
    del sys.modules["private_models"]
    (tmp_path / "armed").touch()
    checkpoint, file = opened(tmp_path / "a.pt")
    assert "private_models" not in sys.modules
    assert not canary.exists()
    assert list(checkpoint.weights) == list(state)
    for name, tensor in state.items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    assert any("source text" in note and "private_models.Signer" in note for note in checkpoint.notes)
    values = {value.path: value.text for value in checkpoint.values}
    assert values["model", "hidden"] == "4"
    calls = [run.call for run in checkpoint.would_run]
    assert "private_models.Signer" in calls
    torch.load(tmp_path / "a.pt", weights_only=False)
    assert canary.exists()  # the canary is live: an ordinary load does import


def test_numpy_values_agree_with_first_numbers(tmp_path: Path) -> None:
    tensor = seeded(torch.float64)
    checkpoint, file = opened(legacy([tensor], tmp_path / "a.pt"))
    np.testing.assert_array_equal(first_numbers(checkpoint.tensors[0], file.view, 99), tensor.flatten().numpy())
