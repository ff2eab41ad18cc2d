"""Two diagnoses compared for the window: saved cases, diagnoses as JSON, and the case that is open."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.case_files.records import SavedCase
from asl_inspector.errors import ExportError, InspectorError
from asl_inspector.report.changes.comparing import compare_reports
from asl_inspector.report.changes.outputs import changes_bytes
from asl_inspector.report.changes.reading import Report, read_report
from asl_inspector.report.changes.records import Changes
from asl_inspector.report.contents import Inspected
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.options import ReportOptions
from asl_inspector.report.writing import write_atomically

KINDS = ("pdf", "html", "md", "json")
Sides = tuple[Path | None, Path | None]


def compare(sides: Sides, inspected: Inspected | None, saved: SavedCase | None) -> Changes:
    """What differs between two diagnoses.

    Args:
        sides: Files, or None for the case that is open.
        inspected: The result of the open case, or None.
        saved: The case file that was opened, whose result stands for one, or None.

    Raises:
        InspectorError: If a file has no diagnosis, or the open case has no result.
    """
    before, after = (read_report(one) if one is not None else _open_case(inspected, saved) for one in sides)
    return compare_reports(before, after)


def export(changes: Changes, path: Path, kind: str, options: ReportOptions) -> None:
    """Write a comparison, whole or not at all.

    Raises:
        ExportError: If it cannot be written, or there is no such kind.
    """
    if kind not in KINDS:
        raise ExportError(
            f"“{path.name}” has no ending that tells its kind.", advice=f"End it in .{', .'.join(KINDS)}."
        )
    write_atomically(path, changes_bytes(changes, kind, options))


def _open_case(inspected: Inspected | None, saved: SavedCase | None) -> Report:
    if inspected is not None:
        main = inspected.checkpoint
        return Report(Path(main.path.name if main is not None else "this case"), inspection_json(inspected))
    if saved is not None and saved.cached is not None:
        return Report(saved.path, saved.cached.report)
    raise InspectorError("The case has not been run yet.", advice="Wait until it has.")
