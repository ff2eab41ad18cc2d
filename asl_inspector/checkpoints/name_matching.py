"""Which keys of two state dicts correspond?

Wrappers put prefixes in front of keys (`module.` of DataParallel, `_orig_mod.` of torch.compile, `model.` of Lightning,
`ema_model.` of averaged copies), an encoder is saved without its prefix, a head is called by another name. So keys are
matched in this order, each step with what the one before left over:

1. pairs of prefixes whose removal makes keys equal, the pair that matches most keys first;
2. keys that are equal without the wrappers inside them (`cnn.module.conv.weight`);
3. guesses, if wanted: a subtree of another name, or a module that is the only one left of its shapes. A guess is
   called one, and where several modules have the same shapes none is taken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from asl_inspector.checkpoints.comparison_records import MatchedBy, PrefixPair

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
DEEPEST_PREFIX = 4
SMALLEST_SHARE = 0.2  # a prefix is tried if it covers this share of the keys that are left
TRANSPARENT = {
    "module",
    "_orig_mod",
    "_forward_module",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
}
WRAPPERS = TRANSPARENT | {
    "model",
    "net",
    "network",
    "encoder",
    "backbone",
    "ema",
    "ema_model",
    "model_ema",
    "student",
    "teacher",
    "online_network",
    "target_network",
    "state_dict",
    "model_state_dict",
}
COPIES = {"ema", "ema_model", "model_ema", "teacher", "target_network"}  # kept beside the network that is trained
COUNTERS = {"n_averaged", "num_updates", "initted", "step"}  # what averaging wrappers keep beside the weights


@dataclass(slots=True)
class Matching:
    """Keys of A with their partners in B.

    Attributes:
        partners: A's key to B's key and how it was found.
        prefixes: Pairs of prefixes that were used, the first one first.
        undecided: Groups of modules (prefixes of A, prefixes of B) of the same shapes, more than one on a side.
        notes: Sentences.
    """

    partners: dict[str, tuple[str, MatchedBy]] = field(default_factory=dict)
    prefixes: list[PrefixPair] = field(default_factory=list)
    undecided: list[tuple[list[str], list[str]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def match_names(a: Shapes, b: Shapes, *, guess: bool = False) -> Matching:
    """Match the keys of two state dicts.

    Args:
        a: Shape by key.
        b: Shape by key.
        guess: Match modules of other names by shape and place too.
    """
    found = Matching()
    left_a, left_b = dict(a), dict(b)
    _match_prefixes(found, left_a, left_b, wrappers_only=True)
    _match_without_wrappers(found, left_a, left_b)
    if guess:
        _match_prefixes(found, left_a, left_b, wrappers_only=False)
        _match_modules(found, left_a, left_b)
        _match_last_modules(found, left_a, left_b)
    found.prefixes.sort(key=lambda pair: -pair.tensors)
    return found


def is_counter(name: str) -> bool:
    """True for what an averaging wrapper counts beside the weights."""
    return name.rpartition(".")[2] in COUNTERS


def module_of(name: str) -> str:
    """The key without its last element: `encoder.lstm` of `encoder.lstm.weight_hh_l0`."""
    return name.rpartition(".")[0]


# -- prefixes ---------------------------------------------------------------------------------------------------------


def _match_prefixes(
    found: Matching, left_a: dict[str, Shape], left_b: dict[str, Shape], *, wrappers_only: bool
) -> None:
    while left_a and left_b:
        best = _best_pair(left_a, left_b, first=not found.partners, wrappers_only=wrappers_only)
        if best is None:
            return
        prefix_a, prefix_b, rivals = best
        matched = _without(left_a, prefix_a).keys() & _without(left_b, prefix_b).keys()
        how: MatchedBy = "guess" if not wrappers_only else "prefix" if prefix_a or prefix_b else "name"
        for suffix in [name.removeprefix(prefix_a) for name in left_a if name.startswith(prefix_a)]:
            if suffix in matched:
                found.partners[prefix_a + suffix] = (prefix_b + suffix, how)
        for suffix in matched:
            del left_a[prefix_a + suffix], left_b[prefix_b + suffix]
        found.prefixes.append(PrefixPair(prefix_a, prefix_b, len(matched)))
        found.notes += [
            f"The keys under “{one}” fit as well as those under “{taken}” that were compared; name the part to choose."
            for one, taken in rivals
        ]


def _best_pair(
    a: dict[str, Shape], b: dict[str, Shape], *, first: bool, wrappers_only: bool
) -> tuple[str, str, list[tuple[str, str]]] | None:
    """The pair of prefixes that matches most keys, and prefixes that would do as well for the other side."""
    stripped_b = {prefix: _without(b, prefix) for prefix in _prefixes(b)}
    scored: list[tuple[tuple[int, int, int, int], str, str]] = []
    for prefix_a in _prefixes(a):
        held_a = _without(a, prefix_a)
        for prefix_b, held_b in stripped_b.items():
            if not _may_pair(prefix_a, prefix_b, wrappers_only=wrappers_only):
                continue
            common = held_a.keys() & held_b.keys()
            fitting = sum(held_a[name] == held_b[name] for name in common)
            strict = bool(prefix_a or prefix_b) and (not first or not wrappers_only)
            if not common or (strict and (fitting < len(common) or len(common) < 2)):
                continue
            copies = len(COPIES & {*prefix_a.split("."), *prefix_b.split(".")})
            scored.append(((len(common), fitting, -copies, -len(prefix_a) - len(prefix_b)), prefix_a, prefix_b))
    if not scored:
        return None
    score, best_a, best_b = max(scored, key=lambda one: one[0])
    as_good = [(one_a, one_b) for other, one_a, one_b in scored if other[:2] == score[:2] and score[0] > 1]
    rivals = [(one_a, best_a) for one_a, one_b in as_good if one_b == best_b and not _overlap(one_a, best_a)]
    rivals += [(one_b, best_b) for one_a, one_b in as_good if one_a == best_a and not _overlap(one_b, best_b)]
    return best_a, best_b, rivals


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _may_pair(prefix_a: str, prefix_b: str, *, wrappers_only: bool) -> bool:
    if not (prefix_a and prefix_b):
        return wrappers_only
    if wrappers_only:
        words = {*prefix_a.split("."), *prefix_b.split(".")} - {""}
        return words <= WRAPPERS
    return not any(prefix.rstrip(".").rpartition(".")[2].isdecimal() for prefix in (prefix_a, prefix_b))


def _prefixes(names: Mapping[str, Shape]) -> list[str]:
    counts = Counter(
        ".".join(name.split(".")[:depth]) + "."
        for name in names
        for depth in range(1, min(DEEPEST_PREFIX, name.count(".")) + 1)
    )
    return ["", *sorted(prefix for prefix, count in counts.items() if count >= SMALLEST_SHARE * len(names))]


def _without(names: Mapping[str, Shape], prefix: str) -> dict[str, Shape]:
    return {name.removeprefix(prefix): shape for name, shape in names.items() if name.startswith(prefix)}


def _match_without_wrappers(found: Matching, left_a: dict[str, Shape], left_b: dict[str, Shape]) -> None:
    """Match keys that differ only by wrappers somewhere inside them."""
    bare: dict[str, list[str]] = defaultdict(list)
    for name in left_b:
        bare[_bare(name)].append(name)
    for name in list(left_a):
        partners = bare.get(_bare(name), [])
        if len(partners) == 1 and partners[0] in left_b:
            found.partners[name] = (partners[0], "prefix")
            del left_a[name], left_b[partners[0]]


def _bare(name: str) -> str:
    return ".".join(word for word in name.split(".") if word not in TRANSPARENT)


# -- guesses ----------------------------------------------------------------------------------------------------------

Signature = tuple[tuple[str, Shape], ...]


def _modules(left: Mapping[str, Shape]) -> dict[str, dict[str, Shape]]:
    """The tensors that are left, by module, as leaf name to shape."""
    found: dict[str, dict[str, Shape]] = defaultdict(dict)
    for name, shape in left.items():
        found[module_of(name)][name.rpartition(".")[2]] = shape
    return dict(found)


def _match_modules(found: Matching, left_a: dict[str, Shape], left_b: dict[str, Shape]) -> None:
    """Match modules that are the only ones left of their leaves and shapes."""

    def by_signature(left: dict[str, Shape]) -> dict[Signature, list[str]]:
        groups: dict[Signature, list[str]] = defaultdict(list)
        for module, leaves in _modules(left).items():
            if any(len(shape) > 1 for shape in leaves.values()):  # a lone bias or gain says too little
                groups[tuple(sorted(leaves.items()))].append(module)
        return groups

    groups_a, groups_b = by_signature(left_a), by_signature(left_b)
    for signature, modules_a in groups_a.items():
        modules_b = groups_b.get(signature, [])
        if len(modules_a) == len(modules_b) == 1:
            _pair_modules(found, left_a, left_b, modules_a[0], modules_b[0], "guess")
        elif modules_b:
            found.undecided.append((modules_a, modules_b))


def _match_last_modules(found: Matching, left_a: dict[str, Shape], left_b: dict[str, Shape]) -> None:
    """Match the one module left on either side where the leaves are the same and only the outputs differ."""
    modules_a, modules_b = _modules(left_a), _modules(left_b)
    if len(modules_a) != 1 or len(modules_b) != 1:
        return
    ((name_a, leaves_a),), ((name_b, leaves_b),) = modules_a.items(), modules_b.items()
    same_inputs = leaves_a.keys() == leaves_b.keys() and all(
        shape[1:] == leaves_b[leaf][1:] and len(shape) == len(leaves_b[leaf]) for leaf, shape in leaves_a.items()
    )
    if same_inputs and any(len(shape) > 1 for shape in leaves_a.values()):
        _pair_modules(found, left_a, left_b, name_a, name_b, "guess")


def _pair_modules(
    found: Matching,
    left_a: dict[str, Shape],
    left_b: dict[str, Shape],
    module_a: str,
    module_b: str,
    how: MatchedBy,
) -> None:
    for leaf in _modules(left_a)[module_a]:
        name_a, name_b = (f"{module}.{leaf}" if module else leaf for module in (module_a, module_b))
        found.partners[name_a] = (name_b, how)
        del left_a[name_a], left_b[name_b]
