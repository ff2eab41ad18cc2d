"""How clips lie in a file, worked out from its content: an entry a clip, columns, or a single clip.

The search looks at what values are (arrays of frames by numbers, texts that repeat, counts that fit) and uses names only
to choose among what fits. The user's correction goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from asl_inspector.samples.field_names import (
    FEATURES,
    GLOSS_IDS,
    GLOSSES,
    IDS,
    LENGTHS,
    SIGNERS,
    SPLIT_WORDS,
    SPLITS,
    TARGET_LENGTHS,
    pick,
)
from asl_inspector.samples.labels import column_of, label_of
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.nodes import Array, Fields, Look, Node, Numbers, Sequence, described, from_array

SAMPLE = 50  # entries looked at to choose the fields
SURE = 5  # of the first entries all must be clips
FEWEST_FOR_AXIS = 4  # clips whose shapes may overrule that the first axis is time
MOST_DIMS_OF_LANDMARK = 4
DEEPEST = 3
MOST_AVAILABLE = 40
WEIGHT_ENDINGS = ("weight", "bias", "kernel", "gamma", "beta", "running_mean", "running_var", "num_batches_tracked")
_SPLIT_IN_NAME = re.compile(r"(?i)(?:^|[_\-. ])(train(?:ing)?|val(?:id(?:ation)?)?|dev|test(?:ing)?)(?:$|[_\-. ])")


@dataclass(slots=True)
class Chosen:
    """The fields that were taken, and what else there is."""

    features: str = ""
    gloss: str = ""
    gloss_id: str = ""
    lengths: str = ""
    target_lengths: str = ""
    ids: str = ""
    split: str = ""
    signer: str = ""
    available: tuple[str, ...] = ()
    told: bool = False  # True where the user said which field holds the features

    @property
    def label(self) -> str:
        """The fields of the label in words."""
        return "” and “".join(dict.fromkeys(name for name in (self.gloss, self.gloss_id) if name))


@dataclass(slots=True)
class Entries:
    """An entry a clip: raw values by name, or by number where `named` is False."""

    pairs: list[tuple[str, object]]
    chosen: Chosen
    named: bool
    layout: str = "one entry a clip"


@dataclass(slots=True)
class Columns:
    """A column a field, a row a clip."""

    fields: dict[str, object]
    chosen: Chosen
    count: int
    layout: str = "one column a field"


@dataclass(slots=True)
class Splits:
    """Several of the above by the name of the split."""

    parts: list[tuple[str, Entries | Columns]] = field(default_factory=list)


Plan = Entries | Columns | Splits


def find_layout(root: Node, look: Look, correction: Correction) -> Plan | None:
    """How clips lie below `root`, or None where there seem to be none.

    Args:
        root: What the file holds.
        look: What a raw value of it is.
        correction: What the user said.
    """
    return _find(root, look, correction, 0)


def _find(root: Node, look: Look, correction: Correction, depth: int) -> Plan | None:
    if isinstance(root, Numbers):
        return _of_array(root)
    if isinstance(root, Sequence):
        return _of_sequence(root, look, correction, depth)
    if not isinstance(root, Fields) or not root.pairs:
        return None
    for attempt in (_splits, _suffixed_splits, _columns):
        if (found := attempt(root, look, correction)) is not None:
            return found
    one = _single(root, look, correction)
    if one is not None and _is_named(one.chosen.features, correction):
        return one
    entries = _entries(root.pairs, look, correction, named=True) or one
    if entries is not None or depth >= DEEPEST:
        return entries
    for _, raw in root.pairs[:SAMPLE]:
        child = look(raw)
        if isinstance(child, Fields | Sequence) and (found := _find(child, look, correction, depth + 1)) is not None:
            return found
    return None


# -- numbers -------------------------------------------------------------------------------------------------------


def as_numbers(node: Node, look: Look) -> Numbers | None:
    """An array, or nested lists of numbers as one; None where it is neither."""
    if isinstance(node, Numbers):
        return node
    if not isinstance(node, Sequence) or not node.items:
        return None
    if (plain := _of_lists(node.items)) is not None:
        return from_array(plain)
    rows: list[Array] = []
    for raw in node.items:
        item = look(raw)
        if isinstance(item, Numbers):
            rows.append(np.asarray(item.all()))
        elif isinstance(item, Sequence):
            plain = _plain(item, look)
            if plain is None:
                return None
            rows.append(plain)
        else:
            return None
    if len({row.shape for row in rows}) != 1:
        return None
    stacked = np.stack(rows)
    return from_array(stacked) if stacked.dtype.kind in "fiub" else None


def _of_lists(items: list[object]) -> Array | None:
    """Python's own nested lists of numbers, at least two deep, as JSON gives them; None for anything else."""
    first, depth = items[0], 1
    while isinstance(first, list) and first and depth <= MOST_DIMS_OF_LANDMARK:
        first, depth = first[0], depth + 1
    if depth < 2 or isinstance(first, str) or not isinstance(first, int | float | None):
        return None
    try:
        return np.array(items, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _plain(node: Sequence, look: Look) -> Array | None:
    """A list of numbers, or of lists of numbers, as an array; missing numbers are NaN."""
    try:
        array = np.array(_nested(node, look, 0), dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if array.size else None


def _nested(node: Sequence, look: Look, depth: int) -> list[object]:
    found: list[object] = []
    for raw in node.items:
        item = look(raw)
        if isinstance(item, Sequence):
            if depth > MOST_DIMS_OF_LANDMARK:
                raise ValueError("too deep")
            found.append(_nested(item, look, depth + 1))
        elif isinstance(item, Numbers):
            found.append(item.all().tolist())
        elif item is None:
            found.append(float("nan"))
        else:
            found.append(item)
    return found


def is_clip(numbers: Numbers | None) -> bool:
    """True where an array may be one clip; a clip without frames may have lost its other axes."""
    if numbers is None or (numbers.dtype[-2:-1] not in "fiu" and numbers.dtype != "bfloat16"):
        return False
    return 2 <= len(numbers.shape) <= 4 or numbers.shape == (0,)


def _is_single(numbers: Numbers) -> bool:
    """True where an array alone is one clip and no stack of clips: frames by numbers, or by landmarks by coordinates."""
    shape = numbers.shape
    return len(shape) == 2 or (len(shape) == 3 and shape[2] <= MOST_DIMS_OF_LANDMARK < shape[1])


def time_axis_of(shapes: list[tuple[int, ...]], correction: Correction) -> int:
    """Which axis of the clips' arrays is time: the one that varies, else the first."""
    ranks = {len(shape) for shape in shapes}
    rank = ranks.pop() if len(ranks) == 1 else 0
    if correction.time_axis is not None:
        return correction.time_axis if 0 <= correction.time_axis < max(rank, 1) else 0
    if rank < 2:
        return 0
    sizes = [{shape[axis] for shape in shapes} for axis in range(rank)]
    varying = [axis for axis in range(rank) if len(sizes[axis]) > 2]
    if len(shapes) >= FEWEST_FOR_AXIS and varying and len(sizes[0]) == 1:
        return varying[0]
    coordinates_first = rank >= 3 and max(sizes[0]) <= MOST_DIMS_OF_LANDMARK < min(sizes[2])
    return 1 if coordinates_first else 0


# -- layouts -------------------------------------------------------------------------------------------------------


def _of_array(root: Numbers) -> Plan | None:
    if not root.shape or not (2 <= len(root.shape) <= 5) or not root.count or root.dtype[-2:-1] == "c":
        return None
    chosen = Chosen(features="the array", available=(described("the array", root),))
    if _is_single(root):
        return Entries([("", root)], chosen, named=False, layout="one clip")
    return Columns({"the array": root}, chosen, root.shape[0], layout="one array, a row a clip")


def _of_sequence(root: Sequence, look: Look, correction: Correction, depth: int) -> Plan | None:
    if 2 <= len(root.items) <= 4:
        fields = Fields([(f"part {index}", raw) for index, raw in enumerate(root.items)])
        found = _columns(fields, look, correction)
        if found is not None and found.chosen.label:
            return found
    numbered = _pairs_as_fields(root, look) or [(str(index), raw) for index, raw in enumerate(root.items)]
    entries = _entries(numbered, look, correction, named=False)
    if entries is not None and (not depth or entries.chosen.features):
        return entries
    if depth and depth < DEEPEST:
        return None  # deep down, numbers without a name may be anything
    numbers = as_numbers(root, look) if len(root.items) <= 1 << 20 else None
    return _of_array(numbers) if numbers is not None else None


def _pairs_as_fields(root: Sequence, look: Look) -> list[tuple[str, object]]:
    """`[(array, label), ...]` as entries with named fields; nothing where it is no such list."""
    found: list[tuple[str, object]] = []
    for index, raw in enumerate(root.items):
        node = look(raw)
        if not isinstance(node, Sequence) or len(node.items) != 2:
            return []
        first, second = (look(part) for part in node.items)
        if index < SURE and (not isinstance(first, Numbers) or not is_clip(first) or isinstance(second, Fields)):
            return []
        found.append((str(index), Fields([("features", node.items[0]), ("label", node.items[1])])))
    return found


def _splits(root: Fields, look: Look, correction: Correction) -> Plan | None:
    """`{"train": ..., "val": ...}`, each of them clips."""
    named = [(name, raw) for name, raw in root.pairs if name.lower() in SPLIT_WORDS]
    if not named:
        return None
    found = Splits()
    for name, raw in named:
        part = _find(look(raw), look, correction, DEEPEST)
        if isinstance(part, Entries | Columns):
            found.parts.append((name.lower(), part))
    return found if found.parts else None


def _suffixed_splits(root: Fields, look: Look, correction: Correction) -> Plan | None:
    """`X_train`, `y_train`, `X_val`, ... as columns of several splits."""
    groups: dict[str, list[tuple[str, object]]] = {}
    for name, raw in root.pairs:
        told = _SPLIT_IN_NAME.search(name)
        if told is not None:
            rest = (name[: told.start()] + name[told.end() :]).strip("_-. ")
            groups.setdefault(told.group(1).lower(), []).append((rest or name, raw))
    found = Splits()
    for split, pairs in groups.items():
        part = _columns(Fields(pairs), look, correction)
        if part is not None:
            found.parts.append((split, part))
    return found if found.parts else None


def _columns(root: Fields, look: Look, correction: Correction) -> Columns | None:
    if len(root.pairs) > 200 or any(name.lower().endswith(WEIGHT_ENDINGS) for name, _ in root.pairs):
        return None
    nodes = {name: look(raw) for name, raw in root.by_name.items()}
    for name in _feature_columns(nodes, look, correction):
        count = _count_of(nodes[name])
        chosen = _choose_columns(name, count, nodes, look, correction)
        node = nodes[name]
        stack = isinstance(node, Numbers) and not _is_single(node) and _is_named(name, correction)
        if chosen.label or chosen.ids or chosen.lengths or stack:
            return Columns(root.by_name, chosen, count)
    return None


def _is_named(features: str, correction: Correction) -> bool:
    """True where the name itself says that these are features."""
    return features == correction.features or features.lower() in FEATURES


def _count_of(node: Node) -> int:
    if isinstance(node, Numbers):
        return node.shape[0]
    return len(node.items) if isinstance(node, Sequence) else 0


def _feature_columns(nodes: dict[str, Node], look: Look, correction: Correction) -> Iterator[str]:
    """Fields that may be the clips' features, likeliest first."""
    fitting = [name for name, node in nodes.items() if _may_be_features(node, look)]
    if correction.features is not None:
        yield from (name for name in fitting if name == correction.features)
        return
    known = pick(fitting, FEATURES)
    if known is not None:
        yield known
    large = [name for name in fitting if name != known and _is_stack(nodes[name])]
    yield from sorted(large, key=lambda name: -_size_of(nodes[name]))


def _is_stack(node: Node) -> bool:
    return isinstance(node, Sequence) or (isinstance(node, Numbers) and len(node.shape) >= 2)


def _size_of(node: Node) -> int:
    return node.count if isinstance(node, Numbers) else 1


def _may_be_features(node: Node, look: Look) -> bool:
    if isinstance(node, Numbers):
        return 2 <= len(node.shape) <= 5 and node.count > 0 and node.dtype[-2:-1] not in "cb"
    if not isinstance(node, Sequence) or not node.items:
        return False
    first = [as_numbers(look(raw), look) for raw in node.items[:SURE]]
    return all(is_clip(numbers) for numbers in first) and any(one and len(one.shape) > 1 for one in first)


def _choose_columns(features: str, count: int, nodes: dict[str, Node], look: Look, correction: Correction) -> Chosen:
    others = {name: node for name, node in nodes.items() if name != features}
    texts, numbers = [], []
    for name, node in others.items():
        if count and isinstance(node, Sequence) and len(node.items) == count:
            label = label_of(look(node.items[0]), look)
            texts += [name] if label.glosses else []
            numbers += [name] if label.ids else []
        elif count and isinstance(node, Numbers) and node.shape[:1] == (count,) and len(node.shape) <= 2:
            numbers += [name] if node.is_whole or column_of(node, count, look) else []
    lengths = correction.lengths or pick(
        [name for name in others if name in numbers or _is_mask(others[name], count)], LENGTHS
    )
    target_lengths = pick(numbers, TARGET_LENGTHS)
    ids = correction.ids or pick([*texts, *numbers], IDS, but=(lengths or "",))
    but = {lengths or "", target_lengths or "", ids or ""}
    gloss = correction.label if correction.label in texts else pick(texts, GLOSSES, but=but)
    gloss_id = correction.label if correction.label in numbers else pick(numbers, GLOSS_IDS, but=but)
    if correction.label is not None:
        gloss = gloss if gloss == correction.label else None
        gloss_id = gloss_id if gloss_id == correction.label else None
    elif gloss is None and gloss_id is None:
        left = [name for name in [*texts, *numbers] if name not in but and name.startswith("part ")]
        gloss = left[0] if left and left[0] in texts else None
        gloss_id = left[0] if left and gloss is None else None
    return Chosen(
        features=features,
        gloss=gloss or "",
        gloss_id=gloss_id or "",
        lengths=lengths or "",
        target_lengths=target_lengths or "",
        ids=ids or "",
        split=correction.split or pick(texts, SPLITS, but=but) or "",
        signer=correction.signer or pick([*texts, *numbers], SIGNERS, but=but) or "",
        available=tuple(described(name, node) for name, node in list(nodes.items())[:MOST_AVAILABLE]),
    )


def _is_mask(node: Node, count: int) -> bool:
    """A mask of frames: (N, T) of truth values or zeros and ones."""
    return isinstance(node, Numbers) and len(node.shape) == 2 and node.shape[0] == count


def _entries(pairs: list[tuple[str, object]], look: Look, correction: Correction, *, named: bool) -> Entries | None:
    if named and any(name.lower().endswith(WEIGHT_ENDINGS) for name, _ in pairs[:SAMPLE]):
        return None
    chosen = choose_fields([look(raw) for _, raw in pairs[:SAMPLE]], look, correction)
    first = [features_of(look(raw), chosen, look) for _, raw in pairs[:SURE]]
    if not first or not all(is_clip(numbers) for numbers in first):
        return None
    if not any(numbers and len(numbers.shape) > 1 for numbers in first):
        return None
    return Entries(pairs, chosen, named)


def _single(root: Fields, look: Look, correction: Correction) -> Entries | None:
    """One clip with its label, as one file a clip holds it."""
    nodes = [look(raw) for _, raw in root.pairs[:SAMPLE]]
    if any(isinstance(node, Fields) for node in nodes):
        return None
    if any(name.lower().endswith(WEIGHT_ENDINGS) for name, _ in root.pairs[:SAMPLE]):
        return None
    chosen = choose_fields([root], look, correction)
    numbers = features_of(root, chosen, look)
    if not chosen.features or numbers is None or not is_clip(numbers):
        return None
    if not chosen.label and not _is_named(chosen.features, correction):
        return None
    return Entries([("", root)], chosen, named=False, layout="one clip")


def choose_fields(samples: list[Node], look: Look, correction: Correction) -> Chosen:
    """The fields of entries, from some of them."""
    kinds: dict[str, set[str]] = {}
    shown: dict[str, str] = {}
    for sample in samples:
        for name, raw in sample.by_name.items() if isinstance(sample, Fields) else ():
            node = look(raw)
            kinds.setdefault(name, set()).update(_kinds_of(node, look))
            shown.setdefault(name, described(name, node))
    arrays = [name for name in kinds if "clip" in kinds[name]]
    features = correction.features or pick(arrays, FEATURES)
    if features is None and len(arrays) == 1:
        features = arrays[0]
    texts = [name for name in kinds if kinds[name] & {"text", "texts"} and name != features]
    numbers = [name for name in kinds if kinds[name] & {"number", "numbers"} and name != features]
    gloss = pick([name for name in texts if name not in arrays], GLOSSES)
    gloss_id = pick([name for name in numbers if name not in arrays], GLOSS_IDS)
    if correction.label is not None:
        gloss = correction.label if correction.label in texts else None
        gloss_id = correction.label if correction.label in numbers else None
    return Chosen(
        features=features or "",
        gloss=gloss or "",
        gloss_id=gloss_id or "",
        lengths=correction.lengths or "",
        ids=correction.ids or pick(texts, IDS) or pick(numbers, IDS) or "",
        split=correction.split or pick(texts, SPLITS) or "",
        signer=correction.signer or pick([*texts, *numbers], SIGNERS) or "",
        available=tuple(list(shown.values())[:MOST_AVAILABLE]),
        told=correction.features is not None,
    )


def _kinds_of(node: Node, look: Look) -> set[str]:
    if isinstance(node, str):
        return {"text"}
    if isinstance(node, Numbers):
        return {"clip"} if is_clip(node) else {"numbers"} if node.is_whole else set()
    if isinstance(node, Sequence):
        label = label_of(node, look)
        found = {"texts"} if label.glosses else {"numbers"} if label.ids else set()
        return found or ({"clip"} if is_clip(as_numbers(node, look)) else set())
    return {"number"} if label_of(node, look).ids else set()


def features_of(node: Node, chosen: Chosen, look: Look) -> Numbers | None:
    """The array of one entry: the entry itself, or its chosen field, or another one of a usual name."""
    if isinstance(node, Numbers):
        return node if is_clip(node) else None
    if isinstance(node, Sequence):
        numbers = as_numbers(node, look)
        return numbers if is_clip(numbers) else None
    if not isinstance(node, Fields):
        return None
    held = node.by_name
    names = [chosen.features] if chosen.told or chosen.features in held else [name for name in FEATURES if name in held]
    for name in names:
        numbers = as_numbers(look(held.get(name)), look)
        if is_clip(numbers):
            return numbers
    return None
