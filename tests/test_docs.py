"""The documentation is true where a test can tell: links lead somewhere, and what the program says the guide says too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from draw_architecture import SCHEMES, drawn, rows_of_rooms

from asl_inspector.bundled_files import documentation
from asl_inspector.commands.parsing import parser
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.gui.help.pages import place_of_cause, place_of_panel, plain, read_guide, sections_of
from asl_inspector.gui.menus import keys_of
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.report.why import WHY

ROOT = Path(__file__).parents[1]
GUIDE = documentation() / "guide"
PAGES = sorted({ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")})
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"(?:\]\(|(?:src|srcset|href)=\")([^)\"\s]+)")


def links_of(page: Path) -> Iterator[str]:
    yield from LINK.findall(CODE.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_anchor_leads_somewhere(page: Path) -> None:
    for link in links_of(page):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            anchors = [section.anchor for section in sections_of(target.read_text(encoding="utf-8"))]
            assert anchor in anchors, f"{link}: no such heading"


def test_the_guide_links_only_to_what_comes_with_the_program() -> None:
    """Help shows the guide from the folder of the documentation alone: a link out of it would lead nowhere."""
    for page in GUIDE.glob("*.md"):
        for link in links_of(page):
            if not link.startswith(("https://", "#")):
                target = (page.parent / unquote(link).partition("#")[0]).resolve()
                assert target.is_relative_to(GUIDE.parent), f"{page.name}: {link}"


def test_every_page_of_the_guide_is_in_its_contents() -> None:
    assert {page.name for page in read_guide(GUIDE)} == {path.name for path in GUIDE.glob("*.md")}


def test_every_cause_has_a_section_that_says_what_how_and_from_where() -> None:
    sections = {section.anchor: section for section in sections_of((GUIDE / "causes.md").read_text(encoding="utf-8"))}
    for cause, remedy in REMEDIES.items():
        section = sections[place_of_cause(cause).partition("#")[2]]
        assert section.title == remedy.title
        assert section.text.startswith(f"{cause} ")
        for part in ("What it means.", "How it looks.", "How to fix it.", "Source."):
            assert part in section.text, f"{cause} lacks “{part}”"


def test_causes_are_told_in_the_order_of_their_kinds() -> None:
    titles = [section.title for section in sections_of((GUIDE / "causes.md").read_text(encoding="utf-8"))]
    families = [remedy.family for remedy in sorted(REMEDIES.values(), key=lambda one: titles.index(one.title))]
    assert families == sorted(families)


def test_every_panel_has_a_section_with_its_keys() -> None:
    sections = {section.anchor: section for section in sections_of((GUIDE / "panels.md").read_text(encoding="utf-8"))}
    for number, title in enumerate(PANELS, start=1):
        section = sections[place_of_panel(title).partition("#")[2]]
        assert section.title == title
        assert section.text.startswith(f"{keys_of(number - 1)}. ")


def test_the_guide_says_why_in_the_same_words() -> None:
    said = [
        (section.title, section.text) for section in sections_of((GUIDE / "figures.md").read_text(encoding="utf-8"))
    ]
    for name, text in WHY.items():
        assert (name, plain(text)) in said


def test_every_option_of_the_command_line_is_in_the_guide() -> None:
    page = (GUIDE / "command-line.md").read_text(encoding="utf-8")
    commands = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    for name, command in commands.items():  # type: ignore[union-attr]
        assert f"\n## {name}\n" in page
        options = [option for action in command._actions for option in action.option_strings if option.startswith("--")]
        missing = [option for option in options if option != "--help" and option not in page]
        assert not missing, f"{name}: {missing}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_picture_of_the_architecture_is_that_of_the_contract(scheme: str) -> None:
    assert (ROOT / "docs" / "pictures" / f"architecture-{scheme}.svg").read_text(encoding="utf-8") == drawn(scheme)


def test_every_room_of_the_program_is_in_the_picture() -> None:
    there = {path.stem for path in (ROOT / "asl_inspector").glob("[a-z]*") if path.suffix == ".py" or path.is_dir()}
    assert {room for row in rows_of_rooms() for room in row} == there


def test_every_room_is_told_of() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {room for row in rows_of_rooms() for room in row}
    assert {room for room in rooms if f"`{room}.py`" not in page and f"`{room}/`" not in page} == set()
