"""What do the saved outputs hold, and how did they meet their labels?

Saved outputs stand for a network's: accuracy, confusions, blanks and collapse are read from them. What they cannot tell
is said: whatever needs weights or another run of the network. Raw scores give no confidence, for a softmax over them
would claim one that nothing supports; and what found no counterpart is counted.
"""

from __future__ import annotations

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity, Undetermined
from asl_inspector.diagnosis.measures import accuracy
from asl_inspector.inference.predictions import TOP
from asl_inspector.inference.saved import SavedFacts
from asl_inspector.outputs.joining import Matched
from asl_inspector.outputs.scales import NAMES

MOST_NAMED = 3
NEEDS_NETWORK = "Only what the network answered was saved, not the network."
QUESTIONS = (
    ("Are the weights sound?", "Add the checkpoint."),
    ("Does the network answer the same when it is run again?", "Add the checkpoint and the features of the clips."),
)


def ask(evidence: Evidence) -> Answers:
    """Findings on the saved outputs of a case, none where a network was run."""
    saved = evidence.saved
    if saved is None:
        return Answers()
    findings = [_content(saved), *_blank(saved), *_joining(saved), *_best_five(evidence), *_broken(saved)]
    undetermined = []
    if evidence.checkpoint is None:
        undetermined += [Undetermined(question, NEEDS_NETWORK, needs) for question, needs in QUESTIONS]
    if saved.scale == "raw":
        why = (
            f"The scores in “{saved.file}” are neither probabilities nor their logarithms, so they give no confidence and "
            "no loss."
        )
        undetermined.append(Undetermined("How sure is the network?", why, "Save its softmax probabilities."))
    elif saved.kind == "predictions":
        why = f"“{saved.file}” holds only the answers."
        undetermined.append(
            Undetermined("How sure is it, and what came second?", why, "Save the scores of all classes.")
        )
    if not saved.per_frame:
        why = f"“{saved.file}” holds one answer a clip, and blanks are of frames."
        undetermined.append(Undetermined("Does the blank win too often?", why, "Save the scores of every frame."))
    if not saved.matched.matched:
        undetermined.append(
            Undetermined(
                "How many answers are right?",
                "No answer has a label.",
                "Add the labels: a table of clip and gloss id.",
            )
        )
    return Answers(tuple(findings), tuple(undetermined))


def _content(saved: SavedFacts) -> Finding:
    facts: dict[str, Fact] = {
        "file": saved.file,
        "kind": saved.kind,
        "scale": saved.scale,
        "per_frame": saved.per_frame,
        "classes": saved.classes,
        "clips": saved.matched.answers,
    }
    count = f"{saved.matched.answers:,} clips"
    if saved.scale is None:
        sentence = f"“{saved.file}” holds the predicted glosses of {count} ({saved.form})."
        return Finding("saved-outputs", "outputs", "info", sentence, facts, "samples")
    of = "every frame of " if saved.per_frame else ""
    why = {
        "probabilities": "every row looked at sums to 1",
        "log-probabilities": "the exponentials of every row looked at sum to 1",
        "raw": "rows do not sum to 1, nor do their exponentials",
    }[saved.scale]
    sentence = (
        f"“{saved.file}” holds {NAMES[saved.scale]} of {saved.classes:,} classes for {of}{count} ({saved.form}): {why}."
    )
    if saved.scale == "raw":
        sentence += " They rank the classes, and no confidence is read from them."
    return Finding("saved-outputs", "outputs", "info", sentence, facts, "samples")


def _blank(saved: SavedFacts) -> list[Finding]:
    if not saved.blank_why:
        return []
    known = f"The blank is class {saved.blank}. " if saved.blank is not None else ""
    return [
        Finding("saved-outputs-blank", "outputs", "info", known + saved.blank_why, {"blank": saved.blank}, "blanks")
    ]


def _joining(saved: SavedFacts) -> list[Finding]:
    """How answers and labels were brought together, and what was left over on either side."""
    told = saved.matched
    facts: dict[str, Fact] = {
        "by": told.how,
        "answers": told.answers,
        "matched": told.matched,
        "without_label": told.without_label_count,
        "without_answer": told.without_answer_count,
        "repeated": told.repeated,
        "labels_in": told.labels_in,
        "notes": list(told.notes),
    }
    if told.how == "nothing":
        return []
    findings = [_matched(told, facts)]
    if told.disagreeing:
        sentence = (
            f"{told.disagreeing:,} clips have one label in “{saved.file}” and another in “{told.labels_in}”; those of "
            f"“{told.labels_in}” are used."
        )
        findings.append(
            Finding("outputs-labels-disagree", "outputs", "critical", sentence, {"clips": told.disagreeing}, "samples")
        )
    if told.unknown_glosses:
        sentence = (
            f"{told.unknown_glosses:,} glosses of labels or answers are in no vocabulary and could not be scored."
        )
        findings.append(
            Finding(
                "outputs-unknown-glosses", "outputs", "warning", sentence, {"clips": told.unknown_glosses}, "samples"
            )
        )
    if told.repeated:
        sentence = f"{told.repeated:,} clips occur more than once in “{saved.file}”; the first entry of each was taken."
        findings.append(
            Finding("outputs-repeated", "outputs", "warning", sentence, {"clips": told.repeated}, "samples")
        )
    return findings


def _matched(told: Matched, facts: dict[str, Fact]) -> Finding:
    notes = "".join(f" {note}" for note in told.notes)
    if told.how == "order":
        sentence = (
            f"The {told.answers:,} answers and the {told.matched + told.without_label_count:,} labels in “{told.labels_in}” "
            f"were laid side by side in their order, because no clip names are on both sides and the counts agree.{notes}"
        )
        return Finding("outputs-joined-by-order", "outputs", "info", sentence, facts, "samples")
    left = []
    if told.without_label_count:
        left.append(f"{told.without_label_count:,} answers have no label ({_named(told.without_label)})")
    if told.without_answer_count:
        left.append(f"{told.without_answer_count:,} labels have no answer ({_named(told.without_answer)})")
    where = "in the file itself" if told.how == "the file itself" else f"in “{told.labels_in}”, by {told.how}"
    sentence = f"{told.matched:,} of {told.answers:,} answers have a label {where}"
    sentence += f"; {' and '.join(left)}: those are in no accuracy." if left else "."
    severity: Severity = "critical" if not told.matched else "warning" if left else "info"
    return Finding("outputs-joined", "outputs", severity, sentence + notes, facts, "samples")


def _best_five(evidence: Evidence) -> list[Finding]:
    """Top-1 and top-5 accuracy side by side, where five glosses are ranked."""
    scored = evidence.validation
    if scored is None or scored.predictions.ranked < TOP or scored.predictions.glosses <= TOP:
        return []
    mask = scored.labelled
    first = accuracy(scored.right(scored.score))
    five = accuracy((scored.predictions.top[mask] == scored.clips.gloss_ids[mask][:, None]).any(axis=1))
    if first is None or five is None:
        return []
    sentence = (
        f"The best score is right for {first.correct:,} of {first.of:,} clips ({100 * first.value:.3f} %), and the right gloss "
        f"is among the five best for {five.correct:,} ({100 * five.value:.3f} %, 95 %: {100 * five.low:.1f} to "
        f"{100 * five.high:.1f})."
    )
    facts: dict[str, Fact] = {"top1": first.correct, "top5": five.correct, "of": first.of}
    return [Finding("outputs-top5", "outputs", "info", sentence, facts, "samples")]


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"“{name}”" for name in names[:MOST_NAMED]) + ("" if len(names) <= MOST_NAMED else ", ...")


def _broken(saved: SavedFacts) -> list[Finding]:
    if not saved.not_finite:
        return []
    sentence = (
        f"{saved.not_finite:,} of {saved.matched.answers:,} clips in “{saved.file}” have scores that are NaN or infinite; "
        "they have no prediction and are left out of every figure."
    )
    facts: dict[str, Fact] = {"clips": saved.not_finite, "of": saved.matched.answers}
    return [Finding("outputs-not-finite", "outputs", "warning", sentence, facts, "samples")]
