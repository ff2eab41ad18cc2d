"""Do validation clips look unlike training clips as a whole? (`data.separating` says how a classifier is asked.)

Threshold: an area above 0.7 with p under 0.01: below that nobody would see a difference. Guard: other people look different, and
that is no fault; where signers of training are known, how well halves of them are told apart is said beside it. The words are
"differ", not "wrong", and no cause gets weight: what was prepared otherwise is named by questions that can show what it is.

Source: Lopez-Paz and Oquab 2017, arXiv:1610.06545; diagnosis.md, C6.
"""

from __future__ import annotations

from asl_inspector.data.records import Separation
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial

CLEAR = 0.7
SURE = 0.01


def ask(found: Separation | None) -> Answers:
    """The finding on the two files as a whole."""
    if found is None:
        return Answers()
    facts: dict[str, Fact] = {
        "auc": found.auc,
        "p": found.p,
        "null_high": found.null_high,
        "between_signers": found.between_signers,
        "validation": found.validation,
        "train": found.train,
    }
    name = "a classifier tells the files apart"
    told = (
        f"a classifier on the means of clips tells validation from training with an area of {found.auc:.2f} (0.5 is guessing, by luck "
        f"up to {found.null_high:.2f})"
    )
    if found.auc > CLEAR and found.p < SURE:
        beside = " Other people and other cameras do that too; it is no fault by itself."
        if found.between_signers is not None:
            beside = f" Halves of the training signers are told apart with {found.between_signers:.2f}."
            if found.between_signers >= found.auc - 0.05:
                beside = f"{beside[:-1]}, so other people explain it."
        sentence = f"Validation and training clips differ: {told}.{beside}"
        apart = Finding("files-told-apart", "separation", "info", sentence, facts, "data")
        return Answers((apart,), trials=(Trial(name, found.p, apart.id),))
    sentence = f"Validation clips look like training clips: {told}."
    alike = Finding("files-alike", "separation", "info", sentence, facts, "data")
    return Answers((alike,), trials=(Trial(name, found.p),))
