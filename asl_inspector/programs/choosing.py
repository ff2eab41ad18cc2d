"""Which program computes a case's answers, if any: the researcher's code, one in the checkpoint, or none."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from asl_inspector.checkpoints.records import Checkpoint, ValueRecord
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import InferenceError, UnknownArchitecture, UnreadableCheckpoint
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import Content
from asl_inspector.networks.building import recognise
from asl_inspector.programs.building import HostedProgram
from asl_inspector.programs.consent import ONNX, WITH_CONSENT, hash_of, read_code
from asl_inspector.programs.hosting import Host
from asl_inspector.programs.records import Build, CheckpointTensor, CheckpointValue, Kind, PlainValue, Start
from asl_inspector.programs.same_program import same_program

ONNX_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.ms.internal.nhwc"}
SHORT_HASH = 16


def program_of(
    checkpoint: Checkpoint, content: Content, settings: Settings, clips: Sequence[ClipSource]
) -> HostedProgram | None:
    """The program to run, or None where keys and shapes rebuild the network.

    Args:
        checkpoint: The opened checkpoint.
        content: The bytes of its file.
        settings: What the user chose and consented to.
        clips: The clips of the case, to try the program on.

    Raises:
        InspectorError: If there is a program that cannot be run, or may not without consent.
    """
    consent = settings.consent
    if consent is not None and not _is_same(consent.path, checkpoint.path):
        return _own_code(consent, checkpoint, content, clips)
    if checkpoint.format == ONNX:
        return _onnx(checkpoint, content, clips)
    if checkpoint.format not in WITH_CONSENT:
        if consent is not None:
            raise InferenceError(
                f"“{checkpoint.path.name}” carries no program that could be run.",
                advice="Give the Python file that builds its network (Run > Run with code of your own, or --trust CODE.py).",
            )
        return None
    if consent is None:
        if recognise(checkpoint) is not None:
            return None
        raise UnknownArchitecture(
            f"“{checkpoint.path.name}” carries the program of its network, which is not run unless you allow it.",
            advice=f"Run > Run the program in the checkpoint, or --trust {checkpoint.path.name} on the command line.",
        )
    held = bytes(_whole(content))
    _check(consent, held)
    return _in_file(checkpoint, held, clips, _allowed(consent))


def program_beside(
    main: Checkpoint,
    main_content: Content,
    other: Checkpoint,
    content: Content,
    settings: Settings,
    clips: Sequence[ClipSource],
) -> HostedProgram | None:
    """The program of another checkpoint of a run whose inspected one is run by a program.

    Code of the researcher serves all checkpoints of the run. Consent to a program in the inspected one covers another
    that differs in the numbers of its tensors and in nothing else.

    Raises:
        InspectorError: If it cannot be run, or consent does not cover it.
    """
    consent = settings.consent
    if consent is None or not _is_same(consent.path, main.path):
        return program_of(other, content, settings, clips)
    held, beside = bytes(_whole(main_content)), bytes(_whole(content))
    _check(consent, held)
    if not same_program(main, held, other, beside):
        raise InferenceError(
            f"“{other.path.name}” carries another program than “{main.path.name}”, so it was not run: you allowed only that.",
            advice="Inspect it by itself, and allow it if you trust it.",
        )
    return _in_file(other, beside, clips, f"It carries the program that you allowed in “{main.path.name}”.")


def _in_file(checkpoint: Checkpoint, held: bytes, clips: Sequence[ClipSource], fact: str) -> HostedProgram:
    kind = cast("Kind", checkpoint.format)
    host = Host(checkpoint.path.name, Start(kind, checkpoint.path.name, held))
    return HostedProgram(host, kind, clips, checkpoint.contents.hyperparameters, (fact,))


def state_of(consent: Consent | None) -> tuple[object, ...]:
    """What was allowed and how the file is now, so that a change of it is noticed without reading it."""
    if consent is None:
        return ()
    try:
        status = consent.path.stat()
    except OSError:
        return (consent,)
    return consent, status.st_size, status.st_mtime_ns


def _own_code(consent: Consent, checkpoint: Checkpoint, content: Content, clips: Sequence[ClipSource]) -> HostedProgram:
    held = read_code(consent.path)
    _check(consent, held)
    host = Host(
        consent.path.name,
        Start("code", str(consent.path), held),
        lambda: tensors_of(checkpoint, content),
        Build(tuple(values_of(checkpoint))),
    )
    return HostedProgram(host, "code", clips, checkpoint.contents.hyperparameters, (_allowed(consent),))


def _onnx(checkpoint: Checkpoint, content: Content, clips: Sequence[ClipSource]) -> HostedProgram | None:
    """An ONNX model; it needs no consent, since a graph of known operators can neither open nor start anything.

    None where onnxruntime is missing and a known layout fits.
    """
    if not _has_onnxruntime() and recognise(checkpoint) is not None:
        return None
    if not _has_onnxruntime():
        raise InferenceError(
            f"“{checkpoint.path.name}” is run by onnxruntime, which is not installed.",
            advice="pip install 'asl-inspector[onnx]'. Its keys can be inspected and compared without it.",
        )
    domains = {one.path[1] for one in checkpoint.values if one.path[:1] == ("opset_import",) and len(one.path) == 2}
    foreign = sorted(domains - ONNX_DOMAINS)
    if foreign:
        raise InferenceError(
            f"“{checkpoint.path.name}” uses operators of “{foreign[0]}”, which are in a library that is not loaded.",
            advice="Export it again without custom operators.",
        )
    outside = [one for one in checkpoint.tensors if one.part]
    lost = next((one for one in checkpoint.tensors if one.trouble and one.role != "other"), None)
    if lost is not None:
        raise InferenceError(
            f"“{checkpoint.path.name}” cannot be run without “{lost.name}”: {lost.trouble}.",
            advice="Put the files that it names beside it.",
        )
    held = bytes(_whole(content))

    def beside() -> Iterator[CheckpointTensor]:
        for one in outside:
            yield CheckpointTensor(one.path, one.dtype, np.ascontiguousarray(read_array(one, content)))

    host = Host(checkpoint.path.name, Start(ONNX, checkpoint.path.name, held), beside)
    fact = "Its graph was computed by onnxruntime behind walls: no other file, no network, no process."
    return HostedProgram(host, ONNX, clips, checkpoint.contents.hyperparameters, (fact,))


def tensors_of(checkpoint: Checkpoint, content: Content) -> Iterator[CheckpointTensor]:
    """The tensors that the researcher's code is given: all but the optimizer's.

    They stand where the file has them; where the file holds a network itself, under `state_dict` by their keys.

    Raises:
        UnreadableCheckpoint: If a weight's numbers are not to be had.
    """
    weights = checkpoint.weights
    root = checkpoint.contents.weights_path
    as_in_file = all(
        record.path[: len(root)] == root and record.path[len(root) :] == (key,) for key, record in weights.items()
    )
    keys = {} if as_in_file else {record.path: key for key, record in weights.items()}
    for record in checkpoint.tensors:
        if record.role == "optimizer":
            continue
        try:
            numbers = read_array(record, content)
        except UnreadableCheckpoint:
            if record.role == "other":
                continue
            raise
        native = np.ascontiguousarray(numbers, dtype=numbers.dtype.newbyteorder("=")).reshape(numbers.shape)
        key = keys.get(record.path)
        yield CheckpointTensor(record.path if key is None else ("state_dict", key), record.dtype, native)


def values_of(checkpoint: Checkpoint) -> Iterator[CheckpointValue]:
    """The plain values that it is given: numbers, texts, truth values and None, as far as they were kept whole."""
    for record in checkpoint.values:
        known, value = _plain(record)
        if known and record.path:
            yield CheckpointValue(record.path, value)


def _plain(record: ValueRecord) -> tuple[bool, PlainValue]:
    """Whether a row is a plain value, and which."""
    text = record.text
    try:
        match record.type:
            case "int":
                return True, int(text)
            case "float":
                return True, float(text)
            case "bool":
                return text in ("True", "False"), text == "True"
            case "NoneType":
                return True, None
            case "str" if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
                return True, unquoted(text)
    except ValueError:
        pass
    return False, None


def unquoted(text: str) -> str:
    """The text that Python writes as `text`."""
    import ast

    held = ast.literal_eval(text)
    if not isinstance(held, str):
        raise ValueError(text)
    return held


def _whole(content: Content) -> bytes | memoryview:
    """The bytes of the file itself, without those that it names."""
    return content if isinstance(content, bytes | memoryview) else content[""]


def _check(consent: Consent, held: bytes) -> None:
    if hash_of(held) != consent.sha256:
        raise InferenceError(
            f"“{consent.path.name}” has changed since you allowed it to run, so it was not run.",
            advice="Look at what changed, then allow it again: in the window with the Run menu.",
        )


def _allowed(consent: Consent) -> str:
    return f"“{consent.path.name}” was run because you allowed it (SHA-256 {consent.sha256[:SHORT_HASH]}…)."


def _is_same(first: Path, second: Path) -> bool:
    return first.absolute() == second.absolute()


def _has_onnxruntime() -> bool:
    from importlib.util import find_spec

    return "onnxruntime" in sys.modules or find_spec("onnxruntime") is not None
