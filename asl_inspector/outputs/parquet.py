"""Outputs in a Parquet table. Only a reading process that can open no other file runs the Arrow library.

Source: Parquet format 2.11 (`ColumnChunk.file_path`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from asl_inspector.mapped_file import MappedFile
from asl_inspector.outputs import names as known
from asl_inspector.outputs.columns import OTHER_COLUMNS, from_columns
from asl_inspector.outputs.marks import Values
from asl_inspector.outputs.placing import check_size
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.samples.arrow import damaged_table, refuse_other_files

MOST_COLUMNS = 20_000


def read_parquet_outputs(file: MappedFile) -> SavedOutputs | None:
    """The outputs in a Parquet table, or None where it holds something else.

    Raises:
        DataError: If the table is damaged, or keeps columns in other files.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        reader = pq.ParquetFile(pa.BufferReader(pa.py_buffer(file.view)), pre_buffer=False, memory_map=False)
        names = list(reader.schema_arrow.names)
        if not _may_hold_outputs(reader.schema_arrow, names):
            return None
        refuse_other_files(file, reader.metadata)
        rows = reader.metadata.num_rows
        check_size(rows * len(names), file.path.name)
        table = reader.read(use_threads=False)
        columns = {name: _values(file, table.column(index)) for index, name in enumerate(names)}
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged_table(file, error) from None
    return from_columns(file.path, "a Parquet table", columns, b"")


def _may_hold_outputs(schema: Any, names: list[str]) -> bool:
    """True where the columns are what saved outputs have, so that a table of landmarks is not read for nothing."""
    import pyarrow as pa

    if len(names) > MOST_COLUMNS or len(set(names)) < len(names) or known.pick(names, known.FEATURES):
        return False
    if known.pick(names, (*known.SCORES, *known.PREDICTIONS)):
        return True
    plain = [name for name in names if known.normal(name) not in (*known.CLIPS, *OTHER_COLUMNS)]
    labels = [name for name in plain if known.normal(name) in (*known.LABELS, *known.GLOSSES)]
    floats = [name for name in plain if name not in labels and pa.types.is_floating(schema.field(name).type)]
    if known.pick(names, known.CLIPS) is None:
        return False
    return (len(plain) == len(labels) > 0) or (len(floats) > 1 and len(floats) + len(labels) == len(plain))


def _values(file: MappedFile, column: Any) -> Values:
    """A column as an array of numbers, or as Python values; lists of numbers as arrays."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and not column.null_count):
        return np.asarray(column.to_numpy())
    if not _is_list(kind):
        found: list[object] = column.to_pylist()
        return found
    inner = kind.value_type
    deeper = inner.value_type if _is_list(inner) else inner
    if not (pa.types.is_floating(deeper) or pa.types.is_integer(deeper)):
        return [None] * len(column)
    entries: list[object] = []
    numbers = 0
    for scalar in column:
        if not scalar.is_valid:
            entries.append(None)
            continue
        array = _rows(scalar.values) if _is_list(inner) else np.asarray(scalar.values.to_numpy(zero_copy_only=False))
        numbers += array.size
        check_size(numbers, file.path.name)
        entries.append(array.astype(np.float32))
    return entries


def _rows(values: Any) -> np.ndarray[Any, np.dtype[np.generic]]:
    """A list of lists of equal lengths as (T, C).

    Raises:
        ValueError: If the frames differ in how many classes they have.
    """
    flat = np.asarray(values.flatten().to_numpy(zero_copy_only=False))
    return flat.reshape(len(values), -1) if len(values) else flat.reshape(0, 1)


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def warm_up() -> None:
    """Have the library import and start all that it needs, on a table made here in memory."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "a": pa.array([[[1.0, 2.0]], [[3.0, 4.0]]]),
            "b": ["x", "y"],
            "c": [1, None],
            "d": pa.array(["x", "y"]).dictionary_encode(),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    held = pq.ParquetFile(pa.BufferReader(sink.getvalue()), pre_buffer=False, memory_map=False).read(use_threads=False)
    for name in held.column_names:
        column = held.column(name)
        if _is_list(column.type):
            _rows(column[0].values)
        elif pa.types.is_dictionary(column.type):
            column.cast(column.type.value_type).to_pylist()
        else:
            column.to_numpy()
