"""Which fields hold the features, the label, the lengths and the names, among those whose values fit."""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.samples.arrays import as_numbers, is_clip
from asl_inspector.samples.field_names import (
    FEATURES,
    GLOSS_IDS,
    GLOSSES,
    IDS,
    LENGTHS,
    SIGNERS,
    SPLITS,
    TARGET_LENGTHS,
    pick,
)
from asl_inspector.samples.labels import column_of, label_of
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.nodes import Fields, Look, Node, Numbers, Sequence, described

MOST_AVAILABLE = 40
MOST_FIELDS = 200  # of one entry; what has more is no clip with its label


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


def choose_columns(features: str, count: int, nodes: dict[str, Node], look: Look, correction: Correction) -> Chosen:
    """The columns beside `features`: those with an entry for each of its `count` clips."""
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


def choose_fields(samples: list[Node], look: Look, correction: Correction) -> Chosen:
    """The fields of entries, from some of them."""
    kinds: dict[str, set[str]] = {}
    shown: dict[str, str] = {}
    for sample in samples:
        if not isinstance(sample, Fields) or len(sample.pairs) > MOST_FIELDS:
            continue
        for name, raw in sample.by_name.items():
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
