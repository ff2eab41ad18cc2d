"""Do labels fit the clips that look alike? (`data.votes` says how neighbours are asked.)

Null: Fisher's exact test of two shares. Thresholds:

- Training below validation with p under 0.002 and by more than 7 points, because the shares of sound sets differ the other
  way round; or, each file judged by its own clips alone, by more than 12 points. Validation clips ask training clips that may
  be wrong in the same way, as glosses that annotators take for each other are; their own neighbours are not.
  With p up to 0.03 it is suspected: two of 128 sound runs of the fitting part show as much.
- Validation below half of training with p under 0.0001, because other signers cost neighbours a good part of their
  agreement, but not most of it. What is wrong then, the validation clips tell among themselves: where they agree, their
  labels are used consistently and the features mean something else; where they agree with nothing, the labels belong to
  other clips. In the fitting part of the benchmark validation judged alone kept 0.9 to 1.2 of what training alone reaches,
  and 0.1 to 0.3 where its labels were of other clips.
- Labels of validation are doubtful where it keeps less than 80 % of that, with p under 0.0001.

Guards: lost landmarks and frames that stand still cost agreement too, and features that moved cost it between files; none
of these findings blames labels where the features are in doubt.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.realigning import repairs_for
from asl_inspector.data.records import Among, DataMeasures, Votes
from asl_inspector.diagnosis import landmarks, structure
from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, accuracy_of, p_of_guessing, unpaired_p
from asl_inspector.diagnosis.records import Accuracy

DOUBTFUL = 0.07
SURE = 0.002
LOST = 0.5
VERY_SURE = 1e-4
CLEAR = 0.05
FEW_FEATURES = 0.2
ALONE_DOUBTFUL = 0.12
SUSPECTED = 0.03
ALONE_KEPT = 0.7  # of what training reaches alone: validation agrees with itself
ALONE_LOST = 0.5
ALONE_LESS = 0.8
ALONE_FEWEST = 4  # clips of a gloss
FEWEST_ANSWERED = 20
NETWORK_FAILS = 0.2
TOO_FREQUENT = 0.4


def ask(evidence: Evidence, data: DataMeasures | None, *, mended: bool = False) -> Answers:
    """Findings on labels against neighbours, and on training against validation accuracy.

    Args:
        evidence: The case.
        data: The clips.
        mended: True where a repair of the features makes the network answer better, which answers the question.
    """
    compared = data is not None and data.votes is not None
    alone = [] if compared else _alone(evidence.validation, data)
    voted, behind = _votes(data, mended=mended), _reversed(evidence)
    trials = (
        *_trials_of_votes(data, voted),
        *_trials_alone(evidence.validation, data, alone),
        *_trials_behind(evidence, behind),
    )
    return Answers((*voted, *alone, *behind), trials=trials)


def _trials_of_votes(data: DataMeasures | None, found: list[Finding]) -> tuple[Trial, ...]:
    """One test between the files, and one where each was judged by its own clips; a finding may rest on either."""
    votes = data.votes if data is not None else None
    if votes is None:
        return ()
    id_ = next((one.id for one in found if one.id != "neighbours-agree"), "")
    by_alone = any(one.evidence.get("by") == "alone" for one in found)
    train = accuracy_of(votes.train_right, votes.train_of)
    validation = accuracy_of(votes.validation_right, votes.validation_of)
    trials = []
    if train is not None and validation is not None:
        p = unpaired_p(train, validation)
        trials.append(Trial("neighbours agree with the labels of one file more", p, "" if by_alone else id_))
    train = accuracy_of(votes.train_alone_right, votes.train_alone_of)
    validation = accuracy_of(votes.validation_alone_right, votes.validation_alone_of)
    if train is not None and validation is not None:
        p = unpaired_p(train, validation)
        trials.append(Trial("each file's own clips agree with its labels more", p, id_ if by_alone else ""))
    return tuple(trials)


def _trials_alone(scored: Scored | None, data: DataMeasures | None, found: list[Finding]) -> tuple[Trial, ...]:
    if scored is None or data is None or data.among is None or data.votes is not None:
        return ()
    name = "labels fit the clips around them as the answers do"
    return tuple(Trial(name, float(str(one.evidence["p"])), one.id) for one in found) or (Trial(name, 1.0),)


def _trials_behind(evidence: Evidence, found: list[Finding]) -> tuple[Trial, ...]:
    if evidence.train is None or evidence.validation is None:
        return ()
    name = "validation clips are right more often than training clips"
    return tuple(Trial(name, float(str(one.evidence["p"])), one.id) for one in found) or (Trial(name, 1.0),)


def _features_agree(data: DataMeasures) -> bool:
    """True where the features mean what they mean in training and none is lost.

    No repair would move more than a fifth of them (signers move a few), and they move together as in training.
    """
    columns = data.train.columns if data.train is not None else None
    if columns is None or structure.hangs_together(data) is False or landmarks.is_damaged(data):
        return False
    return all(one.columns <= FEW_FEATURES * len(columns.mean) for one in repairs_for(data))


def is_cleared(data: DataMeasures | None) -> bool:
    """True where neither the features nor the labels of validation can be blamed for a network that fails there.

    The features are those of training, and neighbours find at least `ALONE_KEPT` of what they find in training; where a gloss
    has too few training clips to ask them, the nearest training clip is right more often than guessing.
    """
    if data is None or structure.hangs_together(data) is not True or not _features_agree(data):
        return False
    votes, nearest = data.votes, data.neighbours
    if votes is not None and votes.train_of and votes.validation_of:
        return votes.validation_right / votes.validation_of >= ALONE_KEPT * votes.train_right / votes.train_of
    if nearest is None or data.train is None or not nearest.of:
        return False
    return p_of_guessing(nearest.correct, nearest.of, 1 / max(2, len(data.train.glosses))) < SURE


def _votes(data: DataMeasures | None, *, mended: bool) -> list[Finding]:
    votes = data.votes if data is not None else None
    if votes is None or data is None:
        return []
    train = accuracy_of(votes.train_right, votes.train_of)
    validation = accuracy_of(votes.validation_right, votes.validation_of)
    if train is None or validation is None:
        return []
    train_alone = accuracy_of(votes.train_alone_right, votes.train_alone_of)
    alone = accuracy_of(votes.validation_alone_right, votes.validation_alone_of)
    p = unpaired_p(train, validation)
    facts = _facts(votes, p)
    figures = (
        f"the five nearest training clips agree with the label of {train.correct} of {train.of} training clips "
        f"({100 * train.value:.0f} %) and of {validation.correct} of {validation.of} validation clips "
        f"({100 * validation.value:.0f} %)"
    )
    among = _among(train_alone, alone)
    if validation.value - train.value > DOUBTFUL and p < SURE:
        return [_doubtful(figures, 1 - train.value / validation.value, facts)]
    if train_alone is not None and alone is not None and alone.value - train_alone.value > ALONE_DOUBTFUL:
        facts["p_alone"], facts["by"] = unpaired_p(train_alone, alone), "alone"
        if unpaired_p(train_alone, alone) < SURE:
            return [_doubtful(among, 1 - train_alone.value / alone.value, facts)]
        if unpaired_p(train_alone, alone) < SUSPECTED:
            noise = 1 - train_alone.value / alone.value
            sentence = (
                f"Labels of training clips may not fit the clips around them: {among}. So few clips show that much in one sound "
                f"file of fifty; about {100 * noise:.0f} % of the training labels would be wrong."
            )
            facts["noise"] = noise
            return [Finding("training-labels-suspected", "agreement", "info", sentence, facts, "data")]
        del facts["by"]
    labels_alone = not mended and _features_agree(data)
    lost = validation.value < LOST * train.value and p < VERY_SURE
    if train_alone is not None and alone is not None and train_alone.correct:
        kept = alone.value / train_alone.value
        facts |= {"kept": kept, "p_alone": unpaired_p(train_alone, alone)}
        sure = unpaired_p(train_alone, alone) < VERY_SURE
        if labels_alone and sure and kept < ALONE_LOST:
            facts["by"] = "alone"
            return [_of_other_clips(f"{among}; {figures}", facts)]
        if labels_alone and sure and kept < ALONE_LESS:
            sentence = (
                f"Labels of validation clips do not fit the clips around them: {among}. About {100 * (1 - kept):.0f} % of the "
                "validation labels seem to be wrong, and no accuracy measured with them can be higher than the rest."
            )
            facts["by"] = "alone"
            return [Finding("validation-labels-doubtful", "agreement", "warning", sentence, facts, "data")]
        if lost and kept >= ALONE_KEPT:
            sentence = (
                f"What is alike in training is not alike in validation: {figures}. But validation clips agree among "
                f"themselves ({100 * alone.value:.0f} %), so their labels are used consistently: the features of validation "
                "mean something else, or its people move otherwise."
            )
            return [Finding("validation-agrees-with-itself", "agreement", "warning", sentence, facts, "data")]
    elif lost and labels_alone:
        return [_of_other_clips(figures, facts)]
    if lost:
        sentence = (
            f"What is alike in training is not alike in validation: {figures}. The features or the labels of validation "
            "are not those of training."
        )
        return [Finding("neighbours-fail-in-validation", "agreement", "warning", sentence, facts, "data")]
    sentence = f"No label stands out against its neighbours: {figures}."
    return [Finding("neighbours-agree", "agreement", "info", sentence, facts, "data")]


def _fit(among: Among, given: NDArray[np.int64], asked: NDArray[np.bool_]) -> tuple[Accuracy | None, NDArray[np.bool_]]:
    """How many clips have what their neighbours have, each weighing one over its squared distance; and which."""
    values, counts = np.unique(given[asked], return_counts=True)
    enough = asked & np.isin(given, values[counts >= ALONE_FEWEST])
    there = (among.nearest >= 0) & asked[among.nearest]
    weight = np.where(there, 1 / (among.squared + 1e-12), 0.0)
    around = given[among.nearest]  # (N, 3)
    votes = (weight[:, None, :] * (around[:, None, :] == around[:, :, None])).sum(axis=2)
    elected = np.take_along_axis(around, votes.argmax(axis=1)[:, None], axis=1)[:, 0]
    judged = enough & there.any(axis=1)
    return accuracy((elected == given)[judged]), judged


def _varied(answers: NDArray[np.int64]) -> bool:
    """True where no answer is so frequent that neighbours have it in common by that alone."""
    counts = np.unique(answers, return_counts=True)[1]
    return float(counts.max() / counts.sum()) < TOO_FREQUENT


def _alone(scored: Scored | None, data: DataMeasures | None) -> list[Finding]:
    """Without training clips: do clips that look alike share their labels as they share the network's answers?

    A network answers alike clips alike, whatever it learned. Labels that fit the clips far less than its answers do are of
    other clips; labels that fit where the network is mostly wrong say that it does not know these features, or only others.
    """
    among = data.among if data is not None else None
    if scored is None or among is None or len(among.nearest) != len(scored.clips):
        return []
    spoken = scored.labelled & ~scored.empty
    labels, _ = _fit(among, scored.clips.gloss_ids, scored.labelled)
    answers, _ = _fit(among, scored.answer, spoken)
    right = accuracy(scored.right(scored.answer))
    if labels is None or right is None:
        return []
    facts: dict[str, Fact] = {"labels_fit": labels.value, "labels_of": labels.of, "network_right": right.value}
    words = f"Of {labels.of} validation clips {100 * labels.value:.0f} % have the label of the clips most like them"
    if answers is not None and answers.of >= FEWEST_ANSWERED and _varied(scored.answer[spoken]):
        facts |= {"answers_fit": answers.value, "answers_of": answers.of}
        p = unpaired_p(answers, labels)
        facts["p"] = p
        both = f"{words}, but {100 * answers.value:.0f} % have the network's answer in common with them"
        if p < VERY_SURE and labels.value < LOST * answers.value:
            sentence = f"{both}: the labels seem to belong to other clips, as if two lists had been sorted differently."
            return [Finding("labels-fit-no-neighbour", "agreement", "critical", sentence, facts, "samples")]
        if p < VERY_SURE and labels.value < ALONE_LESS * answers.value:
            sentence = f"{both}: some of the labels do not fit their clips."
            return [Finding("labels-fit-fewer-neighbours", "agreement", "warning", sentence, facts, "samples")]
    if labels.value - right.value > NETWORK_FAILS and unpaired_p(labels, right) < VERY_SURE:
        facts["p"] = unpaired_p(labels, right)
        sentence = (
            f"{words}, and the network has {100 * right.value:.0f} % right: these labels fit these features, which the network "
            "does not know."
        )
        return [Finding("clips-agree-network-fails", "agreement", "warning", sentence, facts, "samples")]
    return []


def _facts(votes: Votes, p: float) -> dict[str, Fact]:
    return {
        "train_right": votes.train_right,
        "train_of": votes.train_of,
        "validation_right": votes.validation_right,
        "validation_of": votes.validation_of,
        "train_alone_right": votes.train_alone_right,
        "train_alone_of": votes.train_alone_of,
        "validation_alone_right": votes.validation_alone_right,
        "validation_alone_of": votes.validation_alone_of,
        "p": p,
    }


def _among(train: Accuracy | None, validation: Accuracy | None) -> str:
    """How well each file's labels fit its own clips, in words."""
    if train is None or validation is None:
        return ""
    return (
        f"judged by the clips of its own file, as many a gloss, {100 * train.value:.0f} % of the training clips have the "
        f"label of their neighbours and {100 * validation.value:.0f} % of the validation clips"
    )


def _doubtful(figures: str, noise: float, facts: dict[str, Fact]) -> Finding:
    sentence = (
        f"Labels of training clips do not fit the clips around them: {figures}. About {100 * noise:.0f} % of the "
        "training labels seem to be wrong."
    )
    return Finding("training-labels-doubtful", "agreement", "warning", sentence, facts | {"noise": noise}, "data")


def _of_other_clips(figures: str, facts: dict[str, Fact]) -> Finding:
    sentence = (
        f"What is alike has no label in common in validation: {figures}. The features themselves are those of training, so "
        "the labels seem to belong to other clips: two lists that were sorted differently?"
    )
    return Finding("labels-of-other-clips", "agreement", "critical", sentence, facts, "data")


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
