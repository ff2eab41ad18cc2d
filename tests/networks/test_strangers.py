"""Networks of another design whose keys look like a known one: none is rebuilt as something that it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from networks.families import CLASSES, FEATURES
from torch import Tensor, nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network

HIDDEN = 12


class Plain(nn.Module):
    """What the others resemble: GRU and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(FEATURES, HIDDEN, batch_first=True)
        self.fc = nn.Linear(HIDDEN, CLASSES)


def gated_gru() -> nn.Module:
    """A GRU whose module has one more gate."""
    made = Plain()
    made.gru.register_parameter("weight_gh_l0", nn.Parameter(torch.zeros(HIDDEN, HIDDEN)))
    return made


def highway() -> nn.Module:
    """A highway layer after the GRU; both its matrices are square."""
    made = Plain()
    head = made.fc
    del made.fc
    made.highway_transform = nn.Linear(HIDDEN, HIDDEN)
    made.highway_gate = nn.Linear(HIDDEN, HIDDEN)
    made.fc = head
    return made


def gate_before() -> nn.Module:
    """A gate over the features, of the features' own size."""
    made = nn.Module()
    made.input_gate = nn.Linear(FEATURES, FEATURES)
    made.gru, made.fc = Plain().gru, nn.Linear(HIDDEN, CLASSES)
    return made


def attention() -> nn.Module:
    """Queries, keys and values of the GRU's outputs."""
    made = nn.Module()
    made.gru = Plain().gru
    made.att_query, made.att_key, made.att_value = (nn.Linear(HIDDEN, HIDDEN) for _ in range(3))
    made.fc = nn.Linear(HIDDEN, CLASSES)
    return made


def mixing() -> nn.Module:
    """A square matrix that may do anything."""
    made = nn.Module()
    made.gru = Plain().gru
    made.mix = nn.Linear(HIDDEN, HIDDEN, bias=False)
    made.fc = nn.Linear(HIDDEN, CLASSES)
    return made


def peephole() -> nn.Module:
    """An LSTM whose gates see the cell's state."""
    made = nn.Module()
    made.lstm = nn.LSTM(FEATURES, HIDDEN, batch_first=True)
    for gate in ("ci", "cf", "co"):
        made.lstm.register_parameter(f"weight_{gate}_l0", nn.Parameter(torch.zeros(HIDDEN)))
    made.fc = nn.Linear(HIDDEN, CLASSES)
    return made


def coupled() -> nn.Module:
    """An LSTM with coupled gates: as many rows as a GRU."""
    made = nn.Module()
    made.lstm = nn.GRU(FEATURES, HIDDEN, batch_first=True)
    made.fc = nn.Linear(HIDDEN, CLASSES)
    return made


def minimal() -> nn.Module:
    """A minimal gated unit: two gates."""
    made = nn.Module()
    made.rnn = nn.Module()
    for name, shape in (("weight_ih_l0", (2 * HIDDEN, FEATURES)), ("weight_hh_l0", (2 * HIDDEN, HIDDEN))):
        made.rnn.register_parameter(name, nn.Parameter(torch.zeros(shape)))
    made.fc = nn.Linear(HIDDEN, CLASSES)
    return made


def two_directions() -> nn.Module:
    """Two modules side by side, as wide as the features."""
    made = nn.Module()
    made.forward_gru = nn.GRU(FEATURES, FEATURES, batch_first=True)
    made.backward_gru = nn.GRU(FEATURES, FEATURES, batch_first=True)
    made.fc = nn.Linear(FEATURES, CLASSES)
    return made


def seq2seq() -> nn.Module:
    """An encoder and a decoder as wide as each other."""
    made = nn.Module()
    made.encoder, made.decoder = nn.Module(), nn.Module()
    made.encoder.rnn = nn.GRU(FEATURES, HIDDEN, batch_first=True)
    made.decoder.rnn = nn.GRU(HIDDEN, HIDDEN, batch_first=True)
    made.decoder.out = nn.Linear(HIDDEN, CLASSES)
    return made


DESIGNS: list[tuple[Callable[[], nn.Module], str]] = [
    (gated_gru, "`gru.weight_gh_l0` is nothing that an LSTM, GRU or RNN of PyTorch has"),
    (highway, "`highway_transform.weight` is by its name no plain layer: it speaks of “highway”"),
    (gate_before, "`input_gate.weight` is by its name no plain layer: it speaks of “gate”"),
    (attention, "`att_query.weight` is part of an attention of unknown form"),
    (mixing, "`mix.weight` is a square layer whose name does not tell where it belongs"),
    (peephole, "`lstm.weight_ci_l0` is nothing that an LSTM"),
    (coupled, "`lstm.weight_hh_l0` is called LSTM, but has the 3 gates of a GRU"),
    (minimal, "`rnn.weight_hh_l0` is of no LSTM, GRU or RNN: 24 rows for 12 hidden units"),
    (two_directions, "`backward_gru.weight_hh_l0` is a recurrent module beside `forward_gru`"),
    (seq2seq, "`decoder.rnn.weight_hh_l0` is a recurrent module beside `encoder.rnn`"),
]


def rebuilt(network: nn.Module, folder: Path) -> BuiltNetwork:
    torch.save({"model_state_dict": network.state_dict()}, folder / "a.pt")
    file = MappedFile(folder / "a.pt")
    return build_network(open_checkpoint(file), file.view)


@pytest.mark.parametrize(("make", "sentence"), DESIGNS, ids=lambda one: getattr(one, "__name__", ""))
def test_another_design_is_unknown_and_what_is_strange_is_named(
    make: Callable[[], nn.Module], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(UnknownArchitecture) as raised:
        rebuilt(make(), tmp_path)
    assert "unknown architecture" in raised.value.sentence
    assert sentence in raised.value.sentence
    assert "--trust" in raised.value.advice


def test_the_plain_one_is_known(tmp_path: Path) -> None:
    assert rebuilt(Plain(), tmp_path).architecture.body == "GRU 1 × 12"


class Projected(nn.Module):
    """An LSTM with `proj_size`, which its shapes settle."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(FEATURES, HIDDEN, 2, batch_first=True, bidirectional=True, proj_size=5)
        self.ctc = nn.Linear(10, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.ctc(self.lstm(x)[0])


def test_an_lstm_with_a_projection_computes_what_the_original_does(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Projected().eval()
    built = rebuilt(network, tmp_path)
    assert built.architecture.body == "BiLSTM 2 × 12 projected to 5"
    clips = torch.randn(4, 9, FEATURES)
    lengths = torch.tensor([9, 8, 6, 9])
    with torch.inference_mode():
        torch.testing.assert_close(built.module(clips), network(clips), atol=1e-5, rtol=1e-5)
        ragged = built.module(clips, lengths)
        for row, length in enumerate(lengths.tolist()):
            alone = network(clips[row : row + 1, :length])[0]
            torch.testing.assert_close(ragged[row, :length], alone, atol=1e-5, rtol=1e-5)
