"""Checkpoints in shards: an index and the files beside it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from asl_inspector.checkpoints.opening import open_checkpoint, open_path
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile, MappedParts, open_beside

INDEX = "model.safetensors.index.json"
ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


def tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {f"layer.{i}.weight": torch.randn(3, 4 + i, generator=generator) for i in range(5)}


def write_index(folder: Path, weight_map: object, name: str = INDEX, **more: object) -> Path:
    (folder / name).write_text(json.dumps({"metadata": {"total_size": 360}, "weight_map": weight_map, **more}))
    return folder / name


def write_shards(folder: Path, *, pickled: bool = False) -> tuple[Path, dict[str, torch.Tensor]]:
    """An index whose shards hold the first three and the last two tensors."""
    held = tensors()
    names = ["pytorch_model-1.bin", "pytorch_model-2.bin"] if pickled else [ONE, TWO]
    homes = {key: names[int(index > 2)] for index, key in enumerate(held)}
    for name in names:
        part = {key: tensor for key, tensor in held.items() if homes[key] == name}
        if pickled:
            torch.save(part, folder / name)
        else:
            save_file(part, folder / name, metadata={"format": "pt"})
    return write_index(folder, homes, "pytorch_model.bin.index.json" if pickled else INDEX), held


@pytest.mark.parametrize("pickled", [False, True], ids=["safetensors", "torch"])
def test_all_shards_are_one_checkpoint(tmp_path: Path, pickled: bool) -> None:
    index, held = write_shards(tmp_path, pickled=pickled)
    for path in (index, tmp_path):
        file, checkpoint = open_path(path)
        assert isinstance(file, MappedParts)
        assert checkpoint.path == path
        assert checkpoint.format == ("sharded torch zip" if pickled else "sharded safetensors")
        assert (checkpoint.status, checkpoint.notes) == ("opened", ())
        assert list(checkpoint.weights) == list(held)
        for key, record in checkpoint.weights.items():
            np.testing.assert_array_equal(read_array(record, file.view), held[key].numpy())
            assert first_numbers(record, file.view, 3) == held[key].flatten()[:3].tolist()
        assert len({record.storage for record in checkpoint.tensors}) == len(held)
        assert checkpoint.bytes == sum(entry.stat().st_size for entry in tmp_path.iterdir())
    assert [value.text for value in checkpoint.values if value.path == ("metadata", "total_size")] == ["360"]


def test_numbers_of_a_shard_are_not_taken_from_the_index_itself(tmp_path: Path) -> None:
    index, _ = write_shards(tmp_path)
    file = MappedFile(index)
    record = open_checkpoint(file).tensors[0]
    with pytest.raises(UnreadableCheckpoint, match="was not opened"):
        read_array(record, file.view)


def test_a_missing_shard_is_named_and_its_tensors_are_listed(tmp_path: Path) -> None:
    index, held = write_shards(tmp_path)
    (tmp_path / TWO).unlink()
    file, checkpoint = open_path(index)
    assert checkpoint.status == "partly"
    assert f"“{TWO}” is not here." in checkpoint.notes
    assert [record.name for record in checkpoint.tensors] == list(held)
    assert [bool(record.trouble) for record in checkpoint.tensors] == [False, False, False, True, True]
    assert f"“{TWO}” is not here" in checkpoint.tensors[3].trouble
    assert checkpoint.tensors[3].nbytes == 0
    np.testing.assert_array_equal(read_array(checkpoint.tensors[0], file.view), held["layer.0.weight"].numpy())


def test_a_shard_cut_short_costs_only_its_own_tensors(tmp_path: Path) -> None:
    index, _ = write_shards(tmp_path)
    (tmp_path / TWO).write_bytes((tmp_path / TWO).read_bytes()[:40])
    _, checkpoint = open_path(index)
    assert [bool(record.trouble) for record in checkpoint.tensors] == [False, False, False, True, True]
    assert any(TWO in note and "cut short" in note for note in checkpoint.notes)


def secret(tmp_path: Path) -> Path:
    outside = tmp_path / "outside"
    outside.mkdir()
    save_file({"layer.0.weight": torch.full((2,), 42.0)}, outside / "secret.safetensors")
    return outside / "secret.safetensors"


@pytest.mark.parametrize(
    "name",
    [
        "../outside/secret.safetensors",
        "{absolute}",
        "sub/../../outside/secret.safetensors",
        "..",
        ".",
        "",
        "a\\b",
        "C:x",
    ],
)
def test_names_that_leave_the_folder_are_never_opened(tmp_path: Path, name: str) -> None:
    target = secret(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "sub").mkdir()
    name = name.format(absolute=target)
    file, checkpoint = open_path(write_index(folder, {"layer.0.weight": name}))
    assert "no plain file name" in checkpoint.tensors[0].trouble
    assert checkpoint.notes[0] == f"“{name}” is no plain file name; it was not looked for."
    assert not isinstance(file, MappedParts)


def test_a_link_that_leaves_the_folder_is_not_followed_and_one_inside_is(tmp_path: Path) -> None:
    target = secret(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "out.safetensors").symlink_to(target)
    save_file({"b": torch.ones(2)}, folder / "real.safetensors")
    (folder / "in.safetensors").symlink_to("real.safetensors")
    index = write_index(folder, {"a": "out.safetensors", "b": "in.safetensors"})
    file, checkpoint = open_path(index)
    assert "a link that leaves the folder" in checkpoint.tensors[0].trouble
    assert read_array(checkpoint.tensors[1], file.view).tolist() == [1, 1]


def test_a_folder_that_is_itself_a_link_may_hold_links_inside_it(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    save_file({"b": torch.ones(2)}, real / "whole.safetensors")
    (real / "in.safetensors").symlink_to("whole.safetensors")
    write_index(real, {"b": "in.safetensors"})
    (tmp_path / "linked").symlink_to(real)
    file, checkpoint = open_path(tmp_path / "linked" / INDEX)
    assert read_array(checkpoint.tensors[0], file.view).tolist() == [1, 1]


def test_a_pipe_in_place_of_a_shard_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    _, checkpoint = open_path(write_index(tmp_path, {"a": "pipe.safetensors"}))
    assert "is not a file" in checkpoint.tensors[0].trouble


def test_an_index_that_names_itself_as_a_shard_ends(tmp_path: Path) -> None:
    _, checkpoint = open_path(write_index(tmp_path, {"a": INDEX}))
    assert "cannot be read" in checkpoint.tensors[0].trouble


def test_where_index_and_shards_disagree_is_noted(tmp_path: Path) -> None:
    save_file({"moved": torch.ones(1), "both": torch.ones(1), "extra": torch.ones(1)}, tmp_path / ONE)
    save_file({"both": torch.full((1,), 2.0)}, tmp_path / TWO)
    index = write_index(tmp_path, {"moved": TWO, "gone": TWO, "both": TWO, "extra ": ONE})
    file, checkpoint = open_path(index)
    notes = " ".join(checkpoint.notes)
    assert "“moved” is in another shard than the index says." in notes
    assert "2 tensors (“gone” for one) are named in the index and in none of the shards." in notes
    assert "“extra” is in a shard and not named in the index." in notes
    assert "1 tensors are in two shards" in notes
    assert [record.name for record in checkpoint.tensors] == ["moved", "gone", "both", "extra ", "extra"]
    assert read_array(checkpoint.tensors[2], file.view).tolist() == [2.0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"weight_map": [1]}', "without the `weight_map`"),
        ('{"weight_map": {"a": 5}}', "names no file for “a”"),
        ('{"weight_map": {"a": "b"', "breaks off"),
        ('{"weight_map": ' + "[" * 5_000 + "]" * 5_000 + "}", "nested"),
    ],
)
def test_a_damaged_index_is_refused_with_a_sentence(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / INDEX).write_text(content)
    with pytest.raises(UnreadableCheckpoint, match=why):
        open_path(tmp_path / INDEX)


def test_a_folder_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / ONE)
    with pytest.raises(UnreadableCheckpoint, match="without an index of shards"):
        open_path(tmp_path)


def test_of_two_indices_in_a_folder_safetensors_come_first(tmp_path: Path) -> None:
    write_shards(tmp_path, pickled=True)
    write_shards(tmp_path)
    assert open_path(tmp_path)[1].format == "sharded safetensors"


def test_a_file_beside_is_opened_by_its_plain_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"xyz")
    assert bytes(open_beside(tmp_path, "a").view) == b"xyz"
