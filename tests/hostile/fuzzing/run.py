"""Fuzzes every parser for some minutes, in one process a core, and tells runs, faults and limits.

    make fuzz MINUTES=10 SEED=1

Each run is named by seed, parser and number, and can be made again from these alone. A file on which anything but an
ordinary refusal happens, or a limit of time or memory is broken, is written to a folder with what happened.
"""

from __future__ import annotations

import argparse
import faulthandler
import gc
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

from hostile.fuzzing.parsers import Parser, parsers, small_parsers

SECONDS_A_RUN = 5.0
SECONDS_WITHOUT_ANSWER = 120
BYTES_A_RUN = 1_500 << 20
CHANGES = (1, 1, 1, 2, 3, 6)
STATISTICS_EVERY = 8
MOST_KEPT = 50  # files of faults, a parser


class TimeLimit(BaseException):
    """A run took too long."""


@dataclass(slots=True)
class Tally:
    """What came of one parser's runs."""

    parser: str
    runs: int = 0
    opened: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)


def changed(parser: Parser, seed: int, number: int) -> bytes:
    """The file of one run."""
    chance = random.Random(f"{seed}:{parser.name}:{number}")
    content = chance.choice(parser.seeds)
    for _ in range(chance.choice(CHANGES)):
        content = parser.change(content, chance)
    return content


def read(path: Path, number: int) -> bool:
    """Open a file through the program's doors; True where it opened. Raises only what is a fault."""
    from asl_inspector.case.recognising import open_file
    from asl_inspector.case.records import SAVED_CASE
    from asl_inspector.case_files.reading import read_case
    from asl_inspector.checkpoints.records import Checkpoint
    from asl_inspector.engine.saved_views import unpack_view
    from asl_inspector.errors import InspectorError
    from asl_inspector.report.changes.comparing import compare_reports
    from asl_inspector.report.changes.outputs import changes_text
    from asl_inspector.report.changes.reading import read_report
    from asl_inspector.report.json_text import to_json
    from asl_inspector.report.keys_json import keys_json
    from asl_inspector.report.keys_text import keys_text
    from asl_inspector.samples.records import Clips

    if SAVED_CASE.encode() in path.read_bytes()[:200]:
        try:
            held = read_case(path)
            view = held.cached.view if held.cached is not None else ""
            unpack_view(view, [file.path for file in held.files], {})
            with suppress(InspectorError):  # a case without a result has no report
                changes_text(compare_reports(read_report(path), read_report(path)))
            return bool(held.files)
        except InspectorError:
            return False
    opened = open_file(path)
    if isinstance(opened.opened, Clips):
        with suppress(InspectorError):
            for clip in range(min(3, len(opened.opened))):
                opened.opened.features(clip)
    if isinstance(opened.opened, Checkpoint) and opened.file is not None:
        statistics = number % STATISTICS_EVERY == 0
        document = keys_json(opened.opened, opened.file.view, statistics=statistics, values=3)
        to_json(document)
        keys_text(document, opened.opened.tensors)
    return opened.opened is not None


@contextmanager
def limits() -> Iterator[None]:
    """Address space, and an alarm that raises `TimeLimit`."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeLimit

    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES_A_RUN, before[1]))
    handler = signal.signal(signal.SIGPROF, late)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a warning on the terminal is a fault too
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def run_once(parser: Parser, seed: int, number: int, path: Path, tally: Tally, kept: Path | None) -> None:
    """One run: change, write, read, and tally what came of it."""
    content = changed(parser, seed, number)
    path.write_bytes(content)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, SECONDS_A_RUN)
    fault = ""
    try:
        tally.opened += read(path, number)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
        details = traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - started
    tally.runs += 1
    tally.seconds += took
    tally.slowest = max(tally.slowest, took)
    if fault:
        tally.faults[fault] = tally.faults.get(fault, 0) + 1
        if kept is not None and sum(tally.faults.values()) <= MOST_KEPT:
            kept.mkdir(parents=True, exist_ok=True)
            name = f"{parser.name.replace(' ', '-')}-{seed}-{number}"
            (kept / f"{name}.bin").write_bytes(content)
            (kept / f"{name}.txt").write_text(f"{fault}\n{details}")


def fuzz(
    chosen: tuple[Parser, ...],
    seed: int,
    *,
    first: int = 0,
    runs: int | None = None,
    seconds: float | None = None,
    kept: Path | None = None,
) -> list[Tally]:
    """Runs of every parser: so many of each, or for so long altogether."""
    tallies = [Tally(parser.name) for parser in chosen]
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
    until = time.monotonic() + seconds if seconds is not None else None
    number = first
    try:
        with limits():
            while (runs is None or number < first + runs) and (until is None or time.monotonic() < until):
                faulthandler.dump_traceback_later(SECONDS_WITHOUT_ANSWER, exit=True)
                for parser, tally in zip(chosen, tallies, strict=True):
                    run_once(parser, seed, number, folder / "file.bin", tally, kept)
                number += 1
                if number % 200 == 0:
                    gc.collect()
    finally:
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(folder, ignore_errors=True)
    return tallies


def table(tallies: list[Tally]) -> str:
    """The figures, a line a parser."""
    lines = [f"{'parser':<14}{'runs':>10}{'opened':>9}{'runs/s':>9}{'slowest':>10}{'faults':>8}"]
    for tally in tallies:
        speed = tally.runs / tally.seconds if tally.seconds else 0.0
        share = f"{100 * tally.opened / max(1, tally.runs):.0f} %"
        faults = sum(tally.faults.values())
        lines.append(f"{tally.parser:<14}{tally.runs:>10,}{share:>9}{speed:>9.0f}{tally.slowest:>8.2f} s{faults:>8}")
        lines += [f"    {fault}: {count:,}" for fault, count in tally.faults.items()]
    runs, faults = sum(tally.runs for tally in tallies), sum(sum(tally.faults.values()) for tally in tallies)
    return "\n".join([*lines, f"{runs:,} runs, {faults:,} faults"])


def main() -> int:
    """Run, print the table; 1 where there were faults."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float)
    options.add_argument("--runs", type=int, help="runs of each parser")
    options.add_argument("--first", type=int, default=0, help="number of the first run")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--parser", help="only this one")
    options.add_argument(
        "--small", action="store_true", help="without the benign files of the corpus, which need torch"
    )
    options.add_argument("--kept", type=Path, default=Path("fuzzing-faults"), help="where files of faults are written")
    options.add_argument("--json", type=Path, help="the figures as JSON")
    given = options.parse_args()
    all_parsers = small_parsers() if given.small else parsers()
    chosen = tuple(parser for parser in all_parsers if given.parser in (None, parser.name))
    seconds = given.minutes * 60 if given.minutes is not None else None
    if seconds is None and given.runs is None:
        seconds = 60.0
    tallies = fuzz(chosen, given.seed, first=given.first, runs=given.runs, seconds=seconds, kept=given.kept)
    print(table(tallies))
    if given.json:
        given.json.write_text(json.dumps([asdict(tally) for tally in tallies], indent=1))
    return 1 if any(tally.faults for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
