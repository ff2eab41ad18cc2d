"""Clips that torch.save and safetensors wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_notebook, save_notebook
from safetensors.torch import save_file

from asl_inspector.case.recognising import open_file
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import SPOOL, THE_FILE, Clips


def opened(path: Path) -> Clips:
    return open_clips(MappedFile(path))


def saved(tmp_path: Path, held: object, *, zipped: bool = True) -> Path:
    torch.save(held, tmp_path / "clips.pt", _use_new_zipfile_serialization=zipped)
    return tmp_path / "clips.pt"


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before 1.6"])
def test_a_cache_of_tensors(tmp_path: Path, zipped: bool) -> None:
    torch.manual_seed(0)
    cache = {f"v{index}": {"features": torch.randn(3 + index, 5), "gloss": "go", "gloss_id": 2} for index in range(4)}
    clips = opened(saved(tmp_path, cache, zipped=zipped))
    assert clips.gloss_ids.tolist() == [2] * 4
    assert clips.places.part_names == (THE_FILE,)
    for index, entry in enumerate(cache.values()):
        np.testing.assert_array_equal(clips.features(index), entry["features"].numpy())


def test_views_of_one_storage_are_read_through_their_strides(tmp_path: Path) -> None:
    torch.manual_seed(0)
    block = torch.randn(40, 12)
    cache = {"a": block[3:9, :6], "b": block[10:20:2, 6:], "c": block.T[:6, 1:9].T}
    clips = opened(saved(tmp_path, cache))
    for index, tensor in enumerate(cache.values()):
        np.testing.assert_array_equal(clips.features(index), tensor.numpy())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int32, torch.uint8])
def test_every_type_of_numbers(tmp_path: Path, dtype: torch.dtype) -> None:
    features = (torch.arange(60).reshape(3, 4, 5) + 1).to(dtype)
    clips = opened(saved(tmp_path, {"X": features, "y": torch.tensor([1, 2, 3])}))
    np.testing.assert_array_equal(clips.features(2), features[2].float().numpy())
    assert clips.gloss_ids.tolist() == [1, 2, 3]


def test_more_entries_than_a_list_of_checkpoints_would_show(tmp_path: Path) -> None:
    held = [{"keypoints": torch.full((2, 3), float(index)), "label": index % 7} for index in range(3000)]
    clips = opened(saved(tmp_path, held))
    assert len(clips) == 3000
    assert clips.features(2999)[0, 0] == 2999
    assert clips.gloss_ids[2999] == 2999 % 7


def test_arrays_of_numpy_that_torch_packs_as_text_are_unpacked(tmp_path: Path) -> None:
    cache = {f"v{index}": {"features": np.full((4, 5), index, "f4"), "gloss": "go"} for index in range(3)}
    clips = opened(saved(tmp_path, cache))
    assert clips.places.part_names == (SPOOL,)
    np.testing.assert_array_equal(clips.features(2), cache["v2"]["features"])


def test_one_clip_with_its_label(tmp_path: Path) -> None:
    clips = opened(saved(tmp_path, {"keypoints": torch.ones(7, 133), "gloss": "book"}))
    assert (clips.glosses, clips.lengths.tolist(), clips.feature_count) == (("book",), [7], 133)


@pytest.mark.parametrize(
    "state",
    [
        {"fc.weight": torch.ones(4, 6), "out.weight": torch.ones(3, 6)},
        {"w": torch.ones(4, 6), "b": torch.ones(4)},
        {"only": torch.ones(4, 6)},
        {"model": {"layers": torch.ones(2, 3, 4)}, "epoch": 3},
    ],
)
def test_weights_stay_a_checkpoint(tmp_path: Path, state: dict[str, object]) -> None:
    assert isinstance(open_file(saved(tmp_path, state)).opened, Checkpoint)


def test_a_network_is_a_checkpoint(tmp_path: Path) -> None:
    assert isinstance(open_file(save_notebook(tmp_path / "a.pt", make_notebook())).opened, Checkpoint)


def test_a_tensor_that_reaches_beyond_its_storage_is_no_clip(tmp_path: Path) -> None:
    path = saved(tmp_path, {"a": {"features": torch.ones(4, 5)}, "b": {"features": torch.ones(4, 5)}})
    raw = path.read_bytes()
    assert raw.count(b"K\x04K\x05\x86") >= 1
    path.write_bytes(raw.replace(b"K\x04K\x05\x86", b"K\xffK\xff\x86"))
    with pytest.raises(DataError):
        opened(path)


# -- safetensors ---------------------------------------------------------------------------------------------------


def test_safetensors_with_columns(tmp_path: Path) -> None:
    features = torch.randn(4, 6, 5)
    save_file(
        {"features": features, "lengths": torch.tensor([6, 3, 4, 6]), "labels": torch.tensor([1, 2, 1, 2])},
        tmp_path / "c.safetensors",
    )
    clips = opened(tmp_path / "c.safetensors")
    assert clips.lengths.tolist() == [6, 3, 4, 6]
    np.testing.assert_array_equal(clips.features(1), features[1, :3].numpy())


@pytest.mark.parametrize("by", ["name", "order"])
def test_safetensors_with_a_tensor_a_clip_and_glosses_in_the_metadata(tmp_path: Path, by: str) -> None:
    tensors = {f"clip_{index}": torch.randn(3 + index, 5) for index in range(3)}
    glosses = {f"clip_{index}": f"GLOSS-{index}" for index in range(3)}
    if by == "name":
        save_file(tensors, tmp_path / "c.safetensors", {"gloss": json.dumps(glosses)})
    else:
        save_file(
            {"features": torch.ones(3, 4, 5)}, tmp_path / "c.safetensors", {"labels": json.dumps(["a", "b", "c"])}
        )
    clips = opened(tmp_path / "c.safetensors")
    assert clips.glosses == (tuple(glosses.values()) if by == "name" else ("a", "b", "c"))


def test_safetensors_of_weights_stay_a_checkpoint(tmp_path: Path) -> None:
    save_file({"a.weight": torch.ones(4, 6), "b.weight": torch.ones(3, 6)}, tmp_path / "c.safetensors")
    assert isinstance(open_file(tmp_path / "c.safetensors").opened, Checkpoint)
