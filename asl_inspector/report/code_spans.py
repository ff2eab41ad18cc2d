"""Code in sentences: what the program's own words put between backticks.

Everything that a file says stands between “ and ” in such a sentence, backticks and all, and stays as it is. Code is
marked by two control characters, which no text of a file has any more once it was made visible; renderers look for
these alone, so that a text that is not the program's is never taken apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SPAN = re.compile(r"“[^”]*”|`([^`\n]+)`")
BEGINS, ENDS = "\x02", "\x03"
MARKED = re.compile(f"{BEGINS}([^{BEGINS}{ENDS}]*){ENDS}")
SENTENCES = ("text", "next_experiment", "fix", "how", "expectation", "would_change")  # of a part, whole


def marked(text: str) -> str:
    """A sentence of the program's with its code marked."""
    return SPAN.sub(lambda found: found[0] if found[1] is None else f"{BEGINS}{found[1]}{ENDS}", text)


def spans(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a marked sentence in order, each with True where it is code."""
    end = 0
    for found in MARKED.finditer(text):
        if found.start() > end:
            yield text[end : found.start()], False
        yield found[1], True
        end = found.end()
    if end < len(text) or not text:
        yield text[end:], False


def mark_document(document: dict[str, Any]) -> None:
    """Mark the code in every sentence of a document, in place: in paragraphs, lists, causes and cells of sentences."""
    document["summary"] = marked(document["summary"])
    document["problems"] = [[marked(one) for one in problem] for problem in document["problems"]]
    for section in (*document["front"], *document["sections"]):
        section["parts"] = [_marked_part(part) for part in section["parts"]]


def _marked_part(part: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(part)
    for name in SENTENCES:
        if name in made:
            made[name] = marked(made[name])
    match part["kind"]:
        case "list":
            made["items"] = [[lead, marked(text)] for lead, text in part["items"]]
        case "table":
            made["rows"] = [
                [marked(cell) if prose else cell for cell, prose in zip(row, part["prose"], strict=True)]
                for row in part["rows"]
            ]
        case "cause":
            made["evidence"] = [[sign, marked(text), *rest] for sign, text, *rest in part["evidence"]]
            if part["counterfactual"] is not None:
                made["counterfactual"] = dict(part["counterfactual"]) | {"how": marked(part["counterfactual"]["how"])}
    return made
