"""Are the hands there, and do they move?

Measure: features that are NaN or exactly 0 in the very same frames form a block (`data.blocks`), in practice a hand that
was not found; the share of frames in which each is missing, in training and in validation. Frames that repeat the frame
before.

Thresholds: a difference of 20 points between training and validation in a block, far beyond what the choice of glosses
does (one-handed signs leave the other hand out in both alike). Two blocks missing in more than 30 % of the frames: then it
is not the idle hand alone; blocks of less than half as many features as the widest are parts of one, as its velocities
are. A clip counts as frozen with 20 % of repeated frames.

Guard: a hand at rest is often missing and no fault; what is alike in both files is told as a fact.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.data.records import Block, DataMeasures
from asl_inspector.data.shift import enough_to_compare
from asl_inspector.diagnosis.findings import Answers, Fact, Finding

DIFFERENT = 0.2
WORTH_TELLING = 0.005  # share of frames; less would be told as 0 %
OFTEN = 0.3
FROZEN = 0.2
MANY_CLIPS = 0.2
MOSTLY_FROZEN = 0.4  # a conversion from 25 to 30 frames a second repeats 17 %, from 15 to 25 40 %


def ask(data: DataMeasures | None) -> Answers:
    """Findings on missing landmarks and frozen frames."""
    if data is None:
        return Answers()
    findings: list[Finding] = []
    findings += _differing(data) if enough_to_compare(data) else []
    if not findings:
        findings += _often(data)
    findings += _frozen(data)
    findings += _jumps(data)
    return Answers(tuple(findings))


def matching(data: DataMeasures) -> list[tuple[Block, float, float]]:
    """Blocks with the share of frames in which they are missing, in training and in validation."""
    if data.train is None or data.validation is None:
        return []
    theirs = {block.columns: block for block in data.train.blocks}
    ours = {block.columns: block for block in data.validation.blocks}
    return [
        (theirs.get(columns) or ours[columns], _share(theirs.get(columns)), _share(ours.get(columns)))
        for columns in dict.fromkeys([*theirs, *ours])
    ]


def is_damaged(data: DataMeasures) -> bool:
    """True where validation lost landmarks, or stands still, as training does not."""
    return enough_to_compare(data) and any(
        one.id in ("hands-missing-differ", "frozen-frames-differ") for one in (*_differing(data), *_frozen(data))
    )


def _share(block: Block | None) -> float:
    return block.missing if block is not None else 0.0


def _differing(data: DataMeasures) -> list[Finding]:
    far = [(block, there, here) for block, there, here in matching(data) if abs(here - there) > DIFFERENT]
    if not far:
        return []
    block, there, here = max(far, key=lambda one: abs(one[2] - one[1]))
    facts: dict[str, Fact] = {"block": block.name, "train": there, "validation": here, "columns": list(block.columns)}
    sentence = f"{_subject(block)} missing in {100 * here:.0f} % of validation frames and {100 * there:.0f} % of training frames."
    return [Finding("hands-missing-differ", "landmarks", "warning", sentence, facts, "data")]


def _often(data: DataMeasures) -> list[Finding]:
    for found, what in ((data.validation, "validation"), (data.train, "training")):
        blocks = found.blocks if found is not None else ()
        widest = max((len(block.columns) for block in blocks), default=0)
        if sum(block.missing > OFTEN and 2 * len(block.columns) >= widest for block in blocks) > 1:
            facts: dict[str, Fact] = {"blocks": [[block.name, block.missing] for block in blocks]}
            words = "; ".join(f"{block.name} in {100 * block.missing:.0f} %" for block in blocks[:4])
            sentence = f"Landmarks are often missing in the {what} clips: {words} of the frames."
            return [Finding("hands-often-missing", "landmarks", "warning", sentence, facts, "data")]
    first = data.validation or data.train
    if first is None or not first.blocks:
        return []
    widest = max(len(block.columns) for block in first.blocks)
    worst = max(first.blocks, key=lambda one: (2 * len(one.columns) >= widest, one.missing))
    if worst.missing > OFTEN and (data.validation is None or data.train is None):
        told: dict[str, Fact] = {"block": worst.name, "missing": worst.missing}
        sentence = (
            f"{_subject(worst)} missing in {100 * worst.missing:.0f} % of the frames. A hand at rest is missing often; whether the "
            "network was trained on clips like that, only the other file can tell."
        )
        return [Finding("hand-missing-in-one-file", "landmarks", "warning", sentence, told, "data")]
    block = first.blocks[0]
    if block.missing < WORTH_TELLING:
        return []
    facts = {"blocks": [[one.name, one.missing] for one in first.blocks]}
    sentence = (
        f"{_subject(block)} missing in {100 * block.missing:.0f} % of the frames, together, as a hand that was not found "
        "is; training and validation agree in that."
        if data.train is not None and data.validation is not None
        else f"{_subject(block)} missing in {100 * block.missing:.0f} % of the frames."
    )
    return [Finding("hands-missing-alike", "landmarks", "info", sentence, facts, "data")]


def _subject(block: Block) -> str:
    return f"{block.name.capitalize()} {'are' if block.name.startswith('features') else 'is'}"


def _jumps(data: DataMeasures) -> list[Finding]:
    """Clips whose first step is far larger than the others, as where a filter kept the state of the clip before."""
    found = [
        (one.spikes, one.clips, what)
        for one, what in ((data.validation, "validation"), (data.train, "training"))
        if one
    ]
    spikes, clips, what = max(found, key=lambda one: one[0] / max(1, one[1]), default=(0, 0, ""))
    if not clips or spikes <= MANY_CLIPS * clips:
        return []
    sentence = (
        f"{spikes} of {clips} {what} clips begin with a jump, ten times their middle step: so it looks when a filter keeps the state "
        "of the clip before, which may be of the same gloss."
    )
    return [Finding("clips-begin-with-a-jump", "landmarks", "info", sentence, {"clips": spikes, "of": clips}, "data")]


def _frozen(data: DataMeasures) -> list[Finding]:
    found, train = data.validation, data.train
    if found is None or not found.clips:
        return []
    clips = int((found.frozen > FROZEN).sum())
    if clips <= MANY_CLIPS * found.clips:
        return []
    facts: dict[str, Fact] = {"clips": clips, "of": found.clips}
    sentence = (
        f"{clips} of {found.clips} validation clips repeat the frame before in more than {100 * FROZEN:.0f} % of their frames: "
        "the landmarks stood still, or the video was slowed down."
    )
    there = int((train.frozen > FROZEN).sum()) if train is not None else 0
    if train is not None and train.clips and there <= MANY_CLIPS * train.clips:
        facts |= {"train_clips": there, "train_of": train.clips}
        sentence = f"{sentence[:-1]}. Of the training clips {there} of {train.clips} do."
        return [Finding("frozen-frames-differ", "landmarks", "warning", sentence, facts, "data")]
    still = float(np.nanmedian(found.frozen))
    if train is None and still > MOSTLY_FROZEN:
        facts["share"] = still
        return [Finding("mostly-frozen-frames", "landmarks", "warning", sentence, facts, "data")]
    return [Finding("frozen-frames", "landmarks", "info", sentence, facts, "data")]
