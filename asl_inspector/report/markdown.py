"""A document as Markdown: CommonMark with the tables of GitHub.

Text is escaped so that it stays text. A word with an at sign is set as code, since GitHub looks for addresses after it
has undone the escapes. Charts are named, not drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from asl_inspector.report.code_spans import spans
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.options import STANDARD, ReportOptions

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&^=])")
LINK_LIKE = re.compile(r"(?<=\w)([.:])(?=[\w/])")  # what some renderers link without any markup
LEADING = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))")
WITH_AT = re.compile(r"\S*@\S*")
FENCE = re.compile(r"`+")


def markdown_report(inspected: Inspected, options: ReportOptions = STANDARD) -> str:
    """The report of an inspection."""
    return markdown_text(document(inspected, options))


def markdown_text(held: Mapping[str, Any]) -> str:
    """A document as Markdown, ending in a newline."""
    blocks = [f"# {plain(held['headline'])}", plain(held["summary"]), _tiles(held["tiles"])]
    blocks += [_bold(first) + plain(advice) for first, advice in held["problems"]]
    for section in [*held["front"], *held["sections"]]:
        blocks.append(f"## {plain(section['title'])}")
        for part in section["parts"]:
            blocks += _part(part)
    blocks.append(f"ASL Inspector {plain(held['version'])}, {plain(held['date'])}")
    return "\n\n".join(block.rstrip() for block in blocks if block.strip()) + "\n"


def plain(text: str, *, cell: bool = False) -> str:
    """`text` as text: nothing in it is markup, a link, an entity or the start of a list; `cell` where pipes end one."""
    text = text.strip()  # four spaces would begin a block of code
    if not cell:
        return LEADING.sub(_not_a_list, "".join(code(one) if is_code else _plain(one) for one, is_code in spans(text)))
    return LEADING.sub(_not_a_list, _plain(text, cell=True))


def _plain(text: str, *, cell: bool = False) -> str:
    """A piece of `plain`."""
    pieces, end = [], 0
    for found in WITH_AT.finditer(text):
        pieces += [_escaped(text[end : found.start()]), code(found[0], cell=cell)]
        end = found.end()
    return "".join([*pieces, _escaped(text[end:])])


def code(text: str, *, cell: bool = False) -> str:
    """`text` as code: between more backticks than it holds; a pipe would end a cell even so, and is escaped in one."""
    longest = max((len(run) for run in FENCE.findall(text)), default=0)
    fence, room = "`" * (longest + 1), " " if text.startswith("`") or text.endswith("`") else ""
    whole = f"{fence}{room}{text}{room}{fence}"
    return whole.replace("|", "\\|") if cell else whole


def _bold(text: str) -> str:
    """A beginning in bold, with the space after it; nothing where there is no text."""
    return f"**{plain(text)}** " if text.strip() else ""


def _escaped(text: str) -> str:
    return LINK_LIKE.sub(r"\\\1", SPECIAL.sub(r"\\\1", text)) if text else ""


def _not_a_list(found: re.Match[str]) -> str:
    mark = found[2]
    return f"{found[1]}\\{mark}" if mark in "-+" else f"{found[1]}{mark[:-1]}&#{ord(mark[-1])};"


def _tiles(tiles: Sequence[Mapping[str, Any]]) -> str:
    return table(["figure", "value", "note"], [False] * 3, [[one["title"], one["value"], one["note"]] for one in tiles])


def table(head: Sequence[str], numeric: Sequence[bool], rows: Sequence[Sequence[str]]) -> str:
    """A table; numbers stand at the right."""
    if not rows:
        return ""
    lines = [_row(head), "|" + "|".join("---:" if right else "---" for right in numeric) + "|"]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(plain(text, cell=True) for text in cells) + " |"


def _part(part: Mapping[str, Any]) -> list[str]:
    match part["kind"]:
        case "text" | "small":
            return [plain(part["text"])]
        case "list":
            return [_list(part["items"], numbered=part["numbered"])]
        case "facts":
            return [table(["fact", "value"], [False, False], part["rows"])]
        case "notes":
            rows = [[a, b, f"{source}{f', doi:{doi}' if doi else ''}"] for a, b, source, doi in part["rows"]]
            return [table(["figure", "what it means", "source"], [False] * 3, rows)]
        case "hashes":
            return [table(["file", "role", "hash"], [False] * 3, part["rows"])]
        case "table":
            return [table(part["head"], part["numeric"], part["rows"])]
        case "cause":
            return _cause(part)
        case "chart":
            return _chart(part)
        case "matrix":
            return _chart({**part, "note": ""})
    raise ValueError(f"a part of an unknown kind: {part['kind']}")


def _list(items: Sequence[Sequence[str]], *, numbered: bool = False) -> str:
    lines = []
    for number, (lead, text) in enumerate(items, start=1):
        mark = f"{number}." if numbered else "-"
        lines.append(f"{mark} {_bold(lead)}{plain(text)}")
    return "\n".join(lines)


def _cause(cause: Mapping[str, Any]) -> list[str]:
    evidence = [("for:" if sign == "+" else "against:", sentence) for sign, sentence, *_ in cause["evidence"]]
    blocks = [f"### {plain(cause['title'])}", f"{plain(cause['severity'])}, {plain(cause['confidence'])}"]
    blocks.append(_list(evidence))
    found = cause["counterfactual"]
    if found is not None:
        blocks.append(f"If fixed: {plain(found['now_words'])} to {plain(found['then_words'])}. {plain(found['how'])}")
    blocks += [f"**First:** {plain(cause['next_experiment'])}", f"**Fix:** {plain(cause['fix'])}"]
    if cause["snippet"]:
        fence = "`" * (max([2, *(len(run) for run in FENCE.findall(cause["snippet"]))]) + 1)
        blocks.append(f"{fence}python\n{cause['snippet']}\n{fence}")
    for title, name in (("What to expect", "expectation"), ("What would change this", "would_change")):
        if cause.get(name):
            blocks.append(f"**{title}:** {plain(cause[name])}")
    return blocks


def _chart(part: Mapping[str, Any]) -> list[str]:
    """What a chart is of; its numbers are in the tables and in the JSON."""
    note = f" {plain(part['note'])}" if part["note"] else ""
    return [f"*Chart, drawn in the PDF and the HTML: {plain(part['title'].rstrip('?.'))}.*{note}"]
