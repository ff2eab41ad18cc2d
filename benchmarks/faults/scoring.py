"""The scores: first cause right, within three, reciprocal rank, false alarms, precision, calibration, abstention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from asl_inspector.diagnosis.measures import accuracy_of
from benchmarks.faults.judging import Answer

BINS = 10


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a set of answers; shares are fractions, None where there is nothing to judge.

    Attributes:
        faults: Cases with a planted fault.
        healthy: Cases without.
        first: First cause right, over faults.
        first_low: Wilson 95 % limit.
        first_high: Likewise.
        three: All true causes within the first three, over faults.
        reciprocal_rank: Mean over faults.
        alarms: Healthy cases with a critical finding or cause.
        precision: Of the cases with an alarm, those that have a fault.
        calibration: Expected calibration error of all named causes.
        silent: Faults of which no cause is named.
    """

    faults: int
    healthy: int
    first: float | None
    first_low: float | None
    first_high: float | None
    three: float | None
    reciprocal_rank: float | None
    alarms: float | None
    precision: float | None
    calibration: float | None
    silent: float | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def share(flags: Sequence[bool]) -> float | None:
    """How many are true."""
    return sum(flags) / len(flags) if flags else None


def reliability(answers: Sequence[Answer]) -> list[tuple[float, float, int]]:
    """`(mean confidence, share true, causes)` of the named causes by tenths of confidence.

    A named cause is true where it was planted, or where measurement of the weights shows it (`Answer.also_true`).
    """
    rows: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for one in answers:
        for cause, confidence, _ in one.causes:
            rows[min(BINS - 1, int(confidence * BINS))].append((confidence, one.is_true(cause)))
    return [
        (sum(c for c, _ in row) / len(row), sum(t for _, t in row) / len(row), len(row)) if row else (0.0, 0.0, 0)
        for row in rows
    ]


def calibration_error(answers: Sequence[Answer]) -> float | None:
    """Weighted gap between confidence and truth of all named causes.

    Source: Guo et al. 2017, arXiv:1706.04599, section 2.
    """
    rows = reliability(answers)
    total = sum(count for _, _, count in rows)
    return sum(count * abs(mean - true) for mean, true, count in rows) / total if total else None


def score(answers: Sequence[Answer]) -> Scores:
    """All scores of a set of answers."""
    faults = [one for one in answers if one.truth]
    healthy = [one for one in answers if not one.truth]
    limits = accuracy_of(sum(one.first_right for one in faults), len(faults))
    alarmed = [one for one in answers if one.alarm]
    return Scores(
        faults=len(faults),
        healthy=len(healthy),
        first=share([one.first_right for one in faults]),
        first_low=limits.low if limits else None,
        first_high=limits.high if limits else None,
        three=share([one.all_in_three for one in faults]),
        reciprocal_rank=sum(one.reciprocal_rank for one in faults) / len(faults) if faults else None,
        alarms=share([one.alarm for one in healthy]),
        precision=share([bool(one.truth) for one in alarmed]),
        calibration=calibration_error(answers),
        silent=share([not one.causes for one in faults]),
    )


def confusions(answers: Sequence[Answer]) -> dict[str, Counter[str]]:
    """By kind, how often each cause came first; "none" where no cause was named."""
    table: dict[str, Counter[str]] = {}
    for one in answers:
        table.setdefault(one.case.kind, Counter())[one.ids[0] if one.causes else "none"] += 1
    return table
