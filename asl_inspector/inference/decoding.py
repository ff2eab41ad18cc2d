"""From frames to glosses: greedy rules on the compact columns, and the exact probability of every single gloss.

Shapes: N clips, M frames, T frames of one clip, C classes.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from asl_inspector.inference.predictions import Predictions, SmallIntArray

IntArray = NDArray[np.int64]


def majority(predictions: Predictions, blank_bias: float = 0.0) -> SmallIntArray:
    """(N,), most frequent frame that is not blank, ties to the lowest id; the blank where all frames are blank."""
    frames = predictions.frame_argmax(blank_bias)
    spoken = frames != predictions.blank
    clips, glosses = predictions.frame_clip[spoken], frames[spoken].astype(np.int64)
    result = np.full(len(predictions), predictions.blank, dtype=np.int32)
    if not len(clips):
        return result
    pairs, counts = np.unique(clips * predictions.classes + glosses, return_counts=True)
    clip_of_pair, gloss_of_pair = np.divmod(pairs, predictions.classes)
    order = np.lexsort((gloss_of_pair, -counts, clip_of_pair))  # by clip, then count downwards, then id
    first = np.unique(clip_of_pair[order], return_index=True)
    result[first[0]] = gloss_of_pair[order][first[1]]
    return result


def first_token(predictions: Predictions, blank_bias: float = 0.0) -> SmallIntArray:
    """(N,), first token of the greedy CTC path; the blank where the path is empty."""
    frames = predictions.frame_argmax(blank_bias)
    spoken = np.flatnonzero(frames != predictions.blank)
    result = np.full(len(predictions), predictions.blank, dtype=np.int32)
    clips, first = np.unique(predictions.frame_clip[spoken], return_index=True)
    result[clips] = frames[spoken[first]]
    return result


def greedy_lengths(predictions: Predictions) -> IntArray:
    """(N,), tokens in the greedy CTC path: runs of one gloss count once, blanks not at all."""
    frames = predictions.frame_argmax()
    clips = predictions.frame_clip
    begins = np.ones(len(frames), dtype=bool)
    begins[1:] = (frames[1:] != frames[:-1]) | (clips[1:] != clips[:-1])
    return np.bincount(clips[begins & (frames != predictions.blank)], minlength=len(predictions)).astype(np.int64)


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
