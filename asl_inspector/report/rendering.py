"""A document set as one of the kinds of report."""

from __future__ import annotations

from collections.abc import Mapping

from asl_inspector.errors import ExportError
from asl_inspector.report.json_text import Json


def rendered(document: Mapping[str, Json], kind: str) -> bytes:
    """A document as "pdf", "html" or "md".

    Raises:
        ExportError: If there is no such kind, or the typesetter fails.
    """
    if kind == "pdf":
        from asl_inspector.report.pdf import typeset

        return typeset(document)
    if kind == "html":
        from asl_inspector.report.html import html_page

        return html_page(document).encode("utf-8", "backslashreplace")
    if kind == "md":
        from asl_inspector.report.markdown import markdown_text

        return markdown_text(document).encode("utf-8", "backslashreplace")
    raise ExportError(f"There is no report of the kind “{kind}”.")
