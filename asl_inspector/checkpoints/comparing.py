"""Two sets of weights: which tensors correspond, which are equal, and does one network descend from the other?

Training moves weights, but a network stays near its start in the directions that training does not need, so the start
can be recognised long afterwards. Three traces are looked for, each against its null:

1. equality, also up to the rounding of another number type (`tensor_differences`);
2. agreement of the hidden units one by one (`hidden_units`);
3. the difference of a recurrent layer's two biases (`bias_fingerprints`).

Tensors that are constant (a LayerNorm at 1, biases at 0) or computed (a table of sines, counters) are alike in all
networks and prove nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial

from asl_inspector.checkpoints.alike_tensors import is_computed, is_count, is_reordered
from asl_inspector.checkpoints.bias_fingerprints import fingerprint
from asl_inspector.checkpoints.comparison_records import (
    Comparison,
    Fingerprint,
    MatchedBy,
    TensorComparison,
    Trace,
)
from asl_inspector.checkpoints.hidden_units import UnitTest, gates_of, looks_new, unit_test, upper_tail
from asl_inspector.checkpoints.name_matching import Matching, match_names, module_of
from asl_inspector.checkpoints.output_layers import output_modules
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_differences import Difference, difference
from asl_inspector.checkpoints.tensor_windows import release_pages
from asl_inspector.checkpoints.verdicts import verdict_of
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, Step, silent

TRACE_Z = 6.0  # a trace: about one false alarm in a thousand million tensors
TELLING_Z = 9.0  # a perfect agreement must reach this for a missing one to count
FAINT_RATIO = 0.05  # a tensor this much smaller than its partner was decayed to almost nothing: no trace can remain
MOST_TRIED = 6  # modules of one shape that are tried against each other
WORKERS = 1  # two hand Python's lock to and fro between short reductions, and were a quarter slower
SECONDS_BETWEEN_UPDATES = 0.05
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """Weights by key, and the file that their numbers are in."""

    weights: dict[str, TensorRecord]
    content: Content


def compare_weights(
    a: Side, b: Side, *, guess: bool = False, cancel: CancelToken | None = None, progress: Progress = silent
) -> Comparison:
    """Compare two state dicts tensor by tensor.

    Args:
        a: One side.
        b: The other.
        guess: Match modules of other names by shape, place and numbers too, as a person would. Without it only keys
            that agree but for prefixes are matched, as a program that loads the one into the other would.
        cancel: Asked every few hundred kilobytes.
        progress: Told how many megabytes of A are done.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    gates = gates_of(set(a.weights), {name: tensor.shape for name, tensor in a.weights.items()})
    matching = match_names(_shapes(a), _shapes(b), guess=guess)
    for group in matching.undecided:
        _match_by_numbers(matching, a, b, group, gates, cancel)
    rows = _compare_pairs(a, b, matching, gates, cancel, progress)
    prints = _fingerprints(rows, a, b, gates)
    rows = _settle([_with_fingerprint(row, prints) for row in rows])
    used = {partner for partner, _ in matching.partners.values()}
    rows += [_alone(tensor, None, name) for name, tensor in b.weights.items() if name not in used]
    main = matching.prefixes[0] if matching.prefixes else None
    heads = output_modules(rows, a.weights, b.weights)
    return Comparison(
        main.a if main else "",
        main.b if main else "",
        verdict_of(rows, heads),
        tuple(rows),
        (*matching.notes, *_tied(rows, a, b)),
        tuple(matching.prefixes),
        tuple(prints.values()),
        heads,
    )


def _shapes(side: Side) -> dict[str, tuple[int, ...]]:
    return {name: tensor.shape for name, tensor in side.weights.items()}


def _alone(tensor: TensorRecord, name_a: str | None, name_b: str | None) -> TensorComparison:
    if name_a is not None:
        return TensorComparison(name_a, None, "only-a", tensor.shape, None, dtype_a=tensor.dtype)
    return TensorComparison(None, name_b, "only-b", None, tensor.shape, dtype_b=tensor.dtype)


# -- the tensors --------------------------------------------------------------------------------------------------------


def _compare_pairs(
    a: Side, b: Side, matching: Matching, gates: int, cancel: CancelToken, progress: Progress
) -> list[TensorComparison]:
    """A row for every tensor of A, in its order; a thread that can be cancelled."""
    total = sum(tensor.nbytes for tensor in a.weights.values()) // MEGABYTE
    done, lock = [0], threading.Lock()

    def work(name: str, tensor: TensorRecord) -> TensorComparison:
        cancel.raise_if_cancelled()
        partner = matching.partners.get(name)
        row = _alone(tensor, name, None) if partner is None else _compare_pair(a, name, b, *partner, gates, cancel)
        with lock:
            done[0] += tensor.nbytes
        return row

    def tell() -> None:
        progress(Step("Comparing tensors", min(total, done[0] // MEGABYTE), total or None, "MB" if total else ""))

    return _in_threads([partial(work, name, tensor) for name, tensor in a.weights.items()], tell)


def _in_threads(jobs: list[Callable[[], TensorComparison]], tell: Callable[[], None]) -> list[TensorComparison]:
    pool = ThreadPoolExecutor(WORKERS, "comparing")
    try:
        rows = []
        waiting: deque[Future[TensorComparison]] = deque(pool.submit(job) for job in jobs)
        while waiting:
            tell()
            wait((waiting[0],), SECONDS_BETWEEN_UPDATES)
            while waiting and waiting[0].done():  # one that failed ends all at its turn
                rows.append(waiting.popleft().result())
        return rows
    finally:
        pool.shutdown(cancel_futures=True)


def _compare_pair(
    a: Side, name_a: str, b: Side, name_b: str, matched_by: MatchedBy, gates: int, cancel: CancelToken
) -> TensorComparison:
    one, other = a.weights[name_a], b.weights[name_b]
    row = TensorComparison(
        name_a,
        name_b,
        "changed",
        one.shape,
        other.shape,
        matched_by=matched_by,
        dtype_a=one.dtype,
        dtype_b=other.dtype,
    )
    if one.shape != other.shape:
        return replace(row, status="shape-blocked")
    try:
        found = difference(one, a.content, other, b.content, cancel)
        if found.is_equal:
            trace: Trace = "constant" if found.constant or is_computed(one, a.content) else "equal"
            return replace(
                row,
                status="equal",
                cosine=1.0,
                relative_distance=0.0 if not found.rounding else None,
                equal_up_to=found.rounding,
                norm_a=found.norm_a,
                norm_b=found.norm_b,
                trace=trace,
            )
        return _changed(row, found, one, a, other, b, gates)
    except UnreadableCheckpoint:
        return replace(row, trace="unreadable")
    finally:
        release_pages(one, a.content)
        release_pages(other, b.content)


def _changed(
    row: TensorComparison, found: Difference, one: TensorRecord, a: Side, other: TensorRecord, b: Side, gates: int
) -> TensorComparison:
    row = replace(
        row,
        cosine=found.cosine,
        relative_distance=found.relative,
        largest_difference=found.largest,
        norm_a=found.norm_a,
        norm_b=found.norm_b,
    )
    if found.constant or is_count(one):
        return replace(row, trace="constant")
    name = str(row.a)
    test = unit_test(name, one, a.content, other, b.content, gates)
    row = replace(row, null_p=None if test.z is None else upper_tail(test.z), null_units=test.units or None)
    if test.z is not None and test.z > TRACE_Z:
        return replace(row, trace="trace")
    if is_reordered(found, one, a.content, other, b.content):
        return replace(row, trace="trace", reordered=True)
    row = replace(
        row,
        new_a=looks_new(name, one, a.content, gates),
        new_b=looks_new(name, other, b.content, gates),
    )
    return replace(row, trace=_without_trace(found, test))


def _without_trace(found: Difference, test: UnitTest) -> Trace:
    if found.norm_a is not None and found.norm_b is not None:
        lower, upper = sorted((found.norm_a, found.norm_b))
        if lower < FAINT_RATIO * upper:
            return "faint"
    return "small" if test.z is None or test.highest < TELLING_Z else "no-trace"


# -- what several tensors say together ----------------------------------------------------------------------------------


def _match_by_numbers(
    matching: Matching, a: Side, b: Side, group: tuple[list[str], list[str]], gates: int, cancel: CancelToken
) -> None:
    """Match modules of the same shapes by their numbers, where those tell; else say that nothing was matched."""
    modules_a, modules_b = group
    matched = 0
    if max(len(modules_a), len(modules_b)) <= MOST_TRIED:
        free = list(modules_b)
        for module_a in modules_a:
            kin = [other for other in free if _modules_are_kin(a, module_a, b, other, gates, cancel)]
            if len(kin) == 1:
                free.remove(kin[0])
                matched += 1
                for name in [one for one in a.weights if module_of(one) == module_a]:
                    matching.partners[name] = (kin[0] + name[len(module_a) :], "numbers")
    if matched < min(len(modules_a), len(modules_b)):
        named = ", ".join(f"“{one}”" for one in [*modules_a[:2], *modules_b[:2]])
        matching.notes.append(
            f"{len(modules_a)} modules of A and {len(modules_b)} of B have the same shapes and other names ({named}): "
            "which belongs to which cannot be told, so they were left unmatched."
        )


def _modules_are_kin(a: Side, module_a: str, b: Side, module_b: str, gates: int, cancel: CancelToken) -> bool:
    for name in [one for one in a.weights if module_of(one) == module_a and len(a.weights[one].shape) > 1]:
        partner = module_b + name[len(module_a) :]
        if partner in b.weights:
            row = _compare_pair(a, name, b, partner, "numbers", gates, cancel)
            if not row.is_kin:
                return False
    return True


def _fingerprints(rows: list[TensorComparison], a: Side, b: Side, gates: int) -> dict[str, Fingerprint]:
    """The fingerprints of recurrent layers whose biases changed, by the key of `bias_ih` on side A."""
    by_name = {row.a: row for row in rows if row.trace in ("trace", "no-trace", "faint", "small") and row.a}
    found: dict[str, Fingerprint] = {}
    for name, row in by_name.items():
        twin = by_name.get(name.replace("bias_ih_l", "bias_hh_l"))
        if "bias_ih_l" not in name or twin is None or twin.a is None or row.b is None or twin.b is None:
            continue
        pair_a, pair_b = (a.weights[name], a.weights[twin.a]), (b.weights[row.b], b.weights[twin.b])
        one = fingerprint(name, pair_a, a.content, pair_b, b.content, gates)
        if one is not None:
            found[name] = one
    return found


def _with_fingerprint(row: TensorComparison, prints: dict[str, Fingerprint]) -> TensorComparison:
    """A recurrent bias judged by its layer's fingerprint where that is clearer than the bias itself."""
    one = prints.get((row.a or "").replace("bias_hh_l", "bias_ih_l"))
    if one is None or one.null_p > upper_tail(TRACE_Z) or row.trace in ("equal", "constant"):
        return row
    return replace(row, trace="trace", null_p=min(one.null_p, 1.0 if row.null_p is None else row.null_p))


def _settle(rows: list[TensorComparison]) -> list[TensorComparison]:
    """Take back the trace of a lone bias whose weights carry none, and call guesses proven that the numbers prove.

    The biases of an output layer follow how often each gloss occurs, in every network trained on the same clips.
    """
    weights: dict[str, list[TensorComparison]] = {}
    for row in rows:
        if row.a and row.shape_a is not None and len(row.shape_a) > 1 and row.status in ("equal", "changed"):
            weights.setdefault(module_of(row.a), []).append(row)
    rows = [replace(row, trace="small") if _is_alone(row, weights) else row for row in rows]
    proven = {module_of(row.key) for row in rows if row.matched_by == "guess" and row.is_kin}
    return [
        replace(row, matched_by="numbers") if row.matched_by == "guess" and module_of(row.key) in proven else row
        for row in rows
    ]


def _is_alone(row: TensorComparison, weights: dict[str, list[TensorComparison]]) -> bool:
    siblings = weights.get(module_of(row.a or ""), [])
    is_bias = row.trace == "trace" and row.shape_a is not None and len(row.shape_a) == 1
    return is_bias and bool(siblings) and all(one.trace in ("no-trace", "small") for one in siblings)


# -- notes --------------------------------------------------------------------------------------------------------------


def _tied(rows: list[TensorComparison], a: Side, b: Side) -> tuple[str, ...]:
    """A note where keys share memory on one side only."""
    pairs = [(row.a, row.b) for row in rows if row.a is not None and row.b is not None]
    notes = []
    for side, other, index, name in ((a, b, 0, "A"), (b, a, 1, "B")):
        shared: dict[tuple[str, int, tuple[int, ...]], list[int]] = {}
        for number, pair in enumerate(pairs):
            tensor = side.weights[pair[index]]
            shared.setdefault((tensor.part + tensor.storage, tensor.storage_offset, tensor.shape), []).append(number)
        for members in shared.values():
            partners = [other.weights[pairs[number][1 - index]] for number in members]
            if len({(one.part + one.storage, one.storage_offset) for one in partners}) > 1:
                keys = " and ".join(f"“{pairs[number][index]}”" for number in members[:2])
                notes.append(f"{keys} share their memory in {name} and not in the other file.")
    return tuple(notes)
