"""Layers drawn anew, one by one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from asl_inspector.diagnosis import idle_layers
from asl_inspector.inference.records import LayerReset, LayerResets
from asl_inspector.inference.resetting import layers_of, layers_reset
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.networks.network import Network
from asl_inspector.networks.records import Architecture
from asl_inspector.progress import Cancelled, CancelToken

CLASSES = 6


class Shortcut(Network):
    """The head reads the features; what the idle layer adds is a thousandth of them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.idle, self.head = nn.Linear(CLASSES, CLASSES), nn.Linear(CLASSES, CLASSES)
        with torch.no_grad():
            self.head.weight.copy_(10 * torch.eye(CLASSES))
            self.head.bias.zero_()

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(features + 0.001 * self.idle(features))
        return logits


def built(module: Network) -> BuiltNetwork:
    return BuiltNetwork(module.eval(), Architecture("test", "", "", (), CLASSES, CLASSES, blank=None, pooled=False))


def source(clips: int = 30, answers: int = CLASSES) -> ClipSource:
    """Clip i says class i, frame by frame."""
    features = np.random.default_rng(1).normal(0, 0.1, (clips, 8, CLASSES)).astype(np.float32)
    for clip in range(clips):
        features[clip, :, clip % answers] += 3
    return ClipSource("val", np.full(clips, 8), np.arange(clips) % CLASSES, CLASSES, lambda index: features[index])


def test_a_layer_that_carries_nothing_is_told_from_one_that_does_and_the_network_stays_as_it_was() -> None:
    network = built(Shortcut())
    before = {name: one.clone() for name, one in network.module.state_dict().items()}
    found = layers_reset(network, source())
    assert [one.name for one in found.layers] == ["Linear idle", "output layer"]
    assert found.layers[0].stay == 1.0
    assert found.layers[1].stay < 0.5
    assert found.clips == 30
    assert all(torch.equal(before[name], one) for name, one in network.module.state_dict().items())
    (finding,) = idle_layers.ask(found).findings
    assert finding.severity == "info"
    assert finding.sentence.startswith(
        "1 of 2 layers carries next to nothing: drawn anew, the Linear idle leaves 100 %"
    )


def test_both_directions_of_a_depth_are_one_layer() -> None:
    lstm = nn.LSTM(4, 8, num_layers=2, bidirectional=True, batch_first=True)
    module = nn.ModuleDict({"lstm": lstm, "norm": nn.LayerNorm(16)})
    found = {name: len(weights) for name, _, weights in layers_of(module, 5)}
    assert found == {"LSTM layer 0": 8, "LSTM layer 1": 8}


def test_answers_that_are_all_alike_tell_nothing() -> None:
    found = layers_reset(built(Shortcut()), source(answers=1))
    assert found.layers == ()
    assert found.reason == "More than half of the clips have one answer."
    assert idle_layers.ask(found).findings == ()


def test_a_few_clips_are_too_few_and_a_cancel_is_heard() -> None:
    assert "Fewer than 10" in layers_reset(built(Shortcut()), source(clips=9)).reason
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        layers_reset(built(Shortcut()), source(), cancel=token)


def test_where_all_matter_the_least_is_named() -> None:
    found = LayerResets((LayerReset("encoder", 0.1, 5), LayerReset("head", 0.04, 5)), 40)
    (finding,) = idle_layers.ask(found).findings
    assert finding.sentence == (
        "Every layer matters: drawn anew, even the encoder leaves only 10 % of 40 answers as they are."
    )
