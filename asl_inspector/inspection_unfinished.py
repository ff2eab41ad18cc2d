"""How far an inspection has come, for the one who cancels it or whose process does not live to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asl_inspector.errors import InferenceError
from asl_inspector.inference.records import Settings
from asl_inspector.inspection_networks import NetworkRuns
from asl_inspector.inspection_parts import problem_of
from asl_inspector.report.partial_words import partial_words

if TYPE_CHECKING:
    from asl_inspector.diagnosis.evidence import Evidence
    from asl_inspector.report.contents import Inspected, Problem


class SoFar:
    """What an inspection has found and what went wrong in it, step by step."""

    def __init__(self) -> None:
        self.evidence: Evidence | None = None
        self.problems: list[Problem] = []

    def begin(self, evidence: Evidence, problems: list[Problem]) -> None:
        """Start with what is known before anything is measured."""
        self.evidence, self.problems = evidence, problems

    def reached(self, **found: Any) -> Evidence:
        """The evidence with more of it, by the names of its fields."""
        if self.evidence is None:
            raise RuntimeError("nothing was begun")
        self.evidence = replace(self.evidence, **found)
        return self.evidence

    def forget(self) -> None:
        """There is nothing to come back to."""
        self.evidence, self.problems = None, []


def with_what_ran(evidence: Evidence, networks: NetworkRuns, settings: Settings) -> Evidence:
    """The evidence with the clips that were run until a run was interrupted, here or in a process before this one."""
    case = evidence.case
    if evidence.validation is None:
        found = networks.so_far(case, settings, case.checkpoint, case.validation)
        if found is not None:
            evidence = replace(evidence, validation=found[1], architecture=found[0] or evidence.architecture)
    if evidence.train is None:
        found = networks.so_far(case, settings, case.checkpoint, case.train)
        if found is not None:
            evidence = replace(evidence, train=found[1], architecture=found[0] or evidence.architecture)
    return evidence


def marked_partial(inspected: Inspected, problems: list[Problem], advice: str) -> Inspected:
    """The inspection as one that was interrupted, with what went wrong before that, and how to go on."""
    inspected = replace(inspected, interrupted=True)
    told = InferenceError(partial_words(inspected), advice=advice)
    return replace(inspected, problems=(*problems, problem_of(told)))
