"""From what was stored of a case to a scored answer.

The findings of every case and set of files are stored once; the causes are ranked from them by the program's own
function, so that a change of weights needs no network to be run again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.diagnosis import causes
from asl_inspector.diagnosis.findings import SEVERITIES, Finding
from benchmarks.faults.kinds import BY_NAME, Truth, is_for_fitting
from benchmarks.faults.records import Case

REAL_GAP = 0.10  # of accuracy on training clips over clips without the fault
FEW, MANY = 3, 0.2  # clips a gloss, share of glosses


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one case from one set of files.

    Attributes:
        case: The case.
        inputs: Name of the set of files.
        causes: `(id, confidence, severity)`, in their order.
        verdict: In one word.
        findings: `(id, severity)`.
        facts: What is true of the weights: accuracies "train" and "clean".
        blank_share: Blank frames over valid ones, or None.
        answers: Different glosses said, or None.
        parameters: Of the network.
        train_clips: Training clips, or None.
    """

    case: Case
    inputs: str
    causes: tuple[tuple[str, float, str], ...]
    verdict: str
    findings: tuple[tuple[str, str], ...]
    facts: dict[str, float]
    blank_share: float | None
    answers: int | None
    parameters: int
    train_clips: int | None

    @property
    def truth(self) -> Truth:
        """The faults, each as the causes that name it."""
        return BY_NAME[self.case.kind].truth

    @property
    def ids(self) -> list[str]:
        """The causes that are named, in their order."""
        return [cause for cause, _, _ in self.causes]

    @property
    def first_right(self) -> bool:
        """True where the first cause names a fault of this case."""
        return bool(self.causes) and any(self.ids[0] in names for names in self.truth)

    @property
    def all_in_three(self) -> bool:
        """True where every fault is named within the first three causes."""
        return all(any(one in names for one in self.ids[:3]) for names in self.truth)

    @property
    def reciprocal_rank(self) -> float:
        """1 over the place of the first cause that names a fault; 0 where none does."""
        places = [n for n, one in enumerate(self.ids, start=1) if any(one in names for names in self.truth)]
        return 1 / places[0] if places else 0.0

    @property
    def alarm(self) -> bool:
        """True where a finding or a likely cause is critical."""
        return any(severity == "critical" for _, severity in self.findings) or self.verdict == "ill"

    @property
    def also_true(self) -> set[str]:
        """Causes that nobody planted and that are true all the same, by measurement of the weights.

        Overfitting: at least 10 points between the training clips and validation clips that no fault touched. They are
        right where calibration asks whether a named cause is true, and count for nothing else.
        """
        found = set()
        if self.facts["train"] - self.facts["clean"] >= REAL_GAP:
            found.add("overfitting")
        return found

    def is_true(self, cause: str) -> bool:
        """True where the cause was planted, or is true by measurement."""
        return any(cause in names for names in self.truth) or cause in self.also_true


def as_findings(findings: list[list[str]]) -> tuple[Finding, ...]:
    """Stored findings as the ranking takes them."""
    by_word = {word: word for word in SEVERITIES}
    return tuple(Finding(id_, "", by_word[severity], "") for id_, severity in findings)  # type: ignore[index]


def stored(case: Case, out: Path) -> Iterator[Answer]:
    """The answers on a case, ranked by the weights of evidence as they are now."""
    facts = json.loads((out / "facts" / f"{case.name}.json").read_text())
    told = json.loads((out / "said" / f"{case.name}.json").read_text())
    for inputs, one in told.items():
        findings = as_findings(one["findings"])
        ranked = causes.rank(findings, {})
        above = any(finding.id == "above-chance" for finding in findings)
        yield Answer(
            case=case,
            inputs=inputs,
            causes=tuple((cause.id, cause.confidence, cause.severity) for cause in ranked),
            verdict=causes.verdict_of(ranked, above),
            findings=tuple((finding.id, finding.severity) for finding in findings),
            facts=facts,
            blank_share=one["blank_share"],
            answers=one["answers"],
            parameters=one["parameters"],
            train_clips=one["train_clips"],
        )


def of_fitting(answers: list[Answer]) -> list[Answer]:
    """The answers that weights may be fitted on."""
    return [one for one in answers if is_for_fitting(one.case)]
