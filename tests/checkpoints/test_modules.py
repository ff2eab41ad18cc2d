"""Networks saved whole: the state dict that they would give, without their classes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from tensors_alike import assert_equal_to_torch, opened
from torch import nn

from asl_inspector.checkpoints.records import buffer_count, parameter_count


class Signer(nn.Module):
    """A network with shared weights, a buffer of each kind, and parts in lists and dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(6, 4)
        self.encoder = nn.LSTM(4, 4, bidirectional=True, batch_first=True)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8)) for _ in range(2)])
        self.heads = nn.ModuleDict({"gloss": nn.Linear(8, 5, bias=False), "person": nn.Linear(8, 2)})
        self.tied = self.embed
        self.register_buffer("positions", torch.arange(9.0))
        self.register_buffer("scratch", torch.arange(4.0), persistent=False)
        self.register_parameter("nothing", None)
        self.temperature = nn.Parameter(torch.tensor(2.0))
        self.config = {"hidden": 8}


def save_zip(value: object, path: Path) -> None:
    torch.save(value, path)


def save_legacy(value: object, path: Path) -> None:
    torch.save(value, path, _use_new_zipfile_serialization=False)


def save_pickle(value: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(value))


def save_old_pickle(value: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(value, protocol=2))


WAYS = [save_zip, save_legacy, save_pickle, save_old_pickle]


@pytest.mark.parametrize("save", WAYS)
@pytest.mark.parametrize(
    "wrap", [lambda m: m, lambda m: {"epoch": 7, "model": m}, lambda m: [m]], ids=["bare", "dict", "list"]
)
def test_weights_are_those_of_the_state_dict(save: object, wrap: object, tmp_path: Path) -> None:
    network = Signer()
    save(wrap(network), tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    state = network.state_dict()
    assert sorted(checkpoint.weights) == sorted(state)
    for name, tensor in state.items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    names = dict(network.named_parameters(remove_duplicate=False))
    assert {name for name, record in checkpoint.weights.items() if record.role == "parameter"} == set(names)
    assert parameter_count(checkpoint.tensors) == sum(p.numel() for p in network.parameters())
    assert buffer_count(checkpoint.tensors) == sum(b.numel() for b in network.buffers())
    assert checkpoint.contents.layout == "module"


def test_paths_have_one_element_for_each_level_of_the_file(tmp_path: Path) -> None:
    torch.save({"model": Signer()}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    paths = {record.path for record in checkpoint.tensors}
    assert ("model", "_modules", "heads", "_modules", "gloss", "_parameters", "weight") in paths
    values = {value.path: value.text for value in checkpoint.values}
    assert values["model", "config", "hidden"] == "8"
    assert checkpoint.contents.weights_path == ("model",)


def test_a_copy_beside_the_network_does_not_count_twice(tmp_path: Path) -> None:
    network = Signer()
    torch.save({"model": network, "ema": Signer()}, tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    assert checkpoint.contents.weights_path == ("model",)
    assert parameter_count(checkpoint.tensors) == sum(p.numel() for p in network.parameters())
    assert_equal_to_torch(checkpoint.weights["embed.weight"], file.view, network.embed.weight)


def test_an_optimizer_saved_whole_is_no_network(tmp_path: Path) -> None:
    network = Signer()
    torch.save({"net": network, "optimizer": torch.optim.SGD(network.parameters(), lr=0.1)}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert sorted(checkpoint.weights) == sorted(network.state_dict())
    roles = {record.role for record in checkpoint.tensors if record.path[0] == "optimizer"}
    assert roles == {"optimizer"}


def test_a_state_dict_is_still_one(tmp_path: Path) -> None:
    torch.save({"model": Signer().state_dict()}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert checkpoint.contents.layout == "state-dict"
    assert list(checkpoint.weights) == list(Signer().state_dict())
