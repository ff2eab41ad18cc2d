"""`diagnose --json`: everything found about a case, as the contract has it."""

from __future__ import annotations

from asl_inspector.about import library_version, program_version
from asl_inspector.case.records import Case
from asl_inspector.checkpoints.records import Checkpoint, buffer_count, parameter_count
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Finding
from asl_inspector.diagnosis.records import (
    Cause,
    ClipMeasures,
    Diagnosis,
    LabelAudit,
    Reproduction,
    Stage1Verdict,
)
from asl_inspector.networks.records import Architecture
from asl_inspector.report.accuracy_json import accuracy_json
from asl_inspector.report.anonymising import anonymiser_of
from asl_inspector.report.choices import choices_json, settings_json
from asl_inspector.report.contents import Inspected
from asl_inspector.report.continuous_parts import continuous_json
from asl_inspector.report.epoch_parts import epochs_json
from asl_inspector.report.json_text import Json
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.probe_parts import probes_json, tests_json
from asl_inspector.report.run_json import data_json, history_json
from asl_inspector.report.samples_json import samples_json
from asl_inspector.report.saved_json import saved_json

SCHEMA = "asl-inspector/report/1"
TOP_LISTED = 10
BY_STATISTICS = {"labels-shifted", "labels-renumbered", "labels-fit-no-neighbour", "labels-of-other-clips"}


def inspection_json(inspection: Inspected, options: ReportOptions = STANDARD) -> dict[str, Json]:
    """The document of the contract; anonymised where the options say so, and whole in any case."""
    diagnosis = inspection.diagnosis
    found: dict[str, Json] = {
        "schema": SCHEMA,
        "program": {
            "version": program_version(),
            "torch": library_version("torch"),
            "device": inspection.validation.predictions.device if inspection.validation else None,
        },
        "case": _case(inspection.case),
        "checkpoint": _checkpoint(inspection.checkpoint, inspection.architecture, diagnosis.reproduction),
        "data": data_json(inspection.case.validation, inspection.case.train, inspection.data),
        "settings": settings_json(inspection),
        "predictions": _predictions(inspection),
        "saved_outputs": saved_json(inspection.saved),
        "labels": _labels(diagnosis.labels, diagnosis.findings),
        "stage1": _stage1(diagnosis.stage1),
        "history": history_json(inspection.history, diagnosis.run),
        "epochs": epochs_json(diagnosis.along),
        "verdict": diagnosis.verdict,
        "headline": diagnosis.headline,
        "causes": [_cause(cause) for cause in diagnosis.causes],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "probes": probes_json(diagnosis.probes),
        "tests": tests_json(diagnosis.tests),
        "samples": samples_json(inspection),
        "notes": _notes(inspection),
    }
    return anonymiser_of(inspection).document(found) if options.anonymise else found


def _case(case: Case) -> Json:
    return {
        "files": [
            {
                "path": str(one.row.path),
                "role": one.row.role.value,
                "why": one.row.why or one.row.problem,
                "sha256": one.row.sha256,
                "bytes": one.row.bytes,
            }
            for one in case.files
        ]
    }


def _checkpoint(checkpoint: Checkpoint | None, architecture: Architecture | None, told: Reproduction) -> Json:
    if checkpoint is None:
        return None
    contents = checkpoint.contents
    weights = list(checkpoint.weights.values())
    optimizer = contents.optimizer
    reproduced = {"val_acc": told.val_acc, "val_loss": told.val_loss}
    return {
        "format": checkpoint.format,
        "epoch": contents.epoch,
        "parameters": parameter_count(weights),
        "buffers": buffer_count(weights),
        "tensors": len(checkpoint.tensors),
        "architecture": architecture.description if architecture else None,
        "architecture_source": architecture.source if architecture else None,
        "assumptions": list(architecture.assumptions) if architecture else [],
        "choices": choices_json(architecture),
        "classes": architecture.classes if architecture else None,
        "blank": architecture.blank if architecture else None,
        "optimizer": None
        if optimizer is None
        else {
            "kind": optimizer.kind,
            "step": optimizer.step,
            "lr": optimizer.lr,
            "weight_decay": optimizer.weight_decay,
        },
        "stored": dict(contents.stored),
        "reproduces_stored": {key: reproduced.get(key) for key in contents.stored},
    }


def _predictions(inspection: Inspected) -> Json:
    scored, measures = inspection.validation, inspection.diagnosis.validation
    if scored is None or measures is None:
        return None
    by_name = inspection.diagnosis.by_name
    train, train_measures = inspection.train, inspection.diagnosis.train
    whole = _measured(scored, measures)
    accuracies = {name: accuracy_json(found) for name, found in measures.accuracies.items()}
    return {
        **whole,
        "accuracy": {**accuracies, "by_gloss_name": accuracy_json(by_name)},
        "continuous": continuous_json(inspection.diagnosis.continuous, inspection.diagnosis.continuous_train),
        "train": _measured(train, train_measures) if train is not None and train_measures is not None else None,
    }


def _measured(scored: Scored, measures: ClipMeasures) -> dict[str, Json]:
    predictions, blank, histogram = scored.predictions, measures.blanks, measures.histogram
    ran = int(predictions.ran.sum())
    return {
        "clips": ran,
        "of": len(scored.clips),
        "complete": predictions.complete,
        "device": predictions.device,
        "device_why": predictions.device_why,
        "seconds": round(predictions.seconds, 4),
        "clips_per_second": round(ran / predictions.seconds, 2) if predictions.seconds > 0 else None,
        "blank": None
        if blank is None
        else {
            "argmax_valid": blank.argmax_valid,
            "argmax_padded": blank.argmax_padded,
            "posterior_valid": blank.posterior_valid,
            "empty_share": blank.empty_share,
            "padding_reads_as": blank.padding_reads_as,
            "says": None
            if blank.outcomes is None
            else dict(zip(("none", "one", "several"), blank.outcomes, strict=True)),
        },
        "unique": {
            "valid": histogram.unique_valid,
            "padded": histogram.unique_padded,
            "valid_nonblank": histogram.unique_nonblank,
        },
        "top": [list(pair) for pair in histogram.frame_counts[:TOP_LISTED]],
        "top_padded": [list(pair) for pair in histogram.padded_counts[:TOP_LISTED]],
        "accuracy": {name: accuracy_json(found) for name, found in measures.accuracies.items()},
        "top5": accuracy_json(measures.top5),
        "loss": {"mean_of_clips": measures.losses.mean_of_clips, "mean_of_batches": measures.losses.mean_of_batches},
    }


def _labels(audit: LabelAudit | None, findings: tuple[Finding, ...]) -> Json:
    if audit is None:
        by_statistics = any(one.id in BY_STATISTICS for one in findings)
        return {"agree": None, "of": None, "checked_by": "statistics" if by_statistics else None}
    return {"agree": audit.agree, "of": audit.of, "checked_by": "gloss-names"}


def _stage1(stage1: Stage1Verdict) -> Json:
    known = bool(stage1.tensors)
    return {
        "verdict": stage1.verdict,
        "tensors_equal": stage1.tensors_equal if known else None,
        "tensors": stage1.tensors if known else None,
        "numbers_equal": stage1.numbers_equal if known else None,
        "numbers": stage1.numbers if known else None,
        "shape_blocked": list(stage1.shape_blocked),
        "missing": list(stage1.missing),
        "claimed": stage1.claimed,
    }


def _cause(cause: Cause) -> Json:
    found = cause.counterfactual
    return {
        "id": cause.id,
        "title": cause.title,
        "confidence": round(cause.confidence, 4),
        "severity": cause.severity,
        "for": list(cause.supporting),
        "against": list(cause.opposing),
        "counterfactual": None
        if found is None
        else {
            "accuracy_now": found.accuracy_now,
            "accuracy_if_fixed": found.accuracy_if_fixed,
            "low": found.low,
            "high": found.high,
            "how": found.how,
        },
        "would_change": cause.would_change,
        "next_experiment": cause.next_experiment,
        "expectation": cause.expectation,
        "fix": {"text": cause.fix, "snippet": cause.snippet},
    }


def _finding(finding: Finding) -> Json:
    return {
        "id": finding.id,
        "question": finding.question,
        "severity": finding.severity,
        "sentence": finding.sentence,
        "evidence": dict(finding.evidence),
        "where": finding.where,
    }


def _notes(inspection: Inspected) -> list[Json]:
    """Why figures are missing, what could not be done, and what could not be determined."""
    diagnosis: Diagnosis = inspection.diagnosis
    notes = [f"{problem.sentence} {problem.advice}".strip() for problem in inspection.problems]
    notes += [f"{one.question} {one.sentence} {one.needs}".strip() for one in diagnosis.undetermined]
    notes += inspection.case.notes
    notes += [note for one in (inspection.validation, inspection.train) if one for note in one.predictions.notes]
    notes += inspection.checkpoint.notes if inspection.checkpoint else ()
    for one in inspection.case.files:
        if one.row.problem:
            notes.append(one.row.problem)
    if inspection.case.train is None:
        notes.append("predictions.train and data.train are null: the training clips were not given.")
    return list(dict.fromkeys(notes))
