"""What the program says about a run, from all of its files and from fewer of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.inspection import Inspector
from asl_inspector.report.contents import Inspected

INPUTS: dict[str, tuple[str, ...]] = {
    "all": (),
    "no training clips": ("features_train.pkl",),
    "no history": ("train_log.txt",),
    "no Stage 1": ("stage1_checkpoint_best.pt",),
    "checkpoint and validation": (
        "features_train.pkl",
        "train_log.txt",
        "stage1_checkpoint_best.pt",
        "vocabulary.json",
    ),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one case from one set of files.

    Attributes:
        causes: `(id, confidence, severity)`, in their order.
        verdict: In one word.
        findings: `(id, severity)`.
        blank_share: Blank frames over valid ones, or None.
        answers: Different glosses said, or None.
        parameters: Of the network.
        train_clips: Training clips, or None.
    """

    causes: list[tuple[str, float, str]]
    verdict: str
    findings: list[tuple[str, str]]
    blank_share: float | None
    answers: int | None
    parameters: int
    train_clips: int | None

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def said(inspected: Inspected) -> Said:
    """The part of an inspection that is scored."""
    found: Diagnosis = inspected.diagnosis
    validation = found.validation
    weights = inspected.checkpoint.weights.values() if inspected.checkpoint else ()
    train = inspected.case.train
    return Said(
        causes=[(cause.id, round(cause.confidence, 4), cause.severity) for cause in found.causes],
        verdict=found.verdict,
        findings=[(finding.id, finding.severity) for finding in found.findings],
        blank_share=validation.blanks.argmax_valid if validation and validation.blanks else None,
        answers=validation.histogram.unique_nonblank if validation else None,
        parameters=sum(tensor.count for tensor in weights),
        train_clips=len(train) if train is not None else None,
    )


def inspect_run(folder: Path, inputs: tuple[str, ...] = tuple(INPUTS)) -> dict[str, Said]:
    """By the name of the set of files, what the program says.

    What the network answered on clips is computed once: an inspector keeps it while files come and go.
    """
    torch.set_num_threads(1)
    inspector = Inspector()
    files = {path.name: path for path in sorted(folder.iterdir())}
    answers: dict[str, Said] = {}
    for name in inputs:
        left_out = INPUTS[name]
        if name != "all" and not any(one in files for one in left_out) and "all" in answers:
            answers[name] = answers["all"]  # this run never had such a file
            continue
        inspector.add([path for one, path in files.items() if one not in left_out])
        for one in left_out:
            if one in files:
                inspector.remove(files[one])
        answers[name] = said(inspector.inspect())
    return answers
