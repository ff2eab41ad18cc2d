"""The command line as a script meets it: exit status, streams, files."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
import torch
from conftest import ROOT
from makers import Run, make_clips, make_notebook, save_notebook, write_cache, write_vocabulary
from safetensors.torch import save_file


def inspector(*arguments: object, check: bool = False, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asl_inspector", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=120, **options)  # type: ignore[call-overload]


def test_diagnose_writes_json_to_stdout_and_nothing_else(run: Run) -> None:
    ran = inspector("diagnose", *run.files, "--json", "-", "--fail-on", "never")
    held = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert held["schema"] == "asl-inspector/report/1"
    assert {file["role"] for file in held["case"]["files"]} == {"checkpoint", "val", "train", "vocabulary", "history"}


@pytest.mark.slow
def test_diagnose_writes_every_file_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    ran = inspector(
        "diagnose",
        run.folder,
        "--json",
        tmp_path / "r.json",
        "--csv",
        tmp_path / "r.csv",
        "--pdf",
        tmp_path / "r.pdf",
        "--fail-on",
        "never",
    )
    assert ran.returncode == 0
    assert json.loads((tmp_path / "r.json").read_text())["predictions"]["clips"] == 18
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 19
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
    assert ran.stdout.strip()
    for what, name in (("report", "r.pdf"), ("report", "r.json"), ("table of clips", "r.csv")):
        assert f"The {what} is in {tmp_path / name}." in ran.stderr


@pytest.mark.slow
def test_roles_can_be_said(run: Run) -> None:
    ran = inspector("diagnose", "--checkpoint", run.checkpoint, "--val", run.train, "--json", "-", "--fail-on", "never")
    held = json.loads(ran.stdout)
    assert {Path(file["path"]).name: file["role"] for file in held["case"]["files"]} == {
        "checkpoint.pt": "checkpoint",
        "features_train.pkl": "val",
    }


@pytest.fixture
def mismatched(run: Run) -> Run:
    """The run with ids that mean other glosses in validation."""
    ids = {gloss: 6 - index for index, gloss in enumerate(("apple", "book", "chair", "dog", "eat", "fish"))}
    write_cache(run.validation, make_clips(ids=ids))
    return run


@pytest.mark.slow
@pytest.mark.parametrize(("fail_on", "status"), [("critical", 1), ("warning", 1), ("never", 0)])
def test_exit_status_follows_fail_on(mismatched: Run, fail_on: str, status: int) -> None:
    ran = inspector("diagnose", *mismatched.files, "--fail-on", fail_on)
    assert ran.returncode == status
    assert "label-map-mismatch" in ran.stdout


BAD = {
    "empty": (b"", "is empty"),
    "cut": (b"PK\x03\x04" + b"\0" * 100, "cut short"),
    "pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git lfs pull"),
    "page": (b"<!DOCTYPE html>\n<html><body>Not Found</body></html>", "web page"),
}


@pytest.mark.parametrize("command", ["diagnose", "keys"])
@pytest.mark.parametrize("kind", BAD)
def test_bad_files_give_a_sentence_status_2_and_no_traceback(tmp_path: Path, kind: str, command: str) -> None:
    content, words = BAD[kind]
    (tmp_path / "best_model.pt").write_bytes(content)
    ran = inspector(command, tmp_path / "best_model.pt")
    assert ran.returncode == 2
    assert words in ran.stderr
    assert "best_model.pt" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def sentence(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 2, ran.stdout
    assert "Traceback" not in ran.stderr
    return ran.stderr


@pytest.mark.slow
def test_forty_columns_for_another_network(run: Run) -> None:
    write_cache(run.validation, make_clips(features=40))
    assert "40 features a frame, but the network takes 6" in sentence(
        inspector("diagnose", run.checkpoint, run.validation)
    )


def test_two_checkpoints_at_once(run: Run) -> None:
    second = save_notebook(run.folder / "second.pt", run.network)
    text = sentence(inspector("diagnose", run.checkpoint, second, run.validation))
    assert "“checkpoint.pt” and “second.pt”" in text
    assert "--checkpoint" in text


def test_a_missing_file(run: Run) -> None:
    told = sentence(inspector("diagnose", run.folder / "checkpiont.pt", run.validation))
    assert "There is no file “checkpiont.pt”" in told
    assert "Check the spelling. Did you mean “checkpoint.pt”?" in told
    for command in (["keys"], ["compare", run.checkpoint], ["changes", run.checkpoint], ["diagnose", "--val"]):
        told = sentence(inspector(*command, run.folder / "nowhere" / "a.pt"))
        assert "There is no folder" in told
        assert "Check the spelling" in told


def test_a_role_that_the_content_cannot_have(run: Run) -> None:
    assert "cannot be the checkpoint" in sentence(inspector("diagnose", "--checkpoint", run.vocabulary))


def test_no_file_at_all() -> None:
    assert "No file was given" in sentence(inspector("diagnose"))


@pytest.mark.slow
def test_clips_without_frames_nan_and_foreign_labels_are_findings_not_crashes(run: Run) -> None:
    import numpy as np

    cache = make_clips()
    cache["val_apple_0"]["features"] = np.zeros((0, 6), "f4")
    cache["val_apple_1"]["features"][0, 0] = np.nan
    cache["val_apple_2"]["gloss_id"] = 99
    write_cache(run.validation, cache)
    ran = inspector("diagnose", run.checkpoint, run.validation, "--json", "-")
    held = json.loads(ran.stdout)
    sentences = " ".join(finding["sentence"] for finding in held["findings"])
    assert "“val_apple_0”) has no frames" in sentences
    assert "“val_apple_1”) has NaN" in sentences
    assert "no output for (99" in sentences
    assert held["predictions"]["clips"] == 16
    assert held["predictions"]["accuracy"]["majority"]["of"] == 16


@pytest.mark.slow
def test_a_network_with_one_output_too_few(run: Run) -> None:
    save_notebook(run.checkpoint, make_notebook(classes=6), vocab_size=7)
    write_vocabulary(run.vocabulary, {gloss: number for number, gloss in enumerate("abcdef", start=1)})
    held = json.loads(inspector("diagnose", *run.files, "--json", "-").stdout)
    assert "class-count-mismatch" in [cause["id"] for cause in held["causes"]]
    assert "6 outputs" in next(
        one["sentence"] for one in held["findings"] if one["id"] == "outputs-do-not-fit-vocabulary"
    )


@pytest.mark.slow
def test_weights_that_are_not_finite_come_first(run: Run) -> None:
    with torch.no_grad():
        run.network.classifier.weight[0, 0] = float("nan")
    save_notebook(run.checkpoint, run.network)
    held = json.loads(inspector("diagnose", *run.files, "--json", "-").stdout)
    assert held["causes"][0]["id"] == "non-finite-weights"
    assert held["verdict"] == "ill"


# -- keys and compare -------------------------------------------------------------------------------------------------


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


def test_compare_json_follows_the_contract(run: Run, tmp_path: Path) -> None:
    other = save_notebook(tmp_path / "other.pt", run.network, val_acc=1.0)
    held = json.loads(inspector("compare", run.checkpoint, other, "--json").stdout)
    jsonschema.validate(held, json.loads((ROOT / "docs" / "compare.schema.json").read_text()))
    assert (held["schema"], held["verdict"], held["prefix"]) == (
        "asl-inspector/compare/1",
        "identical",
        {"a": "", "b": ""},
    )
    assert {row["status"] for row in held["tensors"]} == {"equal"}
    assert held["values"] == [{"path": ["val_acc"], "a": None, "b": "1.0", "status": "only-b", "group": "metric"}]
    assert held["sentence"] == "The weights are identical: all 18 tensors are equal, number for number."
    assert inspector("compare", run.checkpoint, other).stdout.startswith("The weights are identical")


def test_control_characters_in_keys_are_visible_on_a_terminal(tmp_path: Path) -> None:
    torch.save({"\x1b[2Jwiped": torch.ones(1), "note": "\x1b]0;title\x07"}, tmp_path / "a.pt")
    shown = inspector("keys", tmp_path / "a.pt").stdout
    assert "\x1b" not in shown
    assert "\\x1b[2Jwiped" in shown
    exact = json.loads(inspector("keys", tmp_path / "a.pt", "--json").stdout)
    assert exact["tensors"][0]["name"] == "\x1b[2Jwiped"


# -- the program as a whole -------------------------------------------------------------------------------------------


def test_the_demo_case_is_diagnosed_and_its_report_written(tmp_path: Path) -> None:
    ran = inspector("demo", "--pdf", tmp_path / "demo.pdf")
    assert ran.returncode == 0
    assert (tmp_path / "demo.pdf").read_bytes().startswith(b"%PDF-")
    held = json.loads(inspector("diagnose", ROOT / "resources" / "demo", "--json", "-").stdout)
    assert held["causes"][0]["id"] == "label-map-mismatch"
    assert held["stage1"]["verdict"] == "not-loaded"
    assert held["stage1"]["claimed"] is True
    fixed = held["causes"][0]["counterfactual"]
    assert fixed["accuracy_now"] < 0.05 < 0.6 < fixed["accuracy_if_fixed"]


@pytest.mark.slow
def test_without_a_screen_the_demo_says_where_its_report_is(tmp_path: Path) -> None:
    bare = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    ran = inspector("demo", cwd=tmp_path, env=bare)
    assert ran.returncode == 0
    assert "asl-inspector-demo.pdf" in ran.stderr
    assert (tmp_path / "asl-inspector-demo.pdf").exists()


@pytest.mark.slow
def test_interrupting_leaves_nothing_half_written(run: Run, tmp_path: Path) -> None:
    write_cache(run.validation, make_clips(clips_a_gloss=4_000))
    command = [
        sys.executable,
        "-m",
        "asl_inspector",
        "diagnose",
        run.checkpoint,
        run.validation,
        "--pdf",
        tmp_path / "r.pdf",
        "--batch-frames",
        "64",
    ]
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert b"Interrupted" in errors
    written = [path.read_bytes() for path in tmp_path.glob("*.p*")]  # of the clips that were run by then, if any
    assert all(content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF") for content in written)


def test_an_unknown_option_for_the_window_is_refused() -> None:
    ran = inspector("--frobnicate")
    assert ran.returncode == 2
    assert "--frobnicate" in ran.stderr


def test_the_version_is_told() -> None:
    assert inspector("--version").stdout.startswith("asl-inspector ")


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["score", "majority", "first-token"])
def test_the_decoder_can_be_chosen(run: Run, decoder: str) -> None:
    held = json.loads(
        inspector("diagnose", *run.files, "--json", "-", "--decoder", decoder, "--fail-on", "never").stdout
    )
    above = next(one for one in held["findings"] if one["id"] in ("above-chance", "at-chance"))
    assert above["evidence"]["correct"] == held["predictions"]["accuracy"][decoder.replace("-", "_")]["correct"]


@pytest.mark.slow
def test_the_blank_can_be_said(run: Run) -> None:
    held = json.loads(inspector("diagnose", *run.files, "--json", "-", "--blank", 6, "--fail-on", "never").stdout)
    assert held["checkpoint"]["blank"] == 6
    assert "The blank cannot be 7" in sentence(inspector("diagnose", *run.files, "--blank", 7))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--trust", "x.py", "“x.py” is no longer there"),
        ("--blank", "first", "--blank first"),
        ("--batch-frames", "0", "at least 1"),
        ("--threads", "0", "from 1 to 1024"),
        ("--device", "toaster", "no device"),
    ],
)
def test_what_this_version_cannot_do_is_said(run: Run, option: str, value: str, words: str) -> None:
    assert words in sentence(inspector("diagnose", *run.files, option, value))


@pytest.mark.slow
def test_a_cache_that_would_act_is_named_in_the_diagnosis(run: Run, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, (f"touch {canary}",)

    cache: dict[str, object] = dict(make_clips())
    cache["val_apple_0"]["note"] = Evil()  # type: ignore[index]
    write_cache(run.validation, cache)
    held = json.loads(inspector("diagnose", *run.files, "--json", "-", "--fail-on", "never").stdout)
    found = next(one for one in held["findings"] if one["id"] == "file-would-act")
    assert "features_val.pkl" in found["sentence"]
    assert str(canary) in found["sentence"]
    assert not canary.exists()
    assert held["predictions"]["clips"] == 18


@pytest.mark.slow
def test_the_html_report_is_written(run: Run, tmp_path: Path) -> None:
    ran = inspector("diagnose", *run.files, "--html", tmp_path / "r.html", "--fail-on", "never")
    assert ran.returncode == 0
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.slow
def test_reports_take_their_options(run: Run, tmp_path: Path) -> None:
    outputs = [part for kind in ("pdf", "html", "md", "json", "csv") for part in (f"--{kind}", tmp_path / f"r.{kind}")]
    ran = inspector("diagnose", *run.files, *outputs, "--paper", "letter", "--summary", "--anonymise", "--quiet")
    assert ran.returncode in (0, 1), ran.stderr
    for kind in ("html", "md", "json", "csv"):
        assert str(run.checkpoint.parent) not in (tmp_path / f"r.{kind}").read_text()
    assert json.loads((tmp_path / "r.json").read_text())["case"]["files"][0]["path"] == run.files[0].name
    assert "What the figures mean" not in (tmp_path / "r.md").read_text()
    assert str(run.checkpoint.parent) not in ran.stdout


def test_what_is_neither_command_nor_file_is_told(tmp_path: Path) -> None:
    ran = inspector("nosuchcommand", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "“nosuchcommand” is neither a command nor a file" in ran.stderr


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
def test_without_a_screen_no_window_is_tried(tmp_path: Path) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ran = inspector(env={name: value for name, value in os.environ.items() if name not in hidden})
    assert ran.returncode == 2
    assert "no screen" in ran.stderr
