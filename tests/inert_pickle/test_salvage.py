"""Streams that break off: what they hold up to there is kept, and said to be damaged."""

from __future__ import annotations

import pickle

import pytest

from asl_inspector.inert_pickle.machine import MalformedPickle, read_pickle
from asl_inspector.inert_pickle.plain import items_of, lookup, pairs_of
from asl_inspector.inert_pickle.records import Global


def test_entries_that_wait_for_their_dict_are_put_into_it() -> None:
    stream = pickle.dumps({"a": 1, "b": [1, 2], "c": {"d": 3, "e": 4}}, protocol=2)
    cut = stream[: stream.index(b"e", stream.index(b"d\x71"))]
    read = read_pickle(cut, salvage=True)
    assert read.is_damaged
    assert lookup(read.value, "a") == 1
    assert items_of(lookup(read.value, "b")) == [1, 2]
    assert lookup(lookup(read.value, "c"), "d") == 3
    assert "breaks off" in read.notes[-1] or "announced" in read.notes[-1]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.99])
def test_the_first_part_of_a_long_dict_survives_a_cut(share: float) -> None:
    whole = {f"key {index}": index for index in range(5_000)}
    stream = pickle.dumps(whole)
    read = read_pickle(stream[: int(len(stream) * share)], salvage=True)
    pairs = pairs_of(read.value) or []
    assert len(pairs) > 5_000 * share * 0.9 - 2
    assert dict(pairs[:100]) == {f"key {index}": index for index in range(100)}  # type: ignore[arg-type]


def test_a_call_before_the_break_is_still_told() -> None:
    read = read_pickle(b"cos\nsystem\n(S'x'\ntR\xff garbage", salvage=True)
    (built,) = read.built
    assert isinstance(built.callee, Global)
    assert built.callee.dotted == "os.system"
    assert "no pickle opcode" in read.notes[-1]


@pytest.mark.parametrize("stream", [b"", b"\x80\x02}q\x00X\x05", b"]", b"K\x01", b"(", b"\xff"])
def test_a_stream_without_content_is_still_refused(stream: bytes) -> None:
    with pytest.raises(MalformedPickle):
        read_pickle(stream, salvage=True)


def test_a_whole_stream_is_not_called_damaged() -> None:
    read = read_pickle(pickle.dumps([1]), salvage=True)
    assert not read.is_damaged
    assert read.notes == ()


def test_an_inner_dict_is_found_below_the_key_that_it_was_to_get() -> None:
    stream = pickle.dumps({"model": {"a": 1, "b": 2}}, protocol=2)
    cut = stream[: stream.rindex(b"u")]
    read = read_pickle(cut, salvage=True)
    assert lookup(lookup(read.value, "model"), "b") == 2
