"""What the Checkpoint keys panel prepares off the window's thread: the tree, and what each tensor is related to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asl_inspector.checkpoints.gates import RecurrentPart, recurrent_part
from asl_inspector.checkpoints.modules import Place, place_of, shared_places
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, parameter_count
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.gui.key_nodes import Node, build_tree
from asl_inspector.gui.panels.key_lists import value_table
from asl_inspector.gui.tables import Column
from asl_inspector.report.sizes import size_text


@dataclass(frozen=True, slots=True)
class Relations:
    """Of one checkpoint: who shares memory, and what the tensors of recurrent layers are.

    Attributes:
        words: The checkpoint in a line.
        keys: Key in the state dict by place in the list of tensors.
        shapes: Shapes of the state dict.
        sharing: Tensors by the memory that they share.
        value_words: The values beside the weights, as a sentence.
        value_columns: As a table.
        value_paths: Where each of its rows is in the file.
    """

    words: str
    keys: dict[int, str]
    shapes: dict[str, tuple[int, ...]]
    sharing: dict[Place, list[TensorRecord]]
    value_words: str
    value_columns: list[Column]
    value_paths: list[tuple[str, ...]]

    def part(self, index: int) -> RecurrentPart | None:
        """What a tensor of a recurrent layer is, or None."""
        key = self.keys.get(index)
        return None if key is None else recurrent_part(key, self.shapes)

    def others(self, tensor: TensorRecord) -> list[TensorRecord]:
        """The tensors that share a tensor's memory."""
        place = place_of(tensor)
        held = self.sharing.get(place, []) if place is not None else []
        return [other for other in held if other is not tensor]


@dataclass(frozen=True, slots=True)
class KeysPage:
    """A checkpoint as the panel shows it.

    Attributes:
        checkpoint: The checkpoint.
        relations: Its relations.
        root: The tree of what the search found.
        found: Rows in it that are no folders.
    """

    checkpoint: Checkpoint
    relations: Relations
    root: Node
    found: int


def prepare(
    checkpoint: Checkpoint,
    relations: Relations | None,
    search: str,
    measured: Mapping[int, TensorStatistics],
    order: tuple[int, bool] | None,
) -> KeysPage:
    """The page; relations that are known already are kept."""
    root = build_tree(checkpoint, search, measured, order)
    found, todo = 0, [root]
    while todo:
        node = todo.pop()
        found += node.tensor is not None or node.value is not None
        todo += node.children
    return KeysPage(checkpoint, relations or relate(checkpoint), root, found)


def relate(checkpoint: Checkpoint) -> Relations:
    """The relations of a checkpoint's tensors."""
    places = {id(tensor): index for index, tensor in enumerate(checkpoint.tensors)}
    weights = checkpoint.weights
    shared = shared_places(checkpoint.tensors)
    sharing: dict[Place, list[TensorRecord]] = {}
    for tensor in checkpoint.tensors:
        place = place_of(tensor)
        if place is not None and place in shared:
            sharing.setdefault(place, []).append(tensor)
    parameters = parameter_count(checkpoint.tensors)
    words = f"{checkpoint.format}, {size_text(checkpoint.bytes)}, {len(checkpoint.tensors):,} tensors, {parameters:,} parameters"
    keys = {places[id(tensor)]: key for key, tensor in weights.items()}
    shapes = {key: tensor.shape for key, tensor in weights.items()}
    return Relations(words, keys, shapes, sharing, *value_table(checkpoint))
