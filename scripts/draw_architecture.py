"""Draw the rooms of the program and which way imports point, from the import contract itself.

python scripts/draw_architecture.py docs/pictures
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "asl_inspector."
CONTRACT = "imports point down"
WIDTH, LEFT, RIGHT, TOP = 1080, 24, 196, 24
BOX, GAP, ROW_GAP = 44, 10, 14
LEAST = 92  # pixels of the narrowest box
LETTER, SMALL_LETTER = 7.6, 5.9  # pixels a letter takes, on average

# What a room does, in a word or two; rooms that are only named have none.
WHAT = {
    "cli": "where it starts",
    "commands": "the command line",
    "gui": "window, panels, plots",
    "engine": "the use cases behind a pipe",
    "inspection_epochs": "other checkpoints of the run",
    "case_files": "saved cases",
    "sweep": "many checkpoints",
    "inspection": "the use cases: open, run, diagnose, export",
    "inspection_unfinished": "how far an inspection has come",
    "inspection_files": "the files of a case",
    "inspection_networks": "its network",
    "inspection_clips": "its clips",
    "inspection_parts": "what these share",
    "report": "PDF, HTML, Markdown, JSON, CSV, text",
    "programs": "code that was allowed, in a process of its own",
    "diagnosis": "questions, findings, causes",
    "workers": "reading processes",
    "case": "files by role",
    "data": "clips looked through",
    "inference": "running, decoding",
    "outputs": "what a run saved of its answers",
    "networks": "from keys to a network",
    "samples": "clips and vocabularies",
    "checkpoints": "weights without running them",
    "history": "curves of a run",
    "sniffing": "what kind of file",
    "unpacking": "gzip",
    "hashing": "SHA-256",
    "inert_pickle": "pickles as records; calls nothing",
}
# Where the rooms of a row run: a process of its own each.
PLACES = (
    ("the window or the terminal", ("cli", "commands", "gui"), "a"),
    (
        "the engine's process",
        ("engine", "inspection", "report", "programs", "diagnosis", "case", "data", "inference"),
        "b",
    ),
    ("a process for each file", ("outputs", "networks", "samples", "checkpoints", "sniffing", "inert_pickle"), "c"),
    ("everywhere", ("mapped_file", "wire"), "d"),
)


@dataclass(frozen=True, slots=True)
class Colours:
    """One scheme; `fills` and `edges` by the letter of a place."""

    text: str
    muted: str
    line: str
    fills: dict[str, str]
    edges: dict[str, str]


ELSEWHERE = {"networks": "b"}  # rooms that run elsewhere than the others of their row

SCHEMES = {
    "light": Colours(
        "#1b2430",
        "#5c6775",
        "#aab4c0",
        {"a": "#e4eefc", "b": "#e2f3e6", "c": "#fdf1d3", "d": "#edf0f4"},
        {"a": "#2563cf", "b": "#1b6b34", "c": "#9a6a10", "d": "#7b8794"},
    ),
    "dark": Colours(
        "#e8ebef",
        "#9da8b5",
        "#56616d",
        {"a": "#24344d", "b": "#1c3826", "c": "#3b3018", "d": "#2a323c"},
        {"a": "#7fb0ff", "b": "#8bd6a0", "c": "#f3c969", "d": "#8d99a6"},
    ),
}


def rows_of_rooms() -> list[list[str]]:
    """The rooms by level, the highest first, as the contract has them."""
    held = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(one for one in held["tool"]["importlinter"]["contracts"] if one["name"] == CONTRACT)
    return [[name.strip().removeprefix(PACKAGE) for name in row.split("|")] for row in contract["layers"]]


def drawn(scheme: str) -> str:
    """The picture as SVG."""
    colours, rows = SCHEMES[scheme], rows_of_rooms()
    height = TOP + len(rows) * (BOX + ROW_GAP) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Inter, system-ui, sans-serif" role="img">',
        "<title>Rooms of the program, level by level; imports point down only</title>",
    ]
    place = PLACES[0]
    started: dict[str, int] = {}
    for number, rooms in enumerate(rows):
        place = next((one for one in PLACES if rooms[0] in one[1]), place)
        top = TOP + number * (BOX + ROW_GAP)
        started.setdefault(place[0], top)
        if number:
            parts.append(_arrow(top, colours))
        parts += _row(rooms, top, place[2], colours)
    ends = [*list(started.values())[1:], height - 4]
    for (words, top), end in zip(started.items(), ends, strict=True):
        letter = next(one[2] for one in PLACES if one[0] == words)
        parts.append(_bracket(words, top, end - ROW_GAP, colours.edges[letter]))
    return "\n".join([*parts, "</svg>", ""])


def _row(rooms: list[str], top: int, letter: str, colours: Colours) -> Iterator[str]:
    """Boxes side by side, each as wide as its words need, stretched to the whole width."""
    room = WIDTH - LEFT - RIGHT - GAP * (len(rooms) - 1)
    wanted = [max(LEAST, LETTER * len(name) + 18, SMALL_LETTER * len(WHAT.get(name, "")) + 18) for name in rooms]
    factor = room / sum(wanted)
    left = float(LEFT)
    for name, width in zip(rooms, wanted, strict=True):
        width *= factor
        words, look = WHAT.get(name, ""), ELSEWHERE.get(name, letter)
        size = min(13.0, 13 * width / (LETTER * len(name) + 12))
        yield (
            f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{BOX}" rx="7" fill="{colours.fills[look]}" '
            f'stroke="{colours.edges[look]}" stroke-opacity="0.55"/>'
        )
        middle = left + width / 2
        line = top + (20 if words else 28)
        yield (
            f'<text x="{middle:.1f}" y="{line}" text-anchor="middle" font-size="{size:.1f}" font-weight="600" '
            f'fill="{colours.text}">{escape(name)}</text>'
        )
        if words:
            size = min(10.5, 10.5 * width / (SMALL_LETTER * len(words) + 10))
            yield (
                f'<text x="{middle:.1f}" y="{top + 36}" text-anchor="middle" font-size="{size:.1f}" '
                f'fill="{colours.muted}">{escape(words)}</text>'
            )
        left += width + GAP


def _arrow(top: int, colours: Colours) -> str:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return (
        f'<path d="M{middle} {top - ROW_GAP + 3} v{ROW_GAP - 7} m-4 -4 l4 4 l4 -4" fill="none" '
        f'stroke="{colours.line}" stroke-width="1.6"/>'
    )


def _bracket(words: str, top: float, end: float, colour: str) -> str:
    left = WIDTH - RIGHT + 12
    return (
        f'<path d="M{left} {top} h8 V{end} h-8" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        f'<text x="{left + 18}" y="{(top + end) / 2 + 4}" font-size="12" fill="{colour}">{escape(words)}</text>'
    )


def main() -> None:
    """Write both pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        (out / f"architecture-{scheme}.svg").write_text(drawn(scheme), encoding="utf-8")


if __name__ == "__main__":
    main()
