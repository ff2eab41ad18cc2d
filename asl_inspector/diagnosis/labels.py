"""Do the ids mean the same gloss everywhere?

Idea: an id is only a number; what it stands for is decided wherever a vocabulary is built. Where files give gloss
names beside ids, the meaning of every id can be compared exactly, without a network and without statistics. The
network learned the ids of its training data; a validation clip whose id stands for another gloss there is scored
against the wrong answer, whatever the network says.

Null: none is needed; a disagreement is a fact. Guards: a clip whose gloss does not occur in the reference at all is
counted apart (it cannot be right under any numbering).

Source: docs/decisions/0004-labels-first.md and the public threads named there.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis import vocabularies
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity, Undetermined
from asl_inspector.diagnosis.records import Clash, LabelAudit
from asl_inspector.diagnosis.vocabularies import has_shared_ids
from asl_inspector.samples.records import UNLABELLED, Clips

IntArray = NDArray[np.int64]
MOST_NAMED = 3
MEANING = "Do the ids mean the same glosses?"
MANY_UNKNOWN = 0.5
CRITICAL_SHARE = 0.01  # fewer clips with another id cannot explain a bad number; they may be typing variants


def audit(evidence: Evidence) -> LabelAudit | None:
    """Compare names and ids, or None where there are no names on both sides."""
    validation = evidence.case.validation
    found = _reference(evidence)
    if validation is None or found is None or not validation.names_to_ids:
        return None
    reference, learned = found
    named = [
        (gloss, number)
        for gloss, number in zip(validation.glosses, validation.gloss_ids.tolist(), strict=True)
        if gloss is not None and number != UNLABELLED
    ]
    clashing = Counter(
        (gloss, number, learned[gloss]) for gloss, number in named if gloss in learned and learned[gloss] != number
    )
    present = {gloss for gloss, _ in named}
    learned_ids = np.array([learned.get(gloss, UNLABELLED) if gloss else UNLABELLED for gloss in validation.glosses])
    learned_ids.flags.writeable = False
    return LabelAudit(
        reference=reference,
        agree=sum(learned.get(gloss) == number for gloss, number in named),
        of=len(named),
        unknown=sum(gloss not in learned for gloss, _ in named),
        clashes=tuple(Clash(*key, count) for key, count in clashing.most_common()),
        learned_ids=learned_ids,
        reference_glosses={number: gloss for gloss, number in learned.items()},
        missing=tuple(sorted(set(learned) - present)),
        certain=not has_shared_ids(learned),
    )


def truth_by_name(labels: LabelAudit | None) -> IntArray | None:
    """(N,), the ids to score by where the file's own mean other glosses, or None where they are right or not known."""
    disagree = labels is not None and labels.agree < labels.of and labels.certain
    return labels.learned_ids if labels is not None and disagree else None


def _reference(evidence: Evidence) -> tuple[str, dict[str, int]] | None:
    """Gloss to id as the network learned it: the training clips, else the checkpoint's own map, else a vocabulary."""
    train = evidence.case.train
    if train is not None and train.names_to_ids:
        return "the training clips", _most_frequent_ids(train)
    stored = evidence.checkpoint.contents.gloss_to_id if evidence.checkpoint else None
    if stored:
        return "the checkpoint's own vocabulary", dict(stored)
    for vocabulary in evidence.case.vocabularies:
        if vocabulary.gloss_to_id:
            return f"“{vocabulary.path.name}”", dict(vocabulary.gloss_to_id)
    return None


def _most_frequent_ids(clips: Clips) -> dict[str, int]:
    """Each gloss's most frequent id, ties to the lowest."""
    counts = Counter(
        (gloss, number)
        for gloss, number in zip(clips.glosses, clips.gloss_ids.tolist(), strict=True)
        if gloss is not None and number != UNLABELLED
    )
    best: dict[str, tuple[int, int]] = {}
    for (gloss, number), count in counts.items():
        best[gloss] = max(best.get(gloss, (0, 0)), (count, -number))
    return {gloss: -negative for gloss, (_, negative) in best.items()}


def ask(evidence: Evidence, labels: LabelAudit | None) -> Answers:
    """Findings on the meaning of ids."""
    findings: list[Finding] = []
    undetermined: list[Undetermined] = []
    if labels is not None:
        findings.append(_agreement(labels))
        if labels.unknown:
            findings.append(_unknown(labels))
        if labels.clashes and labels.missing:
            findings.append(_shift(labels))
    elif evidence.case.validation is not None:
        undetermined.append(
            Undetermined(
                MEANING,
                "The files give no gloss names on both sides, so the meaning of the ids cannot be compared.",
                _needs(evidence),
            )
        )
    findings += _inconsistent_files(evidence)
    train = evidence.case.train
    findings += vocabularies.ask(evidence, _most_frequent_ids(train) if train is not None else {})
    return Answers(tuple(findings), tuple(undetermined))


def _needs(evidence: Evidence) -> str:
    """What would settle the meaning of ids, besides what is there already."""
    validation, train = evidence.case.validation, evidence.case.train
    if validation is not None and not validation.names_to_ids:
        return "Add validation clips that name their glosses" + (
            "." if train is not None and train.names_to_ids else ", and training clips or a vocabulary that do."
        )
    if train is not None:
        return "The training clips give ids alone: drop the vocabulary that they were numbered with."
    return "Add the training clips or the vocabulary, with gloss names."


def _agreement(labels: LabelAudit) -> Finding:
    wrong = labels.of - labels.agree
    if labels.unknown < MANY_UNKNOWN * labels.of:
        wrong -= labels.unknown  # a gloss that training lacks has no other id there; many may be spelled otherwise
    facts: dict[str, Fact] = {
        "agree": labels.agree,
        "of": labels.of,
        "clashing_glosses": len(labels.clashes),
        "reference": labels.reference,
        "clashes": [_clash_facts(clash) for clash in labels.clashes[:20]],
    }
    if not wrong and not labels.certain:
        sentence = (
            f"All {labels.of} validation ids are those of {labels.reference}, but it gives some ids to several glosses, "
            "so the agreement says nothing about what the network learned."
        )
        return Finding("ids-agree-with-faulty-map", "labels", "warning", sentence, facts, "samples")
    if not wrong:
        which = f"All {labels.of}" if not labels.unknown else f"All {labels.agree} known"
        sentence = f"{which} validation ids mean the same gloss as in {labels.reference}."
        return Finding("ids-agree", "labels", "info", sentence, facts, "samples")
    examples = "; ".join(
        f"“{clash.gloss}” is {clash.there} in {labels.reference} and {clash.here} in validation"
        for clash in labels.clashes[:MOST_NAMED]
    )
    share = f"Only {labels.agree} of {labels.of}" if labels.agree else f"None of the {labels.of}"
    sentence = f"{share} validation ids mean the same gloss as in {labels.reference}" + (
        f": {examples}." if examples else "."
    )
    severity: Severity = "critical" if wrong >= CRITICAL_SHARE * labels.of else "warning"
    return Finding("ids-disagree", "labels", severity, sentence, facts, "samples")


def _clash_facts(clash: Clash) -> dict[str, Fact]:
    return {"gloss": clash.gloss, "validation": clash.here, "reference": clash.there, "clips": clash.clips}


def _unknown(labels: LabelAudit) -> Finding:
    sentence = (
        f"{labels.unknown} of {labels.of} validation clips show a gloss that {labels.reference} do not have; "
        "the network cannot know it."
    )
    return Finding(
        "unknown-glosses", "labels", "warning", sentence, {"clips": labels.unknown, "of": labels.of}, "samples"
    )


def _shift(labels: LabelAudit) -> Finding:
    """Says how such a shift arises where every clash moves an id downwards, as numbering by split does."""
    downwards = all(clash.here < clash.there for clash in labels.clashes)
    first = min(labels.clashes, key=lambda clash: clash.there)
    skipped = [gloss for number, gloss in sorted(labels.reference_glosses.items()) if gloss in labels.missing]
    named = ", ".join(f"“{gloss}”" for gloss in skipped[:MOST_NAMED])
    more = f" and {len(skipped) - MOST_NAMED} more" if len(skipped) > MOST_NAMED else ""
    sentence = (
        f"{len(skipped)} glosses have no validation clip ({named}{more}), and the ids differ from “{first.gloss}” on: "
        "so it looks when each split numbers the glosses that occur in it."
        if downwards
        else f"{len(skipped)} glosses have no validation clip ({named}{more}); the ids do not follow one shift."
    )
    facts: dict[str, Fact] = {"missing_glosses": list(skipped), "first_clash": first.gloss, "all_lower": downwards}
    return Finding("glosses-missing-in-validation", "labels", "info", sentence, facts, "samples")


def _inconsistent_files(evidence: Evidence) -> list[Finding]:
    """A file that gives one gloss several ids contradicts itself."""
    findings = []
    for clips in (evidence.case.validation, evidence.case.train):
        several = {gloss: ids for gloss, ids in clips.names_to_ids.items() if len(ids) > 1} if clips else {}
        if clips is not None and several:
            gloss, ids = next(iter(sorted(several.items())))
            shown = " and ".join(str(number) for number in sorted(ids)[:MOST_NAMED])
            sentence = f"“{clips.path.name}” gives {len(several)} glosses more than one id: “{gloss}” has {shown}."
            facts: dict[str, Fact] = {"glosses": len(several), "file": clips.path.name}
            findings.append(Finding("gloss-with-several-ids", "labels", "critical", sentence, facts, "samples"))
    return findings
