"""Recordings of real people through everything: what the program reports is what the training code measured."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema
import pytest
import train_real_sequences as training
from conftest import ROOT

from asl_inspector.cli import main

DATA = training.bundled_data()
EPOCHS = 6


@pytest.mark.slow
@pytest.mark.skipif(DATA is None, reason="JapaneseVowels is not here: pip install --no-deps aeon")
@pytest.mark.parametrize(("name", "blank"), [("ctc", 0), ("pooled", None)])
def test_the_program_reports_what_training_measured(name: str, blank: int | None, tmp_path: Path) -> None:
    assert DATA is not None
    measured = training.write_run(tmp_path / name, name, DATA, EPOCHS)
    out = tmp_path / "diagnosis.json"
    files = training.files_of(tmp_path / name)
    assert main(["diagnose", *files, "--device", "cpu", "--quiet", "--json", str(out), "--fail-on", "never"]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert document["checkpoint"]["blank"] == blank
    assert document["checkpoint"]["reproduces_stored"]["val_acc"] is True
    assert document["checkpoint"]["reproduces_stored"]["val_loss"] is True
    for split, found in (("val", document["predictions"]), ("train", document["predictions"]["train"])):
        accuracy = found["accuracy"]["majority"]
        assert (accuracy["correct"], accuracy["of"]) == (measured[f"{split}_correct"], measured[f"{split}_of"])
        assert math.isclose(found["loss"]["mean_of_clips"], measured[f"{split}_loss"], rel_tol=1e-4)
    assert (document["data"]["validation"]["clips"], document["data"]["train"]["clips"]) == (370, 270)
    assert document["predictions"]["continuous"] is None  # “speaker 1” is one name
    assert (document["labels"]["agree"], document["labels"]["of"]) == (370, 370)
    assert document["history"]["epochs"] == list(range(1, EPOCHS + 1))
    assert document["verdict"] == "healthy"


def test_a_file_of_sequences_is_read_as_it_is_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "x.ts"
    path.write_text("#a comment\n@problemName x\n@data\n1,2,3:4,5,6:2\n7,8:9,10:1\n", encoding="utf-8")
    first, second = training.read_ts(path)
    assert first.features.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert (first.speaker, second.speaker) == (2, 1)
    assert second.features.shape == (2, 2)
