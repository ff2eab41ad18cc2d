"""Outputs in NumPy's own files: an `.npz` with named arrays, an `.npy` whose name says what it holds."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.npy_header import NpyHeader, header_size, read_header
from asl_inspector.checkpoints.numpy_files import is_npz
from asl_inspector.checkpoints.zip_directory import DEFLATED, ZipDirectory, read_directory
from asl_inspector.checkpoints.zip_oddities import Member
from asl_inspector.errors import DataError, UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import OBJECT, array_of, item_size
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.mapped_file import MappedFile
from asl_inspector.outputs import names as known
from asl_inspector.outputs.building import from_fields, meaning_of
from asl_inspector.outputs.marks import Values, marks_of
from asl_inspector.outputs.pickled import entry_of, read_pickled
from asl_inspector.outputs.placing import check_size, one_array
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.outputs.scales import scale_of

Array = NDArray[np.generic]
FIRST_LOOK = 1 << 10
ENDING = ".npy"
ROWS_LOOKED_AT = 512
KINDS = "fiubUS"
WANTED = (
    *known.SCORES, *known.PREDICTIONS, *known.LABELS, *known.GLOSSES, *known.CLIPS, *known.LENGTHS, *known.CLASSES,
)  # fmt: skip


def read_npz_outputs(file: MappedFile) -> SavedOutputs | None:
    """The outputs in an `.npz`, or None where it holds something else.

    Raises:
        InspectorError: If it holds outputs and is damaged.
    """
    try:
        directory = read_directory(file.view)
    except UnreadableCheckpoint:  # whoever reads it next says what is wrong
        return None
    if not is_npz(directory):
        return None
    members = {name.removesuffix(ENDING): member for name, member in directory.members.items()}
    if not known.pick(members, (*known.SCORES, *known.PREDICTIONS)) or known.pick(members, known.FEATURES):
        return None
    fields = {
        name: held
        for name, member in members.items()
        if known.normal(name) in WANTED and (held := _member(file, directory, member)) is not None
    }
    return from_fields(file.path, "an npz of named arrays", fields, file.view)


def _member(file: MappedFile, directory: ZipDirectory, member: Member) -> Values | None:
    head = directory.read(member, most=FIRST_LOOK)
    size = header_size(head)
    header = read_header(head if size <= len(head) else directory.read(member, most=size))
    if header.dtype != OBJECT and header.dtype[1] not in KINDS:
        return None
    if member.method == DEFLATED and header.dtype != OBJECT and header.dtype[1] in "fiu":
        check_size(math.prod(header.shape), file.path.name)
    content = directory.read(member)
    if header.dtype == OBJECT:
        return _objects(content[header.size :])
    return _array(header, content, file.path.name)


def _objects(content: memoryview) -> Values | None:
    held = array_of(read_pickle(content).value)
    if held is None or not isinstance(held.data, tuple):
        return None
    return [entry_of(one, content) for one in held.data]


def _array(header: NpyHeader, content: Buffer, name: str) -> Array:
    count = math.prod(header.shape)
    if header.size + count * item_size(header.dtype) > len(content):
        raise DataError(f"“{name}” is cut short: an array in it lacks numbers.", advice="Copy it again.")
    flat: Array = np.frombuffer(content, np.dtype(header.dtype), count, header.size)
    return flat.reshape(header.shape, order="F" if header.fortran else "C")


def read_npy_outputs(file: MappedFile) -> SavedOutputs | None:
    """The outputs in an `.npy`; None where neither its name nor its numbers say that it holds any.

    Raises:
        InspectorError: If it holds outputs and is damaged.
    """
    try:
        header = read_header(file.view[: header_size(file.view[:12])])
    except UnreadableCheckpoint:  # as above
        return None
    said = known.words(file.path.stem)
    meaning = meaning_of(file.path)
    if header.dtype == OBJECT:
        return _npy_of_objects(file, header)
    if header.dtype[1] in "fiu" and len(header.shape) in (2, 3) and header.shape[-1] > 1:
        array = _array(header, file.view, file.path.name)
        if not said & (known.WORDS_OF_SCORES | known.WORDS_OF_PREDICTIONS) and not _are_posteriors(array):
            return None
        scores, notes = one_array(array, file.view, file.path.stem, clips=None, file=file.path.name)
        form = "one array of frames" if scores.per_frame else "one array of scores"
        return SavedOutputs(
            file.path, form, "scores", len(scores), scores=scores, notes=tuple(notes), content=file.view
        )
    if len(header.shape) != 1 or meaning == "ids" or header.dtype[1] not in "fiuUS":
        return None
    marks = marks_of(_array(header, file.view, file.path.name))
    if marks is None or not len(marks.ids):
        return None
    return SavedOutputs(
        file.path,
        "one array of ids" if marks.has_ids else "one array of glosses",
        meaning,
        len(marks.ids),
        predicted=None if meaning == "labels" else marks,
        truth=marks if meaning == "labels" else None,
    )


def _npy_of_objects(file: MappedFile, header: NpyHeader) -> SavedOutputs | None:
    """`numpy.save` of a dict, or of an array of names; what it names is read as data."""
    held = array_of(read_pickle(file.view, header.size).value)
    if held is None or not isinstance(held.data, tuple):
        return None
    if header.shape == () and len(held.data) == 1:
        return read_pickled(file.path, held.data[0], file.view)
    return None


def _are_posteriors(array: Array) -> bool:
    """True where rows spread over the array are probabilities or their logarithms."""
    if not array.size or array.dtype.kind != "f":
        return False
    rows = array[:: max(1, len(array) // ROWS_LOOKED_AT)]
    rows = rows[:, 0] if rows.ndim == 3 else rows
    return len(rows) > 1 and scale_of(rows) in ("probabilities", "log-probabilities")
