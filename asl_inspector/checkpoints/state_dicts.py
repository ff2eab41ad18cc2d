"""Which state dicts does a checkpoint hold, and which of them is meant?

Besides the network that is trained a file may keep an averaged copy (EMA, SWA), a teacher, or several networks side by
side. `Checkpoint.weights` is the one that the program takes for the network; a comparison may ask for another.
"""

from __future__ import annotations

from collections import defaultdict

from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.errors import UnreadableCheckpoint

FEWEST_TENSORS = 2
MOST_NAMED = 8
NOT_WEIGHTS = ("optim", "scheduler", "scaler", "rng", "callbacks")
Path = tuple[str, ...]


def parts_of(checkpoint: Checkpoint) -> list[Path]:
    """Paths of the dicts that could be state dicts, the one that the program takes first."""
    found: dict[Path, int] = defaultdict(int)
    for tensor in checkpoint.tensors:
        parent = tensor.path[:-1]
        if tensor.role != "optimizer" and not any(word in one.lower() for one in parent for word in NOT_WEIGHTS):
            found[parent] += 1
    main = checkpoint.contents.weights_path
    others = [path for path, count in found.items() if path != main and count >= FEWEST_TENSORS]
    return ([main] if checkpoint.weights else []) + others


def weights_of(checkpoint: Checkpoint, part: str | None = None) -> tuple[Path, dict[str, TensorRecord]]:
    """The path of a state dict, and its tensors by key.

    Args:
        checkpoint: An opened checkpoint.
        part: The path joined by dots, or the first elements of the keys wanted ("student"); None for the network.

    Raises:
        UnreadableCheckpoint: If there is no such part, or it holds no tensors.
    """
    if part is None:
        if not checkpoint.weights:
            raise UnreadableCheckpoint(
                f"“{checkpoint.path.name}” holds no weights to compare.", advice="Choose a checkpoint with tensors."
            )
        return checkpoint.contents.weights_path, checkpoint.weights
    for path in parts_of(checkpoint):
        if ".".join(path) == part:
            return path, _below(checkpoint, path)
    found = {
        tensor.name[len(part) + 1 :]: tensor for tensor in checkpoint.tensors if tensor.name.startswith(part + ".")
    }
    if not found:  # "student" within the state dict
        found = {name[len(part) + 1 :]: one for name, one in checkpoint.weights.items() if name.startswith(part + ".")}
    if not found:
        named = ", ".join(f"“{'.'.join(path) or '(the file itself)'}”" for path in parts_of(checkpoint)[:MOST_NAMED])
        raise UnreadableCheckpoint(
            f"“{checkpoint.path.name}” has no part “{part}”.",
            advice=f"Its parts are {named}; the first elements of keys will do too." if named else "",
        )
    return tuple(part.split(".")), found


def _below(checkpoint: Checkpoint, path: Path) -> dict[str, TensorRecord]:
    if path == checkpoint.contents.weights_path:
        return checkpoint.weights
    depth = len(path)
    return {
        ".".join(tensor.path[depth:]): tensor
        for tensor in checkpoint.tensors
        if tensor.path[:depth] == path and tensor.role != "optimizer"
    }
