"""Rules over a whole clip, and what a temperature needs, against torch's own functions on the full logits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from inference.test_decoding import CLIPS, predictions

from asl_inspector.inference.decoding import max_over_time
from asl_inspector.inference.predictions import NO_BLANK, TEMPERATURES
from asl_inspector.inference.reducing import reduce_logits


@pytest.mark.parametrize("blank", [0, 4, None])
def test_the_mean_logit_leaves_out_blank_and_padding(blank: int | None) -> None:
    torch.manual_seed(1)
    logits, lengths = torch.randn(6, 9, 5) * 3, torch.tensor([9, 7, 4, 9, 2, 1])
    found = reduce_logits(logits.clone(), blank, torch.zeros(6, dtype=torch.long), lengths)
    for clip, length in enumerate(lengths.tolist()):
        mean = logits[clip, :length].mean(dim=0)
        if blank is not None:
            mean[blank] = -torch.inf
        assert int(found.mean_logit[clip]) == int(mean.argmax())


@pytest.mark.parametrize("blank", [0, None])
def test_sharpness_is_the_log_sum_at_every_temperature(blank: int | None) -> None:
    """Scores by torch's CTC loss, or the mean log posterior; then log sum exp of what is left of the best."""
    torch.manual_seed(2)
    logits = torch.randn(4, 7, 6) * 2
    found = reduce_logits(logits.clone(), blank, torch.ones(4, dtype=torch.long))
    told = logits.log_softmax(-1)
    if blank is None:
        scores = told.mean(dim=1)
    else:
        one, frames = torch.ones(4, dtype=torch.long), torch.full((4,), 7)
        scores = torch.stack(
            [
                -torch.nn.functional.ctc_loss(
                    told.transpose(0, 1), torch.full((4, 1), gloss), frames, one, reduction="none"
                )
                for gloss in range(1, 6)
            ],
            dim=1,
        )
    best = scores.amax(dim=1, keepdim=True)
    for place, temperature in enumerate(TEMPERATURES):
        expected = ((scores - best) / temperature).logsumexp(dim=1)
        assert torch.allclose(found.sharpness[:, place], expected, atol=2e-5)


def test_temperatures_double_every_second_step_and_hold_1() -> None:
    assert TEMPERATURES.index(1.0) == 4
    assert all(TEMPERATURES[i + 2] == pytest.approx(2 * TEMPERATURES[i]) for i in range(len(TEMPERATURES) - 2))


def test_the_highest_posterior_of_any_frame_decides() -> None:
    torch.manual_seed(3)
    logits = torch.randn(5, 8, 6) * 2
    found = reduce_logits(logits.clone(), 0, torch.ones(5, dtype=torch.long))
    case = replace(
        predictions([[1] * 8] * 5),
        best_gloss=found.best_gloss.numpy().reshape(-1),
        blank_lead=found.blank_lead.numpy().reshape(-1),
        blank_posterior=found.blank_posterior.numpy().reshape(-1),
    )
    expected = 1 + logits.softmax(-1)[..., 1:].amax(dim=1).argmax(dim=1)
    assert np.array_equal(max_over_time(case), expected.numpy())


def test_a_clip_without_frames_says_the_blank_and_a_network_without_one_has_no_such_rule() -> None:
    case = predictions(CLIPS)
    said = max_over_time(case)
    assert said is not None
    assert said[5] == 0
    assert max_over_time(replace(case, blank=NO_BLANK)) is None
