"""Three figures that are often taken for faults make none by themselves: blanks, size, and a flag."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.stories import BLANK, evidence, make_clips, scored
from makers import make_clips as write_clips
from makers import make_notebook, save_notebook, write_cache

from asl_inspector.diagnosis import blanks, capacity, pretraining
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.findings import Answers
from asl_inspector.diagnosis.weights_of_evidence import WEIGHTS, weight
from asl_inspector.history.records import History, Printed
from asl_inspector.inspection import Inspector

K = 20
IDS = [1 + index % K for index in range(200)]
NAMES = [f"g{one}" for one in IDS]


def makes_nothing(answers: Answers) -> bool:
    """True where no finding is more than a fact, and none speaks for a cause."""
    calm = all(one.severity == "info" for one in answers.findings)
    return calm and not any(weight(one, cause) > 0 for one in answers.findings for cause in WEIGHTS.get(one.id, {}))


@pytest.mark.parametrize("length", [3, 10, 60])
def test_a_share_of_blanks_makes_no_finding_at_any_height(length: int) -> None:
    """One spike in three, ten and sixty frames: 67, 90 and 98 % blank, all answers right."""
    case = scored(make_clips(NAMES, IDS, length=length), IDS, classes=K + 1)
    measured = blanks.measure(case.predictions)
    assert measured is not None
    assert measured.argmax_valid == pytest.approx(1 - 1 / length)
    assert makes_nothing(blanks.ask(measured, blanks.sweep(case)))
    found = diagnose(evidence(validation=case))
    assert not any(cause.id == "blank-collapse" for cause in found.causes)
    assert found.verdict == "healthy"


def test_even_empty_clips_are_a_symptom_where_no_bias_brings_an_answer() -> None:
    said = [BLANK if index % 2 else one for index, one in enumerate(IDS)]
    wrong = [1 + one % K for one in IDS]
    case = scored(make_clips(NAMES, IDS), said, classes=K + 1, hidden=wrong)
    found = diagnose(evidence(validation=case))
    assert "many-empty-clips" in [one.id for one in found.findings]
    assert not any(cause.id == "blank-collapse" for cause in found.causes)


def test_parameters_a_clip_make_no_finding(tmp_path: Path) -> None:
    """A network of thousands of parameters for each of its training clips."""
    inspector = Inspector()
    large = save_notebook(tmp_path / "checkpoint.pt", make_notebook(hidden=64))
    cache = write_cache(tmp_path / "features_train.pkl", write_clips(split="train", clips_a_gloss=3))
    inspector.add([large, cache])
    inspected = inspector.inspect()
    told = next(one for one in inspected.diagnosis.findings if one.id == "size-of-network-and-data")
    assert float(str(told.evidence["parameters_per_clip"])) > 2_000
    assert told.severity == "info"
    assert "size-of-network-and-data" not in WEIGHTS
    assert all("size-of-network-and-data" not in cause.supporting for cause in inspected.diagnosis.causes)
    source = capacity.__doc__ or ""
    assert "never judged" in source


@pytest.mark.parametrize("loaded", [True, False])
def test_a_flag_about_stage_1_is_no_proof_either_way(loaded: bool) -> None:
    line = Printed("Using PRE-TRAINED encoder" if loaded else "training from scratch", "cell 3", loaded)
    case = evidence(
        validation=scored(make_clips(NAMES, IDS), IDS, classes=K + 1), history=History("log", stage1=(line,))
    )
    answers = pretraining.ask(case, pretraining.judge(None, case.history))
    assert answers.findings == ()
    assert [one.needs for one in answers.undetermined] == ["Add the Stage 1 checkpoint."]
    found = diagnose(case)
    assert not any("stage1" in cause.id for cause in found.causes)
    assert found.verdict == "healthy"


def test_all_three_together_make_none_either() -> None:
    line = Printed("USE_PRETRAINED = True", "cell 3", True)
    case = evidence(
        validation=scored(make_clips(NAMES, IDS, length=40), IDS, classes=K + 1), history=History("log", stage1=(line,))
    )
    found = diagnose(case)
    assert found.verdict == "healthy"
    assert found.causes == ()
    assert all(one.severity == "info" for one in found.findings)
