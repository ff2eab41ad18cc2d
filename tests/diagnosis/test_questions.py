"""Each question on evidence made by hand: what it must see, and what it must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from diagnosis.stories import evidence, make_clips, scored

from asl_inspector.data.measuring import measure_clips
from asl_inspector.diagnosis import blanks, chance, collapse, data_quality, decoders, labels, overfitting, training
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.metadata import epoch_of_steps
from asl_inspector.history.records import History
from asl_inspector.samples.records import Vocabulary

GLOSSES = [f"g{number:02d}" for number in range(1, 41)]
IDS = {gloss: number for number, gloss in enumerate(GLOSSES, start=1)}
CLASSES = len(GLOSSES) + 1


def val(copies: int = 4, ids: dict[str, int] | None = None, seed: int = 0):  # type: ignore[no-untyped-def]
    names = [gloss for gloss in GLOSSES for _ in range(copies)]
    return make_clips(names, [(ids or IDS)[name] for name in names], path="val.pkl", seed=seed)


def train(copies: int = 8):  # type: ignore[no-untyped-def]
    names = [gloss for gloss in GLOSSES for _ in range(copies)]
    return make_clips(names, [IDS[name] for name in names], path="train.pkl", seed=9)


def answers_right(clips, share: float, seed: int = 1) -> list[int]:  # type: ignore[no-untyped-def]
    """The true ids in training for a share of the clips, another gloss for the others."""
    random = np.random.default_rng(seed)
    truth = [IDS[gloss] for gloss in clips.glosses]
    return [one if random.random() < share else 1 + (one + int(random.integers(1, 39))) % 40 for one in truth]


def ids_of(answers) -> set[str]:  # type: ignore[no-untyped-def]
    return {finding.id for finding in answers.findings}


# -- labels -----------------------------------------------------------------------------------------------------------


def shifted() -> dict[str, int]:
    """Numbering anew after two glosses are missing: what a per-split vocabulary does."""
    return {gloss: number if number < 3 else number - 2 for gloss, number in IDS.items()}


def test_equal_ids_agree() -> None:
    case = evidence(
        validation=scored(val(), [1] * 160, classes=CLASSES), train=scored(train(), [1] * 320, classes=CLASSES)
    )
    audit = labels.audit(case)
    assert audit is not None
    assert (audit.agree, audit.of, audit.clashes) == (160, 160, ())
    assert ids_of(labels.ask(case, audit)) == {"ids-agree"}


def test_shifted_ids_are_counted_and_named() -> None:
    clips = val(ids=shifted())
    case = evidence(
        validation=scored(clips, [1] * 160, classes=CLASSES), train=scored(train(), [1] * 320, classes=CLASSES)
    )
    audit = labels.audit(case)
    assert audit is not None
    assert (audit.agree, audit.of, len(audit.clashes)) == (8, 160, 38)
    (finding,) = labels.ask(case, audit).findings
    assert finding.severity == "critical"
    assert "8 of 160" in finding.sentence


def test_a_single_variant_spelling_is_a_warning_only() -> None:
    clips = val(copies=10)
    ids = clips.gloss_ids.copy()
    ids[0] = 7
    clips = make_clips(list(clips.glosses), ids.tolist())
    case = evidence(
        validation=scored(clips, [1] * 400, classes=CLASSES), train=scored(train(), [1] * 320, classes=CLASSES)
    )
    findings = labels.ask(case, labels.audit(case)).findings
    assert {finding.severity for finding in findings if finding.id == "ids-disagree"} == {"warning"}


def test_without_names_the_question_is_undetermined() -> None:
    clips = make_clips([None] * 8, [1] * 8)  # type: ignore[list-item]
    case = evidence(validation=scored(clips, [1] * 8, classes=CLASSES))
    answers = labels.ask(case, labels.audit(case))
    assert not answers.findings
    assert "training clips or the vocabulary" in answers.undetermined[0].needs


def test_a_vocabulary_in_which_glosses_share_an_id_is_named_and_not_scored_by() -> None:
    shared = {gloss: 1 + number // 2 for gloss, number in IDS.items()}
    vocabulary = Vocabulary(Path("v.json"), shared, {}, None)
    case = evidence(validation=scored(val(), [1] * 160, classes=CLASSES), vocabularies=(vocabulary,))
    audit = labels.audit(case)
    assert audit is not None
    assert not audit.certain
    assert "glosses-share-ids" in ids_of(labels.ask(case, audit))
    assert diagnose(case).by_name is None


def test_agreement_with_a_map_that_shares_ids_does_not_outvote_the_fault() -> None:
    shared = {gloss: 1 + number // 2 for gloss, number in IDS.items()}
    vocabulary = Vocabulary(Path("v.json"), shared, {}, None)
    case = evidence(validation=scored(val(ids=shared), [1] * 160, classes=CLASSES), vocabularies=(vocabulary,))
    assert "ids-agree-with-faulty-map" in ids_of(labels.ask(case, labels.audit(case)))
    assert diagnose(case).causes[0].id == "label-map-mismatch"


def test_glosses_that_training_lacks_are_counted_apart() -> None:
    names = ["new"] * 4 + ["g01"] * 4
    case = evidence(
        validation=scored(make_clips(names, [99] * 4 + [1] * 4), [1] * 8, classes=CLASSES),
        train=scored(train(), [1] * 320, classes=CLASSES),
    )
    audit = labels.audit(case)
    assert audit is not None
    assert (audit.agree, audit.unknown, audit.of) == (4, 4, 8)
    assert "unknown-glosses" in ids_of(labels.ask(case, audit))


def test_a_label_mismatch_comes_first_with_its_counterfactual_and_stops_the_overfitting_verdict() -> None:
    clips = val(ids=shifted())
    trained = train()
    case = evidence(
        validation=scored(clips, answers_right(clips, 0.7), classes=CLASSES),
        train=scored(trained, answers_right(trained, 1.0), classes=CLASSES),
    )
    found = diagnose(case)
    assert [cause.id for cause in found.causes] == ["label-map-mismatch"]
    assert found.verdict == "ill"
    fixed = found.causes[0].counterfactual
    assert fixed is not None
    assert fixed.accuracy_now < 0.1
    assert fixed.accuracy_if_fixed == pytest.approx(0.7, abs=0.08)
    assert any("overfitting" in one.question for one in found.undetermined)


# -- chance and overfitting -------------------------------------------------------------------------------------------


def test_two_percent_of_forty_glosses_is_at_chance() -> None:
    clips = val()
    tested = chance.compare_with_guessing(scored(clips, answers_right(clips, 0.025), classes=CLASSES), epochs=50)
    assert tested is not None
    assert not tested.above


def test_thirty_percent_is_above_chance_even_as_the_best_of_fifty() -> None:
    clips = val()
    tested = chance.compare_with_guessing(scored(clips, answers_right(clips, 0.3), classes=CLASSES), epochs=50)
    assert tested is not None
    assert tested.above


def test_saying_only_the_most_frequent_gloss_is_not_above_chance() -> None:
    names = ["g01"] * 60 + GLOSSES
    clips = make_clips(names, [IDS[name] for name in names])
    tested = chance.compare_with_guessing(scored(clips, [1] * 100, classes=CLASSES), epochs=None)
    assert tested is not None
    assert tested.accuracy.correct == 61
    assert not tested.above


@pytest.mark.parametrize(
    ("on_train", "on_validation", "severity"),
    [(0.95, 0.25, "critical"), (0.97, 0.60, "warning"), (0.90, 0.72, "info")],
)
def test_the_gap_weighs_by_what_validation_keeps(on_train: float, on_validation: float, severity: str) -> None:
    clips, trained = val(copies=10), train(copies=20)
    case = evidence(
        validation=scored(clips, answers_right(clips, on_validation), classes=CLASSES),
        train=scored(trained, answers_right(trained, on_train), classes=CLASSES),
    )
    (finding,) = overfitting.ask(case, labels_wrong=False, above_chance=True).findings
    assert (finding.id, finding.severity) == ("train-validation-gap", severity)


def test_no_gap_is_claimed_from_a_dozen_clips() -> None:
    clips, trained = (
        make_clips(GLOSSES[:12], list(range(1, 13))),
        make_clips(GLOSSES[:12], list(range(1, 13)), path="t"),
    )
    case = evidence(
        validation=scored(clips, [1, 2, 3, 4, 5, 6, 7, 9, 8, 11, 10, 13], classes=CLASSES),
        train=scored(trained, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 11], classes=CLASSES),
    )
    assert ids_of(overfitting.ask(case, labels_wrong=False, above_chance=True)) == {"no-gap"}


def test_a_gap_at_chance_is_no_overfitting_verdict() -> None:
    clips, trained = val(), train()
    case = evidence(
        validation=scored(clips, answers_right(clips, 0.02), classes=CLASSES),
        train=scored(trained, answers_right(trained, 0.95), classes=CLASSES),
    )
    answers = overfitting.ask(case, labels_wrong=False, above_chance=False)
    assert ids_of(answers) == {"gap-at-chance"}
    assert answers.undetermined


def test_without_training_clips_the_curves_can_only_raise_a_suspicion() -> None:
    history = History("log", (1, 2, 3, 4), train_loss=(4.0, 2.0, 1.0, 0.5), val_loss=(4.0, 3.0, 4.0, 5.0))
    clips = val()
    case = evidence(validation=scored(clips, answers_right(clips, 0.3), classes=CLASSES), history=history)
    answers = overfitting.ask(case, labels_wrong=False, above_chance=True)
    assert ids_of(answers) == {"losses-part"}
    assert answers.findings[0].severity == "info"
    assert answers.undetermined[0].needs == "Add the training clips."


# -- blanks -----------------------------------------------------------------------------------------------------------


def test_ninety_percent_blank_with_answers_is_normal() -> None:
    clips = val()
    case = scored(clips, answers_right(clips, 0.6), classes=CLASSES)
    measures = blanks.measure(case.predictions)
    assert measures.argmax_valid == 0.75
    assert measures.empty_share == 0
    assert "blanks-normal" in ids_of(blanks.ask(measures, blanks.sweep(case)))


def test_empty_clips_that_know_the_answer_are_a_fault_with_a_counterfactual() -> None:
    clips = val()
    truth = [IDS[gloss] for gloss in clips.glosses]
    said = [one if index % 4 == 0 else 0 for index, one in enumerate(truth)]
    case = scored(clips, said, classes=CLASSES, lead=3.0, hidden=truth)
    swept = blanks.sweep(case)
    assert swept is not None
    assert swept.best_bias >= 3.0
    assert (swept.before.value, swept.after.value) == (pytest.approx(0.25, abs=0.3), 1.0)
    assert "blank-hides-answers" in ids_of(blanks.ask(blanks.measure(case.predictions), swept))


def test_empty_clips_that_know_nothing_are_a_symptom_only() -> None:
    clips = val()
    random = np.random.default_rng(0)
    case = scored(clips, [0] * 160, classes=CLASSES, lead=3.0, hidden=random.integers(1, 40, 160).tolist())
    found = blanks.ask(blanks.measure(case.predictions), blanks.sweep(case))
    assert "many-empty-clips" in ids_of(found)


def test_padding_is_counted_in_batches_of_sixteen_in_file_order() -> None:
    lengths = np.array([3] * 15 + [10] + [4, 6])
    assert blanks.padded_batches(lengths) == [(0, 16, 7 * 15), (16, 2, 2)]


# -- collapse and decoders --------------------------------------------------------------------------------------------


def test_one_answer_for_most_clips_is_a_collapse() -> None:
    case = scored(val(), [3] * 120 + list(range(1, 41)), classes=CLASSES)
    assert ids_of(collapse.ask(collapse.measure(case, 0))) == {"one-gloss-for-most"}


def test_a_weak_network_is_narrow_but_not_collapsed() -> None:
    case = scored(val(), [1 + index % 12 for index in range(160)], classes=CLASSES)
    findings = collapse.ask(collapse.measure(case, 0)).findings
    assert [(finding.id, finding.severity) for finding in findings] == [("narrow-answers", "info")]


def test_answers_as_varied_as_the_labels_are_sound() -> None:
    clips = val()
    case = scored(clips, answers_right(clips, 0.5), classes=CLASSES)
    assert ids_of(collapse.ask(collapse.measure(case, 0))) == {"answers-varied"}


def test_frame_counts_are_ordered_by_count_then_id() -> None:
    case = scored(make_clips(["a"] * 4, [1, 2, 3, 4]), [4, 2, 4, 2], classes=CLASSES)
    measures = collapse.measure(case, padded_frames=3)
    assert measures.frame_counts == ((0, 12), (2, 2), (4, 2))
    assert measures.padded_counts == ((0, 15), (2, 2), (4, 2))
    assert (measures.unique_valid, measures.unique_nonblank) == (3, 2)


def test_a_decoder_that_is_clearly_better_is_named() -> None:
    clips = val()
    truth = [IDS[gloss] for gloss in clips.glosses]
    said = [one if index % 2 else 0 for index, one in enumerate(truth)]
    assert ids_of(decoders.ask(scored(clips, said, classes=CLASSES, hidden=truth), None)) == {"decoder-hides-answers"}


# -- data and training ------------------------------------------------------------------------------------------------


def test_copied_clips_are_a_leak() -> None:
    clips = val()
    same = make_clips(list(clips.glosses), clips.gloss_ids.tolist(), path="train.pkl", seed=0)
    case = evidence(
        validation=scored(clips, [1] * 160, classes=CLASSES), train=scored(same, [1] * 160, classes=CLASSES)
    )
    finding = next(
        one
        for one in data_quality.ask(case, measure_clips(case.case.validation, case.case.train)).findings
        if one.id == "validation-in-training"
    )
    assert finding.severity == "critical"
    assert finding.evidence["same_features"] == 160


def test_features_on_another_scale_are_named() -> None:
    clips, other = val(), train()
    scaled = np.frombuffer(other.content, np.float32) * 100 + 5
    from dataclasses import replace

    other = replace(other, content=scaled.tobytes())
    case = evidence(
        validation=scored(clips, [1] * 160, classes=CLASSES), train=scored(other, [1] * 320, classes=CLASSES)
    )
    assert "scales-differ" in ids_of(data_quality.ask(case, measure_clips(case.case.validation, case.case.train)))


def test_features_of_other_signers_are_not() -> None:
    clips, other = val(), train()
    moved = np.frombuffer(other.content, np.float32) * 1.4 + 0.5
    from dataclasses import replace

    other = replace(other, content=moved.astype(np.float32).tobytes())
    case = evidence(
        validation=scored(clips, [1] * 160, classes=CLASSES), train=scored(other, [1] * 320, classes=CLASSES)
    )
    assert "same-scale" in ids_of(data_quality.ask(case, measure_clips(case.case.validation, case.case.train)))


def test_a_network_that_does_not_fit_its_training_clips_is_named() -> None:
    trained = train()
    case = evidence(train=scored(trained, answers_right(trained, 0.1), classes=CLASSES))
    assert ids_of(training.ask(case)) == {"poor-fit"}
    fitted = evidence(train=scored(trained, answers_right(trained, 0.9), classes=CLASSES))
    assert not training.ask(fitted).findings


@pytest.mark.parametrize(
    ("steps", "stated", "clips", "epoch"),
    [
        (2550, 49, 806, 50),
        (2499, 49, 806, 49),
        (1071, 21, 806, 21),
        (2550, 49, None, 50),
        (2499, 49, None, 49),
        (1530, 30, 806, 30),
        (None, 30, 806, None),
        (7, 30, None, None),
    ],
)
def test_the_epoch_that_steps_amount_to(steps: int | None, stated: int, clips: int | None, epoch: int | None) -> None:
    assert epoch_of_steps(steps, stated, clips) == epoch


def test_nothing_known_gives_no_verdict() -> None:
    found = diagnose(evidence())
    assert found.verdict == "undetermined"
    assert not found.causes
    assert found.undetermined


def test_with_training_clips_alone_the_validation_clips_are_asked_for() -> None:
    clips = train()
    case = evidence(train=scored(clips, answers_right(clips, 0.9), classes=CLASSES))
    (asked,) = overfitting.ask(case, labels_wrong=False, above_chance=None).undetermined
    assert asked.needs == "Add the validation clips."


def test_one_clip_is_not_compared_with_another() -> None:
    """Two clips differ by what is signed in them: no scale of a file can be told from one."""
    ours, theirs = val(copies=1), train(copies=1)
    few = make_clips(["g01"], [1], path="val.pkl", seed=1), make_clips(["g02"], [2], path="train.pkl", seed=2)
    for validation, trained, compared in ((ours, theirs, True), (*few, False)):
        measures = measure_clips(validation, trained)
        case = evidence(validation=scored(validation, [1] * len(validation), classes=CLASSES))
        answers = data_quality.ask(case, measures)
        assert ("same-scale" in ids_of(answers)) is compared
        assert [one.question for one in answers.undetermined] == (
            [] if compared else ["Are the features prepared alike?"]
        )
