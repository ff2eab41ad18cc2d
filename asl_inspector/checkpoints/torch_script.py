"""TorchScript: an archive of a program in `code/` and the module that it belongs to in `data.pkl`.

The program is listed as text and never compiled. What it says of a class in `__parameters__` and `__buffers__` tells
what the tensors of the module are for. A frozen program has its weights in `constants.pkl` instead.

Source: torch 2.13, torch/csrc/jit/serialization/export_module.cpp, docs/source/jit.md (serialization).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from asl_inspector.checkpoints.inert_paths import InertPaths
from asl_inspector.checkpoints.reading import Reading, below, together
from asl_inspector.checkpoints.records import Role, TensorRecord, ValueRecord, WouldRun
from asl_inspector.checkpoints.stream_reading import read_stream
from asl_inspector.checkpoints.torch_zip import PICKLE_NAME, archive_region, find_prefix, zip_stream
from asl_inspector.checkpoints.zip_directory import ZipDirectory
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.plain import class_of
from asl_inspector.inert_pickle.records import Global
from asl_inspector.progress import CancelToken

PACKAGE = "__torch__"
MOST_CODE = 64 << 20  # bytes of source text that are looked at
LONGEST_TEXT = 2_000
CONSTANTS, INPUTS = "constants", "traced_inputs"  # streams beside `data.pkl`, each with a folder of storages
CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)
NAMES = re.compile(r"^  __(parameters|buffers)__ = \[([^\]\n]*)\]", re.MULTILINE)
SETSTATE = re.compile(r"^  def __setstate__\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ScriptClass:
    """What the program says of one class: its parameters and buffers, and whether it has code that a load runs."""

    parameters: frozenset[str]
    buffers: frozenset[str]
    runs_on_load: bool


def is_torch_script(directory: ZipDirectory) -> bool:
    """True where the archive has a program beside the stream."""
    prefix = find_prefix(directory)
    return prefix is not None and any(name.startswith(prefix + "code/") for name in directory.members)


def read_torch_script(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """The module tree, the constants, and the program as text.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
        MalformedPickle: If a pickle stream in it is.
    """
    prefix = find_prefix(directory) or ""
    module = _read_part(directory, prefix, PICKLE_NAME, "data", "", cancel)
    parts = [
        below((name,), _read_part(directory, prefix, f"{name}.pkl", name, f"{name}/", cancel))
        for name in (CONSTANTS, INPUTS)
        if f"{prefix}{name}.pkl" in directory.members
    ]
    parts = [_shapes_only(part) if part.tensors and part.tensors[0].path[0] == INPUTS else part for part in parts]
    code, notes = _code(directory, prefix, cancel)
    classes = {name: found for path, text in code.items() for name, found in _classes(path, text).items()}
    paths = InertPaths(module.root)
    module = replace(module, tensors=tuple(_placed(tensor, paths, classes) for tensor in module.tensors))
    is_frozen = not any(tensor.state_key for tensor in module.tensors)
    parts = [replace(part, tensors=tuple(_constant(tensor, is_frozen) for tensor in part.tensors)) for part in parts]
    notes.insert(
        0,
        f"The file carries a program (TorchScript, {len(code)} code file{'s' * (len(code) != 1)}); it is shown and never run.",
    )
    whole = together("TorchScript", [module, *parts], notes)
    listed = [ValueRecord(("code", path), "TorchScript code", _cut(text)) for path, text in code.items()]
    return replace(
        whole,
        values=(*whole.values, *listed),
        would_run=(*whole.would_run, *_runs(classes)),
        weights_path=(CONSTANTS,) if is_frozen else (),
    )


def _read_part(
    directory: ZipDirectory, prefix: str, pickle_name: str, folder: str, label: str, cancel: CancelToken
) -> Reading:
    stream = zip_stream(
        directory,
        archive_region(directory),
        cancel,
        pickle_name=prefix + pickle_name,
        storage_name=lambda key: f"{prefix}{folder}/{key}",
        byte_order=prefix + "byteorder",
        label=label,
    )
    return read_stream("TorchScript", stream, memoryview(directory.content), cancel, is_part=_is_of_program)


def _shapes_only(inputs: Reading) -> Reading:
    """The example inputs of a trace, of which the file keeps the shapes and not the numbers."""
    rows = [
        ValueRecord(tensor.path, "example input", f"{tensor.dtype} {' x '.join(map(str, tensor.shape)) or 'number'}")
        for tensor in inputs.tensors
    ]
    return replace(inputs, tensors=(), values=(*inputs.values, *rows), notes=())


def _is_of_program(name: Global) -> bool:
    """Classes of the program are compiled from its own code and never imported."""
    return name.module == PACKAGE or name.module.startswith(PACKAGE + ".")


def _code(directory: ZipDirectory, prefix: str, cancel: CancelToken) -> tuple[dict[str, str], list[str]]:
    """The program's files by path, within a budget, and what could not be read."""
    code: dict[str, str] = {}
    notes: list[str] = []
    left = MOST_CODE
    for name, member in directory.members.items():
        if not (name.startswith(prefix + "code/") and name.endswith(".py")):
            continue
        cancel.raise_if_cancelled()
        path = name.removeprefix(prefix + "code/")
        left -= member.size
        if left < 0:
            notes.append("The program is too long to show all of it.")
            break
        try:
            code[path] = bytes(directory.read(member)).decode("utf-8", "backslashreplace")
        except UnreadableCheckpoint as error:
            notes.append(error.sentence)
    return code, notes


def _classes(path: str, text: str) -> dict[str, ScriptClass]:
    """The classes of one code file by dotted name."""
    module = path.removesuffix(".py").replace("/", ".")
    found_classes = list(CLASS.finditer(text))
    ends = [found.start() for found in found_classes[1:]] + [len(text)]
    classes = {}
    for found, end in zip(found_classes, ends, strict=False):  # a file without classes has one end too many
        name, body = found[1], text[found.start() : end]
        named = {kind: frozenset(re.findall(r'"([^"]*)"', listed)) for kind, listed in NAMES.findall(body)}
        runs = SETSTATE.search(body) is not None
        none: frozenset[str] = frozenset()
        classes[f"{module}.{name}"] = ScriptClass(named.get("parameters", none), named.get("buffers", none), runs)
    return classes


def _placed(tensor: TensorRecord, paths: InertPaths, classes: dict[str, ScriptClass]) -> TensorRecord:
    """A tensor of the module tree with its role and its key in the state dict."""
    made_by = class_of(paths.at(tensor.path[:-1])) if tensor.path else None
    known = classes.get(".".join(made_by)) if made_by is not None else None
    role: Role = "other"
    if known is not None:
        name = tensor.path[-1]
        role = "parameter" if name in known.parameters else "buffer" if name in known.buffers else "other"
    return replace(tensor, role=role, state_key="" if role == "other" else ".".join(tensor.path))


def _constant(tensor: TensorRecord, is_frozen: bool) -> TensorRecord:
    """A constant of the program, which calls it `CONSTANTS.c0`; of a frozen program it is a weight."""
    if not is_frozen or tensor.path[0] != CONSTANTS:
        return replace(tensor, role="other", state_key="")
    is_float = tensor.dtype.startswith(("float", "bfloat", "complex", "q"))
    return replace(tensor, role="parameter" if is_float else "buffer", state_key="c" + ".".join(tensor.path[1:]))


def _runs(classes: dict[str, ScriptClass]) -> list[WouldRun]:
    return [WouldRun(f"{name}.__setstate__", "", 0) for name, found in classes.items() if found.runs_on_load]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."
