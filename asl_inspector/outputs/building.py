"""Named columns, or an entry a clip, become `SavedOutputs`, whatever the format of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.inert_pickle.numpy_arrays import text_entries
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.outputs import names as known
from asl_inspector.outputs.marks import Values, marks_of
from asl_inspector.outputs.placing import many_arrays, one_array
from asl_inspector.outputs.records import Marks, Meaning, SavedOutputs, Scores
from asl_inspector.outputs.scales import scale_of

Array = NDArray[np.generic]
ROWS_LOOKED_AT = 512
FEWEST_ALIKE = 0.9
FEWEST_CLIPS = 8  # where only the form of a file speaks for saved outputs
MOST_DIFFERENT = 0.75  # of the entries of a file of ids


def meaning_of(path: Path) -> Meaning:
    """Whether ids in a file are predictions or labels, as far as its name tells."""
    said = known.words(path.stem)
    labels, predictions = said & known.WORDS_OF_LABELS, said & known.WORDS_OF_PREDICTIONS
    if labels and not predictions:
        return "labels"
    return "predictions" if predictions and not labels else "ids"


def from_fields(path: Path, form: str, fields: Mapping[str, Values], content: Buffer) -> SavedOutputs | None:
    """The outputs in named columns, or None where they are something else.

    Raises:
        DataError: If they are outputs of a shape that cannot be used.
    """
    if known.pick(fields, known.FEATURES) is not None:
        return None
    wide = {name: held for name, held in fields.items() if _is_wide(held)}
    scores_at = known.pick(wide, known.SCORES) or known.pick(wide, known.PREDICTIONS)
    predicted_at = known.pick([name for name in fields if name not in wide], known.PREDICTIONS)
    if scores_at is None and predicted_at is None:
        flat = known.pick(fields, known.SCORES)
        if flat is not None and isinstance(fields[flat], np.ndarray) and known.pick(fields, known.LABELS) is not None:
            raise DataError(
                f"The scores “{flat}” in “{path.name}” have one number a clip, not one a class.",
                advice="Save the scores of all classes, or the predicted id as “prediction”.",
            )
    clips_at = known.pick(fields, known.CLIPS)
    labels_at = known.pick([name for name in fields if name not in (clips_at, scores_at)], known.LABELS)
    glosses_at = known.pick([name for name in fields if name not in (clips_at, labels_at)], known.GLOSSES)
    if scores_at is None and predicted_at is None and (clips_at is None or (labels_at or glosses_at) is None):
        return None
    clip_ids = _names(fields[clips_at]) if clips_at is not None else ()
    truth, notes = _truth(fields, labels_at, glosses_at)
    predicted = marks_of(fields[predicted_at]) if predicted_at is not None else None
    lengths_at = known.pick(fields, known.LENGTHS)
    told = fields[lengths_at] if lengths_at is not None else None
    count = _count(path, fields, [clips_at, labels_at, glosses_at, predicted_at, lengths_at])
    scores = None
    if scores_at is not None:
        scores, more = _scores(path, scores_at, fields[scores_at], content, count)
        notes += more
        count = len(scores)
        if told is not None:
            scores = with_lengths(scores, told, path.name)
    if not count or (scores is None and predicted is None and truth is None):
        return None
    classes_at = known.pick([name for name in fields if name not in (labels_at, glosses_at)], known.CLASSES)
    class_names = _names(fields[classes_at]) if classes_at is not None else ()
    if scores is None or len(class_names) != scores.classes:
        class_names = ()
    return SavedOutputs(
        path=path,
        form=form,
        meaning="scores" if scores is not None else "predictions" if predicted is not None else "labels",
        count=count,
        clip_ids=clip_ids,
        scores=scores,
        predicted=predicted,
        truth=truth,
        class_names=class_names,
        notes=tuple(notes),
        content=content,
    )


def _is_wide(held: Values) -> bool:
    if isinstance(held, np.ndarray):
        return held.ndim >= 2 and held.dtype.kind in "fiu" and held.shape[-1] > 1
    return any(isinstance(one, np.ndarray) for one in held)


def _names(held: Values) -> tuple[str, ...]:
    if isinstance(held, np.ndarray):
        if held.ndim != 1:
            return ()
        return tuple(str(one) for one in (text_entries(held) if held.dtype.kind in "US" else held.tolist()))
    return tuple("" if one is None else str(one).strip() for one in held)


def _truth(fields: Mapping[str, Values], ids_at: str | None, names_at: str | None) -> tuple[Marks | None, list[str]]:
    """True glosses by id, by name, or by both."""
    ids = marks_of(fields[ids_at]) if ids_at is not None else None
    names = marks_of(fields[names_at]) if names_at is not None else None
    notes = []
    if ids_at is not None and ids is None:
        notes.append(f"The labels “{ids_at}” are not one gloss a clip and were left out.")
    if ids is None or names is None:
        return ids or names, notes
    if ids.names or not names.names:
        return ids, notes
    return Marks(ids.ids, names.names), notes


def _count(path: Path, fields: Mapping[str, Values], used: Sequence[str | None]) -> int:
    """N, which all columns must agree on; 0 where no column tells it.

    Raises:
        DataError: If they differ.
    """
    sizes = {name: len(fields[name]) for name in used if name is not None}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"“{name}” {size:,}" for name, size in sizes.items())
        raise DataError(
            f"The columns of “{path.name}” are not of one length: {told}.", advice="Save one entry a clip in each."
        )
    return next(iter(sizes.values()), 0)


def _scores(path: Path, name: str, held: Values, content: Buffer, count: int) -> tuple[Scores, list[str]]:
    if isinstance(held, np.ndarray):
        return one_array(held, content, name, clips=count or None, file=path.name)
    arrays = [one for one in held if isinstance(one, np.ndarray)]
    if len(arrays) < len(held):
        first = next(index for index, one in enumerate(held) if not isinstance(one, np.ndarray))
        raise DataError(
            f"{len(held) - len(arrays):,} of {len(held):,} clips in “{path.name}” have no “{name}”, the first of them in row "
            f"{first}.",
            advice="Save the scores of every clip, or leave those clips out.",
        )
    rows = [f"row {index}" for index in range(len(arrays))]
    if any(array.ndim not in (1, 2) for array in arrays):
        raise DataError(f"The scores “{name}” in “{path.name}” are neither one row a clip nor one a frame.")
    return replace(many_arrays(arrays, rows, content, file=path.name), name=name), []


def with_lengths(scores: Scores, told: Values, file: str) -> Scores:
    """The scores with the number of real frames of each clip.

    Raises:
        DataError: If a length is larger than what is stored.
    """
    numbers = np.asarray(told)
    if numbers.ndim != 1 or len(numbers) != len(scores) or numbers.dtype.kind not in "iuf":
        return scores
    lengths = fixed_counts(numbers)
    beyond = np.flatnonzero((lengths > scores.lengths) | (lengths < 0))
    if len(beyond):
        first = int(beyond[0])
        raise DataError(
            f"Clip {first} of “{file}” claims {lengths[first]:,} frames, but {scores.lengths[first]:,} are stored; "
            f"{len(beyond):,} of {len(scores):,} clips do.",
            advice="Save the lengths of the outputs; those of the inputs are longer where the network has a stride.",
        )
    return replace(scores, lengths=lengths, lengths_told=True)


def from_arrays_by_clip(path: Path, named: Sequence[tuple[str, Array]], content: Buffer) -> SavedOutputs | None:
    """The outputs in one array of scores a clip, or None where the arrays are features, weights or curves.

    Raises:
        DataError: If they are scores, and not all of one number of classes.
    """
    names = tuple(name for name, _ in named)
    arrays = [array for _, array in named]
    ranks = {array.ndim for array in arrays}
    if not ranks <= {1, 2} or any(array.dtype.kind not in "fiu" or array.shape[-1] < 2 for array in arrays):
        return None
    widths = np.array([array.shape[-1] for array in arrays])
    alike = float((widths == np.bincount(widths).argmax()).mean()) if len(widths) else 0.0
    said = bool(known.words(path.stem) & (known.WORDS_OF_SCORES | known.WORDS_OF_PREDICTIONS))
    if len(arrays) < FEWEST_CLIPS and not said:
        return None
    if alike < 1 and not (said or (ranks == {1} and alike >= FEWEST_ALIKE and len(arrays) > 2)):
        return None
    if any(known.WORDS_OF_RUNS.search(name) or known.WORDS_OF_WEIGHTS.search(name) for name in names[:50]):
        return None
    if 2 in ranks and not said and not _are_posteriors(arrays):
        return None  # features of a clip look the same
    scores = many_arrays(arrays, names, content, file=path.name)
    form = "a dict of one array a clip" if ranks == {1} else "a dict of one array of frames a clip"
    return SavedOutputs(path, form, "scores", len(names), names, scores, content=content)


def _are_posteriors(arrays: Sequence[Array]) -> bool:
    """True where the rows of a few clips are probabilities or their logarithms."""
    step = max(1, len(arrays) // 16)
    rows = [array[:ROWS_LOOKED_AT] for array in arrays[::step] if array.ndim == 2 and len(array)]
    return bool(rows) and all(scale_of(one) in ("probabilities", "log-probabilities") for one in rows)


def from_marks_by_clip(path: Path, named: Sequence[tuple[str, object]]) -> SavedOutputs | None:
    """The outputs in one id or one name a clip; None where they look like a vocabulary."""
    marks = marks_of([value for _, value in named])
    if marks is None:
        return None
    meaning = meaning_of(path)
    different = len(set(marks.names or marks.ids.tolist()))
    if different > MOST_DIFFERENT * len(named) and meaning == "ids":
        return None  # each entry once, or nearly: a vocabulary, perhaps a faulty one
    names = tuple(name for name, _ in named)
    truth = marks if meaning == "labels" else None
    predicted = None if meaning == "labels" else marks
    form = "one id a clip" if marks.has_ids else "one gloss a clip"
    return SavedOutputs(path, form, meaning, len(named), names, predicted=predicted, truth=truth)


def read_as_labels(outputs: SavedOutputs) -> SavedOutputs:
    """The same file, its ids taken for labels."""
    if outputs.truth is not None or outputs.predicted is None:
        return outputs
    return replace(outputs, meaning="labels", truth=outputs.predicted, predicted=None)
