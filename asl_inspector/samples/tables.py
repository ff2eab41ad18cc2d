"""How clips lie in a table: a row a clip, or a row a frame."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.arrow import Table, counts, innermost, is_list, is_number, open_table
from asl_inspector.samples.choosing import Chosen
from asl_inspector.samples.field_names import FEATURES, GLOSS_IDS, GLOSSES, IDS, LENGTHS, SIGNERS, SPLITS, pick
from asl_inspector.samples.gathering import Rows, Source, finish, separate_words
from asl_inspector.samples.islr import is_islr, read_islr_clips
from asl_inspector.samples.job import Job
from asl_inspector.samples.known_landmarks import MIXED_WIDTHS, SURE_WIDTHS, landmarks_of_columns
from asl_inspector.samples.labels import NO_LABEL, Label, label_of
from asl_inspector.samples.nodes import Node, Sequence
from asl_inspector.samples.placing import BLOCK_BYTES, Placer
from asl_inspector.samples.records import Block, Clips

NOT_FEATURES = re.compile(
    r"(?i)^(unnamed.*|index|idx|row_?id|frame(_?(id|index|number|no))?|time(stamp)?(_?ms)?|t|fps|__.*)$"
)
CLIP_NAMES = ("sequence_id", "clip_id", "video_id", *IDS)
BLOCKS_A_GROUP = 8  # rows stored together are decoded from their first one: few blocks keep that cheap


def read_table_clips(file: MappedFile, job: Job) -> Clips | None:
    """The clips of a Parquet or Arrow table, or None where it holds none.

    Raises:
        DataError: If the table is damaged.
    """
    table = open_table(file)
    if is_islr(table):
        return read_islr_clips(table, job)
    fields = _Fields.of(table)
    rows = Rows(Placer(job.sink))
    chosen: Chosen | None
    if fields.lists and (job.correction.features in (None, *fields.lists)):
        chosen = _row_a_clip(table, fields, rows, job)
        layout = "one row a clip"
    else:
        chosen = _row_a_frame(table, fields, rows, job)
        layout = "one row a frame"
    if chosen is None:
        return None
    separate_words(rows, job.correction)
    kind = "Parquet table" if table.parquet is not None else "Arrow table"
    source = Source(file.path, kind, None, look, job)
    return finish(source, rows, chosen, layout)


@dataclass(frozen=True, slots=True)
class _Fields:
    """The columns by what they may be."""

    lists: tuple[str, ...]
    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    whole_lists: tuple[str, ...]
    shown: tuple[str, ...]

    @classmethod
    def of(cls, table: Table) -> _Fields:
        import pyarrow as pa

        lists, numbers, texts, targets = [], [], [], []
        for field in table.schema:
            kind, inner = field.type, innermost(field.type)
            if is_list(kind) and is_number(inner) and (pa.types.is_floating(inner) or is_list(kind.value_type)):
                lists.append(field.name)
            elif is_list(kind):
                targets.append(field.name)
            elif is_number(kind):
                numbers.append(field.name)
            elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
                texts.append(field.name)
        shown = tuple(f"{field.name}: {field.type}" for field in table.schema)[:40]
        return cls(tuple(lists), tuple(numbers), tuple(texts), tuple(targets), shown)


def look(value: object) -> Node:
    """A node for a value of a column."""
    if isinstance(value, list):
        return Sequence(list(value))
    return value if isinstance(value, bool | int | float | str) else None


# -- a row a clip --------------------------------------------------------------------------------------------------


def _row_a_clip(table: Table, fields: _Fields, rows: Rows, job: Job) -> Chosen:
    correction = job.correction
    features = correction.features or pick(fields.lists, FEATURES) or fields.lists[0]
    lengths_name = correction.lengths or pick(
        [*fields.numbers, *fields.lists, *fields.whole_lists], ("shape", *LENGTHS)
    )
    lengths_name = None if lengths_name == features else lengths_name
    texts, numbers = [*fields.texts, *fields.whole_lists], [*fields.numbers, *fields.whole_lists]
    gloss, gloss_id = _labels_of(table, texts, numbers, correction.label)
    but = {lengths_name or ""}
    chosen = Chosen(
        features=features,
        gloss=gloss,
        gloss_id=gloss_id,
        lengths=lengths_name or "",
        ids=correction.ids or pick(texts, IDS, but=but) or pick(fields.numbers, IDS, but=but) or "",
        split=correction.split or pick(texts, SPLITS) or "",
        signer=correction.signer or pick([*texts, *numbers], SIGNERS) or "",
        available=fields.shown,
    )
    _place_rows(table, chosen, rows, job)
    names = _names(table, chosen.ids) or [None] * table.rows
    rows.ids += [name or str(index) for index, name in enumerate(names)]
    rows.labels += _labels(table, chosen)
    rows.splits += _names(table, chosen.split) or [None] * table.rows
    rows.signers += _names(table, chosen.signer) or [None] * table.rows
    return chosen


def _labels_of(table: Table, texts: list[str], numbers: list[str], told: str | None) -> tuple[str, str]:
    """The columns of the gloss and of its id; lists may hold either."""
    import pyarrow as pa

    of_text = [name for name in texts if not is_number(innermost(table.schema.field(name).type))]
    of_numbers = [name for name in numbers if pa.types.is_integer(innermost(table.schema.field(name).type))]
    if told is not None:
        return (told if told in of_text else ""), (told if told in of_numbers else "")
    return pick(of_text, GLOSSES) or "", pick(of_numbers, GLOSS_IDS) or ""


def _names(table: Table, name: str) -> list[str | None] | None:
    if not name:
        return None
    return [None if value is None else str(value) for value in table.column(name)]


def _labels(table: Table, chosen: Chosen) -> list[Label]:
    count = table.rows
    texts = [label_of(look(one), look) for one in table.column(chosen.gloss)] if chosen.gloss else [NO_LABEL] * count
    if not chosen.gloss_id:
        return texts
    numbers = [label_of(look(one), look) for one in table.column(chosen.gloss_id)]
    return [text.with_ids_of(number) for text, number in zip(texts, numbers, strict=True)]


def _place_rows(table: Table, chosen: Chosen, rows: Rows, job: Job) -> None:
    """Blocks of rows stored together."""
    kind = table.schema.field(chosen.features).type
    nested = is_list(kind.value_type)
    told = None if nested else _told_lengths(table, chosen)
    group_rows: list[NDArray[np.int64]] = []
    width = 0
    shape: tuple[int, ...] = (0,)
    position = 0
    numbers: list[NDArray[np.int64]] = []
    for batch in table.batches([chosen.features]):
        job.cancel.raise_if_cancelled()
        column = batch.column(0)
        numbers.append(counts(column))
        if nested and (found := _frame_shape(column.flatten(), table)) is not None:
            if width and math.prod(found) != width:
                raise DataError(
                    f"The clips of “{table.file.path.name}” differ in how many numbers a frame has.",
                    advice="Extract all clips with one setting.",
                )
            width, shape = math.prod(found), found
    sizes = np.concatenate([*numbers, np.zeros(0, np.int64)])
    lengths = sizes
    if not nested:
        width, lengths = _flat_frames(table, sizes, told)
        shape = (width,)
    rows.shape = shape
    for rows_of_group in table.groups:
        block = Block("arrow", (chosen.features,), position, position + rows_of_group, 0)
        part = lengths[position : position + rows_of_group]
        group_rows.append(part)
        rows.placer.add_block(_sized(block, part, width), part, width)
        position += rows_of_group


def _sized(block: Block, lengths: NDArray[np.int64], width: int) -> Block:
    return Block(block.kind, block.names, block.start, block.stop, int(lengths.sum()) * width * 4)


def _frame_shape(frames: Any, table: Table) -> tuple[int, ...] | None:
    """Sizes of a frame's axes, equal for all frames of a batch; None for a batch without frames."""
    shape: list[int] = []
    held = frames
    while is_list(held.type):
        found = np.unique(counts(held))
        if not len(found):
            return None
        if len(found) > 1:
            raise DataError(
                f"The frames of “{table.file.path.name}” differ in how many numbers they have.",
                advice="Extract all clips with one setting.",
            )
        shape.append(int(found[0]))
        held = held.flatten()
    return tuple(shape)


def _told_lengths(table: Table, chosen: Chosen) -> NDArray[np.int64] | None:
    """Frames of each row as another column states them: a count, or a shape that starts with it."""
    if not chosen.lengths:
        return None
    values = [value[0] if isinstance(value, list) and value else value for value in table.column(chosen.lengths)]
    if not all(isinstance(value, int) and value >= 0 for value in values):
        return None
    return np.array(values, np.int64)


def _flat_frames(
    table: Table, sizes: NDArray[np.int64], told: NDArray[np.int64] | None
) -> tuple[int, NDArray[np.int64]]:
    """Numbers a frame and the frames of each row, where rows are lists of numbers."""
    filled = sizes > 0
    if told is not None and (told[filled] > 0).all() and filled.any():
        widths = np.unique(sizes[filled] / told[filled])
        if len(widths) == 1 and float(widths[0]).is_integer():
            return int(widths[0]), np.where(filled, told, 0)
    known = sorted((*SURE_WIDTHS, *MIXED_WIDTHS), reverse=True)
    width = next((width for width in known if filled.any() and not (sizes % width).any()), None)
    if width is None:
        raise DataError(
            f"The rows of “{table.file.path.name}” are lists of numbers, and nothing says how many make a frame.",
            advice="Add a column with the number of frames, or save a list of frames in each row.",
        )
    return width, sizes // width


# -- a row a frame -------------------------------------------------------------------------------------------------


def _row_a_frame(table: Table, fields: _Fields, rows: Rows, job: Job) -> Chosen | None:
    correction = job.correction
    ids = correction.ids or pick([*fields.texts, *fields.numbers], CLIP_NAMES) or ""
    gloss, gloss_id = _labels_of(table, list(fields.texts), list(fields.numbers), correction.label)
    split = correction.split or pick(fields.texts, SPLITS) or ""
    signer = correction.signer or pick([*fields.texts, *fields.numbers], SIGNERS) or ""
    taken = {ids, gloss, gloss_id, split, signer, pick(fields.numbers, LENGTHS) or ""}
    left = [name for name in fields.numbers if name not in taken]
    features = [name for name in left if not NOT_FEATURES.match(name)]
    if len(features) < 2 or (not ids and not _all_one_clip(table)):
        return None
    dropped = [name for name in left if NOT_FEATURES.match(name)]
    if dropped:
        rows.notes.append(f"Not taken as features: {', '.join(f'“{name}”' for name in dropped[:5])}.")
    starts, names = _runs(table, ids)
    lengths = np.diff([*starts, table.rows])
    if len(set(names)) < len(names):
        raise DataError(
            f"The frames of one clip do not stand together in “{table.file.path.name}”.",
            advice="Sort the table by clip and frame and save it again.",
        )
    _place_frames(table, features, starts, lengths, rows)
    rows.shape = (len(features),)
    rows.landmarks = landmarks_of_columns(features)
    rows.ids += names
    at = [int(start) for start in starts]
    texts = _at(table, gloss, at)
    numbers = _at(table, gloss_id, at)
    for index in range(len(names)):
        text = label_of(look(texts[index]), look) if texts else NO_LABEL
        rows.labels.append(text.with_ids_of(label_of(look(numbers[index]), look)) if numbers else text)
    rows.splits += [None if one is None else str(one) for one in _at(table, split, at) or [None] * len(names)]
    rows.signers += [None if one is None else str(one) for one in _at(table, signer, at) or [None] * len(names)]
    shown = f"{len(features)} columns from “{features[0]}” to “{features[-1]}”"
    return Chosen(shown, gloss, gloss_id, "", "", ids, split, signer, fields.shown)


def _all_one_clip(table: Table) -> bool:
    """True where a column counts frames, so that a table without clip names is one clip."""
    names = [field.name.lower() for field in table.schema]
    return any(name in ("frame", "frame_id", "frame_index") for name in names)


def _runs(table: Table, ids: str) -> tuple[NDArray[np.int64], list[str]]:
    """Where the name of the clip changes, and the names."""
    if not ids:
        return np.zeros(min(1, table.rows), np.int64), [table.file.path.stem] * min(1, table.rows)
    starts: list[int] = []
    names: list[str] = []
    position, last = 0, object()
    for batch in table.batches([ids]):
        values = batch.column(0).to_pylist()
        for index, value in enumerate(values):
            if value != last:
                starts.append(position + index)
                names.append(str(value))
                last = value
        position += len(values)
    return np.array(starts, np.int64), names


def _at(table: Table, name: str, rows: list[int]) -> list[object] | None:
    """The values of a column in some rows, in order."""
    if not name:
        return None
    found: list[object] = []
    position = taken = 0
    for batch in table.batches([name]):
        column = batch.column(0)
        while taken < len(rows) and rows[taken] < position + batch.num_rows:
            found.append(column[rows[taken] - position].as_py())
            taken += 1
        position += batch.num_rows
    return found


def _place_frames(
    table: Table, features: list[str], starts: NDArray[np.int64], lengths: NDArray[np.int64], rows: Rows
) -> None:
    """Blocks of whole clips."""
    width = len(features)
    row_bytes = 4 * width
    rows_a_block = max(BLOCK_BYTES // row_bytes, max(table.groups, default=1) // BLOCKS_A_GROUP, 1)
    first = 0
    while first < len(starts):
        last = first + 1
        while last < len(starts) and starts[last] - starts[first] < rows_a_block:
            last += 1
        part = lengths[first:last]
        start, stop = int(starts[first]), int(starts[last - 1] + lengths[last - 1])
        block = Block("arrow", tuple(features), start, stop, (stop - start) * row_bytes)
        rows.placer.add_block(block, part, width)
        first = last
