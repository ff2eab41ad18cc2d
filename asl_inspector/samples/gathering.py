"""Clips from a tree in which their layout was found: features are placed, labels become columns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.samples.arrays import as_numbers, is_clip, time_axis_of
from asl_inspector.samples.choosing import Chosen, features_of
from asl_inspector.samples.job import Job
from asl_inspector.samples.known_landmarks import recognise_landmarks
from asl_inspector.samples.labels import (
    NO_LABEL,
    Label,
    column_of,
    columns_of,
    label_of,
    split_words,
    whole,
    words_are_glosses,
)
from asl_inspector.samples.layouts import Columns, Entries, Plan, Splits, find_layout
from asl_inspector.samples.mapping import Correction, FieldMapping
from asl_inspector.samples.nodes import Fields, Look, Node, Numbers, Sequence
from asl_inspector.samples.padding import stack_lengths
from asl_inspector.samples.placing import Placer
from asl_inspector.samples.records import Clips, Landmarks

MOST_NAMED = 3
ENTRIES_BETWEEN_CHECKS = 512
VAGUE_NAMES = ("arr_0", "data", "x", "input", "inputs", "the array")  # weights may have them as well
WHAT_A_CLIP_IS = "Each entry must be an array of frames by features, or a dict that has one under “features”."


@dataclass(slots=True)
class Source:
    """A file as the search for clips sees it.

    Attributes:
        path: The file.
        format: What it is, in words ("NumPy archive").
        root: What it holds.
        look: What a raw value of it is.
        job: How it is to be read.
        may_be_weights: True for formats that hold networks more often than clips.
        notes: Sentences on what was odd, filled while values are looked at.
    """

    path: Path
    format: str
    root: Node
    look: Look
    job: Job
    may_be_weights: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rows:
    """The growing columns."""

    placer: Placer
    ids: list[str] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    splits: list[str | None] = field(default_factory=list)
    signers: list[str | None] = field(default_factory=list)
    rates: list[float | None] = field(default_factory=list)  # frames a second, where the file tells them
    notes: list[str] = field(default_factory=list)
    shape: tuple[int, ...] = ()  # of a frame
    time_axis: int = 0
    ids_are_told: bool = True  # False where keys or numbers are the names
    landmarks: Landmarks | None = None  # where the file itself names them


def clips_in(source: Source) -> Clips | None:
    """The clips of a file, or None where it seems to hold none.

    Raises:
        DataError: If most entries are no clips, or a column does not fit.
        Cancelled: If the user cancelled.
    """
    plan = find_layout(source.root, source.look, source.job.correction)
    if plan is None or (source.may_be_weights and isinstance(plan, Entries) and not _is_certain(plan, source.look)):
        return None
    return gather_clips(source, plan)


def _is_certain(plan: Entries, look: Look) -> bool:
    """False where bare arrays under names may as well be the weights of a network: clips are all as wide."""
    bare = [node for _, raw in plan.pairs if isinstance(node := look(raw), Numbers)]
    if not plan.named:
        return bool(plan.chosen.label) or plan.chosen.features.lower() not in VAGUE_NAMES
    if len(bare) < len(plan.pairs):
        return True
    widths = {numbers.shape[1:] for numbers in bare}
    return len(bare) > 1 and len(widths) == 1 and not any(numbers.is_whole for numbers in bare)


def gather_clips(source: Source, plan: Plan) -> Clips:
    """The clips of a file whose layout is known.

    Raises:
        DataError: If most entries are no clips, or a column does not fit.
        Cancelled: If the user cancelled.
    """
    rows = Rows(Placer(source.job.sink))
    parts = plan.parts if isinstance(plan, Splits) else [("", plan)]
    for split, part in parts:
        if isinstance(part, Entries):
            _gather_entries(source, part, split or None, rows)
        else:
            _gather_columns(source, part, split or None, rows)
    chosen = parts[0][1].chosen
    layout = parts[0][1].layout + (" in each split" if len(parts) > 1 else "")
    separate_words(rows, source.job.correction)
    return finish(source, rows, chosen, layout)


def finish(source: Source, rows: Rows, chosen: Chosen, layout: str) -> Clips:
    """The columns as `Clips`."""
    placer, labels = rows.placer, columns_of(rows.labels)
    duplicates = len(rows.ids) - len(set(rows.ids))
    if duplicates:
        rows.notes.append(f"{duplicates} clip ids occur more than once in “{source.path.name}”.")
    width = placer.feature_count
    mapping = FieldMapping(
        format=source.format,
        layout=layout,
        features=chosen.features or "the entry itself",
        label=chosen.label,
        lengths=chosen.lengths,
        ids=chosen.ids if rows.ids_are_told else "",
        split=chosen.split,
        signer=chosen.signer,
        time_axis=rows.time_axis,
        width=width,
        available=chosen.available,
    )
    return Clips(
        path=source.path,
        ids=tuple(rows.ids),
        glosses=labels.glosses,
        gloss_ids=fixed_counts(np.array(labels.gloss_ids, np.int64)),
        splits=tuple(rows.splits),
        lengths=fixed_counts(np.array(placer.lengths, np.int64)),
        feature_count=width,
        places=placer.places,
        content=b"",
        notes=(*rows.notes, *source.notes),
        targets=labels.targets,
        target_ids=labels.target_ids,
        signers=tuple(rows.signers) if any(rows.signers) else (),
        mapping=mapping,
        landmarks=rows.landmarks or recognise_landmarks(width, rows.shape),
        blocks=tuple(placer.blocks),
        rates=tuple(rows.rates) if any(rows.rates) else (),
    )


def separate_words(rows: Rows, correction: Correction) -> None:
    """Sentences of glosses become their glosses."""
    if correction.label_is == "several" or (correction.label_is is None and words_are_glosses(rows.labels)):
        rows.labels = [split_words(label) for label in rows.labels]
        rows.notes.append("The labels are sentences; every word was taken for a gloss.")


# -- entries -------------------------------------------------------------------------------------------------------


def _gather_entries(source: Source, plan: Entries, split: str | None, rows: Rows) -> None:
    look, chosen = source.look, plan.chosen
    found: list[Numbers] = []
    left_out: list[str] = []
    rows.ids_are_told = not plan.named or bool(source.job.correction.ids)
    for index, (key, raw) in enumerate(plan.pairs):
        if index % ENTRIES_BETWEEN_CHECKS == 0:
            source.job.cancel.raise_if_cancelled()
            source.job.tell(index, len(plan.pairs))
            if index and source.job.is_late():
                rows.notes.append(_too_slow(index, len(plan.pairs)))
                break
        node = look(raw) if not isinstance(raw, Fields | Numbers | Sequence) else raw
        numbers = features_of(node, chosen, look)
        if numbers is None:
            left_out.append(key)
            continue
        found.append(numbers)
        held = node.by_name if isinstance(node, Fields) else {}
        rows.ids.append(_entry_id(source, plan, key, held))
        rows.labels.append(_entry_label(held, chosen, look))
        rows.splits.append(_text(look(held.get(chosen.split))) or split if chosen.split else split)
        rows.signers.append(_text(look(held.get(chosen.signer))) if chosen.signer else None)
    if left_out:
        _note_left_out(source, left_out, len(found), rows)
    axis = time_axis_of([numbers.shape for numbers in found if numbers.shape != (0,)], source.job.correction)
    _remember_shape(rows, found, axis)
    for index, numbers in enumerate(found):
        if index % 1024 == 0:
            source.job.cancel.raise_if_cancelled()
        rows.placer.add(numbers, axis if axis < len(numbers.shape) else 0)


def _too_slow(done: int, total: int) -> str:
    return f"Only the first {done:,} of {total:,} entries are shown: looking at each of them takes too long."


def _remember_shape(rows: Rows, found: list[Numbers], axis: int) -> None:
    rows.time_axis = axis
    first = next((numbers for numbers in found if numbers.count), None)
    if first is not None:
        rows.shape = tuple(size for index, size in enumerate(first.shape) if index != axis)


def _note_left_out(source: Source, left_out: list[str], kept: int, rows: Rows) -> None:
    named = ", ".join(f"“{key}”" for key in left_out[:MOST_NAMED])
    if len(left_out) > kept:
        raise DataError(
            f"{len(left_out):,} of {len(left_out) + kept:,} entries of “{source.path.name}” have no features: {named}.",
            advice=WHAT_A_CLIP_IS,
        )
    more = ", ..." if len(left_out) > MOST_NAMED else ""
    what = "1 entry has" if len(left_out) == 1 else f"{len(left_out):,} entries have"
    rows.notes.append(f"{what} no features and cannot be used: {named}{more}.")


def _entry_id(source: Source, plan: Entries, key: str, held: dict[str, object]) -> str:
    if plan.named and not source.job.correction.ids:
        return key
    told = _text(source.look(held.get(plan.chosen.ids))) if plan.chosen.ids else None
    return told or key or source.path.stem


def _entry_label(held: dict[str, object], chosen: Chosen, look: Look) -> Label:
    text = label_of(look(held.get(chosen.gloss)), look) if chosen.gloss else NO_LABEL
    number = label_of(look(held.get(chosen.gloss_id)), look) if chosen.gloss_id else NO_LABEL
    return Label(text.glosses, number.ids)


def _text(node: Node) -> str | None:
    """A name that may be written as a number."""
    if isinstance(node, str):
        return node
    number = None if isinstance(node, Fields | Sequence | Numbers) else whole(node)
    if isinstance(node, Numbers) and node.count == 1:
        number = whole(np.asarray(node.all()).reshape(-1).tolist()[0])
    return None if number is None else str(number)


# -- columns -------------------------------------------------------------------------------------------------------


def _gather_columns(source: Source, plan: Columns, split: str | None, rows: Rows) -> None:
    look, chosen = source.look, plan.chosen
    nodes = {name: look(raw) if not isinstance(raw, Numbers) else raw for name, raw in plan.fields.items()}
    features = nodes[chosen.features]
    count = plan.count
    if isinstance(features, Numbers):
        _place_stack(source, features, nodes, chosen, rows)
    elif isinstance(features, Sequence):
        _place_list(source, features, chosen.features, rows)
    prefix = f"{split} " if split else ""
    names = _texts(nodes.get(chosen.ids), count, look) or [None] * count
    rows.ids += [name or f"{prefix}{index}" for index, name in enumerate(names)]
    rows.labels += _column_labels(nodes, chosen, count, look)
    told = _texts(nodes.get(chosen.split), count, look)
    rows.splits += told or [split] * count
    rows.signers += _texts(nodes.get(chosen.signer), count, look) or [None] * count


def _place_stack(source: Source, features: Numbers, nodes: dict[str, Node], chosen: Chosen, rows: Rows) -> None:
    """(N, T, ...): padded clips, or (N, F): clips of one frame."""
    if len(features.shape) == 2:
        strides = (*features.strides[:1], 0, *features.strides[1:]) if features.strides else ()
        rows_of = features.rows
        features = replace(
            features,
            shape=(features.shape[0], 1, features.shape[1]),
            strides=strides,
            rows=lambda start, stop: rows_of(start, stop)[:, None],
        )
        rows.notes.append("Every clip has a single frame: the features have no axis of time.")
    given = _given_lengths(nodes.get(chosen.lengths), features.shape)
    axis = _stack_axis(features.shape, given, source.job.correction)
    most = features.shape[1 + axis]
    if given is not None and ((given < 0).any() or (given > most).any()):
        beyond = int(((given < 0) | (given > most)).sum())
        rows.notes.append(f"{beyond:,} lengths do not fit the {most:,} frames of the arrays and were cut to them.")
        given = given.clip(0, most)
    if given is None:
        given, told = stack_lengths(features, axis, source.job.correction.padding, source.job.cancel)
        rows.notes += told
    rows.time_axis = axis
    rows.shape = tuple(size for index, size in enumerate(features.shape[1:]) if index != axis)
    rows.placer.add_stack(features, given, axis)


def _stack_axis(shape: tuple[int, ...], lengths: NDArray[np.int64] | None, correction: Correction) -> int:
    if correction.time_axis is not None and 0 <= correction.time_axis < len(shape) - 1:
        return correction.time_axis
    if lengths is not None and len(lengths) and len(shape) == 3 and lengths.max() == shape[2] > shape[1]:
        return 1
    return time_axis_of([shape[1:]], correction)


def _given_lengths(node: Node, shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    """The lengths that the file states: counts, or a mask of frames."""
    if not isinstance(node, Numbers) or node.shape[:1] != shape[:1]:
        return None
    held = np.asarray(node.all())
    if held.ndim == 2 and held.shape[1] > 1:
        return np.asarray((held != 0).sum(axis=1), np.int64)
    with np.errstate(invalid="ignore"):
        return np.asarray(held.reshape(-1), np.int64)


def _place_list(source: Source, features: Sequence, name: str, rows: Rows) -> None:
    """A list or an object array with an array for each clip."""
    found: list[Numbers] = []
    for index, raw in enumerate(features.items):
        if index % 1024 == 0:
            source.job.cancel.raise_if_cancelled()
        numbers = as_numbers(source.look(raw), source.look)
        if numbers is None or not is_clip(numbers):
            raise DataError(
                f"Clip {index} of “{source.path.name}” has no features under “{name}”.", advice=WHAT_A_CLIP_IS
            )
        found.append(numbers)
    axis = time_axis_of([numbers.shape for numbers in found if numbers.shape != (0,)], source.job.correction)
    _remember_shape(rows, found, axis)
    for numbers in found:
        rows.placer.add(numbers, axis if axis < len(numbers.shape) else 0)


def _column_labels(nodes: dict[str, Node], chosen: Chosen, count: int, look: Look) -> list[Label]:
    lengths = _whole_column(nodes.get(chosen.target_lengths), count)
    texts = column_of(nodes.get(chosen.gloss), count, look) if chosen.gloss else None
    numbers = column_of(nodes.get(chosen.gloss_id), count, look, lengths) if chosen.gloss_id else None
    if texts is None:
        return numbers or [NO_LABEL] * count
    if numbers is None:
        return texts
    return [text.with_ids_of(number) for text, number in zip(texts, numbers, strict=True)]


def _whole_column(node: Node, count: int) -> list[int] | None:
    if not isinstance(node, Numbers) or node.shape != (count,):
        return None
    return [max(0, int(value)) for value in np.asarray(node.all()).tolist()]


def _texts(node: Node, count: int, look: Look) -> list[str | None] | None:
    """A column of names."""
    if isinstance(node, Sequence) and len(node.items) == count:
        return [_text(look(raw)) for raw in node.items]
    if isinstance(node, Numbers) and node.shape == (count,):
        return [None if (one := whole(value)) is None else str(one) for value in node.all().tolist()]
    return None
