"""Networks other than the seed's, through everything: what is open is tried, and every output is made."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from conftest import CASES, ROOT
from makers import write_cache
from networks.families import CLASSES, FEATURES, BiLstmState, GruLast, TokenTransformer
from torch import nn

from asl_inspector.cli import main
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.report.contents import Inspected
from asl_inspector.report.html import html_report
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.report.pdf import pdf_report
from asl_inspector.report.samples_csv import samples_csv


def cache(count: int, seed: int, *, spread: float = 1.0) -> dict[str, dict[str, object]]:
    random = np.random.default_rng(seed)
    return {
        f"clip{seed}_{index}": {
            "features": (2 + spread * random.normal(size=(int(random.integers(5, 25)), FEATURES))).astype(np.float32),
            "gloss": f"g{index % CLASSES}",
            "gloss_id": index % CLASSES,
        }
        for index in range(count)
    }


def trained_for(network: nn.Module, clips: dict[str, dict[str, object]], share: float, prepare: object = None) -> float:
    """Relabel clips so that the network is right for a share of them; returns the accuracy."""
    right = 0
    for index, one in enumerate(clips.values()):
        features = one["features"] if prepare is None else prepare(one["features"])  # type: ignore[operator]
        with torch.inference_mode():
            answer = int(network(torch.from_numpy(features)[None])[0].argmax())
        truth = answer if index < share * len(clips) else (answer + 1) % CLASSES
        one["gloss_id"], one["gloss"] = truth, f"g{truth}"
        right += truth == answer
    return right / len(clips)


def spread_out(network: nn.Module, seed: int = 3) -> nn.Module:
    """Random weights large enough that answers vary."""
    torch.manual_seed(seed)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.6)
    return network.eval()


def inspected(
    folder: Path, network: nn.Module, accuracy: float | None, *caches: dict[str, dict[str, object]], **settings: object
) -> Inspected:
    extra = {} if accuracy is None else {"val_acc": 100 * accuracy}
    torch.save({"model_state_dict": network.state_dict(), "epoch": 5, **extra}, folder / "a.pt")
    files = [folder / "a.pt"]
    for name, one in zip(("features_val.pkl", "features_train.pkl"), caches, strict=False):
        files.append(write_cache(folder / name, one))
    inspector = Inspector(Settings(device="cpu", **settings))  # type: ignore[arg-type]
    inspector.add(files)
    return inspector.inspect()


def choices(found: Inspected) -> dict[str, tuple[str, str]]:
    assert found.architecture is not None
    return {choice.name: (choice.value, choice.settled_by) for choice in found.architecture.choices}


def test_the_stored_accuracy_settles_pooling_and_activation(tmp_path: Path) -> None:
    network = spread_out(BiLstmState())
    clips = cache(150, 1)
    accuracy = trained_for(network, clips, 0.8)
    found = inspected(tmp_path, network, accuracy, clips)
    assert choices(found)["pooling"] == ("last state", "measured")
    assert choices(found)["head activation"] == ("gelu", "measured")
    assert choices(found)["blank"][0] == "none"
    assert found.diagnosis.reproduction.val_acc is True
    assert found.architecture is not None
    tried = {one.value: one for one in next(c for c in found.architecture.choices if c.name == "pooling").tries}
    assert tried["last state"].fits
    assert tried["last state"].accuracy == accuracy
    assert not tried["mean"].fits
    document = inspection_json(found)
    jsonschema.validate(json.loads(to_json(document)), json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert "gelu 80.00\u00a0% (loss" in html_report(found)
    sentence = next(one for one in found.architecture.assumptions if one.startswith("Pooling"))
    assert "last state reproduces the stored 80.00 %" in sentence
    assert "does not" in sentence


def test_the_stored_accuracy_settles_the_preprocessing(tmp_path: Path) -> None:
    network = spread_out(GruLast())
    train, clips = cache(60, 2, spread=3), cache(150, 1, spread=3)
    frames = np.concatenate([one["features"] for one in train.values()])

    def prepare(features: np.ndarray) -> np.ndarray:
        return ((features - frames.mean(axis=0)) / frames.std(axis=0)).astype(np.float32)

    accuracy = trained_for(network, clips, 0.9, prepare)
    found = inspected(tmp_path, network, accuracy, clips, train)
    assert choices(found)["preprocessing"] == ("standardised", "measured")
    assert choices(found)["input activation"] == ("relu", "measured")
    assert found.diagnosis.reproduction.val_acc is True


@pytest.mark.slow
def test_nothing_is_called_settled_where_nothing_reproduces_the_stored_figure(tmp_path: Path) -> None:
    network = spread_out(GruLast())
    clips = cache(150, 1)
    trained_for(network, clips, 0.2)
    found = inspected(tmp_path, network, 0.9999, clips)
    assert {by for _, by in choices(found).values()} <= {"assumed", "names", "labels", "settings"}
    assert found.diagnosis.reproduction.val_acc is False


def test_a_pooled_network_goes_through_every_measure_and_output(tmp_path: Path) -> None:
    network = spread_out(TokenTransformer())
    clips = cache(120, 1)
    trained_for(network, clips, 0.7)
    train = cache(60, 2)
    trained_for(network, train, 0.9)
    found = inspected(
        tmp_path, network, None, clips, train, choices=(("heads", "2"), ("activation", "gelu"), ("norm", "before"))
    )
    assert not found.problems
    document = json.loads(to_json(inspection_json(found)))
    jsonschema.validate(document, json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    predictions = document["predictions"]
    assert predictions["accuracy"]["majority"]["correct"] == 84
    assert predictions["blank"] is None
    assert predictions["loss"]["mean_of_clips"] > 0
    assert predictions["top5"]["correct"] >= 84
    assert document["checkpoint"]["blank"] is None
    assert "one answer a clip" in document["checkpoint"]["architecture"]
    assert any("without a blank" in note for note in document["notes"])
    assert not {"blank-collapse", "decoder-mismatch"} & {cause["id"] for cause in document["causes"]}
    assert pdf_report(found).startswith(b"%PDF-")
    assert "<html" in html_report(found)
    rows = samples_csv(found).splitlines()
    assert len(rows) == 121


def test_choices_are_made_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = spread_out(GruLast())
    clips = cache(40, 1)
    trained_for(network, clips, 0.5)
    torch.save({"model_state_dict": network.state_dict()}, tmp_path / "a.pt")
    write_cache(tmp_path / "features_val.pkl", clips)
    files = [str(tmp_path / "a.pt"), str(tmp_path / "features_val.pkl")]
    status = main(
        ["diagnose", *files, "--assume", "input activation=relu", "--blank", "none", "--json", "-", "--quiet"]
    )
    assert status in (0, 1)
    document = json.loads(capsys.readouterr().out)
    assert document["predictions"]["accuracy"]["majority"]["correct"] == 20
    assert any("comes this activation: relu, as you said." in one for one in document["checkpoint"]["assumptions"])
    activation = next(one for one in document["checkpoint"]["choices"] if one["name"] == "input activation")
    assert (activation["value"], activation["settled_by"]) == ("relu", "you")
    assert document["settings"]["choices"] == {"input activation": "relu"}
    assert document["settings"]["blank"] == "none"
    assert main(["diagnose", *files, "--assume", "pooling=sideways"]) == 2
    assert "last frame, mean or max" in capsys.readouterr().err
    assert main(["diagnose", *files, "--assume", "colour=red"]) == 2
    assert "Nothing called “colour” is open" in capsys.readouterr().err
    assert main(["diagnose", *files, "--assume", "pooling"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


SIGN2SOUND = CASES / "real" / "sign2sound"


@pytest.mark.slow
@pytest.mark.skipif(not SIGN2SOUND.is_dir(), reason="shared/cases is not beside the project")
@pytest.mark.parametrize("name", ["best_model.pth", "checkpoint_epoch_25.pth"])
def test_a_public_gru_runs_on_clips_of_its_form(name: str, tmp_path: Path) -> None:
    """Against a module written here with the file's weights: linear, GRU, linear on the last frame."""
    held = torch.load(SIGN2SOUND / name, map_location="cpu", weights_only=False)["model_state_dict"]
    network = nn.ModuleDict(
        {"fc_input": nn.Linear(63, 128), "gru": nn.GRU(128, 128, 2, batch_first=True), "fc_output": nn.Linear(128, 29)}
    )
    network.load_state_dict(held)
    random = np.random.default_rng(0)
    clips = {
        f"c{index}": {
            "features": random.uniform(0, 1, size=(30, 63)).astype(np.float32),
            "gloss": f"g{index % 29}",
            "gloss_id": index % 29,
        }
        for index in range(58)
    }
    inspector = Inspector(Settings(device="cpu"))
    inspector.add([SIGN2SOUND / name, write_cache(tmp_path / "features_val.pkl", clips)])
    found = inspector.inspect()
    assert not found.problems
    assert found.architecture is not None
    assert found.architecture.description.startswith(
        "GRU 2 × 128, 63 inputs a frame, linear projection to 128, 29 outputs"
    )
    assert (found.architecture.blank, found.architecture.pooled) == (None, True)
    assert found.validation is not None
    taken = choices(found)["input activation"][0]
    assert choices(found)["pooling"][0] == "last frame"
    for index, one in enumerate(clips.values()):
        with torch.inference_mode():
            front = network["fc_input"](torch.from_numpy(one["features"])[None])
            front = torch.relu(front) if taken == "relu" else front
            logits = network["fc_output"](network["gru"](front)[0][:, -1])[0]
        assert int(found.validation.majority[index]) == int(logits.argmax())
