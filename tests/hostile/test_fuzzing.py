"""A short run of the fuzzer, the files that earlier runs found, and the fuzzer's own ability to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hostile.fuzzing import run
from hostile.fuzzing.parsers import Parser, parsers, small_parsers
from hostile.fuzzing.run import fuzz, read, table

FOUND = sorted((Path(run.__file__).parent / "found").glob("*.bin"))
linux = pytest.mark.skipif(os.name != "posix" or not Path("/proc/self/statm").exists(), reason="limits are Linux's")


@pytest.mark.slow
@linux
def test_a_short_run_of_every_parser_finds_nothing(tmp_path: Path) -> None:
    tallies = fuzz(small_parsers(), seed=20, runs=60, kept=tmp_path)
    assert not [tally for tally in tallies if tally.faults], table(tallies)
    assert all(tally.runs == 60 for tally in tallies)
    assert sum(tally.opened for tally in tallies) > 100  # changes that leave nothing readable test nothing


@linux
@pytest.mark.slow
def test_a_longer_run_from_the_benign_files_finds_nothing(tmp_path: Path) -> None:
    tallies = fuzz(parsers(), seed=21, runs=1_000, kept=tmp_path)
    assert not [tally for tally in tallies if tally.faults], table(tallies)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_files_found_before_are_read_or_refused(path: Path) -> None:
    assert read(path, 0) in (True, False)


def test_a_run_can_be_made_again_from_its_seed_and_number() -> None:
    for parser in small_parsers():
        assert run.changed(parser, 5, 17) == run.changed(parser, 5, 17)
    assert len({run.changed(small_parsers()[0], 5, number) for number in range(50)}) > 40


@linux
@pytest.mark.parametrize(
    ("behave", "fault"),
    [
        (lambda: 1 // 0, "ZeroDivisionError"),
        (lambda: _spin(), "TimeLimit"),
        (lambda: bytearray(3 << 30), "MemoryError"),
    ],
)
def test_errors_and_broken_limits_are_told_and_kept(
    behave: object, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "read", lambda path, number: behave())  # type: ignore[operator]
    monkeypatch.setattr(run, "SECONDS_A_RUN", 0.2)
    parser = Parser("any", lambda content, chance: content, (b"x",))
    (tally,) = fuzz((parser,), seed=1, runs=2, kept=tmp_path)
    assert [name.split()[0] for name in tally.faults] == [fault]
    assert (tmp_path / "any-1-0.bin").read_bytes() == b"x"
    assert fault in (tmp_path / "any-1-0.txt").read_text()
    assert "2 runs, 2 faults" in table([tally])


def _spin() -> None:
    while True:
        pass
