"""What the text of training code shows: habits that are known to end in a wrong number or a wrong belief.

The syntax tree is looked at; nothing of it is run.

Every hint is a habit, not a proof: each says what it does where it does harm, and the diagnosis gives it little weight.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from asl_inspector.history.code_parsing import Code, Function, parsed
from asl_inspector.history.records import CodeHint

MOST_HINTS = 40
VOCABULARY = re.compile(
    r"(?:gloss|label|class|word|sign|token)(?:e?s)?_?(?:to|2)_?(?:id|idx|ids|index|int|num)\b|vocab(?:ulary)?\b|label_?map\b",
    re.IGNORECASE,
)
SPLIT = re.compile(r"(?:^|_)(?:split|subset|partition|phase)s?(?:$|_)", re.IGNORECASE)
SPLIT_WORDS = {"train", "val", "valid", "validation", "test", "dev"}
BEST = re.compile(r"(?:^|_)best(?:$|_)", re.IGNORECASE)
BROAD = {"Exception", "BaseException", "RuntimeError"}


def hints_of(pieces: Iterable[Code]) -> tuple[CodeHint, ...]:
    """The hints in pieces of code that belong together, in order."""
    found: list[CodeHint] = []
    tainted: dict[str, str] = {}
    for piece in pieces:
        tree = parsed(piece.text)
        if tree is None:
            continue
        try:
            found += _Looking(piece, tainted).look(tree)
        except RecursionError:
            continue
    unique = {(hint.id, hint.where): hint for hint in found}
    return tuple(unique.values())[:MOST_HINTS]


class _Looking:
    """One piece of code, looked at question by question.

    Args:
        piece: The code.
        tainted: Names at the top level whose value went through `argmax` or `item`, from earlier pieces too.
    """

    def __init__(self, piece: Code, tainted: dict[str, str]) -> None:
        self.piece = piece
        self.tainted = tainted
        self.lines = piece.text.splitlines()

    def look(self, tree: ast.Module) -> Iterator[CodeHint]:
        """All hints of the tree."""
        yield from self._loads(tree)
        yield from self._penalties(tree.body, self.tainted)
        yield from self._vocabularies(tree)
        yield from self._aliases(tree)

    def _hint(self, id_: str, node: ast.AST, sentence: str) -> CodeHint:
        number = getattr(node, "lineno", 1)
        text = self.lines[number - 1].strip() if number <= len(self.lines) else ""
        return CodeHint(
            id_, ", ".join(part for part in (self.piece.where, f"line {number}") if part), sentence, text[:200]
        )

    # -- loading weights --------------------------------------------------------------------------------------------

    def _loads(self, tree: ast.Module) -> Iterator[CodeHint]:
        guarded: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Try) and any(_swallows(handler) for handler in node.handlers):
                for call in _loads_in(node.body):
                    guarded.add(call)
                    yield self._hint("load-in-try", call, _load_words(call))
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value not in guarded:
                call = node.value
                if _is_load(call) and _is_lenient(call):
                    yield self._hint(
                        "strict-false-unread",
                        call,
                        "`load_state_dict(strict=False)` says in its result which tensors it left out, and the result is "
                        "not looked at: a load that copies nothing looks like one that copies all.",
                    )

    # -- penalties --------------------------------------------------------------------------------------------------

    def _penalties(self, body: list[ast.stmt], tainted: dict[str, str]) -> Iterator[CodeHint]:
        """Losses with an addend that no gradient passes through; `tainted` maps names to what stopped it."""
        for statement in body:
            if isinstance(statement, Function):
                yield from self._penalties(statement.body, dict(tainted))
                continue
            if isinstance(statement, ast.ClassDef):
                yield from self._penalties(statement.body, tainted)
                continue
            yield from self._penalty_in(statement, tainted)
            for inner in _blocks(statement):
                yield from self._penalties(inner, tainted)

    def _penalty_in(self, statement: ast.stmt, tainted: dict[str, str]) -> Iterator[CodeHint]:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target, value = statement.targets[0], statement.value
            name = _name(target)
            if "loss" in name.lower() and isinstance(value, ast.BinOp):
                stopped = [why for part in _addends(value) if (why := _stopped(part, tainted))]
                passes = [part for part in _addends(value) if not _stopped(part, tainted)]
                if stopped and any(_mentions_loss(part) for part in passes):
                    yield self._penalty_hint(statement, stopped[0])
            if isinstance(target, ast.Name):
                why = _stopped(value, tainted)
                if why:
                    tainted[target.id] = why
                else:
                    tainted.pop(target.id, None)
        elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
            why = _stopped(statement.value, tainted)
            if why == "argmax" and _name(statement.target).lower() in ("loss", "batch_loss", "ctc_loss"):
                yield self._penalty_hint(statement, why)

    def _penalty_hint(self, node: ast.AST, why: str) -> CodeHint:
        return self._hint(
            "penalty-without-gradient",
            node,
            f"The loss gets an addend that went through `.{why}()`, which passes no gradient: it changes the printed loss "
            "and teaches the network nothing.",
        )

    # -- vocabularies -----------------------------------------------------------------------------------------------

    def _vocabularies(self, tree: ast.Module) -> Iterator[CodeHint]:
        called_by_split = _called_by_split(tree)
        for node in ast.walk(tree):
            if not isinstance(node, Function):
                continue
            arguments = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            if any(VOCABULARY.search(name) for name in arguments):
                continue
            if not (any(SPLIT.search(name) for name in arguments) or node.name in called_by_split):
                continue
            made = next(_new_vocabularies(node), None)
            if made is not None:
                name, at = made
                yield self._hint(
                    "vocabulary-per-split",
                    at,
                    f"`{name}` is built inside `{node.name}`, which runs once a split: a gloss that one split lacks shifts "
                    "the ids of all that follow, so training and validation mean different glosses by one id.",
                )

    # -- aliases ----------------------------------------------------------------------------------------------------

    def _aliases(self, tree: ast.Module) -> Iterator[CodeHint]:
        saved = [(call, _saved_name(call)) for call in ast.walk(tree) if isinstance(call, ast.Call)]
        for branch in ast.walk(tree):
            if not isinstance(branch, ast.If):
                continue
            inside = {id(node) for statement in branch.body for node in ast.walk(statement)}
            for statement in branch.body:
                if not isinstance(statement, ast.Assign) or not _aliases_state(statement.value):
                    continue
                name = _name(statement.targets[0])
                if not name:
                    continue
                elsewhere = any(other == name and id(call) not in inside for call, other in saved)
                here = any(other == name and id(call) in inside for call, other in saved)
                if elsewhere or (BEST.search(name) and not here):
                    yield self._hint(
                        "aliasing-save",
                        statement,
                        f"`{name}` keeps `state_dict()` without a copy. Its tensors are the live weights and go on training, "
                        "so what is saved later has the figures of one epoch and the weights of another.",
                    )


def _swallows(handler: ast.ExceptHandler) -> bool:
    """True for a handler of broad errors that does not raise again."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(kind is None or _name(kind) in BROAD for kind in kinds)
    return broad and not any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _loads_in(body: list[ast.stmt]) -> Iterator[ast.Call]:
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _is_load(node):
                yield node


def _is_load(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute) and call.func.attr == "load_state_dict" and "optim" not in _name(call.func)
    )


def _is_lenient(call: ast.Call) -> bool:
    values = [one.value for one in call.keywords if one.arg == "strict"] + list(call.args[1:2])
    return any(isinstance(one, ast.Constant) and one.value is False for one in values)


def _load_words(call: ast.Call) -> str:
    if _is_lenient(call):
        return (
            "`load_state_dict(strict=False)` inside `try`: where a shape differs it raises after it has copied every tensor "
            "that fits, and the `except` goes on as if nothing had been loaded. The weights are then a mixture."
        )
    return "`load_state_dict` inside `try`, and the `except` goes on: a load that failed looks like one that worked."


def _name(node: ast.AST | None) -> str:
    """Dotted name of an expression, as far as it has one."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}".lstrip(".")
    if isinstance(node, ast.Subscript | ast.Call):
        return _name(node.value if isinstance(node, ast.Subscript) else node.func)
    return ""


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if isinstance(inner, list) and inner:
            yield inner
    for handler in getattr(statement, "handlers", []):
        yield handler.body


def _addends(value: ast.expr) -> list[ast.expr]:
    """The parts of a sum or difference."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        return [*_addends(value.left), *_addends(value.right)]
    return [value]


def _stopped(value: ast.expr, tainted: dict[str, str]) -> str:
    """What in an expression stops the gradient ("argmax", "item"), or an empty string; a loss's own `item` is none."""
    found = {tainted[node.id] for node in ast.walk(value) if isinstance(node, ast.Name) and node.id in tainted}
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "argmax":
                found.add("argmax")
            elif node.func.attr == "item" and "loss" not in _name(node.func.value).lower():
                found.add("item")
    return min(found, default="")  # "argmax" before "item": it came first and is the one to replace


def _mentions_loss(value: ast.expr) -> bool:
    names = (_name(node).lower() for node in ast.walk(value) if isinstance(node, ast.Name | ast.Attribute | ast.Call))
    return any("loss" in name or "criterion" in name for name in names)


def _called_by_split(tree: ast.Module) -> set[str]:
    """Functions that are called with the name of a split, by itself or in a loop over splits."""
    found: set[str] = set()
    over_splits: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and _split_words(node.iter):
            over_splits.add(node.target.id)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            arguments = [*node.args, *(one.value for one in node.keywords)]
            if any(_is_split(one) or (isinstance(one, ast.Name) and one.id in over_splits) for one in arguments):
                found.add(_name(node.func).rsplit(".", 1)[-1])
    return found


def _is_split(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in SPLIT_WORDS


def _split_words(node: ast.expr) -> bool:
    return isinstance(node, ast.Tuple | ast.List | ast.Set) and sum(map(_is_split, node.elts)) > 1


def _new_vocabularies(function: Function) -> Iterator[tuple[str, ast.AST]]:
    """Names of vocabularies that a function begins empty or numbers by itself, and where."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            pairs: list[tuple[ast.expr, ast.expr]] = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for one, value in pairs:
                name = _name(one)
                if VOCABULARY.search(name.rsplit(".", 1)[-1]) and _is_new_dict(value):
                    yield name, node


def _is_new_dict(value: ast.expr) -> bool:
    if isinstance(value, ast.Dict):
        return not any(
            isinstance(one, ast.Constant) and isinstance(one.value, int) and one.value > 1 for one in value.values
        )
    if isinstance(value, ast.DictComp):
        return any(isinstance(node, ast.Call) and _name(node.func) in ("enumerate", "len") for node in ast.walk(value))
    return (
        isinstance(value, ast.Call) and _name(value.func) in ("dict", "defaultdict", "OrderedDict") and not value.args
    )


def _aliases_state(value: ast.expr) -> bool:
    """True where an expression holds `x.state_dict()` itself, not a copy of it."""
    if isinstance(value, ast.Call):
        return (
            isinstance(value.func, ast.Attribute)
            and value.func.attr == "state_dict"
            and "optim" not in _name(value.func)
        )
    return isinstance(value, ast.Dict) and any(_aliases_state(one) for one in value.values if one is not None)


def _saved_name(call: ast.Call) -> str:
    """The name that `torch.save(name, ...)` writes, or an empty string."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "save" and call.args:
        return _name(call.args[0])
    return ""
