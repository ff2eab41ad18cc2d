"""Consent on the command line, and what becomes of the process when the one who asked is gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import onnx
import pytest
import torch
from programs.conftest import clips_of
from programs.models import Reader, Spotter, frozen_script, onnx_model, seeded

from asl_inspector.programs.consent import hash_of

SLOW = """
import os, time, torch

class Slow(torch.nn.Module):
    def forward(self, features):
        open({started!r}, "w").write(str(os.getpid()))
        time.sleep(600)

def build_model(checkpoint):
    return Slow()
"""


def diagnose(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "asl_inspector",
        "diagnose",
        *map(str, arguments),
        "--json",
        "-",
        "--fail-on",
        "never",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_trust_names_the_file_and_its_hash_even_when_quiet(tmp_path: Path) -> None:
    script = frozen_script(tmp_path / "frozen.pt", seeded(Reader, 9))
    clips = clips_of(tmp_path / "features_val.pkl", 8, first=1)
    refused = diagnose(script, clips, "--quiet")
    assert refused.returncode == 2
    assert "--trust frozen.pt" in refused.stderr
    ran = diagnose(script, clips, "--quiet", "--trust", script)
    assert ran.returncode == 0, ran.stderr
    assert hash_of(script.read_bytes()) in ran.stderr
    held = json.loads(ran.stdout)
    assert held["predictions"]["clips"] == 8
    assert held["checkpoint"]["architecture"].startswith("TorchScript program")
    assert any(hash_of(script.read_bytes())[:16] in one for one in held["checkpoint"]["assumptions"])


def test_trust_of_what_needs_none_or_is_nothing_is_a_usage_error(tmp_path: Path) -> None:
    model = onnx_model(tmp_path / "a.onnx", seeded(Spotter, 9))
    clips = clips_of(tmp_path / "features_val.pkl", 8, first=1)
    for path, sentence in ((model, "is run without consent"), (tmp_path / "no.py", "no longer there")):
        ran = diagnose(model, clips, "--trust", path)
        assert ran.returncode == 2
        assert sentence in ran.stderr


def test_an_onnx_model_that_names_a_file_elsewhere_never_reaches_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(4 * 6 * 16))
    (tmp_path / "inner").mkdir()
    path = onnx_model(tmp_path / "inner" / "a.onnx", seeded(Spotter, 9))
    model = onnx.load(path)
    weight = next(one for one in model.graph.initializer if one.name == "first.weight")
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="../secret.bin")
    path.write_bytes(model.SerializeToString())
    ran = diagnose(path, clips_of(tmp_path / "features_val.pkl", 8, first=1))
    assert ran.returncode == 2
    assert "cannot be run without “first.weight”" in ran.stderr


def started_process(tmp_path: Path) -> tuple[subprocess.Popen[bytes], int]:
    """The program with code that never answers, and the process in which that code is."""
    torch.save({"odd": torch.ones(3, 2, 2, 2)}, tmp_path / "odd.pt")
    clips, started = clips_of(tmp_path / "features_val.pkl", 8), tmp_path / "started"
    (tmp_path / "slow.py").write_text(SLOW.format(started=str(started)))
    command = [
        sys.executable,
        "-m",
        "asl_inspector",
        "diagnose",
        tmp_path / "odd.pt",
        clips,
        "--trust",
        tmp_path / "slow.py",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (started.exists() and started.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process, int(started.read_text())


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_ctrl_c_ends_the_code_and_the_program_at_once(tmp_path: Path) -> None:
    process, child = started_process(tmp_path)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - asked < 2  # the interpreter's own end included
    assert not is_alive(child)
    assert process.stderr is not None
    process.stderr.close()


@pytest.mark.slow
def test_code_does_not_outlive_a_program_that_was_killed(tmp_path: Path) -> None:
    process, child = started_process(tmp_path)
    folder = Path(f"/proc/{child}/cwd").readlink()
    assert folder.is_dir()
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    deadline = time.monotonic() + 5
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not folder.exists()
    assert process.stderr is not None
    process.stderr.close()
