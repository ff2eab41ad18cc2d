"""The run's history and the clips, as the JSON of a diagnosis has them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import ClipSurvey, DataMeasures
from asl_inspector.diagnosis.run_records import RunMeasures
from asl_inspector.history.records import History, Points
from asl_inspector.report.json_text import Json
from asl_inspector.samples.records import Clips

MOST_PAIRS = 200
FROZEN = 0.2


def history_json(history: History | None, run: RunMeasures | None) -> Json:
    """The history, or None where no source tells an epoch."""
    if history is None or not history.epochs:
        return None
    return {
        "source": history.source,
        "sources": list(history.sources or (history.source,)),
        "axis": history.axis,
        "epochs": list(history.epochs),
        "train_loss": _points(history.train_loss),
        "val_loss": _points(history.val_loss),
        "val_acc": _points(history.val_acc),
        "train_acc": _points(history.train_acc),
        "learning_rate": _points(history.learning_rate),
        "best_epoch": history.best_epoch,
        "contradictions": [one.sentence for one in history.contradictions],
        "code_hints": [
            {"id": one.id, "where": one.where, "sentence": one.sentence, "code": one.text} for one in history.hints
        ],
        "notes": list(history.notes),
        **(_run(run) if run is not None else {}),
    }


def _points(points: Points) -> list[Json]:
    return [None if value is None or not math.isfinite(value) else value for value in points]


def _run(run: RunMeasures) -> dict[str, Json]:
    luck = run.luck
    return {
        "validation_clips": run.clips,
        "val_acc_low": _numbers(run.low),
        "val_acc_high": _numbers(run.high),
        "guessing": None
        if luck is None
        else {
            "tries": luck.tries,
            "chance": luck.chance,
            "expected_best": luck.expected,
            "one_in_twenty": luck.unlikely,
            "p": luck.p,
        },
        "early_stopping": [
            {
                "watched": one.watched,
                "patience": one.patience,
                "stopped": one.stopped,
                "kept": one.kept,
                "accuracy": one.accuracy,
                "forgone": one.forgone,
                "low": one.low,
                "high": one.high,
            }
            for one in run.stops
        ],
    }


def data_json(validation: Clips | None, train: Clips | None, data: DataMeasures | None) -> Json:
    """Both files of clips, and one against the other."""
    return {
        "validation": _clips(validation, data.validation if data is not None else None),
        "train": _clips(train, data.train if data is not None else None),
        "comparison": _comparison(data) if data is not None and validation is not None and train is not None else None,
    }


def _clips(clips: Clips | None, found: ClipSurvey | None) -> Json:
    if clips is None:
        return None
    facts: dict[str, Json] = {
        "clips": len(clips),
        "frames": int(clips.lengths.sum()),
        "glosses": clips.gloss_count,
        "features": clips.feature_count,
    }
    if found is None or not found.clips:
        return facts
    low, middle, high = (float(value) for value in np.quantile(found.lengths, [0, 0.5, 1]))
    return facts | {
        "lengths": {"min": int(low), "median": middle, "max": int(high)},
        "clips_per_gloss": dict(found.glosses),
        "constant_features": list(found.constant),
        "nan_features": _indices(found.columns.absent > 0) if found.columns is not None else [],
        "missing_together": [
            {"name": one.name, "features": list(one.columns), "share": one.missing, "clips": one.clips}
            for one in found.blocks
        ],
        "frozen_clips": int((found.frozen > FROZEN).sum()),
        "repeated_clips": found.repeated,
        "too_short_for_ctc": found.infeasible,
    }


def _comparison(data: DataMeasures) -> Json:
    shift, nearest = data.shift, data.neighbours
    near = nearest.pairs if nearest is not None else ()
    return {
        "same_features": len(data.same_features),
        "same_name": data.same_name,
        "same_signers": list(data.same_signers),
        "unseen_glosses": list(data.unseen),
        "cut": [[one.validation, one.train, one.frames, one.of] for one in data.shared_frames[:MOST_PAIRS]],
        "near": None if nearest is None else [[one.validation, one.train, one.ratio] for one in near[:MOST_PAIRS]],
        "shift": None
        if shift is None
        else {
            "effect": _numbers(shift.effect),
            "ks": _numbers(shift.statistic),
            "q": _numbers(shift.q),
            "other_scale": list(shift.extreme),
        },
        "nearest_neighbour": None
        if nearest is None
        else {"method": nearest.method, "correct": nearest.correct, "of": nearest.of},
    }


def _numbers(values: NDArray[np.float64]) -> list[Json]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _indices(mask: NDArray[np.bool_]) -> list[Json]:
    return [int(index) for index in np.flatnonzero(mask)]
