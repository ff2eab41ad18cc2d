"""What simpler rules would have said of the same cases.

"author's rules": those of the notebook's author, in the order of his note: was Stage 1 loaded (by the log), is more than
half blank, are at most two classes said, are there more than 100 parameters a training clip, else the learning rate.
"most frequent": the causes by how often they are planted in the fitting cases, whatever the case.
"parameters a clip": overfitting above 100 parameters a training clip, else too little data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from benchmarks.faults.judging import Answer

Cause = tuple[str, float, str]
MOST_BLANK, FEWEST_CLASSES, MOST_PARAMETERS = 0.5, 2, 100


def authors_rules(answer: Answer) -> list[Cause]:
    """The note's rules; every one that fires is critical, as it is there."""
    found: list[Cause] = []
    ids = {id_ for id_, _ in answer.findings}
    if not ids & {"stage1-loaded", "stage1-partly", "run-contradicts-weights"}:
        found.append(("stage1-not-loaded", 0.9, "critical"))
    if answer.blank_share is not None and answer.blank_share > MOST_BLANK:
        found.append(("blank-collapse", 0.8, "critical"))
    if answer.answers is not None and answer.answers <= FEWEST_CLASSES:
        found.append(("class-collapse", 0.8, "critical"))
    if answer.train_clips and answer.parameters > MOST_PARAMETERS * answer.train_clips:
        found.append(("overfitting", 0.7, "critical"))
    return found or [("learning-rate-too-high", 0.5, "warning")]


def parameters_a_clip(answer: Answer) -> list[Cause]:
    """The ratio alone."""
    if answer.train_clips and answer.parameters > MOST_PARAMETERS * answer.train_clips:
        return [("overfitting", 0.9, "critical"), ("too-little-data", 0.5, "warning")]
    return [("too-little-data", 0.5, "warning")]


def most_frequent(fitting: list[Answer]) -> Callable[[Answer], list[Cause]]:
    """The rule that always says what was planted most often."""
    counts = Counter(sorted(names)[0] for one in fitting for names in one.truth)
    total = max(1, len(fitting))
    ranked = [(cause, count / total, "critical") for cause, count in counts.most_common()]
    return lambda _: ranked


def judged_by(rule: Callable[[Answer], list[Cause]], answers: list[Answer]) -> list[Answer]:
    """The same cases with the causes of a rule; its critical causes are its alarms."""
    found = []
    for one in answers:
        said = tuple(rule(one))
        ill = any(severity == "critical" for _, _, severity in said)
        found.append(replace(one, causes=said, findings=(), verdict="ill" if ill else "undetermined"))
    return found
