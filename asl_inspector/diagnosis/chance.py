"""Is the accuracy better than guessing?

Null: guessing one of the K glosses that occur, or always the most frequent one, whichever is better. A checkpoint is
usually the best of E epochs by this very accuracy, so its luck is counted E times. Beside them the same answers are exchanged over
the clips (999 times), which keeps how often each is given: a network that says few glosses beats one in K by that alone.

False positives: with few clips almost nothing is above chance; the interval says how little is known.

Source: Combrisson and Jerbi 2015 (chance with few samples); the best-of-E bound is 1 - (1 - p)^E.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.diagnosis.findings import Answers, Finding
from asl_inspector.diagnosis.measures import accuracy, best_of, p_of_guessing
from asl_inspector.diagnosis.records import ChanceTest
from asl_inspector.history.records import History

SURE = 0.01
DRAWS = 999
MOST_CLIPS = 50_000  # beyond it the exchange takes seconds and the binomial says the same
SEED = 20_261_132


def looks(history: History | None) -> int | None:
    """How many epochs there were to choose the best from, or None where that is unknown."""
    if history is None or not history.epochs:
        return None
    return max(history.epochs) if history.kind == "checkpoints" else len(history.epochs)


def compare_with_guessing(scored: Scored, epochs: int | None, truth: np.ndarray | None = None) -> ChanceTest | None:
    """The accuracy on labelled clips against guessing, or None where no clip is labelled."""
    measured = accuracy(scored.right(scored.answer, truth))
    if measured is None:
        return None
    labels = scored.clips.gloss_ids if truth is None else truth
    _, counts = np.unique(labels[scored.labelled], return_counts=True)
    glosses = max(scored.predictions.glosses, 1)
    chance, constant = 1 / glosses, float(counts.max() / counts.sum())
    p = p_of_guessing(measured.correct, measured.of, chance)
    p_constant = p_of_guessing(measured.correct, measured.of, constant)
    p_best = best_of(p, epochs) if epochs else None
    above = (p_best if p_best is not None else p) < SURE and p_constant < 0.05
    exchanged = p_of_exchange(scored.answer[scored.labelled], labels[scored.labelled])
    return ChanceTest(measured, chance, constant, p, p_best, above, exchanged)


def p_of_exchange(said: np.ndarray, true: np.ndarray) -> float | None:
    """Share of exchanges of the answers over the clips that get as many right, or None for very many clips."""
    if len(said) > MOST_CLIPS:
        return None
    random = np.random.default_rng(SEED)
    reached = int((said == true).sum())
    as_many = sum(int((random.permutation(said) == true).sum()) >= reached for _ in range(DRAWS))
    return (as_many + 1) / (DRAWS + 1)


def ask(evidence: Evidence, test: ChanceTest | None, *, by_name: bool) -> Answers:
    """The finding on chance; `by_name` says that the accuracy was scored by gloss name."""
    if test is None:
        return Answers()
    a = test.accuracy
    what = "Validation accuracy by gloss name" if by_name else "Validation accuracy"
    figures = f"{a.correct} of {a.of} ({100 * a.value:.2f} %, 95 %: {100 * a.low:.1f} to {100 * a.high:.1f})"
    facts = {
        "correct": a.correct,
        "of": a.of,
        "chance": test.chance,
        "always_the_most_frequent": test.constant,
        "p": test.p,
        "p_best_of_epochs": test.p_best,
        "p_of_exchanged_answers": test.p_exchanged,
    }
    if test.above:
        sentence = f"{what} is {figures}, clearly above guessing ({100 * test.chance:.1f} %)."
        return Answers((Finding("above-chance", "chance", "info", sentence, dict(facts), "samples"),))
    epochs = looks(evidence.history)
    words = (
        f"the best of {epochs} epochs would be as good by luck with probability {test.p_best:.2g}"
        if test.p_best is not None and epochs is not None and epochs > 1
        else f"guessing would be as good with probability {test.p:.2g}"
    )
    sentence = f"{what} is {figures}, which cannot be told from guessing: {words}."
    return Answers((Finding("at-chance", "chance", "warning", sentence, dict(facts), "samples"),))
