"""Everything in two checkpoints that is not a weight: settings, vocabulary, metrics, the optimizer, the epoch."""

from __future__ import annotations

from collections.abc import Mapping

from asl_inspector.checkpoints.comparison_records import ValueComparison, ValueGroup, ValueStatus
from asl_inspector.checkpoints.contents import METRIC_NAMES
from asl_inspector.checkpoints.records import Checkpoint

Path = tuple[str, ...]
VOCABULARY_KEYS = {"gloss_to_id", "id_to_gloss"}
PROGRESS_KEYS = {"epoch", "global_step", "global_epoch", "step", "steps", "iteration"}
SETTINGS_WORDS = ("config", "param", "args", "opt", "cfg")
ORDER: tuple[ValueGroup, ...] = ("progress", "metric", "optimizer", "hyperparameter", "vocabulary", "other")


def compare_values(a: Checkpoint, b: Checkpoint) -> tuple[ValueComparison, ...]:
    """Values that differ or that one side lacks, by group, then in file order.

    The vocabulary is compared gloss by gloss, however a file keeps it, so that an id that moved is one row.
    """
    texts_a, texts_b = _texts(a), _texts(b)
    rows = _differences(texts_a, texts_b, a, b)
    rows += _vocabulary(a.contents.gloss_to_id, b.contents.gloss_to_id)
    for name in ("step", "parameters"):
        numbers = [getattr(one.contents.optimizer, name, None) for one in (a, b)]
        told = [None if number is None else str(number) for number in numbers]
        rows += _row(("optimizer", name), told[0], told[1], "optimizer")
    return tuple(sorted(rows, key=lambda row: ORDER.index(row.group)))


def _texts(checkpoint: Checkpoint) -> dict[Path, str]:
    """Values by path, without those that are compared in another form: the vocabulary, the optimizer's numbering."""
    known = checkpoint.contents.gloss_to_id is not None
    return {
        value.path: value.text
        for value in checkpoint.values
        if not (known and any(element in VOCABULARY_KEYS for element in value.path))
        if value.path[-2:-1] != ("params",) or "param_groups" not in value.path
    }


def _differences(
    texts_a: Mapping[Path, str], texts_b: Mapping[Path, str], a: Checkpoint, b: Checkpoint
) -> list[ValueComparison]:
    settings = {*a.contents.hyperparameters, *b.contents.hyperparameters}
    rows: list[ValueComparison] = []
    for path in dict.fromkeys([*texts_a, *texts_b]):
        rows += _row(path, texts_a.get(path), texts_b.get(path), _group(path, settings))
    return rows


def _row(path: Path, a: str | None, b: str | None, group: ValueGroup) -> list[ValueComparison]:
    if a == b:
        return []
    status: ValueStatus = "only-b" if a is None else "only-a" if b is None else "changed"
    return [ValueComparison(path, a, b, status, group)]


def _group(path: Path, settings: set[str]) -> ValueGroup:
    words = [element.lower() for element in path] or [""]
    is_settings = any(word in words[0] for word in SETTINGS_WORDS) and "optim" not in words[0]
    if not is_settings and any("optim" in word or "scheduler" in word for word in words):
        return "optimizer"
    if len(path) == 1 and words[0] in PROGRESS_KEYS:
        return "progress"
    if any(word in VOCABULARY_KEYS for word in words):
        return "vocabulary"
    if words[-1] in METRIC_NAMES or any("loss" in word or "acc" in word for word in words[:1]):
        return "metric"
    if is_settings or ".".join(path) in settings:
        return "hyperparameter"
    return "other"


def _vocabulary(a: dict[str, int] | None, b: dict[str, int] | None) -> list[ValueComparison]:
    rows: list[ValueComparison] = []
    if a is None and b is None:
        return rows
    for gloss in dict.fromkeys([*(a or {}), *(b or {})]):
        ids = [None if one is None or gloss not in one else str(one[gloss]) for one in (a, b)]
        rows += _row(("gloss_to_id", gloss), ids[0], ids[1], "vocabulary")
    return rows
