"""Is the network too large for the data?

Parameters per training clip are told as a fact and never judged: networks with thousands of parameters a clip can be
healthy and small ones can overfit. What the training accuracy shows is judged elsewhere (`overfitting`, `training`).

Source: docs/decisions/0004-labels-first.md lists the counterexamples.
"""

from __future__ import annotations

from collections import Counter
from statistics import median

from asl_inspector.checkpoints.records import parameter_count
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.samples.records import UNLABELLED

FEW_CLIPS = 3
UNEVEN = 10  # times the clips of the middle gloss


def ask(evidence: Evidence) -> Answers:
    """Facts on the size of the network and of the training data."""
    train = evidence.case.train
    if evidence.checkpoint is None or train is None:
        return Answers()
    weights = list(evidence.checkpoint.weights.values())
    parameters = parameter_count(weights)
    if not parameters:
        return Answers()
    counts = Counter(number for number in train.gloss_ids.tolist() if number != UNLABELLED)
    few = sum(count < FEW_CLIPS for count in counts.values())
    facts: dict[str, Fact] = {
        "parameters": parameters,
        "train_clips": len(train),
        "parameters_per_clip": parameters / len(train),
        "clips_per_gloss": len(train) / max(1, len(counts)),
        "glosses_with_few_clips": few,
    }
    sentence = (
        f"{parameters:,} parameters for {len(train):,} training clips, {parameters / len(train):,.0f} a clip, and "
        f"{len(train) / max(1, len(counts)):.1f} clips a gloss. The ratio by itself is no fault."
    )
    findings = [Finding("size-of-network-and-data", "capacity", "info", sentence, facts, "keys")]
    if counts and few > 0.2 * len(counts):
        sentence = f"{few} of {len(counts)} glosses have fewer than {FEW_CLIPS} training clips."
        findings.append(Finding("few-clips-a-gloss", "capacity", "warning", sentence, dict(facts), "samples"))
    if counts:
        (most, count), middle = counts.most_common(1)[0], median(counts.values())
        if len(counts) > 2 and count >= UNEVEN * middle:
            gloss = next(
                (g for g, n in zip(train.glosses, train.gloss_ids.tolist(), strict=True) if n == most and g), most
            )
            sentence = f"“{gloss}” has {count} training clips, and the middle gloss {middle:g}."
            told: dict[str, Fact] = {"gloss": str(gloss), "clips": count, "median": float(middle)}
            findings.append(Finding("one-gloss-dominates-training", "capacity", "warning", sentence, told, "samples"))
    return Answers(tuple(findings))
