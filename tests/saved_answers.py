"""Saved outputs for the tests: scores of clips that are right for all but a few."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.report.contents import Inspected

CLIPS, CLASSES, WRONG = 60, 12, 9


@dataclass(frozen=True)
class Answers:
    """`CLIPS` clips of `CLASSES` glosses, `WRONG` of them answered wrongly.

    Attributes:
        names: Clip names.
        labels: (N,), true ids.
        scores: (N, C), logits.
    """

    names: list[str]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]

    @property
    def probabilities(self) -> NDArray[np.float32]:
        powers = np.exp(self.scores - self.scores.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)

    @property
    def predicted(self) -> NDArray[np.int64]:
        return self.scores.argmax(axis=1)

    @property
    def correct(self) -> int:
        return int((self.predicted == self.labels).sum())

    @property
    def in_five(self) -> int:
        best = np.argsort(-self.scores, axis=1)[:, :5]
        return int((best == self.labels[:, None]).any(axis=1).sum())


def make_answers(seed: int = 0) -> Answers:
    random = np.random.default_rng(seed)
    labels = np.arange(CLIPS) % CLASSES
    scores = random.normal(0, 2, (CLIPS, CLASSES)).astype(np.float32)
    scores[np.arange(CLIPS), labels] = scores.max(axis=1) + 1
    for clip in range(WRONG):
        scores[clip, (labels[clip] + 5) % CLASSES] = scores[clip].max() + 2
    order = random.permutation(CLIPS)
    return Answers([f"clip{index:03d}" for index in range(CLIPS)], labels[order], scores[order])


def make_frames(answers: Answers, *, lowest: int = 4, seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """CTC logits of (N, T, C + 1), blank first, with one spike of the predicted gloss; and the lengths (N,)."""
    random = np.random.default_rng(seed)
    lengths = random.integers(lowest, lowest + 5, CLIPS)
    frames = np.zeros((CLIPS, int(lengths.max()), CLASSES + 1), np.float32)
    for clip, length in enumerate(lengths.tolist()):
        frames[clip, :length] = random.normal(0, 0.1, (length, CLASSES + 1))
        frames[clip, :length, 0] += 6
        frames[clip, length // 2, 1 + answers.predicted[clip]] = 15
    return frames, lengths


def write_labels(path: Path, answers: Answers, *, heading: str = "clip,label") -> Path:
    rows = [f"{name},{label}" for name, label in zip(answers.names, answers.labels.tolist(), strict=True)]
    path.write_text("\n".join([*([heading] if heading else []), *rows]) + "\n")
    return path


def inspected(*paths: Path, settings: Settings | None = None) -> Inspected:
    inspector = Inspector(settings or Settings("cpu"))
    inspector.add(paths)
    return inspector.inspect()


def finding(found: Inspected, name: str) -> str:
    """The sentence of a finding; an empty string where it was not made."""
    return next((one.sentence for one in found.diagnosis.findings if one.id == name), "")


def accuracy(found: Inspected) -> tuple[int, int]:
    """Clips right by the majority rule, and labelled clips."""
    assert found.problems == ()
    assert found.diagnosis.validation is not None
    measured = found.diagnosis.validation.accuracies["majority"]
    assert measured is not None
    return measured.correct, measured.of
