"""What would the nearest training clip have answered?

Measure: the gloss of the nearest training clip (`data.neighbours`), right or wrong, beside the network's answer on the
same clips; exact McNemar test of the difference.

Reading: a network far below its nearest neighbour has not learned what its features plainly hold, so neither its size
nor the amount of data is the first problem. Both at chance: the features or the labels hold nothing. Both alike and far
below the training accuracy: more data would help.

Threshold: p below 0.01 and more than 5 points, because a difference that small would not change what to do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy_of, p_of_guessing, paired_p
from asl_inspector.samples.records import UNLABELLED

SURE = 0.01
CLEAR = 0.05
BETTER = "the nearest training clip is right more often than the network"
METHODS = {"resampled": "length-normalised", "dtw": "time-warped"}


def ask(data: DataMeasures | None, scored: Scored | None, truth: NDArray[np.int64] | None) -> Answers:
    """The nearest neighbour beside the network.

    Args:
        data: The clips.
        scored: The network's answers on the validation clips, or None.
        truth: (N,), ids by gloss name where the file's own are wrong.
    """
    found = data.neighbours if data is not None else None
    if data is None or data.train is None or found is None:
        return Answers()
    nearest = accuracy_of(found.correct, found.of)
    if nearest is None:
        return Answers()
    how = METHODS[found.method]
    facts: dict[str, Fact] = {"method": found.method, "correct": nearest.correct, "of": nearest.of}
    words = (
        f"The nearest training clip ({how}) has the right gloss for {nearest.correct} of {nearest.of} validation clips"
    )
    words += f" ({100 * nearest.value:.1f} %)"
    ids = scored.clips.gloss_ids if scored is not None and truth is None else truth
    if scored is None or ids is None:
        return Answers((Finding("neighbour-baseline", "nearest", "info", f"{words}.", facts, "data"),))
    both = found.judged & scored.predictions.ran & np.not_equal(ids, UNLABELLED)
    network = np.equal(scored.answer, ids)[both]
    compared = accuracy_of(int(network.sum()), int(both.sum()))
    if compared is None:
        return Answers((Finding("neighbour-baseline", "nearest", "info", f"{words}.", facts, "data"),))
    p = paired_p(network, found.right[both])
    facts |= {"network_correct": compared.correct, "network_of": compared.of, "p": p}
    words += f"; the network has {compared.correct} ({100 * compared.value:.1f} %)"
    if p < SURE and int(found.right[both].sum()) - compared.correct > CLEAR * compared.of:
        sentence = (
            f"{words}: the features hold more than the network has learned, so its size is not the first problem."
        )
        beats = Finding("neighbour-beats-network", "nearest", "warning", sentence, facts, "data")
        return Answers((beats,), trials=(Trial(BETTER, p, beats.id),))
    glosses = max(len(data.train.glosses), 1)
    if p_of_guessing(nearest.correct, nearest.of, 1 / glosses) > CLEAR:
        sentence = f"{words}: neighbours are no better than guessing, so look at features and labels first."
        at_chance = Finding("neighbour-at-chance", "nearest", "info", sentence, facts, "data")
        return Answers((at_chance,), trials=(Trial(BETTER, p),))
    found_alike = Finding("neighbour-baseline", "nearest", "info", f"{words}.", facts, "data")
    return Answers((found_alike,), trials=(Trial(BETTER, p),))
