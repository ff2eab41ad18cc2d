"""From the table of samples to the figures of each gloss: which sign belongs to which answer.

Where the ids of the validation file are wrong, signs go by gloss name, as everywhere; a gloss that the network never
learned then has a row of its own and can only be wrong. Clips that did not run, or have no label, are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.continuous_records import ContinuousMeasures
from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.diagnosis.glosses import measure
from asl_inspector.inference.word_errors import edits
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

NO_OUTPUT = "(no output)"
CLIPS_BETWEEN_LOOKS = 256
IntArray = NDArray[np.int64]


def gloss_measures(
    samples: SampleTable,
    decoder: str,
    continuous: ContinuousMeasures | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> GlossMeasures:
    """The figures of each gloss.

    Args:
        samples: The clips with their answers.
        decoder: "majority", "first_token" or "score"; continuous clips are always decoded greedily.
        continuous: What was signed and recognised, where clips hold several glosses.
        progress: Told how far it is.
        cancel: Asked now and then.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    if continuous is not None:
        return _of_continuous(samples, continuous, progress, cancel)
    progress(Step("Counting confusions"))
    answers = {"majority": samples.majority, "first_token": samples.first_token, "score": samples.score}[decoder]
    truth = samples.learned_ids if samples.scored_by_name else samples.true_ids
    labelled = truth != UNLABELLED
    nameless = samples.ran & ~labelled  # of those, the ones with a gloss the network never learned
    strangers = (
        np.array([row for row in np.flatnonzero(nameless).tolist() if samples.glosses[row]], np.int64)
        if samples.scored_by_name
        else np.zeros(0, np.int64)
    )
    known = np.flatnonzero(samples.ran & labelled)
    cancel.raise_if_cancelled()
    spoken = (answers != samples.blank) & (answers >= 0)
    rows = np.sort(np.concatenate([known, strangers]))
    numbers = np.unique(np.concatenate([truth[known], answers[rows][spoken[rows]]]))
    others = sorted({samples.glosses[row] for row in strangers.tolist()})
    names = [*_names(samples, numbers, truth), *others]
    nothing = len(names)
    place = np.full(len(samples), nothing, np.int64)
    place[known] = np.searchsorted(numbers, truth[known])
    among = {name: len(numbers) + index for index, name in enumerate(others)}
    place[strangers] = [among[samples.glosses[row]] for row in strangers.tolist()]
    heard = np.where(spoken[rows], np.searchsorted(numbers, np.where(spoken[rows], answers[rows], 0)), nothing)
    cancel.raise_if_cancelled()
    return measure(
        names,
        np.concatenate([numbers, np.full(len(others), UNLABELLED)]),
        rows,
        place[rows],
        heard,
        decoder=decoder,
        left_out=len(samples) - len(rows),
    )


def _names(samples: SampleTable, numbers: IntArray, truth: IntArray) -> list[str]:
    """The gloss of each output; where no list names it, what the clips with that label call it, else the number."""
    values, first = np.unique(truth, return_index=True)
    called = {
        number: samples.glosses[row] for number, row in zip(values.tolist(), first.tolist(), strict=True) if number >= 0
    }
    return [samples.names.get(number) or called.get(number) or str(number) for number in numbers.tolist()]


def _of_continuous(
    samples: SampleTable, found: ContinuousMeasures, progress: Progress, cancel: CancelToken
) -> GlossMeasures:
    """One pair for each gloss signed, and for each inserted."""
    pairs: list[tuple[int, int | None, int | None]] = []
    ran = np.flatnonzero(samples.ran).tolist()
    for done, clip in enumerate(ran):
        if done % CLIPS_BETWEEN_LOOKS == 0:
            cancel.raise_if_cancelled()
            progress(Step("Counting confusions", done, len(ran), "clips"))
        signed, heard = found.signed[clip], found.recognised[clip]
        pairs += (
            (
                clip,
                None if one.signed is None else signed[one.signed],
                None if one.recognised is None else heard[one.recognised],
            )
            for one in edits(signed, heard)
        )
    numbers = sorted({number for _, *both in pairs for number in both if number is not None})
    place: dict[int | None, int] = {number: index for index, number in enumerate(numbers)}
    place[None] = len(numbers)
    names = [NO_OUTPUT if one == UNLABELLED else found.names.get(one) or str(one) for one in numbers]
    return measure(
        names,
        np.array(numbers, np.int64),
        np.array([clip for clip, *_ in pairs], np.int64),
        np.array([place[signed] for _, signed, _ in pairs], np.int64),
        np.array([place[heard] for *_, heard in pairs], np.int64),
        decoder="greedy",
        left_out=len(samples) - len(ran),
    )
