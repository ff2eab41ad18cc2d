"""ONNX, TorchScript and exported programs: run as they are, found out by trying, judged like any other network.

Every network here is also run directly in torch; what the program says of it must be the same within 1e-5.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
import torch
from makers import write_vocabulary
from programs.conftest import clips_of, inspected, same, scored
from programs.models import Halving, Pooled, Reader, Spotter, Windows, exported, frozen_script, onnx_model, seeded

from asl_inspector.inference.predictions import NO_BLANK, Outcome, Predictions

Directly = Callable[..., Predictions]


def with_spikes(network: Spotter, blank: int) -> Spotter:
    """The network with a blank that wins most frames, as training with CTC leaves it."""
    with torch.no_grad():
        network.second.bias[blank] += 1.0
    return network


@pytest.mark.parametrize("batch_frames", [None, 1, 37])
def test_an_onnx_recogniser_with_the_blank_last_is_run_as_torch_runs_it(
    tmp_path: Path, directly: Directly, batch_frames: int | None
) -> None:
    network = seeded(Spotter, 37)
    model = onnx_model(tmp_path / "recogniser.onnx", network)
    result = inspected(model, clips_of(tmp_path / "features_val.pkl", 36, clips_a_gloss=2), batch_frames=batch_frames)
    found = scored(result)
    assert found.blank == 36
    assert found.ran.all()
    assert result.architecture is not None
    assert result.architecture.description == "ONNX program, 6 inputs a frame, 37 outputs (CTC, blank 36)"
    assert "By trying: it gives an answer for every frame, as log posteriors." in result.architecture.assumptions
    same(found, directly(result, network))


def test_an_onnx_model_leaves_nothing_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself onnxruntime keeps an id of the computer and a record of each session there, to be sent."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    model = onnx_model(tmp_path / "recogniser.onnx", seeded(Spotter, 9))
    assert scored(inspected(model, clips_of(tmp_path / "features_val.pkl", 8))).ran.all()
    assert list(home.rglob("*")) == []


def test_several_thousand_glosses_and_the_blank_by_what_the_network_says(tmp_path: Path, directly: Directly) -> None:
    network = with_spikes(seeded(Spotter, 5_001), 5_000)
    model = onnx_model(tmp_path / "large.onnx", network)
    result = inspected(model, clips_of(tmp_path / "features_val.pkl", 60, first=17))
    found = scored(result)
    assert (found.classes, found.blank) == (5_001, 5_000)
    assert result.architecture is not None
    assert "no label has this index" in " ".join(result.architecture.assumptions)
    same(found, directly(result, network))


def test_labels_outweigh_what_the_network_says_most(tmp_path: Path) -> None:
    """A class that always wins and is a gloss is a collapse, and no blank."""
    network = with_spikes(seeded(Spotter, 20), 0)
    model = onnx_model(tmp_path / "collapsed.onnx", network)
    assert scored(inspected(model, clips_of(tmp_path / "features_val.pkl", 20))).blank == NO_BLANK


def test_the_blank_first_by_the_vocabulary(tmp_path: Path) -> None:
    model = onnx_model(tmp_path / "a.onnx", seeded(Spotter, 7))
    words = write_vocabulary(tmp_path / "vocabulary.json", {f"gloss{number}": number + 1 for number in range(6)})
    assert scored(inspected(model, words, clips_of(tmp_path / "features_val.pkl", 4, first=1))).blank == 0


@pytest.mark.slow
def test_a_frozen_script_runs_after_consent_and_not_before(tmp_path: Path, directly: Directly) -> None:
    network = seeded(Reader, 9)
    script, clips = frozen_script(tmp_path / "frozen.pt", network), clips_of(tmp_path / "features_val.pkl", 8, first=1)
    refused = inspected(script, clips)
    assert refused.validation is None
    assert "not run unless you allow it" in refused.problems[0].sentence
    result = inspected(script, clips, trust=script)
    found = scored(result)
    assert found.blank == 0
    assert result.architecture is not None
    assert any("because you allowed it (SHA-256 " in one for one in result.architecture.assumptions)
    same(found, directly(result, network))


def test_a_script_that_wants_time_first_is_found_out(tmp_path: Path, directly: Directly) -> None:
    network = seeded(Reader, 9, batch_first=False)
    script = frozen_script(tmp_path / "time_first.pt", network)
    result = inspected(script, clips_of(tmp_path / "features_val.pkl", 8, first=1), trust=script)
    assert result.architecture is not None
    assert "By trying: it takes frames x clips x numbers." in result.architecture.assumptions
    turned = _Turned(network)
    same(scored(result), directly(result, turned))


class _Turned(torch.nn.Module):
    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.network(features.transpose(0, 1)).transpose(0, 1)


class _Logged(torch.nn.Module):
    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.network(features).log()


def test_one_answer_a_clip_channels_first_and_probabilities(tmp_path: Path, directly: Directly) -> None:
    network = seeded(Pooled, 8)
    script = frozen_script(tmp_path / "pooled.pt", network)
    result = inspected(script, clips_of(tmp_path / "features_val.pkl", 8), trust=script)
    assert result.architecture is not None
    assert result.architecture.pooled
    assert "By trying: it gives one answer a clip, as probabilities." in result.architecture.assumptions
    assert "By trying: it takes clips x numbers x frames." in result.architecture.assumptions
    same(scored(result), directly(result, _Logged(network), lambda clips: clips.transpose(1, 2)))


@pytest.mark.slow
def test_an_exported_program_runs_after_consent(tmp_path: Path, directly: Directly) -> None:
    network = seeded(Windows, 9)
    archive = exported(tmp_path / "program.pt2", network)
    result = inspected(archive, clips_of(tmp_path / "features_val.pkl", 8, first=1), trust=archive)
    same(scored(result), directly(result, network))


@pytest.mark.slow
def test_an_exported_program_of_fixed_frames_gets_clips_of_that_length(tmp_path: Path) -> None:
    archive = exported(tmp_path / "program.pt2", seeded(Reader, 9), frames=20)
    result = inspected(archive, clips_of(tmp_path / "features_val.pkl", 8, first=1), trust=archive)
    found = scored(result)
    assert set((found.starts[1:] - found.starts[:-1]).tolist()) == {20}


@pytest.mark.slow
@pytest.mark.parametrize("batch_frames", [None, 1])
def test_a_network_that_answers_every_second_frame(
    tmp_path: Path, directly: Directly, batch_frames: int | None
) -> None:
    network = seeded(Halving, 9)
    script = frozen_script(tmp_path / "halving.pt", network)
    clips = clips_of(tmp_path / "features_val.pkl", 8, first=1)
    result = inspected(script, clips, trust=script, batch_frames=batch_frames)
    found = scored(result)
    validation = result.case.validation
    assert validation is not None
    assert (found.starts[1:] - found.starts[:-1]).tolist() == [(frames + 1) // 2 for frames in validation.lengths]
    one = network(torch.from_numpy(validation.features(3).copy()).unsqueeze(0))[0].detach().numpy()
    one[:, found.blank] = -float("inf")
    assert found.best_gloss[found.starts[3] : found.starts[4]].tolist() == one.argmax(axis=1).tolist()


def test_a_model_of_one_clip_and_fixed_frames_gets_clips_of_that_length(tmp_path: Path) -> None:
    network = seeded(Spotter, 9)
    model = onnx_model(tmp_path / "fixed.onnx", network, clips=1, frames=24)
    result = inspected(model, clips_of(tmp_path / "features_val.pkl", 8, first=1))
    found = scored(result)
    assert set((found.starts[1:] - found.starts[:-1]).tolist()) == {24}
    assert result.architecture is not None
    assert "By trying: it takes clips of 24 frames and no other length." in result.architecture.assumptions
    assert any("padded or cut to 24" in one for one in result.architecture.assumptions)
    assert "By trying: it takes clips x frames x numbers, one clip at a time." in result.architecture.assumptions


@pytest.mark.parametrize("batch_frames", [None, 60])
def test_a_model_of_four_clips_gets_four_clips(tmp_path: Path, directly: Directly, batch_frames: int | None) -> None:
    network = seeded(Spotter, 9)
    model = onnx_model(tmp_path / "four.onnx", network, clips=4)
    result = inspected(model, clips_of(tmp_path / "features_val.pkl", 8, first=1), batch_frames=batch_frames)
    assert result.architecture is not None
    assert "By trying: it takes clips x frames x numbers, always 4 clips at a time." in result.architecture.assumptions
    same(scored(result), directly(result, network))


def test_weights_beside_the_model_are_handed_over_and_never_opened_by_it(tmp_path: Path, directly: Directly) -> None:
    network = seeded(Spotter, 9)
    model = onnx_model(tmp_path / "model.onnx", network)
    onnx.save_model(onnx.load(model), model, save_as_external_data=True, location="weights.bin", size_threshold=200)
    clips = clips_of(tmp_path / "features_val.pkl", 8, first=1)
    result = inspected(model, clips)
    same(scored(result), directly(result, network))
    (tmp_path / "weights.bin").unlink()
    without = inspected(model, clips)
    assert without.validation is None
    assert "cannot be run without" in without.problems[0].sentence


def test_custom_operators_are_named(tmp_path: Path) -> None:
    model = onnx_model(tmp_path / "custom.onnx", seeded(Spotter, 9), domain="my.lab")
    result = inspected(model, clips_of(tmp_path / "features_val.pkl", 8, first=1))
    assert "operators of “my.lab”" in result.problems[0].sentence


def test_features_of_another_width_are_refused_with_what_the_network_says(tmp_path: Path) -> None:
    model = onnx_model(tmp_path / "a.onnx", seeded(Spotter, 9))
    result = inspected(model, clips_of(tmp_path / "features_val.pkl", 8, features=11))
    assert "does not take clips of 11 features a frame" in result.problems[0].sentence


def test_outputs_that_are_not_numbers_are_said(tmp_path: Path) -> None:
    network = seeded(Spotter, 9)
    with torch.no_grad():
        network.second.bias[3] = torch.nan
    result = inspected(onnx_model(tmp_path / "nan.onnx", network), clips_of(tmp_path / "features_val.pkl", 8, first=1))
    assert "not finite" in result.problems[0].sentence


def test_a_clip_that_is_not_finite_is_left_out_as_everywhere(tmp_path: Path) -> None:
    from makers import make_clips, write_cache

    cache = make_clips(glosses=["a", "b", "c"])
    next(iter(cache.values()))["features"][1, 2] = float("nan")
    result = inspected(
        onnx_model(tmp_path / "a.onnx", seeded(Spotter, 4)), write_cache(tmp_path / "features_val.pkl", cache)
    )
    outcomes = scored(result).outcomes.tolist()
    assert outcomes.count(Outcome.FEATURES_NOT_FINITE) == 1
    assert outcomes.count(Outcome.RAN) == 8
