"""Google's Isolated Sign Language Recognition data: one Parquet file a clip, a row a landmark.

The columns are `frame, row_id, type, landmark_index, x, y, z`; 543 rows make a frame. `train.csv` beside them gives each
file its sign and its signer.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from asl_inspector.delimited import LONGEST_CELL, cells_of
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.arrow import Table, flat_numbers
from asl_inspector.samples.choosing import Chosen
from asl_inspector.samples.field_names import GLOSSES, IDS, SIGNERS, SPLITS, pick
from asl_inspector.samples.gathering import Rows, Source, finish
from asl_inspector.samples.job import Job
from asl_inspector.samples.known_landmarks import landmarks_of, named_points
from asl_inspector.samples.labels import NO_LABEL
from asl_inspector.samples.placing import Placer
from asl_inspector.samples.records import Clips, FloatArray, LandmarkGroup, Landmarks

COLUMNS = ("frame", "type", "landmark_index", "x", "y")
LARGEST_INDEX = 256 << 20
SNIFFED = 4096


def is_islr(table: Table) -> bool:
    """True for a table with a row a landmark."""
    names = set(table.schema.names)
    return set(COLUMNS) <= names


def read_islr_clips(table: Table, job: Job) -> Clips:
    """The one clip of such a table.

    Raises:
        DataError: If its rows are not whole frames.
    """
    features, landmarks = islr_features(table)
    rows = Rows(Placer(job.sink))
    rows.placer.add_frames(features)
    rows.shape = (features.shape[1],)
    rows.landmarks = landmarks
    rows.ids.append(table.file.path.stem)
    rows.labels.append(NO_LABEL)
    rows.splits.append(None)
    rows.signers.append(None)
    shown = tuple(f"{field.name}: {field.type}" for field in table.schema)
    axes = "x, y, z" if "z" in table.schema.names else "x, y"
    source = Source(table.file.path, "Parquet table of landmarks", None, lambda _: None, job)
    return finish(source, rows, Chosen(features=axes, available=shown), "one row a landmark, one clip")


def islr_features(table: Table) -> tuple[FloatArray, Landmarks]:
    """(T, landmarks x dims), and what they are.

    Raises:
        DataError: If its rows are not whole frames.
    """
    axes = [name for name in ("x", "y", "z") if name in table.schema.names]
    frames, kinds, indices, numbers = [], [], [], []
    for batch in table.batches(["frame", "type", "landmark_index", *axes]):
        frames.append(flat_numbers(batch.column(0)))
        kinds += batch.column(1).to_pylist()
        indices.append(flat_numbers(batch.column(2)))
        numbers.append(np.stack([flat_numbers(batch.column(3 + axis)) for axis in range(len(axes))], axis=1))
    frame = np.concatenate([*frames, np.zeros(0, np.float32)])
    points = int(np.argmax(frame != frame[0])) if len(frame) else 0
    points = points or len(frame)
    if not points or len(frame) % points:
        raise _not_whole(table.file)
    held = np.concatenate(numbers).reshape(-1, points * len(axes))  # (rows, axes) -> (T, landmarks x axes)
    order = np.concatenate(indices).reshape(-1, points)
    if (order != order[0]).any() or kinds != kinds[:points] * len(held) or (np.diff(frame[::points]) == 0).any():
        raise _not_whole(table.file)
    return held, _landmarks([str(kind) for kind in kinds[:points]], len(axes))


def islr_shape(table: Table) -> tuple[int, int, Landmarks]:
    """Frames, numbers a frame and landmarks, from the count of rows and the first frame alone.

    Raises:
        DataError: If its rows are not whole frames.
    """
    dims = sum(name in table.schema.names for name in ("x", "y", "z"))
    kinds: list[str] = []
    first: object = None
    for batch in table.batches(["frame", "type"]):
        frames = batch.column(0).to_pylist()
        first = frames[0] if not kinds else first
        ended = next((index for index, frame in enumerate(frames) if frame != first), None)
        kinds += [str(kind) for kind in batch.column(1).to_pylist()[:ended]]
        if ended is not None:
            break
    if not kinds or table.rows % len(kinds):
        raise _not_whole(table.file)
    return table.rows // len(kinds), len(kinds) * dims, _landmarks(kinds, dims)


def _not_whole(file: MappedFile) -> DataError:
    return DataError(
        f"The rows of “{file.path.name}” are not whole frames with the same landmarks in the same order.",
        advice="Save the frames as they come from MediaPipe, or copy the file again.",
    )


def _landmarks(kinds: list[str], dims: int) -> Landmarks:
    """Groups of neighbouring rows of one type."""
    groups: list[LandmarkGroup] = []
    first = 0
    for index in range(1, len(kinds) + 1):
        if index == len(kinds) or kinds[index] != kinds[first]:
            part = kinds[first].replace("_", " ")
            groups.append(LandmarkGroup(part, first * dims, named_points(part, index - first), dims))
            first = index
    known = landmarks_of("MediaPipe Holistic", (), dims, "")
    name = "MediaPipe Holistic" if len(kinds) in (543, 553) else "landmarks"
    return Landmarks(name, tuple(groups), "The rows name their landmarks.", known.axes)


# -- the index beside the clips ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What an index says of one clip."""

    gloss: str | None
    split: str | None
    signer: str | None


def looks_like_index(head: str) -> bool:
    """True for the start of a table of text that gives each clip its gloss: it names files or clips, and glosses."""
    columns = _columns(head)
    return pick(columns, ("path", "video_id", *IDS)) is not None and pick(columns, GLOSSES) is not None


def _columns(head: str) -> list[str]:
    first = head.lstrip("\ufeff").split("\n", 1)[0]
    return [name.strip().strip('"') for name in cells_of(first, _delimiter(first))]


def _delimiter(line: str) -> str:
    return max((",", "\t", ";", "|"), key=line.count)


def read_index(file: MappedFile) -> dict[str, IndexRow]:
    """What an index says, by the path or the name that it gives a clip.

    Raises:
        DataError: If the file is too large, or no table.
    """
    if file.size > LARGEST_INDEX:
        raise DataError(f"“{file.path.name}” has {file.size >> 20} MB, too much for an index of clips.")
    text = bytes(file.view).decode("utf-8-sig", "replace")
    columns = _columns(text)
    name = pick(columns, ("path", "video_id", *IDS)) or ""
    gloss = pick(columns, GLOSSES, but=(name,)) or ""
    split, signer = pick(columns, SPLITS) or "", pick(columns, SIGNERS) or ""
    reader: Iterable[dict[str, str | None]] = csv.DictReader(io.StringIO(text), delimiter=_delimiter(text[:SNIFFED]))
    found: dict[str, IndexRow] = {}
    csv.field_size_limit(LONGEST_CELL)
    try:
        for row in reader:
            key = row.get(name)
            if key:
                found[key] = IndexRow(row.get(gloss) or None, row.get(split) or None, row.get(signer) or None)
    except csv.Error as error:
        raise DataError(
            f"“{file.path.name}” breaks off after {len(found):,} rows: it is no table from there on.",
            advice="Look for a quotation mark that is not closed.",
            detail=str(error),
        ) from None
    return found
