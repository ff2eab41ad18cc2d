"""Labels against neighbours, repairs, targets that are too long, and the decoder behind a stated accuracy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis.stories import evidence, make_clips, scored

from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.records import DataMeasures, Votes
from asl_inspector.diagnosis import agreement, decoders, feasibility, realigned
from asl_inspector.networks.records import Architecture

NAMES = [f"g{index % 20}" for index in range(200)]
IDS = [1 + index % 20 for index in range(200)]


def measured(votes: Votes) -> DataMeasures:
    """Sound clips with these votes."""
    found = measure_clips(make_clips(NAMES, IDS, seed=1), make_clips(NAMES, IDS, path="t.pkl", seed=2))
    assert found is not None
    return replace(found, votes=votes)


@pytest.mark.parametrize(
    ("votes", "id_"),
    [
        (Votes(140, 200, 180, 200), "training-labels-doubtful"),
        (Votes(190, 200, 30, 200), "labels-of-other-clips"),
        (Votes(190, 200, 150, 200), "neighbours-agree"),
        (Votes(15, 20, 18, 20), "neighbours-agree"),
    ],
)
def test_votes_are_read_by_their_difference_and_their_number(votes: Votes, id_: str) -> None:
    (finding,) = agreement.ask(evidence(), measured(votes)).findings
    assert finding.id == id_


def test_a_network_that_is_worse_on_its_training_clips_is_named() -> None:
    clips, train = make_clips(NAMES, IDS), make_clips(NAMES, IDS, path="t.pkl")
    wrong = [one if index % 3 else 1 + one % 20 for index, one in enumerate(IDS)]
    case = evidence(validation=scored(clips, IDS, classes=21), train=scored(train, wrong, classes=21))
    assert [finding.id for finding in agreement.ask(case, None).findings] == ["validation-beats-training"]
    same = evidence(validation=scored(clips, wrong, classes=21), train=scored(train, IDS, classes=21))
    assert not agreement.ask(same, None).findings


def test_a_repair_counts_only_where_the_network_answers_far_better() -> None:
    clips = make_clips(NAMES, IDS)
    wrong = [one if index % 2 else 1 + one % 20 for index, one in enumerate(IDS)]
    little = [one if index % 2 or index < 20 else 1 + one % 20 for index, one in enumerate(IDS)]
    plain = scored(clips, wrong, classes=21)
    found = realigned.best(plain, {"scale": scored(clips, IDS, classes=21)}, None)
    assert found is not None
    assert (found[0], found[1].accuracy_now, found[1].accuracy_if_fixed) == ("scale", 0.5, 1.0)
    assert [one.severity for one in realigned.ask(found, None).findings] == ["critical"]
    assert realigned.best(plain, {"scale": scored(clips, little, classes=21)}, None) is None
    assert realigned.best(plain, {}, None) is None


def test_velocities_of_another_frame_rate_are_a_group_with_one_factor() -> None:
    random = np.random.default_rng(0)
    found = measured(Votes(1, 1, 1, 1))
    assert found.validation is not None
    assert found.train is not None
    assert found.train.columns is not None
    spread = random.uniform(0.5, 2, 30)
    theirs = replace(found.train.columns, spread=spread, mean=np.zeros(30))
    factor = np.where(np.arange(30) < 10, 2.0, 1.0)
    ours = replace(theirs, spread=spread * factor * random.uniform(0.95, 1.05, 30))
    data = replace(
        found, validation=replace(found.validation, columns=ours), train=replace(found.train, columns=theirs)
    )
    (finding,) = realigned.ask(None, data).findings
    assert finding.evidence["columns"] == list(range(10))
    assert finding.evidence["factor"] == pytest.approx(2.0, rel=0.05)
    mixed = replace(ours, spread=spread * random.uniform(0.4, 2.5, 30))
    scattered = replace(data, validation=replace(found.validation, columns=mixed))
    assert not realigned.ask(None, scattered).findings


def test_clips_too_short_for_ctc_are_counted_where_there_is_a_blank() -> None:
    data = measured(Votes(1, 1, 1, 1))
    assert data.train is not None
    data = replace(data, train=replace(data.train, infeasible=90))
    network = Architecture("notebook", "", "", (), 3, 21, blank=0, pooled=False)
    (finding,) = feasibility.ask(replace(evidence(), data=data, architecture=network)).findings
    assert (finding.id, finding.severity, finding.evidence["clips"]) == ("targets-too-long", "critical", 90)
    few = replace(data, train=replace(data.train, infeasible=9))
    (finding,) = feasibility.ask(replace(evidence(), data=few, architecture=network)).findings
    assert (finding.id, finding.severity) == ("some-targets-too-long", "warning")
    without_blank = replace(network, blank=None)
    assert not feasibility.ask(replace(evidence(), data=data, architecture=without_blank)).findings


def test_the_decoder_behind_a_stated_accuracy_is_held_against_the_best() -> None:
    clips = make_clips(NAMES, IDS)
    case = scored(clips, IDS, classes=21)
    first = [one if index % 2 else 1 + one % 20 for index, one in enumerate(IDS)]
    case.__dict__["first_token"] = np.array(first)
    (finding,) = decoders.ask(case, None, "first_token").findings
    assert finding.id == "stated-by-weaker-decoder"
    assert finding.evidence["stated_by"] == "first_token"
    (agreeing,) = decoders.ask(case, None, "majority").findings
    assert agreeing.id == "decoders-agree"
