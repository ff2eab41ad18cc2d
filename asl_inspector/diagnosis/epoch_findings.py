"""What the files of one run tell beside each other, in sentences: where a collapse begins, and which file to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from asl_inspector.diagnosis.epoch_records import AlongEpochs, Collapse, EpochPoint
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity
from asl_inspector.diagnosis.limits import MANY_EMPTY, SHOWN
from asl_inspector.diagnosis.records import Accuracy, Advice, Cause, Counterfactual
from asl_inspector.diagnosis.scored_words import scored_words

QUESTION = "along_epochs"
WHERE = "training:epochs"
BEGINS = {"blank": "blank-collapse-begins", "narrow": "narrowing-begins"}  # the inspected file is in it
LATER = {"blank": "blank-collapse-later", "narrow": "narrowing-later"}  # it is older
COLLAPSES = (*BEGINS.values(), "never-left-the-blanks")
COLLAPSED = "The run collapsed to blanks before this file was written"
ANSWERED_BY_FILES = ("label-map-mismatch", "undertrained")  # causes that ask for the other files to be scored


def ask(along: AlongEpochs | None) -> Answers:
    """Findings on the files of the run."""
    if along is None or len(along.scored) < 2:
        return Answers()
    return Answers((*_collapse(along), *_best(along)))


def sentences(along: AlongEpochs) -> list[str]:
    """The findings in words."""
    return [finding.sentence for finding in ask(along).findings]


def advised(cause: Cause, along: AlongEpochs, advice: Mapping[str, Advice]) -> Cause:
    """The cause with a next step that knows the files: they need not be scored again."""
    words = action(along)
    if cause.id == "blank-collapse" and is_late_collapse(cause):
        mended = (
            "Go on from the last file before the collapse with a tenth of the learning rate and clipped gradients, "
        )
        mended += "and stop when the share of empty clips rises."
        slower = advice.get("learning-rate-too-high")
        snippet = slower.snippet if slower is not None else ""
        return replace(cause, title="Collapse to blanks", next_experiment=words, fix=mended, snippet=snippet)
    if cause.id == "blank-collapse" and BEGINS["blank"] in cause.supporting and along.shown:
        return replace(
            cause, next_experiment=f"{words} To rescue this file instead: {_uncapitalised(cause.next_experiment)}"
        )
    if cause.id not in ANSWERED_BY_FILES or along.partial or not words:
        return cause
    found = cause.counterfactual or _other_file(along)
    expected = cause.expectation if found is None else scored_words(cause.id, found)
    return replace(cause, next_experiment=words, counterfactual=found, expectation=expected)


def _other_file(along: AlongEpochs) -> Counterfactual | None:
    """The accuracy with the best file of the run, where it is shown to be better than the inspected one.

    The best of several files is a little lucky: the accuracy is told only where Holm's correction for all of them leaves a
    difference.
    """
    best, inspected = _best_point(along), _inspected_point(along)
    if not along.shown or best is None or inspected is None or best.accuracy is None or inspected.accuracy is None:
        return None
    how = f"The same clips with “{best.name}”, the best of the {len(along.scored)} files of the run."
    found = best.accuracy
    return Counterfactual(inspected.accuracy.value, found.value, found.low, found.high, how)


def _uncapitalised(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def is_late_collapse(cause: Cause) -> bool:
    """True where the blank took over in the course of the run and hides nothing that a bias would bring back."""
    return BEGINS["blank"] in cause.supporting and "blank-hides-answers" not in cause.supporting


def action(along: AlongEpochs) -> str:
    """What to do with the files, as a sentence, or an empty string where nothing follows from them."""
    best = _best_point(along)
    if best is None or best.accuracy is None:
        return ""
    figures = f"{_figures(best.accuracy)}{_by_name(along)}"
    files = f"the {len(along.scored)} files of the run{_so_far(along)}"
    if not along.above_guessing:
        return f"None of {files} can be told from guessing; the best has {figures}. Look for the cause before another epoch."
    inspected = _inspected_point(along)
    if inspected is None or inspected.accuracy is None:
        return f"Use “{best.name}”{_epoch(best)}: {figures}, the best of {files}."
    if best.inspected:
        return f"Keep “{best.name}”{_epoch(best)}: {figures}, the best of {files}."
    if along.shown:
        return f"Use “{best.name}”{_epoch(best)}: {figures}, the best of {files}. No training is needed."
    return (
        f"Keep “{inspected.name}” or use “{best.name}”{_epoch(best)}, with {figures} the best of {files}: no difference "
        "between the two is shown."
    )


def _collapse(along: AlongEpochs) -> list[Finding]:
    points = [one for one in along.scored if one.epoch is not None]
    found = along.collapse
    if found is None and along.never_spoke:
        shares = [one.empty_share for one in points if one.empty_share is not None]
        facts: dict[str, Fact] = {"epochs": [one.epoch for one in points], "least_empty": min(shares)}
        sentence = (
            f"At each of the {len(points)} scored epochs ({points[0].epoch} to {points[-1].epoch}) more than "
            f"{100 * MANY_EMPTY:.0f} % of the clips come out empty, {_share(min(shares))} at the least: the run never left "
            "the blanks, so no collapse begins."
        )
        return [Finding("never-left-the-blanks", QUESTION, "info", sentence, facts, WHERE)]
    if found is None:
        return []
    facts = {
        "after_epoch": found.after,
        "first_epoch": found.begins,
        "points": found.points,
        "before": found.before,
        "least_extreme": found.low,
        "most_extreme": found.high,
        "p": found.p,
    }
    id_, severity = BEGINS[found.kind], _severity(along, found)
    if severity == "info":
        id_ = LATER[found.kind]
    return [Finding(id_, QUESTION, severity, collapse_words(found) + _until(along, found), facts, WHERE)]


def _severity(along: AlongEpochs, found: Collapse) -> Severity:
    """What the collapse means for the inspected file: nothing where that is older, most where it is shown to be worse."""
    inspected, best = _inspected_point(along), _best_point(along)
    if inspected is None or inspected.epoch is None or inspected.epoch < found.begins:
        return "info"
    was_better = bool(along.shown) and best is not None and best.epoch is not None and best.epoch <= found.after
    return "critical" if was_better and along.above_guessing else "warning"


def collapse_words(found: Collapse) -> str:
    """Where a collapse begins, and the figures before and after."""
    sparse = found.begins - found.after > 1
    when = f"between epoch {found.after} and epoch {found.begins}" if sparse else f"at epoch {found.begins}"
    if found.kind == "blank":
        return (
            f"The collapse to blanks begins {when}: from there on {_range(found.low, found.high)} of the clips come out "
            f"empty; at epoch {found.after} it was {_share(found.before)}."
        )
    return (
        f"The collapse to a few glosses begins {when}: from there on the answers are as varied as at most {found.low:.1f} "
        f"equally frequent glosses; at epoch {found.after} it was {found.before:.1f}."
    )


def _until(along: AlongEpochs, found: Collapse) -> str:
    if not along.partial:
        return ""
    return f" So it is at the {found.points} later files scored so far; {not_scored(along)}."


def not_scored(along: AlongEpochs) -> str:
    """How many files wait."""
    return f"{len(along.waiting)} of {along.files} {'was' if len(along.waiting) == 1 else 'were'} not scored"


def _best(along: AlongEpochs) -> list[Finding]:
    best, inspected = _best_point(along), _inspected_point(along)
    if best is None or best.accuracy is None:
        return []
    facts: dict[str, Fact] = {
        "file": best.name,
        "epoch": best.epoch,
        "correct": best.accuracy.correct,
        "of": best.accuracy.of,
        "files": len(along.scored),
        "clips": along.clips,
        "p": best.p,
        "p_corrected": best.p_corrected,
        "p_of_guessing": along.p_guessing,
    }
    head = (
        f"“{best.name}”{_epoch(best)} has most clips right of {len(along.scored)} files of the run{_so_far(along)}: "
        f"{_figures(best.accuracy)}{_by_name(along)}"
    )
    tail = "" if along.above_guessing or along.p_guessing is None else _like_guessing(along)
    if inspected is None or inspected.accuracy is None:
        return [Finding("best-file", QUESTION, "info", f"{head}.{tail}", facts, WHERE)]
    facts |= {"inspected": inspected.name, "inspected_correct": inspected.accuracy.correct}
    if best.inspected:
        sentence = f"{head}; it is the inspected one.{_next_best(along, best)}{tail}"
        return [Finding("inspected-file-is-best", QUESTION, "info", sentence, facts, WHERE)]
    against = f"against {_figures(inspected.accuracy)} for “{inspected.name}”{_epoch(inspected)}"
    test = _test_words(along, best)
    if not along.shown:
        sentence = f"{head}, {against}. The difference is not shown ({test}).{tail}"
        return [Finding("no-file-shown-better", QUESTION, "info", sentence, facts, WHERE)]
    sentence = f"{head}, {against}. The difference is real ({test}).{tail}"
    return [Finding(_direction(best, inspected), QUESTION, "warning", sentence, facts, WHERE)]


def _next_best(along: AlongEpochs, best: EpochPoint) -> str:
    """The file that comes next, and whether it is shown to be worse."""
    others = [one for one in along.scored if one is not best and one.accuracy is not None]
    second = max(others, key=lambda one: one.accuracy.correct if one.accuracy else 0, default=None)
    if second is None or second.accuracy is None or best.accuracy is None:
        return ""
    equal = second.accuracy.correct == best.accuracy.correct
    figures = "as many" if equal else f"{second.accuracy.correct}"
    real = second.p_corrected is not None and second.p_corrected < SHOWN
    shown = "is real" if real else "is not shown"
    return f" “{second.name}”{_epoch(second)} comes next with {figures}; a difference {shown} ({_test_words(along, second)})."


def _direction(best: EpochPoint, inspected: EpochPoint) -> str:
    if best.epoch is None or inspected.epoch is None or best.epoch == inspected.epoch:
        return "another-file-is-better"
    return "later-file-is-better" if best.epoch > inspected.epoch else "earlier-file-is-better"


def _test_words(along: AlongEpochs, other: EpochPoint) -> str:
    compared = len(along.scored) - 1
    p = f"{other.p_corrected:.2g}" if other.p_corrected is not None else "unknown"
    corrected = f", corrected for {compared} files compared" if compared > 1 else ""
    return f"the same {along.clips} clips, McNemar's exact test{corrected}: p = {p}"


def _like_guessing(along: AlongEpochs) -> str:
    return (
        f" Guessing would be as good as the best of {len(along.scored)} files with probability {along.p_guessing:.2g}."
    )


def _best_point(along: AlongEpochs) -> EpochPoint | None:
    return along.points[along.best] if along.best is not None else None


def _inspected_point(along: AlongEpochs) -> EpochPoint | None:
    return next((one for one in along.points if one.inspected), None)


def _figures(found: Accuracy) -> str:
    limits = f"95 %: {100 * found.low:.1f} to {100 * found.high:.1f}"
    return f"{found.correct} of {found.of} clips ({100 * found.value:.1f} %, {limits})"


def _by_name(along: AlongEpochs) -> str:
    return " by gloss name" if along.by_name else ""


def _so_far(along: AlongEpochs) -> str:
    return f" scored so far, of {along.files}" if along.partial else ""


def _epoch(point: EpochPoint) -> str:
    return "" if point.epoch is None else f" (epoch {point.epoch})"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _range(low: float, high: float) -> str:
    return _share(high) if round(100 * low) == round(100 * high) else f"{100 * low:.0f} to {100 * high:.0f} %"
