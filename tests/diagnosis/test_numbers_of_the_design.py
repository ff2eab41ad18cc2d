"""Numbers that diagnosis.md gives as measured, calculated anew by the program's own functions or by torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from asl_inspector.diagnosis.measures import accuracy_of, best_of, p_of_guessing, unpaired_p
from asl_inspector.diagnosis.run import luck_of
from asl_inspector.diagnosis.validation_size import smallest_size
from asl_inspector.inference.exact_scores import single_gloss_log_probs


def test_six_and_one_of_168_clips() -> None:
    """A2: intervals 1.6 to 7.6 and 0.1 to 3.3 %, p = .12 between them, .0072 for one look and up to .30 for fifty."""
    six, one = accuracy_of(6, 168), accuracy_of(1, 168)
    assert six is not None
    assert one is not None
    assert [round(100 * limit, 1) for limit in (six.low, six.high, one.low, one.high)] == [1.6, 7.6, 0.1, 3.3]
    assert unpaired_p(six, one) == pytest.approx(0.12, abs=0.005)
    single = p_of_guessing(6, 168, 0.01)
    assert round(single, 4) == 0.0072
    assert best_of(single, 50) == pytest.approx(0.30, abs=0.005)
    luck = luck_of(six, 50, 0.01)
    assert luck is not None
    assert round(luck.expected, 1) == 5.1


def test_accuracies_of_3_57_and_0_60_percent_are_of_168_clips() -> None:
    assert smallest_size((0.0357, 0.0060)) == 168


def test_the_exact_score_knows_more_than_the_greedy_path() -> None:
    """C3: blank .6, gloss .4 in ten frames: the path is empty, and log P(g) = -2.3 is above log P(empty) = -5.1."""
    logits = torch.log(torch.tensor([0.6, 0.4])).expand(1, 10, 2)
    scores, empty, _ = single_gloss_log_probs(logits, 0)
    assert float(scores.max()) == pytest.approx(-2.3, abs=0.05)
    assert float(empty[0]) == pytest.approx(-5.1, abs=0.05)


def test_an_untrained_ctc_loss_is_132_for_thirty_frames_and_101_classes() -> None:
    """B1: T ln K - ln(T (T + 1) / 2)."""
    told = torch.full((30, 1, 101), -math.log(101))
    loss = nn.functional.ctc_loss(told, torch.tensor([[7]]), torch.tensor([30]), torch.tensor([1]), reduction="sum")
    assert float(loss) == pytest.approx(30 * math.log(101) - math.log(30 * 31 / 2), abs=1e-3)
    assert round(float(loss)) == 132


@pytest.mark.parametrize(("hidden", "layers", "parameters"), [(128, 2, 591_205), (64, 1, 65_253)])
def test_the_notebooks_network_has_591_205_parameters(hidden: int, layers: int, parameters: int) -> None:
    """A1: a BiLSTM over 36 features with a head of 101 classes, and its smaller option."""
    network = nn.ModuleList(
        [
            nn.LSTM(36, hidden, layers, batch_first=True, bidirectional=True),
            nn.Linear(2 * hidden, 101),
        ]
    )
    found = sum(one.numel() for one in network.parameters())
    # the design's formula: D * 4 H (in + H + 2) a layer
    by_formula = 2 * 4 * hidden * (36 + hidden + 2) + (layers - 1) * 2 * 4 * hidden * (2 * hidden + hidden + 2)
    assert found == by_formula + 2 * hidden * 101 + 101
    assert found == parameters


def test_decay_in_the_gradient_of_adam_pulls_a_tensor_without_gradient_to_nothing_and_adamw_does_not() -> None:
    """C7: rms .052 to .0001 in 200 steps."""
    left = {}
    for kind in (torch.optim.Adam, torch.optim.AdamW):
        torch.manual_seed(0)
        weight = nn.Parameter(torch.empty(128, 64).uniform_(-0.09, 0.09))
        optimizer = kind([weight], lr=1e-3, weight_decay=1e-4)
        before = float(weight.detach().square().mean().sqrt())
        for _ in range(200):
            optimizer.zero_grad()
            (weight.sum() * 0.0).backward()
            optimizer.step()
        left[kind.__name__] = float(weight.detach().square().mean().sqrt()) / before
        assert before == pytest.approx(0.052, abs=0.001)
    assert left["Adam"] < 0.01
    assert left["AdamW"] > 0.99


def test_ten_of_46_against_twelve_is_no_gain() -> None:
    """A2: "20 % gain from pre-training" is 10 to 12 of 46 clips, p = .81."""
    ten, twelve = accuracy_of(10, 46), accuracy_of(12, 46)
    assert ten is not None
    assert twelve is not None
    assert unpaired_p(ten, twelve) == pytest.approx(0.81, abs=0.005)
    assert np.isclose(ten.value, 0.217, atol=5e-4)
