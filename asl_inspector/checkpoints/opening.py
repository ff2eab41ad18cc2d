"""A path becomes a `Checkpoint`, by content, without running any of it.

Each format has a reader in a module of its own, which turns the mapped file into a `Reading`; here the reader is
chosen, and the reading is given its roles and its meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from asl_inspector.checkpoints.contents import assign_roles, understand
from asl_inspector.checkpoints.pickled import read_pickled
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.safetensors import read_safetensors
from asl_inspector.checkpoints.torch_zip import is_torch_zip, read_torch_zip
from asl_inspector.checkpoints.zip_directory import ZipDirectory, read_directory
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import Content, MappedFile, MappedParts
from asl_inspector.progress import CancelToken
from asl_inspector.sniffing import Kind, sniff

FileReader = Callable[[MappedFile, CancelToken], Reading]
ZipReader = Callable[[ZipDirectory, CancelToken], Reading]
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
ZIP_READERS: tuple[tuple[Callable[[ZipDirectory], bool], ZipReader], ...] = ((is_torch_zip, read_torch_zip),)


def _read_zip(file: MappedFile, cancel: CancelToken) -> Reading:
    """The first of the zip formats that recognises its members."""
    directory = read_directory(file.view)
    for is_this, read in ZIP_READERS:
        if is_this(directory):
            return read(directory, cancel)
    raise UnreadableCheckpoint(
        "It is a zip archive without the `data.pkl` that every PyTorch checkpoint has.",
        advice="If it is an archive of checkpoints, unpack it and drop what is in it.",
    )


READERS: dict[Kind, FileReader] = {
    Kind.ZIP: _read_zip,
    Kind.SAFETENSORS: read_safetensors,
    Kind.PICKLE: read_pickled,
}


def open_checkpoint(file: MappedFile, *, cancel: CancelToken | None = None) -> Checkpoint:
    """Read the keys, the values and the places of all tensors of a checkpoint.

    Raises:
        UnreadableCheckpoint: If the file is damaged or no checkpoint.
        Cancelled: If `cancel` was set.
    """
    kind = sniff(file.view)
    reader = READERS.get(kind)
    if reader is None:
        what, advice = NOT_A_CHECKPOINT.get(
            kind, (f"is no checkpoint: it is {kind.value}.", "Drop the `.pt` file itself.")
        )
        raise UnreadableCheckpoint(f"“{file.path.name}” {what}", advice=advice)
    try:
        return finish(file, reader(file, cancel or CancelToken()))
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read as a checkpoint. {error.sentence}",
            advice=error.advice or "Copy or download it again; if it was written by a program, tell us which.",
            detail=error.detail,
        ) from error


def finish(file: MappedFile | MappedParts, reading: Reading) -> Checkpoint:
    """A reading with roles and meaning, as the checkpoint of `file`."""
    content: Content = file.view
    tensors, weights_path = assign_roles(list(reading.tensors))
    broken = [tensor for tensor in tensors if tensor.trouble and tensor.device != "meta"]
    notes = reading.notes
    if broken:
        notes = (*notes, f"{len(broken)} of {len(tensors)} tensors cannot be read: {broken[0].trouble}.")
    contents = understand(reading.root, tensors, weights_path, content)
    if reading.gloss_to_id is not None:
        contents = replace(contents, gloss_to_id=reading.gloss_to_id)
    return Checkpoint(
        path=file.path,
        bytes=file.size,
        format=reading.format,
        status="partly" if broken or reading.is_damaged else "opened",
        tensors=tuple(tensors),
        values=reading.values,
        would_run=reading.would_run,
        contents=contents,
        notes=notes,
    )
