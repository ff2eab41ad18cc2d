"""From frames to glosses: greedy rules on the compact columns.

Shapes: N clips, M frames.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.inference.predictions import NO_BLANK, Predictions, SmallIntArray


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


def max_over_time(predictions: Predictions) -> SmallIntArray | None:
    """(N,), the gloss with the highest posterior in any single frame; None without a blank.

    The best gloss of each frame is enough: no other gloss of that frame can be the highest. Its log posterior is that of the
    blank less the blank's lead.
    """
    if predictions.blank == NO_BLANK:
        return None
    posterior = np.maximum(predictions.blank_posterior, np.float32(1e-45)).astype(np.float64)
    best = np.minimum(
        np.log(posterior) - predictions.blank_lead, 0.0
    )  # (M,); of a vanishing blank no more than certain
    result = np.full(len(predictions), predictions.blank, dtype=np.int32)
    clips = predictions.frame_clip
    if not len(best):
        return result
    lengths = predictions.lengths
    highest = np.maximum.reduceat(best, predictions.starts[:-1][lengths > 0])
    places = np.flatnonzero(best == np.repeat(highest, lengths[lengths > 0]))
    present, first = np.unique(clips[places], return_index=True)  # ties to the earlier frame
    result[present] = predictions.best_gloss[places[first]]
    return result


def greedy_paths(predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    """(N,), the greedy CTC path of every clip (best path decoding); empty for clips that did not run.

    Runs of one class count once, blanks not at all.
    """
    frames, clips = predictions.frame_argmax(), predictions.frame_clip
    begins = np.ones(len(frames), dtype=bool)
    begins[1:] = (frames[1:] != frames[:-1]) | (clips[1:] != clips[:-1])
    kept = begins & (frames != predictions.blank)
    ends = np.searchsorted(clips[kept], np.arange(len(predictions) + 1)).tolist()
    tokens: list[int] = frames[kept].tolist()
    return tuple(tuple(tokens[ends[clip] : ends[clip + 1]]) for clip in range(len(predictions)))
