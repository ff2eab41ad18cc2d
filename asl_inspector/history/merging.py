"""Several sources of one run are laid over each other, and where they disagree both are named.

The source that tells most epochs leads. Another is laid over it where its numbers are those of the leader, as far as
either wrote them out; one that counts epochs from another start is shifted by one, one that writes percentages where
the leader writes fractions is scaled. What a source alone tells is filled in. A number that two sources tell
differently is a contradiction; where that is so for most of what they share, the other source is of another run and is
left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from asl_inspector.history.records import FIGURE_NAMES, Contradiction, FigureName, History, Points, Stated

MOST_NAMED = 12
SHIFTS = (0, 1, -1)
OTHER_RUN = 0.5  # share of differing numbers from which two sources are of different runs
FLOAT32 = 1e-6  # relative; event files and checkpoints may have gone through single precision
WORDS: dict[FigureName, str] = {
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "val_acc": "validation accuracy",
    "train_acc": "training accuracy",
    "learning_rate": "learning rate",
}


@dataclass(frozen=True, slots=True)
class _Fit:
    """How the epochs of another source lie over the leader's.

    Attributes:
        shift: Added to the other's epochs.
        shared: Numbers that both tell.
        differing: Of those, the ones that differ: figure, epoch, indices in the leader and in the other.
    """

    shift: int
    shared: int
    differing: tuple[tuple[FigureName, int, int, int], ...]


def merge(histories: Sequence[History]) -> History | None:
    """One history of all sources, or None where there is none.

    What several printed about pre-trained weights is kept of the leader, else of the first that has any.
    """
    if not histories:
        return None
    leader, *others = sorted(histories, key=_rank)
    merged = leader
    used, notes = [leader.source], list(leader.notes)
    contradictions = list(_of_statements(leader))
    for one_more in others:
        merged, other = _on_one_scale(merged, one_more)
        stage1 = merged.stage1 or tuple(replace(one, where=f"{other.source}, {one.where}") for one in other.stage1)
        hints = merged.hints + tuple(
            replace(one, where=f"{other.source}, {one.where}".rstrip(", "))
            for one in other.hints
            if (one.id, one.text) not in {(known.id, known.text) for known in merged.hints}
        )
        known_names = dict(merged.names)
        names = merged.names + tuple(one for one in other.names if one[0] not in known_names)
        merged = replace(merged, stage1=stage1, hints=hints, errors=merged.errors or other.errors, names=names)
        if not other.epochs:
            continue
        if other.axis != leader.axis:
            notes.append(
                f"“{other.source}” counts {other.axis}s and “{leader.source}” {leader.axis}s; only the latter is shown."
            )
            continue
        fit = min((_fit(merged, other, shift) for shift in SHIFTS), key=_misfit)
        if fit.shared and len(fit.differing) > OTHER_RUN * fit.shared and fit.shared > 1:
            contradictions.append(_other_run(merged, other, fit))
            continue
        contradictions += _named(merged, other, fit)
        contradictions += [one for one in _of_statements(other) if one not in contradictions]
        merged = _laid_over(merged, other, fit.shift)
        used.append(other.source)
        notes += other.notes
    return replace(
        merged,
        sources=tuple(dict.fromkeys(used)) if len(used) > 1 else (),
        notes=tuple(dict.fromkeys(notes)),
        contradictions=tuple(dict.fromkeys(contradictions)),
    )


def _rank(history: History) -> tuple[bool, int, int]:
    """What makes a source lead, smallest first: that it is no set of checkpoints, its epochs, its figures."""
    figures = sum(bool(history.column(name)) for name in FIGURE_NAMES)
    return history.kind == "checkpoints", -len(history.epochs), -figures


def _decimals(values: Points) -> int:
    """Most decimals that any number of a column is written with; 17 where it is not rounded."""
    most = 0
    for value in values:
        if value is None or not math.isfinite(value):
            continue
        text = f"{value:.12g}"
        if "e" in text:
            return 17
        most = max(most, len(text.partition(".")[2]))
    return most


def _same(first: float, second: float, decimals: int) -> bool:
    if math.isnan(first) or math.isnan(second) or math.isinf(first) or math.isinf(second):
        return first == second or (math.isnan(first) and math.isnan(second))
    return abs(first - second) <= 0.501 * 10.0**-decimals + FLOAT32 * max(abs(first), abs(second))


def _fit(leader: History, other: History, shift: int) -> _Fit:
    places = {epoch: index for index, epoch in enumerate(leader.epochs)}
    shared, differing = 0, []
    for name in FIGURE_NAMES:
        ours, theirs = leader.column(name), other.column(name)
        if not ours or not theirs:
            continue
        decimals = min(_decimals(ours), _decimals(theirs))
        for index, epoch in enumerate(other.epochs):
            at = places.get(epoch + shift)
            a = ours[at] if at is not None and at < len(ours) else None
            b = theirs[index] if index < len(theirs) else None
            if at is None or a is None or b is None:
                continue
            shared += 1
            if not _same(a, b, decimals):
                differing.append((name, epoch + shift, at, index))
    return _Fit(shift, shared, tuple(differing))


def _misfit(fit: _Fit) -> tuple[float, int, int]:
    """Smaller is better: share of numbers that differ, then most that are shared, then no shift."""
    share = len(fit.differing) / fit.shared if fit.shared else 1.0
    return share, -fit.shared, abs(fit.shift)


def _on_one_scale(leader: History, other: History) -> tuple[History, History]:
    """Both with accuracies on one scale.

    Percentages that never exceed 1 look like fractions; beside another source a hundred times smaller they do not.
    """
    accuracies: tuple[FigureName, ...] = ("val_acc", "train_acc")
    for name in accuracies:
        ours = [value for value in leader.column(name) if value]
        theirs = [value for value in other.column(name) if value]
        if ours and theirs and 80 < max(theirs) / max(ours) < 125:
            other = _hundredth(other, name)
        elif ours and theirs and 80 < max(ours) / max(theirs) < 125:
            leader = _hundredth(leader, name)
    return leader, other


def _hundredth(history: History, name: FigureName) -> History:
    values = tuple(None if value is None else value / 100 for value in history.column(name))
    return replace(history, val_acc=values) if name == "val_acc" else replace(history, train_acc=values)


def value_words(name: FigureName | str, value: float) -> str:
    """A figure as it is written in sentences."""
    return f"{100 * value:.2f} %" if name.endswith("acc") else f"{value:.4g}" if abs(value) >= 1000 else f"{value:.4f}"


def _named(leader: History, other: History, fit: _Fit) -> list[Contradiction]:
    found = []
    for name, epoch, at, index in fit.differing[:MOST_NAMED]:
        a, b = leader.column(name)[at], other.column(name)[index]
        if a is None or b is None:
            continue
        sentence = (
            f"The {WORDS[name]} of {leader.axis} {epoch} is {value_words(name, a)} in “{leader.source}” "
            f"({_where(leader, at)}) and {value_words(name, b)} in “{other.source}” ({_where(other, index)})."
        )
        found.append(Contradiction(sentence, name, epoch))
    more = len(fit.differing) - len(found)
    if more > 0:
        found.append(Contradiction(f"“{leader.source}” and “{other.source}” differ in {more} further numbers."))
    return found


def _where(history: History, index: int) -> str:
    return (history.places[index] if index < len(history.places) else "") or f"{history.axis} {history.epochs[index]}"


def _other_run(leader: History, other: History, fit: _Fit) -> Contradiction:
    name, epoch, at, index = fit.differing[0]
    a, b = leader.column(name)[at], other.column(name)[index]
    example = (
        f": the {WORDS[name]} of {leader.axis} {epoch} is {value_words(name, a)} in the one and {value_words(name, b)} in the other"
        if a is not None and b is not None
        else ""
    )
    return Contradiction(
        f"“{leader.source}” ({_where(leader, at)}) and “{other.source}” ({_where(other, index)}) tell of different runs; "
        f"{len(fit.differing)} of {fit.shared} numbers differ{example}. Only “{leader.source}” is shown.",
        name,
        epoch,
    )


def _laid_over(leader: History, other: History, shift: int) -> History:
    """The leader with what the other alone tells."""
    numbers = sorted({*leader.epochs, *(epoch + shift for epoch in other.epochs)})
    ours = {epoch: index for index, epoch in enumerate(leader.epochs)}
    theirs = {epoch + shift: index for index, epoch in enumerate(other.epochs)}

    def laid(first: Points, second: Points) -> Points:
        values = tuple(_at(first, ours.get(epoch), _at(second, theirs.get(epoch), None)) for epoch in numbers)
        return values if any(value is not None for value in values) else ()

    columns = {name: laid(leader.column(name), other.column(name)) for name in FIGURE_NAMES}
    parts = dict(leader.parts) | {name: values for name, values in other.parts if name not in dict(leader.parts)}
    own = {name for name, _ in leader.parts}
    return replace(
        leader,
        epochs=tuple(numbers),
        places=tuple(
            _where(leader, ours[epoch]) if epoch in ours else f"{other.source}, {_where(other, theirs[epoch])}"
            for epoch in numbers
        ),
        parts=tuple((name, laid(values, ()) if name in own else laid((), values)) for name, values in parts.items()),
        stated=leader.stated or other.stated,
        **columns,  # type: ignore[arg-type]
    )


def _at(values: Points, index: int | None, otherwise: float | None) -> float | None:
    found = values[index] if index is not None and index < len(values) else None
    return otherwise if found is None else found


def _of_statements(history: History) -> list[Contradiction]:
    """Where a run states a best or final accuracy that its own epochs do not have."""
    known = [(value, index) for index, value in enumerate(history.val_acc) if value is not None]
    if len(known) < 2:
        return []
    return [found for stated in history.stated if (found := _statement(history, stated, known))]


def _statement(history: History, stated: Stated, known: list[tuple[float, int]]) -> Contradiction | None:
    decimals = min(_decimals(history.val_acc), _decimals((stated.value,)) or 2)
    value, index = max(known, key=lambda pair: (pair[0], -pair[1])) if stated.kind == "best" else known[-1]
    named = next((one for one in known if stated.epoch is not None and history.epochs[one[1]] == stated.epoch), None)
    if not _same(value, stated.value, max(2, decimals)):
        what = "highest" if stated.kind == "best" else "last"
        return Contradiction(
            f"“{history.source}” states a {stated.kind} validation accuracy of {value_words('val_acc', stated.value)} "
            f"({stated.where}), but the {what} of its epochs is {value_words('val_acc', value)} "
            f"({history.axis} {history.epochs[index]}, {_where(history, index)}).",
            "val_acc",
            history.epochs[index],
        )
    if named is not None and not _same(named[0], stated.value, max(2, decimals)):
        return Contradiction(
            f"“{history.source}” states that {history.axis} {stated.epoch} reached {value_words('val_acc', stated.value)} "
            f"({stated.where}), but that epoch has {value_words('val_acc', named[0])} ({_where(history, named[1])}).",
            "val_acc",
            stated.epoch,
        )
    return None
