"""Every hostile string through every output, and every output parsed again: nothing became markup, formula or link."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hostile_strings import HOSTILE, STEERING, WORLD
from makers import make_clips, make_notebook, make_run, save_notebook, write_cache
from markdown_it import MarkdownIt

from asl_inspector.bundled_files import resources
from asl_inspector.case_files.reading import read_case
from asl_inspector.engine.saved_cases import kept_view, save
from asl_inspector.inspection import Inspector
from asl_inspector.report.cells import FORMULA_STARTS, as_cell
from asl_inspector.report.changes.comparing import compare_reports
from asl_inspector.report.changes.outputs import changes_bytes, changes_text
from asl_inspector.report.changes.reading import read_report
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import framed
from asl_inspector.report.exporting import KINDS, content_of
from asl_inspector.report.html import html_page
from asl_inspector.report.markdown import markdown_text
from asl_inspector.report.options import STANDARD
from asl_inspector.report.parts import (
    facts_part,
    list_part,
    notes_part,
    section_part,
    small_part,
    table_part,
    text_part,
)
from asl_inspector.report.pdf import typeset
from asl_inspector.report.summary_text import summary_text
from asl_inspector.visible_text import visible

STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)
SHOWN = [visible(text) for text in HOSTILE]


def everything(texts: list[str]) -> dict[str, Any]:
    """A document with the texts in every place of every kind of part."""
    pairs = [(text, text) for text in texts]
    cause = {
        "kind": "cause",
        "title": " ".join(texts),
        "severity": "critical",
        "confidence": "certain",
        "evidence": [[sign, text, "", ""] for sign, text in zip("+–" * len(texts), texts, strict=False)],
        "counterfactual": {
            "now": 0.1,
            "then": 0.5,
            "limits": [0.4, 0.6],
            "now_words": "10 %",
            "then_words": "50 %",
            "how": " ".join(texts),
        },
        "next_experiment": " ".join(texts),
        "fix": " ".join(texts),
        "expectation": " ".join(texts),
        "would_change": " ".join(texts),
        "snippet": "\n".join(texts),
    }
    hashes = {"kind": "hashes", "rows": [[text, text, text] for text in texts]}
    parts: list[Any] = [
        *(text_part(text) for text in texts),
        *(small_part(text) for text in texts),
        list_part(pairs),
        list_part(pairs, numbered=True),
        facts_part(pairs),
        notes_part([(text, text, text, "") for text in texts]),
        table_part(["one", "two"], [1, 1], [False, True], [[text, text] for text in texts]),
        hashes,
        cause,
    ]
    return framed(
        title=" ".join(texts),
        short_title="Test",
        case_name=" ".join(texts),
        headline=" ".join(texts),
        summary=" ".join(texts),
        tiles=[{"title": text, "value": text, "note": text, "alarm": False} for text in texts[:4]],
        problems=[list(pair) for pair in pairs],
        front=[section_part("Front", [list_part(pairs)])],
        sections=[section_part("Everything", parts)],
        options=STANDARD,
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    """An inspection whose glosses, clips, settings and file names are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    run = make_run(folder)
    glosses = [text for text in HOSTILE if text]
    settings: dict[str, Any] = {"=key\x1b[2J": "<i>x</i>", "config": {text: text for text in HOSTILE}}
    checkpoint = save_notebook(folder / "=evil#name$[x](y).pt", make_notebook(classes=len(glosses) + 1), **settings)
    clips = make_clips(glosses=glosses, clips_a_gloss=1).values()
    cache = {f"{text}\u202e{index}": entry for index, (text, entry) in enumerate(zip(glosses, clips, strict=True))}
    inspector = Inspector()
    inspector.add([checkpoint, write_cache(folder / "v.pkl", cache), run.log])
    return inspector.inspect()


class Page(html.parser.HTMLParser):
    """Collects what a browser would take for elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.cells: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.others: list[str] = []
        self._in = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        self.tags.append(tag)
        self.attributes += attrs
        if tag in ("td", "p", "li", "h1", "code"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts.append(data)
        self.words.append(data)
        if self.cells:
            self.cells[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


PLAIN_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "script", "nav", "a", "section", "article", "footer"),
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "b", "i", "small", "strong", "span", "div", "br", "pre", "code"),
    *("table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "line", "rect", "text", "polyline"),
}


def check_page(text: str) -> Page:
    """The page, of which nothing but the program's own is markup."""
    page = Page(text)
    script = (resources() / "report" / "report.js").read_text()
    assert set(page.tags) <= PLAIN_TAGS
    assert page.scripts == [script]
    assert page.tags.count("html") == page.tags.count("body") == page.tags.count("style") == 1
    assert page.tags.count("meta") == 3
    assert page.others == []
    ids = {f"#{value}" for name, value in page.attributes if name == "id"}
    assert {value for name, value in page.attributes if name == "href"} <= ids
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "action", "autofocus")]
    assert not STEERS.search(text)
    return page


def test_every_string_is_text_in_every_part_of_the_html() -> None:
    page = check_page(html_page(everything(SHOWN)))
    cells = {cell.replace("\u00a0", " ") for cell in page.cells}
    assert not [text for text in SHOWN if text.replace("\u00a0", " ") not in cells]


def test_a_hostile_case_is_text_in_the_html(hostile: Inspected) -> None:
    page = check_page(content_of(hostile, "html").decode())
    cells = {cell.replace("\u00a0", " ") for cell in page.cells}
    assert not [text for text in SHOWN if text and text.replace("\u00a0", " ") not in cells]


MARKDOWN_TOKENS = {
    *("heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "ordered_list", "list_item"),
    *("strong", "em", "inline", "text", "fence", "code_inline", "softbreak"),
}


def check_markdown(text: str) -> list[str]:
    """The texts of a Markdown document, which has no markup but the program's own."""
    found: list[str] = []
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for token in parser.parse(text):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        assert kind in MARKDOWN_TOKENS, token
        assert token.level <= 5
        if kind == "fence":
            assert token.info == "python"
        for child in token.children or ():
            kind = child.type.removesuffix("_open").removesuffix("_close")
            assert kind in MARKDOWN_TOKENS, child
        if token.type == "inline":
            found.append("".join(child.content for child in token.children or ()))
    assert not STEERS.search(text)
    return found


def test_every_string_is_text_in_every_part_of_the_markdown() -> None:
    texts = check_markdown(markdown_text(everything(SHOWN)))
    assert not [text for text in SHOWN if text.strip() and texts.count(text.strip()) < 10]  # lists, tables, paragraphs
    whole = markdown_text(everything(SHOWN))
    (fence,) = [token for token in MarkdownIt("commonmark").parse(whole) if token.type == "fence"]
    assert fence.content == "\n".join(SHOWN) + "\n"


@pytest.mark.parametrize("text", ["[a](b)", "user@evil.example", "http://evil.example", "www.evil.example", "<b>x</b>"])
def test_the_check_of_markdown_would_notice_what_is_not_escaped(text: str) -> None:
    bare = MarkdownIt("commonmark").parseInline(text)[0].children or ()
    raw = [one.type for one in bare] != ["text"]
    linked_by_others = re.search(r"(?<![\\`])[@:.](?=\w|/)", text) is not None
    assert raw or linked_by_others
    page = markdown_text(everything([text]))
    for line in page.splitlines():
        if not line.startswith(text):  # the snippet, which is code
            assert not re.search(r"(?<!\\)(?:www|http|evil)(?:\.|:)\w", re.sub(r"`[^`]*`", "", line))


def test_a_hostile_case_is_text_in_the_markdown(hostile: Inspected) -> None:
    texts = check_markdown(content_of(hostile, "md").decode())
    assert not [text for text in SHOWN if text.strip() and text.strip() not in texts]


def test_no_cell_of_the_csv_is_a_formula(hostile: Inspected) -> None:
    whole = content_of(hostile, "csv").decode()
    assert not STEERS.search(whole)
    rows = list(csv.DictReader(io.StringIO(whole)))
    glosses = [text for text in HOSTILE if text]
    assert [row["gloss"] for row in rows] == [as_cell(text) for text in glosses]
    for row in rows:
        assert None not in row
        for column in ("clip", "gloss", "predicted_gloss"):
            assert not row[column].lstrip(" \u00a0'\"").startswith(FORMULA_STARTS) or row[column].startswith("'")


def test_the_json_is_exact_to_a_parser_and_harmless_on_a_terminal(hostile: Inspected) -> None:
    whole = content_of(hostile, "json").decode()
    assert not STEERS.search(whole)
    glosses = [text for text in HOSTILE if text]
    told = [text.replace("\ud800", "�") for text in glosses]
    found = json.loads(whole)["samples"]["gloss"]
    assert [re.sub("[�?]{1,3}", "�", text) for text in found] == [re.sub("[�?]{1,3}", "�", text) for text in told]


def test_a_case_of_hostile_strings_is_harmless_and_comes_back_exactly(hostile: Inspected, tmp_path: Path) -> None:
    path = tmp_path / "=hostile.aslcase"
    save(path, hostile.case, [], settings=hostile.settings, inspected=hostile)
    whole = path.read_bytes().decode()
    assert not STEERS.search(whole)
    case = read_case(path)
    assert case.cached is not None
    assert {file.path for file in case.files} == {one.row.path for one in hostile.case.files}
    assert case.cached.report["samples"]["gloss"] == json.loads(content_of(hostile, "json"))["samples"]["gloss"]
    assert not STEERS.search(visible(case.cached.text, one_line=False))
    view = kept_view(case)
    assert view is not None
    assert view.samples is not None
    assert list(view.samples.glosses) == [text for text in HOSTILE if text]


@pytest.mark.parametrize("kind", ["pdf", "html", "md", "json"])
def test_a_comparison_of_hostile_cases_is_text_in_every_kind(hostile: Inspected, tmp_path: Path, kind: str) -> None:
    for name in ("before.aslcase", "after.aslcase"):
        save(tmp_path / name, hostile.case, [], settings=hostile.settings, inspected=hostile)
    changes = compare_reports(read_report(tmp_path / "before.aslcase"), read_report(tmp_path / "after.aslcase"))
    found = changes_bytes(changes, kind)
    if kind == "html":
        check_page(found.decode())
    elif kind == "md":
        check_markdown(found.decode())
    elif kind == "pdf":
        assert b"/JavaScript" not in found
        assert b"/URI" not in found
    else:
        assert not STEERS.search(found.decode())
    assert not STEERS.search(visible(changes_text(changes), one_line=False))


def test_nothing_steers_the_terminal(hostile: Inspected) -> None:
    assert not STEERS.search(visible(summary_text(hostile), one_line=False))


@pytest.mark.parametrize("text", STEERING)
def test_what_steers_a_display_is_shown_as_an_escape(text: str) -> None:
    shown = visible(text)
    assert shown != text or text == "\uffff"
    assert not STEERS.search(shown)


@pytest.mark.parametrize("text", ["👩🏽\u200d🦰", "👁️\u200d🗨️", "می\u200cخواهم", "क्\u200dष"])
def test_a_joiner_that_a_script_or_a_picture_needs_stays(text: str) -> None:
    assert visible(text) == text
    cut_off = text[: text.index("\u200d" if "\u200d" in text else "\u200c") + 1]
    assert "\\u200" in visible(cut_off)


@pytest.mark.parametrize("text", ["a\u200db", "a\u200cb", "\u200d🦰", "👩\u200da", "👩\u200c🦰", "م\u200da"])
def test_a_joiner_that_only_hides_is_shown_as_an_escape(text: str) -> None:
    assert "\\u200" in visible(text)


@pytest.mark.slow
def test_every_string_is_text_in_the_pdf(tmp_path: Path) -> None:
    """Set left to right in a script that the bundled fonts have; the others may be reordered or lack a glyph."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "r.pdf").write_bytes(typeset(everything(SHOWN)))
    ran = subprocess.run(["pdftotext", "-raw", str(tmp_path / "r.pdf"), "-"], capture_output=True, check=True)
    together = "".join(ran.stdout.decode().split())
    plain = [text for text in SHOWN if text.isascii()]
    assert len(plain) > 120
    assert not [text for text in plain if "".join(text.split()) not in together]
    links = subprocess.run(["pdfinfo", "-url", str(tmp_path / "r.pdf")], capture_output=True, check=True)
    assert b"evil.example" not in links.stdout


def test_a_hostile_case_has_a_pdf_without_foreign_links(hostile: Inspected, tmp_path: Path) -> None:
    if shutil.which("pdfinfo") is None:
        pytest.skip("pdfinfo is not installed")
    (tmp_path / "r.pdf").write_bytes(content_of(hostile, "pdf"))
    listed = subprocess.run(["pdfinfo", "-url", str(tmp_path / "r.pdf")], capture_output=True, check=True)
    addresses = re.findall(r"\S+:\S+", "\n".join(listed.stdout.decode().splitlines()[1:]))
    assert addresses
    assert all(address.startswith("https://doi.org/10.") for address in addresses)


def test_the_list_is_long_and_every_kind_of_export_is_covered() -> None:
    assert len(set(HOSTILE)) >= 100
    assert set(KINDS) == {"pdf", "html", "md", "json", "csv"}
    assert len(WORLD) >= 10
