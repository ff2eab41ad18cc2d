"""Values of an inert tree by their path."""

from __future__ import annotations

from asl_inspector.inert_pickle.plain import attributes_of, items_of, key_text, pairs_of


class InertPaths:
    """Looks values up by path; what was opened once is kept.

    Args:
        root: The tree.
    """

    def __init__(self, root: object) -> None:
        self._root = root
        self._children: dict[tuple[str, ...], dict[str, object]] = {}

    def at(self, path: tuple[str, ...]) -> object:
        """The value at a path; None where there is none."""
        value = self._root
        for depth, name in enumerate(path):
            here = path[:depth]
            if here not in self._children:
                self._children[here] = _children(value)
            value = self._children[here].get(name)
        return value


def _children(value: object) -> dict[str, object]:
    """What lies one level below a value, by element of the path."""
    pairs = pairs_of(value)
    if pairs is None:
        items = items_of(value)
        pairs = attributes_of(value) if items is None else list(enumerate(items))
    return {key_text(key): held for key, held in pairs or []}
