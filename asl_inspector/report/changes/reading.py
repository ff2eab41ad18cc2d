"""A diagnosis read from its JSON. The file may come from anyone: what is not of the expected type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asl_inspector.bounded_json import read_json, shortened
from asl_inspector.case.records import SAVED_CASE
from asl_inspector.errors import DataError

SCHEMA = "asl-inspector/report/"
KNOWN = "asl-inspector/report/1"
MOST_BYTES = 1 << 30
DEEPEST = 24
MOST_VALUES = 20_000_000
LARGEST = 1e300
WRITE_ONE = "Give a saved case (.aslcase), or what `asl-inspector diagnose ... --json FILE` wrote."


class Report:
    """A diagnosis as its JSON has it; every look may find nothing."""

    def __init__(self, path: Path, held: Mapping[str, object]) -> None:
        self.path = path
        self._held = held

    def at(self, *keys: str) -> object:
        """The value under a path of keys, or None."""
        found: object = self._held
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def text(self, *keys: str) -> str:
        """The text under a path of keys, or an empty string."""
        return text_of(self.at(*keys))

    def number(self, *keys: str) -> float | None:
        """The number under a path of keys, or None."""
        return number_of(self.at(*keys))

    def accuracy(self, *keys: str) -> float | None:
        """`correct` over `of` under a path of keys, or None."""
        correct, of = self.number(*keys, "correct"), self.number(*keys, "of")
        return correct / of if correct is not None and of else None

    def rows(self, *keys: str) -> list[Mapping[str, object]]:
        """The objects of a list under a path of keys."""
        found = self.at(*keys)
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []

    def column(self, name: str) -> list[object]:
        """A column of the samples, or an empty list."""
        found = self.at("samples", name)
        return found if isinstance(found, list) else []


def text_of(value: object) -> str:
    """A text, or an empty string for anything else."""
    return value if isinstance(value, str) else ""


def number_of(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LARGEST <= value <= LARGEST else None


def read_report(path: Path) -> Report:
    """The diagnosis that `diagnose --json` wrote, or the one that a saved case keeps.

    Raises:
        DataError: If it cannot be read, or is no such file, or of a version that this program does not know.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"“{path.name}” is too large for a diagnosis.", advice=WRITE_ONE)
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"“{path.name}” cannot be read: {error.strerror}.", advice=WRITE_ONE) from None
    try:
        held = read_json(raw, deepest=DEEPEST, most_values=MOST_VALUES)
    except ValueError as error:
        raise DataError(f"“{path.name}” is no diagnosis: its JSON {shortened(error)}.", advice=WRITE_ONE) from None
    if isinstance(held, dict) and held.get("kind") == SAVED_CASE:
        held = _kept(held, path)
    schema = held.get("schema") if isinstance(held, dict) else None
    if not isinstance(held, dict) or not isinstance(schema, str) or not schema.startswith(SCHEMA):
        raise DataError(f"“{path.name}” is JSON, but no diagnosis of this program.", advice=WRITE_ONE)
    if schema != KNOWN:
        raise DataError(
            f"“{path.name}” is a diagnosis of another version ({schema[:60]}).", advice="Diagnose the case again."
        )
    return Report(path, held)


def _kept(case: Mapping[str, object], path: Path) -> object:
    """The diagnosis in a saved case."""
    cached = case.get("cached")
    report = cached.get("report") if isinstance(cached, dict) else None
    if not isinstance(report, dict):
        raise DataError(
            f"“{path.name}” is a case without a diagnosis: it was saved before it was run.",
            advice="Open it, let it run, and save it again.",
        )
    return report
