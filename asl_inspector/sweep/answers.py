"""What a sweep answers: which file to keep, which condition is better, which clips are wrong everywhere.

A condition is called better only where its runs differ from the other's beyond the spread of seeds, and its answers
beyond the choice of clips, both after correction for the number of pairs. Runs are compared at the last epoch that all of
them have, so that nobody chose an epoch by the clips it is judged on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.chance import SURE
from asl_inspector.diagnosis.measures import best_of as best_of_guesses
from asl_inspector.diagnosis.measures import p_of_guessing
from asl_inspector.sweep.limits import ALPHA
from asl_inspector.sweep.records import NOT_RUN, RIGHT, Answers, Best, ConditionPair, HardClip, Row, Run
from asl_inspector.sweep.statistics import clip_p, detectable, holm, paired_ps, permutation_p, welch_p

BoolArray = NDArray[np.bool_]
LEAST_RUNS = 2


def outcomes(rows: Sequence[Row], indices: Sequence[int]) -> tuple[list[int], BoolArray]:
    """The files among `indices` that were scored, and (K, n) which of the clips that all of them ran they get right."""
    scored = [index for index in indices if rows[index].outcome.strip(NOT_RUN)]
    if not scored:
        return [], np.zeros((0, 0), bool)
    letters = np.array([np.frombuffer(rows[index].outcome.encode(), np.uint8) for index in scored])
    common = (letters != ord(NOT_RUN)).all(axis=0)
    return scored, letters[:, common] == ord(RIGHT)


def best_of(rows: Sequence[Row], indices: Sequence[int], constant: float = 0.0) -> Best | None:
    """Which of some files to keep, or None where none was scored.

    Args:
        rows: The files.
        indices: Those to choose from.
        constant: The share of clips that one gloss for all of them gets right.
    """
    scored, right = outcomes(rows, indices)
    if not scored or not right.shape[1]:
        return None
    counts = right.sum(axis=1)
    epochs = [rows[index].epoch for index in scored]
    order = sorted(range(len(scored)), key=lambda one: (-int(counts[one]), epochs[one] is None, epochs[one] or 0, one))
    kept, others = order[0], order[1:]
    above = _above_guessing(rows[scored[kept]], int(counts[kept]), right.shape[1], len(scored), constant)
    if not others:
        return Best(scored[kept], None, 1, right.shape[1], None, None, shown=False, as_good=(), above_guessing=above)
    p = paired_ps(right[kept], right[others]).tolist()
    corrected = holm(p, len(scored) * (len(scored) - 1) // 2)
    as_good = [scored[one] for one, value in zip(others, corrected, strict=True) if value >= ALPHA]
    return Best(
        row=scored[kept],
        next=scored[others[0]],
        files=len(scored),
        clips=right.shape[1],
        p=p[0],
        p_corrected=corrected[0],
        shown=corrected[0] < ALPHA,
        as_good=tuple(as_good),
        above_guessing=above,
    )


def _above_guessing(row: Row, correct: int, of: int, files: int, constant: float) -> bool | None:
    """The best of so many files beside the best of as many guesses, or one gloss for all clips if that is better."""
    if row.figures is None or row.figures.glosses < 1:
        return None
    chance = max(constant, 1 / row.figures.glosses)
    return best_of_guesses(p_of_guessing(correct, of, chance), files) < SURE


def answers_of(
    rows: Sequence[Row], runs: Sequence[Run], said: Mapping[str, Sequence[str]], constant: float = 0.0
) -> Answers:
    """Everything that concerns more than one run.

    Args:
        rows: The files.
        runs: The runs, with their best files.
        said: What each job's file answers, clip by clip, as glosses.
        constant: The share of clips that one gloss for all of them gets right.
    """
    epoch, pairs = compare_conditions(rows, runs)
    best_rows = [run.best.row for run in runs if run.best is not None]
    hard, alone = _odd_clips(rows, runs, said)
    return Answers(
        best=best_of(rows, range(len(rows)), constant),
        compared_epoch=epoch,
        pairs=pairs,
        hard=hard,
        alone=alone,
        judged=len(best_rows),
    )


# -- conditions ---------------------------------------------------------------------------------------------------------


def compare_conditions(rows: Sequence[Row], runs: Sequence[Run]) -> tuple[int | None, tuple[ConditionPair, ...]]:
    """The epoch compared, and every two conditions at it."""
    conditions = list(dict.fromkeys(run.condition for run in runs))
    if len(conditions) < 2:
        return None, ()
    epoch = _last_common_epoch(rows, runs)
    at_epoch = [_row_at(rows, run, epoch) for run in runs]
    scored, right = outcomes(rows, [index for index in at_epoch if index is not None])
    by_row = dict(zip(scored, right, strict=True))
    found: list[ConditionPair] = []
    for a, b in combinations(conditions, 2):
        sides = [
            np.array(
                [
                    by_row[index]
                    for run, index in zip(runs, at_epoch, strict=True)
                    if run.condition == one and index in by_row
                ]
            )
            for one in (a, b)
        ]
        if all(len(side) and side.shape[1] for side in sides):
            found.append(compare_pair(a, b, *sides))
    return epoch, tuple(_named(found))


def _last_common_epoch(rows: Sequence[Row], runs: Sequence[Run]) -> int | None:
    """The last epoch that every run has scored, of the runs that have epochs at all; None where there is none."""
    known = [{rows[index].epoch for index in run.rows if rows[index].outcome} - {None} for run in runs]
    common = set.intersection(*filter(None, known)) if any(known) else set()
    return max((epoch for epoch in common if epoch is not None), default=None)


def _row_at(rows: Sequence[Row], run: Run, epoch: int | None) -> int | None:
    """The run's file of the epoch compared; where no epoch is common to all, its last one."""
    scored = [index for index in run.rows if rows[index].outcome]
    if epoch is None:
        return scored[-1] if scored else None
    return next((index for index in scored if rows[index].epoch == epoch), None)


def compare_pair(a: str, b: str, right_a: BoolArray, right_b: BoolArray) -> ConditionPair:
    """Two conditions, before the correction for the number of pairs.

    Args:
        a: Name of the first.
        b: Name of the second.
        right_a: (n, N), which clips each of its runs gets right.
        right_b: (m, N).
    """
    of_a, of_b = right_a.mean(axis=1).tolist(), right_b.mean(axis=1).tolist()
    exact = permutation_p(of_a, of_b)
    return ConditionPair(
        a=a,
        b=b,
        runs_a=len(of_a),
        runs_b=len(of_b),
        mean_a=float(np.mean(of_a)),
        mean_b=float(np.mean(of_b)),
        p=welch_p(of_a, of_b),
        p_exact=exact[0] if exact else None,
        least_p_exact=exact[1] if exact else None,
        p_clips=clip_p(right_a, right_b),
        p_corrected=None,
        detectable=detectable(of_a, of_b),
        better="",
    )


def _named(pairs: Sequence[ConditionPair]) -> list[ConditionPair]:
    """The pairs with corrected probabilities, and the better condition where it is shown to be better."""
    tested = [index for index, one in enumerate(pairs) if one.p is not None]
    by_runs = holm([pairs[index].p or 0.0 for index in tested], len(tested))
    by_clips = holm([pairs[index].p_clips or 0.0 for index in tested], len(tested))
    found = list(pairs)
    for index, p, p_clips in zip(tested, by_runs, by_clips, strict=True):
        one = pairs[index]
        better = one.a if one.mean_a > one.mean_b else one.b
        shown = p < ALPHA and p_clips < ALPHA and one.mean_a != one.mean_b
        found[index] = replace(one, p_corrected=p, better=better if shown else "")
    return found


# -- clips --------------------------------------------------------------------------------------------------------------


def _odd_clips(
    rows: Sequence[Row], runs: Sequence[Run], said: Mapping[str, Sequence[str]]
) -> tuple[tuple[HardClip, ...], tuple[tuple[int, int], ...]]:
    """Clips that the best files of all runs get wrong, and those that one of them alone gets right."""
    judged = [(number, run.best.row) for number, run in enumerate(runs) if run.best is not None]
    if len(judged) < LEAST_RUNS:
        return (), ()
    letters = [rows[row].outcome for _, row in judged]
    hard, alone = [], []
    for clip, column in enumerate(zip(*letters, strict=True)):
        if NOT_RUN in column:
            continue
        right = [number for (number, _), letter in zip(judged, column, strict=True) if letter == RIGHT]
        if not right:
            words = Counter(said[rows[row].key][clip] for _, row in judged if rows[row].key in said)
            gloss, times = words.most_common(1)[0] if words else ("", 0)
            hard.append(HardClip(clip, gloss, times))
        elif len(right) == 1 and len(judged) > LEAST_RUNS:
            alone.append((clip, right[0]))
    return tuple(sorted(hard, key=lambda one: -one.times)), tuple(alone)
