"""`asl-inspector compare` as a person and as a script meets it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import torch
from command_line import inspector
from conftest import ROOT
from makers import Run, make_notebook, save_notebook


def schema() -> object:
    return json.loads((ROOT / "docs" / "compare.schema.json").read_text())


def test_the_text_gives_verdict_evidence_tensors_and_values_in_this_order(run: Run, tmp_path: Path) -> None:
    network = make_notebook(0, hidden=24)
    early = save_notebook(tmp_path / "early.pt", network, hidden_dim=24, gloss_to_id={"book": 1, "dog": 2})
    with torch.no_grad():
        for weight in network.parameters():
            weight += 0.05 * weight.std() * torch.randn_like(weight)
    late = save_notebook(tmp_path / "late.pt", network, hidden_dim=24, gloss_to_id={"book": 2, "dog": 1})
    ran = inspector("compare", early, late)
    assert ran.returncode == 0
    text = ran.stdout
    marks = [
        "One network descends from the other",
        "Speaks for a common origin:",
        "hidden units agree one by one",
        "Speaks against it:",
        "“book” 1 in A and 2 in B",
        "18 tensors: 18 changed",
        "encoder.lstm   distance",
        "weight_hh_l0",
        "gloss_to_id.dog: 2 | 1",
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert max(len(line) for line in text.splitlines()) < 140
    assert ran.stderr == ""


@pytest.mark.parametrize("other", ["unrelated", "renamed", "empty-handed"])
def test_json_follows_the_schema_whatever_the_verdict(tmp_path: Path, other: str) -> None:
    first = save_notebook(tmp_path / "a.pt", make_notebook(0, hidden=24))
    states = {
        "unrelated": make_notebook(1, hidden=24).state_dict(),
        "renamed": {
            f"model.{name}".replace("classifier", "fc"): x
            for name, x in make_notebook(0, hidden=24).state_dict().items()
        },
        "empty-handed": {"layer.weight": torch.zeros(3, 2), "layer.bias": torch.full((3,), float("nan"))},
    }
    torch.save(states[other], tmp_path / "b.pt")
    ran = inspector("compare", first, tmp_path / "b.pt", "--json")
    held = json.loads(ran.stdout)
    jsonschema.validate(held, schema())
    verdicts = {"unrelated": "unrelated", "renamed": "identical", "empty-handed": "undetermined"}
    assert (ran.returncode, held["verdict"]) == (0, verdicts[other])
    if other == "renamed":
        assert held["prefix"] == {"a": "", "b": "model."}
        assert {row["matched_by"] for row in held["tensors"]} == {"prefix", "numbers"}


def test_a_part_is_chosen_by_its_path(tmp_path: Path) -> None:
    network, average = make_notebook(0, hidden=24), make_notebook(1, hidden=24)
    torch.save({"model": network.state_dict(), "ema": {"shadow": average.state_dict()}}, tmp_path / "a.pt")
    save_notebook(tmp_path / "b.pt", average)
    plain = json.loads(inspector("compare", tmp_path / "a.pt", tmp_path / "b.pt", "--json").stdout)
    chosen = json.loads(
        inspector("compare", tmp_path / "a.pt", tmp_path / "b.pt", "--a-part", "ema.shadow", "--json").stdout
    )
    assert (plain["verdict"], plain["part"]["a"]) == ("unrelated", ["model"])
    assert (chosen["verdict"], chosen["part"]["a"]) == ("identical", ["ema", "shadow"])
    refused = inspector("compare", tmp_path / "a.pt", tmp_path / "b.pt", "--b-part", "ema")
    assert refused.returncode == 2
    assert "has no part “ema”" in refused.stderr
    assert "“model_state_dict”" in refused.stderr
    assert refused.stdout == ""


def test_what_holds_no_weights_is_refused(tmp_path: Path, run: Run) -> None:
    torch.save({"note": "nothing"}, tmp_path / "a.pt")
    ran = inspector("compare", tmp_path / "a.pt", run.checkpoint)
    assert ran.returncode == 2
    assert "“a.pt” holds no weights to compare" in ran.stderr
    assert inspector("compare", tmp_path / "none.pt", run.checkpoint).returncode == 2


def test_control_characters_are_made_visible(tmp_path: Path) -> None:
    torch.save({"\x1b[2Jwiped": torch.randn(30, 30), "note": "\x1b]0;x\x07"}, tmp_path / "a.pt")
    torch.save({"\x1b[2Jwiped": torch.randn(30, 30), "note": "other"}, tmp_path / "b.pt")
    text = inspector("compare", tmp_path / "a.pt", tmp_path / "b.pt").stdout
    assert "\x1b" not in text
    assert "\\x1b[2Jwiped" in text


def test_compare_json_follows_the_contract(run: Run, tmp_path: Path) -> None:
    other = save_notebook(tmp_path / "other.pt", run.network, val_acc=1.0)
    held = json.loads(inspector("compare", run.checkpoint, other, "--json").stdout)
    jsonschema.validate(held, json.loads((ROOT / "docs" / "compare.schema.json").read_text()))
    assert (held["schema"], held["verdict"], held["prefix"]) == (
        "asl-inspector/compare/1",
        "identical",
        {"a": "", "b": ""},
    )
    assert {row["status"] for row in held["tensors"]} == {"equal"}
    assert held["values"] == [{"path": ["val_acc"], "a": None, "b": "1.0", "status": "only-b", "group": "metric"}]
    assert held["sentence"] == "The weights are identical: all 18 tensors are equal, number for number."
    assert inspector("compare", run.checkpoint, other).stdout.startswith("The weights are identical")
