"""Every family against a module built independently with the same weights."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from networks.families import CLASSES, FEATURES, MEMBERS, Member, SinusoidalFrames, Tcn
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.inference.running import run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.blank_evidence import find_blank
from asl_inspector.networks.building import BuiltNetwork, build_network
from asl_inspector.networks.plans import Labels

by_name = pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)


def made(member: Member) -> nn.Module:
    torch.manual_seed(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch discourages what old checkpoints were made with
        network = member.make()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
        if isinstance(module, nn.BatchNorm1d | nn.LayerNorm | nn.GroupNorm):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network.eval()


def rebuilt(member: Member, network: nn.Module, folder: Path, **more: object) -> BuiltNetwork:
    state = {member.prefix + key: value for key, value in network.state_dict().items()}
    torch.save({"model_state_dict": state}, folder / "a.pt")
    file = MappedFile(folder / "a.pt")
    chosen = {"chosen": member.chosen} | more
    return build_network(open_checkpoint(file), file.view, **chosen)  # type: ignore[arg-type]


@by_name
def test_a_rebuilt_network_computes_what_the_original_does(member: Member, tmp_path: Path) -> None:
    network = made(member)
    built = rebuilt(member, network, tmp_path)
    found = built.architecture
    assert (found.family, found.inputs, found.classes) == (member.family, FEATURES, CLASSES)
    assert (found.blank, found.pooled) == (member.blank, member.pooled)
    assert found.body in found.description
    for frames in (member.least, member.least + 1, 30):
        features = torch.randn(3, frames, FEATURES)
        with torch.inference_mode():
            torch.testing.assert_close(built.module(features), network(features), atol=1e-5, rtol=1e-5)


@by_name
def test_every_open_choice_is_listed_with_its_options(member: Member, tmp_path: Path) -> None:
    built = rebuilt(member, made(member), tmp_path)
    choices = {choice.name: choice for choice in built.architecture.choices}
    assert "blank" in choices
    for name, value in member.chosen.items():
        assert (choices[name].value, choices[name].settled_by) == (value, "you")
        assert choices[name].sentence in built.architecture.assumptions
        assert choices[name].sentence.endswith("as you said.")
    for choice in choices.values():
        assert choice.value in choice.options


def test_a_choice_that_cannot_be_made_names_those_that_can(tmp_path: Path) -> None:
    member = MEMBERS[0]
    with pytest.raises(UnknownArchitecture, match=r"sigmoid.*none, relu, gelu or tanh"):
        rebuilt(member, made(member), tmp_path, chosen={"input activation": "sigmoid"})
    with pytest.raises(UnknownArchitecture, match="pools its frames"):
        rebuilt(member, made(member), tmp_path, chosen={"pooling": "mean"}, blank=0)


@pytest.mark.parametrize(
    ("ids", "vocabulary", "blank"),
    [
        (range(CLASSES), {}, None),
        (range(1, CLASSES), {}, 0),
        (range(CLASSES - 1), {f"g{i}": i for i in range(CLASSES - 1)}, CLASSES - 1),
        (range(3), {"<blank>": 4, "a": 0, "b": 1}, 4),
    ],
)
def test_labels_and_vocabulary_tell_whether_there_is_a_blank(
    ids: range, vocabulary: dict[str, int], blank: int | None, tmp_path: Path
) -> None:
    member = MEMBERS[0]
    built = rebuilt(member, made(member), tmp_path, labels=Labels(frozenset(ids), vocabulary))
    assert built.architecture.blank == blank
    assert built.architecture.pooled is (blank is None)
    choice = next(one for one in built.architecture.choices if one.name == "blank")
    assert choice.settled_by == "labels"
    assert ", because " in choice.sentence
    assert choice.sentence in built.architecture.assumptions


def test_the_reason_for_the_blank_is_told_with_its_figures() -> None:
    keys = ["rnn.weight_ih_l0", "head.weight"]

    def why(settings: dict[str, object], labels: Labels, keys: list[str] = keys, *, pooled: bool = False) -> str:
        found = find_blank(7, keys, settings, labels, pooled=pooled)  # type: ignore[arg-type]
        return f"{found.value}: {found.why}" if found is not None else ""

    nothing = Labels()
    assert why({"model.blank_id": 6}, nothing) == "6: the checkpoint's setting “model.blank_id” is 6"
    assert "“loss” is “CrossEntropyLoss”, a loss that knows no blank" in why({"loss": "CrossEntropyLoss"}, nothing)
    assert why({}, Labels(frozenset(), {"<blank>": 4})) == "4: the vocabulary calls index 4 “<blank>”"
    assert why({}, nothing, ["ctc_head.weight"]).startswith("0: the key “ctc_head.weight” speaks of CTC, and the first")
    assert why({}, Labels(frozenset(range(6))), ["ctc.weight"]) == (
        "6: the key “ctc.weight” speaks of CTC, and 6 glosses have ids from 0 on, which leaves the last of the 7 outputs over"
    )
    assert (
        why({}, Labels(frozenset(range(7)))) == "none: glosses have the first and the last id of the 7 outputs, 0 and 6"
    )
    assert why({}, Labels(frozenset(range(1, 7)))).endswith("ids from 1 to 6, the last of 7 outputs, and none has 0")
    assert why({}, Labels(frozenset({1, 3}))) == "0: the ids of glosses start at 1, which leaves 0 over"
    assert why({}, nothing, pooled=True).startswith("none: a clip gets one answer")
    assert why({}, nothing) == ""


def test_a_length_may_be_any_number_and_nothing_else(tmp_path: Path) -> None:
    member = MEMBERS[0]
    built = rebuilt(member, made(member), tmp_path, chosen={"length": "resampled to 17"})
    assert built.preparation.frames == 17
    for wrong in ("resampled to 0", "resampled to many", "padded to 17", "resampled to {}"):
        with pytest.raises(
            UnknownArchitecture, match="as it is, padded or cut to N, resampled to N or held or cut to N"
        ):
            rebuilt(member, made(member), tmp_path, chosen={"length": wrong})


def test_a_user_may_say_that_there_is_no_blank(tmp_path: Path) -> None:
    member = next(one for one in MEMBERS if one.name == "stacked_ctc")
    built = rebuilt(member, made(member), tmp_path, blank=-1, chosen={"pooling": "every frame"})
    assert (built.architecture.blank, built.architecture.pooled) == (None, False)
    found = run_network(
        built,
        ClipSource(
            "x", np.array([5, 3]), np.array([2, 4]), FEATURES, lambda i: np.ones((5 - 2 * i, FEATURES), np.float32)
        ),
        device="cpu",
    )
    with torch.inference_mode():
        logits = built.module(torch.ones(1, 5, FEATURES))
    assert found.loss[0] == pytest.approx(-logits.log_softmax(-1)[0, :, 2].mean().item(), abs=1e-5)


def test_clips_too_short_or_too_long_are_left_out_and_the_reason_kept(tmp_path: Path) -> None:
    from asl_inspector.inference.predictions import Outcome

    token = next(one for one in MEMBERS if one.name == "token_transformer")
    built = rebuilt(token, made(token), tmp_path)
    lengths = np.array([40, 41, 3])
    source = ClipSource("x", lengths, np.zeros(3, int), FEATURES, lambda i: np.ones((lengths[i], FEATURES), np.float32))
    found = run_network(built, source, device="cpu")
    assert found.outcomes is not None
    assert found.outcomes.tolist() == [Outcome.RAN, Outcome.TOO_LONG, Outcome.RAN]
    shrinking = next(one for one in MEMBERS if one.name == "shrinking_convolutions")
    found = run_network(rebuilt(shrinking, made(shrinking), tmp_path), source, device="cpu")
    assert found.outcomes is not None
    assert found.outcomes.tolist() == [Outcome.RAN, Outcome.RAN, Outcome.TOO_SHORT]
    assert found.lengths.tolist() == [9, 9, 0]


def test_tensors_that_belong_to_nothing_make_it_unknown(tmp_path: Path) -> None:
    network = made(MEMBERS[0])
    network.register_parameter("mystery", nn.Parameter(torch.zeros(3, 3)))
    with pytest.raises(UnknownArchitecture, match=r"mystery|fc_input"):
        rebuilt(MEMBERS[0], network, tmp_path)


def test_a_layout_that_reads_video_is_named_with_what_to_do(tmp_path: Path) -> None:
    state = {"conv2d.conv1.weight": torch.zeros(2, 3, 7, 7), "temporal_model.rnn.weight_hh_l0": torch.zeros(8, 2)}
    torch.save({"model_state_dict": state}, tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    with pytest.raises(UnknownArchitecture, match="video frames") as raised:
        build_network(open_checkpoint(file), file.view)
    assert "saved outputs" in raised.value.advice


def test_settings_in_the_checkpoint_answer_questions(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = SinusoidalFrames().eval()
    torch.save({"model_state_dict": network.state_dict(), "config": {"nhead": 4, "blank_id": 6}}, tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    built = build_network(open_checkpoint(file), file.view)
    heads = next(choice for choice in built.architecture.choices if choice.name == "heads")
    assert (heads.value, heads.settled_by) == ("4", "settings")
    assert built.architecture.blank == 6


def test_a_tcn_with_a_block_of_one_convolution_is_no_tcn(tmp_path: Path) -> None:
    network = Tcn(normed=False)
    state = {key: value for key, value in network.state_dict().items() if ".conv2" not in key and ".net.4" not in key}
    torch.save({"model_state_dict": state}, tmp_path / "a.pt")
    file = MappedFile(tmp_path / "a.pt")
    with pytest.raises(UnknownArchitecture):
        build_network(open_checkpoint(file), file.view)
