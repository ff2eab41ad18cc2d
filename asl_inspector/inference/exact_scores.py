"""The exact CTC probability of every hypothesis of one gloss.

A path that collapses to the single gloss g is blanks, then a run of g, then blanks. With r_t = p_t(g) / p_t(blank) the
sum over all runs is P_empty * sum_t c_t, where c_t = r_t * (1 + c_{t-1}) sums over the runs that end at t. The softmax
cancels in r_t, so logits serve as well as log probabilities.

All terms are positive, so the sum may be formed as it stands, which is several times faster than in logarithms; only
where it leaves the range of the number type it is formed again in logarithms: log c_t = log r_t + softplus(log c_{t-1}).

Shapes: N clips of one length, T frames, C classes.

Source: Graves et al. 2006 (CTC forward recursion) for a target of length one, rearranged.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SMALLEST = 1e-30  # sums below lose digits


def summed_runs(ratios: Tensor) -> Tensor:
    """The sum over all runs of every gloss.

    Args:
        ratios: (N, T, C), p_t(g) / p_t(blank).

    Returns:
        (N, C); infinite or NaN where it leaves the range of the type.
    """
    run = ratios[:, 0].clone()
    total = run.clone()
    for frame in range(1, ratios.shape[1]):
        ratio = ratios[:, frame]
        run = torch.addcmul(ratio, ratio, run)
        total += run
    return total


def summed_runs_log(log_ratios: Tensor) -> Tensor:
    """The logarithm of the sum over all runs, formed in logarithms; never leaves the range. (N, T, C) -> (N, C)"""
    run = log_ratios[:, 0]
    total = run
    for frame in range(1, log_ratios.shape[1]):
        run = log_ratios[:, frame] + functional.softplus(run)
        total = torch.logaddexp(total, run)
    return total


def single_gloss_log_probs(logits: Tensor, blank: int) -> tuple[Tensor, Tensor, Tensor]:
    """Exact CTC log probability of every hypothesis of one gloss, of the empty one, and of each frame's blank.

    Args:
        logits: (N, T, C), or log probabilities, of clips of one length.
        blank: Index of the blank.

    Returns:
        (N, C) log probabilities, the blank's own column being -inf; (N,) log P_empty; (N, T) log p_t(blank).
    """
    log_ratios = logits - logits[..., blank, None]
    if logits.device.type != "cpu":  # asking whether the sums are sound would wait for the device
        blanks = logits.log_softmax(dim=-1)[..., blank]
        return *_with_empty(summed_runs_log(log_ratios), blanks, blank), blanks
    ratios = log_ratios.exp()
    blanks = -ratios.sum(dim=-1).log()  # (N, T): p(blank) = 1 / sum of all ratios
    totals = summed_runs(ratios)
    scores = totals.log()  # (N, C)
    sound = (totals.isfinite() & (totals > SMALLEST)).all(dim=1) & blanks.isfinite().all(dim=1)
    if not bool(sound.all()):
        again = (~sound).nonzero()[:, 0]
        blanks[again] = logits[again].log_softmax(dim=-1)[..., blank]
        scores[again] = summed_runs_log(log_ratios[again])
    return *_with_empty(scores, blanks, blank), blanks


def _with_empty(runs: Tensor, blanks: Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """The scores (N, C) from the logarithms of the sums over runs, and log P_empty (N,).

    The blanks of all frames are added in double precision where the device has it: hundreds of terms cost digits.
    """
    empty = blanks.sum(dim=1) if blanks.device.type == "mps" else blanks.double().sum(dim=1).to(blanks.dtype)
    scores = runs + empty.unsqueeze(-1)
    scores[:, blank] = -torch.inf
    return scores, empty
