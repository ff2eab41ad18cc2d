"""The temporary file behind unpacked numbers."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.errors import DataError
from asl_inspector.samples.records import BLOCK, Block
from asl_inspector.samples.sources import ClipSources
from asl_inspector.spool import Spool


def test_blocks_come_back_and_old_views_stay() -> None:
    spool = Spool()
    assert spool.put(b"abc") == 0
    before = spool.view
    assert spool.align() == 16
    assert spool.put(b"def") == 16
    assert bytes(before) == b"abc"
    assert bytes(spool.view) == b"abc" + b"\0" * 13 + b"def"


def test_a_full_spool_says_so() -> None:
    spool = Spool(most=10)
    spool.put(b"123456")
    with pytest.raises(DataError, match="once they are unpacked"):
        spool.put(b"123456")
    assert bytes(spool.view) == b"123456"


def test_an_empty_spool_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert bytes(Spool().view) == b""


@pytest.mark.skipif(os.name == "nt", reason="a mapped file keeps its name there")
def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spool = Spool()
    spool.put(b"x")
    assert list(tmp_path.iterdir()) == []


def test_blocks_are_decoded_once_until_the_spool_is_full() -> None:
    decoded: list[int] = []

    def decode(block: Block, sink: Spool) -> None:
        decoded.append(block.start)
        sink.put(np.full(100, block.start, np.uint8).tobytes())

    blocks = tuple(Block("files", ("a",), index, index + 1, 100) for index in range(4))
    sources = ClipSources(memoryview(b""), None, blocks, decode)
    sources._kept = Spool(most=256)
    for index in (0, 1, 0, 1):
        assert set(sources[f"{BLOCK}{index}"]) == {index}
    assert decoded == [0, 1]
    kept = sources[f"{BLOCK}1"]
    assert set(sources[f"{BLOCK}3"]) == {3}
    assert set(kept) == {1}, "what was handed out stays readable"
    assert set(sources[f"{BLOCK}0"]) == {0}
    assert decoded == [0, 1, 3, 0]


def test_a_block_of_another_size_than_announced_is_refused() -> None:
    blocks = (Block("files", ("a",), 0, -1, 100),)
    sources = ClipSources(memoryview(b""), None, blocks, lambda block, sink: sink.put(b"123") and None)
    with pytest.raises(DataError, match="gave 3"):
        sources[f"{BLOCK}0"]
