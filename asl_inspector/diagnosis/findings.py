"""What the questions answer: findings, each with its evidence, and what could not be determined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning", "info"]
Fact = bool | int | float | str | None | list["Fact"] | dict[str, "Fact"]

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Finding:
    """One answered question.

    Attributes:
        id: Stable name ("ids-disagree").
        question: The module that asked ("labels").
        severity: How much it matters by itself.
        sentence: What was found, for the user.
        evidence: The figures behind the sentence.
        where: Panel and place that show it ("samples", "keys:encoder.lstm"), or an empty string.
    """

    id: str
    question: str
    severity: Severity
    sentence: str
    evidence: dict[str, Fact] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True, slots=True)
class Undetermined:
    """A question that the files at hand cannot answer.

    Attributes:
        question: Short title ("Was Stage 1 loaded?").
        sentence: Why it cannot be answered.
        needs: The file that would settle it, as a sentence, or an empty string.
    """

    question: str
    sentence: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One test that was made, whatever came of it.

    Attributes:
        name: What was asked of the figures, as a clause ("the decoding rules differ").
        p: Probability of such figures where nothing is to be found, already corrected for what was tried within the test. A
            test that failed a stricter threshold of its own may say 1.
        finding: Id of the finding that rests on it, or an empty string where it showed nothing.
    """

    name: str
    p: float
    finding: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one question module found, and the tests that it made for it."""

    findings: tuple[Finding, ...] = ()
    undetermined: tuple[Undetermined, ...] = ()
    trials: tuple[Trial, ...] = ()
