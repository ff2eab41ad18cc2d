"""Does the network know signs, or the people that it was trained on?

Measure: the accuracy by signer, of signers that training has and of the others; and limits of the whole accuracy where signers
are drawn again, all clips of one together (cluster bootstrap, 1,000 draws), because clips of one signer are right or wrong
together and Wilson's limits, which take them for independent, are too narrow.

Null: which signers training has makes no difference. All choices of as many signers are tried, or 999 at random: with few
signers no p can be small, and that is the honest answer.

Threshold: p under 0.05, because a difference is expected and costs little to tell. No weight for any cause: other people are no
fault, and what overfits shows in the training accuracy.

Guards: signers are what the file says, else what all clip names tell ("signer03_..."); a clip without one makes all unknown.

Source: Field and Welsh 2007 for drawing clusters; diagnosis.md, B2 and C6.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy_of
from asl_inspector.diagnosis.probe_records import SignerMeasures

FEWEST_SIGNERS = 5
SHOWN = 0.05
DRAWS, CHOICES = 1_000, 999
MOST_EXACT = 2_000
SEED = 20_261_127
BoolArray = NDArray[np.bool_]


def measure(scored: Scored | None, data: DataMeasures | None, truth: NDArray[np.int64] | None) -> SignerMeasures | str:
    """The accuracy by signer, or why there is none.

    Args:
        scored: Predictions on the validation clips.
        data: The clips, with their signers.
        truth: (N,), true ids to score by instead of the file's own.
    """
    survey = data.validation if data is not None else None
    if scored is None:
        return "Nothing was predicted."
    if survey is None or len(survey.signers) != len(scored.clips):
        return "Neither the file nor the clip names tell who signs."
    known = set(data.train.signers) if data is not None and data.train is not None else set()
    ids = scored.clips.gloss_ids if truth is None else truth
    right = np.equal(scored.answer, ids)
    people = np.array(survey.signers)
    names = sorted(set(people[scored.labelled].tolist()))
    if not names:
        return "No clip is labelled."
    counts = np.array(
        [[int((mine := scored.labelled & (people == name)).sum()), int(right[mine].sum())] for name in names]
    )
    of, correct = counts[:, 0], counts[:, 1]
    seen = np.array([name in known for name in names])
    low, high = _limits(correct, of) if len(names) >= FEWEST_SIGNERS else (None, None)
    mixed = bool(known) and bool(seen.any()) and not bool(seen.all())
    rows = sorted(
        zip(names, correct.tolist(), of.tolist(), seen.tolist(), strict=True), key=lambda one: (-one[2], one[0])
    )
    return SignerMeasures(
        tuple((name, k, n, told if known else None) for name, k, n, told in rows),
        low,
        high,
        accuracy_of(int(correct[seen].sum()), int(of[seen].sum())) if known else None,
        accuracy_of(int(correct[~seen].sum()), int(of[~seen].sum())) if known else None,
        p_of_seen(correct, of, seen) if mixed else None,
    )


def _limits(correct: NDArray[np.int64], of: NDArray[np.int64]) -> tuple[float, float]:
    """95 % limits of the accuracy over signers drawn again."""
    drawn = np.random.default_rng(SEED).integers(0, len(of), (DRAWS, len(of)))
    low, high = np.quantile(correct[drawn].sum(axis=1) / of[drawn].sum(axis=1), [0.025, 0.975]).tolist()
    return low, high


def p_of_seen(correct: NDArray[np.int64], of: NDArray[np.int64], seen: BoolArray) -> float:
    """Share of the choices of as many signers whose lead over the others is at least that of the seen ones."""

    def lead(chosen: BoolArray) -> float:
        return float(correct[chosen].sum() / of[chosen].sum() - correct[~chosen].sum() / of[~chosen].sum())

    reached, count, size = lead(seen), int(seen.sum()), len(seen)
    if math.comb(size, count) <= MOST_EXACT:
        leads = []
        for picked in itertools.combinations(range(size), count):
            chosen = np.zeros(size, bool)
            chosen[list(picked)] = True
            leads.append(lead(chosen))
        return float(np.mean(np.array(leads) >= reached - 1e-12))
    random = np.random.default_rng(SEED)
    leads = [lead(random.permutation(seen)) for _ in range(CHOICES)]
    return float((np.sum(np.array(leads) >= reached - 1e-12) + 1) / (CHOICES + 1))


def ask(found: SignerMeasures | None) -> Answers:
    """The finding on signers."""
    if found is None or len(found.signers) < 2:
        return Answers()
    shares = [k / n for _, k, n, _ in found.signers]
    facts: dict[str, Fact] = {
        "signers": [[name, k, n] for name, k, n, _ in found.signers[:50]],
        "lowest": min(shares),
        "highest": max(shares),
        "low_by_signers": found.low,
        "high_by_signers": found.high,
    }
    span = f"{100 * min(shares):.0f} to {100 * max(shares):.0f} %"
    by = f"Of the {len(found.signers)} signers of validation the clips are right in {span}"
    if found.low is not None and found.high is not None:
        by += f"; with signers instead of clips drawn again the accuracy is {100 * found.low:.0f} to {100 * found.high:.0f} % (95 %)"
    if found.seen is None or found.unseen is None or found.p is None:
        return Answers((Finding("accuracy-by-signer", "signers", "info", f"{by}.", facts, "samples"),))
    facts |= {"seen": found.seen.value, "unseen": found.unseen.value, "p": found.p}
    both = (
        f"{by}. Of signers that training has {found.seen.correct} of {found.seen.of} clips are right "
        f"({100 * found.seen.value:.0f} %, 95 %: {100 * found.seen.low:.0f} to {100 * found.seen.high:.0f}), of the others "
        f"{found.unseen.correct} of {found.unseen.of} ({100 * found.unseen.value:.0f} %, {100 * found.unseen.low:.0f} to "
        f"{100 * found.unseen.high:.0f})"
    )
    name = "signers that training has are answered better"
    if found.p < SHOWN and found.seen.value > found.unseen.value:
        sentence = (
            f"{both}: the network knows its people better than others (p = {found.p:.2g} over choices of signers)."
        )
        worse = Finding("unseen-signers-worse", "signers", "info", sentence, facts, "samples")
        return Answers((worse,), trials=(Trial(name, found.p, worse.id),))
    sentence = f"{both}: no difference that so many signers can show (p = {found.p:.2g} over choices of signers)."
    alike = Finding("signers-alike", "signers", "info", sentence, facts, "samples")
    return Answers((alike,), trials=(Trial(name, found.p),))
