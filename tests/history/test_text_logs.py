"""The shapes in which training scripts print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from history.reading import read

from asl_inspector.history import opening

KERAS = (
    "Epoch 1/3\n\r 1/51 [....] - ETA: 5s - loss: 4.9000 - accuracy: 0.0100\r"
    "51/51 [====] - 2s 30ms/step - loss: 4.6051 - accuracy: 0.0112 - val_loss: 4.5000 - val_accuracy: 0.0119\n"
    "Epoch 2/3\n51/51 [====] - 2s 30ms/step - loss: 4.2 - accuracy: 0.05 - val_loss: 4.3 - val_accuracy: 0.0357\n"
    "Epoch 3/3\n51/51 [====] - 2s 30ms/step - loss: 3.9 - accuracy: 0.09 - val_loss: 4.4 - val_accuracy: 0.0298\n"
)


def test_keras_bars_count_by_their_last_state(tmp_path: Path) -> None:
    history = read(tmp_path, KERAS)
    assert history.epochs == (1, 2, 3)
    assert history.train_loss == (4.6051, 4.2, 3.9)
    assert history.train_acc == (0.0112, 0.05, 0.09)
    assert history.val_loss == (4.5, 4.3, 4.4)
    assert history.val_acc == (0.0119, 0.0357, 0.0298)
    assert history.places[0] == "line 1"
    assert history.best_epoch == 2


def test_bars_that_return_to_the_start_of_the_line(tmp_path: Path) -> None:
    lightning = (
        "Epoch 0:   0%|          | 0/51 [00:00<?, ?it/s]\rEpoch 0: 100%|####| 51/51 [00:02<00:00, 17.5it/s, v_num=0, "
        "train_loss=0.91, val_loss=0.80, val_acc=0.20]\rEpoch 1:  50%|##  | 25/51 [00:01<00:01, 17.5it/s, v_num=0, "
        "train_loss=0.70, val_loss=0.80, val_acc=0.20]\rEpoch 1: 100%|####| 51/51 [00:02<00:00, 17.5it/s, v_num=0, "
        "train_loss=0.61, val_loss=0.72, val_acc=0.31]\n"
    )
    history = read(tmp_path, lightning)
    assert history.epochs == (0, 1)
    assert history.train_loss == (0.91, 0.61)
    assert history.val_loss == (0.80, 0.72)
    assert history.val_acc == (0.20, 0.31)


def test_a_bar_gives_way_to_the_line_that_sums_up_the_epoch(tmp_path: Path) -> None:
    text = (
        "Epoch 1/2: 100%|####| 51/51 [00:02<00:00, 17.1it/s, loss=0.53]\n  Train Loss: 0.6123 Val Loss: 0.7\n"
        "Epoch 2/2: 100%|####| 51/51 [00:02<00:00, 17.1it/s, loss=0.21]\n  Train Loss: 0.3000 Val Loss: 0.8\n"
    )
    assert read(tmp_path, text).train_loss == (0.6123, 0.3)


@pytest.mark.parametrize(
    "rows",
    [
        [
            "{'loss': 1.5, 'learning_rate': 5e-05, 'epoch': 0.5}",
            "{'loss': 1.25, 'learning_rate': 4e-05, 'epoch': 1.0}",
            "{'eval_loss': 1.1, 'eval_accuracy': 0.25, 'eval_runtime': 3.1, 'epoch': 1.0}",
            "{'loss': 0.75, 'learning_rate': 2e-05, 'epoch': 2.0}",
            "{'eval_loss': 0.9, 'eval_accuracy': 0.5, 'epoch': 2.0}",
            "{'train_runtime': 12.3, 'train_loss': 1.0, 'epoch': 2.0}",
        ],
        [
            json.dumps({"epoch": 1, "train_loss": 1.25, "lr": 4e-05}),
            json.dumps({"epoch": 1, "valid": {"loss": 1.1, "accuracy": 0.25}}),
            json.dumps({"epoch": 2, "train_loss": 0.75, "lr": 2e-05, "valid": {"loss": 0.9, "accuracy": 0.5}}),
        ],
        [
            '2026-01-02 10:00:00 | INFO | train | {"epoch": 1, "train_loss": "1.25", "train_lr": "4e-05"}',
            '2026-01-02 10:00:01 | INFO | valid | {"epoch": 1, "valid_loss": "1.1", "valid_accuracy": "0.25"}',
            '2026-01-02 10:00:02 | INFO | train | {"epoch": 2, "train_loss": "0.75", "train_lr": "2e-05"}',
            '2026-01-02 10:00:03 | INFO | valid | {"epoch": 2, "valid_loss": "0.9", "valid_accuracy": "0.5"}',
        ],
    ],
    ids=["hugging-face", "json-lines", "fairseq-json"],
)
def test_dicts_one_a_line(tmp_path: Path, rows: list[str]) -> None:
    history = read(tmp_path, "\n".join(rows))
    assert history.epochs == (1, 2)
    assert history.train_loss == (1.25, 0.75)
    assert history.val_loss == (1.1, 0.9)
    assert history.val_acc == (0.25, 0.5)
    assert history.learning_rate == (4e-05, 2e-05)


@pytest.mark.parametrize(
    "line",
    [
        "[12] train 0.3 val 0.4",
        "[12/50] train: 0.3, val: 0.4",
        "2026-01-02 10:00:00,123 INFO trainer: Epoch 12 - train loss 0.3 - val loss 0.4",
        "| epoch 012 | train | loss 0.3 | valid | loss 0.4",
        "ep 12 train loss: 0.3; dev loss: 0.4",
        "Epoch 12\nTrain:\n  Loss: 0.3\nVal:\n  Loss: 0.4",
        "Train Epoch: 12 [0/806 (0%)]\tLoss: 0.9\nTrain Epoch: 12 [800/806 (99%)]\tLoss: 0.3\nValidation set: Average loss: 0.4",
    ],
)
def test_other_shapes(tmp_path: Path, line: str) -> None:
    history = read(tmp_path, line)
    assert history.epochs == (12,)
    assert (history.train_loss, history.val_loss) == ((0.3,), (0.4,))


def test_counts_of_clips_are_shares(tmp_path: Path) -> None:
    history = read(
        tmp_path, "Epoch 1\nValidation set: Average loss: 4.4, Accuracy: 6/168 (4%)\nTest set: Accuracy: 9/10\n"
    )
    assert history.val_acc == (6 / 168,)
    assert history.train_acc == ()


def test_percentages_without_a_sign_are_told_by_the_whole_column(tmp_path: Path) -> None:
    text = "\n".join(f"Epoch {n}: val_acc={value}" for n, value in enumerate((0.6, 0.0, 3.57, 1.19), start=1))
    assert read(tmp_path, text).val_acc == pytest.approx((0.006, 0.0, 0.0357, 0.0119))


def test_of_several_runs_the_longest_is_shown_and_the_others_are_named(tmp_path: Path) -> None:
    text = "\n".join(f"Epoch {n}: train loss: {n}" for n in (1, 2, 3, 1, 2, 3, 4, 5))
    history = read(tmp_path, text)
    assert history.epochs == (1, 2, 3, 4, 5)
    assert "2 runs" in history.notes[0]
    assert "1 to 3" in history.notes[0]


def test_settings_and_sums_of_the_run_are_no_figures(tmp_path: Path) -> None:
    text = (
        "Epochs: 30\nStage 1 Info:\n  Epoch: 6\n  Loss: 0.62\n  Train: 806 samples\n  Val: 168 samples\n"
        "Epoch 1/2:\n  Train Loss: 2\n  Val Loss: 3\n  Val Accuracy: 1.00%\nEpoch 2/2:\n  Train Loss: 1\n"
        "Best Val Accuracy: 25.00% (epoch 2)\nTest Loss: 9\n"
    )
    history = read(tmp_path, text)
    assert history.epochs == (1, 2)
    assert history.val_loss == (3.0, None)
    assert history.val_acc == (0.01, None)
    assert [(one.kind, one.value, one.epoch, one.where) for one in history.stated] == [("best", 0.25, 2, "line 13")]


def test_a_log_of_nonsense_takes_no_time_and_tells_nothing(tmp_path: Path) -> None:
    text = "\n".join(["a" * 100_000, "-" * 5_000 + ":" * 5_000, "epoch " * 2_000, "loss = " * 2_000, "(" * 4_000])
    assert not read(tmp_path, text).tells_of_a_run


def test_of_a_very_long_log_the_beginning_and_the_end_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FIRST_LINES", 20)
    monkeypatch.setattr(opening, "LAST_LINES", 10)
    text = "".join(f"Epoch {number}/50: loss {100 - number}\n" for number in range(1, 51))
    history = read(tmp_path, text)
    assert history.epochs == (*range(1, 21), *range(42, 51))
    assert history.train_loss[-1] == 50
    assert "Of 51 lines the first 20 and the last 10 were read." in history.notes
