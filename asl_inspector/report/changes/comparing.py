"""Two diagnoses compared: files by hash, figures, right answers clip by clip, causes.

Right answers are compared on the clips that both have, by name and by how often a name occurred before, with McNemar's
exact test (McNemar 1947): a difference between two accuracies alone does not tell whether the same clips were meant.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np

from asl_inspector.diagnosis.measures import paired_p
from asl_inspector.report.changes.reading import Report, number_of, text_of
from asl_inspector.report.changes.records import (
    CauseChange,
    ChangedCause,
    ChangedFigure,
    ChangedFile,
    Changes,
    FileChange,
    PairedTest,
)

SHARES = (  # accuracies: `correct` over `of`
    ("Validation accuracy", ("predictions", "accuracy", "majority")),
    ("Validation accuracy by gloss name", ("predictions", "accuracy", "by_gloss_name")),
    ("True gloss among the five best", ("predictions", "top5")),
    ("Training accuracy", ("predictions", "train", "accuracy", "majority")),
)
NUMBERS = (
    ("Validation clips that ran", ("predictions", "clips"), False),
    ("Validation loss, mean of clips", ("predictions", "loss", "mean_of_clips"), False),
    ("Blank frames", ("predictions", "blank", "argmax_valid"), True),
    ("Empty clips", ("predictions", "blank", "empty_share"), True),
    ("Different glosses in the answers", ("predictions", "unique", "valid_nonblank"), False),
    ("Validation ids that agree with training", ("labels", "agree"), False),
    ("Encoder tensors copied from Stage 1", ("stage1", "tensors_equal"), False),
    ("Epoch of the checkpoint", ("checkpoint", "epoch"), False),
    ("Parameters", ("checkpoint", "parameters"), False),
)
Row = Mapping[str, object]
Truth = dict[tuple[str, int], bool]


def compare_reports(before: Report, after: Report) -> Changes:
    """What differs between two diagnoses."""
    notes: list[str] = []
    by_id, by_name = (_paired(before, after, column) for column in ("id", "id_in_training"))
    if by_id is not None and by_name is not None and replace(by_name, scored="id") == by_id:
        by_name = None  # the ids mean the same, so that it would tell the same twice
    tests = tuple(test for test in (by_id, by_name) if test is not None)
    decoders = [report.text("samples", "decoder") for report in (before, after)]
    if not tests:
        notes.append(_why_unpaired(before, after))
    elif decoders[0] != decoders[1]:
        notes.append(f"The answers were decoded by “{decoders[0]}” before and by “{decoders[1]}” after.")
    return Changes(
        before=before.path.name,
        after=after.path.name,
        verdicts=(before.text("verdict"), after.text("verdict")),
        headlines=(before.text("headline"), after.text("headline")),
        files=_files(before, after),
        figures=_figures(before, after),
        tests=tests,
        causes=_causes(before, after),
        notes=tuple(notes),
    )


def _figures(before: Report, after: Report) -> tuple[ChangedFigure, ...]:
    found = [ChangedFigure(name, before.accuracy(*keys), after.accuracy(*keys), share=True) for name, keys in SHARES]
    found += [ChangedFigure(name, before.number(*keys), after.number(*keys), share) for name, keys, share in NUMBERS]
    return tuple(one for one in found if one.before is not None or one.after is not None)


def _right(report: Report, truth: str) -> Truth:
    """By clip and occurrence of its name: was the answer the id in the column `truth`? Without those unanswered."""
    found: Truth = {}
    seen: Counter[str] = Counter()
    for clip, true_id, answer in zip(
        report.column("clip"), report.column(truth), report.column("answer"), strict=False
    ):
        name = text_of(clip)
        key = (name, seen[name])
        seen[name] += 1
        wanted, given = number_of(true_id), number_of(answer)
        if wanted is not None and given is not None:
            found[key] = wanted == given
    return found


def _paired(before: Report, after: Report, truth: str) -> PairedTest | None:
    first, second = _right(before, truth), _right(after, truth)
    both = [key for key in first if key in second]
    if not both:
        return None
    was, now = (np.array([held[key] for key in both], dtype=bool) for held in (first, second))
    return PairedTest(
        scored="id" if truth == "id" else "gloss name",
        clips=len(both),
        right_before=int(was.sum()),
        right_after=int(now.sum()),
        gained=int((now & ~was).sum()),
        lost=int((was & ~now).sum()),
        p=paired_p(was, now),
    )


def _why_unpaired(before: Report, after: Report) -> str:
    for report in (before, after):
        if not report.column("clip"):
            return f"“{report.path.name}” has no answers clip by clip, so right answers could not be paired."
    return "The two have no labelled clip in common, so right answers could not be paired."


def _causes(before: Report, after: Report) -> tuple[ChangedCause, ...]:
    was, now = ({text_of(one.get("id")): one for one in report.rows("causes")} for report in (before, after))
    gone = [_cause(name, one, None) for name, one in was.items() if name not in now]
    new = [_cause(name, None, one) for name, one in now.items() if name not in was]
    return (*gone, *new, *(_cause(name, was[name], one) for name, one in now.items() if name in was))


def _cause(name: str, was: Row | None, now: Row | None) -> ChangedCause:
    held = (was or {}, now or {})
    title = text_of(held[1].get("title")) or text_of(held[0].get("title")) or name
    change: CauseChange = "stays" if was is not None and now is not None else "gone" if now is None else "new"
    first, second = (number_of(one.get("confidence")) for one in held)
    return ChangedCause(name, title, change, first, second)


def _files(before: Report, after: Report) -> tuple[ChangedFile, ...]:
    """Files paired by content, then by role and name, then by role where each side has one left."""
    was, now = before.rows("case", "files"), after.rows("case", "files")
    found: list[ChangedFile] = []
    for key in (_by_content, _by_name, _by_role):
        waiting: dict[object, list[Row]] = defaultdict(list)
        for row in reversed(now):
            if key(row) is not None:
                waiting[key(row)].append(row)
        pairs = [(one, waiting[key(one)].pop()) for one in was if waiting.get(key(one))]
        found += [_file(one, other) for one, other in pairs]
        paired = {id(row) for pair in pairs for row in pair}
        was, now = ([row for row in rows if id(row) not in paired] for rows in (was, now))
    found += [_file(one, None) for one in was] + [_file(None, one) for one in now]
    return tuple(sorted(found, key=lambda one: one.change == "same"))


def _file(was: Row | None, now: Row | None) -> ChangedFile:
    first, second = was or {}, now or {}
    hashes = [text_of(one.get("sha256")) or None for one in (first, second)]
    change: FileChange = "gone" if now is None else "new" if was is None else "changed"
    if was is not None and now is not None and hashes[0] == hashes[1]:
        known = hashes[0] is not None or first.get("bytes") == second.get("bytes")
        change = "same" if known else "changed"
    role = text_of(second.get("role")) or text_of(first.get("role"))
    return ChangedFile(role, change, _name(first), _name(second), hashes[0], hashes[1])


def _name(row: Row) -> str:
    """The name of a row's file, whichever system wrote its path."""
    path = text_of(row.get("path"))
    return PureWindowsPath(path).name if "\\" in path and "/" not in path else PurePosixPath(path).name


def _by_content(row: Row) -> object:
    return text_of(row.get("sha256")) or None


def _by_name(row: Row) -> object:
    return text_of(row.get("role")), _name(row)


def _by_role(row: Row) -> object:
    role = text_of(row.get("role"))
    return role if role not in ("", "unused", "epoch") else None
