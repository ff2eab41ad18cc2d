"""Decoders against brute force."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from asl_inspector.inference.decoding import first_token, greedy_paths, majority
from asl_inspector.inference.exact_scores import single_gloss_log_probs
from asl_inspector.inference.predictions import Predictions

BLANK = 0


def predictions(clips: list[list[int]], *, lead: float = 2.0) -> Predictions:
    """Predictions whose frames have the given winners; a blank frame's best gloss is 1."""
    frames = np.array([frame for clip in clips for frame in clip], dtype=np.int32)
    count, total = len(clips), len(frames)
    return Predictions(
        classes=9,
        blank=BLANK,
        ran=np.ones(count, bool),
        starts=np.cumsum([0, *map(len, clips)]),
        best_gloss=np.where(frames == BLANK, 1, frames).astype(np.int32),
        blank_lead=np.where(frames == BLANK, lead, -lead).astype(np.float32),
        blank_posterior=np.zeros(total, np.float32),
        empty_log_prob=np.zeros(count, np.float32),
        top=np.zeros((count, 5), np.int32),
        top_log_prob=np.zeros((count, 5), np.float32),
        loss=np.zeros(count, np.float32),
        padding_reads_as=0,
        device="",
        seconds=1.0,
    )


CLIPS = [
    [0, 0, 3, 0],
    [5, 5, 2, 2],  # a tie: the lowest id
    [0, 0, 0],
    [7, 2, 2, 0, 7, 7],
    [4],
    [],
    [0, 8, 8, 1, 1, 1],
]


def test_where_blank_and_gloss_tie_the_lower_index_wins_as_argmax_has_it() -> None:
    tied = replace(predictions([[3]], lead=0.0), blank_lead=np.zeros(1, np.float32))
    assert tied.frame_argmax().tolist() == [0]
    assert replace(tied, blank=8).frame_argmax().tolist() == [3]


def test_majority_is_the_most_frequent_gloss_ties_to_the_lowest() -> None:
    assert majority(predictions(CLIPS)).tolist() == [3, 2, 0, 7, 4, 0, 1]


def test_first_token_is_the_first_that_is_not_blank() -> None:
    assert first_token(predictions(CLIPS)).tolist() == [3, 5, 0, 7, 4, 0, 8]


def test_greedy_paths_are_the_collapsed_frames() -> None:
    paths = greedy_paths(predictions(CLIPS))
    assert [len(path) for path in paths] == [1, 2, 0, 3, 1, 0, 2]
    assert list(paths) == [collapse(tuple(clip)) for clip in CLIPS]


def test_a_bias_on_the_blank_lets_the_best_gloss_through() -> None:
    found = predictions([[0, 0, 3], [0, 0, 0]], lead=2.0)
    assert majority(found, 1.9).tolist() == [3, 0]
    assert majority(found, 2.1).tolist() == [1, 1]
    assert majority(found, -2.1).tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_decoders_equal_a_plain_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    clips = [random.integers(0, 9, size=random.integers(0, 12)).tolist() for _ in range(40)]
    found = predictions(clips)
    for clip, by_majority, by_first in zip(clips, majority(found), first_token(found), strict=True):
        spoken = [frame for frame in clip if frame != BLANK]
        assert by_majority == (int(np.bincount(spoken).argmax()) if spoken else BLANK)
        assert by_first == (spoken[0] if spoken else BLANK)


def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one for one, _ in itertools.groupby(path) if one != BLANK)


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_exact_scores_equal_the_sum_over_all_paths(frames: int, blank: int) -> None:
    classes = 3
    logits = torch.randn(1, frames, classes, generator=torch.Generator().manual_seed(frames), dtype=torch.float64)
    log_probs = logits.log_softmax(-1)
    scores, empty, blanks = single_gloss_log_probs(logits, blank)
    torch.testing.assert_close(blanks, log_probs[..., blank])
    sums = dict.fromkeys([(), *((g,) for g in range(classes) if g != blank)], 0.0)
    for path in itertools.product(range(classes), repeat=frames):
        tokens = tuple(one for one, _ in itertools.groupby(path) if one != blank)
        if tokens in sums:
            sums[tokens] += math.exp(sum(log_probs[0, t, c].item() for t, c in enumerate(path)))
    assert empty.exp().item() == pytest.approx(sums[()], rel=1e-9)
    for gloss in range(classes):
        if gloss != blank:
            assert scores[0, gloss].exp().item() == pytest.approx(sums[(gloss,)], rel=1e-9)
    assert scores[0, blank].item() == -math.inf


def test_exact_scores_equal_torchs_ctc_loss_on_long_clips() -> None:
    log_probs = torch.randn(4, 200, 30, generator=torch.Generator().manual_seed(0)).mul(6).log_softmax(-1)
    scores, _, _ = single_gloss_log_probs(log_probs, 0)
    for gloss in (1, 7, 29):
        losses = torch.nn.functional.ctc_loss(
            log_probs.transpose(0, 1),
            torch.full((4, 1), gloss),
            torch.full((4,), 200),
            torch.ones(4, dtype=torch.long),
            reduction="none",
        )
        torch.testing.assert_close(-scores[:, gloss], losses, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("scale", [1, 30, 300, 3000])
def test_exact_scores_keep_their_digits_where_plain_sums_leave_the_range(scale: float) -> None:
    """The sums over runs in double precision and in logarithms, independent of both paths of the code."""
    logits = torch.randn(5, 60, 9, generator=torch.Generator().manual_seed(1)) * scale
    scores, empty, blanks = single_gloss_log_probs(logits.clone(), 2)
    wide = logits.double().log_softmax(-1)
    torch.testing.assert_close(blanks.double(), wide[..., 2], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(empty.double(), wide[..., 2].sum(1), rtol=1e-5, atol=1e-3)
    for gloss in (0, 1, 8):
        losses = torch.nn.functional.ctc_loss(
            wide.transpose(0, 1),
            torch.full((5, 1), gloss),
            torch.full((5,), 60),
            torch.ones(5, dtype=torch.long),
            blank=2,
            reduction="none",
        )
        torch.testing.assert_close(-scores[:, gloss].double(), losses, rtol=1e-5, atol=1e-3)


def test_the_worked_example_of_a_greedy_blank_that_hides_a_gloss() -> None:
    """p(blank) = .6, p(g) = .4, ten frames: greedy says nothing, yet log P(g) = -2.3 is above log P(empty) = -5.1."""
    probs = torch.tensor([0.6, 0.4]).repeat(1, 10, 1)
    scores, empty, _ = single_gloss_log_probs(probs.log(), 0)
    assert empty.item() == pytest.approx(-5.108, abs=1e-3)
    by_hand = math.log(
        sum((11 - run) * 0.4**run * 0.6 ** (10 - run) for run in range(1, 11))
    )  # places times probability
    assert scores[0, 1].item() == pytest.approx(by_hand, abs=1e-5)
    assert round(by_hand, 1) == -2.3
