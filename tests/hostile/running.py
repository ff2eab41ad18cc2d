"""Runs many cases through one process that forks for each, and says what is wrong with what came back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hostile.corpus.records import Benign, Hostile, Made, Place

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MOST_SECONDS = 20.0  # of processor time, for each of the two doors
MOST_MEGABYTES = 1_500
KINDS = ("Checkpoint", "Clips", "Vocabulary")  # what a case takes an array for is its own affair: `keys` shows all
HOW_READERS_DIE = ("outside itself", "ended unexpectedly", "was stopped")
CALLING_OPCODES = b"Roibc\x81\x82\x83\x84\x92\x93"
GOOD = ["1.0", "2.0", "3.0", "4.0"]


class Opener:
    """The process that opens files as the program does."""

    def __init__(self, questions: IO[str], answers: IO[str]) -> None:
        self.questions = questions
        self.answers = answers

    def open(self, path: Path) -> dict[str, Any]:
        """What happened when the file was opened."""
        print(json.dumps(str(path)), file=self.questions, flush=True)
        told: dict[str, Any] = json.loads(self.answers.readline())
        return told


def environment() -> dict[str, str]:
    """The tests' own environment with the project's code on the path."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}


@contextmanager
def opener() -> Iterator[Opener]:
    """A process for many files."""
    with subprocess.Popen(
        [sys.executable, str(HERE / "opening.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Opener(process.stdin, process.stdout)
        process.stdin.close()


def place_for(folder: Path) -> Place:
    """Fresh folders for one case."""
    place = Place(folder / "case", folder / "canary")
    place.folder.mkdir(parents=True)
    place.canary.mkdir()
    return place


def faults_of_hostile(case: Hostile, folder: Path, program: Opener) -> list[str]:
    """Write the case, open it, and say what broke which promise."""
    place = place_for(folder)
    path = case.make(place)
    told = program.open(path)
    faults = _faults_of_any(told)
    if any(place.canary.iterdir()):
        faults.append("its payload ran")
    if not faults:
        faults += _faults_of_calls(case, path, told)
        if case.must_open:
            good = next((one for one in told.get("tensors", []) if one["path"] == ["good"]), None)
            if good is None or good.get("first") != GOOD:
                faults.append(f"the sound tensor is not shown: {good or told['problem']}")
    _remove(folder)
    return faults


def _remove(folder: Path) -> None:
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _faults_of_any(told: dict[str, Any]) -> list[str]:
    if told.get("crash"):
        return [f"crashed: {told['crash']}\n{told.get('where', '')}"]
    faults = []
    if told["did"]:
        faults.append(f"did more than read the file: {told['did']}")
    reader = told["reader"]
    here = {"kind": told["kind"], "calls": [call for call, _, _ in told["would_run"]]}
    there = {"kind": reader["kind"], "calls": reader["calls"]}
    if there != here or bool(told["problem"]) != bool(reader["problem"]):
        faults.append(f"a reader tells {there} {reader['problem']}, not {here} {told['problem']}")
    if any(words in reader["problem"] for words in HOW_READERS_DIE):
        faults.append(f"its reader did not end by itself: {reader['problem']}")
    if told["leak"]:
        faults.append("showed another file's content")
    for door in ("seconds", "keys_seconds"):
        if told[door] > MOST_SECONDS:
            faults.append(f"took {told[door]:.1f} s ({door})")
    if told["peak_mb"] > MOST_MEGABYTES:
        faults.append(f"took {told['peak_mb']:.0f} MB")
    if told["keys_status"] == "refused" and told["exit"] != 2:
        faults.append(f"refused with exit status {told['exit']}")
    return faults


def _faults_of_calls(case: Hostile, path: Path, told: dict[str, Any]) -> list[str]:
    """A file that opens must name the call; the offset of a bare stream must point at the opcode."""
    if not case.calls or told["problem"]:
        return []
    rows = told["would_run"]
    text = " ".join(f"{call} {arguments}" for call, arguments, _ in rows)
    if not any(name in text for name in case.calls):
        return [f"none of {case.calls} is told: {[row[0] for row in rows]}"]
    if case.category in ("opcodes in pickle", "gadgets"):
        content = path.read_bytes()
        wrong = [row for row in rows if content[row[2] : row[2] + 1] not in _singles(CALLING_OPCODES)]
        if wrong:
            return [f"offsets that point at no call: {wrong}"]
    return []


def _singles(opcodes: bytes) -> list[bytes]:
    return [bytes([opcode]) for opcode in opcodes]


def faults_of_benign(case: Benign, folder: Path, program: Opener) -> list[str]:
    """Write the case, open it, and say where it differs from the truth."""
    folder.mkdir(parents=True)
    made = case.make(folder)
    told = program.open(made.path)
    faults = _faults_of_any(told)
    if not faults and (told["problem"] or told["kind"] not in KINDS):
        faults.append(f"refused, or taken for {told['kind']}: {told['problem']}")
    if not faults:
        faults += _differences(made, told)
        if told["status"] != "opened":
            faults.append(f"opened only {told['status']}: {told['notes']}")
    shutil.rmtree(folder, ignore_errors=True)
    return faults


def _differences(made: Made, told: dict[str, Any]) -> list[str]:
    faults = []
    found = {tuple(one["path"]): one for one in told["tensors"]}
    if set(found) != set(made.tensors):
        faults.append(f"paths that differ: {sorted(set(found) ^ set(made.tensors))[:5]}")
    for path, truth in made.tensors.items():
        one = found.get(path)
        if one is None:
            continue
        if (one["dtype"], tuple(one["shape"])) != (truth.dtype, truth.shape):
            faults.append(f"{path}: {one['dtype']} {one['shape']}, not {truth.dtype} {truth.shape}")
        elif one.get("first") != [repr(number) for number in truth.first]:
            faults.append(f"{path}: {one.get('first')} {one['trouble']}, not {truth.first}")
    values = {tuple(path): text for path, text in told["values"]}
    faults += [
        f"{path}: {values.get(path)!r}, not {text!r}" for path, text in made.values.items() if values.get(path) != text
    ]
    return faults
