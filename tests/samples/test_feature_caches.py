"""Feature caches as they are found."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from makers import make_clips, write_cache

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import UNLABELLED, Clips


def opened(tmp_path: Path, cache: object, protocol: int = 4) -> Clips:
    return open_clips(MappedFile(write_cache(tmp_path / "cache.pkl", cache, protocol)))


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_columns_and_features_equal_what_was_written(tmp_path: Path, protocol: int) -> None:
    cache = make_clips()
    clips = opened(tmp_path, cache, protocol)
    assert clips.ids == tuple(cache)
    assert clips.glosses == tuple(entry["gloss"] for entry in cache.values())
    assert clips.gloss_ids.tolist() == [entry["gloss_id"] for entry in cache.values()]
    assert set(clips.splits) == {"val"}
    assert clips.feature_count == 6
    for index, entry in enumerate(cache.values()):
        np.testing.assert_array_equal(clips.features(index), entry["features"])


def test_features_of_other_types_become_float32(tmp_path: Path) -> None:
    cache = make_clips(dtype="float64")
    clips = opened(tmp_path, cache)
    first = next(iter(cache.values()))["features"]
    assert clips.features(0).dtype == np.float32
    np.testing.assert_array_equal(clips.features(0), first.astype(np.float32))


def test_fortran_order_is_undone(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(120, dtype=np.float32).reshape(20, 6))
    np.testing.assert_array_equal(opened(tmp_path, {"a": {"features": array}}).features(0), array)


def test_bare_arrays_have_no_labels(tmp_path: Path) -> None:
    clips = opened(tmp_path, {"a": np.ones((5, 6), "f4"), "b": np.ones((7, 6), "f4")})
    assert clips.glosses == (None, None)
    assert clips.gloss_ids.tolist() == [UNLABELLED, UNLABELLED]
    assert clips.lengths.tolist() == [5, 7]


def test_numpy_scalars_are_ids(tmp_path: Path) -> None:
    clips = opened(
        tmp_path, {"a": {"features": np.ones((5, 6), "f4"), "gloss": np.str_("go"), "gloss_id": np.int64(3)}}
    )
    assert clips.gloss_ids.tolist() == [3]


@pytest.mark.parametrize("empty", [np.zeros((0, 6), "f4"), np.zeros(0, "f4")])
def test_a_clip_without_frames_is_kept_with_length_zero(tmp_path: Path, empty: np.ndarray) -> None:
    cache = make_clips(clips_a_gloss=1)
    cache["val_apple_0"]["features"] = empty
    clips = opened(tmp_path, cache)
    assert clips.lengths[0] == 0
    assert clips.feature_count == 6


def test_clips_of_different_widths_have_no_common_feature_count(tmp_path: Path) -> None:
    assert opened(tmp_path, {"a": np.ones((5, 6), "f4"), "b": np.ones((5, 7), "f4")}).feature_count is None


def test_landmarks_of_three_dimensions_are_flattened_by_frame(tmp_path: Path) -> None:
    array = np.arange(5 * 4 * 3, dtype=np.float32).reshape(5, 4, 3)
    clips = opened(tmp_path, {"a": {"features": array}})
    np.testing.assert_array_equal(clips.features(0), array.reshape(5, 12))


def test_a_name_with_several_ids_shows_all_of_them(tmp_path: Path) -> None:
    cache = make_clips(clips_a_gloss=2)
    cache["val_apple_1"]["gloss_id"] = 9
    assert opened(tmp_path, cache).names_to_ids["apple"] == {1, 9}


class Payload:
    """Would run a command if it were ever unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.canary}",)


def test_a_payload_in_a_cache_is_not_run_and_the_clips_are_read(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    cache = make_clips()
    cache["val_apple_0"]["note"] = Payload(canary)
    clips = opened(tmp_path, cache)
    assert len(clips) == len(cache)
    assert not canary.exists()
    pickle.loads((tmp_path / "cache.pkl").read_bytes())  # the payload is live: an ordinary load fires it
    assert canary.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "pointer"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (pickle.dumps({"a": 1}), "no feature cache"),
        (pickle.dumps(make_clips())[:500], "breaks off|announced"),
        (b"\x89PNG\r\n", "image"),
    ],
)
def test_files_that_are_no_cache_say_what_they_are(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "cache.pkl").write_bytes(content)
    with pytest.raises(DataError, match=why):
        open_clips(MappedFile(tmp_path / "cache.pkl"))


def test_an_entry_without_features_is_named(tmp_path: Path) -> None:
    cache: dict[str, object] = dict(make_clips())
    cache["strange"] = {"gloss": "x"}
    with pytest.raises(DataError, match="strange"):
        opened(tmp_path, cache)
