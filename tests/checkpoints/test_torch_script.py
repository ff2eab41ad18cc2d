"""TorchScript archives: scripted, traced, frozen and quantized programs, against torch.jit itself."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch
from tensors_alike import assert_equal_to_torch, opened
from torch import nn

from asl_inspector.checkpoints.records import buffer_count, parameter_count
from asl_inspector.checkpoints.tensor_numbers import read_array

pytestmark = pytest.mark.usefixtures("torch_may_warn")


class Signer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 4)
        self.encoder = nn.LSTM(4, 5, batch_first=True)
        self.blocks = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5))
        self.register_buffer("positions", torch.arange(6.0))
        self.tied = self.embed

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        encoded, _ = self.encoder(self.embed(features))
        return self.blocks(encoded.mean(1)) + self.positions.sum()


def make() -> Signer:
    torch.manual_seed(0)
    return Signer().eval()


@pytest.mark.parametrize("way", ["script", "trace"])
def test_weights_are_those_of_the_state_dict(way: str, tmp_path: Path) -> None:
    network = make()
    example = torch.randn(2, 7, 3)
    program = torch.jit.script(network) if way == "script" else torch.jit.trace(network, example)
    program.save(tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    state = torch.jit.load(tmp_path / "a.pt").state_dict()
    assert checkpoint.format == "TorchScript"
    assert checkpoint.status == "opened"
    assert sorted(checkpoint.weights) == sorted(state)
    for name, tensor in state.items():
        assert_equal_to_torch(checkpoint.weights[name], file.view, tensor)
    assert parameter_count(checkpoint.tensors) == sum(p.numel() for p in network.parameters())
    assert buffer_count(checkpoint.tensors) == sum(b.numel() for b in network.buffers())
    assert checkpoint.would_run == ()
    assert any("program" in note and "never run" in note for note in checkpoint.notes)
    assert any(value.path[:1] == ("code",) and "__parameters__" in value.text for value in checkpoint.values)


def test_a_trace_tells_the_shape_of_its_example(tmp_path: Path) -> None:
    torch.jit.trace(make(), torch.randn(2, 7, 3)).save(tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    texts = {value.path: value.text for value in checkpoint.values}
    assert texts["traced_inputs", "forward", "0"] == "float32 2 x 7 x 3"


def test_a_frozen_program_has_its_weights_among_its_constants(tmp_path: Path) -> None:
    network = make()
    torch.jit.freeze(torch.jit.script(network)).save(tmp_path / "a.pt")
    checkpoint, file = opened(tmp_path / "a.pt")
    assert checkpoint.contents.weights_path == ("constants",)
    held = [read_array(record, file.view) for record in checkpoint.weights.values()]
    for name in ("embed.weight", "encoder.weight_ih_l0", "encoder.weight_hh_l0"):  # freezing folds the norm
        wanted = network.state_dict()[name].numpy()
        assert any(array.shape == wanted.shape and (array == wanted).all() for array in held)


def test_code_that_a_load_would_run_is_told(tmp_path: Path) -> None:
    class Saved(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        @torch.jit.export
        def __getstate__(self) -> tuple[torch.Tensor, bool]:
            return self.weight, self.training

        @torch.jit.export
        def __setstate__(self, state: tuple[torch.Tensor, bool]) -> None:
            self.weight = state[0]
            self.training = state[1]

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return features * self.weight

    torch.jit.script(Saved()).save(tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert [run.call.rpartition(".")[2] for run in checkpoint.would_run] == ["__setstate__"]


def test_an_import_hidden_in_the_stream_is_told(tmp_path: Path) -> None:
    torch.jit.script(make()).save(tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as old, zipfile.ZipFile(tmp_path / "b.pt", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("/constants.pkl"):
                content = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."
            new.writestr(name, content)
    checkpoint, _ = opened(tmp_path / "b.pt")
    assert [(run.call, run.arguments) for run in checkpoint.would_run] == [("os.system", "('true',)")]
