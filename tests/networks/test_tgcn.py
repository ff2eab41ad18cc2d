"""WLASL's TGCN against a module built independently with the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from networks.families import CLASSES, FEATURES, WlaslTgcn
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.inference.preparing import held_or_cut, prepared
from asl_inspector.inference.running import run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(2)
    made = WlaslTgcn().eval()
    for module in made.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return made


def rebuilt(state: dict[str, torch.Tensor], folder: Path, **chosen: str) -> BuiltNetwork:
    torch.save(state, folder / "ckpt.pth")
    file = MappedFile(folder / "ckpt.pth")
    return build_network(open_checkpoint(file), file.view, chosen=chosen)


@pytest.mark.parametrize("old", [False, True], ids=["", "without counters"])
def test_it_computes_what_the_original_does(network: nn.Module, tmp_path: Path, old: bool) -> None:
    state = {key: value for key, value in network.state_dict().items() if not (old and "num_batches" in key)}
    built = rebuilt(state, tmp_path)
    found = built.architecture
    assert (found.family, found.inputs, found.classes, found.blank) == ("TGCN", FEATURES, CLASSES, None)
    assert (
        found.description
        == "TGCN 2 × 6, 10 inputs a frame, 5 landmarks, 12 frames a clip, 7 outputs (one answer a clip)"
    )
    clips = torch.randn(4, WlaslTgcn.frames, FEATURES)
    with torch.inference_mode():
        torch.testing.assert_close(built.module(clips), network(clips), atol=1e-5, rtol=1e-5)


def test_clips_of_any_length_get_the_frames_that_it_needs(network: nn.Module, tmp_path: Path) -> None:
    built = rebuilt(network.state_dict(), tmp_path)
    assert built.preparation.length == "held or cut to 12"
    random = np.random.default_rng(0)
    clips = [random.normal(size=(length, FEATURES)).astype(np.float32) for length in (3, 12, 20)]
    source = ClipSource(
        "x", np.array([len(clip) for clip in clips]), np.array([0, 1, 2]), FEATURES, lambda index: clips[index]
    )
    found = run_network(built, prepared(source, built.preparation), device="cpu")
    for index, clip in enumerate(clips):
        whole = np.concatenate([clip, np.repeat(clip[-1:], 12, axis=0)])[:12]
        np.testing.assert_array_equal(held_or_cut(clip, 12), whole)
        with torch.inference_mode():
            wanted = int(network(torch.from_numpy(whole)[None]).argmax())
        assert found.top[index, 0] == wanted


def test_residual_connections_can_be_left_out(network: nn.Module, tmp_path: Path) -> None:
    built = rebuilt(network.state_dict(), tmp_path, **{"residual connections": "no"})
    clips = torch.randn(2, WlaslTgcn.frames, FEATURES)
    with torch.inference_mode():
        y = network.gc1(torch.cat([f.reshape(2, 5, 2) for f in clips.unbind(1)], 2))  # type: ignore[operator]
        y = torch.tanh(network.bn1(y.reshape(2, -1)).reshape(y.shape))  # type: ignore[operator]
        for block in network.gcbs:  # type: ignore[union-attr]
            y = block(y) - y
        torch.testing.assert_close(built.module(clips), network.fc_out(y.mean(1)), atol=1e-5, rtol=1e-5)  # type: ignore[operator]
    with pytest.raises(UnknownArchitecture, match="held or cut to 12, resampled to 12 or padded or cut to 12"):
        rebuilt(network.state_dict(), tmp_path, length="resampled to 13")


@pytest.mark.parametrize("key", ["gcbs.1.bn2.running_var", "gc1.att", "gcbs.0.gc1.weight"])
def test_a_tgcn_that_lacks_a_tensor_is_named_and_not_run(network: nn.Module, tmp_path: Path, key: str) -> None:
    state = {name: value for name, value in network.state_dict().items() if name != key}
    with pytest.raises(UnknownArchitecture):
        rebuilt(state, tmp_path)
    extra = dict(network.state_dict()) | {"gc7.weight": torch.zeros(6, 6)}
    with pytest.raises(UnknownArchitecture, match="TGCN of the WLASL project"):
        rebuilt(extra, tmp_path)


@pytest.mark.parametrize("key", ["gc1.weight", "gc1.att", "bn1.weight", "fc_out.weight"])
@pytest.mark.parametrize("shape", [(), (0,), (0, 0), (1, 2, 3)])
def test_shapes_that_make_no_sense_are_refused(
    network: nn.Module, tmp_path: Path, key: str, shape: tuple[int, ...]
) -> None:
    with pytest.raises(UnknownArchitecture):
        rebuilt(dict(network.state_dict()) | {key: torch.zeros(shape)}, tmp_path)
