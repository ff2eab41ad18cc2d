"""The files of one case: opened, corrected, given a role, kept while they stay the same."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asl_inspector.case.records import SOLE_ROLES, Case, OpenFile, Role
from asl_inspector.case.roles import assign
from asl_inspector.hashing import content_hash
from asl_inspector.inspection_parts import problem_of
from asl_inspector.mapped_file import missing
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.samples.mapping import NO_CORRECTION, Correction
from asl_inspector.workers.calling import Readers
from asl_inspector.workers.entries import open_again, open_entries
from asl_inspector.workers.preview_records import ClipPreview
from asl_inspector.workers.previewing import open_corrected, preview

if TYPE_CHECKING:
    from asl_inspector.report.contents import Inspected, Problem


class CaseFiles:
    """The files of a case; `case` has them by role."""

    def __init__(self) -> None:
        self.case = Case()
        self._readers = Readers()
        weakref.finalize(self, self._readers.close)
        self._opened: dict[Path, OpenFile] = {}
        self._asked: dict[Path, set[Path]] = {}  # what was added, with the rows that it gave
        self._chosen: dict[Path, Role] = {}
        self._corrections: dict[Path, Correction] = {}
        self._notes: tuple[str, ...] = ()

    def add(
        self,
        paths: Iterable[Path],
        chosen: Mapping[Path, Role] | None = None,
        *,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
    ) -> Case:
        """Open files and the files in folders, and give every file of the case its role.

        Raises:
            Cancelled: If `cancel` was set; the case is then unchanged.
        """
        found = open_entries(paths, self._readers, progress=progress, cancel=cancel)
        self._opened |= found.opened
        self._asked |= found.asked
        self._chosen |= {path.absolute(): role for path, role in (chosen or {}).items()}
        self._notes += found.notes
        return self._assign()

    def keep_only(self, paths: set[Path]) -> set[Path]:
        """Forget what is not among the files and folders that were added as `paths`; returns those still to be added."""
        self._asked = {path: rows for path, rows in self._asked.items() if path in paths}
        kept = paths.union(*self._asked.values())
        for path in set(self._opened) - kept:
            self.remove(path)
        return paths - set(self._asked) - set(self._opened)

    def close_readers(self) -> None:
        """End the processes that read files; they are started again when one is needed."""
        self._readers.close()

    def correct(self, corrections: Mapping[Path, Correction], *, cancel: CancelToken | None = None) -> Case:
        """Read files of clips as the user says; those that had another correction, or have none any more, anew.

        Raises:
            Cancelled: If `cancel` was set.
        """
        wanted = {path.absolute(): one for path, one in corrections.items() if one != NO_CORRECTION}
        for path in {*wanted, *self._corrections} & set(self._opened):
            correction = wanted.get(path, NO_CORRECTION)
            if self._corrections.get(path, NO_CORRECTION) != correction:
                self._opened[path] = self._open_again(path, correction, cancel)
        self._corrections = wanted
        return self._assign()

    def preview(self, path: Path, correction: Correction, *, cancel: CancelToken | None = None) -> ClipPreview:
        """The clips of a file or a folder as a correction would have them.

        Raises:
            Cancelled: If `cancel` was set.
        """
        return preview(path, correction, readers=self._readers, cancel=cancel)

    def _open_again(self, path: Path, correction: Correction, cancel: CancelToken | None = None) -> OpenFile:
        """A file or a folder of clips as it is now."""
        corrected = None
        if correction != NO_CORRECTION:
            corrected = open_corrected(path, correction, readers=self._readers, cancel=cancel)
        return corrected or open_again(path, self._readers)

    def remove(self, path: Path) -> Case:
        """Take a file out of the case."""
        self._opened.pop(path.absolute(), None)
        self._chosen.pop(path.absolute(), None)
        return self._assign()

    def choose_role(self, path: Path, role: Role) -> Case:
        """Give a file the role that the user chose; a file that had this role alone goes back to choosing itself."""
        path = path.absolute()
        if role in SOLE_ROLES:
            self._chosen = {other: held for other, held in self._chosen.items() if held is not role}
        self._chosen[path] = role
        return self._assign()

    def forget_choices(self) -> None:
        """Forget the roles that the user chose; they take effect with the next change of the case."""
        self._chosen = {}

    def with_current_rows(self, inspected: Inspected) -> Inspected:
        """The inspection with the rows as they are now, hashes included."""
        rows = {one.row.path: one.row for one in self.case.files}
        case = inspected.case.with_rows(
            lambda row: replace(row, sha256=rows[row.path].sha256) if row.path in rows else row
        )
        return replace(inspected, case=case)

    def clear(self) -> Case:
        """Forget all files."""
        self._opened, self._asked, self._chosen, self._notes, self._corrections = {}, {}, {}, (), {}
        return self._assign()

    def _assign(self) -> Case:
        self.case = assign(list(self._opened.values()), self._chosen, self._notes)
        return self.case

    def hash_files(self, *, cancel: CancelToken | None = None) -> Case:
        """The case with the SHA-256 of every used file."""
        for path, one in self._opened.items():
            if one.row.sha256 is None and one.file is not None:
                digest = content_hash(one.file, cancel or CancelToken())
                self._opened[path] = replace(one, row=replace(one.row, sha256=digest))
        return self._assign()

    def current_case(self, problems: list[Problem]) -> Case:
        """The case, files that changed on disk opened again and files that vanished named."""
        for path, one in list(self._opened.items()):
            if one.file is None or one.file.is_current():
                continue
            if path.exists():
                self._opened[path] = self._open_again(path, self._corrections.get(path, NO_CORRECTION))
            else:
                gone = missing(path, FileNotFoundError())
                problems.append(problem_of(gone))
                row = replace(one.row, problem=gone.sentence, advice=gone.advice)
                self._opened[path] = replace(one, row=row, opened=None)
        return self._assign()
