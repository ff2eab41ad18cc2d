"""A saved case: which files, what they are for, how they were run, and what was found then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asl_inspector.case.records import Role
from asl_inspector.inference.records import Settings
from asl_inspector.report.json_text import Json
from asl_inspector.samples.mapping import NO_CORRECTION, Correction

SUFFIX = ".aslcase"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One file of a saved case.

    Attributes:
        path: Where it is, or would be.
        bytes: Its size when the case was saved.
        sha256: Its hash then, or None where it was not computed.
        role: The role that the user chose, or None where the program chose it.
        used_as: The role that it had, whoever chose it.
        correction: What the user said of the layout of its clips.
        folder: The folder that it came with, or None where it was added by itself.
    """

    path: Path
    bytes: int = 0
    sha256: str | None = None
    role: Role | None = None
    used_as: Role = Role.UNUSED
    correction: Correction = NO_CORRECTION
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What was found when the case was saved.

    Attributes:
        headline: In one sentence.
        causes: Ids and confidences, most likely first.
        correct: Validation clips answered rightly, or None.
        clips: Validation clips that were judged, or None.
    """

    headline: str
    causes: tuple[tuple[str, float], ...]
    correct: int | None
    clips: int | None


@dataclass(frozen=True, slots=True)
class CachedResult:
    """A whole result, kept in the case so that it can be shown again without a run.

    Attributes:
        report: The diagnosis as `diagnose --json` writes it.
        text: The diagnosis as text for a terminal.
        problems: Sentence and advice for all that could not be done.
        view: What the window shows, packed, or an empty string.
        program: The version that found it.
        found: When, as ISO 8601 in UTC.
    """

    report: Mapping[str, Json]
    text: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    view: str = field(default="", repr=False)
    program: str = ""
    found: str = ""

    @property
    def origin(self) -> str:
        """Which version found it and when, in words."""
        when = self.found.replace("T", " ").removesuffix("+00:00")
        return f"version {self.program or 'unknown'} on {when or 'an unknown day'} UTC"


@dataclass(frozen=True, slots=True)
class SavedCase:
    """What a case file says.

    Attributes:
        path: The case file.
        files: Its files.
        settings: How to run, but for what is a matter of the machine; consent to run a file is never saved.
        result: What was found, or None where the case had not been run.
        program: The version that saved it.
        saved: When, as ISO 8601 in UTC.
        cached: The whole result, or None where the case had not been run or the result would be too large.
    """

    path: Path
    files: tuple[SavedFile, ...]
    settings: Settings
    result: SavedResult | None = None
    program: str = ""
    saved: str = ""
    cached: CachedResult | None = None

    @property
    def added(self) -> tuple[Path, ...]:
        """The files and folders to add to make the case again."""
        alone = (file.folder or file.path for file in self.files)
        return tuple(dict.fromkeys(alone))

    @property
    def checkpoint(self) -> Path | None:
        """The checkpoint that the settings are about, or None."""
        return next((file.path for file in self.files if file.used_as is Role.CHECKPOINT), None)

    @property
    def chosen(self) -> dict[Path, Role]:
        """The roles that the user chose."""
        return {file.path: file.role for file in self.files if file.role is not None}

    @property
    def corrections(self) -> dict[Path, Correction]:
        """What the user said of layouts."""
        return {file.path: file.correction for file in self.files if file.correction != NO_CORRECTION}
