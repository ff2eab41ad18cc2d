"""`keys` for a person: a tree of modules with sums, the optimizer, the other values, and what a load would have run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from asl_inspector.checkpoints.modules import Module, module_tree
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.report.sizes import size_text
from asl_inspector.visible_text import display_width, visible

MOST_VALUES = 60
LONGEST_VALUE = 90
LONGEST_NAME = 60
BAR = 12  # characters
VERDICTS = {"ill": "ILL", "suspect": "suspect", "sound": "sound", None: "unknown"}
SHORT_VALUE = 24
FEWEST_FOLDED_VALUES = 9  # values of one parent that share a line
FEWEST_FOLDED = 6  # optimizer tensors that are summed up instead of listed


def keys_text(
    document: Mapping[str, Any], tensors: Sequence[TensorRecord], *, folded: bool = True, bar: str = "#"
) -> str:
    """The document of `keys_json` as text.

    Args:
        document: The document.
        tensors: The tensors that it lists, in its order.
        folded: Sum up the optimizer's tensors instead of listing them.
        bar: Character that bars are made of.
    """
    totals = document["totals"]
    lines = [
        visible(str(document["file"])),
        f"{document['format']}, {document['bytes']:,} bytes, {totals['tensors']:,} tensors, "
        f"{totals['parameters']:,} parameters",
        "",
    ]
    lines += _tree_lines(document["tensors"], tensors, folded, bar)
    for optimizer in document["optimizers"]:
        lines += _optimizer_lines(optimizer)
    lines += _health_lines(document.get("health", ()))
    lines += _value_lines(document["values"], document["optimizers"], folded)
    if document["would_run"]:
        lines += ["", "What an ordinary load of this file would import or call (nothing of it was run here):"]
        lines += [
            f"  at byte {run['offset']:>9,}  {visible(run['call'])}{visible(run['arguments'])[:LONGEST_VALUE]}"
            for run in document["would_run"]
        ]
    else:
        lines += ["", "An ordinary load of this file would run nothing but the rebuilding of tensors and containers."]
    if document["notes"]:
        lines += ["", "Notes:"] + [f"  {visible(note)}" for note in document["notes"]]
    return "\n".join(lines) + "\n"


def _tree_lines(
    rows: Sequence[Mapping[str, Any]], tensors: Sequence[TensorRecord], folded: bool, bar: str
) -> list[str]:
    if not tensors:
        return ["No tensors."]
    root = module_tree(tensors)
    of = {id(tensor): row for tensor, row in zip(tensors, rows, strict=True)}
    printed = list(_walk(root, folded))
    names = ["  " * depth + visible(name) for depth, name, _ in printed]
    width = min(LONGEST_NAME, max(display_width(name) for name in names))
    lines = [f"{'':<{width}}  {'numbers':>13}  {'':<{BAR}} {'size':>9}"]
    for name, (_, _, one) in zip(names, printed, strict=True):
        head = name + " " * max(0, width - display_width(name))
        if isinstance(one, Module):
            fill = bar * round(BAR * one.numbers / max(1, root.numbers))
            shared = f"  {one.shared:,} shared" if one.shared else ""
            kept = f"  {one.count:,} tensors" if one.count > 1 else ""
            line = f"{head}  {one.numbers:>13,}  {fill:<{BAR}} {size_text(one.nbytes):>9}{kept}{shared}"
        else:
            fill = bar * round(BAR * one.count / max(1, root.numbers))
            line = f"{head}  {one.count:>13,}  {fill:<{BAR}} {size_text(one.nbytes):>9}  {_facts(one, of[id(one)])}"
        lines.append(line.rstrip())
    return lines


def _walk(root: Module, folded: bool) -> Iterator[tuple[int, str, Module | TensorRecord]]:
    """Depth, name and what is there, from top to bottom; a module that only holds another one shares its line."""
    for name, tensor in root.tensors.items():
        yield 0, name or "(the whole file)", tensor
    todo: list[tuple[int, str, Module]] = [(0, name, child) for name, child in reversed(root.children.items())]
    while todo:
        depth, name, module = todo.pop()
        while len(module.children) == 1 and not module.tensors:
            inner, module = next(iter(module.children.items()))
            name = f"{name}.{inner}"
        yield depth, name, module
        if folded and module.count >= FEWEST_FOLDED and "optim" in name.lower():
            continue
        for own, tensor in module.tensors.items():
            yield depth + 1, own, tensor
        todo += [(depth + 1, inner, child) for inner, child in reversed(module.children.items())]


def _facts(tensor: TensorRecord, row: Mapping[str, Any]) -> str:
    shape = " x ".join(str(size) for size in tensor.shape) or "one number"
    text = f"{tensor.dtype} {shape}"
    if tensor.role not in ("parameter", None):
        text += f", {tensor.role}"
    if tensor.device != "cpu":
        text += f", on {visible(tensor.device)}"
    if "recurrent" in row:
        part = row["recurrent"]
        text += f", {part['kind']} layer {part['layer']} {part['direction']}"
        text += f" ({' '.join(gate['gate'] for gate in part['gates'])})" if part["gates"] else ""
    if "shares" in row:
        text += f", shares the memory of {visible(row['shares'])}"
    if "stats" in row:
        text += "; " + _statistics(row["stats"])
    if "first" in row:
        text += "; " + " ".join(_short(number) for number in row["first"])
    return text


def _statistics(stats: Mapping[str, Any]) -> str:
    shown = [f"{key} {_short(stats[key])}" for key in ("min", "max", "mean", "std", "norm")]
    shown += [f"{key} {stats[key]:,}" for key in ("zeros", "nan", "inf") if stats[key]]
    return ", ".join(shown)


def _short(number: object) -> str:
    return f"{number:.4g}" if isinstance(number, int | float) and not isinstance(number, bool) else str(number)


def _optimizer_lines(optimizer: Mapping[str, Any]) -> list[str]:
    parameters = optimizer["parameters"]
    kept = sum(bool(one["kept"]) for one in parameters)
    names = dict.fromkeys(name for one in parameters for name in one["kept"])
    lines = [
        "",
        f"Optimizer in {visible('.'.join(optimizer['path'])) or 'the file'}: {kept:,} of {len(parameters):,} parameters "
        f"have a state{' (' + ', '.join(visible(name) for name in names) + ')' if names else ''}",
    ]
    for number, group in enumerate(optimizer["groups"]):
        settings = ", ".join(f"{visible(name)} {visible(text)}" for name, text in group.items() if text != "None")
        lines.append(f"  group {number}: {settings[: 2 * LONGEST_VALUE]}")
    lines.append(f"  {optimizer['note']}")
    if optimizer["outside"]:
        lines.append(f"  Not in the optimizer: {visible(', '.join(optimizer['outside'][:8]))}")
    return lines


def _health_lines(notes: Sequence[Mapping[str, Any]]) -> list[str]:
    if not notes:
        return []
    return ["", "Health of the weights:"] + [
        f"  {VERDICTS[note['verdict']]:<8} {visible(note['sentence'])}" for note in notes
    ]


def _value_lines(values: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]], folded: bool) -> list[str]:
    """Values but those of the optimizers, which were told above."""
    paths = [tuple(optimizer["path"]) for optimizer in told] if folded else []
    values = [value for value in values if not any(tuple(value["path"][: len(path)]) == path for path in paths)]
    if not values:
        return []
    shown = list(_folded(values)) if folded else [(visible(_path(value)), _value(value)) for value in values]
    lines = ["", "Other values:"] + [f"  {path} = {text}" for path, text in shown[:MOST_VALUES]]
    if len(shown) > MOST_VALUES:
        lines.append(f"  and {len(shown) - MOST_VALUES:,} more; --json lists all, --match TEXT some")
    return lines


def _folded(values: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Path and text of each value; many of one parent (a vocabulary, a curve) on one line."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for value in values:
        groups.setdefault(tuple(value["path"][:-1]), []).append(value)
    for parent, members in groups.items():
        if not parent or len(members) < FEWEST_FOLDED_VALUES:
            yield from ((visible(_path(value)), _value(value)) for value in members)
            continue
        few = ", ".join(f"{visible(one['path'][-1])}: {visible(one['text'])[:SHORT_VALUE]}" for one in members[:4])
        yield visible(".".join(parent)), f"{few}, ...  ({len(members):,} entries)"


def _path(value: Mapping[str, Any]) -> str:
    return ".".join(value["path"]) or "(the whole file)"


def _value(value: Mapping[str, Any]) -> str:
    text = visible(value["text"])
    return f"{text[:LONGEST_VALUE]}{'...' if len(text) > LONGEST_VALUE else ''}  ({value['type']})"
