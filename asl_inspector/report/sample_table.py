"""The validation clips as a table of columns, for every output that shows them. N clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import ClipSurvey
from asl_inspector.report.contents import Inspected
from asl_inspector.samples.records import UNLABELLED, Clips

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ContinuousClips:
    """What was signed and what was recognised in clips of several glosses. N clips.

    Attributes:
        recognised: (N,), glosses with spaces between.
        substitutions: (N,).
        deletions: (N,).
        insertions: (N,).
        signed: (N,), how many glosses were signed.
    """

    recognised: tuple[str, ...]
    substitutions: IntArray
    deletions: IntArray
    insertions: IntArray
    signed: IntArray

    @property
    def errors(self) -> IntArray:
        """(N,), edits."""
        return self.substitutions + self.deletions + self.insertions


@dataclass(frozen=True, slots=True)
class SampleTable:
    """One row a clip. Columns of clips that did not run mean nothing; `ran` tells which did.

    Attributes:
        clip_ids: Names.
        glosses: True gloss, or an empty string.
        true_ids: (N,), id in the file; -1 for none.
        learned_ids: (N,), id that the gloss has in training; -1 where that is unknown.
        majority: (N,), decoded by the majority of frames.
        first_token: (N,), decoded by the first greedy token.
        score: (N,), gloss of the highest exact CTC probability.
        loss: (N,), CTC loss of the true id in nats; NaN for none.
        confidence: (N,), probability of the best gloss as the whole answer, in [0, 1]; NaN for raw scores.
        margin: (N,), log probability of the best gloss minus that of the second.
        blank_share: (N,), share of blank frames; NaN without a blank.
        lengths: (N,), frames.
        ran: (N,).
        names: Gloss names by output of the network.
        blank: The blank's index, or -1 for a network without one.
        scored_by_name: True where `correct` compares with `learned_ids`, because the file's own ids are wrong.
        parts: P parts of the body, where the clips are landmarks of a known layout, else empty.
        missing: (N, P), share of the clip's frames in which the part is missing; NaN where unknown.
        frozen: (N,), share of the clip's frames that repeat the frame before; NaN where unknown.
        continuous: Word errors where clips hold several glosses, which `glosses` then has with spaces between; or None.
    """

    clip_ids: tuple[str, ...]
    glosses: tuple[str, ...]
    true_ids: IntArray
    learned_ids: IntArray
    majority: IntArray
    first_token: IntArray
    score: IntArray
    loss: FloatArray
    confidence: FloatArray
    margin: FloatArray
    blank_share: FloatArray
    lengths: IntArray
    ran: BoolArray
    names: Mapping[int, str]
    blank: int
    scored_by_name: bool
    parts: tuple[str, ...]
    missing: FloatArray
    frozen: FloatArray
    continuous: ContinuousClips | None = None

    def __len__(self) -> int:
        return len(self.clip_ids)

    @property
    def correct(self) -> BoolArray:
        """(N,), majority right by the id in the file; of several glosses all of them, in order."""
        if self.continuous is not None:
            return self.ran & np.equal(self.continuous.errors, 0)
        return self.ran & np.equal(self.majority, self.true_ids)

    @property
    def correct_by_name(self) -> BoolArray:
        """(N,), majority right by the id that the gloss has in training."""
        known = np.not_equal(self.learned_ids, UNLABELLED)
        return self.ran & known & np.equal(self.majority, self.learned_ids)

    def missing_in(self, part: str) -> FloatArray:
        """(N,), share of frames without a part of the body; NaN where unknown."""
        return self.missing[:, self.parts.index(part)] if part in self.parts else np.full(len(self), np.nan)

    def quality_words(self, index: int) -> str:
        """What is missing of a clip and how much of it stands still, as a sentence; empty where nothing is known."""
        words = [
            f"{'body' if part == 'pose' else part} missing in {100 * share:.0f} % of the frames"
            for part, share in zip(self.parts, self.missing[index].tolist(), strict=True)
            if share > 0
        ]
        if self.parts and not words and bool(np.isfinite(self.missing[index]).all()):
            words = ["every part was found in every frame"]
        still = float(self.frozen[index])
        if still > 0:
            words.append(f"{100 * still:.0f} % of the frames repeat the one before")
        elif still == 0 and words:
            words.append("no frame is frozen")
        return f"{'; '.join(words)}.".capitalize() if words else ""

    def name_of(self, number: int) -> str:
        """The gloss of an output, "(blank)" for the blank, an empty string where it is unknown."""
        return "(blank)" if number == self.blank else self.names.get(number, "")


def sample_table(inspected: Inspected) -> SampleTable | None:
    """The table of the validation clips, or None where nothing was predicted."""
    scored, measures = inspected.validation, inspected.diagnosis.validation
    if scored is None or measures is None:
        return None
    audit = inspected.diagnosis.labels
    clips, predictions = scored.clips, scored.predictions
    learned = audit.learned_ids if audit and audit.certain else np.full(len(clips), UNLABELLED)
    found = _survey(inspected, clips)
    best = predictions.top_log_prob.astype(np.float64)
    with np.errstate(invalid="ignore"):
        margin = best[:, 0] - best[:, 1]
    return SampleTable(
        clip_ids=clips.ids,
        glosses=_glosses(inspected, clips),
        true_ids=clips.gloss_ids,
        learned_ids=learned,
        majority=scored.majority,
        first_token=scored.first_token,
        score=scored.score,
        loss=predictions.loss.astype(np.float64),
        confidence=np.exp(best[:, 0]) if predictions.probabilities else np.full(len(clips), np.nan),
        margin=margin,
        blank_share=measures.blanks.per_clip if measures.blanks else np.full(len(clips), np.nan),
        lengths=clips.lengths,
        ran=predictions.ran,
        names=gloss_names(inspected),
        blank=predictions.blank,
        scored_by_name=audit is not None and audit.certain and audit.agree < audit.of,
        parts=found.parts if found is not None else (),
        missing=found.missing if found is not None else np.zeros((len(clips), 0)),
        frozen=found.frozen if found is not None else np.full(len(clips), np.nan),
        continuous=_continuous(inspected),
    )


def clips_alone(inspected: Inspected) -> SampleTable | None:
    """The table of validation clips of which none was run, or None where there are none; `ran` is False everywhere."""
    clips = inspected.case.validation
    if clips is None or not len(clips):
        return None
    count = len(clips)
    nothing, unknown = np.full(count, UNLABELLED), np.full(count, np.nan)
    found = _survey(inspected, clips)
    return SampleTable(
        clip_ids=clips.ids,
        glosses=_glosses(inspected, clips),
        true_ids=clips.gloss_ids,
        learned_ids=nothing,
        majority=nothing,
        first_token=nothing,
        score=nothing,
        loss=unknown,
        confidence=unknown,
        margin=unknown,
        blank_share=unknown,
        lengths=clips.lengths,
        ran=np.zeros(count, bool),
        names={},
        blank=UNLABELLED,
        scored_by_name=False,
        parts=found.parts if found is not None else (),
        missing=found.missing if found is not None else np.zeros((count, 0)),
        frozen=found.frozen if found is not None else unknown,
    )


def _survey(inspected: Inspected, clips: Clips) -> ClipSurvey | None:
    """What was found in the clips of the table, or None where they have no features."""
    found = inspected.data.validation if inspected.data is not None else None
    return found if found is not None and found.clips == len(clips) else None


def _continuous(inspected: Inspected) -> ContinuousClips | None:
    found = inspected.diagnosis.continuous
    if found is None:
        return None
    names = gloss_names(inspected)
    return ContinuousClips(
        recognised=tuple(" ".join(names.get(one, str(one)) for one in path) for path in found.recognised),
        substitutions=found.substitutions,
        deletions=found.deletions,
        insertions=found.insertions,
        signed=np.array([len(one) for one in found.signed], np.int64),
    )


def signed_words(clips: Clips, clip: int, names: Mapping[int, str]) -> tuple[str, ...]:
    """The glosses of a continuous clip as its file gives them, else by what their ids mean."""
    if clips.targets:
        return clips.targets[clip]
    return tuple(names.get(number, str(number)) for number in clips.target_ids[clip]) if clips.target_ids else ()


def _glosses(inspected: Inspected, clips: Clips) -> tuple[str, ...]:
    """True glosses, of continuous clips all; for saved outputs with ids alone those of the vocabulary."""
    if clips.is_continuous:
        known = gloss_names(inspected)
        return tuple(" ".join(signed_words(clips, clip, known)) for clip in range(len(clips)))
    if inspected.saved is None:
        return tuple(gloss or "" for gloss in clips.glosses)
    names = inspected.saved_names
    pairs = zip(clips.glosses, clips.gloss_ids.tolist(), strict=True)
    return tuple(gloss or names.get(number, "") for gloss, number in pairs)


def gloss_names(inspected: Inspected) -> dict[int, str]:
    """What the network's outputs mean, by id: as learned in training where that is known, else as the files say."""
    if inspected.saved_names:
        return dict(inspected.saved_names)
    if inspected.diagnosis.continuous is not None and inspected.diagnosis.continuous.names:
        return dict(inspected.diagnosis.continuous.names)
    audit, checkpoint = inspected.diagnosis.labels, inspected.checkpoint
    if audit is not None:
        return dict(audit.reference_glosses)
    if checkpoint is not None and checkpoint.contents.gloss_to_id:
        return {number: gloss for gloss, number in checkpoint.contents.gloss_to_id.items()}
    for vocabulary in inspected.case.vocabularies:
        return dict(vocabulary.id_to_gloss)
    clips = inspected.case.validation
    pairs = zip(clips.gloss_ids.tolist(), clips.glosses, strict=True) if clips else ()
    return {number: gloss for number, gloss in pairs if gloss is not None}
