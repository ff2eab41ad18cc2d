"""The use cases, where no other test of a whole case covers them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from asl_inspector.hashing import content_hash
from asl_inspector.inspection import Inspector
from asl_inspector.mapped_file import MappedFile
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
