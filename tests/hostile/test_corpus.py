"""Every file of the corpus through both doors of the program: a case, and `keys --json`.

The fast tests take every tenth case, in an order that does not change; all of them run under `slow`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile.corpus.benign_cases import benign_cases
from hostile.corpus.hostile_cases import hostile_cases
from hostile.corpus.records import Benign, Hostile
from hostile.running import HERE, Opener, environment, faults_of_benign, faults_of_hostile, opener, place_for

AWAITED: frozenset[str] = frozenset()  # formats of must-open files that no reader knows yet
ONE_IN = 10
SMALL_BOMBS = 12
LARGE = ("bombs",)


def by_category() -> dict[str, list[Hostile]]:
    found: dict[str, list[Hostile]] = defaultdict(list)
    for case in hostile_cases():
        found[case.category].append(case)
    return found


def small_share() -> list[Hostile]:
    return [case for case in hostile_cases() if case.category not in LARGE][::ONE_IN]


def awaited(case: Benign) -> bool:
    return case.format in AWAITED


@pytest.fixture(scope="module")
def program() -> Iterator[Opener]:
    with opener() as running:
        yield running


def faults(cases: list[Hostile], folder: Path, program: Opener) -> dict[str, list[str]]:
    found = {case.name: faults_of_hostile(case, folder / str(n), program) for n, case in enumerate(cases)}
    return {name: held for name, held in found.items() if held}


def benign_faults(cases: list[Benign], folder: Path, program: Opener) -> dict[str, list[str]]:
    found = {case.name: faults_of_benign(case, folder / str(n), program) for n, case in enumerate(cases)}
    return {name: held for name, held in found.items() if held}


def test_the_corpus_is_as_large_as_it_claims() -> None:
    cases = hostile_cases()
    assert len(cases) >= 1_300
    assert len([case for case in cases if case.load]) >= 500
    assert len(by_category()) >= 22
    assert len(benign_cases()) >= 300


def test_a_tenth_of_the_hostile_files_does_no_harm(tmp_path: Path, program: Opener) -> None:
    assert not faults(small_share(), tmp_path, program)


@pytest.mark.parametrize("name", ["POP in npy", "curves of twenty thousand shared rows"])  # larger ones: slow, below
def test_files_that_the_search_for_clips_once_fell_for_do_no_harm(name: str, tmp_path: Path, program: Opener) -> None:
    assert not faults([case for case in hostile_cases() if case.name == name], tmp_path, program)


def test_small_bombs_do_no_harm(tmp_path: Path, program: Opener) -> None:
    trusting = [case for case in by_category()["bombs"] if "trusts a length" in case.claim][:SMALL_BOMBS]
    assert len(trusting) > 5
    assert not faults(trusting, tmp_path, program)


def test_a_tenth_of_the_benign_files_opens_with_its_true_content(tmp_path: Path, program: Opener) -> None:
    cases = [case for case in benign_cases()[::ONE_IN] if not awaited(case)]
    assert not benign_faults(cases, tmp_path, program)


@pytest.mark.slow
@pytest.mark.parametrize("category", sorted(by_category()))
def test_no_hostile_file_does_harm(category: str, tmp_path: Path, program: Opener) -> None:
    assert not faults(by_category()[category], tmp_path, program)


@pytest.mark.slow
@pytest.mark.parametrize("category", sorted({case.category for case in benign_cases()}))
def test_every_benign_file_opens_with_its_true_content(category: str, tmp_path: Path, program: Opener) -> None:
    cases = [case for case in benign_cases() if case.category == category and not awaited(case)]
    assert cases
    assert not benign_faults(cases, tmp_path, program)


def command_line(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "asl_inspector", "keys", str(path), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=environment(),
    )


@pytest.mark.slow
@pytest.mark.parametrize("category", sorted(by_category()))
def test_the_command_line_itself_withstands_a_file_of_each_kind(category: str, tmp_path: Path) -> None:
    case = by_category()[category][0]
    place = place_for(tmp_path)
    ran = command_line(case.make(place))
    assert ran.returncode in (0, 2), ran.stderr[-2_000:]
    assert "Traceback" not in ran.stderr
    assert json.loads(ran.stdout)["schema"] == "asl-inspector/keys/1"
    assert not any(place.canary.iterdir())


def prove(cases: list[Hostile], folder: Path) -> list[str]:
    """Names of the cases whose payload stays silent under an ordinary load."""
    lines = []
    for number, case in enumerate(cases):
        place = place_for(folder / str(number))
        lines.append(f"{case.load}\t{case.make(place)}\t{place.canary}")
    ran = subprocess.run(
        [sys.executable, str(HERE / "proving.py")],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=3_000,
        env=environment(),
    )
    answers = ran.stdout.split()
    assert len(answers) == len(cases), ran.stderr[-2_000:]
    return [case.name for case, answer in zip(cases, answers, strict=True) if answer != "fired"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="payloads are written for Linux")
def test_every_payload_is_live(tmp_path: Path) -> None:
    """Each fires under pickle.load, torch.load or numpy.load in a throw-away process: silence elsewhere means something."""
    assert not prove([case for case in hostile_cases() if case.load], tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="payloads are written for Linux")
def test_a_few_payloads_are_live_and_a_harmless_file_is_not(tmp_path: Path) -> None:
    """The proof can fail: a file that does nothing counts as silent."""
    live = [case for case in hostile_cases() if case.load and case.category.startswith("opcodes")]
    harmless = Hostile("harmless", "x", "x", lambda place: _written(place.folder / "a.pkl", b"N."), load="pickle")
    assert prove([*live[::25], harmless], tmp_path) == ["harmless"]


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_reader_that_ran_a_payload_would_be_caught(tmp_path: Path, program: Opener) -> None:
    """The checks themselves can fail: a canary, a missing call, a wrong value."""

    def with_canary(place: object) -> Path:
        (tmp_path / "1" / "canary" / "fired").touch()
        return _written(tmp_path / "1" / "case" / "a.pkl", b"]K\x01a.")

    fired = Hostile("x", "x", "x", with_canary)  # type: ignore[arg-type]
    assert faults_of_hostile(fired, tmp_path / "1", program) == ["its payload ran"]
    silent = Hostile("x", "x", "x", lambda p: _written(p.folder / "a.pkl", b"]K\x01a."), calls=("os.system",))
    assert "none of" in faults_of_hostile(silent, tmp_path / "2", program)[0]
    unsound = Hostile("x", "x", "x", lambda p: _written(p.folder / "a.pkl", b"]K\x01a."), must_open=True)
    assert "not shown" in faults_of_hostile(unsound, tmp_path / "3", program)[0]
