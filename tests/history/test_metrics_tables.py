"""Tables of metrics, as files and as a notebook draws them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from history.reading import read

from asl_inspector.errors import DataError

LIGHTNING = """epoch,lr-Adam,step,train_acc,train_loss_epoch,train_loss_step,val_acc,val_loss
,0.001,49,,,4.91,,
0,,50,,,,0.0119,4.70
0,,50,0.02,4.80,,,
1,,101,,,,0.0357,4.50
1,,101,0.04,4.60,,,
"""


def test_lightnings_rows_with_gaps_are_laid_together(tmp_path: Path) -> None:
    history = read(tmp_path, LIGHTNING, "metrics.csv")
    assert history.kind == "table"
    assert history.epochs == (0, 1)
    assert history.train_loss == (4.80, 4.60)
    assert history.train_acc == (0.02, 0.04)
    assert history.val_loss == (4.70, 4.50)
    assert history.val_acc == (0.0119, 0.0357)
    assert history.places == ("line 3", "line 5")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_keras_csv(tmp_path: Path, delimiter: str) -> None:
    text = "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.1,2.0,0.05,2.5\n1,0.2,1.5,0.04,2.75\n"
    history = read(tmp_path, text.replace(",", delimiter), "training.log")
    assert history.epochs == (0, 1)
    assert (history.train_loss, history.val_loss) == ((2.0, 1.5), (2.5, 2.75))
    assert (history.train_acc, history.val_acc) == ((0.1, 0.2), (0.05, 0.04))


def test_a_table_by_steps_says_so(tmp_path: Path) -> None:
    history = read(tmp_path, "step,train/loss,val/loss\n100,2,3\n200,1,2\n", "x.csv")
    assert history.axis == "step"
    assert history.epochs == (100, 200)
    assert history.val_loss == (3.0, 2.0)


def test_step_columns_serve_where_there_is_no_other(tmp_path: Path) -> None:
    history = read(tmp_path, "epoch,train_loss_step\n1,3\n1,2\n2,1\n", "x.csv")
    assert history.train_loss == (2.0, 1.0)


def test_cells_that_are_no_numbers_are_gaps(tmp_path: Path) -> None:
    history = read(tmp_path, "epoch,loss,val_acc\n1,tensor(2.5),12.5%\n2,oops,\n3,1.5,25%\n", "x.csv")
    assert history.epochs == (1, 3)
    assert history.train_loss == (2.5, 1.5)
    assert history.val_acc == (0.125, 0.25)


def test_a_table_of_something_else_tells_no_run(tmp_path: Path) -> None:
    assert not read(tmp_path, "video,gloss,split\na,book,train\n", "clips.csv").tells_of_a_run


def test_hugging_faces_trainer_state(tmp_path: Path) -> None:
    held = {
        "global_step": 20,
        "log_history": [
            {"epoch": 1.0, "loss": 2.0, "step": 10},
            {"epoch": 1.0, "eval_loss": 2.5, "eval_accuracy": 0.25, "step": 10},
            {"epoch": 2.0, "loss": 1.0, "step": 20},
        ],
    }
    history = read(tmp_path, json.dumps(held), "trainer_state.json")
    assert history.epochs == (1, 2)
    assert history.train_loss == (2.0, 1.0)
    assert history.val_acc == (0.25, None)


def test_an_object_of_lists(tmp_path: Path) -> None:
    held = {"history": {"loss": [2, 1], "val_loss": [3, None], "val_accs": [50.0, 60.0]}}
    history = read(tmp_path, json.dumps(held), "history.json")
    assert history.epochs == (1, 2)
    assert history.val_loss == (3.0, None)
    assert history.val_acc == (0.5, 0.6)


@pytest.mark.parametrize("held", [{"gloss_to_id": {"a": 1}}, [1, 2], {"loss": "high"}, {"loss": [1]}])
def test_other_json_is_refused(tmp_path: Path, held: object) -> None:
    text = json.dumps(held)
    if text.startswith("{"):
        with pytest.raises(DataError):
            read(tmp_path, text, "x.json")
    else:
        assert not read(tmp_path, text, "x.json").tells_of_a_run


def test_a_notebooks_drawn_table_is_read_where_nothing_was_printed(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{n}</td><td>{2 - n}</td><td>{3 - n}</td><td>0.{n}</td></tr>" for n in (0, 1))
    table = (
        "<table><thead><tr><th>epoch</th><th>train_loss</th><th>valid_loss</th><th>accuracy</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    cells = [
        {"cell_type": "code", "source": "", "outputs": [{"output_type": "display_data", "data": {"text/html": table}}]}
    ]
    history = read(tmp_path, json.dumps({"cells": cells, "nbformat": 4}), "run.ipynb")
    assert history.kind == "notebook"
    assert history.epochs == (0, 1)
    assert history.train_loss == (2.0, 1.0)
    assert history.val_loss == (3.0, 2.0)
    assert history.places == ("cell 0", "cell 0")
