"""The use case: many checkpoints inspected, and what they come to. The command line calls it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from asl_inspector.errors import DataError, InspectorError
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.sweep.assembling import Assembler
from asl_inspector.sweep.engines.engine import Engine
from asl_inspector.sweep.finding import Found, find_checkpoints, identify
from asl_inspector.sweep.keys import job_key, setup_key
from asl_inspector.sweep.records import DataFacts, Job, Part, Setup, Sweep
from asl_inspector.sweep.results import Results
from asl_inspector.sweep.tables import write_tables

HASHED_AT_ONCE = 4  # files; hashing lets other threads work
LEAST_SECONDS_BETWEEN_TABLES = 5.0
TABLES_TAKE_AT_MOST = 0.05  # of the time


def sweep(
    folders: Sequence[Path],
    setup: Setup,
    results: Results,
    engine: Engine,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Sweep:
    """Inspect every checkpoint below the folders that was not inspected before.

    What is finished is kept whatever happens then: Ctrl-C, an error, a killed process.

    Args:
        folders: Folders and files.
        setup: What is the same for all of them.
        results: Where the results are kept, and were kept before.
        engine: What runs the jobs; it is closed at the end.
        progress: Told how far it is and how long it will take.
        cancel: Asked while it waits.

    Raises:
        InspectorError: If there is no checkpoint, the data cannot be opened, or the results cannot be written.
        Cancelled: If `cancel` was set; the tables are written all the same.
    """
    cancel = cancel or CancelToken()
    try:
        paths = find_checkpoints(folders, _not_checkpoints(setup, results))
        if not paths:
            named = " and ".join(f"“{one}”" for one in folders)
            raise DataError(f"There is no checkpoint in {named}.", advice="Give the folder that holds the runs.")
        progress(Step("Opening the data"))
        data = engine.open(setup, cancel)
        found, parts = _identified(paths, setup, data, progress, cancel)
        parts |= results.known(dict.fromkeys(key for _, key in found))
        jobs = _jobs(found, parts)
        work = _Work(found, parts, Assembler(setup, data, folders), results)
        try:
            work.do(jobs, engine, progress, cancel)
        finally:
            done = work.write()
        return done
    finally:
        engine.close()


def _not_checkpoints(setup: Setup, results: Results) -> list[Path]:
    others = [setup.validation, setup.train, setup.stage1, *setup.vocabularies, results.folder]
    return [one for one in others if one is not None]


def _identified(
    paths: Sequence[Path], setup: Setup, data: DataFacts, progress: Progress, cancel: CancelToken
) -> tuple[list[tuple[Found, str]], dict[str, Part]]:
    """The files with the keys of their jobs, and parts for those that cannot even be read."""
    same = setup_key(setup, data.files)
    found, parts = [], {}

    def hashed(path: Path) -> Found | InspectorError:
        try:
            return identify(path, cancel)
        except InspectorError as error:
            return error
        except OSError as error:
            return DataError(f"“{path.name}” cannot be read: {error.strerror}.")

    with ThreadPoolExecutor(HASHED_AT_ONCE) as pool:
        for number, (path, one) in enumerate(zip(paths, pool.map(hashed, paths), strict=True), start=1):
            progress(Step("Hashing the checkpoints", number, len(paths), "files"))
            if isinstance(one, Found):
                found.append((one, job_key(one.sha256, same)))
                continue
            key = f"unread {path}"
            parts[key] = Part(key, one.sentence, one.advice, again=True)
            found.append((Found(path, 0, ""), key))
    return found, parts


def _jobs(found: Sequence[tuple[Found, str]], parts: dict[str, Part]) -> list[Job]:
    """What is to be done: each content once, what is known and need not be tried again left out."""
    jobs: dict[str, Job] = {}
    for one, key in found:
        if one.sha256 and (key not in parts or parts[key].again):
            jobs.setdefault(key, Job(key, one.path))
    return list(jobs.values())


class _Work:
    """A sweep under way."""

    def __init__(
        self, found: Sequence[tuple[Found, str]], parts: dict[str, Part], assembler: Assembler, results: Results
    ) -> None:
        self._found, self._parts, self._assembler, self._results = found, parts, assembler, results
        self._written_at, self._cost = time.monotonic(), 0.0

    def do(self, jobs: Sequence[Job], engine: Engine, progress: Progress, cancel: CancelToken) -> None:
        for job in jobs:
            self._parts.pop(job.key, None)
        started = time.monotonic()
        self._tell(progress, engine, 0, len(jobs), started)
        for number, part in enumerate(engine.run(jobs, cancel), start=1):
            self._results.keep(part)
            self._parts[part.key] = part
            self._tell(progress, engine, number, len(jobs), started)
            wait = max(LEAST_SECONDS_BETWEEN_TABLES, self._cost / TABLES_TAKE_AT_MOST)
            if time.monotonic() - self._written_at > wait and number < len(jobs):
                self.write()

    def write(self) -> Sweep:
        """Make the tables anew."""
        started = time.monotonic()
        done = self._assembler.assemble(self._found, self._parts)
        write_tables(self._results.folder, done, self._parts)
        self._written_at = time.monotonic()
        self._cost = self._written_at - started
        return done

    def _tell(self, progress: Progress, engine: Engine, number: int, total: int, started: float) -> None:
        if total:
            left = time_left(number, total, time.monotonic() - started)
            progress(Step(f"Inspecting with {engine.described}{left}", number, total, "files"))


def time_left(done: int, total: int, seconds: float) -> str:
    """ ", about 3 min left", or nothing while nothing is known."""
    if not done or done >= total:
        return ""
    left = seconds / done * (total - done)
    words = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min" if left < 5400 else f"{left / 3600:.1f} h"
    return f", about {words} left"
