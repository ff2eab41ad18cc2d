"""The tensors of a checkpoint as a table: one row a tensor, statistics where they were measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.report.cells import as_cell

COLUMNS = ("name", "dtype", "shape", "numbers", "bytes", "device", "role", "storage")
MEASURED = ("min", "max", "mean", "std", "norm", "zeros", "nan", "inf")


def keys_csv(tensors: Iterable[TensorRecord], measured: Mapping[int, Sequence[float | None]]) -> str:
    """The table.

    Args:
        tensors: The rows.
        measured: What `MEASURED` names, by number of the row; without any, the columns are left out.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS + (MEASURED if measured else ()))
    for index, tensor in enumerate(tensors):
        row: list[object] = [
            as_cell(tensor.name),
            tensor.dtype,
            "x".join(str(size) for size in tensor.shape),
            tensor.count,
            tensor.nbytes,
            as_cell(tensor.device),
            tensor.role or "",
            as_cell(tensor.storage),
        ]
        row += ["" if number is None else repr(number) for number in measured.get(index, ())]
        writer.writerow(row)
    return out.getvalue()
