"""Do the answers depend on the labels at all, right or wrong?

Measure: mutual information of answer and label over the clips that are not empty, in nats.

Null: answers permuted over the clips, which keeps how often each is given; z is the distance from their mean in their
deviations (Ojala and Garriga 2010). Few clips of many glosses have a large mutual information by chance alone, which
the permutations have too.

Reading: an accuracy of chance with z above 3 is no ignorance: the network says something else for each gloss, systematically.
Labels that were numbered otherwise, or features that mean something else, do that; a network that learned nothing does not.

Source: diagnosis.md, C4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, p_of_guessing

DRAWS = 200
SYSTEMATIC = 3.0
DEPEND = "the answers depend on the labels"
FEWEST_CLIPS = 30
LUCKY = 0.01
SEED = 20_261_125
IntArray = NDArray[np.int64]


def mutual_information(first: IntArray, second: IntArray) -> float:
    """Of two columns of n ids, in nats; 0 for independent ones."""
    a, first_of = np.unique(first, return_inverse=True)
    b, second_of = np.unique(second, return_inverse=True)
    pairs, counts = np.unique(first_of * len(b) + second_of, return_counts=True)
    joint = counts / counts.sum()
    alone = (np.bincount(first_of, minlength=len(a)) / len(first))[pairs // len(b)]
    other = (np.bincount(second_of, minlength=len(b)) / len(first))[pairs % len(b)]
    return float((joint * np.log(joint / (alone * other))).sum())


def z_of(labels: IntArray, answers: IntArray) -> float | None:
    """Distance from permuted answers in their deviations, or None where these do not vary."""
    random = np.random.default_rng(SEED)
    null = np.array([mutual_information(labels, random.permutation(answers)) for _ in range(DRAWS)])
    spread = float(null.std())
    return (mutual_information(labels, answers) - float(null.mean())) / spread if spread > 1e-12 else None


def ask(scored: Scored | None) -> Answers:
    """The finding, where the accuracy by the file's own ids is that of guessing."""
    if scored is None:
        return Answers()
    said, true = scored.answer[scored.labelled], scored.clips.gloss_ids[scored.labelled].astype(np.int64)
    spoken = np.not_equal(said, scored.predictions.blank)
    right = accuracy(said == true)
    glosses = max(2, scored.predictions.glosses)
    if right is None or int(spoken.sum()) < FEWEST_CLIPS or p_of_guessing(right.correct, right.of, 1 / glosses) < LUCKY:
        return Answers()
    z = z_of(true[spoken], said[spoken].astype(np.int64))
    if z is None:
        return Answers()
    p = float(norm.sf(z))
    facts: dict[str, Fact] = {"z": z, "p": p, "clips": int(spoken.sum())}
    if z > SYSTEMATIC:
        sentence = (
            f"The answers are wrong, and depend on the labels all the same (z = {z:.1f} against permuted answers): wrong "
            "systematically, as by other ids or other features, not by ignorance."
        )
        wrong = Finding("systematically-wrong", "dependence", "info", sentence, facts, "samples")
        return Answers((wrong,), trials=(Trial(DEPEND, p, wrong.id),))
    sentence = f"The answers do not depend on the labels (z = {z:.1f} against permuted answers)."
    found = Finding("answers-independent", "dependence", "info", sentence, facts, "samples")
    return Answers((found,), trials=(Trial(DEPEND, p),))
