"""`asl-inspector keys` as a person and as a script meets it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import torch
from command_line import inspector
from conftest import ROOT
from makers import Run, make_notebook, save_notebook
from safetensors.torch import save_file


def test_keys_json_follows_the_contract(run: Run) -> None:
    ran = inspector("keys", run.checkpoint, "--json", "--stats", "--values", 3)
    held = json.loads(ran.stdout)
    jsonschema.validate(held, json.loads((ROOT / "docs" / "keys.schema.json").read_text()))
    assert ran.returncode == 0
    assert (held["schema"], held["status"], held["format"]) == ("asl-inspector/keys/1", "opened", "torch zip")
    state = run.network.state_dict()
    rows = {row["path"][-1]: row for row in held["tensors"]}
    assert list(rows) == list(state)
    for name, tensor in state.items():
        row = rows[name]
        assert row["path"] == ["model_state_dict", name]
        assert row["name"] == f"model_state_dict.{name}"
        assert (row["dtype"], row["shape"], row["bytes"], row["role"]) == (
            "float32",
            list(tensor.shape),
            tensor.nbytes,
            "parameter",
        )
        assert row["first"] == pytest.approx(tensor.flatten()[:3].tolist())
        assert row["stats"]["mean"] == pytest.approx(tensor.double().mean().item())
        assert row["stats"]["std"] == pytest.approx(tensor.double().std(correction=0).item())
    assert held["totals"]["parameters"] == sum(tensor.numel() for tensor in state.values())
    assert {"path": ["epoch"], "type": "int", "text": "3"} in held["values"]
    assert held["would_run"] == []


def with_optimizer(path: Path) -> Path:
    """The small network after one step of Adam on one clip."""
    network = make_notebook()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002)
    network(torch.randn(1, 4, 6)).sum().backward()
    optimizer.step()
    return save_notebook(path, network, optimizer_state_dict=optimizer.state_dict())


def test_keys_json_tells_optimizer_gates_sharing_and_health(tmp_path: Path) -> None:
    held = json.loads(inspector("keys", with_optimizer(tmp_path / "a.pt"), "--json", "--stats").stdout)
    jsonschema.validate(held, json.loads((ROOT / "docs" / "keys.schema.json").read_text()))
    (optimizer,) = held["optimizers"]
    assert (optimizer["path"], optimizer["matched"]) == (["optimizer_state_dict"], "order")
    assert optimizer["groups"][0]["lr"] == "0.002"
    assert [one["parameter"] for one in optimizer["parameters"]] == list(make_notebook().state_dict())
    rows = {row["path"][-1]: row for row in held["tensors"]}
    part = rows["encoder.lstm.weight_hh_l1_reverse"]["recurrent"]
    assert (part["kind"], part["layer"], part["direction"], part["weighs"]) == ("LSTM", 1, "backward", "hh")
    assert part["gates"][1] == {"gate": "f", "name": "forget gate", "rows": [8, 16]}
    assert "recurrent" not in rows["classifier.weight"]
    assert {row["device"] for row in held["tensors"]} == {"cpu"}
    verdicts = {note["question"]: note["verdict"] for note in held["health"]}
    assert verdicts["finite"] == verdicts["frozen"] == "sound"


def test_keys_json_tells_who_shares_memory(tmp_path: Path) -> None:
    tied = torch.randn(3, 4)
    torch.save({"a.weight": tied, "b.weight": tied, "c.weight": tied + 0}, tmp_path / "a.pt")
    rows = json.loads(inspector("keys", tmp_path / "a.pt", "--json").stdout)["tensors"]
    assert [row.get("shares") for row in rows] == [None, "a.weight", None]


def test_keys_as_text_is_a_tree_with_sums(tmp_path: Path) -> None:
    shown = inspector("keys", with_optimizer(tmp_path / "a.pt")).stdout
    lines = {line.split()[0]: line for line in shown.splitlines() if line.strip()}
    network = make_notebook()
    assert f"{sum(one.numel() for one in network.encoder.parameters()):,}" in lines["encoder.lstm"]
    assert "16 tensors" in lines["encoder.lstm"]
    assert "LSTM layer 0 forward (i f g o)" in lines["weight_ih_l0"]
    assert "54 tensors" in lines["optimizer_state_dict.state"]
    assert "exp_avg_sq" not in "".join(line for line in shown.splitlines() if "float32" in line)
    assert "18 of 18 parameters have a state (step, exp_avg, exp_avg_sq)" in shown
    assert "would run nothing" in shown
    one = inspector("keys", tmp_path / "a.pt", "--match", "state.3.exp_avg_sq").stdout
    assert "exp_avg_sq" in one
    assert "float32 32" in one


def test_keys_are_written_as_csv(tmp_path: Path) -> None:
    with_optimizer(tmp_path / "a.pt")
    torch.save({"=cmd()": torch.tensor([1.0, 3.0])}, tmp_path / "b.pt")
    ran = inspector("keys", tmp_path / "a.pt", "--csv", tmp_path / "a.csv", "--match", "classifier")
    assert ran.returncode == 0
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert [(row["name"], row["shape"]) for row in rows] == [
        ("model_state_dict.classifier.weight", "7x16"),
        ("model_state_dict.classifier.bias", "7"),
    ]
    assert "mean" not in rows[0]
    inspector("keys", tmp_path / "b.pt", "--stats", "--csv", tmp_path / "b.csv", check=True)
    (row,) = csv.DictReader((tmp_path / "b.csv").read_text().splitlines())
    assert row["name"] == "'=cmd()"  # no spreadsheet takes it for a formula
    assert (float(row["mean"]), float(row["std"]), row["zeros"]) == (2.0, 1.0, "0")


def test_keys_need_neither_numpy_nor_torch(tmp_path: Path) -> None:
    with_optimizer(tmp_path / "a.pt")
    code = (
        "import sys\n"
        "for name in ('numpy', 'torch', 'scipy', 'PySide6'): sys.modules[name] = None\n"
        "from asl_inspector.cli import main\n"
        f"sys.exit(main(['keys', {str(tmp_path / 'a.pt')!r}, '--values', '2']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "encoder.lstm" in ran.stdout


def test_keys_and_compare_take_an_index_and_a_folder(tmp_path: Path) -> None:
    held = {f"encoder.lstm.weight_{kind}_l0": torch.randn(32, 8) for kind in ("ih", "hh")}
    names = [f"model-{number}.safetensors" for number in range(len(held))]
    for (key, tensor), name in zip(held.items(), names, strict=True):
        save_file({key: tensor}, tmp_path / name)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": dict(zip(held, names, strict=True))}))
    for path in (tmp_path, index):
        ran = inspector("keys", path, "--json", "--stats", "--values", 2)
        shown = json.loads(ran.stdout)
        jsonschema.validate(shown, json.loads((ROOT / "docs" / "keys.schema.json").read_text()))
        assert (ran.returncode, shown["format"]) == (0, "sharded safetensors")
        assert {row["name"]: row["first"] for row in shown["tensors"]} == {
            key: tensor.flatten()[:2].tolist() for key, tensor in held.items()
        }
    torch.save(held, tmp_path / "whole.pt")
    compared = json.loads(inspector("compare", tmp_path, tmp_path / "whole.pt", "--json").stdout)
    assert (compared["verdict"], {row["status"] for row in compared["tensors"]}) == ("identical", {"equal"})


def test_keys_of_a_folder_of_loose_files_says_what_to_name(run: Run) -> None:
    ran = inspector("keys", run.folder)
    assert ran.returncode == 2
    assert "without an index of shards" in ran.stderr


def test_keys_of_nan_stay_valid_json(tmp_path: Path) -> None:
    torch.save({"w": torch.tensor([float("nan"), float("inf"), 1.0])}, tmp_path / "a.pt")
    held = json.loads(
        inspector("keys", tmp_path / "a.pt", "--json", "--values", 3, "--stats").stdout, parse_constant=pytest.fail
    )
    assert held["tensors"][0]["first"] == ["NaN", "Infinity", 1.0]
    assert held["tensors"][0]["stats"]["nan"] == 1


def test_keys_of_a_refused_file_is_json_too(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"")
    ran = inspector("keys", tmp_path / "a.pt", "--json")
    held = json.loads(ran.stdout)
    assert ran.returncode == 2
    assert (held["status"], held["tensors"]) == ("refused", [])
    assert "empty" in held["notes"][0]


def test_keys_can_be_narrowed(run: Run) -> None:
    held = json.loads(inspector("keys", run.checkpoint, "--json", "--match", "classifier").stdout)
    assert {row["path"][-1] for row in held["tensors"]} == {"classifier.weight", "classifier.bias"}


@pytest.mark.slow
def test_a_payload_in_a_checkpoint_is_shown_and_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, (f"touch {canary}",)

    torch.save({"model_state_dict": make_notebook().state_dict(), "x": Evil()}, tmp_path / "a.pt")
    shown = json.loads(inspector("keys", tmp_path / "a.pt", "--json").stdout)
    assert shown["would_run"][0]["call"].endswith(".system")
    assert str(canary) in shown["would_run"][0]["arguments"]
    assert len(shown["tensors"]) == 18
    text = inspector("keys", tmp_path / "a.pt").stdout
    assert "nothing of it was run" in text
    inspector("diagnose", tmp_path / "a.pt")
    assert not canary.exists()
    torch.load(tmp_path / "a.pt", weights_only=False)  # the payload is live
    assert canary.exists()


def test_control_characters_in_keys_are_visible_on_a_terminal(tmp_path: Path) -> None:
    torch.save({"\x1b[2Jwiped": torch.ones(1), "note": "\x1b]0;title\x07"}, tmp_path / "a.pt")
    shown = inspector("keys", tmp_path / "a.pt").stdout
    assert "\x1b" not in shown
    assert "\\x1b[2Jwiped" in shown
    exact = json.loads(inspector("keys", tmp_path / "a.pt", "--json").stdout)
    assert exact["tensors"][0]["name"] == "\x1b[2Jwiped"
