"""How clips lie in a file, worked out from its content: an entry a clip, columns, or a single clip.

The search looks at what values are (arrays of frames by numbers, texts that repeat, counts that fit) and uses names only
to choose among what fits. The user's correction goes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from asl_inspector.samples.arrays import as_numbers, is_clip, is_single
from asl_inspector.samples.choosing import Chosen, choose_columns, choose_fields, features_of
from asl_inspector.samples.field_names import FEATURES, SPLIT_WORDS, pick
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.nodes import Fields, Look, Node, Numbers, Sequence, described

MOST_ENTRIES = 2_000_000
SAMPLE = 50  # entries looked at to choose the fields
SURE = 5  # of the first entries all must be clips
DEEPEST = 3
WEIGHT_ENDINGS = ("weight", "bias", "kernel", "gamma", "beta", "running_mean", "running_var", "num_batches_tracked")
_SPLIT_IN_NAME = re.compile(r"(?i)(?:^|[_\-. ])(train(?:ing)?|val(?:id(?:ation)?)?|dev|test(?:ing)?)(?:$|[_\-. ])")


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
    return _find(root, look, correction, 0, set())


def _find(root: Node, look: Look, correction: Correction, depth: int, seen: set[int]) -> Plan | None:
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
        if id(raw) in seen:  # one container below many names is looked at once
            continue
        seen.add(id(raw))
        child = look(raw)
        found = _find(child, look, correction, depth + 1, seen) if isinstance(child, Fields | Sequence) else None
        if found is not None:
            return found
    return None


def _of_array(root: Numbers) -> Plan | None:
    if not root.shape or not (2 <= len(root.shape) <= 5) or not root.count or root.dtype[-2:-1] == "c":
        return None
    chosen = Chosen(features="the array", available=(described("the array", root),))
    if is_single(root):
        return Entries([("", root)], chosen, named=False, layout="one clip")
    return Columns({"the array": root}, chosen, root.shape[0], layout="one array, a row a clip")


def _of_sequence(root: Sequence, look: Look, correction: Correction, depth: int) -> Plan | None:
    if 2 <= len(root.items) <= 4:
        fields = Fields([(f"part {index}", raw) for index, raw in enumerate(root.items)])
        found = _columns(fields, look, correction)
        if found is not None and found.chosen.label:
            return found
    if len(root.items) > MOST_ENTRIES:
        return None
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
        part = _find(look(raw), look, correction, DEEPEST, set())
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
        chosen = choose_columns(name, count, nodes, look, correction)
        node = nodes[name]
        stack = isinstance(node, Numbers) and not is_single(node) and _is_named(name, correction)
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
