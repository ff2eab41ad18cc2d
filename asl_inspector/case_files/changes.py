"""What is not as it was when a case was saved: files that are gone or changed, and figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from asl_inspector.case.records import Case, CaseFile
from asl_inspector.case_files.records import SavedCase, SavedFile, SavedResult

SHOWN_OF_HASH = 12
MOST_NAMED = 8


def changed_files(saved: SavedCase, case: Case) -> tuple[str, ...]:
    """A sentence for each file that is missing, changed, moved or new.

    Args:
        saved: The case as it was.
        case: The case as it is, with the hashes of its files.
    """
    rows = {one.row.path: one.row for one in case.files}
    by_hash = {row.sha256: row for row in rows.values() if row.sha256}
    before = {file.path for file in saved.files}
    told = [sentence for file in saved.files if (sentence := _change(file, rows, by_hash))]
    known = before | {saved.path}  # a case saved in a folder of its own is among the folder's files
    new = [row for path, row in rows.items() if path not in known and not _was_there(row, saved)]
    told += [f"“{row.path.name}” was not part of the case when it was saved." for row in new]
    if len(told) > MOST_NAMED:
        told = [*told[:MOST_NAMED], f"{len(told) - MOST_NAMED} more files are not as they were."]
    return tuple(told)


def _was_there(row: CaseFile, saved: SavedCase) -> bool:
    return row.sha256 is not None and any(file.sha256 == row.sha256 for file in saved.files)


def _change(file: SavedFile, rows: Mapping[Path, CaseFile], by_hash: Mapping[str, CaseFile]) -> str:
    row = rows.get(file.path)
    known = f"SHA-256 {file.sha256[:SHOWN_OF_HASH]}…" if file.sha256 else f"{file.bytes:,} bytes"
    if row is None or (row.problem and not file.path.exists()):
        moved = by_hash.get(file.sha256) if file.sha256 else None
        if moved is not None and moved.path != file.path:
            return f"“{file.path.name}” is now “{moved.path.name}”: the content is the same ({known})."
        return f"“{file.path.name}” ({known}) is not at {file.path.parent} any more. Drop it from where it is."
    if file.sha256 and row.sha256:
        if file.sha256 != row.sha256:
            return f"“{file.path.name}” changed since the case was saved: it was {known}, it is {row.sha256[:SHOWN_OF_HASH]}…"
    elif file.bytes != row.bytes:
        return (
            f"“{file.path.name}” changed since the case was saved: it had {file.bytes:,} bytes, it has {row.bytes:,}."
        )
    return ""


def changed_result(before: SavedResult | None, after: SavedResult | None) -> str:
    """What became of the figures, in a sentence; empty where they are the same."""
    if before is None or after is None or before == after:
        return ""
    if (before.clips is None) != (after.clips is None):
        return ""  # one of them judged no clips: what changed is the files
    parts = []
    if before.clips and after.clips and (before.correct, before.clips) != (after.correct, after.clips):
        parts.append(f"accuracy {_share(before)} then, {_share(after)} now")
    then, now = dict(before.causes), dict(after.causes)
    if gone := [name for name in then if name not in now]:
        parts.append(f"gone: {', '.join(gone)}")
    if new := [name for name in now if name not in then]:
        parts.append(f"new: {', '.join(new)}")
    if not parts and then and now and next(iter(then)) != next(iter(now)):
        parts.append(f"the first cause was {next(iter(then))}, it is {next(iter(now))}")
    return f"Since the case was saved: {'; '.join(parts)}." if parts else ""


def _share(result: SavedResult) -> str:
    return f"{result.correct} of {result.clips} ({100 * (result.correct or 0) / (result.clips or 1):.1f} %)"
