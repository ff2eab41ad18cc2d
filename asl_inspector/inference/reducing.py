"""A batch of logits becomes the few numbers that are kept, on the device where it was computed.

Shapes: N clips, T output frames, C classes. Of clips of different lengths the frames past a clip's end count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from asl_inspector.inference.decoding_beam import prefix_beam
from asl_inspector.inference.exact_scores import single_gloss_log_probs
from asl_inspector.inference.predictions import TEMPERATURES, TOP


@dataclass(frozen=True, slots=True)
class Reduced:
    """What is kept of a batch.

    Attributes:
        best_gloss: (N, T), best class that is not the blank.
        blank_lead: (N, T), the blank's logit minus the best gloss's; -inf without a blank.
        blank_posterior: (N, T); 0 without a blank.
        empty: (N,), log probability of no gloss at all; -inf without a blank.
        top: (N, K), most probable glosses, best first; K is 5 or fewer.
        top_log_prob: (N, K).
        loss: (N,), minus the log probability of the true gloss; NaN where there is none.
        finite: (N,), False for clips with an output that is not finite.
        beam: (N, L), the best prefix of a beam search, padded with -1; (N, 0) where it was not asked for.
        mean_logit: (N,), gloss with the highest mean logit over frames, the blank left out.
        sharpness: (N, 12), log sum over glosses of exp((score - best score) / temperature), one a temperature.
    """

    best_gloss: Tensor
    blank_lead: Tensor
    blank_posterior: Tensor
    empty: Tensor
    top: Tensor
    top_log_prob: Tensor
    loss: Tensor
    finite: Tensor
    beam: Tensor
    mean_logit: Tensor
    sharpness: Tensor


def reduce_logits(
    logits: Tensor, blank: int | None, labels: Tensor, lengths: Tensor | None = None, *, beam: bool = False
) -> Reduced:
    """Reduce a batch.

    With a blank the network is a CTC recogniser, and a clip's scores are exact CTC probabilities of one gloss. Without,
    it was trained with cross-entropy: a clip's scores are the mean over its frames of the log posteriors.

    Args:
        logits: (N, T, C), float32.
        blank: Index of the blank, or None.
        labels: (N,), int64, true class; anything that is no gloss of the network counts as absent.
        lengths: (N,), output frames of each clip, or None where all have T.
        beam: True for a prefix beam search besides.
    """
    padding = None
    if lengths is not None and logits.shape[1] > 1:
        padding = torch.arange(logits.shape[1], device=logits.device) >= lengths.unsqueeze(1)  # (N, T)
        logits = logits.masked_fill(padding.unsqueeze(-1), 0)
    sums = logits.sum(dim=1)  # (N, T, C) -> (N, C): what the mean over frames goes by, padding counting 0
    finite = sums.sum(dim=1).isfinite()  # forty times faster than asking every number
    if blank is not None:
        sums[:, blank] = -torch.inf
    prefixes = labels.new_empty((len(labels), 0))
    if beam and blank is not None:
        prefixes = prefix_beam(logits.log_softmax(dim=-1), blank, lengths).tokens
    if blank is None:
        best, best_gloss = logits.max(dim=-1)
        lead = torch.full_like(best, -torch.inf)
        posterior = torch.zeros_like(best)
        scores = _mean_of_frames(logits.log_softmax(dim=-1), padding)  # (N, T, C) -> (N, C)
        empty = torch.full_like(scores[:, 0], -torch.inf)
        glosses = scores.shape[1]
    else:
        if padding is not None:  # a frame that is certainly blank changes no probability
            logits[padding] = -torch.inf
            logits[..., blank].masked_fill_(padding, 0)
        scores, empty, log_blank = single_gloss_log_probs(logits, blank)
        posterior = log_blank.exp()
        blanks = logits[..., blank].clone()
        logits[..., blank] = -torch.inf  # the batch is not needed any more
        best, best_gloss = logits.max(dim=-1)
        lead = blanks - best
        glosses = scores.shape[1] - 1
    top = scores.topk(min(TOP, max(1, glosses)), dim=-1)
    return Reduced(
        best_gloss.int(),
        lead,
        posterior,
        empty,
        top.indices.int(),
        top.values,
        _losses(scores, blank, labels),
        finite,
        prefixes.int(),
        sums.argmax(dim=1).int(),
        _sharpness(scores),
    )


def _sharpness(scores: Tensor) -> Tensor:
    """(N, C) -> (N, 12), what a temperature needs of all scores; two exponentials, the other temperatures by squaring."""
    lowered = scores - scores.amax(dim=1, keepdim=True)  # at most 0
    found = []
    for hottest in TEMPERATURES[-2:]:
        powers = (lowered / hottest).exp()
        chain = [powers.sum(dim=1)]
        for _ in range(len(TEMPERATURES) // 2 - 1):  # half the temperature, the square of the number
            powers = powers * powers
            chain.append(powers.sum(dim=1))
        found.append(chain[::-1])
    return torch.stack([one for pair in zip(*found, strict=True) for one in pair], dim=1).log()


def _mean_of_frames(values: Tensor, padding: Tensor | None) -> Tensor:
    """(N, T, C) -> (N, C)"""
    if padding is None:
        return values.mean(dim=1)
    return values.masked_fill(padding.unsqueeze(-1), 0).sum(dim=1) / (~padding).sum(dim=1, keepdim=True)


def _losses(scores: Tensor, blank: int | None, labels: Tensor) -> Tensor:
    usable = (labels >= 0) & (labels < scores.shape[1])
    if blank is not None:
        usable &= labels != blank
    picked = torch.where(usable, labels, 0)
    losses = -scores.gather(1, picked.unsqueeze(1)).squeeze(1)
    return losses.masked_fill(~usable, torch.nan)
