"""A case as a file: small JSON that can be read by eye, moved with its folder, and mailed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from asl_inspector.about import program_version
from asl_inspector.case.records import SAVED_CASE, Case, CaseFile
from asl_inspector.case_files.records import CachedResult, SavedResult
from asl_inspector.inference.records import Settings
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import escaped_steering
from asl_inspector.report.writing import write_atomically
from asl_inspector.samples.mapping import NO_CORRECTION, Correction

SCHEMA = 1
MOST_STEPS_UP = 3  # a path that climbs further is no part of the same project
LARGEST_CACHE = 48 << 20  # bytes; a larger result is not kept, and the case is run again


def write_case(
    path: Path,
    case: Case,
    added: Iterable[Path],
    *,
    settings: Settings,
    corrections: Mapping[Path, Correction] | None = None,
    result: SavedResult | None = None,
    cached: CachedResult | None = None,
) -> None:
    """Write a case file.

    Args:
        path: Where to.
        case: Its files, with their hashes.
        added: The files and folders that the user added.
        settings: How it was run. Consent to run a file is left out: it is asked for again.
        corrections: What the user said of layouts.
        result: The last result in short, or None.
        cached: The whole of it, to be shown again without a run, or None.

    Raises:
        ExportError: If it cannot be written.
    """
    folders = [one for one in added if one.is_dir()]
    wanted = set(entry_paths(path, case))
    rows = [
        _entry(one.row, path.absolute().parent, folders, (corrections or {}).get(one.row.path, NO_CORRECTION))
        for one in case.files
        if one.row.path in wanted
    ]
    document = {
        "kind": SAVED_CASE,
        "schema": SCHEMA,
        "program": program_version(),
        "saved": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": rows,
        "settings": _settings(settings),
        "result": asdict(result) if result is not None else None,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    packed = json.dumps(asdict(cached), separators=(",", ":")) if cached is not None else ""
    if 0 < len(packed) <= LARGEST_CACHE:
        text = f'{text.removesuffix("}").rstrip()},\n  "cached": {packed}\n}}'  # one line: the rest is for eyes
    write_atomically(path, f"{escaped_steering(text)}\n".encode("utf-8", "backslashreplace"))


def entry_paths(path: Path, case: Case) -> list[Path]:
    """The files of the case in the order in which a case file at `path` lists them: all but itself."""
    return [one.row.path for one in case.files if one.row.path != path.absolute()]


def result_of(inspected: Inspected) -> SavedResult:
    """What is kept of an inspection, to compare with the next one."""
    diagnosis = inspected.diagnosis
    scored = inspected.validation
    measures = diagnosis.validation.accuracies if diagnosis.validation is not None else {}
    measured = measures.get(scored.decoder) if scored is not None else None
    return SavedResult(
        diagnosis.headline,
        tuple((cause.id, round(cause.confidence, 3)) for cause in diagnosis.causes),
        measured.correct if measured is not None else None,
        measured.of if measured is not None else None,
    )


def _entry(row: CaseFile, home: Path, folders: list[Path], correction: Correction) -> dict[str, object]:
    entry: dict[str, object] = {**place(row.path, home), "bytes": row.bytes}
    if row.sha256 is not None:
        entry["sha256"] = row.sha256
    entry["used_as"] = row.role.value
    if row.chosen:
        entry["role"] = row.role.value
    if correction != NO_CORRECTION:
        entry["layout"] = {name: value for name, value in asdict(correction).items() if value is not None}
    folder = next((one for one in folders if row.path != one and row.path.is_relative_to(one)), None)
    if folder is not None:
        entry["folder"] = place(folder, home)
    return entry


def place(path: Path, home: Path) -> dict[str, str]:
    """A path as seen from the case file, so that both can be moved together; and as it is where that leads elsewhere."""
    try:
        relative = Path(os.path.relpath(path, home))
    except ValueError:  # another drive
        return {"absolute": str(path)}
    climbs = relative.parts.count(os.pardir)
    if climbs == 0:
        return {"path": relative.as_posix()}
    if climbs > MOST_STEPS_UP:
        return {"absolute": str(path)}
    return {"path": relative.as_posix(), "absolute": str(path)}


def _settings(settings: Settings) -> dict[str, object]:
    """What changes the figures; device and batches are a matter of the machine."""
    return {
        "decoder": settings.decoder,
        "blank": settings.blank,
        "choices": dict(settings.choices),
        "mixed": settings.mixed,
    }
