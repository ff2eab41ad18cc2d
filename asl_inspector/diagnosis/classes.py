"""Does the number of outputs fit the vocabulary and the labels?

A CTC network over G glosses has G + 1 outputs, one of them the blank. One output too few, and the last gloss cannot be
said; a label equal to the blank's index can never be right.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.samples.records import UNLABELLED, Clips

MOST_NAMED = 5


def ask(evidence: Evidence) -> Answers:
    """Findings on outputs, vocabulary sizes and ids outside the outputs."""
    outputs = _outputs(evidence)
    if outputs is None:
        return Answers()
    findings = [*_vocabulary_sizes(evidence, outputs[0])]
    seen = False
    for clips, what in ((evidence.case.validation, "validation"), (evidence.case.train, "training")):
        if clips is not None:
            seen = seen or bool((clips.gloss_ids != UNLABELLED).any())
            findings += _outside(*outputs, clips, what)
    if seen and not findings:
        sentence = f"Every id of the labels has an output of its own among the {outputs[0]}, and the vocabularies are of that size."
        findings.append(Finding("outputs-fit", "classes", "info", sentence, {"outputs": outputs[0]}, "samples"))
    return Answers(tuple(findings))


def _outputs(evidence: Evidence) -> tuple[int, int | None] | None:
    """Outputs of the network, or of what it saved, and the blank among them; None where they are unknown."""
    saved = evidence.saved
    if saved is not None:
        return (saved.classes, saved.blank) if saved.kind == "scores" else None
    if evidence.architecture is None:
        return None
    return evidence.architecture.classes, evidence.architecture.blank


def _stated_sizes(evidence: Evidence) -> list[tuple[str, int]]:
    """`(where, outputs needed)` of every vocabulary; ids from 1 leave 0 to the blank."""
    sizes: list[tuple[str, int]] = []
    checkpoint = evidence.checkpoint
    if checkpoint is not None:
        settings = checkpoint.contents.hyperparameters
        stated = next((v for k, v in settings.items() if k.endswith(("vocab_size", "num_classes"))), None)
        if isinstance(stated, int) and not isinstance(stated, bool):
            sizes.append((f"the checkpoint's settings (`{_setting_name(settings)}`)", stated))
        if checkpoint.contents.gloss_to_id:
            sizes.append(("the checkpoint's vocabulary", 1 + max(checkpoint.contents.gloss_to_id.values())))
    for vocabulary in evidence.case.vocabularies:
        if vocabulary.declared_size is not None:
            sizes.append((f"“{vocabulary.path.name}”", vocabulary.declared_size))
        elif vocabulary.gloss_to_id:
            sizes.append((f"“{vocabulary.path.name}”", 1 + max(vocabulary.gloss_to_id.values())))
    return sizes


def _setting_name(settings: dict[str, bool | int | float | str]) -> str:
    return next(key for key in settings if key.endswith(("vocab_size", "num_classes")))


def _vocabulary_sizes(evidence: Evidence, outputs: int) -> list[Finding]:
    """One finding for the vocabulary that needs most outputs beyond those of the network."""
    larger = [(where, size) for where, size in _stated_sizes(evidence) if size > outputs]
    if not larger:
        return []
    where, size = max(larger, key=lambda pair: pair[1])
    sentence = (
        f"The network has {outputs} outputs, but {where} needs {size}, the blank included: "
        "the last glosses cannot be said."
    )
    facts: dict[str, Fact] = {"outputs": outputs, "needed": size, "where": where}
    return [Finding("outputs-do-not-fit-vocabulary", "classes", "critical", sentence, facts, "keys")]


def _outside(outputs: int, blank: int | None, clips: Clips, what: str) -> list[Finding]:
    ids = clips.gloss_ids
    labelled = ids != UNLABELLED
    outside = labelled & ((ids < 0) | (ids >= outputs))
    findings = []
    if outside.any():
        numbers = np.unique(ids[outside]).tolist()
        shown = ", ".join(str(number) for number in numbers[:MOST_NAMED]) + (
            " ..." if len(numbers) > MOST_NAMED else ""
        )
        sentence = (
            f"{int(outside.sum())} {what} clips have ids that the network has no output for ({shown}; it has "
            f"{outputs} outputs): they can never be right."
        )
        facts: dict[str, Fact] = {
            "clips": int(outside.sum()),
            "ids": list(numbers[:20]),
            "outputs": outputs,
        }
        findings.append(Finding("ids-outside-outputs", "classes", "critical", sentence, facts, "samples"))
    if blank is not None:
        is_blank = labelled & (ids == blank)
        if is_blank.any():
            sentence = (
                f"{int(is_blank.sum())} {what} clips have the id {blank}, which is the blank: "
                "CTC can never answer it. Ids must start at 1."
            )
            facts = {"clips": int(is_blank.sum()), "blank": blank}
            findings.append(Finding("id-is-the-blank", "classes", "critical", sentence, facts, "samples"))
    return findings
