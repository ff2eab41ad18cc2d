"""The questions beyond accuracy, asked together: what they measure, and why where they cannot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis import effective_rank, idle_layers, learning, padding, separation, signers, temperature
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers
from asl_inspector.diagnosis.probe_records import Probes

NEEDS_BOTH = "It takes training and validation clips of the same features."


def measure(
    evidence: Evidence, data: DataMeasures | None, truth: NDArray[np.int64] | None, *, labels_wrong: bool
) -> Probes:
    """All figures, and why where there is none.

    Args:
        evidence: The case.
        data: The clips.
        truth: (N,), ids by gloss name where the file's own are wrong and the right ones known.
        labels_wrong: True where validation ids mean other glosses.
    """
    by_signer = signers.measure(evidence.validation, data, truth)
    tempered = temperature.measure(evidence.validation, labels_wrong=labels_wrong)
    padded = padding.measure(evidence.validation, truth)
    told = {"signers": by_signer, "temperature": tempered, "padding": padded}
    reasons = {name: one for name, one in told.items() if isinstance(one, str)}
    both = data is not None and data.train is not None and data.validation is not None
    if evidence.ranks is None or evidence.ranks.features is None:
        reasons["ranks"] = "No network of this program was run on clips whose features move."
    elif evidence.ranks.hidden is None:
        reasons["ranks"] = evidence.ranks.reason
    if evidence.resets is None:
        reasons["resets"] = "No network of this program was run."
    elif evidence.resets.reason:
        reasons["resets"] = evidence.resets.reason
    if data is None or data.separation is None:
        reasons["separation"] = "A file has fewer than twenty clips, or the features differ." if both else NEEDS_BOTH
    if data is None or data.learning is None:
        few = "Labels are missing, or half of the glosses have fewer than two training clips."
        reasons["learning"] = few if both else NEEDS_BOTH
    if data is None or data.linear is None:
        reasons["linear"] = "Labels are missing, or clips are few." if both else NEEDS_BOTH
    return Probes(
        ranks=evidence.ranks,
        resets=evidence.resets,
        learning=data.learning if data is not None else None,
        linear=data.linear if data is not None else None,
        separation=data.separation if data is not None else None,
        signers=None if isinstance(by_signer, str) else by_signer,
        temperature=None if isinstance(tempered, str) else tempered,
        padding=None if isinstance(padded, str) else padded,
        reasons=reasons,
    )


def ask(found: Probes, evidence: Evidence, truth: NDArray[np.int64] | None, stated: float | None) -> list[Answers]:
    """The findings, in the order of the questions.

    Args:
        found: What was measured.
        evidence: The case.
        truth: (N,), ids by gloss name where the file's own are wrong.
        stated: Validation accuracy that the file states, or None.
    """
    return [
        padding.ask(found.padding, stated),
        temperature.ask(found.temperature),
        signers.ask(found.signers),
        effective_rank.ask(found.ranks),
        idle_layers.ask(found.resets),
        separation.ask(found.separation),
        learning.ask(found.learning, found.linear, evidence.validation, evidence.train, truth),
    ]
