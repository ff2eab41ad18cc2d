"""NumPy arrays in pickles, against NumPy's own unpickling of the same benign streams."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import array_of, scalar_of, to_numpy

ARRAYS = [
    np.arange(12, dtype=dtype).reshape(3, 4)
    for dtype in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">f4", ">i8", "c8", "c16")
]
ARRAYS += [
    np.asfortranarray(np.arange(600, dtype="f4").reshape(20, 30)),
    np.zeros((0, 36), "f4"),
    np.array(3.5),
    np.array([True, False]),
    np.array(["ab", "żółć"]),
    np.ones((2, 3, 4), "f4"),
]


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_come_back_as_numpy_reads_them(array: np.ndarray, protocol: int) -> None:
    stream = pickle.dumps(array, protocol=protocol)
    found = array_of(read_pickle(stream).value)
    assert found is not None
    back = to_numpy(found, stream)
    np.testing.assert_array_equal(back, array)
    assert back.dtype == array.dtype
    assert not back.flags.writeable


def test_streams_of_numpy_1_and_2_read_alike() -> None:
    stream = pickle.dumps(np.arange(6, dtype="f4"), protocol=3)
    older = stream.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert stream != older
    for one in (stream, older):
        found = array_of(read_pickle(one).value)
        assert found is not None
        assert to_numpy(found, one).tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "value", [np.float32(1.5), np.float64(-2), np.int64(7), np.uint8(3), np.bool_(True), np.str_("ab")]
)
@pytest.mark.parametrize("protocol", range(2, 6))
def test_scalars_become_plain_values(value: np.generic, protocol: int) -> None:
    assert scalar_of(read_pickle(pickle.dumps(value, protocol=protocol)).value) == value.item()


def test_a_shape_that_contradicts_its_bytes_is_no_array() -> None:
    stream = pickle.dumps(np.arange(4, dtype="f4"), protocol=4).replace(b"K\x04\x85", b"K\x05\x85")
    assert array_of(read_pickle(stream).value) is None


def test_arrays_of_objects_keep_their_inert_values() -> None:
    found = array_of(read_pickle(pickle.dumps(np.array([1, "two", None], dtype=object))).value)
    assert found is not None
    assert found.data == (1, "two", None)
