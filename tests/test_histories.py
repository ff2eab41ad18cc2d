"""Histories of the real cases against their truth, from each source alone and from all together: every value, exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import CASES

from asl_inspector.history.merging import merge
from asl_inspector.history.opening import open_history
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile

SOURCES = [
    (case, source)
    for case in ("seed", "overfit", "stage1_load_failed", "healthy", "stage2_trainer")
    for source in ("run.ipynb", "train_log.txt")
    if (case, source) != ("stage2_trainer", "run.ipynb")  # that run was a script
]

pytestmark = pytest.mark.usefixtures("cases")


def truth(case: str) -> dict[str, Any]:
    return json.loads((CASES / case / "truth.json").read_text())["history"]


def read(case: str, source: str) -> History:
    return open_history(MappedFile(Path(CASES / case / source)))


def check(history: History, wanted: dict[str, Any]) -> None:
    assert list(history.epochs) == wanted["epoch"]
    assert list(history.train_loss) == wanted["train_loss"]
    assert list(history.val_loss) == wanted["val_loss"]
    percent = wanted.get("val_acc", wanted.get("val_acc_pct"))
    assert [round(100 * value, 9) for value in history.val_acc if value is not None] == percent
    if "train_ctc" in wanted:
        parts = dict(history.parts)
        assert list(parts["CTC"]) == wanted["train_ctc"]
        assert list(parts["Blank Penalty"]) == wanted["train_blank_penalty"]


@pytest.mark.parametrize(("case", "source"), SOURCES)
def test_a_source_tells_every_value(case: str, source: str) -> None:
    check(read(case, source), truth(case))


@pytest.mark.parametrize("case", ["seed", "overfit", "stage1_load_failed", "healthy"])
def test_both_sources_are_one_run_without_a_contradiction(case: str) -> None:
    merged = merge([read(case, source) for source in ("train_log.txt", "run.ipynb")])
    assert merged is not None
    assert set(merged.sources) == {"run.ipynb", "train_log.txt"}
    assert merged.contradictions == ()
    check(merged, truth(case))


@pytest.mark.parametrize("case", ["seed", "overfit", "stage1_load_failed", "healthy"])
def test_the_cells_of_the_notebook_give_their_hints(case: str) -> None:
    hints = [(hint.id, hint.where) for hint in read(case, "run.ipynb").hints]
    assert hints == [("load-in-try", "cell 13, line 2"), ("penalty-without-gradient", "cell 15, line 3")]
