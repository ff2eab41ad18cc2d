"""A document as one self-contained HTML page: the same content as the PDF, charts as inline SVG.

Every string goes through `escape`, so that nothing that a file says can become markup or a link. The page's policy
allows no request and no script but the bundled one, by its hash; it sorts and filters tables, and nothing needs it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape as escape_markup
from typing import Any

from asl_inspector.bundled_files import resources
from asl_inspector.report.code_spans import spans
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.html_charts import chart_svg, matrix_svg
from asl_inspector.report.options import STANDARD, ReportOptions

ROWS_TO_FILTER = 12


def escape(text: str) -> str:
    """`text` without markup; a number and its per-cent sign stay on one line."""
    return escape_markup(text).replace(" %", "\u00a0%")


def html_report(inspected: Inspected, options: ReportOptions = STANDARD) -> str:
    """The page of an inspection."""
    return html_page(document(inspected, options))


def html_page(held: Mapping[str, Any]) -> str:
    """A document as a page."""
    folder = resources() / "report"
    style = (folder / "report.css").read_text(encoding="utf-8")
    script = (folder / "report.js").read_text(encoding="utf-8")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    body = [
        _head(held),
        *(_section(section, held) for section in held["front"]),
        _contents(held["sections"]),
        *(_section(section, held) for section in held["sections"]),
        f"<footer>ASL Inspector {escape(held['version'])}, {escape(held['date'])}</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(held['title'])}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + f"\n</main>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _head(held: Mapping[str, Any]) -> str:
    tiles = "".join(
        f'<div class="tile"><span>{escape(tile["title"])}</span>'
        f'<strong class="{"alarm" if tile["alarm"] else ""}">{escape(tile["value"])}</strong>'
        f"<small>{escape(tile['note'])}</small></div>"
        for tile in held["tiles"]
    )
    problems = "".join(f'<p class="problem"><b>{escape(a)}</b> {prose(b)}</p>' for a, b in held["problems"])
    return (
        f'<p class="over">{escape(held["short_title"])} · {escape(held["case_name"])}</p>'
        f'<h1>{escape(held["headline"])}</h1><p class="lead">{prose(held["summary"])}</p>'
        f'<div class="tiles">{tiles}</div>{problems}'
    )


def _contents(sections: Sequence[Mapping[str, Any]]) -> str:
    """Links to the sections; their names are the program's own."""
    links = "".join(f'<a href="#{escape(one["id"])}">{escape(one["title"])}</a>' for one in sections)
    return f'<nav aria-label="In this report">{links}</nav>' if links else ""


def _section(section: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    known = {one["id"] for one in held["sections"]}
    name = f' id="{escape(section["id"])}"' if section["id"] in known else ""
    parts = "".join(_part(part) for part in section["parts"])
    return f"<section{name}><h2>{escape(section['title'])}</h2>{parts}</section>"


def _part(part: Mapping[str, Any]) -> str:
    match part["kind"]:
        case "text":
            return f"<p>{prose(part['text'])}</p>"
        case "small":
            return f'<p class="small">{prose(part["text"])}</p>'
        case "list":
            return _list(part)
        case "facts":
            rows = "".join(f'<tr><th scope="row">{escape(a)}</th><td>{escape(b)}</td></tr>' for a, b in part["rows"])
            return f'<table class="facts">{rows}</table>'
        case "notes":
            return _notes(part)
        case "hashes":
            return "".join(
                f'<p class="hash"><b>{escape(a)}</b> <small>{escape(b)}</small><br><code>{escape(c)}</code></p>'
                for a, b, c in part["rows"]
            )
        case "cause":
            return _cause(part)
        case "table":
            return _table(part)
        case "chart":
            return chart_svg(part, escape)
        case "matrix":
            return matrix_svg(part, escape)
    raise ValueError(f"a part of an unknown kind: {part['kind']}")


def prose(text: str) -> str:
    """A sentence, with the code in it set as code."""
    return "".join(f"<code>{escape(one)}</code>" if is_code else escape(one) for one, is_code in spans(text))


def _list(part: Mapping[str, Any]) -> str:
    items = "".join(
        f"<li>{f'<b>{escape(lead)}</b> ' if lead else ''}{prose(text)}</li>" for lead, text in part["items"]
    )
    return f"<ol>{items}</ol>" if part["numbered"] else f"<ul>{items}</ul>"


def _notes(part: Mapping[str, Any]) -> str:
    """Terms and sources; a source is named and not linked, since the page leads nowhere."""
    rows = "".join(
        f'<tr><th scope="row">{escape(term)}</th><td>{escape(meaning)} <small>'
        f"{escape(source)}"
        f"{f', doi:{escape(doi)}' if doi else ''}</small></td></tr>"
        for term, meaning, source, doi in part["rows"]
    )
    return f'<table class="facts">{rows}</table>'


def _cause(cause: Mapping[str, Any]) -> str:
    evidence = "".join(
        f'<li class="{"for" if sign == "+" else "against"}">{prose(sentence)}{_link(place, title)}</li>'
        for sign, sentence, place, title in cause["evidence"]
    )
    expected, change = cause.get("expectation", ""), cause.get("would_change", "")
    then = f"<h4>What to expect</h4><p>{prose(expected)}</p>" if expected else ""
    against = f"<h4>What would change this</h4><p>{prose(change)}</p>" if change else ""
    snippet = f"<pre><code>{escape(cause['snippet'])}</code></pre>" if cause["snippet"] else ""
    return (
        f'<article><h3>{escape(cause["title"])} <span class="badge {escape(cause["severity"])}">'
        f"{escape(cause['severity'])}</span> <small>{escape(cause['confidence'])}</small></h3>"
        f'<ul class="evidence">{evidence}</ul>{_counterfactual(cause["counterfactual"])}'
        f"<h4>First</h4><p>{prose(cause['next_experiment'])}</p><h4>Fix</h4><p>{prose(cause['fix'])}</p>{snippet}"
        f"{then}{against}</article>"
    )


def _link(place: str, title: str) -> str:
    return f' <a href="#{escape(place)}">{escape(title)}</a>' if place else ""


def _counterfactual(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return ""
    rows = "".join(
        f'<div class="bar"><span>{name}</span><div><i class="{kind}" style="width:{100 * value:.2f}%"></i></div>'
        f"<b>{escape(words)}</b></div>"
        for name, kind, value, words in (
            ("now", "now", found["now"], found["now_words"]),
            ("if fixed", "then", found["then"], found["then_words"]),
        )
    )
    return f'<h4>If this were fixed</h4>{rows}<p class="small">{prose(found["how"])}</p>'


def _table(part: Mapping[str, Any]) -> str:
    classes = ["num" if numeric else "" for numeric in part["numeric"]]
    head = "".join(
        f'<th scope="col" class="{c}">{escape(text)}</th>' for c, text in zip(classes, part["head"], strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="{c}">{prose(text) if sentence else escape(text)}</td>'
            for c, sentence, text in zip(classes, part["prose"], row, strict=True)
        )
        + "</tr>"
        for row in part["rows"]
    )
    lively = ' class="lively"' if len(part["rows"]) >= ROWS_TO_FILTER else ""
    return f'<div class="scroll"><table{lively}><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
