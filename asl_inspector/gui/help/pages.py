"""The pages of the user guide: their order, their sections, and a search through all of them. No Qt.

The anchor of a heading is made as the usual hosts of Markdown make it, so that one link works in the window and on the web.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.diagnosis.remedies import REMEDIES

CONTENTS = "README.md"
FIRST = "first-minutes.md"
HEADING = re.compile(r"^(#{1,6}) +(.+?) *$")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
PAGE_LINK = re.compile(r"\]\(([\w-]+\.md)\)")
RULE = re.compile(r"^\|[-| :]+\|$", re.MULTILINE)
AROUND = 70  # characters of a snippet before and after what was found


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is below it, up to the next one.

    Attributes:
        level: 1 for the page's title, 2 for its sections and so on.
        title: Without markup.
        anchor: The part of a link after "#".
        text: What is below, without markup, in one line.
    """

    level: int
    title: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the guide.

    Attributes:
        name: File name, such as "causes.md".
        title: Its first heading.
        sections: Its headings with their texts, the title first.
    """

    name: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A section in which something was found.

    Attributes:
        page: The page.
        section: The section.
        snippet: What stands around it, in one line.
    """

    page: Page
    section: Section
    snippet: str

    @property
    def place(self) -> str:
        """Where it is, as in a link."""
        return f"{self.page.name}#{self.section.anchor}"


def read_guide(folder: Path) -> tuple[Page, ...]:
    """The pages in the order of the contents page, that one first.

    Args:
        folder: The folder with the pages.
    """
    contents = (folder / CONTENTS).read_text(encoding="utf-8")
    names = dict.fromkeys([CONTENTS, *PAGE_LINK.findall(contents)])
    pages = []
    for name in names:
        sections = sections_of((folder / name).read_text(encoding="utf-8"))
        pages.append(Page(name, sections[0].title, sections))
    return tuple(pages)


def sections_of(markdown: str) -> tuple[Section, ...]:
    """The headings of a page; what looks like one inside a block of code is none."""
    found: list[tuple[int, str, list[str]]] = []
    in_code = False
    for line in markdown.splitlines():
        in_code ^= line.startswith("```")
        heading = None if in_code else HEADING.match(line)
        if heading is not None:
            found.append((len(heading[1]), heading[2], []))
        elif found:
            found[-1][2].append(line)
    seen: Counter[str] = Counter()
    sections = []
    for level, title, lines in found:
        anchor = anchor_of(title)
        number = seen[anchor]
        seen[anchor] += 1
        sections.append(
            Section(level, plain(title), f"{anchor}-{number}" if number else anchor, plain("\n".join(lines)))
        )
    return tuple(sections)


def anchor_of(title: str) -> str:
    """The anchor of a heading: small letters, hyphens for spaces, no other punctuation."""
    words = re.sub(r"[^\w\- ]", "", plain(title).lower())
    return words.replace(" ", "-")


def plain(markdown: str) -> str:
    """The words of a text, without links, emphasis, code marks, rules and bars of tables, in one line."""
    text = RULE.sub(" ", LINK.sub(r"\1", markdown))
    return " ".join(re.sub(r"\*{1,2}|`+|\|", " " if "|" in text else "", text).split())


def search(pages: tuple[Page, ...], wanted: str) -> list[Hit]:
    """The sections that hold every word of `wanted`, whatever its case; those with the words in their title first."""
    words = wanted.casefold().split()
    hits: list[tuple[int, Hit]] = []
    for page in pages[1:] if words else ():  # the contents page names everything and explains nothing
        for section in page.sections:
            title, text = section.title.casefold(), section.text.casefold()
            if all(word in title or word in text for word in words):
                rank = sum(word not in title for word in words)
                hits.append((rank, Hit(page, section, _snippet(section.text, words))))
    return [hit for _, hit in sorted(hits, key=lambda one: one[0])]


def _snippet(text: str, words: list[str]) -> str:
    places = [place for word in words if (place := text.casefold().find(word)) >= 0]
    if not places:
        return text[: 2 * AROUND].strip()
    start = max(0, min(places) - AROUND)
    end = min(places) + AROUND
    before = "... " if start else ""
    after = " ..." if end < len(text) else ""
    start = text.find(" ", start) + 1 if start else 0
    end = text.rfind(" ", 0, end) if after else len(text)
    return before + text[start:end].strip() + after


def place_of_panel(title: str) -> str:
    """Where the guide tells of a panel."""
    return f"panels.md#{anchor_of(title)}"


def place_of_cause(cause: str) -> str:
    """Where the guide tells of a cause, by its id."""
    return f"causes.md#{anchor_of(REMEDIES[cause].title)}"
