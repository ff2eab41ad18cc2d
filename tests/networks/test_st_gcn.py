"""ST-GCN against a module built independently with the same weights."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.inference.running import run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network

KINDS, LANDMARKS, NUMBERS, CLASSES = 3, 5, 2, 7
WIDTHS = [NUMBERS, 6, 6, 8, 8]  # the third block widens, and takes every second frame


class PublishedBlock(nn.Module):
    """By the definition: a sum over kinds of neighbour of graph times numbers times matrix."""

    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        self.gcn = nn.Module()
        self.gcn.conv = nn.Conv2d(inputs, outputs * KINDS, (1, 1))
        self.step = 2 if inputs != outputs and not first else 1
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, (9, 1), (self.step, 1), (4, 0)),
            nn.BatchNorm2d(outputs),
            nn.Dropout(0.3),
        )
        self.first = first
        if self.step == 2:
            self.residual = nn.Sequential(nn.Conv2d(inputs, outputs, 1, (2, 1)), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor, graph: Tensor) -> Tensor:
        parts = functional.conv2d(x, self.gcn.conv.weight, self.gcn.conv.bias).chunk(KINDS, dim=1)
        y = self.tcn(sum(part @ graph[kind] for kind, part in enumerate(parts)))
        if self.first:
            return torch.relu(y)
        return torch.relu(y + (self.residual(x) if self.step == 2 else x))


class Published(nn.Module):
    """Encoder and decoder; takes (N, F, T, V)."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.register_buffer("A", torch.rand(KINDS, LANDMARKS, LANDMARKS))
        self.encoder.data_bn = nn.BatchNorm1d(NUMBERS * LANDMARKS)
        self.encoder.st_gcn_networks = nn.ModuleList(
            PublishedBlock(a, b, first=place == 0) for place, (a, b) in enumerate(itertools.pairwise(WIDTHS))
        )
        self.encoder.edge_importance = nn.ParameterList(
            nn.Parameter(torch.rand(KINDS, LANDMARKS, LANDMARKS)) for _ in WIDTHS[1:]
        )
        self.decoder.classifier = nn.Linear(WIDTHS[-1], CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        n, f, t, v = x.shape
        y = x.permute(0, 3, 1, 2).reshape(n, v * f, t)
        x = self.encoder.data_bn(y).reshape(n, v, f, t).permute(0, 2, 3, 1)
        for block, edges in zip(self.encoder.st_gcn_networks, self.encoder.edge_importance, strict=True):
            x = block(x, self.encoder.A * edges)
        return self.decoder.classifier(functional.avg_pool2d(x, x.shape[2:]).flatten(1))


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(3)
    made = Published().eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return made


def rebuilt(state: dict[str, Tensor], folder: Path, **chosen: str) -> BuiltNetwork:
    torch.save(state, folder / "a.pt")
    file = MappedFile(folder / "a.pt")
    return build_network(open_checkpoint(file), file.view, chosen=chosen)


def answer(network: nn.Module, clip: np.ndarray) -> Tensor:
    """The original on (T, V F): a landmark's numbers next to each other."""
    x = torch.from_numpy(clip).reshape(1, len(clip), LANDMARKS, NUMBERS).permute(0, 3, 1, 2)
    with torch.inference_mode():
        return network(x)[0]


@pytest.mark.parametrize("prefix", ["", "model."])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_it_computes_what_the_original_does(network: nn.Module, tmp_path: Path, prefix: str, kind: torch.dtype) -> None:
    state = {prefix + key: value.to(kind) for key, value in network.state_dict().items()}
    built = rebuilt(state, tmp_path)
    found = built.architecture
    assert (found.family, found.inputs, found.classes, found.blank) == ("ST-GCN", LANDMARKS * NUMBERS, CLASSES, None)
    random = np.random.default_rng(0)
    clips = [random.normal(size=(length, LANDMARKS * NUMBERS)).astype(np.float32) for length in (1, 2, 9, 30, 31)]
    source = ClipSource("x", np.array([len(one) for one in clips]), np.arange(5), 10, lambda index: clips[index])
    predictions = run_network(built, source, device="cpu")
    for index, clip in enumerate(clips):
        wanted = answer(network, clip)
        with torch.inference_mode():
            torch.testing.assert_close(built.module(torch.from_numpy(clip)[None])[0], wanted, atol=1e-5, rtol=1e-5)
        assert predictions.top[index, 0] == int(wanted.argmax())


def test_without_weights_on_the_edges_and_with_other_steps(network: nn.Module, tmp_path: Path) -> None:
    state = {key: value for key, value in network.state_dict().items() if "edge_importance" not in key}
    for edges in network.encoder.edge_importance:  # type: ignore[union-attr]
        nn.init.ones_(edges)
    clip = np.random.default_rng(1).normal(size=(11, 10)).astype(np.float32)
    built = rebuilt(state, tmp_path)
    with torch.inference_mode():
        found = built.module(torch.from_numpy(clip)[None])[0]
        torch.testing.assert_close(found, answer(network, clip), atol=1e-5, rtol=1e-5)
        other = rebuilt(state, tmp_path, **{"steps of widening blocks": "1"})
        assert not torch.allclose(other.module(torch.from_numpy(clip)[None])[0], found, atol=1e-3)


@pytest.mark.parametrize("key", ["encoder.A", "encoder.st_gcn_networks.2.residual.0.weight", "encoder.data_bn.bias"])
def test_one_that_lacks_a_tensor_is_named_and_not_run(network: nn.Module, tmp_path: Path, key: str) -> None:
    state = {name: value for name, value in network.state_dict().items() if name != key}
    with pytest.raises(UnknownArchitecture) as raised:
        rebuilt(state, tmp_path)
    assert "ST-GCN" in raised.value.sentence


@pytest.mark.parametrize("key", ["encoder.A", "encoder.data_bn.weight", "decoder.classifier.weight"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 0), (1, 2, 3, 4)])
def test_shapes_that_make_no_sense_are_refused(
    network: nn.Module, tmp_path: Path, key: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(UnknownArchitecture):
        rebuilt(dict(network.state_dict()) | {key: torch.zeros(shape)}, tmp_path)
