"""The shapes in which training scripts print: where an epoch starts on a line, and which figures the line holds.

Known: `Epoch 3/50: ...` with figures on the same line or below; Keras (`51/51 [====] - 2s - loss: 0.2 - val_accuracy:
0.5`); progress bars that return to the start of the line (tqdm, Lightning); dicts (`{'eval_loss': 0.5, 'epoch': 1.0}`,
JSON lines); fairseq (`epoch 003 | loss 4.2`); `[12] train 0.3 val 0.4`; a logger's time and level before any of them.

All patterns are bounded, and lines longer than `LONGEST_LINE` are cut: a log may hold anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from asl_inspector.history.figures import Side, side_of, words_of

LONGEST_LINE = 2_000
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?:nan|inf)\b"
NAME = r"(?<![A-Za-z0-9])[A-Za-z]\w{0,40}(?:[ ./@-](?:[A-Za-z]\w{0,40}|[15]\b)){0,4}"
STAMP = r"\[?\d{4}[-/]\d\d[-/]\d\d[T ,]*\d\d:\d\d"
EPOCH = re.compile(
    r"(?:(?:train|training|val|valid|validation|eval)\s+)?\bep(?:och)?\b\s*[:#\[(=]?\s*(\d+)\s*(?:/|of|\])?\s*(\d+)?",
    re.IGNORECASE,
)
EPOCH_WITHIN = re.compile(r"\bep(?:och)?\b\s*[:#\[(=]?\s*(\d+)\s*(?:/|of|\])?\s*(\d+)?", re.IGNORECASE)
BRACKETED = re.compile(r"\[\s*(\d+)(?:\s*/\s*\d+)?\s*\]\s+(?=[A-Za-z])")
ITEM = re.compile(rf"[\"']([A-Za-z][\w ./@-]{{0,60}})[\"']\s*:\s*[\"']?({NUMBER})", re.IGNORECASE)
FIGURE = re.compile(rf"({NAME})\s*[:=]\s*({NUMBER})\s*(%|/\s*\d+(?![\d.]))?", re.IGNORECASE)
SPACED = re.compile(rf"({NAME})\s+({NUMBER})\s*(%)?(?![\w/])", re.IGNORECASE)
BAR = re.compile(r"\d+/\d+\s*\[|\d+%\||it/s|s/it|s/step|\x08|\[\d+/\d+ \(\d+%\)\]")
HEADING = re.compile(
    r"\W*(train\w*|val\w*|eval\w*|dev|test\w*)(?:\s+(?:set|phase|results?|metrics?))?\W*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One `name: number` pair of a line.

    Attributes:
        name: As written.
        value: The number; a count of clips is already divided by their number.
        percent: True where a percent sign followed.
        share: True where it was a count of clips, such as `12/168`.
        side: What the line said before it, or None.
        in_brackets: True inside round brackets.
    """

    name: str
    value: float
    percent: bool = False
    share: bool = False
    side: Side | None = None
    in_brackets: bool = False


def epoch_of(line: str) -> tuple[int, str] | None:
    """The epoch that starts on a line and what follows it, or None."""
    bare = line.strip().lstrip("=-#|*> ")
    found = EPOCH.match(bare) or (EPOCH_WITHIN.search(bare, 0, 160) if re.match(STAMP, bare) else None)
    if found:
        before = bare[: found.end()]
        side = side_of(words_of(before))
        return int(found[1]), (f"{side} " if side else "") + bare[found.end() :]
    if bracketed := BRACKETED.match(bare):
        return int(bracketed[1]), bare[bracketed.end() :]
    return None


def dict_of(line: str) -> tuple[int | None, list[Figure]]:
    """Epoch and figures of a line that holds a dict with an epoch; `(None, [])` for other lines.

    A fraction of an epoch belongs to the epoch that it is part of: 0.5 and 1.0 to the first.
    """
    start = line.find("{")
    if start < 0 or "}" not in line[start:]:
        return None, []
    pairs = ITEM.findall(line[start:])
    numbers = {name.lower(): number for name, number in pairs}
    if "epoch" not in numbers or "train_runtime" in numbers:  # the latter sums up the whole run
        return None, []
    epoch = float(numbers["epoch"])
    if not math.isfinite(epoch) or abs(epoch) > 1e9:
        return None, []
    side = side_of(words_of(line[:start]))
    figures = [Figure(name, float(number), side=side) for name, number in pairs if name != "epoch"]
    return math.ceil(epoch - 1e-9), figures


def figures_of(line: str, side: Side | None, *, spaced: bool) -> Iterator[Figure]:
    """The figures of a line, in order.

    Args:
        line: Without the epoch it starts with.
        side: What the lines before said.
        spaced: True where a name and its number may be parted by a space alone.
    """
    brackets = [match.span() for match in re.finditer(r"\([^)]{0,400}\)", line)]
    matches = list(FIGURE.finditer(line)) or (list(SPACED.finditer(line)) if spaced else [])
    end = 0
    for match in matches:
        said = [word for word in words_of(line[end : match.start()]) if side_of([word])]
        side = side_of(said[-1:]) or side_of(words_of(match[1])) or side
        end = match.end()
        value, unit = float(match[2]), match[3] or ""
        share = unit.startswith("/")
        if share:
            whole = float(unit[1:])
            value = value / whole if whole else math.nan
        inside = any(start < match.start() < stop for start, stop in brackets)
        yield Figure(match[1].strip(), value, unit == "%", share, side, inside)


def is_bar(line: str) -> bool:
    """True for a progress bar, whose figures are of the moment."""
    return BAR.search(line) is not None


def heading_of(line: str) -> Side | None:
    """The side that a line names and nothing else: "Validation:"."""
    found = HEADING.fullmatch(line)
    return side_of(words_of(found[1])) if found else None
