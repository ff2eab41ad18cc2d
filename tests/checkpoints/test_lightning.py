"""Checkpoints of PyTorch Lightning, in the form that Lightning 2.x writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from makers import make_notebook
from tensors_alike import assert_equal_to_torch, opened


@pytest.mark.parametrize("score", [torch.tensor(0.875), 0.875], ids=["tensor", "number"])
def test_a_run_is_understood(score: object, tmp_path: Path) -> None:
    network = make_notebook()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-4)
    for _ in range(4):
        network(torch.randn(2, 7, 6)).sum().backward()
        optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10)
    held = {
        "epoch": 11,
        "global_step": 480,
        "pytorch-lightning_version": "2.5.1",
        "state_dict": {f"model.{name}": tensor for name, tensor in network.state_dict().items()},
        "loops": {"fit_loop": {"epoch_progress": {"total": {"ready": 12}}}},
        "callbacks": {
            "EarlyStopping{'monitor': 'val_acc'}": {"wait_count": 2, "best_score": torch.tensor(0.9)},
            "ModelCheckpoint{'monitor': 'val_acc', 'mode': 'max'}": {
                "monitor": "val_acc",
                "best_model_score": score,
                "best_model_path": "runs/epoch=9.ckpt",
                "current_score": torch.tensor(0.8),
            },
        },
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [scheduler.state_dict()],
        "hparams_name": "kwargs",
        "hyper_parameters": {"hidden": 8, "lr": 3e-4, "augment": {"flip": True}},
    }
    torch.save(held, tmp_path / "a.ckpt")
    checkpoint, file = opened(tmp_path / "a.ckpt")
    contents = checkpoint.contents
    assert (contents.layout, contents.weights_path, contents.epoch) == ("lightning", ("state_dict",), 11)
    assert contents.stored == {"best_val_acc": 0.875}
    settings = contents.hyperparameters
    assert settings["global_step"] == 480
    assert settings["hyper_parameters.hidden"] == 8
    assert settings["hyper_parameters.augment.flip"] is True
    assert settings["callbacks.best_model_path"] == "runs/epoch=9.ckpt"
    assert settings["callbacks.monitor"] == "val_acc"
    assert contents.optimizer is not None
    assert (contents.optimizer.kind, contents.optimizer.step, contents.optimizer.lr) == ("AdamW", 4, 3e-4)
    assert list(checkpoint.weights) == [f"model.{name}" for name in network.state_dict()]
    for name, tensor in network.state_dict().items():
        assert_equal_to_torch(checkpoint.weights[f"model.{name}"], file.view, tensor)
    assert {record.role for record in checkpoint.tensors if record.path[0] == "callbacks"} <= {"other"}
