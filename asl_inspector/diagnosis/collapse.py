"""Does the network say only a few glosses?

Measure: the effective number of different predictions, exp of their entropy, and the share of the most frequent one.

Null: as many draws from the true labels of the same clips; 168 clips of 100 glosses can never show 100. A narrower
answer than the 5 % quantile is named as a fact, but a network that is merely weak is narrow too, so only an extreme
narrowness, one answer for more than half of the clips, is a collapse. One answer for a quarter of the clips, three times
as often as its gloss occurs, is named as a lean towards it.

The training clips tell where a narrowness comes from. One answer for most validation clips by a network that answers its
training clips variedly is no collapse of the network: its validation clips are unlike what it knows. A network that finds the
training clips of one gloss and hardly another one's (mean recall below 0.15), says hardly anything else, and is sure of it
(probability above one half), was driven there, by weights of the loss or a surplus of clips; one that has merely learned little is
unsure, near 1 over the number of glosses, as the fitting part of the benchmark shows (0.00 to 0.2 against 0.65 and more). A gloss that
draws other glosses' training clips, two and a half times as many as it has, is preferred.

Source: Hill 1973 for the effective number; the null is a bootstrap of the labels.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import effective_classes
from asl_inspector.diagnosis.records import HistogramMeasures

DRAWS = 1_000
SEED = 20_261_122
COLLAPSED_SHARE = 0.5
OFTEN = 0.25
TIMES = 3.0
SURE_ANSWER = 0.5
UNSURE = 0.3
PREFERRED, PREFERRED_SURE = 2.5, 0.3
FOUND, ALL_FOUND, LOST = 0.4, 0.95, 0.15  # recall of the gloss, and mean recall of the others
FEWEST_ANSWERS = 5


def _counted(ids: np.ndarray, extra: tuple[int, int] | None = None) -> tuple[tuple[int, int], ...]:
    """Ids by frequency, ties to the lower id."""
    values, counts = np.unique(ids, return_counts=True)
    table = dict(zip(values.tolist(), counts.tolist(), strict=True))
    if extra is not None and extra[1]:
        table[extra[0]] = table.get(extra[0], 0) + extra[1]
    return tuple(sorted(table.items(), key=lambda pair: (-pair[1], pair[0])))


def null_draws(truth: np.ndarray, count: int) -> np.ndarray:
    """(1000,), effective numbers of `count` draws from the labels."""
    draws = np.random.default_rng(SEED).choice(truth, size=(DRAWS, count))
    return np.array([effective_classes(draw) for draw in draws])


def null_of(truth: np.ndarray, count: int) -> tuple[float, float]:
    """5 % and 95 % quantiles of the effective number of `count` draws from the labels."""
    low, high = np.quantile(null_draws(truth, count), [0.05, 0.95]).tolist()
    return low, high


def measure(scored: Scored, padded_frames: int) -> HistogramMeasures:
    """Counts and their effective numbers for all clips that ran."""
    predictions = scored.predictions
    frames = predictions.frame_argmax()
    reads_as = predictions.padding_reads_as
    padded = _counted(frames, (reads_as, padded_frames) if reads_as is not None else None)
    spoken = scored.majority[predictions.ran & ~scored.empty]
    truth = scored.clips.gloss_ids[scored.labelled]
    low = high = p = None
    if len(truth) and len(spoken):
        null = null_draws(truth, len(spoken))
        low, high = np.quantile(null, [0.05, 0.95]).tolist()
        p = float(((null <= effective_classes(spoken)).sum() + 1) / (DRAWS + 1))
    frame_counts = _counted(frames)
    confidence = None
    if len(spoken) and predictions.probabilities:
        values, counts = np.unique(spoken, return_counts=True)
        said = predictions.ran & np.equal(scored.majority, values[counts.argmax()])
        confidence = float(np.exp(predictions.top_log_prob[said, 0].astype(np.float64)).mean())
    clip_counts = _counted(scored.majority[predictions.ran])
    return HistogramMeasures(
        clip_counts=clip_counts,
        frame_counts=frame_counts,
        padded_counts=padded,
        true_counts=_counted(truth),
        unique_valid=len(frame_counts),
        unique_padded=len(padded),
        unique_nonblank=sum(number != predictions.blank for number, _ in frame_counts),
        effective=effective_classes(spoken) if len(spoken) else None,
        null_low=low,
        null_high=high,
        top_share=max(count for number, count in _counted(spoken)) / len(spoken) if len(spoken) else None,
        top_confidence=confidence,
        top_share_of_rules=_least_top_share(scored),
        narrow_p=p,
    )


def _least_top_share(scored: Scored) -> float | None:
    """The smallest share of the most frequent answer among the decoding rules; None where a rule answers nothing."""
    shares = []
    for ids in scored.by_decoder.values():
        spoken = ids[scored.predictions.ran & np.not_equal(ids, scored.predictions.blank)]
        if len(spoken):
            shares.append(float(np.unique(spoken, return_counts=True)[1].max() / len(spoken)))
    return min(shares, default=None)


def ask(measures: HistogramMeasures | None, train: HistogramMeasures | None = None) -> Answers:
    """Findings on the variety of predictions.

    Args:
        measures: Of the validation clips.
        train: Of the training clips, or None.
    """
    found = _asked(measures, train)
    if measures is None or measures.narrow_p is None:
        return found
    narrow = next((one.id for one in found.findings if one.id == "narrow-answers"), "")
    return Answers(
        found.findings, trials=(Trial("the answers are narrower than the labels", measures.narrow_p, narrow),)
    )


def _asked(measures: HistogramMeasures | None, train: HistogramMeasures | None) -> Answers:
    if measures is None or measures.effective is None or measures.top_share is None or measures.null_low is None:
        return Answers()
    facts: dict[str, Fact] = {
        "effective": measures.effective,
        "null_low": measures.null_low,
        "null_high": measures.null_high,
        "top_share": measures.top_share,
        "different_glosses": measures.unique_nonblank,
    }
    expected = f"{measures.null_low:.0f} to {measures.null_high:.0f}"
    if measures.top_share > COLLAPSED_SHARE and train is not None and (train.top_share or 1.0) < OFTEN:
        facts["train_top_share"] = train.top_share
        sentence = (
            f"One gloss is the answer to {100 * measures.top_share:.0f} % of the validation clips that are not empty, but the "
            f"training clips are answered variedly (at most {100 * (train.top_share or 0.0):.0f} % alike): the network has not "
            "collapsed, its validation clips are unlike what it knows."
        )
        found = Finding("one-gloss-in-validation-alone", "collapse", "warning", sentence, facts, "histogram")
        return Answers((found,))
    least = measures.top_share_of_rules
    if measures.top_share > COLLAPSED_SHARE and least is not None and least < OFTEN:
        facts["top_share_of_rules"] = least
        sentence = (
            f"One gloss is the answer to {100 * measures.top_share:.0f} % of the clips that are not empty by this decoding rule, and "
            f"to {100 * least:.0f} % by another: the rule says one thing, not the network."
        )
        return Answers((Finding("one-gloss-by-this-rule", "collapse", "warning", sentence, facts, "histogram"),))
    if measures.top_share > COLLAPSED_SHARE and (measures.top_confidence or 1.0) < UNSURE:
        facts["confidence"] = measures.top_confidence
        sentence = (
            f"One gloss is the answer to {100 * measures.top_share:.0f} % of the clips that are not empty, with "
            f"{100 * (measures.top_confidence or 0.0):.0f} % confidence: a network that has learned little says what is most "
            "frequent by a hair."
        )
        return Answers((Finding("unsure-of-one-gloss", "collapse", "warning", sentence, facts, "histogram"),))
    if measures.top_share > COLLAPSED_SHARE:
        sentence = f"One gloss is the answer to {100 * measures.top_share:.0f} % of the clips that are not empty."
        return Answers((Finding("one-gloss-for-most", "collapse", "critical", sentence, facts, "histogram"),))
    leaning = _leaning(measures)
    if leaning is not None:
        share, true_share = leaning
        facts |= {"share": share, "true_share": true_share}
        sentence = (
            f"One gloss is the answer to {100 * share:.0f} % of the clips that are not empty, and {100 * true_share:.0f} % of "
            "the clips show it."
        )
        return Answers((Finding("one-gloss-too-often", "collapse", "warning", sentence, facts, "histogram"),))
    if measures.effective < measures.null_low:
        sentence = (
            f"The answers are as varied as {measures.effective:.0f} equally frequent glosses, where the labels would give "
            f"{expected}: narrow, as weak networks are."
        )
        return Answers((Finding("narrow-answers", "collapse", "info", sentence, facts, "histogram"),))
    sentence = f"The answers are as varied as {measures.effective:.0f} equally frequent glosses ({expected} expected)."
    return Answers((Finding("answers-varied", "collapse", "info", sentence, facts, "histogram"),))


def ask_training(train: Scored | None) -> Answers:
    """Was the network driven to one gloss, or does it prefer one, on the clips that it was trained on?"""
    if train is None:
        return Answers()
    mask = train.labelled & ~train.empty
    if int(mask.sum()) < FEWEST_ANSWERS or not train.predictions.probabilities:
        return Answers()
    said, labels = train.answer, train.clips.gloss_ids
    values, counts = np.unique(said[mask], return_counts=True)
    gloss, share = int(values[counts.argmax()]), float(counts.max() / counts.sum())
    own = np.equal(labels, gloss) & train.labelled
    others = train.labelled & ~own
    answered = np.equal(said, gloss) & mask
    if int(counts.max()) < FEWEST_ANSWERS or not own.any() or not others.any():
        return Answers()
    true_share = float(own.sum() / train.labelled.sum())
    recall = float((own & answered).sum() / own.sum())
    rest = float(np.equal(said, labels)[others].mean())
    sure = float(np.exp(train.predictions.top_log_prob[answered, 0].astype(np.float64)).mean())
    facts: dict[str, Fact] = {
        "gloss_id": gloss,
        "share": share,
        "true_share": true_share,
        "recall": recall,
        "recall_of_others": rest,
        "confidence": sure,
    }
    figures = (
        f"Of the training clips that are not empty {100 * share:.0f} % are answered with one gloss, which {100 * true_share:.0f} % "
        f"of the clips show, with {100 * sure:.0f} % confidence"
    )
    if (
        share > COLLAPSED_SHARE
        and share >= TIMES * true_share
        and recall >= FOUND
        and rest <= LOST
        and sure > SURE_ANSWER
    ):
        sentence = (
            f"{figures}; the clips of all other glosses are right in {100 * rest:.0f} %. A network that has learned little is "
            "unsure: this one was driven to that gloss, by weights of the loss or by its sampling."
        )
        return Answers((Finding("driven-to-one-gloss", "collapse", "critical", sentence, facts, "histogram"),))
    if share >= PREFERRED * true_share and recall >= ALL_FOUND and rest > LOST and sure > PREFERRED_SURE:
        sentence = f"{figures}: it draws the clips of other glosses, even of those that the network was trained on."
        return Answers((Finding("one-gloss-preferred", "collapse", "warning", sentence, facts, "histogram"),))
    return Answers()


def _leaning(measures: HistogramMeasures) -> tuple[float, float] | None:
    """Shares of answers and of labels of the most frequent answer, where it is said far too often, else None."""
    if measures.top_share is None or measures.top_share < OFTEN:
        return None
    spoken = [(number, count) for number, count in measures.clip_counts if number >= 0]
    total = sum(count for _, count in measures.true_counts)
    top = next((number for number, count in spoken if number in dict(measures.true_counts)), None)
    if top is None or not total:
        return None
    true_share = dict(measures.true_counts)[top] / total
    return (measures.top_share, true_share) if measures.top_share >= TIMES * true_share else None
