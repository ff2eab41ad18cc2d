"""Clips in NumPy's own files, written by NumPy."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asl_inspector.case.recognising import open_file
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import SPOOL, THE_FILE, UNLABELLED, Clips

N, T, F = 6, 9, 5
SAVERS = {"stored": np.savez, "deflated": np.savez_compressed}


def padded(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with zeros behind each clip's end, lengths, labels."""
    random = np.random.default_rng(seed)
    lengths = np.array([9, 4, 7, 9, 2, 6])
    features = random.normal(size=(N, T, F)).astype(np.float32)
    for index, length in enumerate(lengths):
        features[index, length:] = 0
    return features, lengths, np.array([3, 1, 2, 3, 1, 2])


def saved(tmp_path: Path, how: str = "stored", **arrays: Any) -> Path:
    SAVERS[how](tmp_path / "clips.npz", **arrays)
    return tmp_path / "clips.npz"


def opened(path: Path, correction: Correction | None = None) -> Clips:
    return open_clips(MappedFile(path), correction=correction or Correction())


@pytest.mark.parametrize("how", SAVERS)
def test_padded_arrays_with_lengths_and_labels(tmp_path: Path, how: str) -> None:
    features, lengths, labels = padded()
    clips = opened(saved(tmp_path, how, keypoints=features, lengths=lengths, gloss_id=labels))
    assert clips.lengths.tolist() == lengths.tolist()
    assert clips.gloss_ids.tolist() == labels.tolist()
    assert clips.feature_count == F
    assert clips.places.part_names == ((THE_FILE,) if how == "stored" else (SPOOL,))
    for index, length in enumerate(lengths):
        np.testing.assert_array_equal(clips.features(index), features[index, :length])
    assert clips.mapping.sentence == (
        "NumPy archive, one column a field; features: “keypoints”, label: “gloss_id”, lengths: “lengths”, "
        "5 numbers a frame."
    )


@pytest.mark.parametrize("how", SAVERS)
def test_without_lengths_frames_of_zeros_at_the_end_are_padding(tmp_path: Path, how: str) -> None:
    features, lengths, labels = padded()
    clips = opened(saved(tmp_path, how, X=features, y=labels))
    assert clips.lengths.tolist() == lengths.tolist()
    assert any("left out in 4 clips" in note for note in clips.notes)


def test_the_user_may_keep_the_padding(tmp_path: Path) -> None:
    features, _, labels = padded()
    clips = opened(saved(tmp_path, X=features, y=labels), Correction(padding="keep"))
    assert clips.lengths.tolist() == [T] * N
    np.testing.assert_array_equal(clips.features(1), features[1])


def test_full_clips_are_not_trimmed(tmp_path: Path) -> None:
    features = np.random.default_rng(0).normal(size=(N, T, F))
    assert opened(saved(tmp_path, X=features, y=np.arange(N))).lengths.tolist() == [T] * N


def test_a_mask_of_frames_tells_lengths(tmp_path: Path) -> None:
    features, lengths, labels = padded()
    mask = np.arange(T)[None] < lengths[:, None]
    clips = opened(saved(tmp_path, X=features + 1, y=labels, mask=mask))
    assert clips.lengths.tolist() == lengths.tolist()


def test_lengths_beyond_the_arrays_are_cut_and_noted(tmp_path: Path) -> None:
    features, _, labels = padded()
    clips = opened(saved(tmp_path, X=features, y=labels, lengths=np.array([9, 4, 99, 9, -2, 6])))
    assert clips.lengths.tolist() == [9, 4, 9, 9, 0, 6]
    assert any("2 lengths do not fit" in note for note in clips.notes)


@pytest.mark.parametrize("how", SAVERS)
def test_arrays_of_objects_are_read_as_data(tmp_path: Path, how: str) -> None:
    random = np.random.default_rng(0)
    clips_written = [random.normal(size=(3 + index, F)).astype(np.float32) for index in range(N)]
    held = np.empty(N, object)
    held[:] = clips_written
    glosses = np.array(["a", "b", "c", "a", "b", "c"], object)
    clips = opened(saved(tmp_path, how, features=held, gloss=glosses))
    assert clips.glosses == ("a", "b", "c", "a", "b", "c")
    for index, written in enumerate(clips_written):
        np.testing.assert_array_equal(clips.features(index), written)


class Payload:
    """Would run a command if it were ever unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.canary}",)


@pytest.mark.parametrize("how", SAVERS)
def test_a_payload_in_an_array_of_objects_is_not_run(tmp_path: Path, how: str) -> None:
    features, _, labels = padded()
    canary = tmp_path / "canary"
    note = np.empty(N, object)
    note[:] = [Payload(canary)] * N
    path = saved(tmp_path, how, X=features, y=labels, note=note)
    assert len(opened(path)) == N
    assert not canary.exists()
    np.load(path, allow_pickle=True)["note"]  # the payload is live: an ordinary load fires it
    assert canary.exists()


@pytest.mark.parametrize(
    ("label", "ids"),
    [
        (np.eye(4, dtype=np.float32)[[3, 1, 2, 3, 1, 2]], [3, 1, 2, 3, 1, 2]),
        (np.array([[3], [1], [2], [3], [1], [2]]), [3, 1, 2, 3, 1, 2]),
        (np.array([3.0, 1, 2, 3, 1, 2]), [3, 1, 2, 3, 1, 2]),
    ],
    ids=["one-hot", "column", "floats"],
)
def test_labels_of_every_shape(tmp_path: Path, label: np.ndarray, ids: list[int]) -> None:
    assert opened(saved(tmp_path, X=padded()[0], y=label)).gloss_ids.tolist() == ids


def test_padded_targets_with_their_lengths_are_continuous(tmp_path: Path) -> None:
    targets = np.array([[1, 2, 0], [3, 0, 0], [4, 5, 6], [1, 0, 0], [2, 2, 0], [9, 0, 0]])
    clips = opened(saved(tmp_path, X=padded()[0], labels=targets, label_lengths=np.array([2, 1, 3, 1, 2, 1])))
    assert clips.target_ids == ((1, 2), (3,), (4, 5, 6), (1,), (2, 2), (9,))
    assert clips.gloss_ids.tolist() == [UNLABELLED, 3, UNLABELLED, 1, UNLABELLED, 9]


def test_names_with_splits_are_told_apart(tmp_path: Path) -> None:
    features, _, labels = padded()
    clips = opened(saved(tmp_path, X_train=features, y_train=labels, X_val=features[:2], y_val=labels[:2]))
    assert clips.splits == ("train",) * N + ("val",) * 2
    np.testing.assert_array_equal(clips.features(N + 1), features[1, : clips.lengths[N + 1]])


def test_coordinates_before_time_are_recognised(tmp_path: Path) -> None:
    """(N, C, T, V), as graph networks take it."""
    features = np.random.default_rng(0).normal(size=(N, 3, 12, 75)).astype(np.float32)
    clips = opened(saved(tmp_path, data=features, label=np.arange(N)))
    assert clips.lengths.tolist() == [12] * N
    np.testing.assert_array_equal(clips.features(2), features[2].transpose(1, 0, 2).reshape(12, 225))
    assert clips.landmarks.layout == "MediaPipe pose and hands"
    assert not clips.landmarks.interleaved
    assert clips.mapping.time_axis == 1


def test_numbers_before_frames_are_turned_by_the_lengths(tmp_path: Path) -> None:
    features, lengths, labels = padded()
    turned = np.ascontiguousarray(features.transpose(0, 2, 1))
    clips = opened(saved(tmp_path, X=turned, y=labels, lengths=lengths))
    np.testing.assert_array_equal(clips.features(2), features[2, : lengths[2]])


def test_the_user_says_which_axis_is_time(tmp_path: Path) -> None:
    features = np.random.default_rng(0).normal(size=(N, T, F)).astype(np.float32)
    clips = opened(saved(tmp_path, X=features, y=np.arange(N)), Correction(time_axis=1, padding="keep"))
    np.testing.assert_array_equal(clips.features(0), features[0].T)


def test_one_vector_a_clip_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    features = np.random.default_rng(0).normal(size=(N, 63))
    clips = opened(saved(tmp_path, X=features, y=np.arange(N)))
    assert clips.lengths.tolist() == [1] * N
    np.testing.assert_allclose(clips.features(3)[0], features[3], rtol=1e-6)


def test_weights_stay_a_checkpoint(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", **{"fc1.weight": random.normal(size=(4, 6)), "fc1.bias": random.normal(size=4)})
    np.savez(tmp_path / "b.npz", W1=random.normal(size=(6, 8)), W2=random.normal(size=(8, 3)), b1=np.ones(8))
    np.savez(tmp_path / "c.npz", arr_0=random.normal(size=(6, 8)), arr_1=random.normal(size=(8,)))
    for name in "abc":
        assert not isinstance(open_file(tmp_path / f"{name}.npz").opened, Clips), name


# -- npy -----------------------------------------------------------------------------------------------------------


def npy(tmp_path: Path, array: Any) -> Path:
    np.save(tmp_path / "clip.npy", array)
    return tmp_path / "clip.npy"


def test_an_array_of_frames_is_one_clip(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(20, 8)).astype(">f8")
    clips = opened(npy(tmp_path, array))
    assert clips.ids == ("clip",)
    np.testing.assert_array_equal(clips.features(0), array.astype(np.float32))


def test_frames_of_landmarks_are_one_clip_with_known_joints(tmp_path: Path) -> None:
    array = np.random.default_rng(0).normal(size=(20, 543, 3)).astype(np.float32)
    clips = opened(npy(tmp_path, array))
    assert len(clips) == 1
    assert clips.landmarks.layout == "MediaPipe Holistic"
    assert [group.part for group in clips.landmarks.groups] == ["face", "left hand", "pose", "right hand"]
    assert clips.landmarks.groups[2].joints[0] == "nose"
    np.testing.assert_array_equal(clips.features(0), array.reshape(20, 1629))


def test_a_stack_of_clips_alone_has_no_labels(tmp_path: Path) -> None:
    clips = opened(npy(tmp_path, np.ones((N, T, F), "f2")))
    assert (len(clips), clips.gloss_ids.tolist()) == (N, [UNLABELLED] * N)


def test_a_saved_dict_is_read_as_a_cache(tmp_path: Path) -> None:
    held = {
        "v1": {"features": np.ones((4, F), "f4"), "gloss": "go"},
        "v2": {"features": np.zeros((3, F)), "gloss": "no"},
    }
    clips = opened(npy(tmp_path, np.array(held, object)))
    assert clips.glosses == ("go", "no")
    assert clips.lengths.tolist() == [4, 3]


def test_a_saved_list_of_arrays_of_different_lengths(tmp_path: Path) -> None:
    held = np.empty(3, object)
    held[:] = [np.ones((3 + index, F), "f4") for index in range(3)]
    assert opened(npy(tmp_path, held)).lengths.tolist() == [3, 4, 5]


# -- hostile -------------------------------------------------------------------------------------------------------


def header(text: str, body: bytes = b"", version: int = 1) -> bytes:
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode() + body


HOSTILE = {
    "claims 8 TiB": header("{'descr': '<f4', 'fortran_order': False, 'shape': (1048576, 2097152), }"),
    "claims rows without numbers": header(
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9, 1000000), }", b"\0" * 64
    ),
    "header of a gigabyte": b"\x93NUMPY\x02\x00\xff\xff\xff\x3f{}",
    "calls in the header": header("__import__('os').system('touch canary')"),
    "nested header": header("(" * 30000),
    "negative": header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 5), }", b"\0" * 64),
    "many sizes": header("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1, " * 500 + "), }", b"\0" * 64),
    "records": header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", b"\0" * 64),
    "zero-width text": header("{'descr': '<U0', 'fortran_order': False, 'shape': (99999999999,), }"),
    "only magic": b"\x93NUMPY",
    "times": header("{'descr': '<M8[s]', 'fortran_order': False, 'shape': (3, 3), }", b"\0" * 72),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_becomes_a_sentence(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.npy").write_bytes(HOSTILE[name])
    with pytest.raises(DataError):
        opened(tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", HOSTILE[name])
        archive.writestr("y.npy", HOSTILE[name])
    with pytest.raises(DataError):
        opened(tmp_path / "x.npz")
    assert not (tmp_path / "canary").exists()


def test_a_cut_member_becomes_a_sentence(tmp_path: Path) -> None:
    out = io.BytesIO()
    np.save(out, padded()[0])
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", out.getvalue()[:-100])
    with pytest.raises(DataError, match="cut short"):
        opened(tmp_path / "x.npz")


def test_the_case_opens_them_as_clips(tmp_path: Path) -> None:
    features, _, labels = padded()
    one = open_file(saved(tmp_path, X=features, y=labels))
    assert isinstance(one.opened, Clips)
    assert one.row.layout.startswith("NumPy archive")
    assert not isinstance(one.opened, Checkpoint)


@pytest.mark.parametrize("order", "<>")
def test_names_with_characters_beyond_unicode_are_read_with_a_replacement(tmp_path: Path, order: str) -> None:
    """NumPy itself raises a SystemError for them; found by the fuzzer."""
    names = np.array([0x110000, ord("a"), 0, ord("b"), 0x7FFFFFFF, ord("c")], f"{order}u4").view(f"{order}U3")
    np.savez(tmp_path / "a.npz", features=np.zeros((2, 4, 6), "f4"), gloss=names)
    assert open_clips(MappedFile(tmp_path / "a.npz")).glosses == ("\ufffda", "b\ufffdc")
