"""Which tensors correspond, and does one network descend from another?"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from asl_inspector.checkpoints.comparing import Side, compare_weights
from asl_inspector.checkpoints.comparison_records import Comparison
from asl_inspector.checkpoints.hidden_units import shared_units_z, units
from asl_inspector.checkpoints.name_matching import match_names
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.mapped_file import MappedFile


class Recogniser(nn.Module):
    def __init__(self, inputs: int = 12, hidden: int = 48, classes: int = 9) -> None:
        super().__init__()
        self.encoder = nn.Module()
        self.encoder.lstm = nn.LSTM(inputs, hidden, 2, batch_first=True, bidirectional=True)
        self.classifier = nn.Linear(2 * hidden, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.encoder.lstm(features)[0])


def seeded(seed: int, **sizes: int) -> Recogniser:
    torch.manual_seed(seed)
    return Recogniser(**sizes)


def trained(network: Recogniser, steps: int, *, weight_decay: float = 1e-4, seed: int = 9) -> Recogniser:
    """A copy after some steps of Adam with coupled weight decay on random targets."""
    network = copy.deepcopy(network)
    torch.manual_seed(seed)
    features = torch.randn(16, 10, network.encoder.lstm.input_size)
    targets = torch.randint(0, network.classifier.out_features, (16,))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3, weight_decay=weight_decay)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(features).mean(dim=1), targets).backward()
        optimizer.step()
    return network


def side(path: Path, state: dict[str, torch.Tensor]) -> Side:
    torch.save({"model_state_dict": state}, path)
    file = MappedFile(path)
    return Side(open_checkpoint(file).weights, file.view)


def compared(tmp_path: Path, a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> Comparison:
    return compare_weights(side(tmp_path / "a.pt", a), side(tmp_path / "b.pt", b))


def encoder_only(network: Recogniser) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix("encoder."): value
        for name, value in network.state_dict().items()
        if name.startswith("encoder.")
    }


def test_equal_weights_are_identical(tmp_path: Path) -> None:
    state = seeded(0).state_dict()
    result = compared(tmp_path, state, state)
    assert result.verdict == "identical"
    assert {row.status for row in result.tensors} == {"equal"}


@pytest.mark.slow
def test_a_trained_network_descends_from_its_start(tmp_path: Path) -> None:
    start = seeded(0)
    result = compared(tmp_path, trained(start, 150).state_dict(), start.state_dict())
    assert result.verdict == "descends"
    recurrent = [row for row in result.tensors if row.a and "lstm" in row.a]
    assert all(row.trace == "trace" for row in recurrent)
    assert max(row.null_p or 0 for row in recurrent) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_networks_with_different_starts_are_unrelated(tmp_path: Path, seed: int) -> None:
    result = compared(tmp_path, trained(seeded(0), 150).state_dict(), trained(seeded(seed), 150).state_dict())
    assert result.verdict == "unrelated"
    p_values = [row.null_p for row in result.tensors if row.null_p is not None]
    assert min(p_values) > 1e-4  # none of about 20 tensors pretends to a trace


def test_an_encoder_is_found_under_its_prefix(tmp_path: Path) -> None:
    start = seeded(0)
    result = compared(tmp_path, trained(start, 50).state_dict(), encoder_only(start))
    assert (result.prefix_a, result.prefix_b) == ("encoder.", "")
    assert result.verdict == "descends"
    assert [row.status for row in result.tensors if row.a == "classifier.weight"] == ["only-a"]


def test_blocked_shapes_make_it_partly(tmp_path: Path) -> None:
    start, other = seeded(0), seeded(0, inputs=7)
    mixed = other.state_dict() | {
        name: value for name, value in start.state_dict().items() if value.shape == other.state_dict()[name].shape
    }
    result = compared(tmp_path, mixed, start.state_dict())
    assert result.verdict == "partly"
    blocked = [row.a for row in result.tensors if row.status == "shape-blocked"]
    assert blocked == ["encoder.lstm.weight_ih_l0", "encoder.lstm.weight_ih_l0_reverse"]


def test_nothing_in_common_is_undetermined(tmp_path: Path) -> None:
    assert compared(tmp_path, {"a": torch.randn(3)}, {"b": torch.randn(3)}).verdict == "undetermined"


def test_constant_tensors_prove_nothing(tmp_path: Path) -> None:
    ones = {"norm.weight": torch.ones(64), "norm.bias": torch.zeros(64)}
    result = compared(tmp_path, ones, {"norm.weight": torch.ones(64), "norm.bias": torch.randn(64)})
    assert result.verdict == "undetermined"
    assert {row.trace for row in result.tensors} == {"constant"}


def test_a_tensor_decayed_to_nothing_is_faint(tmp_path: Path) -> None:
    a, b = torch.randn(64, 32), torch.randn(64, 32) * 1e-4
    (row,) = compared(tmp_path, {"w": a}, {"w": b}).tensors
    assert row.trace == "faint"


@pytest.mark.slow
def test_the_bias_difference_survives_training_that_hides_the_biases(tmp_path: Path) -> None:
    """b_ih and b_hh get one gradient; their difference keeps its value from birth (correlation 1 without decay)."""
    start = seeded(0)
    end = trained(start, 400, weight_decay=0.0)
    for name, value in end.state_dict().items():
        if "bias_ih" in name:
            twin = name.replace("bias_ih", "bias_hh")
            now = (value - end.state_dict()[twin]).numpy()
            born = (start.state_dict()[name] - start.state_dict()[twin]).numpy()
            assert np.corrcoef(now, born)[0, 1] > 0.999


def prefixes(names_a: list[str], names_b: list[str]) -> list[tuple[str, str]]:
    found = match_names(dict.fromkeys(names_a, ()), dict.fromkeys(names_b, ()))
    return [(pair.a, pair.b) for pair in found.prefixes]


def test_prefixes_of_wrappers_are_found() -> None:
    bare = ["lstm.weight", "lstm.bias", "fc.weight"]
    for prefix in ("module.", "model.", "_orig_mod.", "model.encoder."):
        assert prefixes([prefix + name for name in bare], bare) == [(prefix, "")]
        assert prefixes(bare, [prefix + name for name in bare]) == [("", prefix)]
    assert prefixes(bare, bare) == [("", "")]


def test_the_permutation_null_equals_drawn_permutations() -> None:
    """Mean and spread of the closed form against 20,000 drawn renumberings."""
    random = np.random.default_rng(3)
    a, b = random.normal(size=(40, 6)) + 1.5, random.normal(size=(40, 6)) + 0.8
    drawn = [float((a * b[random.permutation(40)]).sum()) for _ in range(20_000)]
    z = shared_units_z(a, b)
    expected = (float((a * b).sum()) - np.mean(drawn)) / np.std(drawn)
    assert z == pytest.approx(expected, abs=0.03)


def test_units_of_an_lstm_gather_the_four_gates() -> None:
    weight = np.arange(8 * 3).reshape(8, 3)  # 4 gates of 2 units
    gathered = units("lstm.weight_ih_l0", weight, 4)
    assert gathered.shape == (2, 12)
    assert gathered[0].tolist() == [0, 1, 2, 6, 7, 8, 12, 13, 14, 18, 19, 20]
    assert units("fc.weight", weight, 4).shape == (8, 3)


def test_too_few_units_give_no_verdict() -> None:
    assert shared_units_z(np.ones((4, 3)), np.ones((4, 3))) is None
