"""The report's content as plain data, section by section. What is decided here is only what to say, not how it looks."""

from __future__ import annotations

import datetime

import numpy as np

from asl_inspector.about import library_version, program_version
from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.checkpoints.records import parameter_count
from asl_inspector.diagnosis.records import Accuracy, Cause, Counterfactual
from asl_inspector.networks.records import Architecture
from asl_inspector.report.charts import Axis, Chart, Series, bar_chart, histogram_chart
from asl_inspector.report.choices import tries_words
from asl_inspector.report.contents import Inspected
from asl_inspector.report.continuous_parts import continuous_section, continuous_tile
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import facts_part, section_part, sentences_of, table_part, text_part
from asl_inspector.report.run_sections import data_section, history_section
from asl_inspector.report.sample_table import SampleTable, sample_table
from asl_inspector.visible_text import visible

MOST_SAMPLES = 400
MOST_CLASHES = 120
MOST_BARS = 120
FIGURES = (
    "above-chance",
    "remap-helps",
    "remap-does-not-help",
    "blanks-normal",
    "padding-counted",
    "narrow-answers",
    "best-epoch-is-luck",
    "neighbour-baseline",
)


def document(inspected: Inspected) -> dict[str, Json]:
    """Everything that the template sets."""
    diagnosis = inspected.diagnosis
    name = inspected.checkpoint.path.name if inspected.checkpoint else "no checkpoint"
    sections = [
        _blank_section(inspected),
        _prediction_section(inspected),
        continuous_section(inspected),
        history_section(inspected),
        _label_section(inspected),
        _stage1_section(inspected),
        _checkpoint_section(inspected),
        data_section(inspected),
        _sample_section(inspected),
        _method_section(),
        _file_section(inspected),
    ]
    return {
        "title": f"Diagnosis of {visible(name)}: {diagnosis.headline}",
        "short_title": "Training diagnosis",
        "case_name": visible(name),
        "version": program_version(),
        "date": datetime.date.today().isoformat(),
        "headline": diagnosis.headline,
        "summary": visible(diagnosis.summary),
        "tiles": _tiles(inspected),
        "problems": [[visible(one.sentence), visible(one.advice)] for one in inspected.problems],
        "symptoms": _symptoms(inspected),
        "sound": _sound(inspected),
        "causes": [_cause(inspected, cause) for cause in diagnosis.causes],
        "plan": _plan(inspected),
        "undetermined": [[one.question, visible(one.sentence), one.needs] for one in diagnosis.undetermined],
        "sections": [section for section in sections if section is not None],
    }


# -- the first page -------------------------------------------------------------------------------------------------


def _accuracy_tile(title: str, found: Accuracy | None, missing: str) -> dict[str, Json]:
    if found is None:
        return {"title": title, "value": "–", "note": missing, "alarm": False}
    note = f"{100 * found.value:.2f} %, 95 %: {100 * found.low:.1f} to {100 * found.high:.1f}"
    return {"title": title, "value": f"{found.correct} / {found.of}", "note": note, "alarm": False}


def _tiles(inspected: Inspected) -> list[Json]:
    diagnosis = inspected.diagnosis
    validation, train, labels = diagnosis.validation, diagnosis.train, diagnosis.labels
    rate = continuous_tile(inspected)
    decoder = inspected.settings.decoder if validation and inspected.settings.decoder in validation.accuracies else ""
    measured = validation.accuracies[decoder or "majority"] if validation else None
    by = f" by {decoder.replace('_', ' ')}" if decoder not in ("", "majority") else ""
    tiles: list[Json] = [rate or _accuracy_tile(f"Validation accuracy{by}", measured, "not measured")]
    if labels is not None and labels.agree < labels.of and diagnosis.by_name is not None:
        tiles.append(_accuracy_tile("By gloss name", diagnosis.by_name, ""))
    if inspected.saved is not None and validation is not None and validation.top5 is not None:
        tiles.append(_accuracy_tile("Among the five best", validation.top5, ""))
    tiles.append(_accuracy_tile("Training accuracy", train.accuracies["majority"] if train else None, "not measured"))
    if labels is not None:
        value = f"{labels.agree} / {labels.of}"
        tiles.append(
            {"title": "Ids that agree", "value": value, "note": "by gloss name", "alarm": labels.agree < labels.of}
        )
    if validation is not None and validation.blanks is not None:
        empty = validation.blanks.empty_share
        note = "no clip comes out empty" if empty == 0 else f"{100 * empty:.1f} % of clips empty"
        value = f"{100 * validation.blanks.argmax_valid:.1f} %"
        tiles.append({"title": "Blank frames", "value": value, "note": note, "alarm": False})
    return tiles


def _symptoms(inspected: Inspected) -> list[Json]:
    """The findings that a reader would call symptoms, gravest first, then the figures of the run."""
    order = {"critical": 0, "warning": 1, "info": 2}
    findings = [one for one in inspected.diagnosis.findings if one.severity != "info" or one.id in FIGURES]
    findings.sort(key=lambda one: order[one.severity])
    sentences = [visible(one.sentence) for one in findings]
    losses = inspected.diagnosis.validation.losses if inspected.diagnosis.validation else None
    train = inspected.diagnosis.train.losses if inspected.diagnosis.train else None
    if losses is not None and losses.mean_of_clips is not None:
        beside = (
            f", {train.mean_of_clips:.2f} on training" if train is not None and train.mean_of_clips is not None else ""
        )
        sentences.append(f"Mean CTC loss in evaluation mode: {losses.mean_of_clips:.2f} nats on validation{beside}.")
    return list(sentences)


def _sound(inspected: Inspected) -> list[Json]:
    """What was checked and gave no reason to worry."""
    findings = inspected.diagnosis.findings
    rest = [one for one in findings if one.severity == "info" and one.id not in FIGURES and one.question != "code"]
    return [visible(one.sentence) for one in rest]


def confidence_words(confidence: float) -> str:
    """A confidence in words."""
    return "certain" if confidence >= 0.985 else f"confidence {100 * confidence:.0f} %"


def _cause(inspected: Inspected, cause: Cause) -> dict[str, Json]:
    sentences = {finding.id: visible(finding.sentence) for finding in inspected.diagnosis.findings}
    evidence: list[Json] = [["+", sentences[name]] for name in dict.fromkeys(cause.supporting)]
    evidence += [["–", sentences[name]] for name in dict.fromkeys(cause.opposing)]
    return {
        "title": cause.title,
        "severity": cause.severity,
        "confidence": confidence_words(cause.confidence),
        "evidence": evidence,
        "counterfactual": _counterfactual(cause.counterfactual),
        "next_experiment": cause.next_experiment,
        "fix": cause.fix,
        "snippet": cause.snippet.rstrip(),
    }


def _counterfactual(found: Counterfactual | None) -> Json:
    if found is None:
        return None
    limits = f"({100 * found.low:.0f} to {100 * found.high:.0f})"
    return {
        "now": found.accuracy_now,
        "then": found.accuracy_if_fixed,
        "limits": [found.low, found.high],
        "now_words": f"{100 * found.accuracy_now:.1f} %",
        "then_words": f"{100 * found.accuracy_if_fixed:.1f} % {limits}",
        "how": visible(found.how),
    }


def _plan(inspected: Inspected) -> list[Json]:
    """What to do, in order: the cheapest step of each cause, what to drop to settle the rest, then look again."""
    steps = [cause.next_experiment for cause in inspected.diagnosis.causes]
    steps += [one.needs for one in inspected.diagnosis.undetermined if one.needs]
    steps.append("Inspect the result again and compare it with this report.")
    return list(dict.fromkeys(steps))


# -- sections -------------------------------------------------------------------------------------------------------


def _blank_section(inspected: Inspected) -> dict[str, Json] | None:
    measures = inspected.diagnosis.validation
    found = measures.blanks if measures is not None else None
    if measures is None or found is None:
        return None
    shares = found.per_clip[np.isfinite(found.per_clip)]
    low = min(0.5, float(shares.min()))
    middle = (np.arange(len(found.profile)) + 0.5) / len(found.profile)
    whole = Axis(0.0, 1.0, percent=True)
    parts: list[Json] = [
        text_part(sentences_of(inspected, "blanks")),
        facts_part(
            [
                ("Blank frames, best class", f"{100 * found.argmax_valid:.4f} % of valid frames"),
                ("Blank probability, mean", f"{100 * found.posterior_valid:.4f} % over valid frames"),
                ("Empty clips", f"{100 * found.empty_share:.2f} % of clips"),
                ("Counted with padding", f"{100 * found.argmax_padded:.4f} %, in batches of 16 in file order"),
                ("Padded frames read as", "–" if found.padding_reads_as is None else f"class {found.padding_reads_as}"),
            ]
        ),
        histogram_chart(
            "Clips by their share of blank frames", "Histogram", "blank frames of a clip", shares, low, 1.0
        ).as_json(),
        Chart(
            title="Share of blank frames from the first to the last frame",
            alt="Share of blank frames along the clip",
            x_title="place in the clip",
            x=whole,
            y=whole,
            height=80,
            series=[Series("blank", middle, found.profile)],
        ).as_json(),
    ]
    sweep = inspected.diagnosis.sweep
    if sweep is not None:
        bias = np.array([point.bias for point in sweep.points])
        marks = [(0.0, "as trained")] + ([(sweep.best_bias, "best")] if sweep.best_bias else [])
        chart = Chart(
            title="What if the blank were less likely?",
            alt="Accuracy and share of empty clips against a bias on the blank",
            x_title="taken off the blank's logit",
            x=Axis(float(bias[0]), float(bias[-1])),
            y=whole,
            series=[
                Series("accuracy", bias, np.array([point.correct / point.of for point in sweep.points])),
                Series("empty clips", bias, np.array([point.empty_share for point in sweep.points]), dashed=True),
            ],
            marks=marks,
        )
        parts.append(chart.as_json())
    return section_part("Blank ratio", parts)


def _prediction_section(inspected: Inspected) -> dict[str, Json] | None:
    measures, table = inspected.diagnosis.validation, sample_table(inspected)
    if measures is None or table is None:
        return None
    found = measures.histogram
    truth_ids = table.learned_ids if table.scored_by_name else table.true_ids
    values, counts = np.unique(truth_ids[truth_ids >= 0], return_counts=True)
    truth = dict(zip(values.tolist(), counts.tolist(), strict=True))
    said = {number: count for number, count in found.clip_counts if number != table.blank}
    numbers = sorted(set(said) | set(truth))
    cut = len(numbers) > MOST_BARS
    if cut:
        numbers = sorted(numbers, key=lambda number: (-said.get(number, 0), number))[:MOST_BARS]
    names = [visible(table.name_of(number) or str(number))[:12] for number in numbers]
    parts: list[Json] = [
        text_part(sentences_of(inspected, "collapse") + " " + sentences_of(inspected, "decoders")),
        bar_chart(
            f"The {MOST_BARS} most frequent predictions" if cut else "Predictions by gloss",
            "Predicted and labelled clips by gloss",
            "gloss",
            names,
            [said.get(number, 0) for number in numbers],
            [truth.get(number, 0) for number in numbers],
        ).as_json(),
    ]
    rows = [
        [
            visible(table.name_of(number)) or "–",
            str(number),
            f"{frames:,}",
            f"{dict(found.clip_counts).get(number, 0):,}",
        ]
        for number, frames in found.frame_counts[:10]
    ]
    parts.append(
        table_part(
            ["most frequent class", "id", "valid frames", "clips"], [1, 0, 0, 0], [False, True, True, True], rows
        )
    )
    return section_part("Predictions", parts)


def _label_section(inspected: Inspected) -> dict[str, Json] | None:
    audit = inspected.diagnosis.labels
    if audit is None:
        return None
    parts: list[Json] = [text_part(sentences_of(inspected, "labels"))]
    if audit.clashes:
        rows = [
            [visible(one.gloss), str(one.there), str(one.here), str(one.clips)] for one in audit.clashes[:MOST_CLASHES]
        ]
        head = ["gloss", f"id in {audit.reference}", "id in validation", "clips"]
        parts.append(table_part(head, [2, 1, 1, 1], [False, True, True, True], rows))
        if len(audit.clashes) > MOST_CLASHES:
            parts.append(text_part(f"And {len(audit.clashes) - MOST_CLASHES} more glosses."))
    return section_part("Label audit", parts)


def _stage1_section(inspected: Inspected) -> dict[str, Json] | None:
    stage1 = inspected.diagnosis.stage1
    if not stage1.rows:
        return None
    rows = [
        [visible(row.a or ""), _shape(row.shape_a), _shape(row.shape_b), _trace_words(row), _number(row.cosine)]
        for row in stage1.rows
    ]
    parts: list[Json] = [
        text_part(sentences_of(inspected, "pretraining")),
        table_part(
            ["encoder tensor", "shape", "in Stage 1", "what became of it", "cosine"],
            [3, 1, 1, 2, 0],
            [False] * 4 + [True],
            rows,
        ),
    ]
    return section_part("Stage 1, tensor by tensor", parts)


def _trace_words(row: TensorComparison) -> str:
    if row.status == "shape-blocked":
        return "not copied: the shapes differ"
    if row.status == "only-a":
        return "not in the Stage 1 file"
    words = {
        "equal": "copied and unchanged",
        "trace": "copied, then trained",
        "faint": "too faint to tell",
        "constant": "constant: tells nothing",
        "small": "too small to tell",
        "no-trace": "no trace of Stage 1",
    }
    return words.get(row.trace or "", "unknown")


def _shape(shape: tuple[int, ...] | None) -> str:
    return "–" if shape is None else " × ".join(str(size) for size in shape) or "one number"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _checkpoint_section(inspected: Inspected) -> dict[str, Json] | None:
    checkpoint = inspected.checkpoint
    if checkpoint is None:
        return None
    contents, architecture = checkpoint.contents, inspected.architecture
    rows = [
        ("File", f"{visible(checkpoint.path.name)}, {checkpoint.format}, {checkpoint.bytes:,} bytes"),
        ("Network", architecture.description if architecture else "not rebuilt"),
        ("Parameters", f"{parameter_count(list(checkpoint.weights.values())):,}"),
        ("Tensors in the file", f"{len(checkpoint.tensors):,}"),
        ("Epoch stated", "–" if contents.epoch is None else str(contents.epoch)),
    ]
    rows += [(f"Stored {key}", f"{value:.6g}") for key, value in contents.stored.items()]
    told = inspected.diagnosis.reproduction
    if told.val_acc is not None:
        rows.append(("Reproduces the stored val_acc", "yes" if told.val_acc else "no"))
    if told.val_loss is not None:
        rows.append(("Reproduces the stored val_loss", "yes" if told.val_loss else "no"))
    optimizer = contents.optimizer
    if optimizer is not None:
        parts = [optimizer.kind or "unknown", f"{optimizer.step:,} steps" if optimizer.step is not None else ""]
        parts += [f"lr {optimizer.lr:g}" if optimizer.lr is not None else ""]
        parts += [f"weight decay {optimizer.weight_decay:g}" if optimizer.weight_decay is not None else ""]
        rows.append(("Optimizer", ", ".join(part for part in parts if part)))
    rows += [(visible(key), visible(str(value))) for key, value in list(contents.hyperparameters.items())[:20]]
    body: list[Json] = [facts_part(rows)]
    if architecture is not None:
        body.append(text_part("Assumed: " + visible(" ".join(architecture.assumptions))))
        body += _tried_table(architecture)
    if checkpoint.would_run:
        names = ", ".join(dict.fromkeys(visible(run.call) for run in checkpoint.would_run[:8]))
        body.append(text_part(f"An ordinary load of this file would import or call {names}. Nothing of it was run."))
    return section_part("Checkpoint", body)


def _tried_table(architecture: Architecture) -> list[Json]:
    """What the options of open choices gave, where they were tried against the stored figures."""
    rows = [[one.name, one.value, tries_words(one)] for one in architecture.choices if tries_words(one)]
    if not rows:
        return []
    return [table_part(["choice", "taken", "best accuracy of each option, tried"], [1, 1, 4], [False] * 3, rows)]


def _sample_section(inspected: Inspected) -> dict[str, Json] | None:
    table = sample_table(inspected)
    if table is None:
        return None
    shown = _chosen_samples(table)
    rows = [_sample_row(table, index) for index in shown]
    right = table.correct_by_name if table.scored_by_name else table.correct
    how = " by gloss name, because the file's own ids are wrong" if table.scored_by_name else ""
    words = f"{int(right.sum())} of {len(table)} clips are right{how}."
    if len(shown) < len(table):
        which = "clips with the highest loss" if _has_losses(table) else "wrong clips with the widest margin"
        words += f" The {len(shown)} {which} are listed; the whole table can be exported as CSV."
    head = ["clip", "true gloss", "id", "in training", "predicted", "id", "", "loss", "blank", "frames"]
    numeric = [False, False, True, True, False, True, False, True, True, True]
    return section_part("Samples", [text_part(words), table_part(head, [2, 2, 0, 0, 2, 0, 0, 0, 0, 0], numeric, rows)])


def _chosen_samples(table: SampleTable) -> list[int]:
    """All clips, or those with the highest loss where there are too many to print; without losses the wrong ones."""
    if len(table) <= MOST_SAMPLES:
        return list(range(len(table)))
    if not _has_losses(table):
        right = table.correct_by_name if table.scored_by_name else table.correct
        wrong = np.flatnonzero(table.ran & ~right)
        margin = np.where(np.isfinite(table.margin), table.margin, -np.inf)[wrong]
        return [int(index) for index in np.sort(wrong[np.argsort(-margin, kind="stable")[:MOST_SAMPLES]])]
    loss = np.where(np.isfinite(table.loss), table.loss, -np.inf)
    return [int(index) for index in np.sort(np.argsort(-loss, kind="stable")[:MOST_SAMPLES])]


def _has_losses(table: SampleTable) -> bool:
    return bool(np.isfinite(table.loss).any())


def _sample_row(table: SampleTable, index: int) -> list[str]:
    learned, true_id = int(table.learned_ids[index]), int(table.true_ids[index])
    ids = ["" if number < 0 else str(number) for number in (true_id, learned)]
    row = [visible(table.clip_ids[index]), visible(table.glosses[index]), *ids]
    if not table.ran[index]:
        return [*row, "not run", "", "", "", "", str(table.lengths[index])]
    guess = int(table.majority[index])
    right = table.correct_by_name if table.scored_by_name else table.correct
    loss = float(table.loss[index])
    return [
        *row,
        visible(table.name_of(guess)) or "–",
        str(guess),
        "right" if right[index] else "wrong",
        f"{loss:.2f}" if loss == loss else "",
        f"{100 * table.blank_share[index]:.0f} %" if table.blank >= 0 else "",
        str(table.lengths[index]),
    ]


def _method_section() -> dict[str, Json]:
    notes = [
        (
            "Accuracy",
            "Clips right, by the most frequent frame that is not blank (ties to the lowest id). Limits are Wilson's at 95 %.",
        ),
        ("By gloss name", "The same predictions, scored by the id that the clip's gloss has in training."),
        (
            "Exact score",
            "The gloss with the highest exact CTC probability of the whole clip being that gloss (Graves et al. 2006).",
        ),
        (
            "Word error rate",
            "Fewest edits from the greedy path to the glosses signed (S, D, I), over the glosses signed (Levenshtein 1966).",
        ),
        ("Chance", "One over the number of glosses; the best of E epochs reaches p with probability 1 - (1 - p)^E."),
        ("Blank", "Share of valid frames whose best class is the blank; padded frames are told apart."),
        (
            "Effective glosses",
            "exp of the entropy of the predictions (Hill 1973); the null draws as many labels of the same clips, 1,000 times.",
        ),
        (
            "Stage 1",
            "Hidden units agree one by one beyond random renumbering (Hoeffding 1951); an LSTM's two biases keep their difference.",
        ),
        ("Gap", "Training minus validation accuracy in evaluation mode, limits after Newcombe 1998, method 10."),
        (
            "Best of E epochs",
            "The largest of E binomial draws at chance (distribution F^E); bands are Wilson's for the clips behind the accuracies.",
        ),
        (
            "Shift",
            "Cohen's d of clip means; Kolmogorov-Smirnov tests corrected over all features (Benjamini and Hochberg 1995).",
        ),
        (
            "Nearest neighbour",
            "Clips brought to 16 frames, features over their training spread, Euclidean distance; no training is involved.",
        ),
        ("Confidence", "Logistic sum of the weights of evidence of the findings, starting at 2 %."),
    ]
    return section_part("What the figures mean", [facts_part(notes)])


def _file_section(inspected: Inspected) -> dict[str, Json]:
    rows: list[Json] = [
        [
            visible(one.row.path.name),
            f"{one.row.role.value}, {one.row.bytes:,} bytes",
            f"SHA-256 {one.row.sha256}" if one.row.sha256 else "not hashed",
        ]
        for one in inspected.case.files
    ]
    parts: list[Json] = [
        {"kind": "hashes", "rows": rows},
        text_part(
            f"ASL Inspector {program_version()}, torch {library_version('torch') or 'absent'}, "
            f"numpy {library_version('numpy') or 'absent'}. Nothing in these files was executed."
        ),
    ]
    return section_part("Files", parts)
