"""CTC prefix beam search over a batch of clips.

A prefix is a sequence of glosses; its probability is the sum over all paths that collapse to it, kept apart by whether
the path ends with a blank. Prefixes that arise in two ways are merged, which a search over paths does not do: it could
never say one gloss twice, or add up the many paths of one answer.

Shapes: N clips, T frames, C classes, B prefixes kept a clip, K glosses tried a frame.

Source: Hannun et al. 2014, arXiv:1408.2873, algorithm 1, without a language model.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

WIDTH = 16
TRIED = 32  # glosses tried a frame; a prefix's own last gloss is always tried
FACTOR = 6364136223846793005  # Knuth's, for a rolling hash of prefixes modulo 2^64


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """The best prefix of every clip.

    Attributes:
        tokens: (N, L), its glosses, padded with -1.
        lengths: (N,), how many.
        log_probs: (N,), its log probability as far as the kept prefixes carry it.
    """

    tokens: Tensor
    lengths: Tensor
    log_probs: Tensor


def prefix_beam(log_probs: Tensor, blank: int, lengths: Tensor | None = None, *, width: int = WIDTH) -> Hypotheses:
    """The most probable prefix of every clip.

    Args:
        log_probs: (N, T, C), log posteriors.
        blank: Index of the blank.
        lengths: (N,), frames of each clip, or None where all have T.
        width: Prefixes kept.
    """
    clips, frames, classes = log_probs.shape
    device = log_probs.device
    tried = min(TRIED, classes - 1)
    never = torch.full((clips, width), -torch.inf, device=device)
    ending_blank, ending_gloss = never.clone(), never.clone()
    ending_blank[:, 0] = 0  # the empty prefix
    last = torch.full((clips, width), -1, device=device)
    hashes = torch.arange(width, device=device).expand(clips, width).clone() - width  # unlike one another
    hashes[:, 0] = 1
    history: list[tuple[Tensor, Tensor]] = []  # for each frame: which prefix a kept one came from, and what it added
    glosses = log_probs.clone()
    glosses[..., blank] = -torch.inf
    for frame in range(frames):
        now = log_probs[:, frame]
        both = torch.logaddexp(ending_blank, ending_gloss)  # (N, B)
        repeated = now.gather(1, last.clamp(min=0)).masked_fill(last < 0, -torch.inf)  # (N, B)
        stay_blank = both + now[:, blank, None]
        stay_gloss = ending_gloss + repeated
        stay_gloss = torch.logaddexp(stay_gloss, _merged(hashes, last, ending_blank, both, repeated))
        best, tokens = glosses[:, frame].topk(tried, dim=-1)  # (N, K)
        fresh = torch.where(tokens.unsqueeze(1) == last.unsqueeze(2), ending_blank.unsqueeze(2), both.unsqueeze(2))
        extended = fresh + best.unsqueeze(1)  # (N, B, K)
        names = hashes.unsqueeze(2) * FACTOR + tokens.unsqueeze(1) + 1
        known = (names.unsqueeze(3) == hashes[:, None, None, :]).any(dim=3)
        extended = extended.masked_fill(known, -torch.inf).flatten(1)
        nothing = torch.full_like(extended, -torch.inf)
        all_blank = torch.cat([stay_blank, nothing], dim=1)
        all_gloss = torch.cat([stay_gloss, extended], dim=1)
        kept = torch.logaddexp(all_blank, all_gloss).topk(width, dim=1).indices  # (N, B)
        grown = kept >= width
        source = torch.where(grown, (kept - width) // tried, kept)
        added = torch.where(grown, tokens.gather(1, (kept - width).clamp(min=0) % tried), -1)
        new_hash = torch.where(grown, hashes.gather(1, source) * FACTOR + added + 1, hashes.gather(1, source))
        new_last = torch.where(grown, added, last.gather(1, source))
        new_blank, new_gloss = all_blank.gather(1, kept), all_gloss.gather(1, kept)
        if lengths is not None:  # clips that have ended stay as they are
            over = (lengths <= frame).unsqueeze(1)
            source = torch.where(over, torch.arange(width, device=device), source)
            added = torch.where(over, -1, added)
            new_hash, new_last = torch.where(over, hashes, new_hash), torch.where(over, last, new_last)
            new_blank = torch.where(over, ending_blank, new_blank)
            new_gloss = torch.where(over, ending_gloss, new_gloss)
        hashes, last, ending_blank, ending_gloss = new_hash, new_last, new_blank, new_gloss
        history.append((source, added))
    return _read_back(history, torch.logaddexp(ending_blank, ending_gloss))


def _merged(hashes: Tensor, last: Tensor, ending_blank: Tensor, both: Tensor, repeated: Tensor) -> Tensor:
    """What prefixes gain from shorter ones that grow into them, (N, B): from `i` to `j` where i plus j's gloss is j."""
    grows = hashes.unsqueeze(2) * FACTOR + last.unsqueeze(1) + 1 == hashes.unsqueeze(1)  # (N, i, j)
    same = last.unsqueeze(2) == last.unsqueeze(1)
    gain = torch.where(same, ending_blank.unsqueeze(2), both.unsqueeze(2)) + repeated.unsqueeze(1)
    return gain.masked_fill(~grows, -torch.inf).logsumexp(dim=1)


def _read_back(history: list[tuple[Tensor, Tensor]], totals: Tensor) -> Hypotheses:
    """The glosses of each clip's best prefix, from the last frame to the first."""
    log_probs, place = totals.max(dim=1)
    rows = torch.arange(len(place), device=place.device)
    found = []
    for source, added in reversed(history):
        found.append(added[rows, place])
        place = source[rows, place]
    tokens = torch.stack(found[::-1], dim=1)  # (N, T), -1 where nothing was added
    order = (tokens < 0).long().argsort(dim=1, stable=True)
    lengths = (tokens >= 0).sum(dim=1)
    tokens = tokens.gather(1, order)[:, : max(1, int(lengths.max()))]
    return Hypotheses(tokens, lengths, log_probs)
