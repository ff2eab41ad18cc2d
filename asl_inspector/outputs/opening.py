"""A file becomes saved outputs, by content, or is left for others to read."""

from __future__ import annotations

from asl_inspector.inert_pickle.records import Pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.outputs.numpy_outputs import read_npy_outputs, read_npz_outputs
from asl_inspector.outputs.pickled import inert, read_pickled
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.outputs.tables import read_table
from asl_inspector.samples.records import Vocabulary
from asl_inspector.sniffing import Kind


def read_outputs(file: MappedFile, kind: Kind) -> SavedOutputs | Vocabulary | None:
    """What a run saved of its answers in a file of this kind, or None where it holds something else.

    A pickle stream is read elsewhere already, see `pickled_outputs`.

    Raises:
        InspectorError: If it holds outputs and is damaged, or cannot be used.
    """
    if kind is Kind.NPY:
        return read_npy_outputs(file)
    if kind is Kind.ZIP:
        return read_npz_outputs(file)
    if kind is Kind.TEXT:
        return read_table(file)
    if kind is Kind.PARQUET:
        from asl_inspector.outputs.parquet import read_parquet_outputs

        return read_parquet_outputs(file)
    return None


def pickled_outputs(file: MappedFile, pickle: Pickle) -> SavedOutputs | None:
    """The same of a pickle stream that was read.

    Raises:
        DataError: If it holds outputs that cannot be used.
    """
    return None if pickle.is_damaged else read_pickled(file.path, pickle.value, file.view)


def json_outputs(file: MappedFile, held: object) -> SavedOutputs | None:
    """The same of JSON that was read.

    Raises:
        DataError: If it holds outputs that cannot be used.
    """
    return read_pickled(file.path, inert(held), b"")
