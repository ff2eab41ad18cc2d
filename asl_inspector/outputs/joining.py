"""Answers meet labels: by the names of the clips, or by their order where names are lacking and the counts agree.

Every clip of either side gets a row; what has no counterpart is counted and named, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from asl_inspector.errors import DataError
from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.outputs.records import NO_ID, IntArray, Marks, SavedOutputs
from asl_inspector.samples.records import UNLABELLED, Clips, Places, Vocabulary

How = Literal["the file itself", "clip name", "shortened clip name", "order", "nothing"]
NAMED = 5
ENDING = re.compile(r"\.(?:mp4|avi|mov|mkv|webm|npy|npz|pkl|pt|json|pose|h5|csv|parquet)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Matched:
    """How answers and labels were brought together.

    Attributes:
        how: By what; "nothing" where there are no labels.
        labels_in: Name of the file with the labels, or an empty string.
        answers: Clips with an answer.
        matched: Clips with an answer and a label.
        without_label: Names of clips with an answer and no label; the first few.
        without_label_count: How many those are.
        without_answer: Names of clips with a label and no answer; the first few.
        without_answer_count: How many those are.
        repeated: Clip names that occur more than once; the first entry of each was taken.
        disagreeing: Clips whose label in the outputs' own file is not that of the labels' file.
        unknown_glosses: Clips whose gloss no source gives an id.
        notes: Sentences on what was assumed.
    """

    how: How
    labels_in: str
    answers: int
    matched: int
    without_label: tuple[str, ...] = ()
    without_label_count: int = 0
    without_answer: tuple[str, ...] = ()
    without_answer_count: int = 0
    repeated: int = 0
    disagreeing: int = 0
    unknown_glosses: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Answers and labels, a row a clip.

    Attributes:
        clips: The clips with their labels; features only where a file of clips was given.
        rows: (N,), the answer of each clip as a row of the outputs; -1 where it has none.
        predicted: (N,), predicted ids where the outputs are predictions; `NO_ID` for none.
        classes: Glosses that can be answered: the columns of scores, else one more than the largest id.
        names: Glosses by id, where they are known.
        matched: How it went.
        numbered_here: True where no file gives ids, so that the glosses were numbered in order, without a blank.
    """

    clips: Clips
    rows: IntArray
    predicted: IntArray
    classes: int
    names: Mapping[int, str]
    matched: Matched
    numbered_here: bool = False

    def beside_blank(self, blank: int | None) -> Joined:
        """The same with the glosses numbered around the blank, where the numbers are this program's own."""
        if blank is None or not self.numbered_here or blank > max(self.names):
            return self
        ids = self.clips.gloss_ids
        names = {number + (number >= blank): name for number, name in self.names.items()}
        return replace(self, clips=replace(self.clips, gloss_ids=fixed_counts(ids + (ids >= blank))), names=names)


def join(
    outputs: SavedOutputs,
    labels: SavedOutputs | None,
    clips: Clips | None,
    vocabularies: Sequence[Vocabulary] = (),
) -> Joined:
    """Bring the answers of a file together with the labels of a case.

    Args:
        outputs: The answers, with labels of their own or without.
        labels: A file of labels, or None.
        clips: Clips with labels, which come before `labels`, or None.
        vocabularies: What ids mean.

    Raises:
        DataError: If there are labels, and neither names nor counts tell which answer they belong to.
    """
    numbering = _Numbering(outputs, labels, clips, vocabularies)
    own = outputs.truth
    if clips is not None:
        other_names, marks, labels_in = clips.ids, Marks(clips.gloss_ids, clips.glosses), clips.path.name
    elif labels is not None and labels.truth is not None:
        other_names, marks, labels_in = labels.clip_ids, labels.truth, labels.path.name
    else:
        other_names, marks, labels_in = outputs.clip_ids, own or _none(len(outputs)), outputs.path.name if own else ""
        rows = np.arange(len(outputs))
        how: How = "the file itself" if own is not None else "nothing"
        names = outputs.clip_ids or _numbered(len(outputs))
        return _finished(outputs, names, rows, marks, None, numbering, Matched(how, labels_in, len(outputs), 0))
    rows, how, repeated = _rows(outputs, other_names, len(marks.ids), labels_in)
    extra = np.setdiff1d(np.arange(len(outputs)), rows)
    if clips is not None:  # the rows of the case are the clips; answers beyond them are counted
        names = clips.ids
        beyond = [_name_of(outputs, one) for one in extra[:NAMED].tolist()]
        told = Matched(how, labels_in, len(outputs), 0, tuple(beyond), len(extra), repeated=repeated)
        return _finished(outputs, names, rows, marks, clips, numbering, told)
    names = (
        *(other_names or outputs.clip_ids or _numbered(len(rows))),
        *(_name_of(outputs, one) for one in extra.tolist()),
    )
    marks = _extended(marks, len(extra))
    told = Matched(how, labels_in, len(outputs), 0, repeated=repeated)
    return _finished(outputs, names, np.concatenate([rows, extra]), marks, None, numbering, told)


def _finished(
    outputs: SavedOutputs,
    names: Sequence[str],
    rows: IntArray,
    marks: Marks,
    clips: Clips | None,
    numbering: _Numbering,
    told: Matched,
) -> Joined:
    """The rows with their labels as ids, and what can be said of them."""
    ids, unknown = numbering.ids_of(marks)
    labelled = ids != NO_ID
    answered = rows >= 0
    left = np.flatnonzero(answered & ~labelled) if clips is None else np.zeros(0, np.int64)
    missing = np.flatnonzero(~answered)
    disagreeing = 0
    if outputs.truth is not None and told.how not in ("the file itself", "nothing"):
        own, _ = numbering.ids_of(outputs.truth)
        beside = np.where(answered, own[np.where(answered, rows, 0)], NO_ID)
        disagreeing = int(((beside != ids) & (beside != NO_ID) & labelled).sum())
    predicted = np.full(len(rows), NO_ID)
    if outputs.predicted is not None:
        said, unknown_answers = numbering.ids_of(outputs.predicted)
        predicted = np.where(answered, said[np.where(answered, rows, 0)], NO_ID)
        unknown += unknown_answers
    told = replace(
        told,
        matched=int((answered & labelled).sum()),
        without_label=told.without_label or tuple(names[one] for one in left[:NAMED].tolist()),
        without_label_count=told.without_label_count or len(left),
        without_answer=tuple(names[one] for one in missing[:NAMED].tolist()),
        without_answer_count=len(missing),
        disagreeing=disagreeing,
        unknown_glosses=unknown,
        notes=(*outputs.notes, *numbering.notes),
    )
    lengths = np.ones(len(rows), np.int64)
    if outputs.scores is not None:
        lengths = np.where(answered, outputs.scores.lengths[np.where(answered, rows, 0)], 0)
    made = (
        clips
        if clips is not None
        else Clips(
            path=outputs.path,
            ids=tuple(names),
            glosses=marks.names or (None,) * len(rows),
            gloss_ids=fixed_counts(ids),
            splits=(None,) * len(rows),
            lengths=fixed_counts(lengths),
            feature_count=None,
            places=Places.of(()),
            content=b"",
        )
    )
    largest = max(int(ids.max(initial=-1)), int(predicted.max(initial=-1)), *numbering.names, -1)
    classes = outputs.scores.classes if outputs.scores is not None else largest + 1
    ours = numbering.ours and clips is None
    return Joined(made, fixed_counts(rows), fixed_counts(predicted), max(classes, 1), numbering.names, told, ours)


class _Numbering:
    """Which id a gloss has, from the columns of the scores, a vocabulary, clips with both, or the glosses themselves."""

    def __init__(
        self,
        outputs: SavedOutputs,
        labels: SavedOutputs | None,
        clips: Clips | None,
        vocabularies: Sequence[Vocabulary],
    ) -> None:
        self.notes: list[str] = []
        self.renumbered: dict[int, int] = {}
        self.ours = False
        listed = next((one for one in vocabularies if one.gloss_to_id), None)
        if outputs.class_names:
            self.ids = {name: index for index, name in enumerate(outputs.class_names)}
            self._follow_columns(outputs, listed)
        elif listed is not None:
            self.ids = dict(listed.gloss_to_id)
        elif clips is not None and clips.names_to_ids:
            self.ids = {name: min(ids) for name, ids in clips.names_to_ids.items()}
        else:
            self.ids = self._from_marks([outputs.truth, labels.truth if labels else None, outputs.predicted])
        self.names = {number: name for name, number in self.ids.items()}

    def _follow_columns(self, outputs: SavedOutputs, listed: Vocabulary | None) -> None:
        """Ids of a vocabulary whose order is not that of the columns are led to the columns of their glosses."""
        if listed is None or not set(self.ids) <= set(listed.gloss_to_id):
            return
        moved = {listed.gloss_to_id[name]: column for name, column in self.ids.items()}
        if any(number != column for number, column in moved.items()):
            self.renumbered = moved
            self.notes.append(
                f"The columns of “{outputs.path.name}” are not in the order of “{listed.path.name}”; ids of labels were led "
                "to the columns of their glosses."
            )

    def _from_marks(self, held: Sequence[Marks | None]) -> dict[str, int]:
        """Names with ids beside them; where no id is told at all, the names in order."""
        pairs = {
            name: number
            for marks in held
            if marks is not None and marks.names
            for name, number in zip(marks.names, marks.ids.tolist(), strict=True)
            if name is not None and number != NO_ID
        }
        if pairs or any(marks is not None and not marks.names and marks.has_ids for marks in held):
            return pairs
        names = sorted({name for marks in held if marks is not None for name in marks.names if name is not None})
        self.ours = bool(names)
        if names:
            self.notes.append(f"No file gives the glosses ids; the {len(names):,} glosses were numbered in order.")
        return {name: index for index, name in enumerate(names)}

    def ids_of(self, marks: Marks) -> tuple[IntArray, int]:
        """(N,), the ids of marks, and how many of them have a name that has none."""
        ids = marks.ids
        if self.renumbered:
            ids = np.array([self.renumbered.get(one, one) for one in ids.tolist()], dtype=np.int64)
        if not marks.names or marks.has_ids:
            return ids, 0
        found = np.array(
            [self.ids.get(name, NO_ID) if name is not None else NO_ID for name in marks.names], dtype=np.int64
        )
        unknown = sum(name is not None and name not in self.ids for name in marks.names)
        return found, unknown


def _rows(outputs: SavedOutputs, names: Sequence[str], count: int, labels_in: str) -> tuple[IntArray, How, int]:
    """For each labelled clip the row of its answer, or -1; how that was found; and how many names repeat."""
    if not outputs.clip_ids or not names:
        if len(outputs) != count:
            raise DataError(
                f"“{outputs.path.name}” has {len(outputs):,} answers and “{labels_in}” {count:,} labels, and no names of "
                "clips on both sides tell which belong together.",
                advice="Save the names of the clips beside the answers.",
            )
        return np.arange(count), "order", 0
    for shorten, how in ((str, "clip name"), (short_name, "shortened clip name")):
        known: dict[str, int] = {}
        for row, name in enumerate(outputs.clip_ids):
            known.setdefault(shorten(name), row)
        rows = np.array([known.get(shorten(name), -1) for name in names], dtype=np.int64)
        repeated = len(outputs.clip_ids) - len(known)
        if (rows >= 0).any():
            return rows, "clip name" if how == "clip name" else "shortened clip name", repeated
    return rows, "clip name", repeated


def short_name(name: str) -> str:
    """A clip's name without folders and endings, in lower case."""
    base = PurePosixPath(name.replace("\\", "/")).name
    return ENDING.sub("", base).removesuffix("_color").lower()


def _name_of(outputs: SavedOutputs, row: int) -> str:
    return outputs.clip_ids[row] if outputs.clip_ids else f"row {row}"


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"row {index}" for index in range(count))


def _none(count: int) -> Marks:
    return Marks(fixed_counts(np.full(count, UNLABELLED)))


def _extended(marks: Marks, count: int) -> Marks:
    """The marks with `count` more clips that have none."""
    ids = np.concatenate([marks.ids, np.full(count, NO_ID)])
    return Marks(fixed_counts(ids), (*marks.names, *(None,) * count) if marks.names else ())
