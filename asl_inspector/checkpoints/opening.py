"""A path becomes a `Checkpoint`, by content, without running any of it.

Each format has a reader in a module of its own, which turns the mapped file into a `Reading`; here the reader is
chosen, and the reading is given its roles and its meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from asl_inspector.checkpoints.collecting import collection_paused
from asl_inspector.checkpoints.contents import assign_roles, understand
from asl_inspector.checkpoints.distributed import is_distributed_metadata, read_distributed
from asl_inspector.checkpoints.folders import DISTRIBUTED_PART, index_of_folder
from asl_inspector.checkpoints.kinds import data_sentence
from asl_inspector.checkpoints.numpy_files import is_npz, read_npy, read_npz
from asl_inspector.checkpoints.onnx import read_onnx
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.refusals import refusal_of, zip_refusal
from asl_inspector.checkpoints.safetensors import read_safetensors
from asl_inspector.checkpoints.sharded import looks_like_index, read_sharded
from asl_inspector.checkpoints.torch_export import is_exported, is_old_exported, read_exported, read_old_exported
from asl_inspector.checkpoints.torch_files import read_pickled, read_torch_legacy, read_torch_tar, read_torch_zip
from asl_inspector.checkpoints.torch_package import is_torch_package, read_torch_package
from asl_inspector.checkpoints.torch_script import is_torch_script, read_torch_script
from asl_inspector.checkpoints.torch_zip import is_torch_zip
from asl_inspector.checkpoints.zip_directory import ZipDirectory, read_directory
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.inert_pickle.records import Pickle
from asl_inspector.mapped_file import Content, MappedFile, MappedParts
from asl_inspector.progress import CancelToken
from asl_inspector.sniffing import Kind, sniff

OLD_SCRIPT = "model.json"
PART_OF_DISTRIBUTED = "This is one part of a distributed checkpoint; drop its folder to see the whole."
ARRAY_FORMATS = {"npy", "npz"}  # their names say that they are arrays and nothing more
MOST_NAMED = 10  # tensors in a note
FileReader = Callable[[MappedFile, CancelToken], Reading]
ZipReader = Callable[[ZipDirectory, CancelToken], Reading]
ZIP_READERS: tuple[tuple[Callable[[ZipDirectory], bool], ZipReader], ...] = (  # the most specific first
    (is_torch_package, read_torch_package),
    (is_exported, read_exported),
    (is_old_exported, read_old_exported),
    (is_torch_script, read_torch_script),
    (is_torch_zip, read_torch_zip),
    (is_npz, read_npz),
)


def _read_zip(file: MappedFile, cancel: CancelToken) -> Reading:
    """The first of the zip formats that recognises its members."""
    directory = read_directory(file.view)
    for is_this, read in ZIP_READERS:
        if is_this(directory):
            return read(directory, cancel)
    if OLD_SCRIPT in {name.rpartition("/")[2] for name in directory.members}:
        raise UnreadableCheckpoint(
            "It is a TorchScript program of PyTorch 1.0 to 1.3, whose layout is not read.",
            advice="Load it with `torch.jit.load` in a version of that time and save its state dict.",
        )
    sentence, advice = zip_refusal(directory)
    raise UnreadableCheckpoint(sentence, advice=advice)


SHARD_READERS: dict[Kind, FileReader] = {
    Kind.ZIP: _read_zip,
    Kind.SAFETENSORS: read_safetensors,
    Kind.PICKLE: read_pickled,
    Kind.TORCH_LEGACY: read_torch_legacy,
    Kind.TAR: read_torch_tar,
    Kind.NPY: read_npy,
}


def _read_pickle(file: MappedFile, cancel: CancelToken, pickle: Pickle | None = None) -> Reading:
    """A bare stream, or the metadata of a distributed checkpoint with the files beside it."""
    reading = read_pickled(file, cancel, pickle)
    return read_distributed(file, reading, cancel) if is_distributed_metadata(reading.root) else reading


def _read_shard(file: MappedFile, cancel: CancelToken) -> Reading:
    """One shard of several: a file that names no further files."""
    kind = sniff(file.view)
    if kind not in SHARD_READERS:
        what, _ = refusal_of(kind)
        raise UnreadableCheckpoint(f"It {what}")
    return SHARD_READERS[kind](file, cancel)


READERS: dict[Kind, FileReader] = SHARD_READERS | {Kind.PICKLE: _read_pickle, Kind.ONNX: read_onnx}


def read_file(file: MappedFile, cancel: CancelToken, pickle: Pickle | None = None) -> Reading:
    """A file as its format's reader finds it.

    Args:
        file: The file.
        cancel: Asked now and then.
        pickle: Its stream, where it is a bare one that was read already: millions of records are not made twice.

    Raises:
        UnreadableCheckpoint: If the file is damaged or no checkpoint.
        Cancelled: If `cancel` was set.
    """
    kind = sniff(file.view)
    is_index = kind is Kind.JSON and looks_like_index(file.view)
    if kind not in READERS and not is_index:
        what, advice = refusal_of(kind)
        raise UnreadableCheckpoint(f"“{file.path.name}” {what}", advice=advice)
    try:
        if is_index:
            return read_sharded(file, cancel, _read_shard)
        return READERS[kind](file, cancel) if pickle is None else _read_pickle(file, cancel, pickle)
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read as a checkpoint. {error.sentence}",
            advice=error.advice or "Copy or download it again; if it was written by a program, tell us which.",
            detail=error.detail,
        ) from error


def open_checkpoint(file: MappedFile, *, cancel: CancelToken | None = None) -> Checkpoint:
    """Read the keys, the values and the places of all tensors of a checkpoint.

    Raises:
        UnreadableCheckpoint: If the file is damaged or no checkpoint.
        Cancelled: If `cancel` was set.
    """
    return open_with_parts(file, cancel=cancel)[1]


def open_with_parts(
    file: MappedFile, *, path: Path | None = None, cancel: CancelToken | None = None, pickle: Pickle | None = None
) -> tuple[MappedFile | MappedParts, Checkpoint]:
    """A checkpoint with the files that hold its numbers: `file` alone, or together with those that it names.

    Args:
        file: The file, or the index of several.
        path: What to call the checkpoint; by default the file's own path.
        cancel: Asked now and then.
        pickle: The file's stream, where it is a bare one that was read already.

    Raises:
        UnreadableCheckpoint: If the file is damaged or no checkpoint.
        Cancelled: If `cancel` was set.
    """
    with collection_paused():
        reading = read_file(file, cancel or CancelToken(), pickle)
        if file.path.suffix == DISTRIBUTED_PART:
            reading = replace(reading, kind=PART_OF_DISTRIBUTED)
        if not reading.parts and path is None:
            return file, finish(file, reading)
        parts = MappedParts(path or file.path, {"": file, **reading.parts})
        return parts, finish(parts, reading)


def open_path(path: Path) -> tuple[MappedFile | MappedParts, Checkpoint]:
    """The checkpoint at a path: a file, an index with its shards, or a folder that holds one checkpoint.

    Raises:
        DataError: If nothing can be read there.
        UnreadableCheckpoint: If it is no checkpoint, or a damaged one.
    """
    if not path.is_dir():
        return open_with_parts(MappedFile(path))
    return open_with_parts(MappedFile(index_of_folder(path)), path=path)


def finish(file: MappedFile | MappedParts, reading: Reading) -> Checkpoint:
    """A reading with roles and meaning, as the checkpoint of `file`."""
    content: Content = file.view
    is_tree = reading.weights_path is None and reading.format not in ARRAY_FORMATS
    kind = reading.kind or (data_sentence(reading.root, reading.tensors) if is_tree else "")
    weights_path: tuple[str, ...] = ()
    if kind:
        tensors = [replace(tensor, role="other", state_key="") for tensor in reading.tensors]
    elif reading.weights_path is None:
        tensors, weights_path = assign_roles(list(reading.tensors), reading.root)
    else:
        tensors, weights_path = list(reading.tensors), reading.weights_path
    broken = [tensor for tensor in tensors if tensor.trouble and tensor.device != "meta"]
    notes = (kind, *reading.notes) if kind else reading.notes
    if broken:
        named = ", ".join(f"“{tensor.name}”" for tensor in broken[:MOST_NAMED])
        more = f" and {len(broken) - MOST_NAMED} more" if len(broken) > MOST_NAMED else ""
        what = f"{len(broken)} of {len(tensors)} tensors cannot be read ({named}{more})"
        notes = (*notes, f"{what}: {broken[0].trouble}.")
    contents = understand(reading.root, tensors, weights_path, content)
    if kind:
        contents = replace(contents, layout=None)
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
