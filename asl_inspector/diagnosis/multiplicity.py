"""Do the findings that rest on a probability stand once all tests of the diagnosis are counted?

A diagnosis makes a dozen tests. With a threshold of 5 % each, nearly every second sound case would show something.

Method: Benjamini and Hochberg over all tests of one diagnosis, those included that showed nothing. Of the findings that it
lets stand at most the level is false on average; and where nothing at all is to be found, where every finding is false, the
probability of even one is at most the level too (Simes' inequality), also for tests on the same clips, whose probabilities rise
together (Benjamini and Yekutieli 2001). Holm's method would hold the second promise alone: a case with three true faults would
lose the third to the count of what is sound. Fewer looks of one kind (epochs, rules, repairs, shifts) are corrected within their
test before they come here.

Level: 0.04. Whether the accuracy is above chance is asked first, at 0.01, and decides what may be asked at all; together they
make 0.05. The questions' own thresholds stay, most of them stricter; this is the least that all must pass.

What does not stand is told with its figures and carries no weight for any cause.

Not counted: facts (ids that disagree, numbers that are not finite), and traces in weights, whose thresholds lie beyond any
number of tests (z > 6). The files of a run are a family of their own, by Holm (`along_epochs`), and features one by one
(`data.shift`).

Sources: Benjamini and Hochberg 1995; Simes 1986; Benjamini and Yekutieli 2001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from asl_inspector.data.shift import benjamini_hochberg
from asl_inspector.diagnosis.findings import Answers, Finding
from asl_inspector.diagnosis.records import CountedTest, CountedTests

LEVEL = 0.04
NOT_SHOWN = "not-shown-"


def count(answers: Sequence[Answers]) -> CountedTests:
    """All tests of a diagnosis with their corrected probabilities, in order."""
    trials = [trial for answer in answers for trial in answer.trials]
    told = benjamini_hochberg(np.array([trial.p for trial in trials])).tolist() if trials else []
    return CountedTests(
        LEVEL, tuple(CountedTest(one.name, one.p, q, one.finding) for one, q in zip(trials, told, strict=True))
    )


def correct(answers: Sequence[Answers], family: CountedTests) -> list[Answers]:
    """The answers with what does not stand turned into a remark. A finding of two tests stands where one of them does."""
    lowest: dict[str, float] = {}
    for test in family.tests:
        if test.finding:
            lowest[test.finding] = min(test.corrected, lowest.get(test.finding, 1.0))
    found = []
    for answer in answers:
        findings = tuple(_judged(one, lowest, len(family.tests)) for one in answer.findings)
        found.append(replace(answer, findings=findings))
    return found


def _judged(finding: Finding, lowest: dict[str, float], tests: int) -> Finding:
    corrected = lowest.get(finding.id)
    if corrected is None:
        return finding
    evidence = finding.evidence | {"p_corrected": corrected, "tests": tests}
    if corrected <= LEVEL:
        return replace(finding, evidence=evidence)
    sentence = (
        f"{finding.sentence} But of the {tests} tests of this diagnosis one comes out like that by luck too often (corrected "
        f"p = {corrected:.2g}), so nothing is concluded from it."
    )
    return Finding(NOT_SHOWN + finding.id, finding.question, "info", sentence, evidence, finding.where)
