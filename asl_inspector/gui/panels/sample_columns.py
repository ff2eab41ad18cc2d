"""The columns of the table of samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.gui.panels.sample_filter import SampleTexts
from asl_inspector.gui.tables import Column
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

HANDS = ("left hand", "right hand", "hand")
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def sample_columns(samples: SampleTable, texts: SampleTexts, predicted: IntArray, right: BoolArray) -> list[Column]:
    """The table's columns for one decoder; where no clip was run, those that need no answer.

    Nothing is made for every row: the text of a row is made when it is shown, what text is sorted by at the first sort.
    """
    clash = (samples.learned_ids != samples.true_ids) & (samples.learned_ids != UNLABELLED)

    def identity(values: IntArray, row: int) -> str:
        return "" if values[row] == UNLABELLED else str(values[row])

    rows = np.arange(len(samples))
    state = np.where(~samples.ran, 2, np.where(right, 1, 0))
    words = ("wrong", "right", "not run")
    tones = ("danger", "good", "muted")
    columns = [
        Column(
            "clip",
            rows,
            lambda i: samples.clip_ids[i],
            "Name of the clip",
            width=84,
            key=lambda: texts.clips.ranks,
        ),
        Column(
            "true gloss",
            rows,
            lambda i: samples.glosses[i],
            "Gloss that the file gives",
            width=98,
            key=lambda: texts.glosses.ranks,
        ),
        Column(
            "id here",
            samples.true_ids,
            lambda i: identity(samples.true_ids, i),
            "Id in the validation file",
            numeric=True,
            width=66,
        ),
    ]
    frames = Column(
        "frames", samples.lengths, lambda i: str(samples.lengths[i]), "Frames of the clip", numeric=True, width=70
    )
    if not samples.ran.any():
        return [*columns, frames, *_quality(samples)]
    if samples.scored_by_name or (samples.learned_ids != UNLABELLED).any():
        columns.append(
            Column(
                "id in training",
                samples.learned_ids,
                lambda i: identity(samples.learned_ids, i),
                "Id that this gloss has where the network learned it",
                numeric=True,
                colour=lambda i: "danger" if clash[i] else None,
                width=98,
            )
        )
    columns += [
        Column(
            "predicted",
            rows,
            lambda i: samples.name_of(int(predicted[i])) if samples.ran[i] else "",
            "Gloss of the predicted id",
            width=106,
            key=lambda: _ranks_of_answers(samples, predicted),
        ),
        Column(
            "id",
            predicted,
            lambda i: str(predicted[i]) if samples.ran[i] else "",
            "Predicted id",
            numeric=True,
            width=46,
        ),
        Column(
            "result", state, lambda i: words[state[i]], "Right or wrong", colour=lambda i: tones[state[i]], width=70
        ),
        Column(
            "confidence",
            samples.confidence,
            lambda i: (
                f"{100 * samples.confidence[i]:.1f} %" if np.isfinite(samples.confidence[i]) and samples.ran[i] else ""
            ),
            "Probability that the clip says exactly the most probable gloss",
            numeric=True,
            width=88,
        ),
        Column(
            "margin",
            samples.margin,
            lambda i: f"{samples.margin[i]:.2f}" if np.isfinite(samples.margin[i]) else "",
            "Log probability of the best gloss minus that of the second",
            numeric=True,
            width=64,
        ),
        Column(
            "CTC loss",
            samples.loss,
            lambda i: f"{samples.loss[i]:.2f}" if samples.loss[i] == samples.loss[i] else "",
            "Minus the log probability of the true id, in nats",
            numeric=True,
            width=78,
        ),
        Column(
            "blank",
            samples.blank_share,
            lambda i: (
                f"{100 * samples.blank_share[i]:.0f} %" if samples.blank_share[i] == samples.blank_share[i] else ""
            ),
            "Share of blank frames",
            numeric=True,
            width=62,
        ),
        frames,
    ]
    return [*columns, *_quality(samples)]


def _ranks_of_answers(samples: SampleTable, predicted: IntArray) -> IntArray:
    """(N,), numbers that sort as the names of the answers do; clips without an answer first."""
    most = max(int(predicted.max(initial=0)), 0)
    names = [samples.name_of(number).casefold() for number in range(most + 1)]
    places = {name: place for place, name in enumerate(sorted(set(names)), start=1)}
    ranks = np.array([*(places[name] for name in names), 0])  # the last stands for -1
    return np.where(samples.ran, ranks[predicted], 0)


def _quality(samples: SampleTable) -> list[Column]:
    """What is missing of each clip, where the layout of its landmarks is known; and how much of it stands still."""
    found = [
        _share(
            f"{hand} missing",
            samples.missing_in(hand),
            f"Share of the clip's frames in which the {hand} was not found",
            width=136,
        )
        for hand in HANDS
        if hand in samples.parts
    ]
    if np.isfinite(samples.frozen).any():
        words = "Share of the clip's frames that repeat the frame before, number by number"
        found.append(_share("frozen", samples.frozen, words, width=68))
    return found


def distance_column(distance: FloatArray) -> Column:
    """How far each clip is from the one that was asked about; NaN for those that are not listed."""
    return Column(
        "distance",
        distance,
        lambda row: f"{distance[row]:.2f}" if distance[row] == distance[row] else "",
        "Between the means of the features of both clips, in standard deviations",
        numeric=True,
        width=78,
    )


def _share(title: str, values: FloatArray, tooltip: str, *, width: int) -> Column:
    return Column(
        title,
        values,
        lambda row: f"{100 * values[row]:.0f} %" if values[row] == values[row] else "",
        tooltip,
        numeric=True,
        width=width,
    )
