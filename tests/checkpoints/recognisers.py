"""Small recognisers, really trained for some steps on signs made of noise: every network here is seeded."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import nn

from asl_inspector.checkpoints.comparing_checkpoints import compare_checkpoints
from asl_inspector.checkpoints.comparison_records import CheckpointComparison
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.mapped_file import MappedFile

State = dict[str, torch.Tensor]


class Recogniser(nn.Module):
    """A projection, a BiLSTM, a LayerNorm and a head."""

    def __init__(self, inputs: int = 20, hidden: int = 48, classes: int = 41) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.input_projection = nn.Linear(inputs, hidden)
        self.encoder.lstm = nn.LSTM(hidden, hidden, 2, batch_first=True, bidirectional=True)
        self.encoder.layer_norm = nn.LayerNorm(2 * hidden)
        self.classifier = nn.Linear(2 * hidden, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        encoded = self.encoder.lstm(self.encoder.input_projection(features))[0]
        return self.classifier(self.encoder.layer_norm(encoded))


def born(seed: int, **sizes: int) -> Recogniser:
    """A network as PyTorch draws it."""
    torch.manual_seed(seed)
    return Recogniser(**sizes)


def train(
    network: nn.Module,
    steps: int,
    *,
    data_seed: int = 9,
    order_seed: int = 0,
    weight_decay: float = 1e-4,
    lr: float = 3e-3,
    average: State | None = None,
) -> torch.optim.Optimizer:
    """Train on one fixed set of noise with very uneven classes; with `average`, keep an EMA of the weights in it."""
    random = torch.Generator().manual_seed(data_seed)
    clips = torch.randn(96, 8, 20, generator=random)
    classes = (torch.rand(96, generator=random) ** 3 * 41).long()
    order = torch.Generator().manual_seed(order_seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, weight_decay=weight_decay)
    for _ in range(steps):
        batch = torch.randint(0, 96, (16,), generator=order)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(clips[batch]).mean(dim=1), classes[batch]).backward()
        optimizer.step()
        if average is not None:
            for name, value in network.state_dict().items():
                average[name].mul_(0.9).add_(value, alpha=0.1)
    return optimizer


def trained(network: nn.Module, steps: int, **options: Any) -> Any:
    """A trained copy."""
    network = copy.deepcopy(network)
    train(network, steps, **options)
    return network


def prefixed(state: State, prefix: str) -> State:
    """The same weights with a prefix before every key."""
    return {prefix + name: value for name, value in state.items()}


def save(path: Path, content: object) -> Path:
    """Written by torch."""
    torch.save(content, path)
    return path


def compare(a: Path, b: Path, **parts: str) -> CheckpointComparison:
    """The two files compared as `asl-inspector compare` does."""
    files = MappedFile(a), MappedFile(b)
    return compare_checkpoints(
        open_checkpoint(files[0]), files[0].view, open_checkpoint(files[1]), files[1].view, **parts
    )


def compare_states(folder: Path, a: object, b: object, **parts: str) -> CheckpointComparison:
    """Two states written and compared."""
    return compare(save(folder / "a.pt", a), save(folder / "b.pt", b), **parts)
