"""The weights by module: a tree with sums, in which memory that several tensors share counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from asl_inspector.checkpoints.records import TensorRecord

Place = tuple[str, str, int]


@dataclass(slots=True, eq=False)
class Module:
    """A module, or a level of the file's nesting, with everything below it.

    Attributes:
        path: Its names from the root of the file.
        tensors: Tensors directly in it, by their last name.
        children: Modules directly in it, by name, in file order.
        count: Tensors in it and below it.
        numbers: Their numbers; shared memory once.
        parameters: Numbers of those that training adjusts; shared memory once.
        nbytes: Bytes; shared memory once.
        shared: Numbers left out of `numbers`, because another tensor of the module has them too.
    """

    path: tuple[str, ...]
    tensors: dict[str, TensorRecord] = field(default_factory=dict)
    children: dict[str, Module] = field(default_factory=dict)
    count: int = 0
    numbers: int = 0
    parameters: int = 0
    nbytes: int = 0
    shared: int = 0

    @property
    def name(self) -> str:
        """The last name of its path; empty for the root."""
        return self.path[-1] if self.path else ""


def levels(tensor: TensorRecord) -> tuple[str, ...]:
    """The tensor's path with the modules of its key, which dots separate, as levels of their own."""
    return (*tensor.path[:-1], *tensor.path[-1].split(".")) if tensor.path else ()


def place_of(tensor: TensorRecord) -> Place | None:
    """Where the tensor's numbers are, equal for tensors that share them; None where it has none of its own."""
    if tensor.trouble or tensor.inline is not None or not tensor.count:
        return None
    return tensor.part, tensor.storage, tensor.storage_offset


def shared_places(tensors: Iterable[TensorRecord]) -> set[Place]:
    """The places that more than one tensor has."""
    counted = Counter(place for tensor in tensors if (place := place_of(tensor)) is not None)
    return {place for place, count in counted.items() if count > 1}


def module_tree(tensors: Sequence[TensorRecord]) -> Module:
    """The tree of these tensors."""
    root = Module(())
    shared = shared_places(tensors)
    met: set[tuple[int, Place]] = set()  # a module, and a shared place that it has counted
    for tensor in tensors:
        path = levels(tensor)
        place = place_of(tensor) if shared else None
        one = _One(tensor.count, tensor.nbytes, tensor.role == "parameter", place if place in shared else None)
        node = root
        _count(node, one, met)
        for depth, name in enumerate(path[:-1], start=1):
            child = node.children.get(name)
            if child is None:
                child = node.children[name] = Module(path[:depth])
            node = child
            _count(node, one, met)
        node.tensors[path[-1] if path else ""] = tensor
    return root


class _One(NamedTuple):
    """What one tensor adds to the modules above it; a place where its memory is shared."""

    numbers: int
    nbytes: int
    is_parameter: bool
    place: Place | None


def _count(node: Module, one: _One, met: set[tuple[int, Place]]) -> None:
    node.count += 1
    if one.place is not None:
        if (id(node), one.place) in met:
            node.shared += one.numbers
            return
        met.add((id(node), one.place))
    node.numbers += one.numbers
    node.nbytes += one.nbytes
    if one.is_parameter:
        node.parameters += one.numbers
