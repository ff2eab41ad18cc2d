"""What would the figures be with another decoding rule, a bias on the blank, padding counted, or other ids? At once.

Everything is read from the columns that inference keeps (`inference.predictions`): for each frame its best gloss and how
far the blank leads it, for each clip its exact scores. Nothing of the size frames times glosses is needed or kept, and
nothing is run again.

What these columns cannot tell is said instead of guessed: the exact score, the beam search and the rules over whole clips
take no bias afterwards, and none of them counts padded frames.

Padding: batches of 16 clips in file order, each padded to its longest clip, as training loops do; a padded frame has the
logits of the classifier's bias alone, bias of the blank included.

N clips, M frames.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.blanks import padded_batches
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.measures import accuracy, effective_classes
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.diagnosis.relabelling import KNOWN
from asl_inspector.diagnosis.what_if_records import WhatIf, WhatIfChoices, WhatIfFigures
from asl_inspector.inference.predictions import NO_BLANK, Predictions, blank_wins
from asl_inspector.samples.records import UNLABELLED

IntArray = NDArray[np.int64]
MOST_FRAMES = 1_000_000  # a tenth of a second on one core
FRAME_RULES = ("majority", "first_token")


def choices(scored: Scored, diagnosis: Diagnosis) -> WhatIfChoices:
    """What the strip may offer."""
    predictions = scored.predictions
    decoders = ("majority",) if predictions.one_answer_a_clip else tuple(scored.rules)
    refusal = ""
    if len(predictions.best_gloss) > MOST_FRAMES:
        refusal = (
            f"{len(predictions.best_gloss):,} frames are too many to be decoded again while a slider moves. The sweep in the "
            "panel Blank ratio and the table of decoders in Samples have the figures."
        )
    blank = predictions.blank != NO_BLANK and not predictions.one_answer_a_clip
    return WhatIfChoices(
        decoders,
        blank,
        blank and predictions.padding_lead is not None,
        other_ids(scored, diagnosis) is not None,
        refusal,
    )


def other_ids(scored: Scored, diagnosis: Diagnosis) -> IntArray | None:
    """(N,), the ids that the network learned, where they are known and not those of the file."""
    audit = diagnosis.labels
    if audit is not None and audit.certain and audit.agree < audit.of:
        return audit.learned_ids
    found = next((one for one in diagnosis.findings if one.id == KNOWN), None)
    pairs = found.evidence.get("ids") if found is not None else None
    if not isinstance(pairs, list):
        return None
    table = {int(str(one[0])): int(str(one[1])) for one in pairs if isinstance(one, list) and len(one) == 2}
    return np.array([table.get(number, UNLABELLED) for number in scored.clips.gloss_ids.tolist()], np.int64)


def answer(scored: Scored, diagnosis: Diagnosis, asked: WhatIf) -> WhatIfFigures:
    """The figures for a question; what cannot be followed is left as it is and told."""
    predictions, notes = scored.predictions, []
    by_frames = asked.decoder in FRAME_RULES
    if not by_frames and (asked.bias or not asked.mask_padding):
        notes.append("A bias and padded frames change the rules that count frames; this one has no figure for them.")
        asked = replace(asked, bias=0.0, mask_padding=True)
    truth = other_ids(scored, diagnosis) if asked.remap else None
    frames, clips = _frames(predictions, asked)
    said = _decoded(predictions, frames, clips, asked.decoder) if by_frames else scored.rules[asked.decoder]
    ran = predictions.ran
    empty = np.equal(said, predictions.blank) & ran
    spoken = said[ran & ~empty]
    return WhatIfFigures(
        asked=asked,
        accuracy=accuracy(scored.right(said, truth)),
        blank_share=float((frames == predictions.blank).mean())
        if predictions.blank != NO_BLANK and len(frames)
        else None,
        effective=effective_classes(spoken) if len(spoken) else None,
        empty_share=float(empty.sum() / max(1, ran.sum())),
        note=" ".join(notes),
    )


def decoded(predictions: Predictions, asked: WhatIf) -> IntArray:
    """(N,), the answers by a rule that counts frames."""
    return _decoded(predictions, *_frames(predictions, asked), asked.decoder)


def _frames(predictions: Predictions, asked: WhatIf) -> tuple[IntArray, IntArray]:
    """The winning class of every frame that counts and the clip of each, in the order of the clips' frames."""
    wins = blank_wins(predictions, asked.bias)
    frames = np.where(wins, predictions.blank, predictions.best_gloss).astype(np.int64)
    clips = predictions.frame_clip
    if asked.mask_padding or predictions.padding_lead is None or predictions.padding_gloss is None:
        return frames, clips
    lead = predictions.padding_lead - asked.bias
    gloss, blank = predictions.padding_gloss, predictions.blank
    reads_as = blank if lead > 0 or (lead == 0 and gloss > blank) else gloss
    lengths = predictions.lengths
    added = np.zeros(len(lengths), np.int64)
    for start, size, _ in padded_batches(lengths):
        part = lengths[start : start + size]
        added[start : start + size] = np.where(part > 0, part.max() - part, 0)
    more = np.repeat(np.arange(len(lengths)), added)
    order = np.argsort(np.concatenate([clips, more]), kind="stable")  # padding follows the frames of its clip
    return np.concatenate([frames, np.full(len(more), reads_as)])[order], np.concatenate([clips, more])[order]


def _decoded(predictions: Predictions, frames: IntArray, clips: IntArray, decoder: str) -> IntArray:
    """(N,), by the majority of frames or the first token of the path; the blank where all frames are blank."""
    found = np.full(len(predictions), predictions.blank, np.int64)
    spoken = np.flatnonzero(frames != predictions.blank)
    if not len(spoken):
        return found
    if decoder == "first_token":
        first_clips, first = np.unique(clips[spoken], return_index=True)
        found[first_clips] = frames[spoken[first]]
        return found
    pairs, counts = np.unique(clips[spoken] * predictions.classes + frames[spoken], return_counts=True)
    of_clip, of_gloss = np.divmod(pairs, predictions.classes)
    order = np.lexsort((of_gloss, -counts, of_clip))  # by clip, then count downwards, then id
    best_clips, best = np.unique(of_clip[order], return_index=True)
    found[best_clips] = of_gloss[order][best]
    return found
