"""What the keys of the VAC family leave open, and what is said of the part that is not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from networks.families import CLASSES, FEATURES, Vac
from torch import nn
from torch.nn import functional

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network


@pytest.fixture
def network() -> Vac:
    torch.manual_seed(3)
    return Vac(shared=True).eval()


def rebuilt(state: dict[str, torch.Tensor], folder: Path, **chosen: str) -> BuiltNetwork:
    torch.save({"epoch": 3, "model_state_dict": state}, folder / "dev_20.10.pt")
    file = MappedFile(folder / "dev_20.10.pt")
    return build_network(
        open_checkpoint(file), file.view, chosen={name.replace("_", " "): it for name, it in chosen.items()}
    )


def test_what_is_left_out_is_said(network: Vac, tmp_path: Path) -> None:
    found = rebuilt(network.state_dict(), tmp_path).architecture
    assert found.description == (
        "Conv1d 2 × 12, BiLSTM 2 × 6, 10 inputs a frame, kernels 5 and 5, 7 outputs (CTC, blank 0)"
    )
    (told,) = [one for one in found.assumptions if "left out" in one]
    assert told.startswith("8 tensors are left out: the network that reads pictures")
    assert "the 10 features that the former gives" in told


def test_module_between_the_names_changes_nothing(network: Vac, tmp_path: Path) -> None:
    state = network.state_dict()
    wrapped = {
        key.replace("conv2d.", "conv2d.module.").replace("temporal_model.", "temporal_model.module."): value
        for key, value in state.items()
    }
    clips = torch.randn(2, 9, FEATURES)
    with torch.inference_mode():
        one, other = (rebuilt(held, tmp_path).module(clips) for held in (state, wrapped))
    torch.testing.assert_close(one, other, atol=0, rtol=0)


@pytest.mark.parametrize("frames", [16, 17, 31])
def test_clips_that_were_padded_already_are_taken_as_they_are(network: Vac, tmp_path: Path, frames: int) -> None:
    built = rebuilt(network.state_dict(), tmp_path, ends="as they are")
    clips = torch.randn(2, frames, FEATURES)
    with torch.inference_mode():
        y = network.conv1d.temporal_conv(clips.transpose(1, 2))
        wanted = network.classifier(network.temporal_model.rnn(y.permute(2, 0, 1))[0]).transpose(0, 1)
        torch.testing.assert_close(built.module(clips), wanted, atol=1e-5, rtol=1e-5)
    assert built.module.output_frames(frames) == wanted.shape[1]
    assert built.module.least_frames == 16


@pytest.mark.parametrize("frames", range(1, 14))
def test_a_clip_gets_an_answer_for_every_four_frames(network: Vac, tmp_path: Path, frames: int) -> None:
    built = rebuilt(network.state_dict(), tmp_path)
    with torch.inference_mode():
        answers = built.module(torch.randn(1, frames, FEATURES))
    assert answers.shape == (1, int(np.ceil(frames / 4)), CLASSES)
    assert built.module.output_frames(frames) == answers.shape[1]


def test_one_convolution_without_pooling(tmp_path: Path) -> None:
    torch.manual_seed(4)
    stem = nn.Sequential(nn.Conv1d(FEATURES, 12, 3), nn.BatchNorm1d(12)).eval()
    network = Vac(shared=False).eval()
    state = {key: value for key, value in network.state_dict().items() if "temporal_conv" not in key}
    state |= {f"conv1d.temporal_conv.{key}": value for key, value in stem.state_dict().items()}
    built = rebuilt(state, tmp_path)
    clips = torch.randn(2, 5, FEATURES)
    with torch.inference_mode():
        padded = functional.pad(clips.transpose(1, 2), (1, 1), mode="replicate")
        y = network.temporal_model.rnn(torch.relu(stem(padded)).permute(2, 0, 1))[0]
        wanted = network.classifier(y).transpose(0, 1)
        torch.testing.assert_close(built.module(clips), wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"conv1d.temporal_conv.1.weight": None},
        {"classifier.weight": torch.zeros(13, CLASSES)},
        {"temporal_model.rnn.weight_hh_l0": torch.zeros(25, 6)},
        {"attention.weight": torch.zeros(12, 12)},
        {"conv1d.temporal_conv.0.weight": torch.zeros(12, FEATURES)},
        {"conv1d.temporal_conv.0.weight": torch.zeros(())},
    ],
)
def test_what_is_not_as_published_is_named_and_not_run(
    network: Vac, tmp_path: Path, change: dict[str, torch.Tensor | None]
) -> None:
    state = {key: value for key, value in (network.state_dict() | change).items() if value is not None}
    with pytest.raises(UnknownArchitecture, match="VAC family"):
        rebuilt(state, tmp_path)
