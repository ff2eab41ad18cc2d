"""The exact CTC probability of every hypothesis of one gloss.

Shapes: N clips of one length, T frames, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def single_gloss_log_probs(log_probs: Tensor, blank: int) -> tuple[Tensor, Tensor]:
    """Exact CTC log probability of every hypothesis of one gloss, and of the empty one.

    A path that collapses to the single gloss g is blanks, then a run of g, then blanks. With r_t = p_t(g) / p_t(blank)
    the sum over all runs is P_empty * sum_t c_t, where c_t = r_t * (1 + c_{t-1}) sums over the runs that end at t.
    Computed in logarithms: log c_t = log r_t + softplus(log c_{t-1}).

    Args:
        log_probs: (N, T, C), log softmax of clips of one length.
        blank: Index of the blank.

    Returns:
        (N, C) log probabilities, the blank's own column being -inf; and (N,) log P_empty.

    Source: Graves et al. 2006 (CTC forward recursion) for a target of length one, rearranged.
    """
    blanks = log_probs[..., blank]  # (N, T)
    runs = log_probs - blanks.unsqueeze(-1)  # (N, T, C): log r_t
    for frame in range(1, runs.shape[1]):
        runs[:, frame] += functional.softplus(runs[:, frame - 1])
    empty = blanks.sum(dim=1)
    scores = torch.logsumexp(runs, dim=1) + empty.unsqueeze(-1)  # (N, C)
    scores[:, blank] = -torch.inf
    return scores, empty
