"""The report as one self-contained HTML page: the same content as the PDF, charts as inline SVG, no script.

Every string goes through `escape`, so that nothing that a file says can become markup or a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape as escape_markup
from typing import Any

from asl_inspector.bundled_files import resources
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document

WIDTH, LEFT = 640.0, 46.0
COLOURS = ("var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)")


def escape(text: str) -> str:
    """`text` without markup; a number and its per-cent sign stay on one line."""
    return escape_markup(text).replace(" %", "\u00a0%")


def html_report(inspected: Inspected) -> str:
    """The page."""
    held: dict[str, Any] = dict(document(inspected))
    style = (resources() / "report" / "report.css").read_text(encoding="utf-8")
    body = [
        _head(held),
        _list("Symptoms", held["symptoms"]),
        _paragraph("Checked and sound: " + " ".join(held["sound"]), "small") if held["sound"] else "",
        _causes(held["causes"]),
        _list("Action plan", held["plan"], "ol"),
        _undetermined(held["undetermined"]),
        *(_section(section) for section in held["sections"]),
        f"<footer>ASL Inspector {escape(held['version'])}, {escape(held['date'])}</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(held['title'])}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def _list(title: str, items: Sequence[str], kind: str = "ul") -> str:
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h2>{escape(title)}</h2><{kind}>{rows}</{kind}>"


def _head(held: Mapping[str, Any]) -> str:
    tiles = "".join(
        f'<div class="tile"><span>{escape(tile["title"])}</span>'
        f'<strong class="{"alarm" if tile["alarm"] else ""}">{escape(tile["value"])}</strong>'
        f"<small>{escape(tile['note'])}</small></div>"
        for tile in held["tiles"]
    )
    problems = "".join(f'<p class="problem"><b>{escape(a)}</b> {escape(b)}</p>' for a, b in held["problems"])
    return (
        f'<p class="over">{escape(held["short_title"])} · {escape(held["case_name"])}</p>'
        f'<h1>{escape(held["headline"])}</h1><p class="lead">{escape(held["summary"])}</p>'
        f'<div class="tiles">{tiles}</div>{problems}'
    )


def _causes(causes: Sequence[Mapping[str, Any]]) -> str:
    if not causes:
        return "<h2>Causes</h2><p>No cause was found.</p>"
    return "<h2>Causes</h2>" + "".join(_cause(number, cause) for number, cause in enumerate(causes, start=1))


def _cause(number: int, cause: Mapping[str, Any]) -> str:
    evidence = "".join(
        f'<li class="{"for" if sign == "+" else "against"}">{escape(sentence)}</li>'
        for sign, sentence in cause["evidence"]
    )
    snippet = f"<pre><code>{escape(cause['snippet'])}</code></pre>" if cause["snippet"] else ""
    return (
        f'<article><h3>{number}. {escape(cause["title"])} <span class="badge {escape(cause["severity"])}">'
        f"{escape(cause['severity'])}</span> <small>{escape(cause['confidence'])}</small></h3>"
        f'<ul class="evidence">{evidence}</ul>{_counterfactual(cause["counterfactual"])}'
        f"<h4>First</h4><p>{escape(cause['next_experiment'])}</p><h4>Fix</h4><p>{escape(cause['fix'])}</p>{snippet}</article>"
    )


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
    return f'<h4>If this were fixed</h4>{rows}<p class="small">{escape(found["how"])}</p>'


def _undetermined(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    items = "".join(f"<li><b>{escape(a)}</b> {escape(b)} {escape(c)}</li>" for a, b, c in rows)
    return f"<h2>Could not be determined</h2><ul>{items}</ul>"


def _section(section: Mapping[str, Any]) -> str:
    return f"<section><h2>{escape(section['title'])}</h2>{''.join(_part(part) for part in section['parts'])}</section>"


def _part(part: Mapping[str, Any]) -> str:
    kind = part["kind"]
    if kind == "text":
        return _paragraph(part["text"])
    if kind == "facts":
        rows = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in part["rows"])
        return f'<table class="facts">{rows}</table>'
    if kind == "hashes":
        return "".join(
            f'<p class="hash"><b>{escape(a)}</b> <small>{escape(b)}</small><br><code>{escape(c)}</code></p>'
            for a, b, c in part["rows"]
        )
    return _table(part) if kind == "table" else _chart(part)


def _table(part: Mapping[str, Any]) -> str:
    classes = ["num" if numeric else "" for numeric in part["numeric"]]
    head = "".join(f'<th class="{c}">{escape(text)}</th>' for c, text in zip(classes, part["head"], strict=True))
    rows = "".join(
        "<tr>" + "".join(f'<td class="{c}">{escape(text)}</td>' for c, text in zip(classes, row, strict=True)) + "</tr>"
        for row in part["rows"]
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _chart(part: Mapping[str, Any]) -> str:
    """The chart as SVG; places are fractions of the frame."""
    height, width = 1.5 * float(part["height"]), WIDTH - LEFT - 12

    def x(share: float) -> float:
        return LEFT + width * share

    def y(share: float) -> float:
        return 8 + height * (1 - share)

    shapes = []
    for share, words in part["y_ticks"]:
        shapes.append(f'<line class="grid" x1="{LEFT}" x2="{x(1):.1f}" y1="{y(share):.1f}" y2="{y(share):.1f}"/>')
        shapes.append(f'<text x="{LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{escape(words)}</text>')
    for start, end, top in part["bars"]:
        box = f'x="{x(start):.2f}" y="{y(top):.2f}" width="{max(0.5, x(end) - x(start)):.2f}" height="{y(0) - y(top):.2f}"'
        shapes.append(f'<rect {box} fill="{COLOURS[0]}"/>')
    for start, end, level in part["reference"]:
        shapes.append(
            f'<line class="ref" x1="{x(start):.2f}" x2="{x(end):.2f}" y1="{y(level):.2f}" y2="{y(level):.2f}"/>'
        )
    for place, words in part["marks"]:
        shapes.append(f'<line class="mark" x1="{x(place):.1f}" x2="{x(place):.1f}" y1="{y(1):.1f}" y2="{y(0):.1f}"/>')
        shapes.append(f'<text x="{x(place) + 4:.1f}" y="{y(0) - 6:.1f}">{escape(words)}</text>')
    for index, points in enumerate(part["curves"]):
        path = " ".join(f"{x(a):.2f},{y(b):.2f}" for a, b in points)
        dash = ' stroke-dasharray="5 4"' if part["dashed"][index] else ""
        shapes.append(f'<polyline points="{path}" stroke="{COLOURS[min(index, 3)]}"{dash}/>')
    shapes.append(f'<line class="axis" x1="{LEFT}" x2="{x(1):.1f}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>')
    for share, words in part["x_ticks"]:
        shapes.append(f'<text x="{x(share):.1f}" y="{y(0) + 15:.1f}" text-anchor="middle">{escape(words)}</text>')
    shapes.append(f'<text x="{x(0.5):.1f}" y="{y(0) + 31:.1f}" text-anchor="middle">{escape(part["x_title"])}</text>')
    legend = "".join(
        f'<span class="key"><i style="background:{COLOURS[min(index, 3)]}"></i>{escape(name)}</span>'
        for index, name in enumerate(part["legend"])
    )
    note = f'<p class="small">{escape(part["note"])}</p>' if part["note"] else ""
    return (
        f"<figure><figcaption>{escape(part['title'])} {legend}</figcaption>"
        f'<svg role="img" aria-label="{escape(part["alt"])}" viewBox="0 0 {WIDTH:.0f} {height + 46:.0f}">'
        f"{''.join(shapes)}</svg>{note}</figure>"
    )
