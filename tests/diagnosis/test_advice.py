"""Every cause has evidence for and against, a next step, code for its kind of network, and an expectation from the data."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from conftest import ROOT
from diagnosis.stories import evidence, make_clips, scored

from asl_inspector.data.measuring import measure_clips
from asl_inspector.diagnosis import causes, expecting
from asl_inspector.diagnosis.advising import advice_for_all, advised
from asl_inspector.diagnosis.chance import compare_with_guessing
from asl_inspector.diagnosis.code_of_run import CodeOfRun, code_of
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.findings import Finding
from asl_inspector.diagnosis.records import Counterfactual, Reproduction
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.diagnosis.snippets import SNIPPETS, snippet_of
from asl_inspector.diagnosis.weights_of_evidence import WEIGHTS
from asl_inspector.history.code_names import names_of
from asl_inspector.history.code_parsing import Code
from asl_inspector.history.records import History

IN_THE_CONTRACT = json.loads((ROOT / "docs" / "report.schema.json").read_text())["properties"]["causes"]["items"][
    "properties"
]["id"]["enum"]
ROWS_OF_THE_DESIGN = {  # the planted faults of diagnosis.md, D, and the causes that may be named for each
    1: {"label-map-mismatch"},
    2: {"label-map-mismatch"},
    3: {"label-noise"},
    4: {"stage1-partly-loaded"},
    5: {"stage1-not-loaded"},
    6: {"layers-never-trained"},
    7: {"blank-collapse", "undertrained"},
    8: {"class-collapse"},
    9: {"learning-rate-too-high", "undertrained"},
    10: {"feature-mismatch"},
    11: {"validation-leak"},
    12: {"overfitting", "too-little-data"},
    13: {"missing-landmarks"},
    14: {"ctc-infeasible"},
    15: {"stale-metadata"},
    16: {"decoder-mismatch"},
}
NAMED = CodeOfRun(
    model="net",
    optimizer="opt",
    criterion="ctc",
    loader="batches",
    train="train_data",
    val="dev_data",
    head="ctc_head.projection",
)
KINDS = {"ctc": CodeOfRun(), "cross-entropy": CodeOfRun(ctc=False), "blank last": CodeOfRun(blank=100), "named": NAMED}


def test_the_causes_are_those_of_the_contract_and_hold_every_row_of_the_design() -> None:
    assert set(REMEDIES) == set(IN_THE_CONTRACT)
    assert set(SNIPPETS) == set(REMEDIES)
    assert set().union(*ROWS_OF_THE_DESIGN.values()) <= set(REMEDIES)


@pytest.mark.parametrize("cause", sorted(REMEDIES))
def test_every_cause_has_evidence_for_and_against_and_words_for_all_else(cause: str) -> None:
    weights = [told[cause] for told in WEIGHTS.values() if cause in told]
    assert any(one > 2 for one in weights)
    assert any(one < 0 for one in weights)
    remedy = REMEDIES[cause]
    for words in (remedy.title, remedy.headline, remedy.next_experiment, remedy.fix, remedy.would_change):
        assert len(words) > 8
    for words in (remedy.next_experiment, remedy.fix, remedy.would_change):
        assert words.rstrip("`").endswith((".", "?", "`."))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("cause", sorted(REMEDIES))
def test_every_snippet_is_python_of_lines_that_fit(cause: str, kind: str) -> None:
    text = snippet_of(cause, KINDS[kind])
    inside_a_loop = "while True:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    ast.parse(inside_a_loop if "break" in text else text)
    assert max(map(len, text.splitlines())) <= 76
    assert len(text.splitlines()) <= 16


def test_snippets_are_for_their_kind_of_network() -> None:
    ctc, plain = (snippet_of("learning-rate-too-high", KINDS[one]) for one in ("ctc", "cross-entropy"))
    assert "target_lengths" in ctc
    assert "target_lengths" not in plain
    assert "blank=100" in snippet_of("decoder-mismatch", KINDS["blank last"])
    assert "ctc_loss" not in snippet_of("decoder-mismatch", KINDS["cross-entropy"])
    assert ", 1)" in snippet_of("label-map-mismatch", KINDS["ctc"])
    assert ", 0)" in snippet_of("label-map-mismatch", KINDS["cross-entropy"])
    named = snippet_of("learning-rate-too-high", replace(NAMED, learning_rate=0.02))
    assert "opt.param_groups" in named
    assert "net(features)" in named
    assert '"lr"] = 0.002' in named
    assert "len(gloss_to_id) + 1" in snippet_of("class-count-mismatch", NAMED)
    assert "net.ctc_head.projection = " in snippet_of("class-count-mismatch", NAMED)


NOTEBOOK = """
net = SignNet(36, 128).to(device)
opt = torch.optim.AdamW(net.parameters(), lr=3e-4)
scheduler = torch.optim.lr_scheduler.StepLR(opt, 10)
ctc = nn.CTCLoss(blank=0)
train_batches = DataLoader(train_set, batch_size=16)
train_data = pickle.load(open("train.pkl", "rb"))
val_data = pickle.load(open("val.pkl", "rb"))
opt.load_state_dict(held["optimizer"])
net.load_state_dict(held["model"], strict=False)
%time net.train()
"""


def test_names_are_those_of_the_notebook_and_never_run() -> None:
    names = dict(names_of([Code("cell 1", NOTEBOOK)]))
    assert names == {
        "model": "net",
        "optimizer": "opt",
        "criterion": "ctc",
        "loader": "train_batches",
        "train": "train_data",
        "val": "val_data",
    }
    history = History("run.ipynb", names=tuple(names.items()))
    code = code_of(evidence(validation=scored(make_clips(["a"] * 4, [1] * 4), [1] * 4, classes=3), history=history))
    assert (code.model, code.optimizer, code.val) == ("net", "opt", "val_data")
    assert names_of([Code("", "def (")]) == ()


def test_only_plain_names_come_into_code() -> None:
    history = History("x", names=(("model", "a\nimport os"), ("optimizer", "class"), ("loader", "x" * 60)))
    assert code_of(evidence(history=history)) == CodeOfRun()


# -- expectations -----------------------------------------------------------------------------------------------------

IDS = [1 + index % 8 for index in range(80)]


@cache
def known() -> expecting.Known:
    """A network at 25 % of clips that are noise, with training clips of which most are right."""
    clips = make_clips([f"g{one}" for one in IDS], IDS)
    train = make_clips([f"g{one}" for one in IDS], IDS, path="train.pkl", seed=3)
    said = [one if index % 4 == 0 else 1 + one % 8 for index, one in enumerate(IDS)]
    case = evidence(validation=scored(clips, said, classes=9), train=scored(train, IDS, classes=9))
    assert case.validation is not None
    findings = {
        "targets-too-long": Finding("targets-too-long", "q", "critical", "", {"clips": 9, "of": 80}),
        "training-labels-doubtful": Finding("training-labels-doubtful", "q", "warning", "", {"noise": 0.3}),
        "ids-outside-outputs": Finding("ids-outside-outputs", "q", "critical", "", {"clips": 7}),
    }
    tested = compare_with_guessing(case.validation, None)
    return expecting.Known(
        case, measure_clips(clips, train), tested, findings, Reproduction(False, None, None, 20, 80, 0.4)
    )


@pytest.mark.parametrize("cause", sorted(REMEDIES))
def test_what_to_expect_is_from_the_data_or_says_what_is_missing(cause: str) -> None:
    told = expecting.expectation(cause, None, known())
    assert told.endswith(".")
    assert any(character.isdigit() for character in told) or "gloss names" in told or "Every rule" in told
    bare = expecting.expectation(cause, None, expecting.Known(evidence(), None, None, {}, Reproduction(*[None] * 6)))
    assert bare.endswith(".")
    gain = Counterfactual(0.04, 0.22, 0.16, 0.29, "")
    scored_already = expecting.expectation(cause, gain, known())
    assert "22.0 % (95 %: 16 to 29) instead of 4.0 %" in scored_already


def test_a_nearest_neighbour_bounds_from_below_and_training_from_above() -> None:
    told = expecting.expectation("undertrained", None, known())
    found = known().data
    assert found is not None
    assert found.neighbours is not None
    assert (
        f"A nearest neighbour on these features gets {100 * found.neighbours.correct / found.neighbours.of:.0f} %"
        in told
    )
    assert "training clips are right in 100 %" in told


def test_the_advice_of_a_network_without_a_blank_does_not_speak_of_ctc() -> None:
    for cause, told in advice_for_all(KINDS["cross-entropy"], known(), {}).items():
        if cause not in ("blank-collapse", "ctc-infeasible", "undertrained"):
            assert "CTC" not in told.fix + told.next_experiment, cause
            assert "blank" not in told.fix + told.next_experiment, cause
    found = next(one for one in causes.rank((Finding("decoder-hides-answers", "q", "warning", ""),) * 2, {}))
    assert "log posteriors" in advised(found, advice_for_all(KINDS["cross-entropy"], known(), {})).fix


def test_a_diagnosis_has_advice_for_every_cause_it_names() -> None:
    shifted = [one - 1 if one > 3 else one for one in IDS]
    clips = make_clips([f"g{one}" for one in IDS], shifted)
    train = make_clips([f"g{one}" for one in IDS], IDS, path="train.pkl", seed=3)
    found = diagnose(evidence(validation=scored(clips, IDS, classes=9), train=scored(train, IDS, classes=9)))
    assert found.causes[0].id == "label-map-mismatch"
    for cause in found.causes:
        assert cause.snippet
        assert cause.would_change
        assert cause.expectation
    assert "instead of" in found.causes[0].expectation
    assert np.isclose(found.causes[0].counterfactual.accuracy_if_fixed, 1.0)  # type: ignore[union-attr]
