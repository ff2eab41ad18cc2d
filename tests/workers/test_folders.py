"""Folders of clips become one entry each."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_clips, make_notebook, make_run, save_notebook, write_cache
from samples.test_islr import write_clip
from samples.test_openpose import expected, frame
from samples.test_pose import made as made_pose
from samples.test_pose import written as write_pose

from asl_inspector.case.records import Role
from asl_inspector.case.surveying import Survey, survey
from asl_inspector.errors import DataError
from asl_inspector.inspection import Inspector
from asl_inspector.mapped_file import MappedFolder
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.records import Clips
from asl_inspector.workers.calling import Readers
from asl_inspector.workers.folders import open_tree
from asl_inspector.workers.previewing import preview

GLOSSES = ("apple", "book", "chair")


def array(seed: int, width: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(3 + seed % 4, width)).astype("f4")


def write(path: Path, held: np.ndarray) -> None:
    """One clip in the format of the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match path.suffix:
        case ".npy":
            np.save(path, held)
        case ".npz":
            np.savez_compressed(path, keypoints=held)
        case ".pkl":
            path.write_bytes(pickle.dumps({"features": held}))
        case ".pt":
            torch.save({"keypoints": torch.from_numpy(held)}, path)
        case ".json":
            path.write_text(json.dumps({"keypoints": held.tolist()}))


def tree(root: Path, ending: str = ".npy", clips: int = 3) -> dict[str, np.ndarray]:
    found = {}
    for number, gloss in enumerate(GLOSSES):
        for copy in range(clips):
            found[f"{gloss}/clip_{copy}"] = array(10 * number + copy)
            write(root / gloss / f"clip_{copy}{ending}", found[f"{gloss}/clip_{copy}"])
    return found


def opened(root: Path, readers: Readers, **how: object) -> Clips:
    (found,) = survey(root).trees
    one = open_tree(found, readers=readers, **how)  # type: ignore[arg-type]
    assert one is not None
    assert isinstance(one.opened, Clips)
    return one.opened


@pytest.mark.parametrize("ending", [".npy", ".npz", ".pkl", ".pt", ".json"])
def test_a_file_a_clip_in_a_folder_a_gloss(tmp_path: Path, readers: Readers, ending: str) -> None:
    written = tree(tmp_path, ending)
    clips = opened(tmp_path, readers)
    assert clips.ids == tuple(sorted(written))
    assert clips.glosses == tuple(name.split("/")[0] for name in sorted(written))
    assert (clips.feature_count, len(clips)) == (5, 9)
    assert "one file a clip in a folder a gloss" in clips.mapping.sentence
    assert "label: “the folder of each file”" in clips.mapping.sentence
    for index, name in enumerate(clips.ids):
        np.testing.assert_allclose(clips.features(index), written[name], rtol=1e-6)


def test_splits_are_entries_of_their_own(tmp_path: Path) -> None:
    tree(tmp_path / "train", clips=4)
    tree(tmp_path / "val", clips=2)
    inspector = Inspector()
    case = inspector.add([tmp_path])
    assert {one.row.path.name: (one.row.role, one.row.summary) for one in case.files} == {
        "train": (Role.TRAIN, "12 clips"),
        "val": (Role.VALIDATION, "6 clips"),
    }


def test_the_other_files_of_the_folder_are_opened_too(tmp_path: Path) -> None:
    tree(tmp_path / "val")
    save_notebook(tmp_path / "best.pt", make_notebook(inputs=5))
    (tmp_path / "vocabulary.json").write_text(json.dumps({gloss: index for index, gloss in enumerate(GLOSSES, 1)}))
    inspector = Inspector()
    case = inspector.add([tmp_path])
    assert {one.row.path.name: one.row.role for one in case.files} == {
        "val": Role.VALIDATION,
        "best.pt": Role.CHECKPOINT,
        "vocabulary.json": Role.VOCABULARY,
    }
    assert inspector.hash_files().files[0].row.sha256
    inspected = inspector.inspect()
    assert inspected.validation is not None
    assert int(inspected.validation.predictions.ran.sum()) == 9


def test_runs_in_sibling_folders_are_no_clips(tmp_path: Path) -> None:
    for run in range(5):
        make_run(tmp_path / f"run{run}", seed=run)
    case = Inspector().add([tmp_path])
    assert not any(isinstance(one.file, MappedFolder) for one in case.files)
    assert len(case.files) == 25


def test_caches_in_sibling_folders_are_no_single_clips(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
        write_cache(tmp_path / name / "cache.pkl", make_clips())
    assert all(one.row.summary == "18 clips" for one in Inspector().add([tmp_path]).files)


def test_links_are_not_followed_and_counted(tmp_path: Path, readers: Readers) -> None:
    secret = tmp_path / "secret"
    tree(secret / "inside")
    tree(tmp_path / "data")
    (tmp_path / "data" / "apple" / "linked.npy").symlink_to(secret / "inside" / "book" / "clip_0.npy")
    (tmp_path / "data" / "folder").symlink_to(secret)
    found = survey(tmp_path / "data")
    assert sum(len(one.files) for one in found.trees) == 9
    assert any("2 links" in note for note in found.notes)


def test_a_file_that_becomes_a_link_is_refused(tmp_path: Path, readers: Readers) -> None:
    tree(tmp_path / "data")
    np.save(tmp_path / "secret.npy", array(0))
    (found,) = survey(tmp_path / "data").trees
    clips = opened(tmp_path / "data", readers)
    target = tmp_path / "data" / "apple" / "clip_0.npy"
    target.unlink()
    target.symlink_to(tmp_path / "secret.npy")
    with pytest.raises(DataError, match="cannot be opened"):
        clips.features(0)
    again = open_tree(found, readers=readers)
    assert again is None or any("cannot be read" in note for note in again.opened.notes)


def test_bad_files_are_left_out_and_named(tmp_path: Path, readers: Readers) -> None:
    tree(tmp_path)
    (tmp_path / "chair" / "empty.npy").write_bytes(b"")
    (tmp_path / "chair" / "cut.npy").write_bytes((tmp_path / "book" / "clip_1.npy").read_bytes()[:-9])
    np.save(tmp_path / "chair" / "stack.npy", np.ones((4, 6, 5)))
    clips = opened(tmp_path, readers)
    assert len(clips) == 9
    assert any("1 file of" in note and "“chair/cut.npy” is cut short" in note for note in clips.notes)
    assert any("2 files are no single clip" in note and "“chair/stack.npy”" in note for note in clips.notes)


def test_batches_are_joined_in_order_with_progress(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl_inspector.workers.folders.BATCH_FILES", 2)
    written = tree(tmp_path, ".npz")
    steps: list[Step] = []
    clips = opened(tmp_path, readers, progress=steps.append)
    assert [(step.done, step.total) for step in steps] == [(0, 9), (2, 9), (4, 9), (6, 9), (8, 9)]
    for index in (8, 0, 5, 4):
        np.testing.assert_array_equal(clips.features(index), written[clips.ids[index]])


def test_cancelling_ends_the_scan(tmp_path: Path, readers: Readers) -> None:
    tree(tmp_path)
    cancel = CancelToken()
    (found,) = survey(tmp_path).trees
    cancel.cancel()
    with pytest.raises(Cancelled):
        open_tree(found, readers=readers, cancel=cancel)


def test_a_file_that_changed_is_not_read_as_what_it_was(tmp_path: Path, readers: Readers) -> None:
    tree(tmp_path)
    clips = opened(tmp_path, readers)
    np.save(tmp_path / "apple" / "clip_0.npy", array(99, 7))
    with pytest.raises(DataError, match="was changed"):
        clips.features(0)


def test_more_files_than_stay_mapped(tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asl_inspector.samples.sources.MOST_MAPPED", 2)
    written = tree(tmp_path)
    clips = opened(tmp_path, readers)
    for index in (0, 5, 8, 0, 3):
        np.testing.assert_array_equal(clips.features(index), written[clips.ids[index]])


def test_google_islr_with_its_index(tmp_path: Path, readers: Readers) -> None:
    lines = ["path,participant_id,sequence_id,sign"]
    frames = {}
    for number in range(5):
        name = f"train_landmark_files/{10 + number % 2}/{1000 + number}.parquet"
        frames[name] = np.random.default_rng(number).normal(size=(2 + number, 543, 3))
        write_clip(tmp_path / name, frames[name])
        if number < 4:
            lines.append(f"{name},{10 + number % 2},{1000 + number},sign{number % 3}")
    (tmp_path / "train.csv").write_text("\n".join(lines))
    (tmp_path / "sign_to_prediction_index_map.json").write_text(
        json.dumps({f"sign{index}": index for index in range(3)})
    )
    case = Inspector().add([tmp_path])
    clips = next(one.opened for one in case.files if isinstance(one.opened, Clips))
    by_name = dict(zip(clips.ids, clips.glosses, strict=True))
    assert by_name["train_landmark_files/11/1003"] == "sign0"
    assert by_name["train_landmark_files/10/1004"] is None
    assert any("names 4 of 5 clips" in note for note in clips.notes)
    assert set(clips.signers) == {"10", "11", None}
    assert clips.landmarks.layout == "MediaPipe Holistic"
    index = clips.ids.index("train_landmark_files/10/1002")
    expected_features = frames["train_landmark_files/10/1002.parquet"].reshape(4, 1629).astype("f4")
    np.testing.assert_array_equal(clips.features(index), expected_features)
    assert any(one.row.role is Role.VOCABULARY for one in case.files)


def test_poses_side_by_side_with_an_index(tmp_path: Path, readers: Readers) -> None:
    lines = ["path,words,glosses"]
    for number in range(4):
        write_pose(made_pose(frames=3 + number, seed=number), tmp_path / f"{number}.pose")
        lines.append(f"{number}.pose,whatever,G{number}")
    (tmp_path / "index.csv").write_text("\n".join(lines))
    clips = opened(tmp_path, readers)
    assert (clips.glosses, clips.lengths.tolist()) == (("G0", "G1", "G2", "G3"), [3, 4, 5, 6])
    assert "label: “the index”" in clips.mapping.sentence
    assert clips.landmarks.layout == "MediaPipe Holistic"


@pytest.mark.parametrize("nested", [True, False])
def test_frames_of_openpose_are_a_clip_a_folder(
    tmp_path: Path, readers: Readers, nested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl_inspector.workers.folders.BATCH_FILES", 4)
    for number, gloss in enumerate(GLOSSES):
        for copy in range(2):
            folder = tmp_path / gloss / f"v{copy}" if nested else tmp_path / f"{gloss}_{copy}"
            folder.mkdir(parents=True)
            for index in range(3):
                held = frame(100 * number + 10 * copy + index)
                (folder / f"v_{index:012}_keypoints.json").write_text(json.dumps(held))
    clips = opened(tmp_path, readers)
    assert clips.lengths.tolist() == [3] * 6
    assert clips.glosses == (("apple", "apple", "book", "book", "chair", "chair") if nested else (None,) * 6)
    np.testing.assert_array_equal(clips.features(5)[2], expected(frame(212)))
    assert clips.landmarks.layout == "OpenPose"


def test_a_correction_reaches_every_file(tmp_path: Path) -> None:
    for gloss in GLOSSES:
        for copy in range(2):
            held = array(copy)
            (tmp_path / gloss).mkdir(exist_ok=True)
            np.savez(tmp_path / gloss / f"{copy}.npz", pose=held, other=held + 1, category=f"c{copy}")
    found = preview(tmp_path, Correction(features="other", label="category"))
    assert (found.clips, found.glosses) == (6, 2)
    inspector = Inspector()
    inspector.add([tmp_path])
    clips = next(one.opened for one in inspector.correct({tmp_path: Correction(features="other")}).files)
    assert isinstance(clips, Clips)
    np.testing.assert_array_equal(clips.features(0), array(0) + np.float32(1))


def test_what_came_with_a_folder_is_kept_until_the_folder_goes(tmp_path: Path) -> None:
    tree(tmp_path / "data" / "val")
    make_run(tmp_path / "data" / "run")
    inspector = Inspector()
    inspector.add([tmp_path / "data"])
    before = {one.row.path: id(one.opened) for one in inspector.case.files}
    assert inspector.keep_only({tmp_path / "data"}) == set()
    assert {one.row.path: id(one.opened) for one in inspector.case.files} == before
    kept = tmp_path / "data" / "run" / "vocabulary.json"
    assert inspector.keep_only({kept}) == set()
    assert [one.row.path for one in inspector.case.files] == [kept]


def test_a_folder_that_changed_is_read_again(tmp_path: Path) -> None:
    tree(tmp_path)
    inspector = Inspector()
    inspector.add([tmp_path])
    np.save(tmp_path / "apple" / "clip_0.npy", array(99))
    inspector.inspect()
    (one,) = inspector.case.files
    assert isinstance(one.opened, Clips)
    np.testing.assert_array_equal(one.opened.features(0), array(99))


def test_hidden_files_pipes_and_deep_folders_are_left_alone(tmp_path: Path) -> None:
    tree(tmp_path)
    os.mkfifo(tmp_path / "apple" / "pipe.npy")
    (tmp_path / "apple" / ".hidden.npy").write_bytes(b"x")
    deep = tmp_path.joinpath(*"abcdefghijkl")
    deep.mkdir(parents=True)
    (deep / "x.npy").write_bytes(b"x")
    found: Survey = survey(tmp_path)
    names = {one.name for held in found.trees for one in held.files} | {path.name for path in found.files}
    assert not {"apple/pipe.npy", "apple/.hidden.npy", "x.npy"} & names


def test_a_folder_of_pose_files_keeps_their_rates_and_bones(tmp_path: Path) -> None:
    for number in range(4):
        pose = made_pose(seed=number)
        pose.body.fps = 20.0 + number
        (tmp_path / "val" / GLOSSES[number % 2]).mkdir(parents=True, exist_ok=True)
        write_pose(pose, tmp_path / "val" / GLOSSES[number % 2] / f"{number}.pose")
    inspector = Inspector()
    clips = inspector.add([tmp_path / "val"]).validation
    assert clips is not None
    assert dict(zip(clips.ids, clips.rates, strict=True)) == {
        f"{GLOSSES[number % 2]}/{number}": 20.0 + number for number in range(4)
    }
    assert clips.landmarks is not None
    assert all(group.bones == ((0, 1),) for group in clips.landmarks.groups)
    assert inspector.clip_features(3).rate == clips.rates[3]
