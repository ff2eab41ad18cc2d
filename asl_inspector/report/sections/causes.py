"""The causes, one after the other, with what speaks for and against each; and what to do about them."""

from __future__ import annotations

from asl_inspector.diagnosis.findings import Finding
from asl_inspector.diagnosis.records import Cause, Counterfactual
from asl_inspector.report.contents import Inspected
from asl_inspector.report.first_page import NO_SYMPTOM, confidence_words, plan, sound, symptoms
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import list_part, section_part, slug, small_part, text_part
from asl_inspector.visible_text import visible

SHOWN_IN = {  # questions, and the section that shows their figures
    "blanks": "Blank ratio",
    "collapse": "Predictions",
    "decoders": "Predictions",
    "chance": "Predictions",
    "confidence": "Predictions",
    "dependence": "Predictions",
    "outputs": "Predictions",
    "continuous": "Continuous recognition",
    "run": "Training history",
    "overfitting": "Training history",
    "training": "Training history",
    "learning_rate": "Training history",
    "along_epochs": "Training history",
    "labels": "Label audit",
    "classes": "Label audit",
    "pretraining": "Stage 1, tensor by tensor",
    "metadata": "Checkpoint",
    "weights": "Checkpoint",
    "data_quality": "Data",
    "landmarks": "Data",
    "nearest": "Data",
    "capacity": "Data",
    "agreement": "Data",
    "realigned": "Data",
    "structure": "Data",
    "separation": "Data",
    "learning": "Data",
    "effective_rank": "Data",
    "idle_layers": "Checkpoint",
    "padding": "Blank ratio",
    "temperature": "Predictions",
    "signers": "Predictions",
}


def symptom_section(inspected: Inspected) -> dict[str, Json]:
    """Every symptom, and what was checked and gave no reason to worry."""
    found = symptoms(inspected)
    parts: list[Json] = [list_part([("", one) for one in found]) if found else text_part(NO_SYMPTOM)]
    checked = _checked(inspected)
    if checked:
        parts += [small_part("Checked, and no reason to worry:"), list_part(checked)]
    return section_part("All symptoms", parts)


def _checked(inspected: Inspected) -> list[tuple[str, str]]:
    """What was checked and found sound, gathered by the section that shows it."""
    groups: dict[str, list[str]] = {}
    for one in sound(inspected):
        groups.setdefault(SHOWN_IN.get(one.question, "Beside that"), []).append(visible(one.sentence))
    return [(f"{title}.", " ".join(sentences)) for title, sentences in groups.items()]


def cause_section(inspected: Inspected) -> dict[str, Json]:
    """Every cause with its evidence and its fix."""
    causes = inspected.diagnosis.causes
    parts: list[Json] = [_cause_part(inspected, number, cause) for number, cause in enumerate(causes, start=1)]
    return section_part("Causes in detail", parts or [text_part("No cause was found.")])


def plan_section(inspected: Inspected) -> dict[str, Json]:
    """All steps, in order."""
    return section_part("Action plan", [list_part([("", step) for step in plan(inspected)], numbered=True)])


def undetermined_section(inspected: Inspected) -> dict[str, Json] | None:
    """What the files cannot answer, and which file would settle it."""
    rows = [(one.question, f"{visible(one.sentence)} {one.needs}".strip()) for one in inspected.diagnosis.undetermined]
    return section_part("Could not be determined", [list_part(rows)]) if rows else None


def _evidence(sign: str, finding: Finding) -> Json:
    """A sign, the sentence, and the section that shows more of it."""
    shown_in = SHOWN_IN.get(finding.question, "")
    return [sign, visible(finding.sentence), slug(shown_in), shown_in]


def _confidence(confidence: float) -> str:
    words = confidence_words(confidence)
    return words if words == "certain" else f"confidence {words}"


def _cause_part(inspected: Inspected, number: int, cause: Cause) -> dict[str, Json]:
    """A cause with what speaks for and against it."""
    known = {finding.id: finding for finding in inspected.diagnosis.findings}
    evidence = [_evidence("+", known[name]) for name in dict.fromkeys(cause.supporting)]
    evidence += [_evidence("–", known[name]) for name in dict.fromkeys(cause.opposing)]
    return {
        "kind": "cause",
        "title": f"{number}. {cause.title}",
        "severity": cause.severity,
        "confidence": _confidence(cause.confidence),
        "evidence": evidence,
        "counterfactual": _counterfactual(cause.counterfactual),
        "would_change": visible(cause.would_change),
        "next_experiment": visible(cause.next_experiment),
        "expectation": visible(cause.expectation),
        "fix": visible(cause.fix),
        "snippet": visible(cause.snippet.rstrip(), one_line=False),
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
