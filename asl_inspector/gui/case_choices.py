"""All that the user chose in a case: what can be gone back to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asl_inspector.case.records import Role
from asl_inspector.inference.records import Settings
from asl_inspector.samples.mapping import Correction


@dataclass(frozen=True, slots=True)
class CaseChoices:
    """All that the user chose in a case.

    Attributes:
        paths: What was added, in order.
        roles: Roles given by hand.
        corrections: Layouts given by hand.
        settings: How the network is built and run.
        told_of: The checkpoint that the settings' choices are about, or None.
    """

    paths: tuple[Path, ...]
    roles: tuple[tuple[Path, Role], ...]
    corrections: tuple[tuple[Path, Correction], ...]
    settings: Settings
    told_of: Path | None
