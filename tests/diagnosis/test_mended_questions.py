"""Questions that came with the second round of planted faults, on evidence made by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from data.clips import clips_of, signs
from diagnosis.stories import evidence, make_clips, scored
from torch import nn

from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.records import Votes
from asl_inspector.diagnosis import (
    agreement,
    collapse,
    counterfactuals,
    data_quality,
    landmarks,
    metadata,
    overfitting,
    realigned,
)
from asl_inspector.diagnosis.collapse import measure
from asl_inspector.diagnosis.records import Losses
from asl_inspector.history.records import History
from asl_inspector.inference.saturation import saturated_share
from asl_inspector.inference.sources import ClipSource

K = 10
IDS = [1 + index % K for index in range(200)]
NAMES = [f"g{one}" for one in IDS]


def confident(case, probability: float):  # type: ignore[no-untyped-def]
    """The same answers with another probability of the best gloss."""
    top = case.predictions.top_log_prob.copy()
    top[:, 0] = np.log(probability)
    return replace(case, predictions=replace(case.predictions, top_log_prob=top))


@pytest.mark.parametrize(
    ("alone", "id_"),
    [
        ((60, 100, 90, 100), "training-labels-doubtful"),
        ((76, 100, 90, 100), "training-labels-suspected"),
        ((90, 100, 92, 100), "neighbours-agree"),
        ((90, 100, 15, 100), "labels-of-other-clips"),
        ((90, 100, 55, 100), "validation-labels-doubtful"),
    ],
)
def test_each_file_is_judged_by_its_own_clips(alone: tuple[int, int, int, int], id_: str) -> None:
    (ours, our_names), (theirs, their_names) = signs(1), signs(2)
    found = measure_clips(clips_of(ours, our_names), clips_of(theirs, their_names, name="train"))
    assert found is not None
    data = replace(found, votes=Votes(180, 200, 170, 200, *alone))
    assert [one.id for one in agreement.ask(evidence(), data).findings] == [id_]


def test_clips_that_agree_with_themselves_alone_blame_the_features() -> None:
    (ours, our_names), (theirs, their_names) = signs(1), signs(2)
    found = measure_clips(clips_of(ours, our_names), clips_of(theirs, their_names, name="train"))
    assert found is not None
    data = replace(found, votes=Votes(180, 200, 40, 200, 90, 100, 92, 100))
    assert [one.id for one in agreement.ask(evidence(), data).findings] == ["validation-agrees-with-itself"]


def test_labels_that_fit_no_neighbour_are_of_other_clips_where_the_answers_fit() -> None:
    random = np.random.default_rng(0)
    centres = random.normal(size=(K + 1, 4)) * 3
    clips = clips_of([(centres[one] + random.normal(size=(8, 4))).astype(np.float32) for one in IDS], NAMES, ids=None)
    case = scored(replace(clips, gloss_ids=np.array(IDS)), IDS, classes=K + 1)
    found = measure_clips(case.clips, None)
    assert agreement.ask(evidence(validation=case), found).findings == ()
    moved = replace(case, clips=replace(case.clips, gloss_ids=random.permutation(IDS)))
    assert [one.id for one in agreement.ask(evidence(validation=moved), found).findings] == ["labels-fit-no-neighbour"]
    half = np.array(IDS)
    half[::3] = random.permutation(half[::3])
    some = replace(case, clips=replace(case.clips, gloss_ids=half))
    assert [one.id for one in agreement.ask(evidence(validation=some), found).findings] == [
        "labels-fit-fewer-neighbours"
    ]
    wrong = scored(case.clips, random.permutation(IDS).tolist(), classes=K + 1)
    assert [one.id for one in agreement.ask(evidence(validation=wrong), found).findings] == [
        "clips-agree-network-fails"
    ]


def test_a_network_that_was_driven_to_one_gloss_is_sure_of_it() -> None:
    train = make_clips(NAMES, IDS)
    one_gloss = scored(train, [3] * len(IDS), classes=K + 1)
    assert [one.id for one in collapse.ask_training(confident(one_gloss, 0.9)).findings] == ["driven-to-one-gloss"]
    assert collapse.ask_training(confident(one_gloss, 0.12)).findings == ()
    assert collapse.ask_training(confident(scored(train, IDS, classes=K + 1), 0.9)).findings == ()
    drawn = [3 if index % 4 == 0 else one for index, one in enumerate(IDS)]
    preferring = confident(scored(train, drawn, classes=K + 1), 0.6)
    assert [one.id for one in collapse.ask_training(preferring).findings] == ["one-gloss-preferred"]


def test_one_answer_in_validation_alone_is_no_collapse_of_the_network() -> None:
    clips = make_clips(NAMES, IDS)
    narrow = measure(confident(scored(clips, [3] * len(IDS), classes=K + 1), 0.9), 0)
    varied = measure(scored(clips, IDS, classes=K + 1), 0)
    assert [one.id for one in collapse.ask(narrow, varied).findings] == ["one-gloss-in-validation-alone"]
    assert [one.id for one in collapse.ask(narrow, narrow).findings] == ["one-gloss-for-most"]
    unsure = measure(confident(scored(clips, [3] * len(IDS), classes=K + 1), 0.15), 0)
    assert [one.id for one in collapse.ask(unsure).findings] == ["unsure-of-one-gloss"]


def test_a_gap_at_chance_is_overfitting_where_all_else_is_cleared() -> None:
    train = scored(make_clips(NAMES, IDS, path="train.pkl"), IDS, classes=K + 1)
    wrong = np.random.default_rng(1).permutation(IDS).tolist()
    case = evidence(validation=scored(make_clips(NAMES, IDS), wrong, classes=K + 1), train=train)
    found = {
        cleared: overfitting.ask(case, labels_wrong=False, above_chance=False, cleared=cleared)
        for cleared in (True, False)
    }
    assert [one.id for one in found[True].findings] == ["gap-with-all-else-cleared"]
    assert [one.id for one in found[False].findings] == ["gap-at-chance"]


def test_the_printed_loss_tells_the_epoch_of_the_weights_where_it_is_of_one_epoch_alone() -> None:
    history = History("log", epochs=(1, 2, 3), val_loss=(2.1234, 1.5, 1.5))
    assert metadata.epoch_of_loss(history, Losses(2.12344, None)) == 1
    assert metadata.epoch_of_loss(history, Losses(None, 2.1235)) is None
    assert metadata.epoch_of_loss(history, Losses(1.5, None)) is None
    assert metadata.epoch_of_loss(None, Losses(1.5, None)) is None


def test_the_stated_batch_size_tells_the_epoch_that_the_steps_amount_to() -> None:
    assert metadata.epoch_of_steps(234, 13, 144) == 13  # batches of 8 would do
    assert metadata.epoch_of_steps(234, 13, 144, 16) == 26
    assert metadata.epoch_of_steps(234, 13, 144, 25) == 39
    assert metadata.batch_size_of({"config.batch_size": 16, "lr": 0.1}) == 16
    assert metadata.batch_size_of({"batch_size": True}) is None


def test_the_honest_figure_of_a_leak_is_that_of_the_clips_that_are_no_copies() -> None:
    (ours, our_names), (theirs, their_names) = signs(1), signs(2)
    copied = 10
    both = (
        clips_of(ours, our_names),
        clips_of([*theirs, *ours[:copied]], [*their_names, *our_names[:copied]], name="train"),
    )
    data = measure_clips(*both)
    labels = both[0].gloss_ids.tolist()
    said = [one if index < copied + 5 else one % max(labels) + 1 for index, one in enumerate(labels)]
    case = scored(both[0], said, classes=max(labels) + 1)
    found = counterfactuals.without_copies(case, data, None)
    assert found is not None
    assert found.accuracy_now == pytest.approx((copied + 5) / len(labels))
    assert found.accuracy_if_fixed == pytest.approx(5 / (len(labels) - copied))
    assert found.low < found.accuracy_if_fixed < found.high
    assert counterfactuals.without_copies(case, measure_clips(both[0], None), None) is None


def test_a_hand_that_is_missing_often_is_told_where_there_is_nothing_to_compare_with() -> None:
    ours, names = signs(1)
    random = np.random.default_rng(2)
    for array in ours:
        array[random.random(len(array)) < 0.5, :6] = 0
    found = measure_clips(clips_of(ours, names), None)
    assert [one.id for one in landmarks.ask(found).findings] == ["hand-missing-in-one-file"]


def test_a_scale_that_helps_is_chosen_on_one_half_and_scored_on_the_other() -> None:
    clips = make_clips(NAMES, IDS)
    random = np.random.default_rng(3)
    wrong = scored(clips, random.permutation(IDS).tolist(), classes=K + 1)
    noise = {f"times {2**n}": scored(clips, random.permutation(IDS).tolist(), classes=K + 1) for n in range(8)}
    assert realigned.best(wrong, noise, None) is None
    found = realigned.best(wrong, noise | {"times 0.25": scored(clips, IDS, classes=K + 1)}, None)
    assert found is not None
    assert found[0] == "times 0.25"
    assert found[1].accuracy_if_fixed == 1.0
    assert [one.id for one in realigned.ask(found, None).findings] == ["another-scale-helps"]


def test_gates_are_driven_to_their_ends_by_features_on_another_scale_alone() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.LSTM(12, 16, batch_first=True))
    random = np.random.default_rng(4)
    frames = [random.normal(size=(9, 12)).astype(np.float32) for _ in range(5)]

    def source(factor: float) -> ClipSource:
        return ClipSource(
            "val", np.full(5, 9), np.ones(5, np.int64), 12, lambda index: frames[index] * np.float32(factor), None
        )

    plain, large = saturated_share(module, source(1)), saturated_share(module, source(256))
    assert plain is not None
    assert large is not None
    assert plain < 0.01
    assert large > 0.9
    assert saturated_share(nn.Linear(12, 3), source(1)) is None
    assert [one.id for one in realigned.ask(None, None, large).findings] == ["features-saturate-gates"]
    assert realigned.ask(None, None, plain).findings == ()


def test_the_corrected_vocabulary_is_a_vocabulary_that_this_program_reads(tmp_path: Path) -> None:
    from asl_inspector.bundled_files import demo_files
    from asl_inspector.inspection import Inspector
    from asl_inspector.report.exporting import VOCABULARY, export
    from asl_inspector.samples.records import Vocabulary

    inspector = Inspector()
    inspector.add(demo_files())
    inspected = inspector.inspect()
    target = tmp_path / "vocabulary_corrected.json"
    export(inspected, target, VOCABULARY)
    told = json.loads(target.read_text())
    audit = inspected.diagnosis.labels
    assert audit is not None
    assert told["gloss_to_id"] == {gloss: number for number, gloss in audit.reference_glosses.items()}
    assert len(told["clips"]) == int((audit.learned_ids >= 0).sum())
    assert len(told["renumbered"]) > 0
    case = Inspector().add([target])
    opened = [one.opened for one in case.files]
    assert isinstance(opened[0], Vocabulary)
    assert opened[0].gloss_to_id == told["gloss_to_id"]


def test_features_that_never_change_in_validation_are_named_unless_training_has_them_so_too() -> None:
    (ours, names), (theirs, their_names) = signs(1), signs(2)
    for array in ours:
        array[:, [2, 3]] = 1.5
    data = measure_clips(clips_of(ours, names), clips_of(theirs, their_names, name="train"))
    found = data_quality.ask(evidence(validation=None), data)
    assert data is not None
    assert data.validation is not None
    assert data.train is not None
    assert data.validation.columns is not None
    assert data.train.columns is not None
    assert data_quality._still(data.validation.columns, data.train.columns) == (2, 3)
    assert data_quality._still(data.validation.columns, data.validation.columns) == ()
    assert "features-still-in-validation" in [one.id for one in found.findings]


def test_the_layer_that_answers_is_never_frozen_on_purpose(tmp_path: Path) -> None:
    from asl_inspector.inspection import Inspector

    torch.manual_seed(0)
    parts = nn.ModuleDict(
        {"encoder": nn.ModuleDict({"lstm": nn.LSTM(6, 40, bidirectional=True)}), "classifier": nn.Linear(80, 5)}
    )
    for left_out, expected in (("classifier.", True), ("encoder.", False)):
        given = [one for name, one in parts.named_parameters() if not name.startswith(left_out)]
        optimizer = torch.optim.Adam(given, lr=1e-3)
        optimizer.zero_grad()
        sum(one.square().sum() for one in given).backward()  # type: ignore[union-attr]
        optimizer.step()
        kept = {
            "model_state_dict": parts.state_dict(),
            "optimizer_state_dict": optimizer.state_dict(),
            "vocab_size": 5,
            "config": {"architecture": "bilstm_ctc", "blank_id": 0, "criterion": "ctc"},
        }
        path = tmp_path / f"{left_out}pt"
        torch.save(kept, path)
        inspector = Inspector()
        inspector.add([path])
        found = inspector.inspect().diagnosis
        assert ("head-never-trained" in [one.id for one in found.findings]) == expected
        if expected:
            assert found.causes[0].id == "layers-never-trained"
