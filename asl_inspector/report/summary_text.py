"""The diagnosis as a page of plain text, for a terminal."""

from __future__ import annotations

import textwrap

from asl_inspector.diagnosis.epoch_findings import QUESTION, action
from asl_inspector.diagnosis.records import Cause
from asl_inspector.report.choices import tries_words
from asl_inspector.report.contents import Inspected
from asl_inspector.report.epoch_parts import epoch_lines

WIDTH = 100
MARKS = {"critical": "!!", "warning": " !", "info": "  "}


def summary_text(inspection: Inspected) -> str:
    """Verdict, causes with their evidence, and what could not be determined."""
    diagnosis = inspection.diagnosis
    lines = [diagnosis.headline, *_wrapped(diagnosis.summary, "  "), ""]
    sentences = {finding.id: finding.sentence for finding in diagnosis.findings}
    for number, cause in enumerate(diagnosis.causes, start=1):
        lines += _cause_lines(number, cause, sentences)
    if not diagnosis.causes:
        lines += ["No cause was found.", ""]
    lines += _saved_lines(inspection)
    lines += _continuous_lines(inspection)
    lines += _network_lines(inspection)
    if diagnosis.along is not None:
        lines += epoch_lines(diagnosis.along)
        for finding in diagnosis.findings:
            lines += _wrapped(finding.sentence, "  ") if finding.question == QUESTION else []
        lines += [*_wrapped(action(diagnosis.along), "  "), ""]
    if diagnosis.undetermined:
        lines.append("Could not be determined:")
        for one in diagnosis.undetermined:
            lines += _wrapped(f"- {one.question} {one.sentence} {one.needs}".rstrip(), "  ")
    return "\n".join(lines).rstrip()


def _saved_lines(inspection: Inspected) -> list[str]:
    """What saved outputs hold and how they met their labels, where they stand for a network's."""
    if inspection.saved is None:
        return []
    told = [finding.sentence for finding in inspection.diagnosis.findings if finding.question == "outputs"]
    return ["Saved outputs:", *(line for sentence in told for line in _wrapped(f"- {sentence}", "  ")), ""]


def _continuous_lines(inspection: Inspected) -> list[str]:
    """How well continuous clips are recognised."""
    told = [finding.sentence for finding in inspection.diagnosis.findings if finding.question == "continuous"]
    if not told:
        return []
    return ["Continuous recognition:", *(line for one in told for line in _wrapped(f"- {one}", "  ")), ""]


def _network_lines(inspection: Inspected) -> list[str]:
    """The network as it was rebuilt, with all that was assumed, chosen or found by trying."""
    network = inspection.architecture
    if network is None:
        return []
    lines = [f"Network: {network.description}"]
    for choice in network.choices:
        lines += _wrapped(f"- {choice.sentence}", "  ")
        lines += _wrapped(f"tried: {tries_words(choice)}", "    ") if tries_words(choice) else []
    sentences = {choice.sentence for choice in network.choices}
    lines += [line for fact in network.assumptions if fact not in sentences for line in _wrapped(f"- {fact}", "  ")]
    return [*lines, ""]


def _cause_lines(number: int, cause: Cause, sentences: dict[str, str]) -> list[str]:
    lines = [f"{MARKS[cause.severity]} {number}. {cause.title} ({cause.id}), confidence {100 * cause.confidence:.0f} %"]
    for finding in dict.fromkeys(cause.supporting):
        lines += _wrapped(f"+ {sentences[finding]}", "     ")
    for finding in dict.fromkeys(cause.opposing):
        lines += _wrapped(f"- {sentences[finding]}", "     ")
    found = cause.counterfactual
    if found is not None:
        now, then = 100 * found.accuracy_now, 100 * found.accuracy_if_fixed
        lines += _wrapped(
            f"If fixed: {now:.1f} % -> {then:.1f} % ({100 * found.low:.0f} to {100 * found.high:.0f}).", "     "
        )
    lines += _wrapped(f"First: {cause.next_experiment}", "     ")
    lines += _wrapped(f"Expect: {cause.expectation}", "     ") if cause.expectation and found is None else []
    return [*lines, ""]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
