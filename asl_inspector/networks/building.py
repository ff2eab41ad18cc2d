"""From the tensors of a checkpoint to a network that runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.mapped_file import Content
from asl_inspector.networks import recurrent
from asl_inspector.networks.records import Architecture

MOST_NAMED_KEYS = 6


@dataclass(frozen=True, slots=True)
class BuiltNetwork:
    """A network in evaluation mode on the CPU, with what is known of it."""

    module: recurrent.RecurrentNetwork
    architecture: Architecture


def build_network(checkpoint: Checkpoint, content: Content, *, blank: int | None = None) -> BuiltNetwork:
    """Rebuild the network whose weights a checkpoint holds.

    Args:
        checkpoint: The opened checkpoint.
        content: The bytes of its file.
        blank: Index of the blank where the user knows better than the layout.

    Raises:
        UnknownArchitecture: If no known layout takes every tensor of the state dict.
        UnreadableCheckpoint: If a tensor's numbers are not to be had.
    """
    weights = checkpoint.weights
    if not weights:
        raise UnknownArchitecture(
            f"“{checkpoint.path.name}” holds no state dict, so there is no network to run.",
            advice="Drop the checkpoint that the training script saved.",
        )
    found = recurrent.recognise(weights)
    if found is None:
        raise _unknown(checkpoint)
    architecture, names = found
    if blank is not None:
        architecture = _with_blank(architecture, blank)
    module = recurrent.RecurrentNetwork(architecture)
    state = {
        name: torch.from_numpy(np.array(read_array(weights[key], content), dtype=np.float32))
        for name, key in names.items()
    }
    try:
        module.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise UnknownArchitecture(
            f"The tensors of “{checkpoint.path.name}” do not fit the {architecture.family} layout that their names say.",
            detail=str(error),
        ) from None
    return BuiltNetwork(module.eval(), architecture)


def _with_blank(architecture: Architecture, blank: int) -> Architecture:
    if not 0 <= blank < architecture.classes:
        raise UnknownArchitecture(
            f"The blank cannot be {blank}: the network has {architecture.classes} outputs, 0 to {architecture.classes - 1}."
        )
    stated = [one for one in architecture.assumptions if "blank" not in one]
    return replace(architecture, blank=blank, assumptions=(f"The blank is at index {blank}, as you said.", *stated))


def _unknown(checkpoint: Checkpoint) -> UnknownArchitecture:
    keys = list(checkpoint.weights)
    named = ", ".join(f"`{key}`" for key in keys[:MOST_NAMED_KEYS])
    more = f" and {len(keys) - MOST_NAMED_KEYS} more" if len(keys) > MOST_NAMED_KEYS else ""
    return UnknownArchitecture(
        f"No known network layout has the tensors of “{checkpoint.path.name}”: {named}{more}.",
        advice="Its keys can be inspected and compared; predictions need a layout that this version knows.",
    )
