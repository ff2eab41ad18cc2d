"""The command line as a script meets it: exit status, streams, files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from command_line import inspector
from conftest import ROOT
from makers import Run, make_clips, make_notebook, save_notebook, write_cache, write_vocabulary


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
