"""Temperature, padding, signers, support and two more decoding rules, by hand and against formulas of their own."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from diagnosis.stories import make_clips, scored
from scipy.special import logsumexp, softmax
from scipy.stats import spearmanr

from asl_inspector.data.gains import p_of_gain
from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis import decoders, effective_rank, learning, padding, separation, signers, temperature
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.inference.predictions import TEMPERATURES
from asl_inspector.inference.records import EffectiveRank, EffectiveRanks

K = 10
IDS = [1 + index % K for index in range(300)]
CLIPS = make_clips([f"g{one}" for one in IDS], IDS, length=3)


def with_scores(scores: np.ndarray) -> Scored:
    """Predictions whose whole-clip scores are these, (N, K), of the glosses 1 to K."""
    answers = 1 + scores.argmax(axis=1)
    case = scored(CLIPS, answers.tolist(), classes=K + 1)
    top = scores.max(axis=1)
    sharpness = np.column_stack([logsumexp((scores - top[:, None]) / one, axis=1) for one in TEMPERATURES])
    log_prob = case.predictions.top_log_prob.copy()
    log_prob[:, 0] = top
    true = scores[np.arange(len(IDS)), np.array(IDS) - 1]
    made = replace(
        case.predictions,
        top_log_prob=log_prob,
        loss=-true.astype(np.float32),
        sharpness=sharpness.astype(np.float32),
    )
    return replace(case, predictions=made)


def calibrated_scores(times: float) -> np.ndarray:
    """Log posteriors from which the labels were drawn, times a factor: too sure above 1, too unsure below."""
    random = np.random.default_rng(0)
    told = random.normal(size=(len(IDS), K)) * 1.5
    drawn = np.array([random.choice(K, p=one) for one in softmax(told, axis=1)])
    moved = np.array(IDS) - 1
    for row in range(len(IDS)):  # exchange two columns, so that the gloss that was drawn is the label
        told[row, [drawn[row], moved[row]]] = told[row, [moved[row], drawn[row]]]
    return (told - logsumexp(told, axis=1, keepdims=True)) * times


def test_the_temperature_that_was_put_in_is_found_and_mends_the_error() -> None:
    found = temperature.measure(with_scores(calibrated_scores(4.0)), labels_wrong=False)
    assert not isinstance(found, str)
    assert set(found.chosen) <= {2.0**1.5, 4.0, 2.0**2.5}
    assert found.after < 0.1 < found.before
    assert found.low <= found.high
    assert found.p < 1e-6
    answers = temperature.ask(found)
    assert [one.id for one in answers.findings] == ["temperature-mends-confidence"]


def test_the_loss_at_a_temperature_is_that_of_the_softmax() -> None:
    scores = calibrated_scores(3.0)
    found = temperature.measure(with_scores(scores), labels_wrong=False)
    assert not isinstance(found, str)
    true = np.arange(len(IDS)), np.array(IDS) - 1
    plain = -np.log(softmax(scores, axis=1))[true]
    half = np.arange(len(IDS)) % 2 == 0
    after = np.where(
        half,
        -np.log(softmax(scores / found.chosen[0], axis=1))[true],
        -np.log(softmax(scores / found.chosen[1], axis=1))[true],
    )
    assert found.loss_before == pytest.approx(plain.mean(), rel=1e-4)
    assert found.loss_after == pytest.approx(after.mean(), rel=1e-4)


def test_a_calibrated_network_needs_no_temperature_and_reasons_are_told() -> None:
    sound = temperature.measure(with_scores(calibrated_scores(1.0)), labels_wrong=False)
    assert not isinstance(sound, str)
    assert [one.id for one in temperature.ask(sound).findings] == ["temperature-mends-little"]
    assert "other glosses" in str(temperature.measure(with_scores(calibrated_scores(1.0)), labels_wrong=True))
    assert "not kept" in str(temperature.measure(scored(CLIPS, IDS, classes=K + 1), labels_wrong=False))
    assert temperature.measure(None, labels_wrong=False) == "Nothing was predicted."


def test_the_paired_test_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, deviation 1, t = 2 sqrt(3) with two degrees of freedom, p = .0371."""
    assert p_of_gain(np.zeros(3), np.array([1.0, 2.0, 3.0])) == pytest.approx(0.0371, abs=2e-4)
    assert p_of_gain(np.zeros(5), np.ones(5)) == 1 / 32
    assert p_of_gain(np.ones(5), np.ones(5)) == 1.0


# -- padding ----------------------------------------------------------------------------------------------------------


def padded(gloss: int, lead: float) -> Scored:
    """Short clips among long ones, all right by their one spike; padded frames have this gloss and this lead of the blank."""
    ids = [1 + index % 5 for index in range(64)]
    case = scored(make_clips([f"g{one}" for one in ids], ids, length=3), ids, classes=6)
    lengths = np.where(np.arange(64) % 4 == 0, 12, 3)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    best, leads = np.repeat(ids, lengths), np.full(int(lengths.sum()), 5, np.float32)
    leads[starts[:-1]] = -5
    made = replace(
        case.predictions,
        starts=starts,
        best_gloss=best.astype(np.int32),
        blank_lead=leads,
        blank_posterior=np.full(len(leads), 0.9, np.float32),
        padding_lead=lead,
        padding_gloss=gloss,
        padding_reads_as=0 if lead > 0 else gloss,
    )
    return replace(case, predictions=made)


def test_padding_that_reads_as_a_gloss_outvotes_short_clips_and_blank_padding_nothing() -> None:
    """Of 64 clips 48 are short, with nine padded frames of gloss 2; those of gloss 2 stay right."""
    case = padded(2, -1.0)
    found = padding.measure(case, None)
    assert not isinstance(found, str)
    short_of_others = sum(index % 4 != 0 and 1 + index % 5 != 2 for index in range(64))
    assert found.masked.correct == 64
    assert found.counted.correct == 64 - short_of_others
    assert found.changed == short_of_others
    assert [one.id for one in padding.ask(found, None).findings] == ["padding-changes-answers"]
    stated = padding.ask(found, found.counted.value)
    assert [one.id for one in stated.findings] == ["stated-by-counting-padding"]
    gain = padding.counterfactual(found, found.counted.value)
    assert gain is not None
    assert (gain.accuracy_now, gain.accuracy_if_fixed) == (found.counted.value, 1.0)
    assert gain.low < 1.0 <= gain.high
    harmless = padding.measure(padded(2, 1.0), None)
    assert not isinstance(harmless, str)
    assert harmless.changed == 0
    assert [one.id for one in padding.ask(harmless, harmless.counted.value).findings] == ["padding-harmless"]
    assert "no answer" in str(padding.measure(scored(CLIPS, IDS, classes=K + 1), None))


# -- signers ----------------------------------------------------------------------------------------------------------


def by_signers(right: dict[str, float], in_training: set[str]) -> tuple[Scored, DataMeasures]:
    """Twenty clips a signer, a share of them right."""
    names = [name for name in right for _ in range(20)]
    ids = [1 + index % K for index in range(len(names))]
    clips = replace(make_clips([f"g{one}" for one in ids], ids), signers=tuple(names))
    said = [
        one if index % 20 < 20 * right[name] else 1 + one % K
        for index, (one, name) in enumerate(zip(ids, names, strict=True))
    ]
    theirs = sorted(in_training) * 10
    train = replace(make_clips(["g1"] * len(theirs), [1] * len(theirs), path="train.pkl"), signers=tuple(theirs))
    data = measure_clips(clips, train)
    assert data is not None
    return scored(clips, said, classes=K + 1), data


def test_signers_that_training_has_against_the_others_over_all_choices() -> None:
    case, data = by_signers({"a": 0.9, "b": 0.8, "c": 0.3, "d": 0.2}, {"a", "b"})
    found = signers.measure(case, data, None)
    assert not isinstance(found, str)
    assert found.seen is not None
    assert found.unseen is not None
    assert (found.seen.correct, found.unseen.correct) == (34, 10)
    assert found.p == pytest.approx(1 / 6)  # the best of the six choices of two of four
    assert [one.id for one in signers.ask(found).findings] == ["signers-alike"]  # four signers cannot show it
    many = {f"s{index}": 0.9 if index < 4 else 0.2 for index in range(8)}
    case, data = by_signers(many, {"s0", "s1", "s2", "s3"})
    found = signers.measure(case, data, None)
    assert not isinstance(found, str)
    assert found.p == pytest.approx(1 / 70)
    assert [one.id for one in signers.ask(found).findings] == ["unseen-signers-worse"]
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.3  # clips as if independent would give 0.14


def test_the_p_of_choices_equals_counting_them() -> None:
    random = np.random.default_rng(1)
    correct, of = random.integers(0, 10, 6), np.full(6, 10)
    seen = np.array([True, True, False, False, True, False])

    def lead(chosen: tuple[int, ...]) -> float:
        rest = [one for one in range(6) if one not in chosen]
        return float(correct[list(chosen)].sum() / 30 - correct[rest].sum() / 30)

    leads = [lead(one) for one in itertools.combinations(range(6), 3)]
    expected = np.mean([one >= lead((0, 1, 4)) - 1e-12 for one in leads])
    assert signers.p_of_seen(correct, of, seen) == pytest.approx(expected)


def test_without_signers_there_is_a_reason() -> None:
    data = measure_clips(CLIPS, None)
    assert "who signs" in str(signers.measure(scored(CLIPS, IDS, classes=K + 1), data, None))
    assert signers.measure(None, data, None) == "Nothing was predicted."


# -- more clips, more directions --------------------------------------------------------------------------------------


def test_the_rank_correlation_is_spearmans() -> None:
    random = np.random.default_rng(2)
    support, shares = random.integers(1, 9, 30), random.random(30)
    assert learning.correlated(support, shares)[0] == pytest.approx(spearmanr(support, shares).statistic)
    assert learning.correlated(np.full(9, 4), shares[:9]) == (0.0, 1.0)


def test_glosses_that_training_shows_often_are_told_to_be_better() -> None:
    glosses = [1 + index % 20 for index in range(400)]
    said = [one if one > 10 or index % 5 == 0 else 1 + one % 20 for index, one in enumerate(glosses)]
    case = scored(make_clips([f"g{one}" for one in glosses], glosses), said, classes=21)
    counts = [one for one in range(1, 21) for _ in range(one)]
    train = scored(make_clips([f"g{one}" for one in counts], counts, path="t"), counts, classes=21)
    found = learning.ask(None, None, case, train, None)
    assert [one.id for one in found.findings] == ["rare-glosses-worse"]
    assert found.trials[0].finding == "rare-glosses-worse"
    even = scored(make_clips([f"g{one}" for one in glosses], glosses), glosses, classes=21)
    assert [one.id for one in learning.ask(None, None, even, train, None).findings] == ["rare-glosses-alike"]


def test_an_encoder_that_makes_one_of_everything_is_told_and_a_rank_alone_is_not() -> None:
    wide, narrow = EffectiveRank(9.0, 36, 30.0, 900), EffectiveRank(1.3, 64, 50.0, 900)
    collapsed = effective_rank.ask(EffectiveRanks(wide, narrow, "", 60))
    assert [one.id for one in collapsed.findings] == ["hidden-collapsed"]
    alike = effective_rank.ask(EffectiveRanks(replace(wide, value=2.5), narrow, "", 60))
    assert [one.id for one in alike.findings] == ["effective-rank"]
    assert effective_rank.ask(None).findings == ()


def test_other_people_are_said_to_explain_what_they_explain() -> None:
    from asl_inspector.data.records import Separation

    apart = Separation(0.95, 0.005, 0.57, 0.97, 100, 200)
    assert "other people explain it" in separation.ask(apart).findings[0].sentence
    assert "other people explain it" not in separation.ask(replace(apart, between_signers=0.6)).findings[0].sentence
    alike = separation.ask(replace(apart, auc=0.55, p=0.2))
    assert [one.id for one in alike.findings] == ["files-alike"]
    assert alike.trials[0].finding == ""


# -- rules ------------------------------------------------------------------------------------------------------------


def test_a_rule_over_the_whole_clip_is_named_where_it_is_better_than_every_decoder() -> None:
    """Frames, tokens and scores all say the next gloss; the mean logit is right."""
    wrong = [1 + one % K for one in IDS]
    case = scored(CLIPS, wrong, classes=K + 1, hidden=wrong)
    with_mean = replace(case, predictions=replace(case.predictions, mean_logit=np.array(IDS, np.int32)))
    assert decoders.best_rule(with_mean, None) == "mean_logit"
    found = decoders.ask(with_mean, None)
    assert [one.id for one in found.findings] == ["decoder-hides-answers"]
    assert "mean logit" in found.findings[0].sentence
    assert decoders.best_rule(case, None) == "majority"


def test_the_p_of_the_best_rule_counts_the_rules_that_it_was_chosen_from() -> None:
    wrong = [1 + one % K for one in IDS]
    case = scored(
        CLIPS,
        [one if index % 10 else other for index, (one, other) in enumerate(zip(wrong, IDS, strict=True))],
        classes=K + 1,
        hidden=IDS,
    )
    found = decoders.ask(case, None)
    p = found.findings[0].evidence["p"]
    assert isinstance(p, float)
    assert found.trials[0].p == pytest.approx(min(1.0, (len(case.rules) - 1) * p))


# -- figures beside others --------------------------------------------------------------------------------------------


def test_answers_that_are_exchanged_reach_an_accuracy_as_often_as_chance_has_it() -> None:
    """Four clips of two glosses, both right twice: of the six exchanges of the answers one has all right."""
    from asl_inspector.diagnosis.chance import p_of_exchange

    both = np.array([1, 1, 2, 2])
    assert p_of_exchange(both, both) == pytest.approx(1 / 6, abs=0.04)
    always = np.full(40, 3)
    assert p_of_exchange(always, np.array([3] * 20 + [1] * 20)) == 1.0


def test_no_gloss_one_and_several_are_the_exact_probabilities() -> None:
    """Blank .6 and one gloss .4 in two frames: none .36; one .4 * .6 * 2 + .16 = .64; several are impossible in two frames."""
    from asl_inspector.diagnosis.blanks import outcomes

    case = scored(make_clips(["a"], [1], length=2), [1], classes=2)
    sharpness = np.zeros((1, len(TEMPERATURES)), np.float32)
    top = case.predictions.top_log_prob.copy()
    top[0, 0] = np.log(0.64)
    made = replace(
        case.predictions, sharpness=sharpness, top_log_prob=top, empty_log_prob=np.array([np.log(0.36)], np.float32)
    )
    assert outcomes(made) == pytest.approx((0.36, 0.64, 0.0), abs=1e-6)
    assert outcomes(case.predictions) is None


def test_a_fall_from_six_to_one_of_168_is_within_noise_and_from_sixty_is_not() -> None:
    """diagnosis.md, A2: p = .12."""
    from diagnosis.stories import evidence

    from asl_inspector.diagnosis import run
    from asl_inspector.history.records import History

    def told(*accuracies: float):  # type: ignore[no-untyped-def]
        epochs = tuple(range(1, len(accuracies) + 1))
        case = evidence(history=History("log", epochs=epochs, val_acc=tuple(round(one, 4) for one in accuracies)))
        return run.ask(case, run.measure(case))

    small = next(one for one in told(3 / 168, 6 / 168, 5 / 168, 1 / 168).findings if "drop" in one.id)
    assert small.id == "drop-within-noise"
    assert small.evidence["p"] == pytest.approx(0.12, abs=0.005)
    large = told(3 / 168, 60 / 168, 5 / 168, 1 / 168)
    assert "drop-shown" in [one.id for one in large.findings]
    assert any(one.finding == "drop-shown" for one in large.trials)


def test_clips_that_begin_with_a_jump_are_told_and_steady_ones_are_not() -> None:
    """Every second clip starts far away, as where a filter kept the state of the clip before."""
    from data.clips import clips_of

    from asl_inspector.diagnosis import landmarks

    random = np.random.default_rng(0)
    steady = [np.cumsum(random.normal(size=(20, 4)), axis=0) for _ in range(20)]
    jumping = [one.copy() for one in steady]
    for one in jumping[::2]:
        one[0] += 500.0
    for arrays, told in ((steady, False), (jumping, True)):
        found = landmarks.ask(measure_clips(clips_of(arrays), None))
        assert ("clips-begin-with-a-jump" in [one.id for one in found.findings]) == told


def test_outputs_and_targets_that_fit_speak_against_their_causes() -> None:
    from diagnosis.stories import evidence

    from asl_inspector.diagnosis import classes, feasibility
    from asl_inspector.diagnosis.weights_of_evidence import weight
    from asl_inspector.networks.records import Architecture

    network = Architecture("test", "", "", (), inputs=3, classes=K + 1, blank=0, pooled=False)
    case = replace(
        evidence(validation=scored(CLIPS, IDS, classes=K + 1)), architecture=network, data=measure_clips(CLIPS, None)
    )
    fits = classes.ask(case).findings
    assert [one.id for one in fits] == ["outputs-fit"]
    assert weight(fits[0], "class-count-mismatch") < 0
    enough = feasibility.ask(case).findings
    assert [one.id for one in enough] == ["targets-fit"]
    assert weight(enough[0], "ctc-infeasible") < 0
    small = replace(case, architecture=replace(network, classes=K))
    assert "outputs-fit" not in [one.id for one in classes.ask(small).findings]
