"""torch.export: an archive of exported programs with their weights, in the layout of version 2.8 and in the one before.

Today a JSON file for each program says which member holds which tensor, and how it is laid out. Before, the weights were
one file of torch.save inside the archive. Graphs are not rebuilt, and libraries of compiled code are never loaded.

Source: torch 2.13, torch/export/pt2_archive/_package.py, torch/_export/serde/schema.py, torch/export/__init__.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from asl_inspector.checkpoints.nested_streams import open_stream
from asl_inspector.checkpoints.reading import Reading, below, together
from asl_inspector.checkpoints.records import Role, TensorRecord, ValueRecord
from asl_inspector.checkpoints.storages import Storage, is_size
from asl_inspector.checkpoints.stream_reading import read_stream
from asl_inspector.checkpoints.torch_values import windowed
from asl_inspector.checkpoints.torch_zip import archive_region, member_region
from asl_inspector.checkpoints.zip_directory import DEFLATED, ZipDirectory
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.progress import CancelToken

FORMAT_FILE, FORMAT_VALUE = "archive_format", b"pt2"
WEIGHTS, CONSTANTS = "data/weights/", "data/constants/"
CONFIGS = ((WEIGHTS, "_weights_config.json", "weights"), (CONSTANTS, "_constants_config.json", "constants"))
SAMPLES, MODELS = "data/sample_inputs/", "models/"
LIBRARIES = (".so", ".dll", ".dylib", ".pyd", ".cubin", ".ptx", ".hsaco")
LARGEST_CONFIG = 64 << 20
STRIDED = 7
DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
OLD_PROGRAM = "serialized_exported_program.json"
OLD_PARTS = {  # in the oldest files the same content has the ending .json
    "serialized_state_dict": "state_dict",
    "serialized_constants": "constants",
    "serialized_example_inputs": "example_inputs",
}


def is_exported(directory: ZipDirectory) -> bool:
    """True where the archive says that it is one of torch.export."""
    return _prefix(directory) is not None


def _prefix(directory: ZipDirectory) -> str | None:
    for name, member in directory.members.items():
        is_mark = name == FORMAT_FILE or name.endswith("/" + FORMAT_FILE)
        if is_mark and bytes(directory.read(member)[:8]).strip() == FORMAT_VALUE:
            return name.removesuffix(FORMAT_FILE)
    return None


def is_old_exported(directory: ZipDirectory) -> bool:
    """True where the archive is one of torch.export before version 2.8."""
    return OLD_PROGRAM in directory.members


def read_exported(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """The weights and constants of every program; paths are program, "weights" or "constants", name.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
    """
    archive = _Archive(directory, _prefix(directory) or "", cancel)
    names = [
        (folder, name.removeprefix(archive.prefix + folder).removesuffix(ending), part)
        for folder, ending, part in CONFIGS
        for name in directory.members
        if name.startswith(archive.prefix + folder) and name.endswith(ending)
    ]
    endings = {part: ending for _, ending, part in CONFIGS}
    readings = [archive.payload(folder, model, part, endings[part]) for folder, model, part in names]
    readings += archive.samples()
    models = [model for _, model, part in names if part == "weights"]
    notes = [*_program_notes(directory, len(archive.programs())), *directory.notes]
    whole = together("torch.export", readings, notes)
    return replace(whole, values=(*whole.values, *archive.programs()), weights_path=_largest(whole.tensors, models))


def _largest(tensors: tuple[TensorRecord, ...], models: list[str]) -> tuple[str, ...]:
    """The weights of the program that has most of them."""

    def size(model: str) -> int:
        return sum(tensor.count for tensor in tensors if tensor.path[:2] == (model, "weights"))

    return (max(models, key=size), "weights") if models else ()


def _program_notes(directory: ZipDirectory, programs: int) -> list[str]:
    what = "an exported program; it is" if programs == 1 else f"{programs} exported programs; they are"
    notes = [f"The file carries {what} listed and never run."]
    libraries = [name for name in directory.members if name.lower().endswith(LIBRARIES)]
    if libraries:
        notes.append(f"It also carries {len(libraries)} libraries of compiled code (“{libraries[0]}”); none is loaded.")
    return notes


@dataclass(frozen=True, slots=True)
class _Archive:
    """The members of a file of torch.export."""

    directory: ZipDirectory
    prefix: str
    cancel: CancelToken

    def programs(self) -> list[ValueRecord]:
        """One row a program."""
        start = self.prefix + MODELS
        return [
            ValueRecord(
                (name.removeprefix(start).removesuffix(".json"),), "exported program", f"<{member.size:,} bytes>"
            )
            for name, member in self.directory.members.items()
            if name.startswith(start) and name.endswith(".json")
        ]

    def samples(self) -> list[Reading]:
        """The example inputs of each program."""
        start = self.prefix + SAMPLES
        return [
            self.nested(name, (name.removeprefix(start).rpartition(".")[0], "sample_inputs"))
            for name in self.directory.members
            if name.startswith(start)
        ]

    def nested(self, name: str, path: tuple[str, ...]) -> Reading:
        """A file of torch.save or pickle in the archive; what cannot be read is a note."""
        try:
            region = member_region(self.directory, archive_region(self.directory), self.directory.members[name])
            stream = open_stream(region, self.cancel, f"{name}, ")
            reading = read_stream("torch.export", stream, memoryview(self.directory.content), self.cancel)
        except InspectorError as error:
            return Reading("torch.export", (), notes=(f"“{name}” cannot be read: {error.sentence}",))
        others = tuple(replace(tensor, role="other", state_key="") for tensor in reading.tensors)
        return below(path, replace(reading, tensors=others, root=None))

    def payload(self, folder: str, model: str, part: str, ending: str) -> Reading:
        """The tensors that a program's config names."""
        name = f"{self.prefix}{folder}{model}{ending}"
        held = _parsed(self.directory, name)
        config = held.get("config") if isinstance(held, dict) else None
        if not isinstance(config, dict):
            raise UnreadableCheckpoint(f"“{name}” in the archive does not say where the tensors are.")
        readings: list[Reading] = []
        for key, entry in config.items():
            self.cancel.raise_if_cancelled()
            path = (model, part, key)
            member = f"{self.prefix}{folder}{entry.get('path_name')}" if isinstance(entry, dict) else ""
            if member not in self.directory.members:
                note = f"“{key}” has no place in the archive."
                readings.append(Reading("torch.export", (), notes=(note,)))
                continue
            role: Role = "other" if part == "constants" else "parameter" if entry.get("is_param") is True else "buffer"
            if entry.get("use_pickle") is True:
                found = self.nested(member, path)
                tensors = tuple(self.with_role(tensor, role, key, path) for tensor in found.tensors)
                readings.append(replace(found, tensors=tensors))
                continue
            tensor = self.tensor(member, entry.get("tensor_meta"))
            if tensor is None:
                note = f"What the archive says of “{key}” is no description of a tensor."
                readings.append(Reading("torch.export", (), notes=(note,)))
                continue
            readings.append(Reading("torch.export", (self.with_role(replace(tensor, path=path), role, key, path),)))
        return together("torch.export", readings)

    def with_role(self, tensor: TensorRecord, role: Role, key: str, path: tuple[str, ...]) -> TensorRecord:
        """A tensor of the state dict under its key; what lies below one, or is a constant, is none of it."""
        if tensor.path != path or role == "other":
            return replace(tensor, role="other", state_key="")
        return replace(tensor, role=role, state_key=key)

    def tensor(self, name: str, meta: object) -> TensorRecord | None:
        """The window into a member that its description tells, or None where that is none."""
        member = self.directory.members[name]
        if not isinstance(meta, dict) or meta.get("layout", STRIDED) != STRIDED:
            return None
        dtype = DTYPES.get(meta.get("dtype", 0)) if isinstance(meta.get("dtype"), int) else None
        sizes, strides = _integers(meta.get("sizes")), _integers(meta.get("strides"))
        offset = _integers([meta.get("storage_offset", {"as_int": 0})])
        if dtype is None or sizes is None or strides is None or offset is None or len(sizes) != len(strides):
            return None
        device = meta.get("device")
        place = device.get("type") if isinstance(device, dict) else "cpu"
        order = self.directory.members.get(self.prefix + "byteorder")
        try:
            start, trouble = self.directory.data_offset(member), ""
        except UnreadableCheckpoint as error:
            start, trouble = None, error.sentence
        storage = Storage(
            name.removeprefix(self.prefix),
            dtype,
            member.size,
            start,
            place if isinstance(place, str) else "cpu",
            trouble,
            packed_bytes=member.packed_size if member.method == DEFLATED else None,
            big_endian=order is not None and bytes(self.directory.read(order)[:3]) == b"big",
        )
        return windowed(storage, dtype, sizes, strides, offset[0])


def _integers(held: object) -> tuple[int, ...] | None:
    """Sizes as the format writes them: `{"as_int": 3}`."""
    if not isinstance(held, list):
        return None
    numbers = [entry.get("as_int") if isinstance(entry, dict) else entry for entry in held]
    checked = tuple(number for number in numbers if is_size(number))
    return checked if len(checked) == len(numbers) else None


def _parsed(directory: ZipDirectory, name: str) -> object:
    member = directory.members[name]
    if member.size > LARGEST_CONFIG:
        raise UnreadableCheckpoint(f"“{name}” in the archive has {member.size:,} bytes, which is too much to read.")
    try:
        return json.loads(bytes(directory.read(member)))
    except (ValueError, RecursionError) as error:
        raise UnreadableCheckpoint(f"“{name}” in the archive is no valid JSON.", detail=str(error)) from None


def read_old_exported(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """A file of torch.export before version 2.8: the weights are a file of torch.save in the archive.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
    """
    archive = _Archive(directory, "", cancel)
    readings = []
    for stem, part in OLD_PARTS.items():
        name = next((stem + ending for ending in (".pt", ".json") if stem + ending in directory.members), None)
        if name is None:
            continue
        reading = archive.nested(name, (part,))
        if part == "state_dict":
            reading = replace(reading, tensors=tuple(_of_state_dict(tensor) for tensor in reading.tensors))
        readings.append(reading)
    whole = together("torch.export", readings, [*_program_notes(directory, 1), *directory.notes])
    program = directory.members[OLD_PROGRAM]
    row = ValueRecord((OLD_PROGRAM,), "exported program", f"<{program.size:,} bytes>")
    return replace(whole, values=(*whole.values, row), weights_path=("state_dict",))


def _of_state_dict(tensor: TensorRecord) -> TensorRecord:
    """A tensor of the old state dict, where only the program says which are parameters."""
    is_float = tensor.dtype.startswith(("float", "bfloat", "complex"))
    key = tensor.path[-1] if len(tensor.path) == 2 else ""
    return replace(tensor, role="parameter" if is_float else "buffer", state_key=key)
