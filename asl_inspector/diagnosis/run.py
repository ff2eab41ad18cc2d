"""What the history of the run tells by itself: how sure its accuracies are, what luck explains, what early stopping
would have done, whether its sources agree, and what its code shows.

Bands: Wilson's 95 % limits for k of n clips. n is the number of labelled validation clips where every printed accuracy
is a share of it, else the smallest number that they can be shares of (`validation_size`).

Luck: E epochs are E looks at the same clips. Guessing gets k of n right with the binomial distribution F; the best of E
independent rounds has the distribution F^E. Epochs of one run are not independent, so the null is generous: the best of
fewer independent looks is lower.

Guards: validation accuracies of wrong labels say nothing; the label audit comes first and these findings carry no
weight for any cause. Code habits are hints with little weight.

Source: Ojala and Garriga 2010 for chance; diagnosis.md, C2 and C8.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import binom

from asl_inspector.diagnosis import early_stopping, learning_rate, validation_size
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy_of, best_of, p_of_guessing, unpaired_p
from asl_inspector.diagnosis.records import Accuracy
from asl_inspector.diagnosis.run_records import Luck, RunMeasures
from asl_inspector.history.records import History
from asl_inspector.samples.records import UNLABELLED

LUCKY = 0.05
NEARLY_ALWAYS = 0.995  # what two decimals would call certain
MOST_SENTENCES = 3
PENALTY_SHARE = 0.1


def measure(evidence: Evidence) -> RunMeasures | None:
    """Figures of the run, or None where no history tells an epoch."""
    history = evidence.history
    if history is None or not history.epochs:
        return None
    lattice = validation_size.smallest_size(history.val_acc)
    clips, where = _clips(evidence, history, lattice)
    low, high = np.full(len(history.epochs), np.nan), np.full(len(history.epochs), np.nan)
    if clips:
        for index, value in enumerate(history.val_acc):
            found = None if value is None or not 0 <= value <= 1 else accuracy_of(round(value * clips), clips)
            if found is not None:
                low[index], high[index] = found.low, found.high
    for band in (low, high):
        band.flags.writeable = False
    known = [value for value in history.val_acc if value is not None and 0 <= value <= 1]
    best = accuracy_of(round(max(known) * clips), clips) if known and clips else None
    return RunMeasures(
        clips=clips,
        clips_from=where,
        lattice=lattice,
        low=low,
        high=high,
        best=best,
        luck=luck_of(best, len(known), _chance(evidence)),
        stops=early_stopping.replay(history, clips),
        steps=learning_rate.measure(history),
    )


def luck_of(best: Accuracy | None, tries: int, chance: float | None) -> Luck | None:
    """The best of `tries` looks beside guessing, or None where something is unknown."""
    if best is None or chance is None or tries < 1:
        return None
    below = binom.cdf(np.arange(best.of + 1), best.of, chance) ** tries  # (n + 1,): P(best of tries <= k)
    expected = float((1 - below).sum())
    unlikely = int(np.searchsorted(below, 1 - LUCKY) + 1)
    return Luck(
        tries, chance, expected, min(unlikely, best.of), best_of(p_of_guessing(best.correct, best.of, chance), tries)
    )


def _clips(evidence: Evidence, history: History, lattice: int | None) -> tuple[int | None, str]:
    validation = evidence.case.validation
    if validation is not None:
        labelled = int((validation.gloss_ids != UNLABELLED).sum())
        if labelled and (not history.val_acc or validation_size.fits(history.val_acc, labelled)):
            return labelled, "the validation clips"
    return lattice, "the steps in which the accuracies move" if lattice else ""


def _chance(evidence: Evidence) -> float | None:
    if evidence.architecture is not None and evidence.architecture.classes > 1:
        return 1 / (evidence.architecture.classes - 1)
    clips = evidence.case.train or evidence.case.validation
    return 1 / clips.gloss_count if clips is not None and clips.gloss_count else None


def ask(evidence: Evidence, measures: RunMeasures | None) -> Answers:
    """Findings on the run."""
    history = evidence.history
    optimizer = evidence.checkpoint.contents.optimizer if evidence.checkpoint else None
    findings: list[Finding] = []
    if history is not None:
        findings += _contradictions(history)
        if measures is not None:
            findings += _size(evidence, history, measures)
            findings += _luck(history, measures)
            findings += _drop(history, measures)
            findings += _stops(history, measures)
        findings += _penalty(history)
    findings += learning_rate.ask(history, measures.steps if measures else None, optimizer)
    findings += learning_rate.ask_reach(evidence.checkpoint)
    if history is not None:
        findings += _habits(history)
    luck = measures.luck if measures is not None else None
    beats = next((one.id for one in findings if one.id == "best-epoch-beats-luck"), "")
    trials = [Trial("the best epoch is better than luck", luck.p, beats)] if luck is not None else []
    for one in findings:
        if one.id in ("drop-shown", "drop-within-noise"):
            shown = one.id if one.id == "drop-shown" else ""
            trials.append(Trial("the last epoch is worse than the best", float(str(one.evidence["p"])), shown))
    return Answers(tuple(findings), trials=tuple(trials))


def _contradictions(history: History) -> list[Finding]:
    if not history.contradictions:
        return []
    said = [one.sentence for one in history.contradictions]
    more = f" And {len(said) - MOST_SENTENCES} more." if len(said) > MOST_SENTENCES else ""
    facts: dict[str, Fact] = {"contradictions": list(said)}
    return [Finding("sources-contradict", "run", "warning", " ".join(said[:MOST_SENTENCES]) + more, facts, "training")]


def _size(evidence: Evidence, history: History, measures: RunMeasures) -> list[Finding]:
    """The printed accuracies cannot be of the clips at hand."""
    validation = evidence.case.validation
    if validation is None or measures.clips_from == "the validation clips" or measures.lattice is None:
        return []
    labelled = int((validation.gloss_ids != UNLABELLED).sum())
    if not labelled:
        return []
    facts: dict[str, Fact] = {"printed_size": measures.lattice, "validation_clips": labelled}
    sentence = (
        f"The accuracies in “{history.source}” move in steps of 1/{measures.lattice}, so they were measured on "
        f"{measures.lattice} clips or a multiple; the validation file has {labelled} labelled clips."
    )
    return [Finding("validation-size-differs", "run", "info", sentence, facts, "training")]


def _luck(history: History, measures: RunMeasures) -> list[Finding]:
    luck, best = measures.luck, measures.best
    if luck is None or best is None:
        return []
    facts: dict[str, Fact] = {
        "best_correct": best.correct,
        "of": best.of,
        "tries": luck.tries,
        "expected_by_luck": luck.expected,
        "unlikely_by_luck": luck.unlikely,
        "p": luck.p,
    }
    which = f"The best of {luck.tries} {history.axis}s" if luck.tries > 1 else f"The one {history.axis} that was scored"
    times = f"{luck.tries} times" if luck.tries > 1 else "once"
    figures = f"{which} has {best.correct} of {best.of} clips right ({100 * best.value:.2f} %)"
    null = (
        f"guessing {times} reaches {luck.expected:.1f} of {best.of} on average ({100 * luck.expected / best.of:.1f} %)"
    )
    if luck.p > LUCKY:
        often = (
            "and hardly ever less than that"
            if luck.p >= NEARLY_ALWAYS
            else f"and as many as that with probability {luck.p:.2f}"
        )
        sentence = f"{figures}, which luck explains: {null}, {often}."
        return [Finding("best-epoch-is-luck", "run", "info", sentence, facts, "training")]
    return [Finding("best-epoch-beats-luck", "run", "info", f"{figures}; {null}.", facts, "training")]


def _drop(history: History, measures: RunMeasures) -> list[Finding]:
    """Is the last epoch really worse than the best? Fisher's exact test of the counts.

    The clips are the same and a log does not tell which are right, so that a paired test might show more; and the best was chosen
    by this very figure, so that some of the fall is its luck. A difference is told and nothing is built on it.
    """
    known = [value for value in history.val_acc if value is not None and 0 <= value <= 1]
    best = measures.best
    if best is None or len(known) < 2 or round(known[-1] * best.of) >= best.correct:
        return []
    last = accuracy_of(round(known[-1] * best.of), best.of)
    if last is None:
        return []
    p = unpaired_p(best, last)
    facts: dict[str, Fact] = {"best": best.correct, "last": last.correct, "of": best.of, "p": p}
    figures = f"From the best {history.axis} to the last the accuracy goes from {best.correct} to {last.correct} of {best.of} clips"
    if p < LUCKY:
        return [
            Finding(
                "drop-shown", "run", "info", f"{figures}, more than luck explains (p = {p:.2g}).", facts, "training"
            )
        ]
    return [
        Finding(
            "drop-within-noise", "run", "info", f"{figures}, which is within noise (p = {p:.2g}).", facts, "training"
        )
    ]


def _stops(history: History, measures: RunMeasures) -> list[Finding]:
    """What the usual rule would have cost: patience 5 on the validation loss, else on the accuracy."""
    usual = next((one for one in measures.stops if one.patience == 5), None)
    if usual is None or usual.stopped is None:
        return []
    what = "loss" if usual.watched == "val_loss" else "accuracy"
    facts: dict[str, Fact] = {"stopped": usual.stopped, "kept": usual.kept, "forgone": usual.forgone}
    cost = ""
    if usual.forgone is not None and usual.accuracy is not None:
        cost = f" with {100 * usual.accuracy:.1f} %, {100 * usual.forgone:.1f} points below the best of the run"
    sentence = (
        f"Early stopping on the validation {what} with patience 5 would have stopped at {history.axis} {usual.stopped} and "
        f"kept {history.axis} {usual.kept}{cost}."
    )
    return [Finding("early-stopping", "run", "info", sentence, facts, "training")]


def _penalty(history: History) -> list[Finding]:
    """Parts of the training loss that the validation loss may not have."""
    if len(history.parts) < 2 or not history.train_loss:
        return []
    last = next((i for i in reversed(range(len(history.epochs))) if history.train_loss[i] is not None), None)
    if last is None:
        return []
    total = history.train_loss[last]
    parts = [(name, values[last]) for name, values in history.parts if last < len(values)]
    known = [(name, value) for name, value in parts if value is not None]
    extra = [(name, value) for name, value in known if "penal" in name.lower() or "regular" in name.lower()]
    if total is None or len(known) != len(parts) or not extra or not math.isfinite(total) or total <= 0:
        return []
    added = sum(value for _, value in known)
    name, value = extra[0]
    facts: dict[str, Fact] = {"train_loss": total, "part": name, "value": value, "sum_of_parts": added}
    if abs(added - total) > 2e-3 * max(1.0, abs(total)):
        sentence = f"The printed parts of the training loss add up to {added:.4f}, not to {total:.4f}."
        return [Finding("parts-do-not-add-up", "run", "info", sentence, facts, "training")]
    if value < PENALTY_SHARE * total:
        return []
    sentence = (
        f"Of the last training loss of {total:.4f}, {value:.4f} are “{name}”: do not compare it with a validation loss "
        "that has no such part."
    )
    return [Finding("penalty-in-training-loss", "run", "info", sentence, facts, "training")]


def _habits(history: History) -> list[Finding]:
    """One finding for each kind of habit, with all its places."""
    found: list[Finding] = []
    for id_ in dict.fromkeys(hint.id for hint in history.hints):
        hints = [hint for hint in history.hints if hint.id == id_]
        places = "; ".join(hint.where for hint in hints[:MOST_SENTENCES])
        more = f" and {len(hints) - MOST_SENTENCES} more" if len(hints) > MOST_SENTENCES else ""
        facts: dict[str, Fact] = {"places": [hint.where for hint in hints], "code": [hint.text for hint in hints]}
        sentence = f"In the code ({places}{more}): {hints[0].sentence}"
        found.append(Finding(f"code-{id_}", "code", "info", sentence, facts, "training"))
    return found
