"""Values through a pipe: all of them arrive as they were sent, and nothing else is built."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from asl_inspector.case.records import Role
from asl_inspector.engine.travelling import CODEC
from asl_inspector.progress import Step
from asl_inspector.wire import BrokenPipe, Codec, read_frame, write_frame


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        1.5,
        "text \ud800 \0",
        (1, (2, "x")),
        [1, [2]],
        {"a": 1, 2: (3,)},
        b"\0\1",
        Path("folder/x"),
        Role.TRAIN,
        tuple(f"name {index}" for index in range(200)),
        tuple(["\x1f"] * 100),
        [0.0] * 100,
        [0, 1.5, None, True, "x"] * 20,
        tuple((index, f"name {index}") for index in range(100)),
        [((index,), "x") for index in range(100)],
        tuple(Step(f"step {index}", index, None, "clips") for index in range(100)),
        [Step("step"), 1] * 50,
        Step("what", 1, None, "clips"),
    ],
)
def test_values_survive_the_wire(value: object) -> None:
    stream = io.BytesIO()
    write_frame(stream, CODEC.encode(value))
    stream.seek(0)
    parts = read_frame(stream)
    assert parts is not None
    assert CODEC.decode(parts) == value


@pytest.mark.parametrize(
    "array", [np.arange(6).reshape(2, 3), np.zeros((0, 4), "f4"), np.array([True, False]), np.array(2.5)]
)
def test_arrays_survive_the_wire_and_cannot_be_changed(array: np.ndarray) -> None:
    found = cast("np.ndarray", CODEC.decode([bytes(part) for part in CODEC.encode(array)]))
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype
    assert not found.flags.writeable


def test_types_that_are_not_listed_do_not_travel() -> None:
    frame = [bytes(part) for part in CODEC.encode(Step("x"))]
    with pytest.raises(BrokenPipe, match="Step"):
        Codec(()).decode(frame)
    with pytest.raises(TypeError):
        CODEC.encode(object())


@pytest.mark.parametrize(
    "content",
    [
        b"garbage!",
        b"ASLI",
        b"ASLI\0\0\0\0",
        b"ASLI\xff\xff\xff\xff",
        b"ASLI\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"ASLI\1\0\0\0\5\0\0\0\0\0\0\0ab",
    ],
)
def test_broken_frames_are_refused(content: bytes) -> None:
    with pytest.raises(BrokenPipe):
        read_frame(io.BytesIO(content))


def test_the_end_of_the_stream_is_no_error() -> None:
    assert read_frame(io.BytesIO()) is None
