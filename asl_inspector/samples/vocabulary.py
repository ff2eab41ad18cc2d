"""Vocabulary files: which gloss has which id."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.bounded_json import BYTE_ORDER_MARK, DEEPEST_JSON, read_json, shortened
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.records import Vocabulary

LARGEST_FILE = 64 << 20
SIZE_KEYS = ("vocab_size", "num_classes", "size")


def read_vocabulary(file: MappedFile) -> Vocabulary:
    """A vocabulary from JSON: `{gloss_to_id, id_to_gloss, vocab_size}`, a plain `{gloss: id}`, or a list of glosses.

    Raises:
        DataError: If the file is no JSON or lists no glosses.
    """
    held = _load(file)
    if isinstance(held, list) and held and all(isinstance(gloss, str) for gloss in held):
        return _vocabulary(file.path, {gloss: index for index, gloss in enumerate(held)}, None)
    if isinstance(held, dict):
        forward = _forward(held.get("gloss_to_id")) or _backward(held.get("id_to_gloss"))
        if not forward and "gloss_to_id" not in held:
            forward = _forward(held) or _backward(held)
        size = next((held[key] for key in SIZE_KEYS if isinstance(held.get(key), int)), None)
        if forward or "gloss_to_id" in held:
            return _vocabulary(file.path, forward, size)
    raise DataError(
        f"“{file.path.name}” is JSON, but lists no glosses.",
        advice="A vocabulary is a JSON object that gives each gloss its id.",
    )


def _load(file: MappedFile) -> object:
    if file.size > LARGEST_FILE:
        raise DataError(f"“{file.path.name}” is {file.size >> 20} MB of JSON, far more than a vocabulary has.")
    try:
        return read_json(bytes(file.view).removeprefix(BYTE_ORDER_MARK), deepest=DEEPEST_JSON, with_constants=True)
    except ValueError as error:
        raise DataError(f"“{file.path.name}” is no valid JSON.", detail=f"It {shortened(error)}.") from None


def _forward(value: object) -> dict[str, int]:
    """`{gloss: id}`; anything else gives nothing."""
    if not isinstance(value, dict) or not all(type(number) is int for number in value.values()):
        return {}
    return {str(gloss): number for gloss, number in value.items()}


def _backward(value: object) -> dict[str, int]:
    """`{"id": gloss}`: JSON keys are text."""
    if not isinstance(value, dict) or not all(isinstance(gloss, str) for gloss in value.values()):
        return {}
    if not all(key.isdecimal() for key in value):
        return {}
    return {gloss: int(key) for key, gloss in value.items()}


def _vocabulary(path: Path, forward: dict[str, int], size: int | None) -> Vocabulary:
    notes = []
    shared = len(forward) - len(set(forward.values()))
    if shared:
        notes.append(f"“{path.name}” lists {len(forward)} glosses but only {len(forward) - shared} different ids.")
    if not forward:
        notes.append(f"“{path.name}” lists no gloss at all.")
    return Vocabulary(path, forward, {number: gloss for gloss, number in forward.items()}, size, tuple(notes))
