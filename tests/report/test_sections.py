"""What the sections of a report leave out where a case has nothing for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from makers import make_run
from saved_answers import inspected, make_answers, write_labels

from asl_inspector.inspection import Inspector
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.first_page import merged_needs
from asl_inspector.report.parts import filled_table


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    """Raw scores of one answer a clip: no loss, no blank, no training ids."""
    folder, answers = tmp_path_factory.mktemp("answers"), make_answers()
    scores = folder / "scores.npz"
    np.savez(scores, names=np.array(answers.names), scores=answers.scores)
    return inspected(scores, write_labels(folder / "labels.csv", answers))


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    run = make_run(tmp_path_factory.mktemp("run"))
    inspector = Inspector()
    inspector.add([run.checkpoint, run.validation, run.train])
    return inspector.inspect()


def section(found: Inspected, title: str) -> dict[str, Any]:
    sections: Any = document(found)["sections"]
    return next(one for one in sections if one["title"] == title)


def part(of: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in of["parts"] if one["kind"] == kind)
    return found


def test_columns_without_any_value_are_left_out_of_the_table_of_clips(answered: Inspected) -> None:
    table = part(section(answered, "Samples"), "table")
    assert {"clip", "predicted", "answer"} <= set(table["head"])
    assert not {"loss", "blank", "in training"} & set(table["head"])
    assert {len(row) for row in table["rows"]} == {len(table["head"])} == {len(table["columns"])}


def test_a_column_with_one_value_stays() -> None:
    table = filled_table([("clip", 1, False), ("loss", 0, True), ("blank", 0, True)], [["a", "", ""], ["b", "0.5", ""]])
    assert table["head"] == ["clip", "loss"]
    assert table["rows"] == [["a", ""], ["b", "0.5"]]
    assert table["numeric"] == [False, True]


def test_only_figures_that_the_report_has_are_explained(answered: Inspected, small_run: Inspected) -> None:
    plain = {row[0] for row in part(section(answered, "What the figures mean"), "notes")["rows"]}
    assert {"Accuracy", "Effective glosses"} <= plain
    assert not {"Loss", "Blank", "Gap", "Stage 1", "Word error rate", "Best of E epochs"} & plain
    run = {row[0] for row in part(section(small_run, "What the figures mean"), "notes")["rows"]}
    assert {"Accuracy", "Loss", "Blank", "Gap"} <= run
    assert "Word error rate" not in run


def test_what_was_checked_is_gathered_by_the_section_that_shows_it(small_run: Inspected) -> None:
    items = [one for one in section(small_run, "All symptoms")["parts"] if one["kind"] == "list"][-1]["items"]
    leads = [lead for lead, _ in items]
    assert len(leads) == len(set(leads))
    assert "Checkpoint." in leads
    assert any("All weights are finite" in text for lead, text in items if lead == "Checkpoint.")


def test_no_file_is_asked_for_twice() -> None:
    needs = [
        "Save its softmax probabilities.",
        "Add the checkpoint of these clips.",
        "Add the checkpoint and the Stage 1 checkpoint.",
        "Add files with at least 8 clips each.",
        "Add the training clips.",
    ]
    assert merged_needs(needs) == [
        "Save its softmax probabilities.",
        "Add the checkpoint of these clips, the Stage 1 checkpoint and the training clips.",
        "Add files with at least 8 clips each.",
    ]
    assert merged_needs(["Add the Stage 1 checkpoint."]) == ["Add the Stage 1 checkpoint."]
    assert merged_needs([]) == []


def test_no_file_that_is_there_is_asked_for(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    inspector = Inspector()
    inspector.add([run.validation, run.train])
    steps = [text for _, text in part(section(inspector.inspect(), "Action plan"), "list")["items"]]
    assert steps[0] == "Add the checkpoint of these clips and the Stage 1 checkpoint."
    assert not any("training clips" in step or "validation clips" in step for step in steps)
