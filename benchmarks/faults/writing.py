"""The files of a run, as a training script leaves them: checkpoint, caches, vocabulary, log, Stage 1."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import torch

from benchmarks.faults.records import Clip, Setup
from benchmarks.faults.training import Epoch, State


def write_run(folder: Path, setup: Setup, epochs: list[Epoch], stage1: State | None) -> None:
    """Write everything into `folder`, which must exist."""
    write_cache(folder / "features_train.pkl", setup.train, "train")
    write_cache(folder / "features_val.pkl", setup.val, "val")
    write_checkpoint(folder, setup, epochs)
    vocabulary = {
        "gloss_to_id": setup.vocabulary,
        "id_to_gloss": {str(number): gloss for gloss, number in setup.vocabulary.items()},
        "vocab_size": setup.outputs,
    }
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary, indent=1), encoding="utf-8")
    (folder / "train_log.txt").write_text("\n".join(log_of(setup, epochs)) + "\n", encoding="utf-8")
    if stage1 is not None:
        torch.save({"epoch": 3, "encoder_state_dict": stage1, "best_loss": 0.5}, folder / "stage1_checkpoint_best.pt")


def write_cache(path: Path, clips: list[Clip], split: str) -> None:
    """A dict of clips, as feature scripts pickle it."""
    cache = {
        clip.name: {
            "features": clip.features,
            **({"gloss": clip.glosses[0] if len(clip.glosses) == 1 else list(clip.glosses)} if clip.glosses[0] else {}),
            "gloss_id": clip.ids[0] if len(clip.ids) == 1 else list(clip.ids),
            "video_id": clip.name,
            "split": split,
        }
        for clip in clips
    }
    with path.open("wb") as file:
        pickle.dump(cache, file, protocol=4)


def epoch_of(which: str | int, epochs: list[Epoch]) -> int:
    """Index of "best" (the first of the highest accuracy), "last" or a number from 1."""
    if which == "last":
        return len(epochs) - 1
    if which == "best":
        return max(range(len(epochs)), key=lambda index: (epochs[index].val_acc, -index))
    return min(int(which), len(epochs)) - 1


def write_checkpoint(folder: Path, setup: Setup, epochs: list[Epoch]) -> None:
    """Weights, optimizer, metadata and configuration."""
    saving, training = setup.saving, setup.training
    held = epoch_of(saving.weights, epochs)
    stated = held if saving.stated is None else epoch_of(saving.stated, epochs)
    weights = {name: value.clone() for name, value in epochs[held].weights.items()}
    optimizer = epochs[held].optimizer
    if saving.first_step:
        for kept in optimizer["state"].values():  # type: ignore[attr-defined]
            kept["step"] = kept["step"] + saving.first_step
    config = {
        "architecture": "bilstm_ctc" if setup.arch == "ctc" else "bigru_mean",
        "criterion": "ctc" if setup.arch == "ctc" else "cross_entropy",
        "pooling": "none" if setup.arch == "ctc" else "mean",
        "hidden_dim": training.hidden,
        "dropout": training.dropout,
        "lr": training.lr,
        "batch_size": 16,
        "epochs": training.epochs,
    }
    if setup.arch == "ctc":
        config["blank_id"] = 0
    torch.save(
        {
            "epoch": stated + 1,
            "model_state_dict": weights,
            "optimizer_state_dict": optimizer,
            "val_acc": epochs[stated].val_acc,
            "val_loss": epochs[stated].val_loss,
            "train_loss": epochs[stated].train_loss,
            "vocab_size": setup.outputs,
            "gloss_to_id": setup.vocabulary,
            "config": config,
        },
        folder / saving.name.format(epoch=held + 1),
    )


def log_of(setup: Setup, epochs: list[Epoch]) -> list[str]:
    """What the run printed."""
    lines = list(setup.stage1.printed) if setup.stage1 is not None else []
    for number, epoch in enumerate(epochs, start=1):
        lines += [
            f"Epoch {number}/{len(epochs)}:",
            f"  Train Loss: {epoch.train_loss:.4f}",
            f"  Val Loss: {epoch.val_loss:.4f}",
            f"  Val Accuracy: {epoch.val_acc:.2f}%",
        ]
    return lines
