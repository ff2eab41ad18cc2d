"""What a clip's label says: one gloss, one id, or several in a row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from asl_inspector.samples.nodes import Fields, Look, Node, Numbers, Sequence
from asl_inspector.samples.records import UNLABELLED

MOST_LABELS = 64 << 20  # numbers of one column of labels
LONGEST_TARGET = 100_000  # glosses of one clip
SHARE_WITH_SPACES = 0.5  # of labels that must hold several words before words are taken for glosses
PADDING_IDS = (-1, -100)


@dataclass(frozen=True, slots=True)
class Label:
    """One clip's label: `glosses` and `ids` are in signing order, and either may be empty."""

    glosses: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()

    def with_ids_of(self, other: Label) -> Label:
        """The same glosses with the other label's ids, where there are some."""
        return replace(self, ids=other.ids) if other.ids else self


NO_LABEL = Label()


def whole(value: object) -> int | None:
    """A whole number, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None


def label_of(node: Node, look: Look) -> Label:
    """The label that one value stands for; an empty one where it is none."""
    if isinstance(node, str):
        return Label((node,))
    if isinstance(node, Numbers):
        return _of_numbers(node)
    if isinstance(node, Sequence):
        if len(node.items) > LONGEST_TARGET:
            return NO_LABEL
        parts = [look(item) for item in node.items]
        if parts and all(isinstance(part, str) for part in parts):
            return Label(tuple(str(part) for part in parts))
        numbers = [whole(part) for part in parts]
        known = [number for number in numbers if number is not None]
        return Label((), tuple(known)) if known and len(known) == len(numbers) else NO_LABEL
    number = None if isinstance(node, Fields) else whole(node)
    return NO_LABEL if number is None else Label((), (number,))


def _of_numbers(numbers: Numbers) -> Label:
    if numbers.count == 0 or numbers.count > MOST_LABELS or len(numbers.shape) > 1:
        return NO_LABEL
    found = [whole(value) for value in np.asarray(numbers.all()).reshape(-1).tolist()]
    known = tuple(number for number in found if number is not None)
    return Label((), known) if len(known) == len(found) else NO_LABEL


def column_of(node: Node, count: int, look: Look, lengths: list[int] | None = None) -> list[Label] | None:
    """The labels of all clips from one column, or None where it is no column of `count` labels.

    Args:
        node: A list of texts or numbers, one a clip; or an array (N,), one-hot (N, C), or padded ids (N, L).
        count: N.
        look: What a raw value is.
        lengths: Of padded ids, how many count.
    """
    if isinstance(node, Numbers):
        return _numbers_column(node, count, lengths)
    if isinstance(node, Sequence) and len(node.items) == count:
        return [label_of(look(item), look) for item in node.items]
    return None


def _numbers_column(numbers: Numbers, count: int, lengths: list[int] | None) -> list[Label] | None:
    if not numbers.shape or numbers.shape[0] != count or numbers.count > MOST_LABELS or len(numbers.shape) > 2:
        return None
    held = np.asarray(numbers.all())
    if held.ndim == 2 and held.shape[1] == 1:
        held = held[:, 0]
    if held.ndim == 1:
        return [Label((), (number,)) if (number := whole(value)) is not None else NO_LABEL for value in held.tolist()]
    if lengths is None and held.shape[1] > 1 and _is_one_hot(held):
        return [Label((), (number,)) for number in held.argmax(axis=1).tolist()]
    rows = [[whole(value) for value in row] for row in held.tolist()]
    if lengths is not None and len(lengths) == count:
        rows = [row[:length] for row, length in zip(rows, lengths, strict=True)]
    return [Label((), tuple(number for number in _unpadded(row) if number is not None)) for row in rows]


def _is_one_hot(held: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bool:
    ones = held == 1
    return bool((ones.sum(axis=1) == 1).all() and ((held == 0) | ones).all())


def _unpadded(row: list[int | None]) -> list[int | None]:
    """The ids without the padding behind them."""
    while row and row[-1] in PADDING_IDS:
        row = row[:-1]
    return row


def words_are_glosses(labels: Iterable[Label]) -> bool:
    """True where most labels are single texts of several words: sentences of glosses, and no names with a space.

    A single id beside the text settles it: "thank you" is one gloss.
    """
    single = [label for label in labels if len(label.glosses) == 1]
    texts = [label.glosses[0] for label in single if len(label.ids) != 1]
    if 2 * len(texts) <= len(single):
        return False
    with_spaces = sum(" " in text.strip() for text in texts)
    if with_spaces < SHARE_WITH_SPACES * len(texts):
        return False
    words = Counter(word for text in texts for word in text.split())
    return len(words) < sum(words.values()) or len(texts) == 1


def split_words(label: Label) -> Label:
    """A sentence of glosses as its glosses."""
    return replace(label, glosses=tuple(label.glosses[0].split())) if len(label.glosses) == 1 else label


@dataclass(frozen=True, slots=True)
class LabelColumns:
    """Labels in the form of `Clips`."""

    glosses: tuple[str | None, ...]
    gloss_ids: list[int]
    targets: tuple[tuple[str, ...], ...]
    target_ids: tuple[tuple[int, ...], ...]


def columns_of(labels: list[Label]) -> LabelColumns:
    """The columns of `Clips`: targets only where some clip has several glosses."""
    continuous = any(len(label.glosses) > 1 or len(label.ids) > 1 for label in labels)
    return LabelColumns(
        glosses=tuple(label.glosses[0] if len(label.glosses) == 1 else None for label in labels),
        gloss_ids=[label.ids[0] if len(label.ids) == 1 else UNLABELLED for label in labels],
        targets=tuple(label.glosses for label in labels) if continuous and any(one.glosses for one in labels) else (),
        target_ids=tuple(label.ids for label in labels) if continuous and any(one.ids for one in labels) else (),
    )
