"""Columns of a table, of text or of numbers: which of them are clips, labels, predictions, and the scores of classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.outputs import names as known
from asl_inspector.outputs.building import from_fields
from asl_inspector.outputs.marks import GAPS, Values
from asl_inspector.outputs.placing import check_size
from asl_inspector.outputs.records import SavedOutputs

NUMBERED = re.compile(
    r"^(?:class|score|scores|prob|probs|logit|logits|p|c|s|output|out|id|label)?[_ .:\[(-]*(\d{1,6})[\])]?$"
)
OTHER_COLUMNS = ("split", "subset", "set", "signer", "signer_id", "participant", "participant_id", "fold", "rank")
CONFIDENCES = (
    "confidence",
    "conf",
    "max_prob",
    "max_score",
    "loss",
    "margin",
    "correct",
    "is_correct",
    "right",
    "entropy",
)


def from_columns(path: Path, form: str, columns: Mapping[str, Values], content: Buffer) -> SavedOutputs | None:
    """The outputs in columns, the classes side by side or as one column of lists; None where they are something else.

    Raises:
        DataError: If they are outputs that cannot be used.
    """
    clips_at = known.pick(columns, known.CLIPS)
    if clips_at is None:
        clips_at = next((name for name, held in columns.items() if _tells_clips_apart(held)), None)
    fields: dict[str, Values] = {}
    if clips_at is not None:
        fields["clip_id"] = _as_texts(columns[clips_at])
    spoken = (*known.PREDICTIONS, *known.LABELS, *known.GLOSSES, *known.LENGTHS)
    left: dict[str, Values] = {}
    for name, held in columns.items():
        plain = known.normal(name)
        if name == clips_at or plain in OTHER_COLUMNS or plain in CONFIDENCES:
            continue
        if plain in spoken or (known.pick([name], known.SCORES) and _is_list_column(held)):
            fields[name] = _lengths(held) if plain in known.LENGTHS else held
        else:
            left[name] = held
    classes = {name: numbers for name, held in left.items() if (numbers := _numbers(held)) is not None}
    named = len(classes) > 1 and all(NUMBERED.match(known.normal(name)) for name in classes)
    if len(classes) < 2 or not (named or len(classes) == len(left)) or known.pick(fields, known.SCORES):
        return from_fields(path, form, fields, content) if len(fields) > 1 else None
    if "clip_id" not in fields and len(fields) == 0 and not named:
        return None
    order, class_names = _order(path, list(classes))
    check_size(len(order) * len(classes[order[0]]), path.name)
    fields["scores"] = np.stack([classes[name] for name in order], axis=1)
    found = from_fields(path, form, fields, content)
    return None if found is None else replace(found, class_names=class_names)


def _tells_clips_apart(held: Values) -> bool:
    """True for a column of texts that are all different and no numbers."""
    if isinstance(held, np.ndarray) or not all(isinstance(one, str) for one in held):
        return False
    texts = [str(one).strip() for one in held]
    return len(set(texts)) == len(texts) > 1 and _numbers(held) is None


def _as_texts(held: Values) -> Values:
    if isinstance(held, np.ndarray):
        return [str(one) for one in held.tolist()]
    return ["" if one is None else str(one) for one in held]


def _is_list_column(held: Values) -> bool:
    if isinstance(held, np.ndarray):
        return held.ndim > 1
    return any(isinstance(one, np.ndarray) for one in held)


def _lengths(held: Values) -> Values:
    numbers = _numbers(held)
    return held if numbers is None else numbers


def _numbers(held: Values) -> NDArray[np.float32] | None:
    """A column as numbers, gaps as NaN; None where a cell is anything else."""
    if isinstance(held, np.ndarray):
        return held.astype(np.float32) if held.ndim == 1 and held.dtype.kind in "fiu" else None
    found = np.empty(len(held), np.float32)
    for index, one in enumerate(held):
        if isinstance(one, int | float) and not isinstance(one, bool):
            found[index] = one
        elif one is None or (isinstance(one, str) and one.strip().lower() in GAPS):
            found[index] = np.nan
        elif isinstance(one, str):
            try:
                found[index] = float(one)
            except ValueError:
                return None
        else:
            return None
    return None if np.isnan(found).all() else found


def _order(path: Path, names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The columns of classes in the order of their ids, and their glosses where they are not numbers.

    Raises:
        DataError: If numbered columns leave a class out.
    """
    matches = [NUMBERED.match(known.normal(name)) for name in names]
    numbers = [int(match[1]) for match in matches if match]
    if len(numbers) < len(names):
        return list(names), tuple(name.strip() for name in names)
    if sorted(numbers) != list(range(len(names))):
        missing = sorted(set(range(max(numbers) + 1)) - set(numbers))
        lacking = f"{missing[0]} is missing" if missing else "a number occurs twice"
        raise DataError(
            f"The {len(names):,} columns of scores in “{path.name}” are numbered up to {max(numbers):,}, and {lacking}.",
            advice="Save one column for each output of the network, numbered from 0.",
        )
    return [name for _, name in sorted(zip(numbers, names, strict=True))], ()
