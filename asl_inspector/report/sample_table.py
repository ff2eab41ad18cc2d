"""The validation clips as a table of columns, for every output that shows them. N clips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        continuous=_continuous(inspected),
    )


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
