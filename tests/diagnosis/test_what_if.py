"""The what-if strip's figures: the same as decoding anew says, bounded, and silent about what the columns cannot tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis.stories import evidence, make_clips, scored

from asl_inspector.diagnosis import what_if
from asl_inspector.diagnosis.blanks import padded_batches
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.diagnosis.what_if_records import WhatIf
from asl_inspector.inference import decoding

N, K, T = 60, 8, 10


def random_case(seed: int = 0) -> tuple[Scored, Diagnosis]:
    """Clips of uneven lengths with any answers."""
    random = np.random.default_rng(seed)
    names = [f"g{index % K}" for index in range(N)]
    clips = make_clips(names, [1 + index % K for index in range(N)], length=T)
    one = scored(clips, [1 + index % K for index in range(N)], classes=K + 1)
    lengths = random.integers(1, T + 1, N)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    frames = int(starts[-1])
    predictions = replace(
        one.predictions,
        starts=starts,
        best_gloss=random.integers(1, K + 1, frames).astype(np.int32),
        blank_lead=random.normal(1, 3, frames).astype(np.float32),
        blank_posterior=np.full(frames, 0.5, np.float32),
        padding_lead=1.5,
        padding_gloss=3,
    )
    found = Scored(clips, predictions)
    return found, diagnose(evidence(validation=found))


@pytest.mark.parametrize("bias", [-4.0, 0.0, 2.5, 10.0])
@pytest.mark.parametrize("decoder", ["majority", "first_token"])
def test_a_bias_gives_what_decoding_with_it_gives(bias: float, decoder: str) -> None:
    case, diagnosis = random_case()
    found = what_if.answer(case, diagnosis, WhatIf(bias=bias, decoder=decoder))
    rule = decoding.majority if decoder == "majority" else decoding.first_token
    said = rule(case.predictions, bias)
    assert found.accuracy is not None
    assert found.accuracy.correct == int((said == case.clips.gloss_ids).sum())
    assert found.blank_share == pytest.approx(float((case.predictions.frame_argmax(bias) == 0).mean()))
    assert found.empty_share == pytest.approx(float((said == 0).mean()))


@pytest.mark.parametrize("bias", [0.0, 3.0])
def test_padding_counts_in_batches_of_sixteen_each_as_long_as_its_longest_clip(bias: float) -> None:
    """Against a loop over clips and frames."""
    case, diagnosis = random_case()
    predictions = case.predictions
    frames, lengths = predictions.frame_argmax(bias), predictions.lengths
    reads_as = 0 if 1.5 - bias > 0 else 3
    rows = []
    for clip in range(N):
        longest = lengths[clip // 16 * 16 : clip // 16 * 16 + 16].max()
        own = frames[predictions.starts[clip] : predictions.starts[clip + 1]].tolist()
        rows.append(own + [reads_as] * int(longest - lengths[clip]))
    spoken = [[one for one in row if one] for row in rows]
    said = [max(sorted(set(row)), key=row.count) if row else 0 for row in spoken]
    found = what_if.answer(case, diagnosis, WhatIf(bias=bias, mask_padding=False))
    assert found.accuracy is not None
    assert found.accuracy.correct == sum(a == b for a, b in zip(said, case.clips.gloss_ids.tolist(), strict=True))
    whole = [one for row in rows for one in row]
    assert found.blank_share == pytest.approx(whole.count(0) / len(whole))
    assert len(whole) - int(lengths.sum()) == sum(pad for _, _, pad in padded_batches(lengths))


def test_the_exact_score_has_no_figure_for_a_bias_and_says_so() -> None:
    case, diagnosis = random_case()
    plain = what_if.answer(case, diagnosis, WhatIf(decoder="score"))
    biased = what_if.answer(case, diagnosis, WhatIf(decoder="score", bias=4.0, mask_padding=False))
    assert plain.note == ""
    assert "has no figure" in biased.note
    assert biased.asked == WhatIf(decoder="score")
    assert biased.accuracy == plain.accuracy


def test_other_ids_are_those_that_the_audit_knows() -> None:
    case, _ = random_case()
    names = [gloss for gloss in case.clips.glosses if gloss is not None]
    train = make_clips(names, case.clips.gloss_ids.tolist(), path="train.pkl", seed=3)
    moved = replace(case.clips, gloss_ids=np.array([1 + one % K for one in case.clips.gloss_ids.tolist()]))
    wrong = Scored(moved, case.predictions)
    diagnosis = diagnose(evidence(validation=wrong, train=Scored(train, case.predictions)))
    choices = what_if.choices(wrong, diagnosis)
    assert choices.remap
    assert choices.blank
    assert choices.padding
    by_id = what_if.answer(wrong, diagnosis, WhatIf())
    by_name = what_if.answer(wrong, diagnosis, WhatIf(remap=True))
    as_before = what_if.answer(case, diagnosis, WhatIf())
    assert by_name.accuracy == as_before.accuracy
    assert by_id.accuracy != by_name.accuracy


def test_very_many_frames_are_refused_with_the_place_where_the_figures_are(monkeypatch: pytest.MonkeyPatch) -> None:
    case, diagnosis = random_case()
    assert what_if.choices(case, diagnosis).refusal == ""
    monkeypatch.setattr(what_if, "MOST_FRAMES", 10)
    assert "Blank ratio" in what_if.choices(case, diagnosis).refusal
