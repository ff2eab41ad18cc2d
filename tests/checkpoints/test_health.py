"""The health of weights: planted faults are found, trained and newly made networks are told apart."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from asl_inspector.checkpoints.health import weight_health
from asl_inspector.checkpoints.health_records import QUESTIONS, HealthNote, Question
from asl_inspector.checkpoints.initial_values import (
    SMALLEST_DRIFT,
    is_untouched,
    kolmogorov_p,
    noticed_drift,
    starts_of,
)
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import Cancelled, CancelToken


class Recogniser(nn.Module):
    """Large enough that every weight can be judged."""

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(36, 64)
        self.lstm = nn.LSTM(64, 64, 1, batch_first=True, bidirectional=True)
        self.norm = nn.LayerNorm(128)
        self.head = nn.Linear(128, 41)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.lstm(self.projection(features))[0]).mean(1))


def trained(steps: int = 3, lr: float = 1e-3, seed: int = 0, **frozen: Any) -> tuple[Recogniser, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    network = Recogniser()
    for name in frozen:
        getattr(network, name).requires_grad_(requires_grad=False)
    optimizer = torch.optim.Adam([one for one in network.parameters() if one.requires_grad], lr=lr)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(network(torch.randn(8, 6, 36)), torch.randint(41, (8,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network, optimizer


def notes_of(path: Path, network: nn.Module, optimizer: torch.optim.Optimizer | None = None) -> tuple[HealthNote, ...]:
    held: dict[str, Any] = {"model_state_dict": network.state_dict()}
    if optimizer is not None:
        held["optimizer_state_dict"] = optimizer.state_dict()
    torch.save(held, path)
    file = MappedFile(path)
    return weight_health(open_checkpoint(file), file.view)


def answers(notes: tuple[HealthNote, ...], question: Question) -> list[HealthNote]:
    return [note for note in notes if note.question == question]


def only(notes: tuple[HealthNote, ...], question: Question) -> HealthNote:
    (found,) = answers(notes, question)
    return found


def test_a_trained_network_is_sound_in_every_respect(tmp_path: Path) -> None:
    notes = notes_of(tmp_path / "a.pt", *trained())
    assert {note.question: note.verdict for note in notes} == dict.fromkeys(QUESTIONS, "sound")


def test_numbers_that_are_not_finite_are_ill_and_come_first(tmp_path: Path) -> None:
    network, optimizer = trained()
    with torch.no_grad():
        network.head.weight[3, 4] = float("nan")
        network.lstm.weight_hh_l0[:2, 0] = float("inf")
    notes = notes_of(tmp_path / "a.pt", network, optimizer)
    assert (notes[0].question, notes[0].verdict, notes[0].figure) == ("finite", "ill", 3)
    assert set(notes[0].keys) == {"head.weight", "lstm.weight_hh_l0"}


# -- untouched layers -------------------------------------------------------------------------------------------------


def test_a_new_network_is_told_untouched(tmp_path: Path) -> None:
    torch.manual_seed(0)
    note = only(notes_of(tmp_path / "a.pt", Recogniser()), "initial")
    assert note.verdict == "suspect"
    assert set(note.keys) == {
        "projection.weight",
        "lstm.weight_ih_l0",
        "lstm.weight_hh_l0",
        "lstm.weight_ih_l0_reverse",
        "lstm.weight_hh_l0_reverse",
        "head.weight",
    }


@pytest.mark.parametrize(("steps", "lr"), [(1, 1e-2), (1, 1e-3), (5, 1e-3)])
def test_a_single_step_is_noticed_without_the_optimizers_help(tmp_path: Path, steps: int, lr: float) -> None:
    for seed in range(3):
        network, _ = trained(steps, lr, seed)
        assert only(notes_of(tmp_path / "a.pt", network), "initial").verdict == "sound"


def test_the_drift_that_is_promised_to_be_noticed_is() -> None:
    """Every number of new layers moved by the smallest drift, up or down: at most 1 of 100 may pass for untouched."""
    torch.manual_seed(0)
    (start, *_) = starts_of("weight", {"weight": (48, 36), "bias": (48,)})
    assert noticed_drift(48 * 36, start) < SMALLEST_DRIFT
    passed = 0
    for _ in range(300):
        weight = nn.Linear(36, 48).weight.detach()
        passed += bool(is_untouched((weight + SMALLEST_DRIFT * torch.randn_like(weight).sign()).numpy(), start))
    assert passed <= 6


def test_layers_too_small_to_notice_that_drift_are_not_judged() -> None:
    (start, *_) = starts_of("weight", {"weight": (300, 4), "bias": (300,)})
    assert noticed_drift(1200, start) > SMALLEST_DRIFT
    assert is_untouched(nn.Linear(4, 300).weight.detach().numpy(), start) is None


def test_weight_decay_alone_does_not_look_like_a_start(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Recogniser()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter *= 0.99
    assert only(notes_of(tmp_path / "a.pt", network), "initial").verdict == "sound"


def test_only_the_frozen_part_is_told_untouched(tmp_path: Path) -> None:
    network, _ = trained(lstm=True)
    note = only(notes_of(tmp_path / "a.pt", network), "initial")
    assert {key.split(".")[0] for key in note.keys} == {"lstm"}


def test_gradients_in_the_optimizer_speak_against_an_untouched_layer(tmp_path: Path) -> None:
    """A rate of zero moves nothing; the second moments tell that the training ran."""
    network, optimizer = trained(lr=0.0)
    assert only(notes_of(tmp_path / "a.pt", network), "initial").verdict == "suspect"
    assert only(notes_of(tmp_path / "b.pt", network, optimizer), "initial").verdict == "sound"


def test_small_layers_are_not_judged(tmp_path: Path) -> None:
    note = only(notes_of(tmp_path / "a.pt", nn.Linear(4, 4)), "initial")
    assert note.verdict is None
    assert "enough" in note.sentence


def test_a_new_embedding_is_told_and_not_blamed(tmp_path: Path) -> None:
    torch.manual_seed(0)
    notes = notes_of(tmp_path / "a.pt", nn.ModuleDict({"embedding": nn.Embedding(50, 64)}))
    assert [note.verdict for note in answers(notes, "initial")] == [None]


LAYERS = {
    "linear": lambda: nn.Linear(50, 60),
    "convolution": lambda: nn.Conv1d(20, 30, 5),
    "grouped": lambda: nn.Conv2d(32, 64, 3, groups=4),
    "lstm": lambda: nn.LSTM(30, 40, 2),
    "gru": lambda: nn.GRU(30, 40, bidirectional=True),
    "rnn": lambda: nn.RNN(40, 40),
    "attention": lambda: nn.MultiheadAttention(48, 4),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_every_default_start_is_recognised(kind: str) -> None:
    """60 layers each; a truly new tensor is missed twice in a thousand by design, so at most 2 of about 100 are."""
    torch.manual_seed(1)
    missed = judged = 0
    for _ in range(60):
        state = LAYERS[kind]().state_dict()
        shapes = {key: tuple(tensor.shape) for key, tensor in state.items()}
        for key, tensor in state.items():
            starts = starts_of(key, shapes)
            answer = is_untouched(tensor.numpy(), starts[0]) if starts else None
            judged += answer is not None
            missed += answer is False
    assert judged >= 60
    assert missed <= 2


def test_normalisations_start_at_one_and_zero() -> None:
    state = nn.LayerNorm(8).state_dict()
    shapes = {key: tuple(tensor.shape) for key, tensor in state.items()}
    for key, tensor in state.items():
        (start,) = starts_of(key, shapes)
        assert is_untouched(tensor.numpy(), start) is True
        assert is_untouched(tensor.numpy() + 1e-3, start) is False


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_rounding_at_the_edge_is_no_training(dtype: str) -> None:
    torch.manual_seed(0)
    weight = nn.Linear(64, 512).weight.detach()
    rounded = weight.to(getattr(torch, dtype)).float().numpy()
    (start, *_) = starts_of("weight", {"weight": (512, 64), "bias": (512,)})
    assert is_untouched(rounded, start, dtype) is True


def test_the_chance_of_a_distance_is_kolmogorovs() -> None:
    """Against the tabled 5 % and 1 % points of Kolmogorov's distribution, 1.358 and 1.628."""
    n = 10_000
    for point, chance in ((1.358, 0.05), (1.628, 0.01)):
        distance = point / (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n))
        even = (np.arange(n) + 0.5) / n
        heights = np.clip(even + distance - 0.5 / n, 0, 1)
        assert kolmogorov_p(heights) == pytest.approx(chance, rel=0.02)


# -- gradients --------------------------------------------------------------------------------------------------------


def test_parameters_outside_the_optimizer_are_frozen(tmp_path: Path) -> None:
    note = only(notes_of(tmp_path / "a.pt", *trained(projection=True)), "frozen")
    assert (note.verdict, note.keys) == ("suspect", ("projection.weight", "projection.bias"))
    assert "does not have" in note.sentence


def test_parameters_without_state_never_got_a_gradient(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Recogniser()
    network.norm.requires_grad_(requires_grad=False)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.randn(2, 3, 36)).sum().backward()
    optimizer.step()
    note = only(notes_of(tmp_path / "a.pt", network, optimizer), "frozen")
    assert (note.verdict, note.keys, note.figure) == ("suspect", ("norm.weight", "norm.bias"), 2)


def test_second_moments_of_zero_mean_zero_gradients(tmp_path: Path) -> None:
    """Clips of one frame: the hidden state is zero, so the recurrent weights get gradients of exactly zero."""
    torch.manual_seed(0)
    network = nn.GRU(36, 40, batch_first=True)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.randn(8, 1, 36))[0].sum().backward()
    optimizer.step()
    notes = notes_of(tmp_path / "a.pt", network, optimizer)
    note = only(notes, "frozen")
    assert (note.verdict, note.keys) == ("suspect", ("weight_hh_l0",))
    assert "exactly zero" in note.sentence
    assert only(notes, "initial").keys == ("weight_hh_l0",)


def test_an_optimizer_without_a_step_is_told(tmp_path: Path) -> None:
    note = only(notes_of(tmp_path / "a.pt", *trained(0)), "frozen")
    assert "taken no step" in note.sentence


def test_without_an_optimizer_gradients_cannot_be_told(tmp_path: Path) -> None:
    note = only(notes_of(tmp_path / "a.pt", trained()[0]), "frozen")
    assert (note.verdict, note.keys) == (None, ())


def test_plain_sgd_keeps_nothing_that_tells(tmp_path: Path) -> None:
    network = nn.Linear(40, 40)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    network(torch.randn(2, 40)).sum().backward()
    optimizer.step()
    assert all(note.verdict != "sound" for note in answers(notes_of(tmp_path / "a.pt", network, optimizer), "frozen"))


# -- dead units, runaway weights, stuck gates, copies -------------------------------------------------------------------


def test_dead_units_and_ignored_inputs_are_numbered(tmp_path: Path) -> None:
    network, optimizer = trained()
    with torch.no_grad():
        network.projection.weight[[5, 9]] = 0
        network.projection.weight[:, 17] = 0
    units, inputs = answers(notes_of(tmp_path / "a.pt", network, optimizer), "dead")
    assert "2 of 64 units" in units.sentence
    assert "number 5, 9" in units.sentence
    assert "1 of 36 inputs" in inputs.sentence
    assert "number 17" in inputs.sentence
    assert units.figure == 2 / 64


def test_a_recurrent_unit_is_dead_only_when_all_its_gates_are(tmp_path: Path) -> None:
    network, optimizer = trained()
    with torch.no_grad():
        network.lstm.weight_ih_l0[3] = 0  # one gate of unit 3
        for gate in range(4):
            network.lstm.weight_ih_l0[64 * gate + 7] = 0
    note = only(notes_of(tmp_path / "a.pt", network, optimizer), "dead")
    assert "1 of 64 units" in note.sentence
    assert "number 7)" in note.sentence


def test_an_embeddings_padding_is_no_dead_unit(tmp_path: Path) -> None:
    notes = notes_of(tmp_path / "a.pt", nn.ModuleDict({"embedding": nn.Embedding(50, 64, padding_idx=0)}))
    assert only(notes, "dead").verdict == "sound"


def test_runaway_weights_are_measured_against_their_start(tmp_path: Path) -> None:
    network, optimizer = trained()
    with torch.no_grad():
        network.head.weight *= 100
    note = only(notes_of(tmp_path / "a.pt", network, optimizer), "exploding")
    assert (note.verdict, note.keys) == ("ill", ("head.weight",))
    assert note.figure == pytest.approx(100, rel=0.2)


def test_gates_that_cannot_open_are_found(tmp_path: Path) -> None:
    network, optimizer = trained()
    with torch.no_grad():
        network.lstm.bias_ih_l0[64:80] = -60  # the forget gate of 16 of 64 units
    note = only(notes_of(tmp_path / "a.pt", network, optimizer), "saturated")
    assert "25 % of the forget gates" in note.sentence
    assert "stay shut" in note.sentence


def test_a_stuck_gate_is_one_that_no_hidden_state_and_input_can_move() -> None:
    """The rule of the question against PyTorch: at the worst input the gate's argument stays beyond the threshold."""
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    with torch.no_grad():
        cell.bias_ih[4:8] = torch.tensor([20.0, 3.0, -20.0, -3.0])
    reach = cell.weight_ih.abs().sum(1) + cell.weight_hh.abs().sum(1)
    margin = (cell.bias_ih + cell.bias_hh).abs() - reach
    stuck = (margin > 4)[4:8].tolist()
    draws = torch.rand(20_000, 7) * 2 - 1
    arguments = draws[:, :3] @ cell.weight_ih.T + draws[:, 3:] @ cell.weight_hh.T + cell.bias_ih + cell.bias_hh
    assert stuck == [True, False, True, False]
    assert (arguments[:, 4:8].abs().amin(0) > 4)[torch.tensor(stuck)].all()


def test_copies_in_memory_of_their_own_are_found_and_tied_ones_are_not(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = torch.randn(40, 40)
    torch.save(
        {"a.weight": first, "b.weight": first.clone(), "c.weight": first, "d.weight": first + 0}, tmp_path / "a.pt"
    )
    file = MappedFile(tmp_path / "a.pt")
    note = only(weight_health(open_checkpoint(file), file.view), "duplicated")
    assert (note.verdict, note.keys) == ("suspect", ("a.weight", "b.weight", "d.weight"))


def test_equal_statistics_alone_are_no_copy(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = torch.randint(-9, 9, (40, 40)).float()
    torch.save({"a.weight": first, "b.weight": first.flip(0)}, tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    assert only(weight_health(open_checkpoint(file), file.view), "duplicated").verdict == "sound"


def test_constant_tensors_are_no_copies(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.ones(100), "b.weight": torch.ones(100)}, tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    assert only(weight_health(open_checkpoint(file), file.view), "duplicated").verdict == "sound"


def test_a_file_without_weights_has_no_health(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    assert weight_health(open_checkpoint(file), file.view) == ()


def test_judging_can_be_cancelled(tmp_path: Path) -> None:
    torch.save(Recogniser().state_dict(), tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        weight_health(open_checkpoint(file), file.view, cancel=cancel)
