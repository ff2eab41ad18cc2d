"""The first page of the report: figures, the gravest symptoms, the causes in order, the first steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asl_inspector.diagnosis.findings import Finding
from asl_inspector.diagnosis.records import Accuracy, Cause
from asl_inspector.report.contents import Inspected
from asl_inspector.report.continuous_parts import continuous_tile
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import list_part, section_part, small_part, table_part, text_part
from asl_inspector.visible_text import visible

MOST_SYMPTOMS = 5
MOST_CAUSES = 6
MOST_ACTIONS = 3
LONGEST = 260
PLAIN_NEED = re.compile(r"Add (the [\w ]+?)(?: and (the [\w ]+))?\.")
NO_SYMPTOM = "Nothing that was looked at is out of the ordinary."
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


def _accuracy_tile(title: str, found: Accuracy | None, missing: str) -> dict[str, Json]:
    if found is None:
        return {"title": title, "value": "–", "note": missing, "alarm": False}
    note = f"{100 * found.value:.2f} %, 95 %: {100 * found.low:.1f} to {100 * found.high:.1f}"
    return {"title": title, "value": f"{found.correct} / {found.of}", "note": note, "alarm": False}


def tiles(inspected: Inspected) -> list[Json]:
    """Figures that stand in boxes under the verdict."""
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


def front(inspected: Inspected) -> list[Json]:
    """What the first page tells under the figures: symptoms, causes, first actions."""
    found, actions = symptoms(inspected), plan(inspected)
    shown = [("", shortened(one)) for one in found[:MOST_SYMPTOMS]]
    parts: list[Json] = [list_part(shown) if shown else text_part(NO_SYMPTOM)]
    if len(found) > MOST_SYMPTOMS:
        parts.append(small_part(f"And {len(found) - MOST_SYMPTOMS} more, under All symptoms."))
    first = [("", shortened(one)) for one in actions[:MOST_ACTIONS]]
    return [
        section_part("Symptoms", parts),
        section_part("Causes", _cause_rows(inspected.diagnosis.causes)),
        section_part("First actions", [list_part(first, numbered=True)]),
    ]


def _cause_rows(causes: Sequence[Cause]) -> list[Json]:
    """One row a cause: how sure, how grave, and what mending it would give."""
    if not causes:
        return [text_part("No cause was found.")]
    rows = [
        [str(number), cause.title, cause.severity, confidence_words(cause.confidence), _if_fixed(cause)]
        for number, cause in enumerate(causes[:MOST_CAUSES], start=1)
    ]
    head = ["no.", "cause", "severity", "confidence", "accuracy if fixed"]
    parts: list[Json] = [table_part(head, [0, 3, 0, 0, 0], [True, False, False, False, True], rows)]
    if len(causes) > MOST_CAUSES:
        parts.append(small_part(f"And {len(causes) - MOST_CAUSES} more, under Causes in detail."))
    return parts


def _if_fixed(cause: Cause) -> str:
    found = cause.counterfactual
    if found is None:
        return "not computed"
    return f"{100 * found.accuracy_now:.1f} % to {100 * found.accuracy_if_fixed:.1f} %"


def confidence_words(confidence: float) -> str:
    """A confidence in words."""
    return "certain" if confidence >= 0.985 else f"{100 * confidence:.0f} %"


def shortened(text: str) -> str:
    """A sentence cut at a word where it would fill the page; it stands in full further on."""
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"


def symptoms(inspected: Inspected) -> list[str]:
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
    return sentences


def sound(inspected: Inspected) -> list[Finding]:
    """What was checked and gave no reason to worry."""
    findings = inspected.diagnosis.findings
    return [one for one in findings if one.severity == "info" and one.id not in FIGURES and one.question != "code"]


def plan(inspected: Inspected) -> list[str]:
    """What to do, in order: the cheapest step of each cause, what to drop to settle the rest, then look again."""
    steps = [cause.next_experiment for cause in inspected.diagnosis.causes]
    steps += merged_needs([one.needs for one in inspected.diagnosis.undetermined if one.needs])
    steps.append("Inspect the result again and compare it with this report.")
    return list(dict.fromkeys(steps))


def merged_needs(needs: Sequence[str]) -> list[str]:
    """What to drop, where each "Add the ... and the ..." joins the first such step, so that no file is asked for twice."""
    steps: list[str] = []
    files: list[str] = []
    place = None
    for one in needs:
        match = PLAIN_NEED.fullmatch(one)
        if match is None:
            steps.append(one)
            continue
        if place is None:
            place = len(steps)
        files += [file for file in match.groups() if file]
    if place is not None:
        known = list(dict.fromkeys(files))
        known = [one for one in known if not any(other.startswith(f"{one} of ") for other in known)]
        listed = ", ".join(known[:-1]) + " and " + known[-1] if len(known) > 1 else known[0]
        steps.insert(place, f"Add {listed}.")
    return list(dict.fromkeys(steps))
