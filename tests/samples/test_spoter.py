"""SPOTER's CSV, in the form in which its authors publish WLASL and LSA64."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from makers import write_log

from asl_inspector.case.recognising import open_file
from asl_inspector.errors import DataError
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.opening import open_clips

BODY = ["nose", "neck", "rightEye", "leftEye", "rightShoulder", "leftShoulder"]
HAND = ["wrist", "indexTip", "thumbTip"]
LANDMARKS = [*BODY, *(f"{name}_{side}" for name in HAND for side in ("left", "right"))]


def write(path: Path, lengths: list[int], labels: list[int], **extra: list[str]) -> list[np.ndarray]:
    """A file and its features in its own order of columns: body, then hands interleaved."""
    random = np.random.default_rng(0)
    clips = [random.random((length, len(LANDMARKS), 2)).round(4) for length in lengths]
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        coordinates = [f"{name}_{axis}" for name in LANDMARKS for axis in "XY"]
        writer.writerow(["labels", "video_fps", *coordinates, *extra])
        for index, clip in enumerate(clips):
            cells = [str(clip[:, joint, axis].tolist()) for joint in range(len(LANDMARKS)) for axis in range(2)]
            writer.writerow([labels[index], 25.0, *cells, *(column[index] for column in extra.values())])
    return clips


def test_a_row_is_a_clip_with_body_and_hands_in_order(tmp_path: Path) -> None:
    written = write(tmp_path / "WLASL100_val_25fps.csv", [5, 3, 8], [1, 2, 1])
    clips = open_clips(MappedFile(tmp_path / "WLASL100_val_25fps.csv"))
    assert (clips.lengths.tolist(), clips.gloss_ids.tolist()) == ([5, 3, 8], [1, 2, 1])
    order = [
        LANDMARKS.index(name) for name in [*BODY, *(f"{name}_{side}" for side in ("left", "right") for name in HAND)]
    ]
    for index, clip in enumerate(written):
        np.testing.assert_allclose(clips.features(index), clip[:, order].reshape(len(clip), -1), rtol=1e-6)
    assert [(group.part, len(group.joints)) for group in clips.landmarks.groups] == [
        ("pose", 6),
        ("left hand", 3),
        ("right hand", 3),
    ]


def test_names_glosses_and_signers_where_there_are_columns(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", [5, 3], [1, 2], video_id=["v1", "v2"], gloss=["book", "drink"], signer=["s1", "s2"])
    clips = open_clips(MappedFile(tmp_path / "a.csv"), correction=Correction(label="gloss"))
    assert (clips.ids, clips.glosses, clips.signers) == (("v1", "v2"), ("book", "drink"), ("s1", "s2"))


def test_a_damaged_row_is_left_out_and_noted(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", [5, 3, 4], [1, 2, 3])
    lines = (tmp_path / "a.csv").read_text().splitlines()
    lines[2] = lines[2].replace("[", "(", 1)
    (tmp_path / "a.csv").write_text("\n".join(lines))
    clips = open_clips(MappedFile(tmp_path / "a.csv"))
    assert clips.gloss_ids.tolist() == [1, 3]
    assert any("1 rows cannot be used" in note for note in clips.notes)


def test_lists_of_different_lengths_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", [5], [1])
    text = (tmp_path / "a.csv").read_text()
    (tmp_path / "a.csv").write_text(text.replace("[", "[0.5, ", 1))
    with pytest.raises(DataError, match="lists of different lengths"):
        open_clips(MappedFile(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    "cell", ["[" * 50_000, "[1e999]", "__import__('os').system('touch canary')", "[[1], [2]]", '["a"]']
)
def test_a_hostile_cell_runs_nothing(tmp_path: Path, cell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open(tmp_path / "a.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["labels", "nose_X", "nose_Y", "neck_X", "neck_Y"])
        writer.writerow([1, "[0.5]", "[0.5]", "[0.5]", cell])
    assert open_file(tmp_path / "a.csv").row.problem or cell == "[1e999]"
    assert not (tmp_path / "canary").exists()


def test_a_log_with_brackets_is_still_a_log(tmp_path: Path) -> None:
    write_log(tmp_path / "log.csv")
    (tmp_path / "log.csv").write_text("nose_X,nose_Y: [INFO]\n[start]\n" + (tmp_path / "log.csv").read_text())
    assert isinstance(open_file(tmp_path / "log.csv").opened, History)
