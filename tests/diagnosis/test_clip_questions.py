"""Questions on the clips themselves: planted faults are named, sound clips are left in peace."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of, signs

from asl_inspector.case.records import Case, CaseFile, OpenFile, Role
from asl_inspector.data.measuring import measure_clips
from asl_inspector.diagnosis import landmarks, nearest
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.samples.records import Clips


def diagnosed(validation: Clips, train: Clips | None) -> Diagnosis:
    files = [OpenFile(CaseFile(validation.path, Role.VALIDATION, "", 0), None, validation)]
    if train is not None:
        files.append(OpenFile(CaseFile(train.path, Role.TRAIN, "", 0), None, train))
    return diagnose(Evidence(Case(tuple(files)), None, None, None, None, None, "", None, {}))


def both(change=None, *, also_train: bool = False, ids=None):  # type: ignore[no-untyped-def]
    (ours, our_names), (theirs, their_names) = signs(1), signs(2)
    for index, array in enumerate(ours):
        if change is not None:
            change(array, index)
    for index, array in enumerate(theirs):
        if change is not None and also_train:
            change(array, index)
    return clips_of(ours, our_names, ids=ids), clips_of(theirs, their_names, name="train", ids=ids)


def raw_time(array: np.ndarray, index: int) -> None:
    array[:, 4] = 1.75e9 + 60 * index


def no_hand(array: np.ndarray, index: int) -> None:
    array[np.random.default_rng(index).random(len(array)) < 0.5, :4] = 0


def test_sound_clips_have_no_cause() -> None:
    found = diagnosed(*both())
    assert found.causes == ()
    assert {one.severity for one in found.findings} == {"info"}


def test_a_raw_time_in_validation_alone_is_a_feature_mismatch() -> None:
    found = diagnosed(*both(raw_time))
    assert [cause.id for cause in found.causes] == ["feature-mismatch"]
    assert found.causes[0].severity == "critical"
    (finding,) = [one for one in found.findings if one.id == "feature-on-another-scale"]
    assert "Feature 4" in finding.sentence
    assert "1.75e+09" in finding.sentence
    assert "raw time" in finding.sentence


def test_a_raw_time_in_both_is_a_warning_and_no_mismatch() -> None:
    found = diagnosed(*both(raw_time, also_train=True))
    assert found.causes == ()
    (finding,) = [one for one in found.findings if one.id == "raw-feature"]
    assert finding.severity == "warning"
    assert "feature 4" in finding.sentence
    assert [one.id for one in diagnosed(both(raw_time)[0], None).findings if one.severity == "warning"] == [
        "raw-feature"
    ]


def test_another_unit_in_all_features_is_a_feature_mismatch() -> None:
    def in_pixels(array: np.ndarray, _: int) -> None:
        array *= 640

    found = diagnosed(*both(in_pixels))
    assert [cause.id for cause in found.causes] == ["feature-mismatch"]
    assert "scales-differ" in [one.id for one in found.findings]


def test_a_hand_that_is_missing_in_validation_alone_is_named() -> None:
    found = diagnosed(*both(no_hand))
    assert [cause.id for cause in found.causes] == ["missing-landmarks"]
    (finding,) = [one for one in found.findings if one.id == "hands-missing-differ"]
    assert "Features 0 to 3" in finding.sentence
    assert "0 % of training frames" in finding.sentence


def test_an_idle_hand_in_both_is_no_fault() -> None:
    found = diagnosed(*both(no_hand, also_train=True))
    assert found.causes == ()
    assert "hands-missing-alike" in [one.id for one in found.findings]


@pytest.mark.parametrize(("copied", "severity"), [(1, "warning"), (4, "critical")])
def test_clips_nearly_in_both_are_a_leak(copied: int, severity: str) -> None:
    (ours, our_names), (theirs, their_names) = signs(1), signs(2)
    for index in range(copied):
        ours[index] = theirs[index][:-1]
    found = diagnosed(clips_of(ours, our_names), clips_of(theirs, their_names, name="train"))
    assert [cause.id for cause in found.causes] == ["validation-leak"]
    (finding,) = [one for one in found.findings if one.id == "near-duplicates"]
    assert finding.severity == severity
    assert finding.evidence["near"] == copied
    assert "no-leak" not in [one.id for one in found.findings]


def test_signers_in_both_are_told_where_the_names_say_so() -> None:
    ids = [f"signer{index % 4}_clip{index}" for index in range(40)]
    found = {one.id: one for one in diagnosed(*both(ids=ids)).findings}
    assert found["signers-shared"].evidence == {"signers": 4, "shared": 4}


def test_the_neighbour_is_told_without_a_network() -> None:
    (finding,) = nearest.ask(measure_clips(*both()), None, None).findings
    assert finding.id == "neighbour-baseline"
    assert finding.evidence["of"] == 40


def test_frozen_clips_are_told() -> None:
    def freeze(array: np.ndarray, index: int) -> None:
        if index % 2:
            array[len(array) // 2 :] = array[len(array) // 2]

    ids = [one.id for one in landmarks.ask(measure_clips(*both(freeze))).findings]
    assert ids == ["frozen-frames-differ"]
    assert landmarks.ask(None).findings == ()


@pytest.mark.parametrize(("also_train", "id_"), [(False, "frozen-frames-differ"), (True, "frozen-frames")])
def test_frames_that_stand_still_weigh_more_where_training_moves(also_train: bool, id_: str) -> None:
    def stand_still(array: np.ndarray, _: int) -> None:
        array[1::2] = array[: len(array) - len(array) % 2 : 2][: len(array[1::2])]

    found = diagnosed(*both(stand_still, also_train=also_train))
    assert id_ in [one.id for one in found.findings]
    assert ("missing-landmarks" in [cause.id for cause in found.causes]) is not also_train
