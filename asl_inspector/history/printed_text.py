"""What a training run printed: epochs with their figures, and what it said about pre-trained weights.

An epoch starts at a line such as `Epoch 21/50:`; the figures are `name: number` pairs on that line and the ones below
it (`text_logs` has the shapes). The first figure of a name counts, but for progress bars, of which the last does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from asl_inspector.history.figures import Epoch, Side, build, figure_of, is_bare_side, last_of_several
from asl_inspector.history.records import History, Printed, Stated
from asl_inspector.history.text_logs import LONGEST_LINE, Figure, dict_of, epoch_of, figures_of, heading_of, is_bar

LOADED = re.compile(
    r"USING PRE-?TRAINED|PRE-?TRAINED \(Stage 1\)|loaded pre-?trained|checkpoint loaded successfully", re.IGNORECASE
)
NOT_LOADED = re.compile(
    r"could not load pre-?trained|using random (?:encoder )?initiali[sz]ation|with random initiali[sz]ation|RANDOM INIT"
    r"|initiali[sz]ation: RANDOM|Stage 1 checkpoint not (?:found|loaded)|checkpoint not found",
    re.IGNORECASE,
)
STATED = re.compile(
    r"\b(best|final)\s+val(?:idation)?[ _-]?acc(?:uracy)?\s*[:=]?\s*(\d+(?:\.\d+)?)\s*(%?)(?:\D{0,20}\bepoch\D{0,3}(\d+))?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Reader:
    """Lines one after the other."""

    epochs: list[Epoch] = field(default_factory=list)
    side: Side | None = None

    def read(self, line: str, where: str) -> None:
        """Take the epoch that starts on this line, and its figures."""
        number, found = dict_of(line)
        if number is not None:
            self._start(number, where)
            self._take(found, passing=True)
            return
        started = epoch_of(line)
        rest = line
        if started:
            number, rest = started
            self._start(number, where)
            self.side = None
        elif heading := heading_of(line):
            self.side = heading
        if self.epochs:
            found = list(figures_of(rest, self.side, spaced=started is not None))
            self._take(found, passing=is_bar(line), on_heading=started is not None)

    def _start(self, number: int, where: str) -> None:
        if not self.epochs or self.epochs[-1].number != number:
            self.epochs.append(Epoch(number, where))

    def _take(self, figures: list[Figure], *, passing: bool, on_heading: bool = True) -> None:
        epoch = self.epochs[-1]
        for figure in figures:
            if is_bare_side(figure.name) and not on_heading:
                continue
            known = figure_of(figure.name, figure.side)
            if known is not None and not (figure.in_brackets and known not in epoch.figures and _is_bare(figure.name)):
                if figure.share and not known.endswith("acc"):
                    continue
                epoch.take(known, figure.value, percent=figure.percent, share=figure.share, passing=passing)
            elif figure.in_brackets:
                epoch.parts.setdefault(figure.name, figure.value)


def _is_bare(name: str) -> bool:
    """True for "loss" alone, which in brackets is rather a part of another figure."""
    return len(name.split()) == 1 and "_" not in name


def read_printed(
    source: str, lines: Iterable[tuple[str, str]], errors: tuple[str, ...] = (), *, kind: str = "log"
) -> History:
    """The history that printed lines tell.

    Args:
        source: Name of the file.
        lines: `(where, line)` in order.
        errors: Error messages that were printed.
        kind: "log" or "notebook".
    """
    reader = _Reader()
    stage1: list[Printed] = []
    stated: list[Stated] = []
    for where, whole_line in lines:
        line = whole_line[:LONGEST_LINE]
        if claim := _claim(line, where):
            stage1.append(claim)
        if of_run := _stated(line, where):
            stated.append(of_run)
        reader.read(line, where)
    told, notes = last_of_several(reader.epochs)
    history = build(source, told, kind=kind)
    return replace(history, stage1=tuple(stage1), errors=errors, stated=_final_ones(stated), notes=tuple(notes))


def _claim(line: str, where: str) -> Printed | None:
    """What the line says about pre-trained weights; a denial outweighs the words it denies."""
    if NOT_LOADED.search(line):
        return Printed(line.strip(), where, loaded=False)
    if LOADED.search(line):
        return Printed(line.strip(), where, loaded=True)
    return None


def _stated(line: str, where: str) -> Stated | None:
    """The best or final accuracy that a line states."""
    found = STATED.search(line)
    if found is None:
        return None
    value = float(found[2])
    fraction = value / 100 if found[3] or value > 1 else value
    if fraction > 1:
        return None
    epoch = int(found[4]) if found[4] else None
    return Stated("best" if found[1].lower() == "best" else "final", fraction, epoch, line.strip(), where)


def _final_ones(stated: list[Stated]) -> tuple[Stated, ...]:
    """The last statement of each kind: while a run goes on, the best so far is stated again and again."""
    last = {one.kind: one for one in stated}
    return tuple(last.values())
