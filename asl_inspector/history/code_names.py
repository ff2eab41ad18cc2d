"""The names that training code gives its things: the model, the optimizer, the loss, the loaders.

Read from the syntax tree, never run. A name is taken where its use leaves no doubt: what `load_state_dict` and `parameters` are
called on is the model, what a constructor of `torch.optim` is assigned to the optimizer. Of several the most frequent one is
taken, the first of equals. They are for showing a fix in the researcher's own words, and nothing is concluded from them.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable

from asl_inspector.history.code_hints import VOCABULARY
from asl_inspector.history.code_parsing import Code, parsed

LONGEST = 24
MODEL_CALLS = {"load_state_dict", "parameters", "named_parameters", "state_dict", "train", "eval"}
LOSSES = {"CTCLoss", "CrossEntropyLoss", "NLLLoss"}
OPTIMIZERS = re.compile(r"^(?:Adam|SGD|RMSprop|Adagrad|Adadelta|Lion|RAdam|NAdam)", re.ASCII)
TRAIN = re.compile(r"(?:^|_)(?:train|training)(?:$|_)", re.IGNORECASE)
VALIDATION = re.compile(r"(?:^|_)(?:val|valid|validation|dev)(?:$|_)", re.IGNORECASE)
NOT_A_MODEL = re.compile(r"optim|sched|scaler|loader|ema", re.IGNORECASE)


def names_of(pieces: Iterable[Code]) -> tuple[tuple[str, str], ...]:
    """`(what, name)` of what is found: "model", "optimizer", "criterion", "loader", "train", "val", "gloss_to_id"."""
    found: dict[str, Counter[str]] = {}
    for piece in pieces:
        tree = parsed(piece.text)
        if tree is None:
            continue
        try:
            for node in ast.walk(tree):
                for what, name in _told(node):
                    if len(name) <= LONGEST:
                        found.setdefault(what, Counter())[name] += 1
        except RecursionError:
            continue
    return tuple((what, counts.most_common(1)[0][0]) for what, counts in sorted(found.items()))


def _told(node: ast.AST) -> list[tuple[str, str]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        name = node.func.value.id
        if node.func.attr in MODEL_CALLS and not NOT_A_MODEL.search(name) and name != "self":
            return [("model", name)]
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return []
    name, value = node.targets[0].id, node.value
    made = value.func if isinstance(value, ast.Call) else None
    kind = made.attr if isinstance(made, ast.Attribute) else made.id if isinstance(made, ast.Name) else ""
    if OPTIMIZERS.match(kind):
        return [("optimizer", name)]
    if kind in LOSSES:
        return [("criterion", name)]
    if kind == "DataLoader":
        return [("loader", name)] if TRAIN.search(name) else []
    if VOCABULARY.fullmatch(name) and "to" in name.lower():
        return [("gloss_to_id", name)]
    if kind in ("load", "loads") and isinstance(made, ast.Attribute):
        return [(what, name) for what, words in (("train", TRAIN), ("val", VALIDATION)) if words.search(name)]
    return []
