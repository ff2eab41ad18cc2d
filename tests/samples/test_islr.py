"""Google's Isolated Sign Language Recognition data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asl_inspector.data.blocks import BlockFinder
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.islr import looks_like_index, read_index
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import Clips

PARTS = (("face", 468), ("left_hand", 21), ("pose", 33), ("right_hand", 21))


def missing(clips: Clips) -> dict[str, float]:
    """The share of frames of the first clip in which each part of the body is missing."""
    finder = BlockFinder(1629, clips.landmarks)
    finder.add(clips.features(0))
    return {block.name: block.missing for block in finder.found()}


def write_clip(path: Path, frames: np.ndarray) -> Path:
    """(T, 543, 3) as the competition's files hold it."""
    kinds = [part for part, count in PARTS for _ in range(count)]
    indices = [index for _, count in PARTS for index in range(count)]
    count = len(frames)
    table = pa.table(
        {
            "frame": pa.array(np.repeat(np.arange(20, 20 + count), 543), pa.int16()),
            "row_id": [
                f"{frame}-{kind}-{index}" for frame in range(count) for kind, index in zip(kinds, indices, strict=True)
            ],
            "type": kinds * count,
            "landmark_index": pa.array(indices * count, pa.int16()),
            **{axis: frames[:, :, place].reshape(-1) for place, axis in enumerate("xyz")},
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def frames(count: int = 5, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(count, 543, 3))
    found[1:3, 468:489] = np.nan  # the left hand
    return found


def opened(path: Path) -> Clips:
    return open_clips(MappedFile(path))


def test_a_clip_has_its_frames_its_joints_and_its_missing_hand(tmp_path: Path) -> None:
    clips = opened(write_clip(tmp_path / "1000035562.parquet", frames()))
    assert (clips.ids, clips.lengths.tolist(), clips.feature_count) == (("1000035562",), [5], 1629)
    np.testing.assert_array_equal(clips.features(0), frames().reshape(5, 1629).astype("f4"))
    assert clips.landmarks.layout == "MediaPipe Holistic"
    assert missing(clips) == {"face": 0.0, "left hand": 0.4, "pose": 0.0, "right hand": 0.0}


def test_real_clips_equal_what_the_library_reads(cases: Path) -> None:
    for name in ("bird-0", "duck-0"):
        path = cases / "real" / "islr_parquet" / f"{name}.parquet"
        table = pq.read_table(path)
        expected = np.stack([table[axis].to_numpy() for axis in "xyz"], axis=1).reshape(-1, 1629)
        clips = opened(path)
        np.testing.assert_array_equal(clips.features(0), expected.astype("f4"))
        hand = np.isnan(expected.reshape(-1, 543, 3)[:, 468:489]).all(axis=(1, 2)).mean()
        assert missing(clips)["left hand"] == pytest.approx(hand)


@pytest.mark.parametrize("fault", ["a row is missing", "two landmarks are exchanged", "two frames have one number"])
def test_rows_that_are_no_whole_frames_become_a_sentence(tmp_path: Path, fault: str) -> None:
    table = pq.read_table(write_clip(tmp_path / "a.parquet", frames()))
    if fault == "a row is missing":
        table = table.slice(0, table.num_rows - 1)
    elif fault == "two landmarks are exchanged":
        order = np.arange(table.num_rows)
        order[[543, 544]] = order[[544, 543]]
        table = table.take(order)
    else:
        numbers = table["frame"].to_numpy().copy()
        numbers[1086:1629] = numbers[543]
        table = table.set_column(0, "frame", pa.array(numbers))
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match="not whole frames"):
        opened(tmp_path / "a.parquet")


def test_the_index_gives_sign_and_signer(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(
        "path,participant_id,sequence_id,sign\n"
        "train_landmark_files/26734/1000035562.parquet,26734,1000035562,blow\n"
        "train_landmark_files/28656/1000106739.parquet,28656,1000106739,wait\n"
    )
    assert looks_like_index(path.read_text())
    index = read_index(MappedFile(path))
    row = index["train_landmark_files/28656/1000106739.parquet"]
    assert (row.gloss, row.signer, row.split) == ("wait", "28656", None)
