"""What belongs to a cause beside its evidence: the code that mends it, what to expect then, and what would change the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from asl_inspector.diagnosis.code_of_run import CodeOfRun
from asl_inspector.diagnosis.expecting import Known, expectation
from asl_inspector.diagnosis.records import Advice, Cause, Counterfactual
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.diagnosis.snippets import snippet_of
from asl_inspector.diagnosis.vocabularies import retold


def advice_for_all(code: CodeOfRun, known: Known, counterfactuals: Mapping[str, Counterfactual]) -> dict[str, Advice]:
    """By cause, for this kind of network and in the names of this run; of causes that are not listed too, for they may be later."""
    found = {}
    for cause, remedy in REMEDIES.items():
        first, fix = remedy.next_experiment, remedy.fix
        if remedy.without_blank is not None and not code.ctc:
            first, fix = remedy.without_blank
        told = expectation(cause, counterfactuals.get(cause), known)
        found[cause] = Advice(first, fix, snippet_of(cause, code), remedy.would_change, told)
    return found


def advised(cause: Cause, advice: Mapping[str, Advice]) -> Cause:
    """The cause with its advice."""
    found = advice[cause.id]
    told = replace(
        cause,
        next_experiment=found.next_experiment,
        fix=found.fix,
        snippet=found.snippet,
        would_change=found.would_change,
        expectation=found.expectation,
    )
    return retold(told)
