"""One clip, gloss by gloss: what was signed, what was recognised, and the frames that speak each gloss signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from asl_inspector.diagnosis.continuous_records import GREEDY
from asl_inspector.inference.aligning import align
from asl_inspector.inference.records import AlignedGloss, ClipDetail
from asl_inspector.inference.word_errors import edits
from asl_inspector.report.contents import Inspected
from asl_inspector.report.sample_table import gloss_names, signed_words
from asl_inspector.samples.records import UNLABELLED

MOST_CELLS = 4_000_000  # frames x glosses of a forced alignment; beyond it would keep the user waiting


def with_alignment(inspected: Inspected, detail: ClipDetail) -> ClipDetail:
    """The clip with its alignment, where something is known of what was signed and answers are by frame."""
    scored = inspected.validation
    if scored is None or len(detail.log_posteriors) < 2 or not 0 <= detail.index < len(scored.clips):
        return detail
    names = gloss_names(inspected)
    signed, words = _signed(inspected, detail.index)
    if not signed:
        return detail
    blank = scored.predictions.blank
    recognised = _recognised(inspected, detail, blank)
    spans = _spans(detail, signed, blank)
    steps = []
    for edit in edits(signed, recognised):
        first, last, probability = spans[edit.signed] if edit.signed is not None else (-1, -1, None)
        said = recognised[edit.recognised] if edit.recognised is not None else None
        steps.append(
            AlignedGloss(
                edit.kind,
                words[edit.signed] if edit.signed is not None else "",
                "" if said is None else names.get(said, str(said)),
                first,
                last,
                probability,
            )
        )
    return replace(detail, aligned=tuple(steps))


def _recognised(inspected: Inspected, detail: ClipDetail, blank: int) -> Sequence[int]:
    """What the decoder says of a continuous clip; of a clip with one gloss the greedy path."""
    continuous = inspected.diagnosis.continuous
    if continuous is not None and continuous.decoder != GREEDY:
        return continuous.recognised[detail.index]
    best = detail.log_posteriors.argmax(axis=1)
    begins = np.ones(len(best), bool)
    begins[1:] = best[1:] != best[:-1]
    found: list[int] = best[begins & (best != blank)].tolist()
    return found


def _signed(inspected: Inspected, clip: int) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Outputs and names of the glosses signed; of a clip with one gloss as the network learned it."""
    scored, audit = inspected.validation, inspected.diagnosis.labels
    continuous = inspected.diagnosis.continuous
    names = gloss_names(inspected)
    if scored is None:
        return (), ()
    if continuous is not None:
        return continuous.signed[clip], signed_words(scored.clips, clip, names)
    known = audit is not None and audit.certain and audit.learned_ids[clip] != UNLABELLED
    number = int(audit.learned_ids[clip]) if audit is not None and known else int(scored.clips.gloss_ids[clip])
    if number == UNLABELLED:
        return (), ()
    return (number,), (scored.clips.glosses[clip] or names.get(number, str(number)),)


def _spans(detail: ClipDetail, signed: tuple[int, ...], blank: int) -> list[tuple[int, int, float | None]]:
    """For each gloss signed its first and last frame and its mean posterior there; -1, -1, None where there is no path."""
    none: list[tuple[int, int, float | None]] = [(-1, -1, None)] * len(signed)
    frames, classes = detail.log_posteriors.shape
    possible = all(0 <= one < classes for one in signed) and blank >= 0 and frames * len(signed) <= MOST_CELLS
    found = align(detail.log_posteriors, signed, blank) if possible else None
    if found is None:
        return none
    spans: list[tuple[int, int, float | None]] = []
    for place, gloss in enumerate(signed):
        at = np.flatnonzero(found[0] == place)
        mean = float(np.exp(detail.log_posteriors[at, gloss].astype(np.float64)).mean())
        spans.append((int(at[0]), int(at[-1]), mean))
    return spans
