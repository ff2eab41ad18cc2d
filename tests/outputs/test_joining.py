"""Answers and labels: what matched, what did not, and what was wrong with either. Nothing is dropped in silence."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from makers import Run
from saved_answers import CLASSES, CLIPS, Answers, accuracy, finding, inspected, make_answers, make_frames, write_labels

from asl_inspector.case.records import Role
from asl_inspector.errors import DataError
from asl_inspector.inspection import Inspector
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.report.contents import Inspected
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.sample_table import sample_table


@pytest.fixture
def answers() -> Answers:
    return make_answers()


def write_scores(path: Path, answers: Answers) -> Path:
    path.write_bytes(pickle.dumps(dict(zip(answers.names, answers.scores, strict=True))))
    return path


def problem_of(path: Path) -> str:
    inspector = Inspector()
    inspector.add([path])
    row = inspector.case.files[0].row
    return f"{row.problem} {row.advice}"


def test_clips_on_one_side_only_are_counted_and_named(tmp_path: Path, answers: Answers) -> None:
    labels = tmp_path / "labels.csv"
    rows = [f"{name},{one}" for name, one in zip(answers.names[:50], answers.labels.tolist(), strict=False)]
    labels.write_text("\n".join(["clip,label", *rows, "stranger,3"]))
    found = inspected(write_scores(tmp_path / "a.pkl", answers), labels)
    wanted = int((answers.predicted[:50] == answers.labels[:50]).sum())
    assert accuracy(found) == (wanted, 50)
    sentence = finding(found, "outputs-joined")
    assert "50 of 60 answers have a label" in sentence
    assert "10 answers have no label (“clip050”" in sentence
    assert "1 labels have no answer (“stranger”)" in sentence
    table = sample_table(found)
    assert table is not None
    assert len(table) == 61
    assert not table.ran[table.clip_ids.index("stranger")]


def test_names_that_match_nothing_are_critical_and_the_answers_still_shown(tmp_path: Path, answers: Answers) -> None:
    labels = tmp_path / "labels.csv"
    rows = [f"other{index},{one}" for index, one in enumerate(answers.labels.tolist())]
    labels.write_text("\n".join(["clip,label", *rows]))
    found = inspected(write_scores(tmp_path / "a.pkl", answers), labels)
    joined = next(one for one in found.diagnosis.findings if one.id == "outputs-joined")
    assert joined.severity == "critical"
    assert joined.sentence.startswith("0 of 60 answers have a label")
    assert any("How many answers are right" in one.question for one in found.diagnosis.undetermined)
    assert found.diagnosis.validation is not None
    assert sum(count for _, count in found.diagnosis.validation.histogram.clip_counts) == CLIPS


def test_names_are_shortened_where_no_whole_name_matches(tmp_path: Path, answers: Answers) -> None:
    labels = tmp_path / "labels.csv"
    pairs = zip(answers.names, answers.labels.tolist(), strict=True)
    labels.write_text(
        "\n".join(["path,label", *(f"videos/test/{name.upper()}_color.mp4,{one}" for name, one in pairs)])
    )
    found = inspected(write_scores(tmp_path / "a.pkl", answers), labels)
    assert accuracy(found) == (answers.correct, CLIPS)
    assert "by shortened clip name" in finding(found, "outputs-joined")


def test_counts_that_differ_are_not_joined_by_order(tmp_path: Path, answers: Answers) -> None:
    np.save(tmp_path / "scores.npy", answers.scores)
    np.save(tmp_path / "labels.npy", answers.labels[:-1])
    found = inspected(tmp_path / "scores.npy", tmp_path / "labels.npy")
    assert "60 answers" in found.problems[0].sentence
    assert "59 labels" in found.problems[0].sentence
    assert found.validation is None


def test_scores_that_are_nan_are_counted_and_left_out(tmp_path: Path, answers: Answers) -> None:
    answers.scores[4, 2] = np.nan
    answers.scores[7] = np.inf
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", answers))
    keep = np.isfinite(answers.scores).all(axis=1)
    assert accuracy(found) == (int((answers.predicted == answers.labels)[keep].sum()), CLIPS - 2)
    assert finding(found, "outputs-not-finite").startswith("2 of 60 clips")


def test_nothing_but_nan_is_a_problem_with_a_sentence(tmp_path: Path, answers: Answers) -> None:
    answers.scores[:] = np.nan
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", answers))
    assert "not finite" in found.problems[0].sentence


def test_ids_beyond_the_classes_are_a_class_count_mismatch(tmp_path: Path, answers: Answers) -> None:
    answers.labels[:6] = CLASSES + 3
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", answers))
    assert "6 validation clips have ids that the network has no output for" in finding(found, "ids-outside-outputs")
    assert found.diagnosis.causes[0].id == "class-count-mismatch"
    assert found.saved is not None
    assert found.saved.outside == 6


@pytest.mark.parametrize("shift", [1, -1])
def test_labels_off_by_one_are_a_label_map_mismatch(tmp_path: Path, answers: Answers, shift: int) -> None:
    labels = make_answers()
    labels.labels[:] = np.clip(answers.labels + shift, 0, CLASSES - 1)
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", labels))
    cause = found.diagnosis.causes[0]
    assert cause.id == "label-map-mismatch"
    assert cause.counterfactual is not None
    assert cause.counterfactual.accuracy_if_fixed > cause.counterfactual.accuracy_now + 0.5
    assert ("higher" if shift > 0 else "lower") in finding(found, "labels-shifted")


def test_right_labels_are_not_called_shifted(tmp_path: Path, answers: Answers) -> None:
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", answers))
    assert finding(found, "labels-shifted") == ""
    assert found.diagnosis.causes == ()
    assert found.diagnosis.verdict == "healthy"


def test_one_answer_for_all_is_a_class_collapse(tmp_path: Path, answers: Answers) -> None:
    answers.scores[:, 5] = 40
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", answers))
    assert found.diagnosis.causes[0].id == "class-collapse"


def decoder_that_hides(tmp_path: Path, answers: Answers) -> Inspected:
    """Most frames say a wrong gloss weakly, the last one the right gloss first in the greedy path never; exact scores win."""
    frames, lengths = make_frames(answers, lowest=9)
    wrong = 1 + (answers.predicted + 1) % CLASSES
    for clip, length in enumerate(lengths.tolist()):
        frames[clip, :length, 0] = 0
        frames[clip, : length - 1, 0] = 8
        frames[clip, :4, wrong[clip]] = 8.05  # four weak frames win the majority
        frames[clip, :4, 1 + answers.predicted[clip]] = 8.0
        frames[clip, length // 2 : length - 1, 1 + answers.predicted[clip]] = 7.9
        frames[clip, length // 2, 1 + answers.predicted[clip]] = 15
    np.savez(tmp_path / "val.npz", logits=frames, lengths=lengths, labels=answers.labels + 1)
    return inspected(tmp_path / "val.npz")


def test_another_decoder_that_knows_more_is_told(tmp_path: Path, answers: Answers) -> None:
    found = decoder_that_hides(tmp_path, answers)
    measures = found.diagnosis.validation
    assert measures is not None
    majority, score = measures.accuracies["majority"], measures.accuracies["score"]
    assert majority is not None
    assert score is not None
    assert score.correct > majority.correct
    told = finding(found, "decoder-hides-answers")
    assert f"{score.correct} instead of {majority.correct} of {majority.of} clips" in told


def test_another_decoder_that_knows_more_is_the_first_cause(tmp_path: Path, answers: Answers) -> None:
    assert decoder_that_hides(tmp_path, answers).diagnosis.causes[0].id == "decoder-mismatch"


def test_labels_that_disagree_with_those_beside_the_scores_are_counted(tmp_path: Path, answers: Answers) -> None:
    names = np.array(answers.names)
    np.savez(tmp_path / "val.npz", scores=answers.scores, labels=answers.labels, clip_ids=names)
    changed = make_answers()
    changed.labels[:8] = (changed.labels[:8] + 1) % CLASSES
    found = inspected(tmp_path / "val.npz", write_labels(tmp_path / "gt.csv", changed))
    assert finding(found, "outputs-labels-disagree").startswith("8 clips have one label in “val.npz”")


def test_glosses_outside_the_vocabulary_are_counted(tmp_path: Path, answers: Answers) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps({f"G{index}": index for index in range(CLASSES)}))
    lines = [f"{name},G{one}" for name, one in zip(answers.names, answers.labels.tolist(), strict=True)]
    lines[0] = f"{answers.names[0]},UNHEARD-OF"
    (tmp_path / "labels.csv").write_text("\n".join(["clip,gloss", *lines]))
    found = inspected(write_scores(tmp_path / "a.pkl", answers), tmp_path / "labels.csv", tmp_path / "vocab.json")
    assert finding(found, "outputs-unknown-glosses").startswith("1 glosses")
    assert accuracy(found)[1] == CLIPS - 1


def test_a_clip_that_repeats_is_counted(tmp_path: Path, answers: Answers) -> None:
    rows = [f"{name},{one}" for name, one in zip(answers.names, answers.predicted.tolist(), strict=True)]
    (tmp_path / "out.csv").write_text("\n".join(["clip,prediction", *rows, rows[0]]))
    found = inspected(tmp_path / "out.csv", write_labels(tmp_path / "labels.csv", answers))
    assert finding(found, "outputs-repeated").startswith("1 clips occur more than once")


def test_saved_outputs_meet_the_clips_of_a_feature_cache(tmp_path: Path, run: Run) -> None:
    inspector = Inspector()
    inspector.add([run.folder / "features_val.pkl"])
    clips = inspector.case.validation
    assert clips is not None
    scores = np.zeros((len(clips), int(clips.gloss_ids.max()) + 1), np.float32)
    scores[np.arange(len(clips)), clips.gloss_ids] = 3
    held = dict(zip(clips.ids, scores, strict=True)) | {"not among the clips": scores[0]}
    (tmp_path / "scores.pkl").write_bytes(pickle.dumps(held))
    found = inspected(run.folder / "features_val.pkl", tmp_path / "scores.pkl")
    assert accuracy(found) == (len(clips), len(clips))
    assert found.data is not None
    assert "1 answers have no label (“not among the clips”)" in finding(found, "outputs-joined")


def test_a_network_that_runs_comes_before_saved_outputs(tmp_path: Path, run: Run) -> None:
    answers = make_answers()
    found = inspected(*run.files, write_scores(tmp_path / "scores.pkl", answers))
    assert found.saved is None
    assert found.validation is not None
    assert found.validation.predictions.device != "saved outputs"


# -- shapes and damage ------------------------------------------------------------------------------------------------


def test_an_odd_number_of_scores_is_refused_with_the_clip_named(tmp_path: Path, answers: Answers) -> None:
    held = dict(zip(answers.names, answers.scores, strict=True)) | {"short one": answers.scores[0, :5]}
    path = tmp_path / "scores.pkl"
    path.write_bytes(pickle.dumps(held))
    assert "1 of 61 clips in “scores.pkl” do not have the 12 scores of the others: “short one” 5" in problem_of(path)


def test_turned_scores_are_refused_with_advice(tmp_path: Path, answers: Answers) -> None:
    np.savez(tmp_path / "val.npz", scores=answers.scores.T, labels=answers.labels)
    assert "The array is turned" in problem_of(tmp_path / "val.npz")


def test_lengths_beyond_the_frames_are_refused(tmp_path: Path, answers: Answers) -> None:
    frames, lengths = make_frames(answers)
    np.savez(tmp_path / "val.npz", logits=frames, lengths=lengths + 20, labels=answers.labels)
    assert "frames, but" in problem_of(tmp_path / "val.npz")


def test_columns_of_different_lengths_are_refused(tmp_path: Path, answers: Answers) -> None:
    np.savez(tmp_path / "val.npz", scores=answers.scores, labels=answers.labels, clip_ids=np.array(answers.names[:-2]))
    assert "not of one length" in problem_of(tmp_path / "val.npz")


def test_a_class_that_no_column_has_is_refused(tmp_path: Path, answers: Answers) -> None:
    heading = ["clip", *(f"class_{index}" for index in range(CLASSES) if index != 4)]
    rows = [[name, *map(str, one[:-1])] for name, one in zip(answers.names, answers.scores.tolist(), strict=True)]
    (tmp_path / "out.csv").write_text("\n".join(",".join(row) for row in [heading, *rows]))
    assert "4 is missing" in problem_of(tmp_path / "out.csv")


def test_a_row_of_another_width_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("clip,prediction\na,1\nb,2,3\nc,4\n")
    assert "Row 3 of “out.csv” has 3 cells, and its heading 2" in problem_of(tmp_path / "out.csv")


def test_a_file_that_shrank_is_told_and_not_read_beyond_its_end(tmp_path: Path, answers: Answers) -> None:
    inspector = Inspector()
    inspector.add([write_scores(tmp_path / "a.pkl", answers)])
    outputs = inspector.case.files[0].opened
    assert isinstance(outputs, SavedOutputs)
    cut = SavedOutputs(outputs.path, outputs.form, "scores", len(outputs), scores=outputs.scores, content=b"too short")
    with pytest.raises(DataError, match="cut short"):
        cut.rows(np.arange(3), 1)


# -- what is not taken for outputs ------------------------------------------------------------------------------------


def test_curves_weights_features_and_vocabularies_are_left_to_others(tmp_path: Path, run: Run) -> None:
    random = np.random.default_rng(0)
    curves = {"train_loss": random.random(50), "val_loss": random.random(50)}
    weights = {"layer.weight": random.random(64), "layer.bias": random.random(64)}
    features = {f"clip{index}": random.random((20, 36)).astype(np.float32) for index in range(8)}
    for name, held in (("a.pkl", curves), ("b.pkl", weights), ("c.pkl", features)):
        (tmp_path / name).write_bytes(pickle.dumps(held))
    (tmp_path / "d.pkl").write_bytes(pickle.dumps({f"GLOSS{index}": index for index in range(30)}))
    np.savez(tmp_path / "e.npz", features=random.random((5, 20, 36)), labels=np.arange(5))
    np.save(tmp_path / "f.npy", random.random((40, 36)))
    (tmp_path / "g.csv").write_text("epoch,train_loss,val_acc\n1,2.0,0.1\n2,1.5,0.2\n")
    (tmp_path / "h.csv").write_text("id,gloss\n0,HELLO\n1,BYE\n")
    shared = {f"GLOSS{index}": index % 25 for index in range(30)} | {"answer": 3, "output": 4}
    (tmp_path / "i.json").write_text(json.dumps(shared))
    (tmp_path / "j.json").write_text(json.dumps({"gloss_to_id": shared, "vocab_size": 30}))
    inspector = Inspector()
    inspector.add(sorted(tmp_path.glob("?.*")))
    assert not any(isinstance(one.opened, SavedOutputs) for one in inspector.case.files)
    roles = {one.row.path.name: one.row.role for one in inspector.case.files}
    assert roles["g.csv"] is Role.HISTORY
    assert [roles[name] for name in ("h.csv", "i.json", "j.json")] == [Role.VOCABULARY] * 3


def test_ids_that_may_be_either_become_labels_beside_scores_and_answers_beside_clips(tmp_path: Path) -> None:
    answers = make_answers()
    ids = write_labels(tmp_path / "test.csv", answers, heading="")
    inspector = Inspector()
    inspector.add([ids, write_scores(tmp_path / "a.pkl", answers)])
    assert {one.row.path.name: one.row.role for one in inspector.case.files} == {
        "a.pkl": Role.OUTPUTS,
        "test.csv": Role.LABELS,
    }
    inspector.remove(tmp_path / "a.pkl")
    write_labels(tmp_path / "labels.csv", answers)
    inspector.add([tmp_path / "labels.csv"])
    roles = {one.row.path.name: one.row.role for one in inspector.case.files}
    assert roles == {"test.csv": Role.OUTPUTS, "labels.csv": Role.LABELS}
    inspector.choose_role(ids, Role.LABELS)
    assert inspector.case.labels is not None
    assert inspector.case.labels.truth is not None


def test_the_json_tells_how_answers_and_labels_met(tmp_path: Path) -> None:
    answers = make_answers()
    found = inspected(write_scores(tmp_path / "a.pkl", answers), write_labels(tmp_path / "labels.csv", answers))
    told = inspection_json(found)["saved_outputs"]
    assert isinstance(told, dict)
    assert (told["scale"], told["classes"], told["blank"]) == ("raw", CLASSES, None)
    joined = told["joined"]
    assert isinstance(joined, dict)
    assert (joined["by"], joined["matched"], joined["labels_in"]) == ("clip name", CLIPS, "labels.csv")
