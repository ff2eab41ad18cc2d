"""The tensors of a checkpoint as a table: one row a tensor, statistics where they were measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from asl_inspector.checkpoints.records import TensorRecord

COLUMNS = ("name", "dtype", "shape", "numbers", "bytes", "device", "role", "storage")
MEASURED = ("min", "max", "mean", "std", "norm", "zeros", "nan", "inf")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


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
            _text(tensor.name),
            tensor.dtype,
            "x".join(str(size) for size in tensor.shape),
            tensor.count,
            tensor.nbytes,
            _text(tensor.device),
            tensor.role or "",
            _text(tensor.storage),
        ]
        row += ["" if number is None else repr(number) for number in measured.get(index, ())]
        writer.writerow(row)
    return out.getvalue()


def _text(value: str) -> str:
    """A cell that stays text in a spreadsheet, and that UTF-8 can hold."""
    shown = value.encode("utf-8", "backslashreplace").decode()
    return "'" + shown if shown.startswith(FORMULA_STARTS) else shown
