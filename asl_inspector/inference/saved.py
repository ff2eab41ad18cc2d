"""Predictions from saved outputs instead of a network: the same columns, reduced and decoded by the same rules.

Scores are read in batches from where they lie. Probabilities become logarithms; raw scores are taken as logits for the
frames of a clip, and for whole clips only their order counts: no confidence and no loss is given for them.

A blank is looked for in scores of frames only: where ids of glosses leave the first or the last class free, or where one
of the two wins most frames and no label ever names it. Where no file numbers the glosses, ids leave nothing free: of the
first and the last class the one that wins more frames is the blank, and the glosses are numbered around it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import InferenceError
from asl_inspector.fixed_arrays import read_only
from asl_inspector.inference.columns import Columns
from asl_inspector.inference.predictions import NO_BLANK, TOP, Outcome, Predictions
from asl_inspector.outputs.joining import Joined, Matched
from asl_inspector.outputs.records import NO_ID, IntArray, SavedOutputs
from asl_inspector.outputs.scales import Scale, scale_of
from asl_inspector.progress import CancelToken, Progress, Step, silent

if TYPE_CHECKING:
    from asl_inspector.inference.reducing import Reduced
    from asl_inspector.samples.records import Clips

NUMBERS_AT_ONCE = 4 << 20
ROWS_LOOKED_AT = 1024
SMALLEST = 1e-38
LOWEST = -1e4  # stands for the logarithm of zero: far below anything, and yet sums with it are finite
DEVICE = "saved outputs"


@dataclass(frozen=True, slots=True)
class SavedFacts:
    """What is known of the answers of a file, and how.

    Attributes:
        file: Its name.
        form: How it is laid out, as the end of a sentence.
        kind: "scores" of all classes, or "predictions".
        scale: What the scores are, or None for predictions.
        per_frame: True for scores of frames.
        classes: Classes of the scores, or how many ids there are at least.
        blank: Index of the blank, or None.
        blank_why: How that is known, as a sentence; empty for scores of clips.
        not_finite: Clips with a score that is NaN or infinite.
        outside: Labelled clips whose id no class has.
        matched: How answers and labels were brought together.
    """

    file: str
    form: str
    kind: str
    scale: Scale | None
    per_frame: bool
    classes: int
    blank: int | None
    blank_why: str
    not_finite: int
    outside: int
    matched: Matched


def predict(
    outputs: SavedOutputs,
    joined: Joined,
    *,
    blank: int | None = None,
    beam: bool = False,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[Predictions, SavedFacts, Joined]:
    """The predictions that a file of outputs amounts to, a row for each clip of `joined`, and those clips as numbered here.

    Args:
        outputs: The file.
        joined: Its answers beside the labels.
        blank: Index of the blank, -1 for none, None to have it found.
        beam: True for a prefix beam search besides.
        progress: Told how far it is.
        cancel: Asked between batches.

    Raises:
        InferenceError: If no clip has an answer that can be used.
        DataError: If the file is cut short.
        Cancelled: If `cancel` was set.
    """
    started = time.perf_counter()
    if outputs.scores is None:
        predictions = _of_ids(joined)
        predictions = replace(predictions, seconds=time.perf_counter() - started)
        return predictions, _facts(outputs, joined, predictions, None, None, ""), joined
    lengths = _lengths(outputs, joined, cancel or CancelToken())
    scale = scale_of(_sampled(outputs, joined, lengths)) or "raw"
    index, why = _blank(outputs, joined, lengths, blank)
    if index is not None and not 0 <= index < outputs.scores.classes:
        raise InferenceError(
            f"--blank {index} cannot be used: the scores have {outputs.scores.classes} classes, 0 to {outputs.scores.classes - 1}."
        )
    joined = joined.beside_blank(index)
    predictions = _reduced(outputs, joined, lengths, scale, index, beam, progress, cancel or CancelToken())
    predictions = replace(predictions, seconds=time.perf_counter() - started)
    return predictions, _facts(outputs, joined, predictions, scale, index, why), joined


def _facts(
    outputs: SavedOutputs, joined: Joined, predictions: Predictions, scale: Scale | None, blank: int | None, why: str
) -> SavedFacts:
    ids = joined.clips.gloss_ids
    known = ids != NO_ID
    outcomes = predictions.outcomes if predictions.outcomes is not None else np.zeros(0)
    return SavedFacts(
        file=outputs.path.name,
        form=outputs.form,
        kind="scores" if outputs.scores is not None else "predictions",
        scale=scale,
        per_frame=outputs.scores is not None and outputs.scores.per_frame,
        classes=joined.classes,
        blank=blank,
        blank_why=why,
        not_finite=int((outcomes == Outcome.OUTPUTS_NOT_FINITE).sum()),
        outside=int((known & (ids >= joined.classes)).sum()),
        matched=joined.matched,
    )


def _of_ids(joined: Joined) -> Predictions:
    """Predictions of which only the answers are known: one frame a clip, no scores."""
    ran = joined.predicted != NO_ID
    if not ran.any():
        raise InferenceError("No clip has a predicted gloss.", advice="Save one id or one gloss for each clip.")
    outcomes = np.where(ran, Outcome.RAN, Outcome.NO_OUTPUT).astype(np.uint8)
    answers = joined.predicted[ran].astype(np.int32)
    top = np.full((len(ran), TOP), NO_ID, np.int32)
    top[ran, 0] = answers
    nothing = np.zeros(len(answers), np.float32)
    return Predictions(
        classes=joined.classes,
        blank=NO_BLANK,
        ran=read_only(ran),
        starts=read_only(np.concatenate([[0], np.cumsum(ran)])),
        best_gloss=read_only(answers),
        blank_lead=read_only(np.full(len(answers), -np.inf, np.float32)),
        blank_posterior=read_only(nothing),
        empty_log_prob=read_only(np.full(len(ran), -np.inf, np.float32)),
        top=read_only(top),
        top_log_prob=read_only(np.full((len(ran), TOP), np.nan, np.float32)),
        loss=read_only(np.full(len(ran), np.nan, np.float32)),
        padding_reads_as=None,
        device=DEVICE,
        seconds=0.0,
        outcomes=read_only(outcomes),
        ranked=1,
        probabilities=False,
    )


def _lengths(outputs: SavedOutputs, joined: Joined, cancel: CancelToken) -> IntArray:
    """(N,), real frames of each clip: those that the file tells, else without frames of one number at the end."""
    scores = outputs.scores
    assert scores is not None  # noqa: S101 - asked by the caller
    answered = joined.rows >= 0
    lengths = np.where(answered, scores.lengths[np.where(answered, joined.rows, 0)], 0)
    if scores.lengths_told or not scores.per_frame:
        return lengths
    for part in _batches(lengths, scores.classes):
        cancel.raise_if_cancelled()
        frames = int(lengths[part].max())
        rows = outputs.rows(joined.rows[part], frames)
        real = ~((rows == rows[..., :1]).all(axis=-1) | np.isnan(rows).all(axis=-1))  # (n, T)
        lengths[part] = np.where(real.any(axis=1), frames - real[:, ::-1].argmax(axis=1), 0)
    return lengths


def _batches(lengths: IntArray, classes: int) -> list[IntArray]:
    """Clips with frames, of equal lengths together, in parts of bounded size."""
    parts = []
    order = np.lexsort((np.arange(len(lengths)), lengths))
    order = order[lengths[order] > 0]
    for length in np.unique(lengths[order]).tolist():
        alike = order[lengths[order] == length]
        most = max(1, NUMBERS_AT_ONCE // max(1, length * classes))
        parts += [alike[start : start + most] for start in range(0, len(alike), most)]
    return parts


def _sampled(outputs: SavedOutputs, joined: Joined, lengths: IntArray) -> NDArray[np.generic]:
    """(n, C), rows spread over the clips; the first, middle or last frame of each."""
    scores = outputs.scores
    assert scores is not None  # noqa: S101 - asked by the caller
    clips = np.flatnonzero(lengths > 0)
    clips = clips[:: max(1, len(clips) // ROWS_LOOKED_AT)]
    found = np.empty((len(clips), scores.classes), scores.dtype)
    for row, clip in enumerate(clips.tolist()):
        length = int(lengths[clip])
        held = outputs.rows(joined.rows[clip : clip + 1], length)[0]
        found[row] = held[(0, length // 2, length - 1)[row % 3]]
    return found


def _blank(outputs: SavedOutputs, joined: Joined, lengths: IntArray, chosen: int | None) -> tuple[int | None, str]:
    """Index of the blank, or None for none, and how that is known."""
    scores = outputs.scores
    assert scores is not None  # noqa: S101 - asked by the caller
    if chosen is not None:
        return (
            (None, "You said that there is no blank.")
            if chosen < 0
            else (chosen, f"You said that the blank is {chosen}.")
        )
    if not scores.per_frame:
        return None, ""
    last = scores.classes - 1
    labels = joined.clips.gloss_ids
    taken = {int(one) for one in labels[labels != NO_ID].tolist()} | set(joined.names)
    free = [index for index in (0, last) if index not in taken]
    named = next(
        (index for index, name in joined.names.items() if name.strip("<>[]()_ ").lower() in ("blank", "ctc_blank")),
        None,
    )
    if named is not None:
        return named, f"The class {named} is called “{joined.names[named]}”."
    wins = _wins(outputs, joined, lengths)
    if joined.numbered_here:
        free = sorted((0, last), key=lambda index: -wins[index])
        if len(joined.names) == last:
            share = f"{100 * wins[free[0]]:.0f} %"
            return free[0], (
                f"The scores have {scores.classes} classes for {last} glosses, and of the first and the last class "
                f"{free[0]} wins more frames ({share})."
            )
    elif joined.names and len(joined.names) == scores.classes - 1 and len(free) == 1:
        return free[
            0
        ], f"The scores have {scores.classes} classes for {len(joined.names)} glosses, and none has the id {free[0]}."
    for index in free:
        if wins[index] > 0.5:
            share = f"{100 * wins[index]:.0f} %"
            return (
                index,
                f"Class {index} wins {share} of the frames and is the label of no clip. Say --blank none if it is a gloss.",
            )
    return None, "No class looks like a blank, so none is assumed. Say --blank INDEX if there is one."


def _wins(outputs: SavedOutputs, joined: Joined, lengths: IntArray) -> NDArray[np.float64]:
    """(C,), share of the frames of a sample of clips in which each class wins."""
    scores = outputs.scores
    assert scores is not None  # noqa: S101 - asked by the caller
    clips = np.flatnonzero(lengths > 0)
    total: NDArray[np.float64] = np.zeros(scores.classes)
    for clip in clips[:: max(1, len(clips) // 256)].tolist():
        held = outputs.rows(joined.rows[clip : clip + 1], int(lengths[clip]))[0].astype(np.float32)
        total += np.bincount(np.nan_to_num(held, nan=-np.inf).argmax(axis=1), minlength=scores.classes)
    total /= max(1.0, float(total.sum()))
    return total


def _reduced(
    outputs: SavedOutputs,
    joined: Joined,
    lengths: IntArray,
    scale: Scale,
    blank: int | None,
    beam: bool,
    progress: Progress,
    cancel: CancelToken,
) -> Predictions:
    """Every clip's scores, reduced to the columns that the questions need."""
    import torch

    from asl_inspector.inference.reducing import reduce_logits

    scores = outputs.scores
    assert scores is not None  # noqa: S101 - asked by the caller
    clips: Clips = joined.clips
    outcomes = np.where(joined.rows < 0, Outcome.NO_OUTPUT, Outcome.NOT_REACHED).astype(np.uint8)
    outcomes[(joined.rows >= 0) & (lengths <= 0)] = Outcome.NO_FRAMES
    searching = beam and blank is not None
    columns = Columns(np.where(outcomes == Outcome.NOT_REACHED, lengths, 0), outcomes, beam=searching)
    done, total = 0, int(columns.waiting.sum())
    with torch.inference_mode():
        for part in _batches(columns.frames, scores.classes):
            cancel.raise_if_cancelled()
            progress(Step(f"Reading {outputs.path.name}", done, total, "clips"))
            rows = outputs.rows(joined.rows[part], int(columns.frames[part[0]]))
            logits = torch.from_numpy(_as_logits(rows, scale))
            outputs.forget(joined.rows[part], int(columns.frames[part[0]]))
            labels = torch.from_numpy(np.array(clips.gloss_ids[part]))
            found = reduce_logits(logits, blank, labels, beam=searching)
            columns.fill(part, _on_cpu(found))
            done += len(part)
    ran, starts, best_gloss, blank_lead, blank_posterior = columns.finished()
    if not ran.any():
        raise InferenceError(
            f"No clip of “{outputs.path.name}” has scores that can be used: they are missing, or not finite.",
            advice="NaN comes from weights or features that are not finite; save the outputs again.",
        )
    raw = scale == "raw"
    return Predictions(
        classes=scores.classes,
        blank=NO_BLANK if blank is None else blank,
        ran=read_only(ran),
        starts=read_only(starts),
        best_gloss=read_only(best_gloss),
        blank_lead=read_only(blank_lead),
        blank_posterior=read_only(blank_posterior),
        empty_log_prob=read_only(columns.empty),
        top=read_only(columns.top),
        top_log_prob=read_only(columns.top_log_prob),
        loss=read_only(np.full(len(ran), np.nan, np.float32) if raw else columns.loss),
        padding_reads_as=None,
        device=DEVICE,
        seconds=0.0,
        outcomes=read_only(columns.outcomes),
        beam=columns.beam_search(),
        probabilities=not raw,
        mean_logit=read_only(columns.mean_logit),
        sharpness=None if raw else read_only(columns.sharpness),
    )


def _on_cpu(found: Reduced) -> dict[str, NDArray[Any]]:
    """What is kept of a batch, as the columns take it."""
    return {
        "best_gloss": found.best_gloss.numpy(),
        "blank_lead": found.blank_lead.numpy(),
        "blank_posterior": found.blank_posterior.numpy(),
        "empty": found.empty.numpy(),
        "top": found.top.numpy(),
        "top_log_prob": found.top_log_prob.numpy(),
        "loss": found.loss.numpy(),
        "finite": found.finite.numpy(),
        "beam": found.beam.numpy(),
        "mean_logit": found.mean_logit.numpy(),
        "sharpness": found.sharpness.numpy(),
    }


def _as_logits(rows: NDArray[np.generic], scale: Scale) -> NDArray[np.float32]:
    """A copy as logits. Zero probabilities become very small ones; NaN stays."""
    numbers = np.array(rows, dtype=np.float32, order="C")
    if scale == "probabilities":
        return np.log(np.maximum(numbers, np.float32(SMALLEST)))
    if scale == "log-probabilities":
        return np.maximum(numbers, np.float32(LOWEST))
    return numbers


def log_posteriors(
    outputs: SavedOutputs, joined: Joined, facts: SavedFacts, index: int, frames: int
) -> NDArray[np.float32]:
    """Log posteriors of one clip, from its saved scores. (T, C)

    Raises:
        InferenceError: If no scores of the clip were saved.
    """
    import torch

    if outputs.scores is None or joined.rows[index] < 0 or frames <= 0:
        raise InferenceError(
            f"No scores of clip “{joined.clips.ids[index]}” were saved.", advice="Save the scores of all classes."
        )
    if not outputs.scores.per_frame:
        raise InferenceError("One answer was saved for this clip, so there is no course over time to draw.")
    rows = outputs.rows(joined.rows[index : index + 1], frames)[0]
    result: NDArray[np.float32] = torch.from_numpy(_as_logits(rows, facts.scale or "raw")).log_softmax(dim=-1).numpy()
    return result
