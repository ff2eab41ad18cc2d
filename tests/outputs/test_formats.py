"""Every format in which outputs are saved gives the same accuracy, computed here with `argmax`."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from saved_answers import CLASSES, CLIPS, Answers, accuracy, finding, inspected, make_answers, make_frames, write_labels

from asl_inspector.inference.records import Settings
from asl_inspector.report.sample_table import sample_table

AUTSL = Path(__file__).resolve().parents[3] / "shared" / "cases" / "real" / "autsl_scores"


@pytest.fixture
def answers() -> Answers:
    return make_answers()


@pytest.mark.skipif(not AUTSL.is_dir(), reason="shared/cases/real/autsl_scores is not beside the project")
def test_the_real_case_autsl_scores_has_its_known_accuracies() -> None:
    found = inspected(AUTSL / "joint.pkl", AUTSL / "test_labels.csv", AUTSL / "SignList_ClassId_TR_EN.csv")
    assert accuracy(found) == (3568, 3742)
    measures = found.diagnosis.validation
    assert measures is not None
    assert measures.top5 is not None
    assert (measures.top5.correct, measures.top5.of) == (3723, 3742)
    assert "3,742 of 3,742 answers have a label in “test_labels.csv”, by clip name" in finding(found, "outputs-joined")
    assert found.saved is not None
    assert found.saved.scale == "raw"
    assert found.saved_names[0] == "abla"
    assert found.diagnosis.verdict == "healthy"


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("kind", ["float32", "float64", "lists", "mixed"])
def test_a_pickled_dict_of_one_array_a_clip(tmp_path: Path, answers: Answers, protocol: int, kind: str) -> None:
    held: dict[str, object] = {}
    for index, (name, row) in enumerate(zip(answers.names, answers.scores, strict=True)):
        if kind == "lists":
            held[name] = [float(one) for one in row]
        else:
            wide = kind == "float64" or (kind == "mixed" and index % 2)
            held[name] = row.astype(np.float64 if wide else np.float32)
    path = tmp_path / "test.pkl"
    path.write_bytes(pickle.dumps(held, protocol=protocol))
    found = inspected(path, write_labels(tmp_path / "labels.csv", answers, heading=""))
    assert accuracy(found) == (answers.correct, CLIPS)
    assert found.diagnosis.validation is not None
    assert found.diagnosis.validation.top5 is not None
    assert found.diagnosis.validation.top5.correct == answers.in_five


def test_scores_of_a_pickle_stay_in_the_file(tmp_path: Path, answers: Answers) -> None:
    path = tmp_path / "test.pkl"
    path.write_bytes(pickle.dumps(dict(zip(answers.names, answers.scores, strict=True)), protocol=4))
    outputs = inspected(path).case.outputs
    assert outputs is not None
    assert outputs.scores is not None
    assert outputs.scores.unpacked.size == 0
    np.testing.assert_array_equal(outputs.rows(np.array([3]), 1)[0, 0], answers.scores[3])


def test_a_pickled_dict_of_numpy_scalars_is_predictions(tmp_path: Path, answers: Answers) -> None:
    path = tmp_path / "predictions.pkl"
    path.write_bytes(pickle.dumps(dict(zip(answers.names, answers.predicted, strict=True))))
    found = inspected(path, write_labels(tmp_path / "labels.csv", answers))
    assert accuracy(found) == (answers.correct, CLIPS)
    assert found.diagnosis.validation is not None
    assert found.diagnosis.validation.top5 is None
    assert any("second" in one.question for one in found.diagnosis.undetermined)


def test_a_pickled_dict_of_entries_carries_its_labels(tmp_path: Path, answers: Answers) -> None:
    rows = zip(answers.names, answers.probabilities, answers.labels, strict=True)
    path = tmp_path / "run3.pkl"
    path.write_bytes(pickle.dumps({name: {"probs": scores, "label": label} for name, scores, label in rows}))
    found = inspected(path)
    assert accuracy(found) == (answers.correct, CLIPS)
    assert found.saved is not None
    assert found.saved.scale == "probabilities"
    assert found.saved.matched.how == "the file itself"


@pytest.mark.parametrize("compressed", [False, True])
def test_an_npz_of_logits_of_frames_with_lengths_and_labels(tmp_path: Path, answers: Answers, compressed: bool) -> None:
    frames, lengths = make_frames(answers)
    save = np.savez_compressed if compressed else np.savez
    save(
        tmp_path / "val.npz",
        logits=frames,
        lengths=lengths,
        labels=answers.labels + 1,
        clip_ids=np.array(answers.names),
    )
    found = inspected(tmp_path / "val.npz")
    assert accuracy(found) == (answers.correct, CLIPS)
    assert found.saved is not None
    assert found.saved.blank == 0
    assert found.saved.per_frame
    blanks = found.diagnosis.validation.blanks if found.diagnosis.validation else None
    assert blanks is not None
    assert blanks.argmax_valid == pytest.approx((lengths.sum() - CLIPS) / lengths.sum())  # one spike a clip
    assert found.validation is not None
    assert int(found.validation.predictions.starts[-1]) == int(lengths.sum())


def test_frames_of_padding_are_found_where_no_lengths_are_told(tmp_path: Path, answers: Answers) -> None:
    frames, lengths = make_frames(answers)
    np.savez(tmp_path / "val.npz", logits=frames, labels=answers.labels + 1)
    found = inspected(tmp_path / "val.npz")
    assert found.validation is not None
    np.testing.assert_array_equal(found.validation.predictions.lengths, lengths)
    assert accuracy(found) == (answers.correct, CLIPS)


def test_frames_before_clips_are_turned(tmp_path: Path, answers: Answers) -> None:
    frames, lengths = make_frames(answers)
    turned = np.ascontiguousarray(frames.swapaxes(0, 1))
    np.savez(tmp_path / "val.npz", logits=turned, lengths=lengths, labels=answers.labels + 1)
    found = inspected(tmp_path / "val.npz")
    assert accuracy(found) == (answers.correct, CLIPS)
    assert "frames x clips x classes" in finding(found, "outputs-joined")


def test_a_blank_that_is_said_comes_before_one_that_is_found(tmp_path: Path, answers: Answers) -> None:
    frames, lengths = make_frames(answers)
    np.savez(tmp_path / "val.npz", logits=frames, lengths=lengths, labels=answers.labels + 1)
    found = inspected(tmp_path / "val.npz", settings=Settings("cpu", blank=-1))
    assert found.saved is not None
    assert found.saved.blank is None
    assert accuracy(found)[0] == 0  # without a blank the class 0 wins every clip


@pytest.mark.parametrize("blank", [0, CLASSES])
@pytest.mark.parametrize("said", [True, False])
def test_glosses_that_no_file_numbers_are_numbered_around_the_blank(
    tmp_path: Path, answers: Answers, blank: int, said: bool
) -> None:
    frames, lengths = make_frames(answers)
    frames = np.roll(frames, -1, axis=2) if blank else frames
    np.savez(tmp_path / "val.npz", logits=frames, lengths=lengths, clip_ids=np.array(answers.names))
    rows = [f"{name},SIGN{label:02d}" for name, label in zip(answers.names, answers.labels.tolist(), strict=True)]
    (tmp_path / "labels.csv").write_text("\n".join(["clip,gloss", *rows]))
    settings = Settings("cpu", blank=blank if said else None)
    found = inspected(tmp_path / "val.npz", tmp_path / "labels.csv", settings=settings)
    assert found.saved is not None
    assert found.saved.blank == blank
    assert found.saved_names[1 if blank == 0 else 0] == "SIGN00"
    assert accuracy(found) == (answers.correct, CLIPS)
    assert not [cause for cause in found.diagnosis.causes if cause.id == "label-map-mismatch"]


@pytest.mark.parametrize("heading", ["clip,id", "video,idx"])
def test_a_table_of_clips_and_ids_with_a_heading_is_read_as_one_without(
    tmp_path: Path, answers: Answers, heading: str
) -> None:
    np.savez(tmp_path / "val.npz", logits=answers.scores, clip_ids=np.array(answers.names))
    for name in ("ids.csv", "val_labels.csv"):
        found = inspected(tmp_path / "val.npz", write_labels(tmp_path / name, answers, heading=heading))
        assert accuracy(found) == (answers.correct, CLIPS)


def test_a_beam_search_runs_over_saved_frames(tmp_path: Path, answers: Answers) -> None:
    frames, lengths = make_frames(answers)
    np.savez(tmp_path / "val.npz", logits=frames, lengths=lengths, labels=answers.labels + 1)
    found = inspected(tmp_path / "val.npz", settings=Settings("cpu", decoder="beam"))
    assert found.diagnosis.validation is not None
    measured = found.diagnosis.validation.accuracies["beam"]
    assert measured is not None
    assert measured.correct == answers.correct


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f8"])
def test_an_npy_of_scores_is_joined_by_order_and_says_so(
    tmp_path: Path, answers: Answers, order: str, kind: str
) -> None:
    np.save(tmp_path / "logits.npy", np.array(answers.scores, dtype=kind, order="F" if order == "F" else "C"))
    np.save(tmp_path / "labels.npy", answers.labels)
    found = inspected(tmp_path / "logits.npy", tmp_path / "labels.npy")
    wanted = int((answers.scores.astype(kind).argmax(axis=1) == answers.labels).sum())
    assert accuracy(found) == (wanted, CLIPS)
    assert "side by side in their order" in finding(found, "outputs-joined-by-order")


def test_an_npy_of_a_dict_is_read(tmp_path: Path, answers: Answers) -> None:
    held = dict(zip(answers.names, answers.scores, strict=True))
    np.save(tmp_path / "test.npy", np.array(held, dtype=object), allow_pickle=True)
    found = inspected(tmp_path / "test.npy", write_labels(tmp_path / "labels.csv", answers))
    assert accuracy(found) == (answers.correct, CLIPS)


def test_probabilities_are_told_from_their_numbers(tmp_path: Path, answers: Answers) -> None:
    np.save(tmp_path / "a.npy", answers.probabilities)
    found = inspected(tmp_path / "a.npy", write_labels(tmp_path / "labels.csv", answers))
    assert "holds probabilities of 12 classes" in finding(found, "saved-outputs")
    table = sample_table(found)
    assert table is not None
    np.testing.assert_allclose(table.confidence, answers.probabilities.max(axis=1), rtol=1e-5)
    assert found.diagnosis.validation is not None
    chosen = answers.probabilities[np.arange(CLIPS), answers.labels]
    assert found.diagnosis.validation.losses.mean_of_clips == pytest.approx(float(-np.log(chosen).mean()), rel=1e-5)


def test_raw_scores_claim_no_confidence_and_no_loss(tmp_path: Path, answers: Answers) -> None:
    np.save(tmp_path / "scores.npy", answers.scores)
    found = inspected(tmp_path / "scores.npy", write_labels(tmp_path / "labels.csv", answers))
    table = sample_table(found)
    assert table is not None
    assert np.isnan(table.confidence).all()
    assert np.isnan(table.loss).all()
    best = np.sort(answers.scores, axis=1)
    np.testing.assert_allclose(table.margin, best[:, -1] - best[:, -2], atol=1e-5)
    assert "no confidence is read from them" in finding(found, "saved-outputs")
    assert found.diagnosis.validation is not None
    assert found.diagnosis.validation.losses.mean_of_clips is None


@pytest.mark.parametrize("heading", ["clip,prediction", "video_id\tpred", "file;y_pred"])
def test_a_table_of_predictions(tmp_path: Path, answers: Answers, heading: str) -> None:
    between = next(one for one in ",\t;" if one in heading)
    rows = [f"{name}{between}{one}" for name, one in zip(answers.names, answers.predicted.tolist(), strict=True)]
    (tmp_path / "out.csv").write_text("\n".join([heading, *rows]))
    found = inspected(tmp_path / "out.csv", write_labels(tmp_path / "gt.csv", answers))
    assert accuracy(found) == (answers.correct, CLIPS)


def test_a_table_of_true_and_predicted_glosses_by_name(tmp_path: Path, answers: Answers) -> None:
    glosses = [f"GLOSS-{index}" for index in range(CLASSES)]
    rows = zip(answers.names, answers.labels.tolist(), answers.predicted.tolist(), strict=True)
    lines = [f"{name},{glosses[true]},{glosses[said]}" for name, true, said in rows]
    (tmp_path / "out.csv").write_text("\n".join(["clip,true,pred", *lines]))
    found = inspected(tmp_path / "out.csv")
    assert accuracy(found) == (answers.correct, CLIPS)
    table = sample_table(found)
    assert table is not None
    assert table.glosses[0] == glosses[answers.labels[0]]


@pytest.mark.parametrize("named", ["numbers", "class_", "glosses"])
def test_a_table_of_one_column_a_class(tmp_path: Path, answers: Answers, named: str) -> None:
    columns = {"numbers": "{}", "class_": "class_{}", "glosses": "G{}-SIGN"}[named]
    heading = ["clip", *(columns.format(index) for index in range(CLASSES))]
    rows = [[name, *map(str, scores)] for name, scores in zip(answers.names, answers.scores.tolist(), strict=True)]
    (tmp_path / "out.csv").write_text("\n".join(",".join(row) for row in [heading, *rows]))
    labels = tmp_path / "labels.csv"
    if named == "glosses":
        lines = [f"{name},G{one}-SIGN" for name, one in zip(answers.names, answers.labels.tolist(), strict=True)]
        labels.write_text("\n".join(["clip,gloss", *lines]))
    else:
        write_labels(labels, answers)
    found = inspected(tmp_path / "out.csv", labels)
    assert accuracy(found) == (answers.correct, CLIPS)


def test_columns_in_another_order_than_the_vocabulary_are_led_to_their_glosses(
    tmp_path: Path, answers: Answers
) -> None:
    order = np.random.default_rng(3).permutation(CLASSES)
    heading = ["clip", *(f"G{index}-SIGN" for index in order)]
    rows = [[name, *map(str, one)] for name, one in zip(answers.names, answers.scores[:, order].tolist(), strict=True)]
    (tmp_path / "out.csv").write_text("\n".join(",".join(row) for row in [heading, *rows]))
    (tmp_path / "vocabulary.csv").write_text("\n".join(["id,gloss", *(f"{one},G{one}-SIGN" for one in range(CLASSES))]))
    found = inspected(tmp_path / "out.csv", tmp_path / "vocabulary.csv", write_labels(tmp_path / "labels.csv", answers))
    assert accuracy(found) == (answers.correct, CLIPS)
    assert "not in the order of “vocabulary.csv”" in finding(found, "outputs-joined")


@pytest.mark.parametrize("form", ["scores", "ids", "rows"])
def test_json_is_read_like_a_pickle(tmp_path: Path, answers: Answers, form: str) -> None:
    if form == "scores":
        held: object = dict(zip(answers.names, answers.scores.tolist(), strict=True))
    elif form == "ids":
        held = dict(zip(answers.names, answers.predicted.tolist(), strict=True))
    else:
        rows = zip(answers.names, answers.predicted.tolist(), strict=True)
        held = [{"video_id": name, "prediction": one} for name, one in rows]
    (tmp_path / "results.json").write_text(json.dumps(held))
    found = inspected(tmp_path / "results.json", write_labels(tmp_path / "labels.csv", answers))
    assert accuracy(found) == (answers.correct, CLIPS)


@pytest.mark.parametrize("form", ["list", "columns", "predictions", "frames"])
def test_a_parquet_table(tmp_path: Path, answers: Answers, form: str) -> None:
    columns: dict[str, object] = {"clip": answers.names}
    if form == "list":
        columns |= {"scores": list(answers.scores), "label": answers.labels}
    elif form == "columns":
        columns |= {str(index): answers.scores[:, index] for index in range(CLASSES)} | {"label": answers.labels}
    elif form == "predictions":
        columns |= {"prediction": answers.predicted, "label": answers.labels}
    else:
        frames, lengths = make_frames(answers)
        cut = [one[:length].tolist() for one, length in zip(frames, lengths.tolist(), strict=True)]
        columns |= {"logits": cut, "label": answers.labels + 1}
    pq.write_table(pa.table(columns), tmp_path / "out.parquet")
    found = inspected(tmp_path / "out.parquet")
    assert accuracy(found) == (answers.correct, CLIPS)
    assert found.saved is not None
    assert found.saved.per_frame == (form == "frames")
    assert found.saved.form == "a Parquet table"
