"""A case with its result: saved as one file, and whether what was saved still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from asl_inspector.about import program_version
from asl_inspector.case.records import Case, CaseFile
from asl_inspector.case_files.holding import same_sizes
from asl_inspector.case_files.records import CachedResult, SavedCase
from asl_inspector.case_files.writing import entry_paths, place, result_of, write_case
from asl_inspector.engine.messages import InspectionView
from asl_inspector.engine.saved_views import pack_view, unpack_view
from asl_inspector.engine.views import inspection_view
from asl_inspector.inference.records import Settings
from asl_inspector.report.contents import Inspected
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import Json, cleaned
from asl_inspector.report.summary_text import summary_text
from asl_inspector.samples.mapping import Correction


def save(
    path: Path,
    case: Case,
    added: Iterable[Path],
    *,
    settings: Settings,
    corrections: Mapping[Path, Correction] | None = None,
    inspected: Inspected | None = None,
) -> None:
    """Write the case with its result, so that it can be shown again without a run.

    Args:
        path: Where to.
        case: Its files, with their hashes.
        added: The files and folders that the user added.
        settings: How it was run.
        corrections: What the user said of layouts.
        inspected: The last result with current hashes, or None.

    Raises:
        ExportError: If it cannot be written.
    """
    result = result_of(inspected) if inspected is not None else None
    cached = _cached(path, case, inspected) if inspected is not None and _is_of(inspected, case, settings) else None
    write_case(path, case, added, settings=settings, corrections=corrections, result=result, cached=cached)


def save_again(path: Path, saved: SavedCase, case: Case, added: Iterable[Path]) -> None:
    """Write a case that was opened and not run since, with the result that it came with.

    Raises:
        ExportError: If it cannot be written.
    """
    view = kept_view(saved, {one.row.path: one.row for one in case.files})
    cached = saved.cached
    if cached is not None:
        cached = replace(cached, view=pack_view(view, entry_paths(path, case))) if view is not None else None
    write_case(
        path,
        case,
        added,
        settings=saved.settings,
        corrections=saved.corrections,
        result=saved.result,
        cached=cached,
    )


def _cached(path: Path, case: Case, inspected: Inspected) -> CachedResult:
    report = cleaned(inspection_json(inspected))
    return CachedResult(
        _seen_from(path.absolute().parent, report) if isinstance(report, dict) else {},
        summary_text(inspected),
        tuple((one.sentence, one.advice) for one in inspected.problems),
        pack_view(inspection_view(inspected, partial=False), entry_paths(path, case)),
        program_version(),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _seen_from(home: Path, report: dict[str, Json]) -> dict[str, Json]:
    """The report with the paths of its files as the case file has them: those of this machine where they must be."""
    case = report["case"]
    if isinstance(case, dict):
        for one in case["files"]:
            seen = place(Path(one["path"]), home)
            one["path"] = seen.get("path", seen.get("absolute"))
    return report


def _is_of(inspected: Inspected, case: Case, settings: Settings) -> bool:
    """True where the result is one of these files in these roles and of these settings, and of none before."""
    ours, theirs = (
        (one.decoder, one.blank, one.choices, one.mixed, one.consent) for one in (settings, inspected.settings)
    )
    files, then = ({one.row.path: one.row.role for one in held.files} for held in (case, inspected.case))
    return ours == theirs and files == then


def kept_view(saved: SavedCase, rows: Mapping[Path, CaseFile] | None = None) -> InspectionView | None:
    """What the window showed when the case was saved, or None where that is not known or a file is of another size.

    Args:
        saved: The case.
        rows: Its files as they are now, where they were opened.
    """
    if saved.cached is None or not (_as_then(saved, rows) if rows is not None else same_sizes(saved)):
        return None
    view = unpack_view(saved.cached.view, [file.path for file in saved.files], rows or {})
    return replace(view, origin=saved.cached.origin) if view is not None else None


def _as_then(saved: SavedCase, rows: Mapping[Path, CaseFile]) -> bool:
    """True where the files that were opened are those of the case, by place, role and size."""
    then = {file.path: (file.bytes, file.used_as) for file in saved.files}
    return then == {path: (row.bytes, row.role) for path, row in rows.items() if path != saved.path}
