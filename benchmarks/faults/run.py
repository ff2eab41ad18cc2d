"""Plant, train, inspect, score: the whole benchmark in one command.

python -m benchmarks.faults.run --out DIR [--subset ci|fitting|held-out|full] [--jobs 1] [--again] [--publish]

What is done already in DIR is not done again: runs that were trained stay, and so does what was said of them unless
`--again` asks the program anew.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.faults.generators import vowel_wheel
from benchmarks.faults.inspecting import INPUTS, inspect_run
from benchmarks.faults.judging import stored
from benchmarks.faults.kinds import cases, is_for_fitting
from benchmarks.faults.making import make_run
from benchmarks.faults.records import Case
from benchmarks.faults.reporting import tables, write
from benchmarks.faults.watch import watch_wheel
from benchmarks.measuring import ROOT

SEEDS_OF_ALL_SETS = (2, 3)  # both networks at the middle severity; the others are asked with all files and with fewest
CI_KINDS = (
    "vocabulary-per-split",
    "stage1-partly-loaded",
    "validation-copied",
    "validation-in-pixels",
    "stale-metadata",
    "blank-favoured",
    "encoder-frozen",
    "healthy",
    "healthy-frozen-on-purpose",
    "healthy-hard-data",
)


def chosen_cases(subset: str) -> list[Case]:
    """The cases of a subset; those of a generator whose data is not at hand are left out."""
    if subset == "ci":
        return [case for case in cases(("landmarks",), 2) if case.kind in CI_KINDS]
    there = {"landmarks": True, "vowels": vowel_wheel() is not None, "watch": watch_wheel() is not None}
    chosen = cases(tuple(name for name, at_hand in there.items() if at_hand))
    if subset == "full":
        return chosen
    return [case for case in chosen if is_for_fitting(case) == (subset == "fitting")]


def make(case: Case, out: Path) -> None:
    """Train a case unless it is there."""
    folder, facts = out / "runs" / case.name, out / "facts" / f"{case.name}.json"
    if facts.exists():
        return
    if folder.exists():
        shutil.rmtree(folder)  # left behind by a run that was broken off
    (out / "said" / f"{case.name}.json").unlink(missing_ok=True)  # of an earlier run by this name
    folder.mkdir(parents=True)
    told = make_run(case, folder)
    facts.parent.mkdir(exist_ok=True)
    facts.write_text(json.dumps(told), encoding="utf-8")


def ask(case: Case, out: Path, *, again: bool) -> None:
    """Inspect a case unless that was done."""
    answer = out / "said" / f"{case.name}.json"
    if answer.exists() and not again:
        return
    answer.parent.mkdir(exist_ok=True)
    sets = tuple(INPUTS) if case.seed in SEEDS_OF_ALL_SETS else ("all", "checkpoint and validation")
    told = {name: one.as_dict() for name, one in inspect_run(out / "runs" / case.name, sets).items()}
    answer.write_text(json.dumps(told), encoding="utf-8")


def work(task: tuple[Case, Path, bool, bool]) -> str:
    """One case, for a process of the pool."""
    case, out, again, only_make = task
    make(case, out)
    if not only_make:
        ask(case, out, again=again)
    return case.name


def main(arguments: list[str]) -> int:
    """Run the benchmark and write its results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--subset", choices=("ci", "fitting", "held-out", "full"), default="full")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="ask the program about every run anew")
    parser.add_argument("--only-make", action="store_true", help="train the runs and stop")
    parser.add_argument("--publish", action="store_true", help="write the results into docs")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = chosen_cases(options.subset)
    started = time.monotonic()
    tasks = [(case, options.out, options.again, options.only_make) for case in chosen]
    if options.jobs == 1:
        for number, task in enumerate(tasks, start=1):
            print(f"{number}/{len(tasks)} {work(task)} {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    else:
        with ProcessPoolExecutor(options.jobs) as pool:
            for number, name in enumerate(pool.map(work, tasks), start=1):
                print(f"{number}/{len(tasks)} {name} {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    if not options.only_make:
        answers = [answer for case in chosen for answer in stored(case, options.out)]
        page = ROOT / "docs" / "benchmark.md" if options.publish else None
        found = write(answers, ROOT / "docs" / "benchmark" if options.publish else options.out / "results", page)
        print(tables(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
