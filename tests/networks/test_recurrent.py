"""Networks rebuilt from tensors, against modules built independently with the same weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from makers import Notebook, Stage2, make_notebook, save_notebook
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network


def rebuilt(path: Path) -> BuiltNetwork:
    file = MappedFile(path)
    return build_network(open_checkpoint(file), file.view)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("inputs", "hidden", "classes"), [(36, 16, 11), (5, 7, 3)])
def test_the_notebook_layout_gives_the_same_logits(
    tmp_path: Path, inputs: int, hidden: int, classes: int, layers: int, *, bidirectional: bool
) -> None:
    network = make_notebook(inputs=inputs, hidden=hidden, layers=layers, classes=classes, bidirectional=bidirectional)
    built = rebuilt(save_notebook(tmp_path / "a.pt", network))
    features = torch.randn(3, 9, inputs)
    torch.testing.assert_close(built.module(features), network(features), atol=1e-6, rtol=0)
    found = built.architecture
    assert (found.inputs, found.classes, found.blank, found.pooled) == (inputs, classes, 0, False)
    assert found.body == f"{'Bi' if bidirectional else ''}LSTM {layers} × {hidden}"
    assert not built.module.training


def test_the_stage_2_layout_gives_the_same_logits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Stage2(6, 8, 5).eval()
    nn.init.normal_(network.encoder.layer_norm.weight)
    built = rebuilt(save_notebook(tmp_path / "a.pt", network))
    features = torch.randn(3, 9, 6)
    torch.testing.assert_close(built.module(features), network(features), atol=1e-6, rtol=0)
    assert built.architecture.parts == ("linear projection to 8", "LayerNorm")
    assert built.architecture.family == "stage 2 trainer"


@pytest.mark.parametrize("make", [lambda: make_notebook(), lambda: Stage2(6, 8, 5).eval()])
def test_padded_frames_read_as_a_packed_sequence_leaves_them(tmp_path: Path, make: object) -> None:
    """Training code packs, runs and unpacks with zeros; what follows the recurrent layers then sees zeros."""
    torch.manual_seed(1)
    network = make()  # type: ignore[operator]
    built = rebuilt(save_notebook(tmp_path / "a.pt", network))
    features = torch.randn(2, 9, 6)
    features[1, 5:] = 0
    projection = getattr(network.encoder, "input_projection", nn.Identity())
    packed = nn.utils.rnn.pack_padded_sequence(projection(features), torch.tensor([9, 5]), batch_first=True)
    encoded, _ = nn.utils.rnn.pad_packed_sequence(network.encoder.lstm(packed)[0], batch_first=True)
    if isinstance(network, Notebook):
        logits = network.classifier(encoded)
    else:
        logits = network.ctc_head.projection(network.encoder.layer_norm(encoded))
    torch.testing.assert_close(built.module.padding_logits(), logits[1, 7], atol=1e-6, rtol=0)
    torch.testing.assert_close(built.module(features[1:, :5])[0], logits[1, :5], atol=1e-6, rtol=0)


def test_an_unknown_layout_names_its_keys(tmp_path: Path) -> None:
    torch.save({"model_state_dict": nn.Sequential(nn.Conv2d(3, 4, 3)).state_dict()}, tmp_path / "a.pt")
    with pytest.raises(UnknownArchitecture, match=r"`0\.weight`"):
        rebuilt(tmp_path / "a.pt")


def test_a_shape_that_contradicts_the_layout_is_no_network(tmp_path: Path) -> None:
    state = make_notebook().state_dict()
    state["encoder.lstm.bias_ih_l1"] = torch.zeros(5)
    torch.save({"model_state_dict": state}, tmp_path / "a.pt")
    with pytest.raises(UnknownArchitecture, match="do not fit"):
        rebuilt(tmp_path / "a.pt")


def test_a_checkpoint_without_weights_says_so(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "a.pt")
    with pytest.raises(UnknownArchitecture, match="no state dict"):
        rebuilt(tmp_path / "a.pt")
