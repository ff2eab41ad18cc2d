"""The report as a PDF, typeset by Typst.

Every string reaches the template as JSON and is set as text, so nothing that a file says can become markup.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import manimgx_fonts
import manimgx_fonts_cjk
import typst

from asl_inspector.bundled_files import resources
from asl_inspector.errors import ExportError
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.json_text import Json, to_json
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.samples_csv import samples_csv
from asl_inspector.report.sections.samples import ATTACHED, listed_in_part
from asl_inspector.visible_text import escaped

STANDARDS: tuple[typst.PDFStandards, ...] = (["ua-1", "a-3a"], "ua-1", [])  # the first that a document can hold to
MOST_TRIES = 4  # of a standard; each names the characters that are missing from what the one before left
UNDISPLAYED = re.compile(r'the text `"((?:[^"\\]|\\.)+)"` could not be displayed')
CODE = re.compile(r"\\u\{([0-9a-f]+)\}")


@dataclass(frozen=True, slots=True)
class Typeset:
    """A PDF, and what the user should know of it as sentences."""

    pdf: bytes
    notes: tuple[str, ...] = ()


def pdf_report(inspected: Inspected, options: ReportOptions = STANDARD) -> bytes:
    """`noted_report` without its notes."""
    return noted_report(inspected, options).pdf


def noted_report(inspected: Inspected, options: ReportOptions = STANDARD) -> Typeset:
    """The PDF: tagged for screen readers (PDF/UA-1), to be kept (PDF/A-3a), searchable, fonts embedded.

    Where the table of clips leaves some out, all of them are attached as CSV.

    Raises:
        ExportError: If the typesetter fails.
    """
    attached = not options.summary and listed_in_part(inspected)
    return noted(document(inspected, options), samples_csv(inspected, options) if attached else None)


def typeset(document: Mapping[str, Json]) -> bytes:
    """`noted` without its notes."""
    return noted(document).pdf


def noted(document: Mapping[str, Json], samples: str | None = None) -> Typeset:
    """A document as a PDF, with the table of clips attached where it is given.

    The fonts that come with the program cover the scripts of living languages in wide use, with emoji; those of the
    system help out. Characters that none of them has are written as escapes, which a reader can look up, rather than
    set as empty boxes; the last page and a note say of which scripts they are.

    Raises:
        ExportError: If the typesetter fails.
    """
    fonts, template = _fonts(), (resources() / "report" / "report.typ").read_bytes()
    text, absent, trouble = to_json({**document, "attached": ATTACHED}), set[str](), ""
    failed: typst.PDFStandards = []
    for standard in (one for one in STANDARDS for _ in range(MOST_TRIES)):
        if trouble and not _undisplayed(trouble) and standard == failed:
            continue  # it cannot be held for another reason
        held = text.translate({ord(one): json.dumps(escaped(one))[1:-1] for one in absent})
        note = _undrawn_words(absent)
        data = {"data": held, "absent": note}
        try:
            pdf = typst.Compiler(template, font_paths=fonts).compile(  # one keeps its template for one run
                format="pdf",
                sys_inputs=data if samples is None else data | {"samples": samples},
                pdf_standards=standard,
            )
        except typst.TypstError as error:
            trouble, failed = f"{error.message}\n{error.diagnostic}", standard
            absent |= _undisplayed(trouble)
            continue
        if isinstance(pdf, bytes):
            return Typeset(pdf, (f"In the PDF: {note}",) if note else ())
    raise ExportError("The report could not be typeset.", detail=trouble)


@cache
def _fonts() -> typst.Fonts:
    """All fonts; those of the system come last and are looked for once."""
    return typst.Fonts(font_paths=[resources() / "fonts", *font_folders()])


def font_folders() -> list[Path]:
    """Where the fonts are that packages of their own bring: Noto for most scripts and emoji, and for CJK."""
    return [Path(folder) for package in (manimgx_fonts, manimgx_fonts_cjk) for folder in package.__path__]


def _undrawn_words(absent: Iterable[str]) -> str:
    """Which characters could not be drawn, by the first words of their names; empty where there are none."""
    scripts = sorted({unicodedata.name(one, "unassigned").split(" ")[0].split("-")[0].capitalize() for one in absent})
    if not scripts:
        return ""
    return (
        f"Some characters have no font on this computer and are written as their codes, such as \\u65e5. They are of: "
        f"{', '.join(scripts)}. Install a font that has them, such as Noto, and export again."
    )


def _undisplayed(trouble: str) -> set[str]:
    """The characters that the typesetter found no glyph for, as its message quotes them."""
    quoted = "".join(UNDISPLAYED.findall(trouble))
    found = {chr(int(code, 16)) for code in CODE.findall(quoted)} | set(CODE.sub("", quoted))
    return {one for one in found if not one.isascii()}
