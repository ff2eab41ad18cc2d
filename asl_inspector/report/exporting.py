"""One inspection, written as any of the kinds of file."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.errors import ExportError
from asl_inspector.report.contents import Inspected
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.writing import write_atomically

KINDS = ("pdf", "html", "md", "json", "csv")


def export(inspected: Inspected, path: Path, kind: str, options: ReportOptions = STANDARD) -> tuple[str, ...]:
    """Write `inspected` to `path` as one of `KINDS`, whole or not at all.

    Returns:
        Sentences on what could not be shown as it is, such as a script that no font has.

    Raises:
        ExportError: If it cannot be written.
    """
    content, notes = _content_of(inspected, kind, options)
    write_atomically(path, content)
    return notes


def content_of(inspected: Inspected, kind: str, options: ReportOptions = STANDARD) -> bytes:
    """The bytes of an export.

    Raises:
        ExportError: If there is no such kind, or the typesetter fails.
    """
    return _content_of(inspected, kind, options)[0]


def _content_of(inspected: Inspected, kind: str, options: ReportOptions) -> tuple[bytes, tuple[str, ...]]:
    if kind == "pdf":
        from asl_inspector.report.pdf import noted_report

        made = noted_report(inspected, options)
        return made.pdf, made.notes
    return _text_of(inspected, kind, options).encode("utf-8", "backslashreplace"), ()


def _text_of(inspected: Inspected, kind: str, options: ReportOptions) -> str:
    if kind == "html":
        from asl_inspector.report.html import html_report

        return html_report(inspected, options)
    if kind == "md":
        from asl_inspector.report.markdown import markdown_report

        return markdown_report(inspected, options)
    if kind == "json":
        from asl_inspector.report.inspection_json import inspection_json
        from asl_inspector.report.json_text import to_json

        return to_json(inspection_json(inspected, options))
    if kind == "csv":
        from asl_inspector.report.samples_csv import samples_csv

        return samples_csv(inspected, options)
    raise ExportError(f"There is no export of the kind “{kind}”.", advice=f"Choose one of {', '.join(KINDS)}.")
