"""The PDF as other programs see it: a checker of PDF/UA, two independent readers, and every script of the world."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path
from typing import Any

import pytest

from asl_inspector.bundled_files import demo_files
from asl_inspector.inspection import Inspector
from asl_inspector.report.changes.comparing import compare_reports
from asl_inspector.report.changes.outputs import changes_document
from asl_inspector.report.changes.reading import Report
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.parts import section_part, text_part
from asl_inspector.report.pdf import noted, pdf_report, typeset

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # its bindings were made by a tool that warns
    import pymupdf

REPEATED_HEADS = (
    "TAG-002"  # takes the head of a table that is repeated on the next page for lost text; repeats are artifacts
)
GLOSSES = {
    "Chinese": ("你好谢谢", "再见朋友"),
    "Japanese": ("ありがとう", "さようなら"),
    "Korean": ("고맙습니다", "안녕하세요"),
    "Arabic": ("شكرا جزيلا", "مع السلامة"),
    "Hebrew": ("תודה רבה", "להתראות"),
    "Devanagari": ("धन्यवाद", "नमस्कार"),
    "Bengali": ("ধন্যবাদ", "নমস্কার"),
    "Tamil": ("நன்றி", "வணக்கம்"),
    "Thai": ("ขอบคุณ", "สวัสดี"),
    "Ethiopic": ("አመሰግናለሁ", "ሰላምታዬን"),
    "Georgian": ("გმადლობთ", "ნახვამდის"),
    "Armenian": ("շնորհակալ", "բարևձեզեք"),
    "Khmer": ("អរគុណ", "សួស្តី"),
    "Greek": ("ευχαριστώ", "καλημέρας"),
    "Cyrillic": ("спасибо", "встреча"),
    "Vietnamese": ("cảm ơn bạn", "tạm biệt ạ"),
    "emoji": ("🤟😀", "👋🙏"),
}


@pytest.fixture(scope="module")
def demo() -> Inspected:
    inspector = Inspector()
    inspector.add(demo_files())
    inspector.hash_files()
    return inspector.inspect()


def with_text(demo: Inspected, text: str) -> dict[str, Any]:
    """The first page with one more paragraph."""
    held = dict(document(demo))
    return held | {"front": [section_part("Gloss", [text_part(text)])], "sections": []}


def opened(pdf: bytes) -> pymupdf.Document:
    return pymupdf.open(stream=pdf, filetype="pdf")


def errors(pdf: bytes, folder: Path) -> list[str]:
    """What the checker finds wrong."""
    path, told = folder / "r.pdf", folder / "told.json"
    path.write_bytes(pdf)
    command = [
        sys.executable,
        "-c",
        "from outloud.cli import main; main()",
        str(path),
        "--json",
        str(told),
        "--skip",
        REPEATED_HEADS,
    ]
    subprocess.run(command, capture_output=True, check=False)
    (result,) = json.loads(told.read_text())["results"]
    return [one["message"] for one in result["findings"] if one["severity"] == "error"]


@pytest.mark.slow
def test_the_checker_finds_no_error_in_the_report(demo: Inspected, tmp_path: Path) -> None:
    assert errors(pdf_report(demo), tmp_path) == []


def test_the_checker_finds_no_error_in_a_comparison(demo: Inspected, tmp_path: Path) -> None:
    report = Report(Path("a.json"), inspection_json(demo))
    assert errors(typeset(changes_document(compare_reports(report, report))), tmp_path) == []


@pytest.mark.slow
def test_the_checker_finds_errors_where_there_are_some(demo: Inspected, tmp_path: Path) -> None:
    """Without tags, title and language."""
    pdf = opened(pdf_report(demo))
    bare = pymupdf.open()
    bare.insert_pdf(pdf, to_page=0)
    assert len(errors(bare.tobytes(), tmp_path)) >= 2


def test_the_report_claims_both_standards(demo: Inspected) -> None:
    metadata = opened(pdf_report(demo)).get_xml_metadata()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata


def test_the_report_is_tagged_titled_and_has_bookmarks(demo: Inspected) -> None:
    pdf = opened(pdf_report(demo))
    catalog = pdf.xref_object(pdf.pdf_catalog())
    for name in ("/StructTreeRoot", "/MarkInfo", "/Lang", "/ViewerPreferences", "/Outlines"):
        assert name in catalog
    assert demo.diagnosis.headline in pdf.metadata["title"]
    outline = pdf.get_toc()
    titles = [title for level, title, _ in outline if level == 1]
    sections = [one["title"] for one in document(demo)["sections"]]  # type: ignore[index, union-attr]
    assert [title for title in titles if title in sections] == sections
    assert [page for *_, page in outline] == sorted(page for *_, page in outline)
    levels = [level for level, *_ in outline]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_two_readers_find_the_same_words_in_the_order_of_reading(demo: Inspected, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    content = pdf_report(demo)
    (tmp_path / "r.pdf").write_bytes(content)
    poppler = subprocess.run(["pdftotext", "-raw", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True)
    mupdf = "\n".join(page.get_text() for page in opened(content))
    sections = [str(one["title"]) for one in document(demo)["sections"]]  # type: ignore[index, union-attr]
    for text in (poppler.stdout.decode(), mupdf):
        lines = text.splitlines()
        places = [len(lines) - 1 - lines[::-1].index(title) for title in sections]  # the headings, not the list of them
        assert places == sorted(places)
    assert sorted(poppler.stdout.decode().split()) == sorted(mupdf.split())


@pytest.mark.parametrize("script", GLOSSES)
def test_a_gloss_in_every_script_is_drawn(demo: Inspected, script: str) -> None:
    """Two glosses look different, as two rows of boxes for missing glyphs of the same length do not."""
    pictures = []
    for gloss in GLOSSES[script]:
        made = noted(with_text(demo, gloss))
        assert made.notes == ()
        pdf = opened(made.pdf)
        told = unicodedata.normalize(
            "NFKC", "".join(page.get_text() for page in pdf)
        )  # Arabic in its joined shapes too
        letters = [one for one in unicodedata.normalize("NFKC", gloss) if unicodedata.category(one).startswith("L")]
        assert set(letters) <= set(told)
        assert "\\u" not in "".join(page.get_text() for page in pdf)
        pictures.append(pdf[0].get_pixmap(dpi=60).samples)
        assert all(font[1] != "n/a" for font in pdf.get_page_fonts(0))  # embedded
    assert pictures[0] != pictures[1]


def test_what_no_font_has_is_written_as_its_code_and_told(demo: Inspected) -> None:
    made = noted(with_text(demo, "a \U000f0001 b \u16ff c"))
    (note,) = made.notes
    assert "Unassigned" in note
    text = "".join(page.get_text() for page in opened(made.pdf))
    assert re.search(r"\\U000f0001|\\u\{f0001\}|\\udb80", text, re.IGNORECASE)
    assert "Some characters have no font" in text


def test_code_in_sentences_is_set_as_code_and_file_text_keeps_its_backticks(demo: Inspected) -> None:
    text = "\n".join(page.get_text() for page in opened(pdf_report(demo)))
    assert "torch.equal(" in text
    assert "`" not in text
    page = opened(typeset(with_text(demo, "run `rm` now")))
    assert "run `rm` now" in "\n".join(one.get_text() for one in page)
