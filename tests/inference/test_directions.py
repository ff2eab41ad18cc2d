"""Effective ranks of frames whose directions are known by construction, and of a network's own encoder."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from makers import FEATURES, Run
from torch import Tensor, nn

from asl_inspector.inference.directions import _entering, effective_rank, effective_ranks, head_of
from asl_inspector.inference.sources import ClipSource
from asl_inspector.inspection import Inspector
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.networks.network import Network
from asl_inspector.networks.records import Architecture
from asl_inspector.progress import Cancelled, CancelToken


def with_values(values: list[float], rows: int = 60) -> np.ndarray:
    """(rows, D), centred frames with these singular values."""
    left = np.linalg.qr(np.random.default_rng(0).normal(size=(rows, len(values) + 1)))[0]
    left = np.linalg.qr(np.column_stack([np.ones(rows), left]))[0][:, 1 : len(values) + 1]  # each sums to 0
    right = np.linalg.qr(np.random.default_rng(1).normal(size=(len(values), len(values))))[0]
    return (left * np.array(values)) @ right.T


@pytest.mark.parametrize(
    ("values", "rank"),
    [
        ([2.0, 2.0, 2.0, 2.0], 4.0),
        ([5.0, 1e-12, 1e-12], 1.0),
        ([3.0, 1.0], math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))),
    ],
)
def test_the_rank_is_the_exponential_of_the_entropy_of_the_shares(values: list[float], rank: float) -> None:
    found = effective_rank(with_values(values))
    assert found is not None
    assert found.value == pytest.approx(rank, rel=1e-4)
    assert found.dims == len(values)


def test_numbers_that_hang_together_lie_below_the_null_and_others_do_not() -> None:
    random = np.random.default_rng(2)
    one = random.normal(size=(400, 1))
    together = effective_rank(one + 0.1 * random.normal(size=(400, 8)), scaled=True)
    apart = effective_rank(random.normal(size=(400, 8)), scaled=True)
    assert together is not None
    assert apart is not None
    assert together.value < 0.7 * together.null_low
    assert apart.value == pytest.approx(apart.null_low, rel=0.01)


def test_too_few_frames_or_still_numbers_have_no_rank() -> None:
    assert effective_rank(np.random.default_rng(0).normal(size=(10, 4))) is None
    assert effective_rank(np.ones((100, 4))) is None


class Narrow(Network):
    """An encoder that lets one direction through."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder, self.head = nn.Linear(6, 8, bias=False), nn.Linear(8, 5)
        with torch.no_grad():
            self.encoder.weight.copy_(torch.outer(torch.randn(8), torch.randn(6)))

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encoder(features))
        return logits


def source(clips: int = 12, length: int = 10) -> ClipSource:
    features = np.random.default_rng(4).normal(size=(clips, length, 6)).astype(np.float32)
    lengths = np.full(clips, length)
    return ClipSource("val", lengths, np.ones(clips, np.int64), 6, lambda index: features[index])


def built(classes: int = 5) -> BuiltNetwork:
    return BuiltNetwork(
        Narrow().eval(),
        Architecture("test", "", "", (), inputs=6, classes=classes, blank=0, pooled=False),
    )


def test_what_enters_the_layer_that_answers_is_measured_and_nothing_stays_hooked() -> None:
    network = built()
    found = effective_ranks(network, source())
    assert found.features is not None
    assert found.hidden is not None
    assert found.features.value > 5
    assert found.hidden.value == pytest.approx(1.0, abs=0.01)
    assert found.clips == 12
    head = head_of(network.module, 5)
    assert head is not None
    assert not head._forward_pre_hooks


def test_what_other_threads_run_meanwhile_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clip that is looked at runs through the same network; its thread is stood for by the network calling itself."""
    network, calls = built(), []
    forward = Narrow.forward

    def while_another_runs(module: Narrow, features: Tensor) -> Tensor:
        if module is not network.module:
            calls.append(forward(network.module, 100 * torch.randn(1, 40, 6)))  # type: ignore[arg-type]
        return forward(module, features)

    alone = effective_ranks(network, source())
    monkeypatch.setattr(Narrow, "forward", while_another_runs)
    assert effective_ranks(network, source()) == alone
    assert len(calls) == 12
    tensors = [one.data_ptr() for one in network.module.parameters()]
    assert len(set(tensors)) == len(tensors) == 3  # and none was copied away


def test_a_network_without_such_a_layer_has_a_reason_instead() -> None:
    found = effective_ranks(built(classes=99), source())
    assert found.features is not None
    assert found.hidden is None
    assert "no single linear output layer" in found.reason


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        effective_ranks(built(), source(), cancel=token)


def test_clips_that_go_together_enter_the_head_as_each_does_alone(run: Run) -> None:
    inspector = Inspector()
    inspector.add([run.checkpoint, run.validation])
    inspector.inspect()
    assert inspector.rebuilt is not None
    module = inspector.rebuilt.network.module
    head = head_of(module, inspector.rebuilt.network.architecture.classes)
    assert head is not None
    random = np.random.default_rng(1)
    clips = [random.normal(size=(length, FEATURES)).astype(np.float32) for length in (9, 4, 13)]
    assert module.ragged
    together = _entering(module, head.out_features, clips, CancelToken())
    module.ragged = False
    alone = _entering(module, head.out_features, clips, CancelToken())
    assert together.shape == (26, head.in_features)
    assert np.allclose(together, alone, atol=1e-5)
