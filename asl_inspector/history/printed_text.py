"""What a training run printed: epochs with their figures, and what it said about pre-trained weights.

An epoch starts at a line such as `Epoch 21/50:`; the figures are `name: number` pairs on that line and the ones below
it. Accuracies with a percent sign, or above 1, are percentages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from asl_inspector.history.records import History, Points, Printed

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf"
# Every pattern takes time that is linear in the line: none tries one stretch of it from many starts.
EPOCH = re.compile(r"\bepoch\s{0,8}[:#\[(]?\s{0,8}(\d{1,9})\s{0,8}(?:/|of|\])?\s{0,8}(\d{1,9})?", re.IGNORECASE)
VALUE = re.compile(rf"[:=]\s{{0,8}}({NUMBER})\s{{0,8}}(%?)", re.IGNORECASE)
NAME = re.compile(r"[A-Za-z][A-Za-z _-]*$")
BRACKETS = re.compile(r"\([^()]*\)")
CLAIM_WORDS = ("train", "random", "checkpoint")
LOADED = re.compile(
    r"USING PRE-?TRAINED|PRE-?TRAINED \(Stage 1\)|loaded pre-?trained|checkpoint loaded successfully", re.IGNORECASE
)
NOT_LOADED = re.compile(
    r"could not load pre-?trained|using random (?:encoder )?initiali[sz]ation|with random initiali[sz]ation|RANDOM INIT"
    r"|initiali[sz]ation: RANDOM|Stage 1 checkpoint not (?:found|loaded)|checkpoint not found",
    re.IGNORECASE,
)
LONGEST_LINE = 2_000
LONGEST_FIGURE_NAME = 80
LONGEST_NUMBER = 300
NAMES = {
    "train loss": "train_loss",
    "training loss": "train_loss",
    "val loss": "val_loss",
    "valid loss": "val_loss",
    "validation loss": "val_loss",
    "val acc": "val_acc",
    "val accuracy": "val_acc",
    "validation accuracy": "val_acc",
    "train acc": "train_acc",
    "train accuracy": "train_acc",
    "training accuracy": "train_acc",
}


@dataclass(slots=True)
class _Epoch:
    number: int
    figures: dict[str, float] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)


def read_printed(source: str, lines: Iterable[tuple[str, str]], errors: tuple[str, ...] = ()) -> History:
    """The history that printed lines tell.

    Args:
        source: Name of the file.
        lines: `(where, line)` in order.
        errors: Error messages that were printed.
    """
    epochs: list[_Epoch] = []
    stage1: list[Printed] = []
    for where, whole_line in lines:
        line = whole_line[:LONGEST_LINE]
        if claim := _claim(line, where):
            stage1.append(claim)
        started = EPOCH.match(line.strip().lstrip("=-# "))
        if started:
            number = int(started[1])
            if not epochs or epochs[-1].number != number:
                epochs.append(_Epoch(number))
            line = line[line.find(started[0]) + len(started[0]) :]
        if epochs:
            _take_figures(epochs[-1], line)
    told = [epoch for epoch in epochs if epoch.figures]
    return _history(source, told, tuple(stage1), errors)


def _claim(line: str, where: str) -> Printed | None:
    """What the line says about pre-trained weights; a denial outweighs the words it denies."""
    folded = line.lower()
    if not any(word in folded for word in CLAIM_WORDS):
        return None
    if NOT_LOADED.search(line):
        return Printed(line.strip(), where, loaded=False)
    if LOADED.search(line):
        return Printed(line.strip(), where, loaded=True)
    return None


def _take_figures(epoch: _Epoch, line: str) -> None:
    """Write the figures of a line into its epoch; the first of a name counts."""
    inside_brackets = [match.span() for match in BRACKETS.finditer(line)]
    before = 0
    for match in VALUE.finditer(line):
        start = max(before, match.start() - LONGEST_FIGURE_NAME)
        named = NAME.search(line[start : match.start()].rstrip())
        before = match.end()
        if named is None or len(match[1]) > LONGEST_NUMBER:
            continue
        name = " ".join(named[0].lower().replace("_", " ").replace("-", " ").split())
        value = float(match[1])
        known = NAMES.get(name)
        if known is None:
            if any(first < match.start() < last for first, last in inside_brackets):
                epoch.parts.setdefault(named[0].strip(), value)
            continue
        if known.endswith("acc") and (match[2] or value > 1):
            value /= 100
        epoch.figures.setdefault(known, value)


def _history(source: str, epochs: list[_Epoch], stage1: tuple[Printed, ...], errors: tuple[str, ...]) -> History:
    def column(name: str) -> Points:
        values = tuple(epoch.figures.get(name) for epoch in epochs)
        return values if any(value is not None for value in values) else ()

    named = Counter(name for epoch in epochs for name in epoch.parts)
    part_names = [name for name, count in named.items() if 2 * count > len(epochs)]
    return History(
        source=source,
        epochs=tuple(epoch.number for epoch in epochs),
        train_loss=column("train_loss"),
        val_loss=column("val_loss"),
        val_acc=column("val_acc"),
        train_acc=column("train_acc"),
        parts=tuple((name, tuple(epoch.parts.get(name) for epoch in epochs)) for name in part_names),
        stage1=stage1,
        errors=errors,
    )
