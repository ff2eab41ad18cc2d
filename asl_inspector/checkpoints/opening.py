"""A path becomes a `Checkpoint`, by content, without running any of it."""

from __future__ import annotations

import json
from dataclasses import replace

from asl_inspector.checkpoints.contents import assign_roles, understand
from asl_inspector.checkpoints.flattening import FlatTree, flatten
from asl_inspector.checkpoints.records import Checkpoint, Contents, WouldRun
from asl_inspector.checkpoints.safetensors import read_safetensors
from asl_inspector.checkpoints.torch_zip import find_prefix, read_torch_zip
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.checkpoints.zip_directory import read_directory
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.sniffing import Kind, sniff

NOT_A_CHECKPOINT = {
    Kind.EMPTY: ("is empty.", "The download or the copy failed; fetch it again."),
    Kind.LFS_POINTER: (
        "is only a Git-LFS pointer: a few lines of text that stand for the real file.",
        "Run `git lfs pull` in the repository it came from, then drop it again.",
    ),
    Kind.HTML: (
        "is a web page, not a checkpoint: the download saved the page that offers the file, or an error page.",
        "Download the file itself.",
    ),
    Kind.TORCH_LEGACY: (
        "was written by PyTorch before version 1.6, and that format is not read yet.",
        "Load it in PyTorch once and save it again.",
    ),
    Kind.HDF5: ("is an HDF5 file, as Keras writes them.", "Only PyTorch checkpoints can be inspected."),
    Kind.TAR: ("is a tar archive.", "Unpack it, then drop what is in it."),
    Kind.GZIP: ("is packed with gzip.", "Unpack it, then drop what is in it."),
    Kind.SEVEN_ZIP: ("is a 7-Zip archive.", "Unpack it, then drop what is in it."),
}


def open_checkpoint(file: MappedFile, *, cancel: CancelToken | None = None) -> Checkpoint:
    """Read the keys, the values and the places of all tensors of a checkpoint.

    Raises:
        UnreadableCheckpoint: If the file is damaged or no checkpoint.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    kind = sniff(file.view)
    try:
        if kind is Kind.ZIP:
            return _open_zip(file, cancel)
        if kind is Kind.SAFETENSORS:
            return _open_safetensors(file)
        if kind is Kind.PICKLE:
            return _open_pickle(file, cancel)
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read as a checkpoint. {error.sentence}",
            advice=error.advice or "Copy or download it again; if it was written by a program, tell us which.",
            detail=error.detail,
        ) from error
    what, advice = NOT_A_CHECKPOINT.get(kind, (f"is no checkpoint: it is {kind.value}.", "Drop the `.pt` file itself."))
    raise UnreadableCheckpoint(f"“{file.path.name}” {what}", advice=advice)


def _open_zip(file: MappedFile, cancel: CancelToken) -> Checkpoint:
    directory = read_directory(file.view)
    prefix = find_prefix(directory)
    if prefix is None:
        raise UnreadableCheckpoint(
            "It is a zip archive without the `data.pkl` that every PyTorch checkpoint has.",
            advice="If it is an archive of checkpoints, unpack it and drop what is in it.",
        )
    opened = read_torch_zip(directory, prefix, cancel)
    return _from_tree(file, "torch zip", opened.root, opened.tree, opened.would_run, opened.notes)


def _open_pickle(file: MappedFile, cancel: CancelToken) -> Checkpoint:
    pickle = read_pickle(file.view, cancel=cancel)
    tree = flatten(pickle.value, lambda _: None, pickle_offset=0, cancel=cancel)
    notes = (*pickle.notes, *tree.notes)
    return _from_tree(file, "pickle", pickle.value, tree, would_run(pickle), notes)


def _from_tree(
    file: MappedFile, format_name: str, root: object, tree: FlatTree, runs: tuple[WouldRun, ...], notes: tuple[str, ...]
) -> Checkpoint:
    tensors, weights_path = assign_roles(tree.tensors)
    broken = [tensor for tensor in tensors if tensor.trouble and tensor.device != "meta"]
    if broken:
        notes = (*notes, f"{len(broken)} of {len(tensors)} tensors cannot be read: {broken[0].trouble}.")
    return Checkpoint(
        path=file.path,
        bytes=file.size,
        format=format_name,
        status="partly" if broken else "opened",
        tensors=tuple(tensors),
        values=tuple(tree.values),
        would_run=runs,
        contents=understand(root, tensors, weights_path, file.view),
        notes=notes,
    )


def _open_safetensors(file: MappedFile) -> Checkpoint:
    opened = read_safetensors(file.view)
    tensors, weights_path = assign_roles(list(opened.tensors))
    broken = [tensor for tensor in tensors if tensor.trouble]
    contents = Contents(
        layout="state-dict" if tensors else None,
        weights_path=weights_path,
        gloss_to_id=_metadata_vocabulary(opened.metadata),
    )
    return Checkpoint(
        path=file.path,
        bytes=file.size,
        format="safetensors",
        status="partly" if broken else "opened",
        tensors=tuple(replace(tensor) for tensor in tensors),
        values=opened.values,
        would_run=(),
        contents=contents,
        notes=opened.notes,
    )


def _metadata_vocabulary(metadata: dict[str, str]) -> dict[str, int] | None:
    """A vocabulary that was written into safetensors metadata as JSON."""
    try:
        held = json.loads(metadata.get("gloss_to_id", "null"))
    except ValueError:
        return None
    if not isinstance(held, dict):
        return None
    return {gloss: number for gloss, number in held.items() if isinstance(number, int)} or None
