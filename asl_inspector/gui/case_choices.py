"""All that the user chose in a case: what can be gone back to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from asl_inspector.case.records import SOLE_ROLES, Role
from asl_inspector.inference.records import Settings
from asl_inspector.samples.mapping import NO_CORRECTION, Correction

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CaseChoices:
    """All that the user chose in a case. Every step gives new choices and leaves these as they are.

    Attributes:
        paths: What was added, in order.
        roles: Roles given by hand.
        corrections: Layouts given by hand.
        settings: How the network is built and run.
        told_of: The checkpoint that the settings' choices are about, or None.
    """

    paths: tuple[Path, ...] = ()
    roles: tuple[tuple[Path, Role], ...] = ()
    corrections: tuple[tuple[Path, Correction], ...] = ()
    settings: Settings = field(default_factory=Settings)
    told_of: Path | None = None

    def adding(self, paths: list[Path]) -> CaseChoices:
        """With further files and folders."""
        return replace(self, paths=(*self.paths, *paths))

    def without(self, path: Path, files: list[Path]) -> CaseChoices:
        """Without a file; where it came with a folder, the other `files` of the case stay."""
        kept = tuple(other for other in self._named(path, files) if other != path)
        return replace(self, paths=kept, roles=_without(self.roles, path), corrections=_without(self.corrections, path))

    def replacing(self, old: Path, new: Path, files: list[Path]) -> CaseChoices:
        """With another file in the place of one, in the role that was given to that."""
        paths = tuple(new if other == old else other for other in self._named(old, files))
        role = dict(self.roles).get(old)
        roles = _without(self.roles, old)
        return replace(self, paths=paths, roles=roles if role is None else (*_without(roles, new), (new, role)))

    def in_role(self, path: Path, role: Role) -> CaseChoices:
        """With a role for a file; the file that was given it before, if only one may have it, chooses anew."""
        others = tuple((one, held) for one, held in self.roles if role not in SOLE_ROLES or held is not role)
        return replace(self, roles=(*_without(others, path), (path, role)))

    def correction_of(self, path: Path) -> Correction:
        """What was said of the layout of a file's clips."""
        return dict(self.corrections).get(path, NO_CORRECTION)

    def read_as(self, path: Path, correction: Correction) -> CaseChoices:
        """With another layout of a file's clips."""
        return replace(self, corrections=(*_without(self.corrections, path), (path, correction)))

    def _named(self, path: Path, files: list[Path]) -> tuple[Path, ...]:
        """The paths, each file by itself where `path` came with a folder."""
        return self.paths if path in self.paths else tuple(files)


def _without(pairs: tuple[tuple[Path, Value], ...], path: Path) -> tuple[tuple[Path, Value], ...]:
    return tuple(pair for pair in pairs if pair[0] != path)
