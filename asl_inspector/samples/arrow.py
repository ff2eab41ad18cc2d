"""Clips in a table: Parquet, or Arrow's own file and stream. Only a reading process that can open no other file runs
the Arrow library.

A clip is a row with a list of frames, or a run of rows that share a name. Rows are decoded when they are asked for, as
many at a time as the file stores together.

Source: Parquet format 2.11 (`ColumnChunk.file_path`); Arrow columnar format 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.nodes import Sink
from asl_inspector.samples.records import Block, FloatArray

BATCH = 4096  # rows decoded at a time
WHAT_TO_DO = "Copy or download it again."


@dataclass(frozen=True, slots=True)
class Table:
    """An opened table.

    Attributes:
        file: The file.
        schema: Arrow's schema.
        groups: Rows of each group that is stored together.
        parquet: The Parquet reader, or None for Arrow's own formats.
    """

    file: MappedFile
    schema: Any
    groups: tuple[int, ...]
    parquet: Any = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(self.groups)

    def batches(self, columns: list[str], groups: list[int] | None = None) -> Iterator[Any]:
        """Record batches of some columns, of all groups or some, in order.

        Raises:
            DataError: If they cannot be decoded.
        """
        import pyarrow as pa

        try:
            if self.parquet is not None:
                wanted = list(range(len(self.groups))) if groups is None else groups
                yield from self.parquet.iter_batches(BATCH, wanted, columns, use_threads=False)
                return
            for index, batch in enumerate(_record_batches(self.file)):
                if groups is None or index in groups:
                    part = batch.select(columns)
                    part.validate(full=True)  # the library trusts offsets in the file unless it is asked not to
                    yield part
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            raise damaged_table(self.file, error) from None

    def column(self, name: str) -> list[object]:
        """A whole column as Python values; for labels and names."""
        return [value for batch in self.batches([name]) for value in batch.column(0).to_pylist()]


def damaged_table(file: MappedFile, error: Exception) -> DataError:
    """The error for a table that the Arrow library cannot read."""
    return DataError(
        f"“{file.path.name}” is damaged or cut short: the Arrow library cannot read it.",
        advice=WHAT_TO_DO,
        detail=str(error)[:2000],
    )


def open_table(file: MappedFile) -> Table:
    """Open a Parquet or Arrow file.

    Raises:
        DataError: If it is damaged, or keeps columns in other files.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if bytes(file.view[:4]) != b"PAR1":
            batches = list(_record_batches(file))
            schema = batches[0].schema if batches else pa.schema([])
            return Table(file, schema, tuple(batch.num_rows for batch in batches))
        reader = pq.ParquetFile(pa.BufferReader(pa.py_buffer(file.view)), pre_buffer=False, memory_map=False)
        metadata = reader.metadata
        refuse_other_files(file, metadata)
        groups = tuple(metadata.row_group(index).num_rows for index in range(metadata.num_row_groups))
        return Table(file, reader.schema_arrow, groups, reader)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged_table(file, error) from None


def refuse_other_files(file: MappedFile, metadata: Any) -> None:
    """A Parquet file may name other files for its columns.

    Raises:
        DataError: If it does.
    """
    for group in range(metadata.num_row_groups):
        for column in range(metadata.row_group(group).num_columns):
            if metadata.row_group(group).column(column).file_path:
                raise DataError(
                    f"“{file.path.name}” keeps columns in other files, which are not opened.",
                    advice="Write the table as one file.",
                )


def _record_batches(file: MappedFile) -> Iterator[Any]:
    """The batches of Arrow's file or stream format; uncompressed ones are views of the file."""
    import pyarrow as pa

    source = pa.BufferReader(pa.py_buffer(file.view))
    if bytes(file.view[:6]) == b"ARROW1":
        reader = pa.ipc.open_file(source)
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)
        return
    yield from pa.ipc.open_stream(source)


def is_list(kind: Any) -> bool:
    """True for a type that holds several values a row."""
    import pyarrow as pa

    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_number(kind: Any) -> bool:
    """True for whole numbers and floats."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def innermost(kind: Any) -> Any:
    """The type of the values in nested lists."""
    while is_list(kind):
        kind = kind.value_type
    return kind


def flat_numbers(array: Any) -> FloatArray:
    """All numbers of a column, nested lists laid end to end, NaN where one is missing: (n,), float32."""
    import pyarrow as pa

    while is_list(array.type):
        array = array.flatten()
    if not pa.types.is_floating(array.type) or pa.types.is_float16(array.type):
        array = array.cast(pa.float32(), safe=False)
    found: FloatArray = np.asarray(array.to_numpy(zero_copy_only=False), np.float32)
    return found


def counts(array: Any) -> NDArray[np.int64]:
    """How many values each row of a list column has: (n,); a missing row has none."""
    import pyarrow.compute as pc

    found = pc.fill_null(pc.list_value_length(array), 0)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)


def decode_arrow(file: MappedFile, block: Block, sink: Sink) -> None:
    """Send the numbers of a block on as float32: a list column row by row, or several columns side by side.

    Raises:
        DataError: If they cannot be decoded.
    """
    table = open_table(file)
    position = 0
    wanted: list[int] = []
    first = 0
    for index, rows in enumerate(table.groups):
        if position < block.stop and position + rows > block.start and rows:
            wanted.append(index)
            first = position if len(wanted) == 1 else first
        position += rows
    position = first
    for batch in table.batches(list(block.names), wanted):
        start, stop = max(0, block.start - position), min(batch.num_rows, block.stop - position)
        if start < stop:
            part = batch.slice(start, stop - start)
            if is_list(part.schema.field(0).type):
                sink.put(flat_numbers(part.column(0)).tobytes())
            else:
                columns = [flat_numbers(part.column(index)) for index in range(part.num_columns)]
                sink.put(np.stack(columns, axis=1).tobytes())
        position += batch.num_rows


def warm_up() -> None:
    """Have the library import all that it needs, on a table made here in memory."""
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet as pq

    table = pa.table({"a": pa.array([[[1.0, 2.0]], [[3.0, 4.0]]]), "b": ["x", "y"], "c": [1, 2]})
    out = pa.BufferOutputStream()
    pq.write_table(table, out)
    reader = pq.ParquetFile(pa.BufferReader(out.getvalue()), pre_buffer=False)
    for batch in reader.iter_batches(1, [0], ["a", "b", "c"], use_threads=False):
        flat_numbers(batch.column(0)), counts(batch.column(0)), batch.column(1).to_pylist()
        flat_numbers(batch.column(2))
