"""Confidence beside accuracy, and answers beside labels, against formulas of their own."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from diagnosis.stories import make_clips, scored

from asl_inspector.diagnosis import confidence, dependence
from asl_inspector.diagnosis.evidence import Scored

K = 20
IDS = [1 + index % K for index in range(400)]


def story(said: list[int], sure: np.ndarray) -> Scored:
    case = scored(make_clips([f"g{one}" for one in IDS], IDS), said, classes=K + 1)
    top = case.predictions.top_log_prob.copy()
    top[:, 0] = np.log(sure)
    return replace(case, predictions=replace(case.predictions, top_log_prob=top))


def test_the_error_is_the_gap_of_each_bin_by_its_size() -> None:
    """Two bins of ten: 0.2 sure and 0.5 right, 0.9 sure and 0.7 right."""
    sure = np.array([0.2] * 10 + [0.9] * 10)
    right = np.array([True] * 5 + [False] * 5 + [True] * 7 + [False] * 3)
    assert confidence.calibration_error(sure, right) == pytest.approx((0.3 + 0.2) / 2)


@pytest.mark.parametrize(
    ("sure", "share", "id_"), [(0.95, 0.2, "too-sure"), (0.3, 0.9, "too-unsure"), (0.7, 0.7, "as-sure-as-right")]
)
def test_too_sure_too_unsure_and_just_right(sure: float, share: float, id_: str) -> None:
    random = np.random.default_rng(0)
    said = [one if random.random() < share else 1 + one % K for one in IDS]
    (finding,) = confidence.ask(story(said, np.full(len(IDS), sure)), None).findings
    assert finding.id == id_
    assert finding.severity == "info"


def test_mutual_information_is_that_of_its_definition() -> None:
    random = np.random.default_rng(1)
    a, b = random.integers(0, 5, 200), random.integers(0, 7, 200)
    joint, first, second = Counter(zip(a.tolist(), b.tolist(), strict=True)), Counter(a.tolist()), Counter(b.tolist())
    by_hand = sum(
        count / 200 * math.log(count * 200 / (first[one] * second[other])) for (one, other), count in joint.items()
    )
    assert dependence.mutual_information(a, b) == pytest.approx(by_hand)
    assert dependence.mutual_information(a, a) == pytest.approx(
        -sum(n / 200 * math.log(n / 200) for n in first.values())
    )


def test_wrong_answers_that_follow_the_labels_are_systematic() -> None:
    sure = np.full(len(IDS), 0.9)
    moved = story([1 + one % K for one in IDS], sure)
    assert [one.id for one in dependence.ask(moved).findings] == ["systematically-wrong"]
    guessed = story(np.random.default_rng(2).integers(1, K + 1, len(IDS)).tolist(), sure)
    assert [one.id for one in dependence.ask(guessed).findings] == ["answers-independent"]
    assert dependence.ask(story(IDS, sure)).findings == ()
