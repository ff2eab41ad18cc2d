"""One inspection, written as any of the kinds of file."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.errors import ExportError
from asl_inspector.report.contents import Inspected
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.report.samples_csv import samples_csv
from asl_inspector.report.writing import write_atomically


def export(inspected: Inspected, path: Path, kind: str) -> None:
    """Write `inspected` to `path` as "pdf", "json" or "csv".

    Raises:
        ExportError: If it cannot be written.
    """
    if kind == "pdf":
        from asl_inspector.report.pdf import pdf_report

        content = pdf_report(inspected)
    elif kind == "json":
        content = to_json(inspection_json(inspected)).encode()
    elif kind == "csv":
        content = samples_csv(inspected).encode()
    else:
        raise ExportError(f"There is no export of the kind “{kind}”.")
    write_atomically(path, content)
