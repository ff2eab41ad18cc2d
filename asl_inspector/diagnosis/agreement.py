"""Do labels fit the clips that look alike? (`data.votes` says how neighbours are asked.)

Null: Fisher's exact test of the two shares. Thresholds: training below validation with p under 0.002 and by more than 7
points, because the shares of sound sets differ the other way round; validation below half of training with p under 0.0001,
because other signers cost neighbours a good part of their agreement, but not most of it.
"""

from __future__ import annotations

from asl_inspector.data.realigning import repairs_for
from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.diagnosis.measures import accuracy, accuracy_of, unpaired_p

DOUBTFUL = 0.07
SURE = 0.002
LOST = 0.5
VERY_SURE = 1e-4
CLEAR = 0.05
FEW_FEATURES = 0.2


def ask(evidence: Evidence, data: DataMeasures | None, *, mended: bool = False) -> Answers:
    """Findings on labels against neighbours, and on training against validation accuracy.

    Args:
        evidence: The case.
        data: The clips.
        mended: True where a repair of the features makes the network answer better, which answers the question.
    """
    return Answers((*_votes(data, mended=mended), *_reversed(evidence)))


def _features_agree(data: DataMeasures) -> bool:
    """True where no repair would move more than a fifth of the features: signers move a few."""
    columns = data.train.columns if data.train is not None else None
    return columns is not None and all(one.columns <= FEW_FEATURES * len(columns.mean) for one in repairs_for(data))


def _votes(data: DataMeasures | None, *, mended: bool) -> list[Finding]:
    votes = data.votes if data is not None else None
    if votes is None or data is None:
        return []
    train = accuracy_of(votes.train_right, votes.train_of)
    validation = accuracy_of(votes.validation_right, votes.validation_of)
    if train is None or validation is None:
        return []
    p = unpaired_p(train, validation)
    facts: dict[str, Fact] = {
        "train_right": train.correct,
        "train_of": train.of,
        "validation_right": validation.correct,
        "validation_of": validation.of,
        "p": p,
    }
    figures = (
        f"the five nearest training clips agree with the label of {train.correct} of {train.of} training clips "
        f"({100 * train.value:.0f} %) and of {validation.correct} of {validation.of} validation clips "
        f"({100 * validation.value:.0f} %)"
    )
    if validation.value - train.value > DOUBTFUL and p < SURE:
        noise = 1 - train.value / validation.value
        facts["noise"] = noise
        sentence = (
            f"Labels of training clips do not fit the clips around them: {figures}. About {100 * noise:.0f} % of the "
            "training labels seem to be wrong."
        )
        return [Finding("training-labels-doubtful", "agreement", "warning", sentence, facts, "data")]
    if validation.value < LOST * train.value and p < VERY_SURE:
        if not mended and _features_agree(data):
            sentence = (
                f"What is alike in training is not alike in validation: {figures}. The features themselves are spread as in "
                "training, so the labels seem to belong to other clips: two lists that were sorted differently?"
            )
            return [Finding("labels-of-other-clips", "agreement", "critical", sentence, facts, "data")]
        sentence = (
            f"What is alike in training is not alike in validation: {figures}. The features or the labels of validation "
            "are not those of training."
        )
        return [Finding("neighbours-fail-in-validation", "agreement", "warning", sentence, facts, "data")]
    sentence = f"No label stands out against its neighbours: {figures}."
    return [Finding("neighbours-agree", "agreement", "info", sentence, facts, "data")]


def _reversed(evidence: Evidence) -> list[Finding]:
    """A network that is worse on the clips that it was trained on."""
    if evidence.train is None or evidence.validation is None:
        return []
    train = accuracy(evidence.train.right(evidence.train.answer))
    validation = accuracy(evidence.validation.right(evidence.validation.answer))
    if train is None or validation is None or validation.value - train.value <= CLEAR:
        return []
    p = unpaired_p(train, validation)
    if p >= SURE:
        return []
    facts: dict[str, Fact] = {"train_correct": train.correct, "validation_correct": validation.correct, "p": p}
    sentence = (
        f"The network is better on validation ({100 * validation.value:.1f} %) than on its own training clips "
        f"({100 * train.value:.1f} %): their labels are worse, or validation is easier."
    )
    return [Finding("validation-beats-training", "agreement", "warning", sentence, facts, "samples")]
