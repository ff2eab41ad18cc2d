"""Every figure over the real cases against their truth: counts exactly, ratios to 1e-6, losses to 1e-4.

The cases lie beside the project and are not part of it; without them these tests are skipped by name.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from conftest import CASES, ROOT

from asl_inspector.inspection import Inspector
from asl_inspector.report.contents import Inspected
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.report.pdf import pdf_report

NAMES = ("seed", "overfit", "overfit_epoch50", "stage1_load_failed", "healthy", "stage2_trainer")
BORROWED = ("features_train_wlasl100.pkl", "features_val_wlasl100.pkl")
STARTING_WITH_HISTORY = ("seed", "overfit", "stage1_load_failed", "healthy", "stage2_trainer")

pytestmark = pytest.mark.usefixtures("cases")


def files_of(name: str) -> list[Path]:
    """The files of a case; two cases use the data of `overfit`."""
    files = [path for path in sorted((CASES / name).iterdir()) if not path.name.startswith("truth")]
    if name in ("overfit_epoch50", "stage1_load_failed"):
        files += [CASES / "overfit" / data for data in BORROWED]
    return files


@cache
def inspected(name: str) -> Inspected:
    inspector = Inspector()
    inspector.add(files_of(name))
    inspector.hash_files()
    return inspector.inspect()


@cache
def report(name: str) -> dict[str, Any]:
    return json.loads(to_json(inspection_json(inspected(name))))


@cache
def truth(name: str) -> dict[str, Any]:
    return json.loads((CASES / name / "truth.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_json_follows_the_schema(name: str) -> None:
    jsonschema.validate(report(name), json.loads((ROOT / "docs" / "report.schema.json").read_text()))


@pytest.mark.parametrize("part", ["val", "train_eval_mode"])
@pytest.mark.parametrize("name", NAMES)
def test_predictions_equal_the_truth(name: str, part: str) -> None:
    wanted = truth(name)[part]
    found = report(name)["predictions"]
    found = found if part == "val" else found["train"]
    assert found["clips"] == wanted["n"]
    assert found["accuracy"]["majority"]["correct"] == wanted["majority_correct"]
    assert found["accuracy"]["first_token"]["correct"] == wanted["first_token_correct"]
    assert found["accuracy"]["majority"]["of"] == wanted["n"]
    assert found["blank"]["argmax_valid"] == pytest.approx(wanted["blank_ratio_valid"], abs=1e-6)
    assert found["blank"]["argmax_padded"] == pytest.approx(wanted["blank_ratio_incl_padding"], abs=1e-6)
    assert found["blank"]["empty_share"] == pytest.approx(wanted["all_blank_samples"] / wanted["n"], abs=1e-6)
    assert {str(found["blank"]["padding_reads_as"])} == set(wanted["padding_frames_predicted_as"])
    assert found["unique"] == {
        "valid": wanted["unique_valid"],
        "padded": wanted["unique_incl_padding"],
        "valid_nonblank": wanted["unique_valid_nonblank"],
    }
    assert found["top"] == wanted["top10_valid"]
    assert found["top_padded"] == wanted["top10_incl_padding"]
    assert found["loss"]["mean_of_clips"] == pytest.approx(wanted["loss_mean_of_samples"], abs=1e-4)
    assert found["loss"]["mean_of_batches"] == pytest.approx(wanted["loss_mean_of_batches"], abs=1e-4)


@pytest.mark.parametrize("part", ["val", "train_eval_mode"])
@pytest.mark.parametrize("name", NAMES)
def test_mean_of_batches_and_padded_frames_equal_the_truth(name: str, part: str) -> None:
    diagnosis, wanted = inspected(name).diagnosis, truth(name)[part]
    measures = diagnosis.validation if part == "val" else diagnosis.train
    assert measures is not None
    assert measures.blanks.mean_of_batches == pytest.approx(wanted["blank_ratio_mean_of_batches"], abs=1e-6)
    assert measures.blanks.padded_frames == wanted["frames_incl_padding"] - wanted["frames_valid"]


@pytest.mark.parametrize("name", NAMES)
def test_every_clip_equals_the_truth(name: str) -> None:
    scored = inspected(name).validation
    assert scored is not None
    with (CASES / name / "truth_samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    frames = scored.predictions.frame_argmax()
    assert len(rows) == len(scored.clips)
    for index, row in enumerate(rows):
        part = frames[scored.predictions.starts[index] : scored.predictions.starts[index + 1]]
        assert scored.clips.ids[index] == row["video_id"]
        assert scored.clips.glosses[index] == row["gloss"]
        assert int(scored.clips.gloss_ids[index]) == int(row["true_id"])
        assert len(part) == int(row["length"])
        assert int((part == 0).sum()) == int(row["blank_frames"])
        assert int(scored.majority[index]) == int(row["majority_id"])
        assert int(scored.first_token[index]) == int(row["first_token_id"] or 0)
        assert float(scored.predictions.loss[index]) == pytest.approx(float(row["ctc_loss"]), abs=1e-4)
    audit = inspected(name).diagnosis.labels
    assert audit is not None
    assert audit.learned_ids.tolist() == [int(row["id_if_val_followed_train"]) for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_checkpoint_facts_equal_the_truth(name: str) -> None:
    found, wanted = report(name)["checkpoint"], truth(name)
    assert found["parameters"] == wanted["parameters"]
    assert found["classes"] == wanted["output_classes"]
    assert found["epoch"] == wanted["checkpoint_meta"]["epoch"]
    weights = inspected(name).checkpoint
    assert weights is not None
    assert {key: list(tensor.shape) for key, tensor in weights.weights.items()} == wanted["parameter_shapes"]
    claim = wanted.get("claim_check")
    if claim is not None:
        assert found["stored"]["val_acc"] == claim["val_acc_in_file"]
        assert found["reproduces_stored"]["val_acc"] is claim["matches"]


@pytest.mark.parametrize("name", NAMES)
def test_data_facts_equal_the_truth(name: str) -> None:
    found, wanted = report(name)["data"], truth(name)
    for part, key in (("validation", "val"), ("train", "train_eval_mode")):
        assert found[part]["clips"] == wanted[key]["n"]
        assert found[part]["frames"] == wanted[key]["frames_valid"]
        assert found[part]["features"] == 36
    if "class_counts" in wanted:
        assert found["validation"]["glosses"] == wanted["class_counts"]["val_classes"]
        assert found["train"]["glosses"] == wanted["class_counts"]["train_classes"]
    leaks = next(
        one for one in report(name)["findings"] if one["id"] in ("no-leak", "validation-in-training", "same-names")
    )
    assert leaks["evidence"]["same_features"] == wanted["leakage"]["val_samples_bit_equal_to_a_train_sample"]
    assert leaks["evidence"]["same_name"] == wanted["leakage"]["video_ids_in_both"]


@pytest.mark.parametrize("name", NAMES)
def test_label_audit_equals_the_truth(name: str) -> None:
    found, wanted = report(name), truth(name)["labels"]
    assert found["labels"]["agree"] == wanted["val_samples_whose_id_means_the_same_gloss_as_in_train"]
    assert found["labels"]["of"] == wanted["of"]
    assert found["labels"]["checked_by"] == "gloss-names"
    assert (
        found["predictions"]["accuracy"]["by_gloss_name"]["correct"]
        == wanted["majority_correct_if_val_ids_followed_train"]
    )


@pytest.mark.parametrize("name", STARTING_WITH_HISTORY)
def test_history_equals_what_was_printed(name: str) -> None:
    found, wanted = report(name)["history"], truth(name)["history"]
    assert found["epochs"] == wanted["epoch"]
    assert found["val_loss"] == pytest.approx(wanted["val_loss"], abs=1e-9)
    assert found["train_loss"] == pytest.approx(wanted["train_loss"], abs=1e-9)
    percent = wanted.get("val_acc", wanted.get("val_acc_pct"))
    assert [100 * value for value in found["val_acc"]] == pytest.approx(percent, abs=1e-9)
    if "exact" in wanted and percent and max(percent) > 0:
        assert found["best_epoch"] == wanted["exact"]["best_epoch"]


def test_stage_1_of_the_failed_load_equals_the_truth() -> None:
    found, wanted = report("stage1_load_failed")["stage1"], truth("stage1_load_failed")["stage1_load"]
    assert found["verdict"] == "partly"
    assert found["tensors_equal"] == wanted["encoder_tensors_equal_to_stage1_after_cell13"] == 14
    assert found["tensors"] == wanted["encoder_tensors"] == 16
    assert found["numbers_equal"] == wanted["elements_equal"] == 528_384
    assert found["numbers"] == wanted["elements"] == 565_248
    assert [key.removeprefix("encoder.") for key in found["shape_blocked"]] == list(wanted["shape_mismatch"])
    assert found["claimed"] is True


def causes(name: str) -> list[str]:
    return [cause["id"] for cause in report(name)["causes"]]


def test_the_seed_is_a_label_mismatch_and_nothing_that_its_author_thought() -> None:
    assert causes("seed")[0] == "label-map-mismatch"
    assert not {"overfitting", "stage1-not-loaded", "blank-collapse"} & set(causes("seed"))
    assert report("seed")["verdict"] == "ill"


def test_the_stage_2_trainer_is_a_label_mismatch() -> None:
    assert causes("stage2_trainer")[0] == "label-map-mismatch"
    assert report("stage2_trainer")["labels"]["agree"] == 0


def test_overfitting_is_named_where_it_is() -> None:
    assert causes("overfit")[0] == "overfitting"
    assert report("overfit")["predictions"]["accuracy"]["majority"]["correct"] == 42


def test_the_epoch_50_file_has_stale_metadata() -> None:
    assert "stale-metadata" in causes("overfit_epoch50")
    assert report("overfit_epoch50")["checkpoint"]["reproduces_stored"] == {
        "val_acc": False,
        "val_loss": False,
        "train_loss": None,
    }


def test_the_failed_load_is_named() -> None:
    assert "stage1-partly-loaded" in causes("stage1_load_failed")
    assert "overfitting" in causes("stage1_load_failed")


def test_the_healthy_run_is_healthy() -> None:
    assert report("healthy")["verdict"] == "healthy"
    assert not [one for one in report("healthy")["findings"] if one["severity"] == "critical"]
    assert not [one for one in report("healthy")["causes"] if one["severity"] == "critical"]


@pytest.mark.slow
def test_an_unrelated_stage_1_file_is_unrelated_and_none_is_undetermined() -> None:
    inspector = Inspector()
    inspector.add([*files_of("overfit"), CASES / "stage1_load_failed" / "stage1_checkpoint_best.pt"])
    found = inspector.inspect().diagnosis
    assert found.stage1.verdict == "unrelated"
    assert found.stage1.tensors_equal == 0
    assert "stage1-not-loaded" in [cause.id for cause in found.causes]
    assert inspected("overfit").diagnosis.stage1.verdict == "undetermined"


def test_a_stage_1_file_that_fits_nothing_is_not_loaded() -> None:
    inspector = Inspector()
    inspector.add([*files_of("stage2_trainer"), CASES / "stage1_load_failed" / "stage1_checkpoint_best.pt"])
    assert inspector.inspect().diagnosis.stage1.verdict == "not-loaded"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["seed", "healthy"])
def test_the_order_of_the_files_changes_nothing(name: str) -> None:
    inspector = Inspector()
    inspector.add(files_of(name)[::-1])
    again = inspector.inspect()
    assert [cause.id for cause in again.diagnosis.causes] == causes(name)
    first, second = inspected(name).validation, again.validation
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.majority, second.majority)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_typeset_for_every_case(name: str) -> None:
    assert pdf_report(inspected(name)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("stage1_load_failed", "Stage 1 was only partly loaded"),
        ("overfit_epoch50", "The file's metadata is of another epoch than its weights"),
    ],
)
def test_a_verdict_names_what_is_to_be_settled_before_its_cause(name: str, first: str) -> None:
    diagnosis = inspected(name).diagnosis
    assert diagnosis.headline == "The network knows its training clips by heart and little beyond them"
    assert diagnosis.summary.endswith(f" To be settled first: “{first}”.")
    assert "To be settled first" not in inspected("seed").diagnosis.summary
