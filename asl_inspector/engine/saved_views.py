"""What the window shows of a result, packed into a text that a case file can hold, and back.

The text may come from anyone. Its size is bounded before and after unpacking, only records of known types are built
from it, and every field is checked against its type before anything is shown; a text that fails in any way stands for
nothing, and the case is run as if it held none. Paths are kept as numbers of the case's files, so that they follow them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from asl_inspector.bounded_json import read_json
from asl_inspector.case.records import CaseFile
from asl_inspector.diagnosis.epoch_records import AlongEpochs, EpochPoint
from asl_inspector.engine.messages import InspectionView
from asl_inspector.engine.travelling import CODEC
from asl_inspector.history.records import History
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.typed_values import Fitting
from asl_inspector.wire import BrokenPipe, read_frame, write_frame

MOST_UNPACKED = 256 << 20
MOST_VALUES = 5_000_000
DEEPEST = 64
FITTING = Fitting(CODEC.types)
LAYOUT = hashlib.sha256(repr(sorted(CODEC.fields.items())).encode()).hexdigest()[:16]  # of the records of this version


def pack_view(view: InspectionView, files: Sequence[Path]) -> str:
    """A view as text.

    Args:
        view: Without consent, which is asked for again.
        files: The files of the case in the order in which it lists them.
    """
    number = {path: index for index, path in enumerate(files)}
    kept = _with_paths(view, lambda path: Path(str(number[path])) if path in number else None)
    stream = io.BytesIO()
    write_frame(stream, CODEC.encode(replace(kept, settings=replace(kept.settings, consent=None))))
    return f"{LAYOUT}:{base64.b64encode(zlib.compress(stream.getvalue())).decode()}"


def unpack_view(text: str, files: Sequence[Path], rows: Mapping[Path, CaseFile]) -> InspectionView | None:
    """A view from text, its files as they are now; None for a text of another version, or that is no view.

    Args:
        text: What `pack_view` made, or anything else.
        files: The files of the case in the order in which it lists them.
        rows: Those that are known already.
    """
    layout, _, packed = text.partition(":")
    if layout != LAYOUT:
        return None
    try:
        raw = base64.b64decode(packed, validate=True)
        unpacking = zlib.decompressobj()
        parts = read_frame(io.BytesIO(unpacking.decompress(raw, MOST_UNPACKED)), largest=MOST_UNPACKED)
        if parts is None or not unpacking.eof:
            return None
        if _repeated(read_json(parts[0], deepest=DEEPEST, most_values=MOST_VALUES, with_constants=True)) > MOST_VALUES:
            return None
        view = CODEC.decode(parts)
    except (ValueError, OverflowError, MemoryError, AttributeError, zlib.error, binascii.Error, BrokenPipe):
        return None
    if not isinstance(view, InspectionView) or not FITTING.fits(view, InspectionView) or not _agrees(view):
        return None
    found = _with_paths(view, lambda path: _file(path, files))
    return replace(found, files=tuple(rows.get(row.path, row) for row in found.files))


def _repeated(held: object) -> int:
    """How many values are written as one value and a count."""
    total, waiting = 0, [held]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            count = one.get("count")
            total += count if isinstance(count, int) else 0
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return total


def _agrees(view: InspectionView) -> bool:
    """True where columns of one table have one length, and no array has more dimensions than are shown."""
    return (view.samples is None or _table_agrees(view.samples)) and (
        view.history is None or _history_agrees(view.history)
    )


def _table_agrees(table: SampleTable) -> bool:
    columns: list[Any] = [
        table.glosses,
        table.true_ids,
        table.learned_ids,
        table.majority,
        table.first_token,
        table.score,
        table.loss,
        table.confidence,
        table.margin,
        table.blank_share,
        table.lengths,
        table.ran,
        table.frozen,
    ]
    if (several := table.continuous) is not None:
        columns += [
            several.recognised,
            several.substitutions,
            several.deletions,
            several.insertions,
            several.signed,
        ]
    of_one_length = all(len(column) == len(table) and np.ndim(column) == 1 for column in columns)
    return of_one_length and np.shape(table.missing) == (len(table), len(table.parts))


def _history_agrees(history: History) -> bool:
    curves = [
        history.train_loss,
        history.val_loss,
        history.val_acc,
        history.train_acc,
        history.learning_rate,
        history.places,
        *(points for _, points in history.parts),
    ]
    return all(len(curve) in (0, len(history.epochs)) for curve in curves)


def _file(path: Path, files: Sequence[Path]) -> Path | None:
    text = str(path)
    return files[int(text)] if text.isdecimal() and len(text) < 7 and int(text) < len(files) else None


def _with_paths(view: InspectionView, place: Callable[[Path], Path | None]) -> InspectionView:
    """The view with other paths; rows whose path has no place are left out."""
    rows = tuple(replace(row, path=new) for row in view.files if (new := place(row.path)) is not None)
    along = view.diagnosis.along
    diagnosis = replace(view.diagnosis, along=_moved(along, place)) if along is not None else view.diagnosis
    return replace(view, files=rows, diagnosis=diagnosis)


def _moved(along: AlongEpochs, place: Callable[[Path], Path | None]) -> AlongEpochs:
    def moved(point: EpochPoint) -> EpochPoint:
        return replace(point, path=place(point.path) or Path(point.path.name))

    return replace(along, points=tuple(map(moved, along.points)))
