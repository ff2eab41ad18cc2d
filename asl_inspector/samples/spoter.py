"""SPOTER's CSV: a row a clip, a column a landmark's coordinate with the list of its values over the frames.

Columns are called `nose_X`, `nose_Y`, ..., `wrist_left_X`, ...; `labels` counts from 1.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass

import numpy as np

from asl_inspector.delimited import cells_of
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.choosing import Chosen
from asl_inspector.samples.field_names import GLOSS_IDS, GLOSSES, IDS, SIGNERS, SPLITS, pick
from asl_inspector.samples.gathering import Rows, Source, finish
from asl_inspector.samples.job import Job
from asl_inspector.samples.labels import NO_LABEL, Label, whole
from asl_inspector.samples.placing import Placer
from asl_inspector.samples.records import Clips, FloatArray, LandmarkGroup, Landmarks

LARGEST_CELL = 16 << 20
FEWEST_LANDMARKS = 2
SIDES = (("left", "left hand"), ("right", "right hand"))


def looks_like_spoter(head: str) -> bool:
    """True for the start of such a file: a header with pairs of columns, and lists in the first row."""
    lines = head.lstrip("\ufeff").split("\n", 2)
    if len(lines) < 2:
        return False
    columns = cells_of(lines[0])
    return len(_landmarks_in(columns)) >= FEWEST_LANDMARKS and "[" in lines[1]


def _landmarks_in(columns: list[str]) -> list[str]:
    """Landmarks that have both an X and a Y column, in file order."""
    known = {column.strip() for column in columns}
    return [
        column.strip()[:-2]
        for column in columns
        if column.strip().endswith("_X") and column.strip()[:-2] + "_Y" in known
    ]


@dataclass(frozen=True, slots=True)
class _Layout:
    """The landmarks in the order in which SPOTER itself takes them: body, left hand, right hand."""

    names: tuple[str, ...]
    groups: tuple[LandmarkGroup, ...]

    @classmethod
    def of(cls, columns: list[str]) -> _Layout:
        """From the columns of a file."""
        found = _landmarks_in(columns)
        parts: dict[str, list[str]] = {"pose": [], "left hand": [], "right hand": []}
        for name in found:
            part = next((part for side, part in SIDES if name.lower().endswith(f"_{side}")), "pose")
            parts[part].append(name)
        groups: list[LandmarkGroup] = []
        names: list[str] = []
        for part, members in parts.items():
            joints = tuple(name.replace("_", " ") for name in members)
            if joints:
                groups.append(LandmarkGroup(part, 2 * len(names), joints, 2))
            names += members
        return cls(tuple(names), tuple(groups))


def read_spoter_clips(file: MappedFile, job: Job) -> Clips:
    """The clips of such a file.

    Raises:
        DataError: If most rows are damaged.
    """
    csv.field_size_limit(LARGEST_CELL)
    stream = io.BufferedReader(_Bytes(file.view))
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    reader = csv.reader(text)
    columns = [name.strip() for name in next(reader, [])]
    layout = _Layout.of(columns)
    places = {name: index for index, name in reversed(list(enumerate(columns)))}
    correction = job.correction
    chosen = _choose(columns, layout, correction.label, correction.ids)
    rows = Rows(Placer(job.sink))
    broken: list[int] = []
    try:
        for number, row in enumerate(reader):
            job.cancel.raise_if_cancelled()
            if not row:
                continue
            features = _features(row, layout, places)
            if features is None:
                broken.append(number)
                continue
            _add(rows, row, features, chosen, places, number)
    except csv.Error as error:
        raise DataError(f"“{file.path.name}” is damaged.", advice="Copy it again.", detail=str(error)) from None
    if len(broken) > len(rows.ids):
        raise DataError(
            f"{len(broken):,} rows of “{file.path.name}” hold no lists of numbers, or lists of different lengths.",
            advice="Write the file again.",
        )
    if broken:
        rows.notes.append(f"{len(broken):,} rows cannot be used: their lists are damaged or differ in length.")
    why = "The columns name their landmarks; body, left hand and right hand were put in this order."
    rows.landmarks = Landmarks("SPOTER", layout.groups, why, "xy")
    rows.shape = (2 * len(layout.names),)
    return finish(Source(file.path, "SPOTER CSV", None, lambda _: None, job), rows, chosen, "one row a clip")


class _Bytes(io.RawIOBase):
    """The mapped file as a stream, so that its text is never in memory as a whole."""

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        target = memoryview(buffer).cast("B")
        found = self.view[self.position : self.position + len(target)]
        target[: len(found)] = found
        self.position += len(found)
        return len(found)


def _choose(columns: list[str], layout: _Layout, label: str | None, ids: str | None) -> Chosen:
    coordinates = {f"{name}_{axis}" for name in layout.names for axis in "XY"}
    left = [name for name in columns if name not in coordinates]
    found = label if label in left else pick(left, ("labels", "label", *GLOSS_IDS, *GLOSSES))
    return Chosen(
        features=f"{len(layout.names)} landmarks from “{layout.names[0]}” to “{layout.names[-1]}”",
        gloss=found or "",
        ids=ids or pick(left, IDS, but=(found or "",)) or "",
        split=pick(left, SPLITS) or "",
        signer=pick(left, SIGNERS) or "",
        available=tuple(left[:20]),
    )


def _add(rows: Rows, row: list[str], features: FloatArray, chosen: Chosen, places: dict[str, int], number: int) -> None:
    def cell(name: str) -> str | None:
        return row[places[name]].strip() or None if name in places and places[name] < len(row) else None

    rows.placer.add_frames(features)
    told = cell(chosen.gloss)
    known = _whole_text(told) if told is not None else None
    label = NO_LABEL if told is None else Label((told,)) if known is None else Label((), (known,))
    rows.labels.append(label)
    rows.ids.append(cell(chosen.ids) or str(number))
    rows.splits.append(cell(chosen.split))
    rows.signers.append(cell(chosen.signer))


def _whole_text(text: str) -> int | None:
    try:
        return whole(float(text))
    except ValueError:
        return None


def _features(row: list[str], layout: _Layout, places: dict[str, int]) -> FloatArray | None:
    """(T, landmarks x 2) of one row, or None where its lists are damaged or differ in length."""
    columns: list[list[float]] = []
    for name in layout.names:
        for axis in "XY":
            place = places[f"{name}_{axis}"]
            try:
                held = json.loads(row[place].replace("nan", "NaN")) if place < len(row) else None
            except (ValueError, RecursionError):
                return None
            if not isinstance(held, list):
                return None
            columns.append(held)
    if len({len(column) for column in columns}) != 1:
        return None
    try:
        return np.array(columns, np.float32).T
    except (TypeError, ValueError):
        return None
