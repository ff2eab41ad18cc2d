"""The evidence of a comparison, as sentences: for a common origin, against it, and what was set aside."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from asl_inspector.checkpoints.comparison_records import Clue, Comparison, Leaning, TensorComparison, ValueComparison
from asl_inspector.checkpoints.name_matching import COPIES, module_of
from asl_inspector.checkpoints.records import Checkpoint

CLOSE_COSINE = 0.99  # the tensor that moved most is still this close to its partner
CLOSE_DISTANCE = 0.15  # median |A - B| / |B| of an averaged copy or a neighbouring epoch
MOST_NAMED = 3
SMALLEST_P = 1e-300


@dataclass(frozen=True, slots=True)
class About:
    """What one side says of itself.

    Attributes:
        epoch: As stored, or None.
        step: The optimizer's, or None.
        has_optimizer: True where the file keeps one.
        is_copy: True where the name of the part or of its keys is that of an averaged copy.
    """

    epoch: int | None = None
    step: int | None = None
    has_optimizer: bool = False
    is_copy: bool = False

    @classmethod
    def of(cls, checkpoint: Checkpoint, part: tuple[str, ...], keys: list[str]) -> About:
        """What a checkpoint says."""
        words = {element.lower() for element in part} | {key.partition(".")[0].lower() for key in keys}
        copy_words = COPIES | {"swa", "ema_state_dict", "teacher_state_dict", "n_averaged"}
        contents = checkpoint.contents
        return cls(
            contents.epoch,
            contents.optimizer.step if contents.optimizer else None,
            contents.optimizer is not None,
            bool(words & copy_words),
        )


def clues_of(
    comparison: Comparison,
    rows: list[TensorComparison],
    heads: tuple[str, ...],
    a: About,
    b: About,
    *,
    is_average: bool,
) -> list[Clue]:
    """All evidence that the weights and the two runs' own records give.

    Args:
        comparison: The weights compared.
        rows: Its tensors, without the counters of averaging wrappers.
        heads: Modules of the output layer.
        a: What side A says of itself.
        b: The same for side B.
        is_average: True where one side is taken for an averaged copy.
    """
    return [
        *_equality(rows),
        *_agreement(rows),
        *_prints(comparison),
        *_closeness(rows, a, b, is_average=is_average),
        *_run(comparison, a, b),
        *_strangers(rows),
        *_unmatched(rows, heads),
        *_guesses(rows),
        *_aside(rows),
        *_doubts(comparison, rows),
    ]


def is_close(rows: list[TensorComparison]) -> bool:
    """Every tensor that can tell has moved, and none has moved far."""
    moved = [row for row in rows if row.status == "changed" and row.trace in ("trace", "small", "no-trace")]
    cosines = [row.cosine for row in moved if row.cosine is not None and row.trace == "trace"]
    distances = [row.relative_distance for row in moved if row.relative_distance is not None]
    if not cosines or not distances:
        return False
    return min(cosines) > CLOSE_COSINE and statistics.median(distances) < CLOSE_DISTANCE


def _equality(rows: list[TensorComparison]) -> list[Clue]:
    matched = [row for row in rows if row.status in ("equal", "changed")]
    exact = [row for row in matched if row.trace == "equal" and not row.equal_up_to]
    rounded = [row for row in matched if row.equal_up_to and row.trace == "equal"]
    clues = []
    if exact:
        text = f"{_tensors(len(exact))} of {len(matched)} {_are(len(exact))} equal, number for number: {_names(exact)}."
        clues.append(Clue("equal", "for", text))
    if rounded:
        kinds = " and ".join(sorted({row.equal_up_to for row in rounded}))
        text = f"{_tensors(len(rounded))} of {len(matched)} {_are(len(rounded))} equal up to {kinds} rounding."
        clues.append(Clue("rounded", "for", text))
    return clues


def _agreement(rows: list[TensorComparison]) -> list[Clue]:
    traced = [row for row in rows if row.trace == "trace" and not row.reordered]
    clues = []
    if traced:
        cosines = sorted(row.cosine for row in traced if row.cosine is not None)
        worst = max(row.null_p or 0.0 for row in traced)
        span = f", cosines {cosines[0]:.3g} to {cosines[-1]:.3g}" if len(cosines) > 1 else ""
        text = (
            f"The hidden units agree one by one in {_tensors(len(traced))}{span}. Renumbering the units of unrelated "
            f"networks gives such an agreement with {_p(worst)} at most."
        )
        clues.append(Clue("units", "for", text))
    reordered = [row for row in rows if row.reordered]
    if reordered:
        text = (
            f"{_tensors(len(reordered))} {_hold(len(reordered))} the same numbers in another order, as after a "
            f"renumbering of hidden units: {_names(reordered)}."
        )
        clues.append(Clue("reordered", "for", text))
    return clues


def _prints(comparison: Comparison) -> list[Clue]:
    kept = [one for one in comparison.fingerprints if one.null_p < 1e-6]
    lost = [one for one in comparison.fingerprints if one.null_p >= 1e-6]
    clues = []
    if kept:
        low = min(one.correlation for one in kept)
        text = (
            f"The difference of the two biases, which gets no gradient, is still the same in {_layers(len(kept))}: "
            f"r = {low:.4f} or more over {min(one.numbers for one in kept):,} numbers each."
        )
        clues.append(Clue("bias-fingerprint", "for", text))
    if lost:
        high = max(abs(one.correlation) for one in lost)
        text = (
            f"The difference of the two biases, which training does not touch, disagrees in {_layers(len(lost))}: "
            f"|r| = {high:.2f} at most."
        )
        clues.append(Clue("bias-fingerprint", "against", text))
    return clues


def _closeness(rows: list[TensorComparison], a: About, b: About, *, is_average: bool) -> list[Clue]:
    clues = []
    if is_close(rows):
        moved = [row for row in rows if row.status == "changed" and row.relative_distance is not None]
        middle = statistics.median(row.relative_distance or 0.0 for row in moved)
        text = f"All that changed stayed close: {100 * middle:.2g} % of its length is the median distance."
        clues.append(Clue("close", "for", text))
        if not is_average and not (a.is_copy or b.is_copy):
            text = "An averaged copy, a neighbouring epoch and a short fine-tuning look alike in the weights."
            clues.append(Clue("close-ambiguous", "aside", text))
    for name, about in (("A", a), ("B", b)):
        if is_average and about.is_copy:
            text = f"The names in {name} are those of an averaged copy."
            clues.append(Clue("copy-name", "for", text))
    return clues


def _run(comparison: Comparison, a: About, b: About) -> list[Clue]:
    leaning: Leaning = "for" if comparison.verdict in ("identical", "descends") else "aside"
    if a.step is not None and b.step is not None:
        if a.step == b.step:
            return [Clue("same-step", "aside", f"Both optimizers are at step {a.step:,}.")]
        return [Clue("steps", leaning, f"The optimizers are at step {a.step:,} in A and {b.step:,} in B.")]
    if a.epoch is not None and b.epoch is not None and a.epoch != b.epoch:
        return [Clue("epochs", "aside", f"A says epoch {a.epoch}, B says epoch {b.epoch}; such a number can be stale.")]
    return []


def _strangers(rows: list[TensorComparison]) -> list[Clue]:
    strangers = [row for row in rows if row.trace == "no-trace"]
    if not strangers:
        return []
    best = min(row.null_p if row.null_p is not None else 1.0 for row in strangers)
    text = (
        f"{_tensors(len(strangers))} that could show a common start {_do(len(strangers))} not: {_names(strangers)}. The "
        f"closest agreement has {_p(best)}, which among so many is what chance gives."
        if best * len(strangers) > 0.01
        else f"{_tensors(len(strangers))} {_do(len(strangers))} not agree clearly: {_names(strangers)}. The closest "
        f"agreement has {_p(best)}, too little to count here and too much for pure chance."
    )
    clues = [Clue("no-trace", "against", text)]
    for side in ("a", "b"):
        new = [row for row in strangers if getattr(row, f"new_{side}")]
        if new:
            text = f"In {side.upper()} {_tensors(len(new))} of them look as at birth, never trained: {_names(new)}."
            clues.append(Clue("as-at-birth", "against", text))
    return clues


def _unmatched(rows: list[TensorComparison], heads: tuple[str, ...]) -> list[Clue]:
    clues = []
    for status, words in (
        ("shape-blocked", "have another shape, so none can be a copy of the other"),
        ("only-a", "are only in A"),
        ("only-b", "are only in B"),
    ):
        found = [row for row in rows if row.status == status]
        if not found:
            continue
        in_head = all(module_of(row.key) in heads for row in found)
        where = ", all of them the output layer" if in_head else ""
        if len(found) == 1:
            words = words.replace("have", "has").replace("are", "is")
        text = f"{_tensors(len(found))} {words}{where}: {_names(found)}."
        clues.append(Clue(status, "aside" if in_head else "against", text))
    return clues


def values_clues(values: tuple[ValueComparison, ...]) -> list[Clue]:
    """What the other values say: ids that moved, settings that differ."""
    clues = []
    moved = [row for row in values if row.group == "vocabulary" and row.status == "changed"]
    if moved:
        first = moved[0]
        text = (
            f"{len(moved)} glosses have another id, “{first.path[-1]}” {first.a} in A and {first.b} in B: the outputs "
            "of the two networks do not mean the same."
        )
        clues.append(Clue("vocabulary", "against", text))
    settings = [row for row in values if row.group == "hyperparameter" and row.status == "changed"]
    if settings:
        named = ", ".join(f"{'.'.join(row.path)} ({row.a} against {row.b})" for row in settings[:MOST_NAMED])
        more = f" and {len(settings) - MOST_NAMED} more" if len(settings) > MOST_NAMED else ""
        clues.append(Clue("settings", "against", f"Settings differ: {named}{more}."))
    return clues


def _guesses(rows: list[TensorComparison]) -> list[Clue]:
    guessed = [row for row in rows if row.matched_by == "guess"]
    by_numbers = [row for row in rows if row.matched_by == "numbers"]
    clues = []
    if guessed:
        pairs = dict.fromkeys((module_of(row.a or ""), module_of(row.b or "")) for row in guessed)
        named = ", ".join(f"“{one}” with “{other}”" for one, other in list(pairs)[:MOST_NAMED])
        clues.append(Clue("guessed-names", "aside", f"By shape and place alone, a guess, {named} was compared."))
    if by_numbers:
        text = (
            f"{_tensors(len(by_numbers))} with other names {_are(len(by_numbers))} matched by shape and place, and the "
            "numbers confirm it."
        )
        clues.append(Clue("matched-by-numbers", "for", text))
    return clues


def _aside(rows: list[TensorComparison]) -> list[Clue]:
    clues = []
    for trace, words in (
        ("constant", "constant on one side or computed, alike in every network"),
        ("faint", "almost zero on one side: decay has taken any trace"),
        ("small", "too small, or of an output layer's biases only, to tell"),
        ("unreadable", "not readable"),
    ):
        found = [row for row in rows if row.trace == trace]
        if found:
            clues.append(Clue(trace, "aside", f"Set aside: {_tensors(len(found))}, {words}: {_names(found)}."))
    return clues


def _doubts(comparison: Comparison, rows: list[TensorComparison]) -> list[Clue]:
    if comparison.verdict in ("descends", "partly") and not any(row.trace == "equal" for row in rows):
        text = "Two runs from one random seed and one architecture share their start too, without one being made from the other."
        return [Clue("same-seed", "aside", text)]
    if comparison.verdict == "unrelated":
        text = (
            "Not excluded: a training so long, or a weight decay so strong, that every trace is gone; and hidden units "
            "that were renumbered and then trained on."
        )
        return [Clue("not-excluded", "aside", text)]
    return []


# -- words --------------------------------------------------------------------------------------------------------------


def _tensors(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count:,} tensors"


def _layers(count: int) -> str:
    return "1 recurrent layer" if count == 1 else f"{count} recurrent layers and directions"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _hold(count: int) -> str:
    return "holds" if count == 1 else "hold"


def _names(rows: list[TensorComparison]) -> str:
    return listed([row.key for row in rows])


def listed(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
    return shown + (f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else "")


def _p(p: float) -> str:
    return f"p = {p:.2g}" if p >= SMALLEST_P else "p below 1e-300"
