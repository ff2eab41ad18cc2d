"""The report as a PDF, typeset by Typst.

Every string reaches the template as JSON and is set as text, so nothing that a file says can become markup.
"""

from __future__ import annotations

from collections.abc import Mapping

import typst

from asl_inspector.bundled_files import resources
from asl_inspector.errors import ExportError
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.json_text import Json, to_json
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.samples_csv import samples_csv
from asl_inspector.report.sections.samples import ATTACHED, listed_in_part

STANDARDS: tuple[typst.PDFStandards, ...] = ("ua-1", [])  # a character that no font has rules the first one out


def pdf_report(inspected: Inspected, options: ReportOptions = STANDARD) -> bytes:
    """The PDF: tagged for screen readers (PDF/UA-1 wherever the fonts have every character), searchable, fonts embedded.

    Where the table of clips leaves some out, all of them are attached as CSV.

    Raises:
        ExportError: If the typesetter fails.
    """
    attached = not options.summary and listed_in_part(inspected)
    return typeset(document(inspected, options), samples_csv(inspected, options) if attached else None)


def typeset(document: Mapping[str, Json], samples: str | None = None) -> bytes:
    """A document as a PDF, with the table of clips attached where it is given.

    Raises:
        ExportError: If the typesetter fails.
    """
    folder = resources()
    template = (folder / "report" / "report.typ").read_bytes()
    fonts = typst.Fonts(font_paths=[folder / "fonts"])
    data = {"data": to_json({**document, "attached": ATTACHED})}
    if samples is not None:
        data["samples"] = samples
    trouble = ""
    for standard in STANDARDS:
        try:
            pdf = typst.Compiler(template, font_paths=fonts).compile(
                format="pdf", sys_inputs=data, pdf_standards=standard
            )
        except typst.TypstError as error:
            trouble = f"{error.message}\n{error.diagnostic}"
            continue
        if isinstance(pdf, bytes):
            return pdf
    raise ExportError("The report could not be typeset.", detail=trouble)
