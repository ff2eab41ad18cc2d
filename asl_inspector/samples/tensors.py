"""Clips that torch.save or safetensors wrote: the tensors stay in the file."""

from __future__ import annotations

import json

import numpy as np

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.safetensors import read_safetensors
from asl_inspector.checkpoints.torch_zip import find_prefix
from asl_inspector.checkpoints.zip_directory import STORED, ZipDirectory
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.gathering import Source, clips_in
from asl_inspector.samples.job import Job
from asl_inspector.samples.nodes import Array, Fields, Node, Numbers, Sequence
from asl_inspector.samples.pickled import PickleLook, clips_of_tree
from asl_inspector.samples.records import BFLOAT16, Clips
from asl_inspector.samples.torch_tensors import Stored, TorchTensors, legacy_root

NUMPY_NAMES = {
    "float64": "<f8",
    "float32": "<f4",
    "float16": "<f2",
    "bfloat16": BFLOAT16,
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "|i1",
    "uint8": "|u1",
    "bool": "|b1",
}
LABEL_KEYS = ("gloss", "glosses", "labels", "label")


def read_torch_zip_clips(file: MappedFile, directory: ZipDirectory, job: Job) -> Clips | None:
    """The clips of a file of torch.save, or None where it holds none.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
        MalformedPickle: If its pickle stream is.
    """
    prefix = find_prefix(directory)
    if prefix is None:
        return None
    member = directory.members[prefix + "data.pkl"]
    order = directory.members.get(prefix + "byteorder")
    if order is not None and bytes(directory.read(order)[:3]) == b"big":
        return None
    known: dict[str, Stored | None] = {}

    def find(key: str, dtype: str) -> Stored | None:
        if key not in known:
            known[key] = _stored(directory, f"{prefix}data/{key}", dtype)
        return known[key]

    in_file = member.method == STORED
    base = directory.data_offset(member) if in_file else 0
    source = file.view[: base + member.size] if in_file else directory.read(member)
    pickle = read_pickle(source, base, cancel=job.cancel)  # arrays in the stream keep their place in the file
    job.pickles.append(pickle)
    look = PickleLook(source, in_file=in_file, tensors=TorchTensors(source, in_file=in_file, find=find))
    return clips_of_tree(file, "PyTorch file", look(pickle.value), look, job, may_be_weights=True)


def _stored(directory: ZipDirectory, name: str, dtype: str) -> Stored | None:
    member = directory.members.get(name)
    if member is None:
        return None
    try:
        start = directory.data_offset(member) if member.method == STORED else None
        return Stored(dtype, directory.read(member), start)
    except UnreadableCheckpoint:
        return None


def read_torch_legacy_clips(file: MappedFile, job: Job) -> Clips | None:
    """The clips of a file that torch wrote before version 1.6, or None where it holds none.

    Raises:
        MalformedPickle: If a stream is damaged.
    """
    found = legacy_root(file.view, job.pickles)
    if found is None:
        return None
    root, storages = found
    tensors = TorchTensors(file.view, in_file=True, find=lambda key, _: storages.get(key))
    look = PickleLook(file.view, in_file=True, tensors=tensors)
    return clips_of_tree(file, "PyTorch file", look(root), look, job, may_be_weights=True)


def read_safetensors_clips(file: MappedFile, job: Job) -> Clips | None:
    """The clips of a safetensors file, or None where it holds none.

    Glosses may stand in the metadata as JSON: a dict by clip, or a list in the order of the clips.

    Raises:
        UnreadableCheckpoint: If the header is damaged.
    """
    reading = read_safetensors(file, job.cancel)
    pairs: list[tuple[str, object]] = []
    for tensor in reading.tensors:
        node = _numbers(tensor, file)
        if node is not None:
            pairs.append((tensor.path[-1], node))
    labels = _labels(file)
    root = _with_labels(pairs, labels)
    return clips_in(Source(file.path, "safetensors file", root, _look, job, may_be_weights=True))


def _look(value: object) -> Node:
    if value is None or isinstance(value, bool | int | float | str | Numbers | Fields | Sequence):
        return value
    return None


def _labels(file: MappedFile) -> object:
    """The labels in the metadata of a header that was found sound, or None."""
    size = int.from_bytes(bytes(file.view[:8]), "little")
    metadata = json.loads(bytes(file.view[8 : 8 + size])).get("__metadata__")
    for key in LABEL_KEYS:
        text = metadata.get(key) if isinstance(metadata, dict) else None
        if not isinstance(text, str):
            continue
        try:
            held = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(held, dict | list):
            return held
    return None


def _with_labels(pairs: list[tuple[str, object]], labels: object) -> Fields:
    if isinstance(labels, dict) and all(name in labels for name, _ in pairs):
        return Fields([(name, Fields([("features", node), ("gloss", _plain(labels[name]))])) for name, node in pairs])
    if isinstance(labels, list) and not any(name in LABEL_KEYS for name, _ in pairs):
        return Fields([*pairs, ("gloss", Sequence([_plain(label) for label in labels]))])
    return Fields(pairs)


def _plain(label: object) -> object:
    return Sequence(list(label)) if isinstance(label, list) else label


def _numbers(tensor: TensorRecord, file: MappedFile) -> Numbers | None:
    dtype = NUMPY_NAMES.get(tensor.dtype)
    if dtype is None or tensor.trouble or tensor.file_offset is None or tensor.big_endian:
        return None
    size = 2 if dtype == BFLOAT16 else np.dtype(dtype).itemsize
    start = tensor.file_offset + tensor.storage_offset * size
    strides = tuple(step * size for step in tensor.strides)

    def rows(from_row: int, to_row: int) -> Array:
        held: Array = np.ndarray(
            tensor.shape, np.dtype("<u2" if dtype == BFLOAT16 else dtype), file.view, start, strides
        )
        cut = held[from_row:to_row] if tensor.shape else held
        return (cut.astype(np.uint32) << 16).view(np.float32) if dtype == BFLOAT16 else cut

    return Numbers(dtype, tensor.shape, rows, start, strides)
