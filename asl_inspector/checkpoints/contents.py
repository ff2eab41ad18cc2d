"""Where in a checkpoint are the weights, the settings, the vocabulary, the optimizer, the curves?

Nothing here is certain by name alone: a state dict is recognised by holding tensors, an optimizer by holding `state`
and `param_groups`. Names only break ties.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from functools import lru_cache
from itertools import islice

from asl_inspector.checkpoints.lightning import LIGHTNING_KEY, Best, best_of_callbacks
from asl_inspector.checkpoints.module_trees import place_in_module, with_state_keys
from asl_inspector.checkpoints.records import Contents, Optimizer, Role, Scalar, TensorRecord
from asl_inspector.checkpoints.tensor_numbers import single_number
from asl_inspector.inert_pickle.numpy_arrays import scalar_of
from asl_inspector.inert_pickle.plain import attributes_of, items_of, key_text, lookup, pairs_of, text_keyed
from asl_inspector.inert_pickle.records import Built
from asl_inspector.mapped_file import Content

WEIGHT_NAMES = (
    "model_state_dict",
    "state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "encoder_state_dict",
    "generator",
    "ema",
)
COPY_NAMES = {"ema", "ema_state_dict", "model_ema", "teacher", "teacher_state_dict", "swa"}
OPTIMIZER_WORDS = ("optim",)
OTHER_WORDS = ("scheduler", "scaler", "rng", "loops", "callbacks")
BUFFER_ENDINGS = ("running_mean", "running_var", "num_batches_tracked", "position_ids", ".pe", "attn_mask")
METRIC_NAMES = {
    "val_acc": "val_acc",
    "val_accuracy": "val_acc",
    "valid_acc": "val_acc",
    "val_loss": "val_loss",
    "valid_loss": "val_loss",
    "train_loss": "train_loss",
    "train_acc": "train_acc",
    "train_accuracy": "train_acc",
    "best_loss": "best_loss",
    "best_val_loss": "best_val_loss",
    "best_acc": "best_acc",
    "best_val_acc": "best_val_acc",
    "best_accuracy": "best_acc",
    "loss": "loss",
    "accuracy": "accuracy",
}
SEARCH_DEPTH = 4
MOST_FIELDS = 256  # of an optimizer's state, of its groups, of a row of a history
MOST_STATES = 20_000
MOST_SETTINGS = 5_000
MOST_LOOKED_AT = 200_000  # entries, by any one question: containers may be shared, and a walk over all would not end
LARGEST_NUMBER = 1e300
LONGEST_NAME = 1_000
LONGEST_ID = 18  # digits


def assign_roles(tensors: list[TensorRecord], root: object = None) -> tuple[list[TensorRecord], tuple[str, ...]]:
    """The same tensors with their roles, and the path of the state dict, or of the module that would give one.

    Args:
        tensors: The tensors of a file, with the roles that the file itself tells.
        root: The inert tree that they came from, if there is one.
    """
    tensors = with_state_keys(tensors, root)
    weights_path = _weights_path(tensors)
    return [tensor.with_role(_role(tensor, weights_path)) for tensor in tensors], weights_path


def _weights_path(tensors: list[TensorRecord]) -> tuple[str, ...]:
    """The dict that holds the network: the best known name, else the most numbers."""
    sizes: dict[tuple[str, ...], int] = defaultdict(int)
    for tensor in tensors:
        place = place_in_module(tensor.path) if tensor.state_key is not None else None
        holder = tensor.path[:-1] if place is None else place.module
        if not _mentions(holder, OPTIMIZER_WORDS + OTHER_WORDS):
            sizes[holder] += tensor.count

    def rank(path: tuple[str, ...]) -> tuple[int, int]:
        known = WEIGHT_NAMES.index(path[-1]) if path and path[-1] in WEIGHT_NAMES else len(WEIGHT_NAMES)
        return known, -sizes[path]

    return min(sizes, key=rank) if sizes else ()


@lru_cache(maxsize=4096)  # the tensors of a state dict have one parent
def _mentions(path: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(word in element.lower() for element in path for word in words)


def _role(tensor: TensorRecord, weights_path: tuple[str, ...]) -> Role:
    parents = tensor.path[:-1]
    place = place_in_module(tensor.path) if tensor.state_key is not None else None
    if place is not None:
        if _mentions(place.module, OPTIMIZER_WORDS):
            return "optimizer"
        is_copy = place.module != weights_path and any(name in COPY_NAMES for name in place.module[-1:])
        return "other" if is_copy else place.role
    if _mentions(parents, OPTIMIZER_WORDS):
        return "optimizer"
    depth = len(weights_path)
    in_weights = tensor.path[:depth] == weights_path and len(tensor.path) == depth + 1
    is_state_dict = bool(parents) and parents[-1].endswith("state_dict") and not _mentions(parents, OTHER_WORDS)
    if not in_weights and (not is_state_dict or parents[-1] in COPY_NAMES):
        return "other"
    return "parameter" if tensor.role == "parameter" else weight_role(tensor.dtype, "".join(tensor.path[-1:]))


def weight_role(dtype: str, name: str) -> Role:
    """Parameter or buffer, as far as the type and the key of a tensor in a state dict tell."""
    is_float = dtype.startswith(("float", "bfloat", "complex"))
    return "buffer" if not is_float or name.endswith(BUFFER_ENDINGS) else "parameter"


def understand(root: object, tensors: list[TensorRecord], weights_path: tuple[str, ...], content: Content) -> Contents:
    """What the parts of a pickled checkpoint are.

    Args:
        root: The inert tree.
        tensors: Its tensors, with roles.
        weights_path: Where the state dict is.
        content: The file, for single numbers such as an optimizer's step.
    """
    top = text_keyed(root)
    epoch = scalar_of(top.get("epoch", top.get("global_epoch")))
    best = best_of_callbacks(top, tensors, content) if LIGHTNING_KEY in top else Best()
    return Contents(
        layout=_layout(top, _weight_names(tensors, weights_path), _is_module(tensors, weights_path)),
        weights_path=weights_path,
        epoch=epoch if isinstance(epoch, int) and not isinstance(epoch, bool) else None,
        stored=_stored_metrics(top) | best.stored,
        hyperparameters=_hyperparameters(top) | best.settings,
        gloss_to_id=_vocabulary(root),
        optimizer=_optimizer(root, tensors, content),
        curves=_curves(top),
    )


def _is_module(tensors: list[TensorRecord], weights_path: tuple[str, ...]) -> bool:
    """True where the weights are those of a network that was saved whole."""
    return any(tensor.state_key and tensor.path[: len(weights_path)] == weights_path for tensor in tensors)


def _weight_names(tensors: list[TensorRecord], weights_path: tuple[str, ...]) -> list[str]:
    depth = len(weights_path)
    return [
        tensor.path[-1] if tensor.state_key is None else tensor.state_key
        for tensor in tensors
        if tensor.path[:depth] == weights_path and (len(tensor.path) == depth + 1 or tensor.state_key)
    ]


def _layout(top: dict[str, object], names: list[str], is_module: bool) -> str | None:
    """Which of the known ways of saving a run this is."""
    if not names:
        return None
    if LIGHTNING_KEY in top:
        return "lightning"
    if is_module:
        return "module"
    if "encoder_state_dict" in top and "model_state_dict" not in top:
        return "stage-1"
    if "model_state_dict" in top and any(name.startswith("ctc_head.projection.") for name in names):
        return "stage-2"
    if "model_state_dict" in top and "classifier.weight" in names and any("encoder.lstm." in name for name in names):
        return "notebook"
    return "state-dict"


def _number(value: object) -> float | None:
    scalar = scalar_of(value)
    if isinstance(scalar, bool) or not isinstance(scalar, int | float):
        return None
    return float(scalar) if abs(scalar) < LARGEST_NUMBER or isinstance(scalar, float) else None


def _near(value: object, key: str) -> object:
    """What a small dict or object has under `key`: one that is shared by thousands must not be searched to its end."""
    found: object = None
    for candidate, held in (pairs_of(value) or attributes_of(value) or [])[:MOST_FIELDS]:
        if isinstance(candidate, str) and candidate == key:
            found = held
    return found


def _near_fields(value: object) -> dict[str, object]:
    return {key: held for key, held in (pairs_of(value) or [])[:MOST_FIELDS] if isinstance(key, str)}


def _stored_metrics(top: dict[str, object]) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in top.items():
        number = _number(value)
        if number is not None and key.lower() in METRIC_NAMES:
            found[METRIC_NAMES[key.lower()]] = number
    return found


def _hyperparameters(top: dict[str, object]) -> dict[str, Scalar]:
    """Plain values at the top, and those of any dict or object called a config."""
    found: dict[str, Scalar] = {}
    for key, value in top.items():
        scalar = scalar_of(value)
        if scalar is not None and key.lower() not in METRIC_NAMES and key != "epoch":
            found[key] = scalar
    todo: list[tuple[str, object, int]] = [
        (key, value, 0)
        for key, value in reversed(top.items())
        if any(word in key.lower() for word in ("config", "param", "args", "opt", "cfg"))
        and "optim" not in key.lower()
        and "state" not in key.lower()
    ]
    looked_at = 0
    while todo and len(found) < MOST_SETTINGS and looked_at < MOST_LOOKED_AT:
        name, value, depth = todo.pop()
        deeper: list[tuple[str, object, int]] = []
        entries = (pairs_of(value) or attributes_of(value) or [])[:MOST_SETTINGS]
        looked_at += 1 + len(entries)
        for inner, held in entries:
            scalar = scalar_of(held)
            if isinstance(inner, str) and len(name) + len(inner) > LONGEST_NAME:
                continue
            if scalar is not None:
                found[f"{name}.{key_text(inner)}"] = scalar
            elif depth < SEARCH_DEPTH and isinstance(inner, str):
                deeper.append((f"{name}.{inner}", held, depth + 1))
        todo += reversed(deeper)
    return dict(islice(found.items(), MOST_SETTINGS))


def _vocabulary(root: object) -> dict[str, int] | None:
    """Gloss to id, from `gloss_to_id` or from an inverted `id_to_gloss`."""
    forward = text_keyed(lookup(root, "gloss_to_id"))
    ids = {gloss: scalar_of(number) for gloss, number in forward.items()}
    known = {gloss: number for gloss, number in ids.items() if isinstance(number, int)}
    if known:
        return known
    backward = pairs_of(lookup(root, "id_to_gloss")) or []
    inverted = {}
    for key, gloss in backward:
        number = scalar_of(key)
        if isinstance(number, str) and number.isdecimal() and len(number) <= LONGEST_ID:
            number = int(number)
        if isinstance(number, int) and isinstance(gloss, str):
            inverted[gloss] = number
    return inverted or None


def _optimizer(root: object, tensors: list[TensorRecord], content: Content) -> Optimizer | None:
    """The first dict with `state` and `param_groups`."""
    found = _find_optimizer(root)
    if found is None:
        return None
    path, value = found
    states = pairs_of(lookup(value, "state")) or []
    groups = items_of(lookup(value, "param_groups")) or []
    first = groups[0] if groups else None
    members = [items_of(_near(group, "params")) or [] for group in groups[:MOST_FIELDS]]
    keys = {key for _, state in states[:MOST_FIELDS] for key in _near_fields(state)}
    return Optimizer(
        kind=_optimizer_kind(keys, first),
        step=_step(path, states, tensors, content),
        lr=_number(_near(first, "lr")),
        weight_decay=_number(_near(first, "weight_decay")),
        parameters=sum(len(members_of_group) for members_of_group in members),
    )


def _find_optimizer(root: object) -> tuple[tuple[str, ...], object] | None:
    todo: deque[tuple[tuple[str, ...], object]] = deque([((), root)])
    looked_at = 0
    while todo:
        path, value = todo.popleft()
        keys = text_keyed(value)
        looked_at += 1 + len(keys)
        if looked_at > MOST_LOOKED_AT and path:
            break
        if "param_groups" in keys and "state" in keys:
            return path, value
        if len(path) < 3:
            todo += [((*path, key), held) for key, held in keys.items() if "optim" in key.lower()]
            if path:
                todo += [((*path, str(index)), held) for index, held in enumerate((items_of(value) or [])[:8])]
    return None


def _optimizer_kind(keys: set[str], group: object) -> str | None:
    if {"exp_avg", "exp_avg_sq"} <= keys:
        return "AdamW" if _near(group, "decoupled_weight_decay") is True else "Adam"
    if "momentum_buffer" in keys or _near(group, "nesterov") is not None:
        return "SGD"
    if "square_avg" in keys:
        return "RMSprop"
    return "Adam" if _near(group, "betas") is not None else None


def _step(
    path: tuple[str, ...], states: list[tuple[object, object]], tensors: list[TensorRecord], content: Content
) -> int | None:
    """Most steps of any parameter: a plain number, or a tensor of one element."""
    steps = [number for _, state in states[:MOST_STATES] if (number := _number(_near(state, "step"))) is not None]
    prefix = (*path, "state")
    for tensor in tensors:
        if tensor.path[: len(prefix)] == prefix and tensor.path[-1] == "step":
            number = single_number(tensor, content)
            if number is not None:
                steps.append(float(number))
    finite = [step for step in steps if math.isfinite(step)]
    return int(max(finite)) if finite else None


def _curves(top: dict[str, object]) -> dict[str, tuple[float, ...]]:
    """Lists of numbers whose name speaks of a loss or an accuracy; lists of dicts of numbers, one curve a key."""
    found: dict[str, tuple[float, ...]] = {}
    room = MOST_LOOKED_AT
    for key, value in top.items():
        if not any(word in key.lower() for word in ("loss", "acc", "history")):
            continue
        items = None if isinstance(value, Built) else items_of(value)
        lists = [(key, items)] if items else []
        lists += [
            (f"{key}.{inner}", held_items)
            for inner, held in (pairs_of(value) or [])[:MOST_FIELDS]
            if isinstance(inner, str) and (held_items := items_of(held))
        ]
        for name, held_list in lists:
            if room <= 0:
                return found
            room -= len(held_list) * max(1, len(_near_fields(held_list[0])))
            if room > 0:
                found |= _list_curves(name, held_list)
    return found


def _list_curves(key: str, items: list[object]) -> dict[str, tuple[float, ...]]:
    numbers = [number for item in items if (number := _number(item)) is not None]
    if len(numbers) == len(items) and numbers:
        return {key: tuple(numbers)}
    rows = [_near_fields(item) for item in items]
    columns = {name: [_number(row.get(name)) for row in rows] for name in sorted(rows[0])} if rows else {}
    return {
        f"{key}.{name}": tuple(number for number in column if number is not None)
        for name, column in columns.items()
        if all(number is not None for number in column)
    }
