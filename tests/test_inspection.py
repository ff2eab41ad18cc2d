"""The use cases, where no other test of a whole case covers them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import FEATURES, make_clips, make_notebook, save_notebook, write_cache
from safetensors.torch import save_file

from asl_inspector.hashing import content_hash
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.preparation import Preparation
from asl_inspector.progress import CancelToken


def test_the_hash_of_one_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert content_hash(MappedFile(tmp_path / "a"), CancelToken()) == hashlib.sha256(b"abc").hexdigest()


def test_the_hash_of_several_files_is_that_of_their_list(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "shard.safetensors")
    index = tmp_path / "m.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "shard.safetensors"}}))
    inspector = Inspector()
    inspector.add([tmp_path])
    (row,) = (one.row for one in inspector.hash_files().files)
    held = {"": index, "shard.safetensors": tmp_path / "shard.safetensors"}
    listed = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in held.items())
    assert row.path == index
    assert row.sha256 == hashlib.sha256(listed.encode()).hexdigest()


@pytest.mark.parametrize(("length", "spans"), [("padded or cut to 20", 20), ("resampled to 20", 4), ("as it is", 4)])
def test_a_clip_tells_how_many_of_its_frames_the_answers_span(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: str, spans: int
) -> None:
    cache = make_clips(clips_a_gloss=1)
    for entry in cache.values():
        entry["features"] = np.ones((4, FEATURES), np.float32)
    inspector = Inspector(Settings("cpu"))
    inspector.add(
        [
            save_notebook(tmp_path / "checkpoint.pt", make_notebook()),
            write_cache(tmp_path / "features_val.pkl", cache),
        ]
    )
    inspector.inspect()
    held = inspector._networks.held
    assert held is not None
    network = replace(held[1].network, preparation=Preparation(length=length))  # a notebook's checkpoint tells none
    monkeypatch.setattr(inspector._networks, "held", (held[0], replace(held[1], network=network)))
    detail = inspector.clip_detail(1)
    assert len(detail.log_posteriors) == (4 if length == "as it is" else 20)
    assert detail.frames == spans
