"""What a run printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asl_inspector.errors import DataError
from asl_inspector.history.opening import open_history
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile

SEED = """
Epoch 1/2:
  Train Loss: 23.5998 (CTC: 23.3605, Blank Penalty: 0.2393)
  Val Loss: 5.3612
  Val Accuracy: 0.00%

Epoch 2/2:
  Train Loss: 5.2963 (CTC: 5.0456, Blank Penalty: 0.2507)
  Val Loss: 4.8149
  Val Accuracy: 1.19%
  Saved best model (val_acc: 1.19%)
Best Val Accuracy: 1.19% (epoch 2)
"""


def read(tmp_path: Path, text: str, name: str = "log.txt") -> History:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return open_history(MappedFile(tmp_path / name))


def test_the_seeds_layout(tmp_path: Path) -> None:
    history = read(tmp_path, SEED)
    assert history.epochs == (1, 2)
    assert history.train_loss == (23.5998, 5.2963)
    assert history.val_loss == (5.3612, 4.8149)
    assert history.val_acc == pytest.approx((0.0, 0.0119))
    assert dict(history.parts) == {"CTC": (23.3605, 5.0456), "Blank Penalty": (0.2393, 0.2507)}
    assert history.best_epoch == 2


@pytest.mark.parametrize(
    "line",
    [
        "Epoch 3/10: train loss: 1.5, val loss: 2.5, val acc: 12.5%",
        "Epoch [3/10] Train Loss: 1.5 | Val Loss: 2.5 | Val Acc: 12.5%",
        "epoch 3 train_loss=1.5 val_loss=2.5 val_acc=0.125",
        "Epoch: 3 - training loss: 1.5 - validation loss: 2.5 - validation accuracy: 0.125",
    ],
)
def test_one_line_epochs_of_other_scripts(tmp_path: Path, line: str) -> None:
    history = read(tmp_path, line)
    assert history.epochs == (3,)
    assert (history.train_loss, history.val_loss) == ((1.5,), (2.5,))
    assert history.val_acc == pytest.approx((0.125,))


def test_a_missing_figure_is_none_not_zero(tmp_path: Path) -> None:
    history = read(tmp_path, "Epoch 1/2:\n Train Loss: 2\n Val Loss: 3\nEpoch 2/2:\n Train Loss: 1\n")
    assert history.val_loss == (3.0, None)
    assert history.val_acc == ()


def test_claims_about_pretrained_weights_keep_their_order_and_place(tmp_path: Path) -> None:
    text = "\n".join(
        [
            "Stage 1 checkpoint loaded successfully!",
            "Warning: Could not load pre-trained weights: size mismatch",
            "Encoder initialization: PRE-TRAINED (Stage 1)",
        ]
    )
    assert [(line.loaded, line.where) for line in read(tmp_path, text).stage1] == [
        (True, "line 1"),
        (False, "line 2"),
        (True, "line 3"),
    ]


def test_a_notebook_tells_its_outputs_and_its_errors(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": "Epoch 9/9:\n Train Loss: 1"},
        {
            "cell_type": "code",
            "source": "print('Epoch 7/7: train loss: 1')",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": SEED.splitlines(keepends=True)},
                {"output_type": "error", "ename": "KeyError", "evalue": "'x'"},
            ],
        },
    ]
    history = read(tmp_path, json.dumps({"cells": cells, "nbformat": 4}), "run.ipynb")
    assert history.epochs == (1, 2)
    assert history.errors == ("cell 1: KeyError: 'x'",)


def test_strange_notebooks_are_read_without_failing(tmp_path: Path) -> None:
    cells = [None, {"outputs": 5}, {"outputs": [None, {"text": [1, "Epoch 1: train loss: 2"]}, {"data": []}]}]
    assert read(tmp_path, json.dumps({"cells": cells, "nbformat": 4}), "run.ipynb").train_loss == (2.0,)


def test_json_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no notebook"):
        read(tmp_path, '{"a": 1}', "x.json")


def test_text_without_epochs_has_no_curves(tmp_path: Path) -> None:
    assert read(tmp_path, "hello\nworld\n").epochs == ()
