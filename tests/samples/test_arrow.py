"""Clips in Parquet and Arrow tables, written by pyarrow; and tables that point to other files or lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from asl_inspector.case.recognising import open_file
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import UNLABELLED, Clips
from asl_inspector.workers import calling
from asl_inspector.workers.calling import Readers

N, F = 14, 6


def features(seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=(2 + index % 5, F)).astype(np.float32) for index in range(N)]


def write_parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, row_group_size=5)


def write_file(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=5)


def write_stream(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=5)


def write_feather(table: pa.Table, path: Path) -> None:
    pyarrow.feather.write_feather(table, str(path), compression="lz4", chunksize=5)


WRITERS = [write_parquet, write_file, write_stream, write_feather]


def saved(
    tmp_path: Path, table: dict[str, Any] | pa.Table, write: Callable[[pa.Table, Path], None] = write_parquet
) -> Path:
    path = tmp_path / "clips.table"
    write(table if isinstance(table, pa.Table) else pa.table(table), path)
    return path


def opened(path: Path, correction: Correction | None = None) -> Clips:
    return open_clips(MappedFile(path), correction=correction or Correction())


@pytest.mark.parametrize("write", WRITERS)
def test_a_row_a_clip_with_a_list_of_frames(tmp_path: Path, write: Callable[[pa.Table, Path], None]) -> None:
    arrays = features()
    table = {
        "video_id": [f"v{index}" for index in range(N)],
        "keypoints": [array.tolist() for array in arrays],
        "gloss": pa.array([f"g{index % 3}" for index in range(N)]).dictionary_encode(),
        "label": [index % 3 for index in range(N)],
        "split": ["val"] * N,
        "signer": [f"s{index % 2}" for index in range(N)],
    }
    clips = opened(saved(tmp_path, table, write))
    assert clips.ids[2] == "v2"
    assert (clips.glosses[4], clips.gloss_ids[4], clips.splits[4], clips.signers[4]) == ("g1", 1, "val", "s0")
    assert len(clips.blocks) == 3
    for index in (13, 0, 7, 4, 5):
        np.testing.assert_array_equal(clips.features(index), arrays[index])
    assert "features: “keypoints”, label: “gloss” and “label”" in clips.mapping.sentence


@pytest.mark.parametrize("write", WRITERS)
def test_frames_of_a_fixed_size_and_rows_without_frames(
    tmp_path: Path, write: Callable[[pa.Table, Path], None]
) -> None:
    arrays = features()
    lists: list[list[list[float]] | None] = [array.tolist() for array in arrays]
    lists[3] = None
    lists[6] = []
    kind = pa.list_(pa.list_(pa.float32(), F))
    clips = opened(saved(tmp_path, {"features": pa.array(lists, kind), "y": list(range(N))}, write))
    assert (clips.lengths[3], clips.lengths[6]) == (0, 0)
    for index in (2, 4, 5, 7, 13):
        np.testing.assert_array_equal(clips.features(index), arrays[index])


def test_landmarks_have_an_axis_of_their_own(tmp_path: Path) -> None:
    clips_written = np.random.default_rng(0).normal(size=(N, 4, 75, 3)).astype("f4")
    clips = opened(saved(tmp_path, {"pose": clips_written.tolist(), "label": list(range(N))}))
    assert clips.landmarks.layout == "MediaPipe pose and hands"
    np.testing.assert_array_equal(clips.features(9), clips_written[9].reshape(4, 225))


@pytest.mark.parametrize("told", ["num_frames", "shape"])
def test_flat_lists_are_cut_by_the_stated_frames(tmp_path: Path, told: str) -> None:
    arrays = features()
    lengths = [len(array) if told == "num_frames" else list(array.shape) for array in arrays]
    table = {"features": [array.reshape(-1).tolist() for array in arrays], told: lengths, "y": list(range(N))}
    clips = opened(saved(tmp_path, table))
    assert clips.feature_count == F
    np.testing.assert_array_equal(clips.features(11), arrays[11])


def test_flat_lists_of_a_known_width_need_no_frames(tmp_path: Path) -> None:
    arrays = [np.random.default_rng(index).normal(size=(2 + index, 1629)).astype("f4") for index in range(5)]
    table = {"x": [array.reshape(-1).tolist() for array in arrays], "label": list(range(5))}
    clips = opened(saved(tmp_path, table))
    assert clips.lengths.tolist() == [2, 3, 4, 5, 6]
    np.testing.assert_array_equal(clips.features(3), arrays[3])


def test_flat_lists_without_any_hint_say_what_is_missing(tmp_path: Path) -> None:
    table = {"features": [[1.0] * 7, [2.0] * 11], "label": [0, 1]}
    with pytest.raises(DataError, match="nothing says how many make a frame") as caught:
        opened(saved(tmp_path, table))
    assert "number of frames" in caught.value.advice


def test_lists_of_glosses_are_continuous_targets(tmp_path: Path) -> None:
    table = {"features": [array.tolist() for array in features()], "gloss": [["A", "B"]] * 7 + [["C"]] * 7}
    clips = opened(saved(tmp_path, table))
    assert clips.targets[0] == ("A", "B")
    assert clips.glosses[13] == "C"


def frames_table(arrays: list[np.ndarray], names: list[str]) -> dict[str, Any]:
    stacked = np.concatenate(arrays)
    of = np.concatenate([np.full(len(array), index) for index, array in enumerate(arrays)])
    table: dict[str, Any] = {
        "sequence_id": of,
        "frame": np.concatenate([np.arange(len(array)) for array in arrays]),
        "timestamp": np.arange(len(stacked)) / 25,
        "sign": [f"g{index % 3}" for index in of],
        "participant_id": of % 2,
    }
    return table | {name: stacked[:, index] for index, name in enumerate(names)}


@pytest.mark.parametrize("write", WRITERS)
def test_a_row_a_frame(
    tmp_path: Path, write: Callable[[pa.Table, Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl_inspector.samples.tables.BLOCK_BYTES", 10 * F * 4)
    monkeypatch.setattr("asl_inspector.samples.tables.BLOCKS_A_GROUP", 100)
    arrays = features()
    clips = opened(saved(tmp_path, frames_table(arrays, [f"f{index}" for index in range(F)]), write))
    assert clips.lengths.tolist() == [len(array) for array in arrays]
    assert clips.glosses[:4] == ("g0", "g1", "g2", "g0")
    assert clips.signers[:2] == ("0", "1")
    assert len(clips.blocks) > 3
    for index in (13, 2, 5, 6):
        np.testing.assert_array_equal(clips.features(index), arrays[index])
    assert any("“timestamp”" in note for note in clips.notes), "a time that rides along is no feature, and is named"


def test_columns_that_name_landmarks_give_the_joints(tmp_path: Path) -> None:
    parts = (("face", 468), ("left_hand", 21), ("pose", 33), ("right_hand", 21))
    names = [f"{axis}_{part}_{index}" for axis in "xyz" for part, count in parts for index in range(count)]
    arrays = [np.random.default_rng(index).normal(size=(3, 1629)).astype("f4") for index in range(3)]
    clips = opened(saved(tmp_path, frames_table(arrays, names)))
    assert clips.landmarks.layout == "MediaPipe Holistic"
    assert not clips.landmarks.interleaved
    np.testing.assert_array_equal(clips.features(1), arrays[1])


def test_frames_of_a_clip_that_stand_apart_are_refused(tmp_path: Path) -> None:
    table = frames_table(features(), ["x", "y", "z", "a", "b", "c"])
    table["sequence_id"] = table["sequence_id"] % 4
    with pytest.raises(DataError, match="do not stand together"):
        opened(saved(tmp_path, table))


def test_a_correction_chooses_the_column(tmp_path: Path) -> None:
    arrays = features()
    table = {
        "pose": [array.tolist() for array in arrays],
        "other": [(array + 1).tolist() for array in arrays],
        "gloss": ["a"] * N,
        "category": [f"c{index}" for index in range(N)],
    }
    clips = opened(saved(tmp_path, table), Correction(features="other", label="category"))
    assert clips.glosses[3] == "c3"
    np.testing.assert_array_equal(clips.features(3), arrays[3] + np.float32(1))


def test_a_table_without_clips_is_refused(tmp_path: Path) -> None:
    row = open_file(saved(tmp_path, {"name": ["a", "b"], "score": [1.0, 2.0]})).row
    assert "holds no clips" in row.problem


def test_missing_numbers_are_nan(tmp_path: Path) -> None:
    clips = opened(saved(tmp_path, {"features": [[[1.0, None], [2.0, 3.0]]] * 3, "label": [1, None, 2]}))
    np.testing.assert_array_equal(clips.features(0), [[1, np.nan], [2, 3]])
    assert clips.gloss_ids.tolist() == [1, UNLABELLED, 2]


# -- hostile -------------------------------------------------------------------------------------------------------


def test_a_column_in_another_file_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.parquet"
    kept: list[Any] = []
    table = pa.table({"features": [array.tolist() for array in features()], "y": list(range(N))})
    pq.write_table(table, secret, metadata_collector=kept)
    kept[0].set_file_path("secret.parquet")
    pq.write_metadata(table.schema, tmp_path / "_metadata", metadata_collector=kept)
    with pytest.raises(DataError, match="keeps columns in other files"):
        opened(tmp_path / "_metadata")


def test_a_pickled_extension_type_runs_nothing(tmp_path: Path, readers: Readers) -> None:
    import os
    import pickle

    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, (f"touch {canary}",)

    hidden = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": pickle.dumps(Payload())}
    field = pa.field("note", pa.int64(), metadata=hidden)
    lists = pa.array([array.tolist() for array in features()])
    schema = pa.schema([pa.field("features", lists.type), field])
    table = pa.table([lists, pa.array(list(range(N)))], schema=schema)
    for write in WRITERS:
        path = saved(tmp_path, table, write)
        assert len(opened(path)) == N
        assert isinstance(calling.open_file(path, readers=readers).opened, Clips)
    assert not canary.exists()


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("keep", [0.02, 0.3, 0.7, 0.98])
def test_a_table_cut_short_becomes_a_sentence(
    tmp_path: Path, write: Callable[[pa.Table, Path], None], keep: float, readers: Readers
) -> None:
    path = saved(tmp_path, {"features": [array.tolist() for array in features()], "y": list(range(N))}, write)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    one = calling.open_file(path, readers=readers)
    assert one.row.problem or len(one.opened) < N, "Arrow's stream may end between two batches"


@pytest.mark.parametrize("write", WRITERS)
def test_flipped_bits_never_get_beyond_a_sentence(
    tmp_path: Path, write: Callable[[pa.Table, Path], None], readers: Readers
) -> None:
    path = saved(tmp_path, {"features": [array.tolist() for array in features()], "y": list(range(N))}, write)
    whole, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(15):
        raw = bytearray(whole)
        for place in random.integers(6, len(raw), 3):
            raw[place] ^= 1 << random.integers(8)
        path.write_bytes(raw)
        one = calling.open_file(path, readers=readers)
        if isinstance(one.opened, Clips):
            for index in range(len(one.opened)):
                try:
                    one.opened.features(index)
                except DataError as error:
                    assert error.sentence  # noqa: PT017 - either numbers or a sentence
        else:
            assert one.row.problem


@pytest.mark.parametrize("place", [2, 5], ids=["in the middle", "at the end"])
def test_offsets_that_lie_are_not_followed(tmp_path: Path, readers: Readers, place: int) -> None:
    """Arrow itself trusts the offsets of lists in a file; they are checked before anything is read by them."""
    path = saved(tmp_path, {"features": [array.tolist() for array in features()], "y": list(range(N))}, write_file)
    raw = path.read_bytes()
    counts = np.cumsum([0, *(len(array) for array in features()[:5])]).astype("<i4")
    lies = counts.copy()
    lies[place] = 1 << 30
    assert counts.tobytes() in raw
    path.write_bytes(raw.replace(counts.tobytes(), lies.tobytes(), 1))
    assert "cannot read it" in calling.open_file(path, readers=readers).row.problem
