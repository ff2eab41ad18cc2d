"""Optimizer states by parameter, against optimizers that PyTorch filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.optimizer_states import OptimizerState, optimizer_states
from asl_inspector.mapped_file import MappedFile


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.LSTM(3, 4)
        self.head = nn.Linear(4, 5)


def states(path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, **extra: Any) -> OptimizerState:
    torch.save({"state_dict": network.state_dict(), "optimizer": optimizer.state_dict(), **extra}, path)
    (found,) = optimizer_states(open_checkpoint(MappedFile(path)))
    return found


def step(network: Network, optimizer: torch.optim.Optimizer) -> None:
    torch.manual_seed(0)
    network.head(network.encoder(torch.randn(2, 3))[0]).square().sum().backward()
    optimizer.step()


def test_states_get_the_names_of_their_parameters_by_order(tmp_path: Path) -> None:
    network = Network()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    step(network, optimizer)
    found = states(tmp_path / "a.pt", network, optimizer)
    assert found.matched == "order"
    assert [state.parameter for state in found.states] == [name for name, _ in network.named_parameters()]
    assert found.groups[0]["lr"] == "0.003"
    assert found.outside == ()
    assert set(found.states[0].tensors) == {"step", "exp_avg", "exp_avg_sq"}
    assert found.of("head.bias") is found.states[-1]


def test_kept_names_win_over_the_order(tmp_path: Path) -> None:
    network = Network()
    optimizer = torch.optim.Adam(list(reversed(list(network.named_parameters()))))
    step(network, optimizer)
    found = states(tmp_path / "a.pt", network, optimizer)
    assert found.matched == "names"
    assert [state.parameter for state in found.states] == [name for name, _ in network.named_parameters()][::-1]


def test_groups_are_told(tmp_path: Path) -> None:
    network = Network()
    groups = [{"params": network.encoder.parameters(), "lr": 1e-4}, {"params": network.head.parameters(), "lr": 1e-2}]
    optimizer = torch.optim.SGD(groups, momentum=0.9)  # type: ignore[arg-type]
    step(network, optimizer)
    found = states(tmp_path / "a.pt", network, optimizer)
    assert [state.group for state in found.states] == [0, 0, 0, 0, 1, 1]
    assert [group["lr"] for group in found.groups] == ["0.0001", "0.01"]
    assert set(found.states[0].tensors) == {"momentum_buffer"}


def test_frozen_parameters_are_outside_and_certain_matches_only_are_told(tmp_path: Path) -> None:
    """The head alone is trained: its shapes fit at one place of the state dict, and nowhere else."""
    network = Network()
    optimizer = torch.optim.Adam(network.head.parameters())
    step(network, optimizer)
    found = states(tmp_path / "a.pt", network, optimizer)
    assert found.matched == "shapes"
    assert [state.parameter for state in found.states] == ["head.weight", "head.bias"]
    assert found.outside == tuple(f"encoder.{name}" for name, _ in network.encoder.named_parameters())


def test_ambiguous_parameters_stay_without_a_name(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    optimizer = torch.optim.Adam(network[0].parameters())
    network[0](torch.randn(2, 4)).sum().backward()
    optimizer.step()
    found = states(tmp_path / "a.pt", network, optimizer)
    assert [state.parameter for state in found.states] == [None, None]
    assert found.outside == ()
    assert "could be one of several" in found.note


def test_a_parameter_without_gradient_has_no_state(tmp_path: Path) -> None:
    network = Network()
    network.encoder.requires_grad_(requires_grad=False)
    optimizer = torch.optim.Adam(network.parameters())
    step(network, optimizer)
    found = states(tmp_path / "a.pt", network, optimizer)
    assert [state.has_state for state in found.states] == [False] * 4 + [True] * 2
    assert found.matched == "order"


def test_an_optimizer_of_another_network_is_not_matched(tmp_path: Path) -> None:
    network, other = Network(), nn.Linear(70, 80)
    optimizer = torch.optim.Adam(other.parameters())
    other(torch.randn(1, 70)).sum().backward()
    optimizer.step()
    found = states(tmp_path / "a.pt", network, optimizer)
    assert found.matched is None
    assert "do not fit" in found.note


def test_tied_parameters_are_one_for_the_optimizer(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False), nn.Linear(4, 3))
    network[1].weight = network[0].weight
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.randn(2, 4)).sum().backward()
    optimizer.step()
    found = states(tmp_path / "a.pt", network, optimizer)
    assert [state.parameter for state in found.states] == ["0.weight", "2.weight", "2.bias"]


def test_lists_of_optimizers_are_all_told(tmp_path: Path) -> None:
    """Lightning keeps a list; thousands of members are one row of text that is cut off."""
    network = nn.ParameterList([nn.Parameter(torch.randn(2)) for _ in range(2_500)])
    optimizer = torch.optim.Adam(network.parameters())
    sum(parameter.sum() for parameter in network).backward()  # type: ignore[union-attr]
    optimizer.step()
    held = {"state_dict": network.state_dict(), "optimizer_states": [optimizer.state_dict()]}
    torch.save(held, tmp_path / "a.ckpt")
    (found,) = optimizer_states(open_checkpoint(MappedFile(tmp_path / "a.ckpt")))
    assert found.path == ("optimizer_states", "0")
    assert (len(found.states), found.matched) == (2_500, "order")
    assert found.states[2_400].parameter == "2400"


def test_a_file_without_optimizer_has_none(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(3)}, tmp_path / "a.pt")
    assert optimizer_states(open_checkpoint(MappedFile(tmp_path / "a.pt"))) == ()
