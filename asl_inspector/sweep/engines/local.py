"""Processes on this machine: by default one for each core, as far as memory allows.

Cores are shared out evenly: a process takes no more threads than its share, which on small networks is faster than
threads that wait for each other. GPUs are taken in turn.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO, cast

from asl_inspector.errors import DataError, InferenceError
from asl_inspector.inference.cores import cores
from asl_inspector.own_process import is_frozen, isolated_command
from asl_inspector.progress import CancelToken
from asl_inspector.sweep.engines.lines import Lines, Opened, Start, line_of, record_of
from asl_inspector.sweep.engines.serving import CAN_FORK, TRIES, given_up
from asl_inspector.sweep.records import DataFacts, Job, Part, Setup

SERVE = "from asl_inspector.sweep.engines.serving import serve; serve(fork=sys.argv[1] == 'fork')"
HIDDEN_COMMAND = "_sweeper"
SECONDS_TO_HEAR = 0.1
BYTES_OF_ONE = 1 << 30  # torch, a network and its predictions; the data is shared
AHEAD = 2  # jobs for each process that are handed over before they are needed
LONGEST_TOLD = 2_000


def workers_for(jobs: int, wanted: int | None = None) -> int:
    """How many processes: as many as were wanted, else one for each core, as far as memory and jobs go."""
    if wanted is not None:
        return max(1, min(wanted, jobs))
    return max(1, min(cores(), jobs, _free_memory() // BYTES_OF_ONE))


def _free_memory() -> int:
    """Bytes of memory that can be had, or very many where that cannot be told."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + _cached()
    except (AttributeError, ValueError, OSError):
        return 1 << 60


def _cached() -> int:
    """Bytes that hold copies of files and are given up when needed."""
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("Cached:"))
    return 0


class LocalEngine:
    """Processes on this machine.

    Args:
        workers: How many, or None for what cores and memory allow.
        fork: False for processes that share nothing, as on systems that cannot copy them safely.
    """

    def __init__(self, workers: int | None = None, *, fork: bool = CAN_FORK) -> None:
        self._wanted, self._fork = workers, fork
        self._setup: Setup | None = None
        self._hosts: list[_Host] = []
        self.workers = 0

    @property
    def described(self) -> str:
        """ "2 processes on this machine"."""
        return f"{self.workers} process{'es' if self.workers != 1 else ''} on this machine"

    def open(self, setup: Setup, cancel: CancelToken) -> DataFacts:
        """Open the data, in the process that will share it.

        Raises:
            InspectorError: If it cannot be opened.
            Cancelled: If `cancel` was set.
        """
        self.workers = workers_for(1 << 30, self._wanted)
        self._setup = setup if setup.threads else replace(setup, threads=max(1, cores() // self.workers))
        self._hosts.append(_Host(self._setup, self.workers if self._fork else 1, fork=self._fork))
        return self._hosts[0].wait_until_open(cancel)

    def run(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Part]:
        """What each job found, as soon as it is known.

        Raises:
            InspectorError: If the processes cannot be kept alive.
            Cancelled: If `cancel` was set.
        """
        assert self._setup is not None  # noqa: S101 - the data is opened first
        waiting, tries = deque(jobs), dict.fromkeys((one.key for one in jobs), 0)
        ahead = AHEAD * self.workers if self._fork else AHEAD
        if not self._fork:
            more = min(self.workers, len(jobs)) - len(self._hosts)
            self._hosts += [_Host(self._setup, 1, fork=False) for _ in range(more)]
        while waiting or any(host.jobs for host in self._hosts):
            cancel.raise_if_cancelled()
            for host in self._hosts:
                while waiting and len(host.jobs) < ahead:
                    host.take(waiting.popleft())
            for host in _that_said_something(self._hosts):
                parts = host.hear()
                if parts is not None:
                    yield from parts
                    continue
                self._hosts.remove(host)
                told, status = host.told(), host.end()
                for job in host.jobs.values():
                    tries[job.key] += 1
                    if tries[job.key] < TRIES:
                        waiting.append(job)
                    else:
                        yield given_up(job, status)
                if not any(tries.values()):
                    raise InferenceError("The processes of the sweep ended unexpectedly.", detail=told)
                if waiting:
                    self._hosts.append(_Host(self._setup, host.workers, fork=self._fork))

    def close(self) -> None:
        """End the processes."""
        while self._hosts:
            self._hosts.pop().end()


def _that_said_something(hosts: Sequence[_Host]) -> list[_Host]:
    with selectors.DefaultSelector() as selector:
        for host in hosts:
            selector.register(host.lines.descriptor, selectors.EVENT_READ, host)
        return [cast("_Host", key.data) for key, _ in selector.select(SECONDS_TO_HEAR)]


class _Host:
    """One process that opened the data, with its copies."""

    def __init__(self, setup: Setup, workers: int, *, fork: bool) -> None:
        self.workers = workers
        self.jobs: dict[str, Job] = {}
        self._opened: Opened | None = None
        how = "fork" if fork else "alone"
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(setup.threads or 1))
        self._errors = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed when the host ends
        self._process = subprocess.Popen(
            [sys.executable, HIDDEN_COMMAND, how] if is_frozen() else isolated_command(SERVE, how),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            close_fds=True,
            env=os.environ | threads,
            start_new_session=True,
        )
        self.lines = Lines(cast("BinaryIO", self._process.stdout).fileno())
        self._write(line_of(Start(setup, workers)))

    def wait_until_open(self, cancel: CancelToken) -> DataFacts:
        """The data.

        Raises:
            DataError: If it cannot be opened.
            Cancelled: If `cancel` was set.
        """
        while self._opened is None:
            cancel.raise_if_cancelled()
            if _that_said_something([self]) and self.hear() is None and self._opened is None:
                raise InferenceError("The process that opens the data ended unexpectedly.", detail=self.told())
        failure, data = self._opened.failure, self._opened.data
        if failure is not None:
            raise DataError(failure.sentence, advice=failure.advice)
        if data is None:
            raise InferenceError("The data cannot be opened.")
        return data

    def take(self, job: Job) -> None:
        """Hand a job over."""
        self.jobs[job.key] = job
        self._write(line_of(job))

    def hear(self) -> list[Part] | None:
        """What was found meanwhile; None where the process has ended."""
        lines = self.lines.read()
        if lines is None:
            return None
        found = []
        for line in lines:
            if self._opened is None:
                self._opened = record_of(Opened, line)
                continue
            part = record_of(Part, line)
            self.jobs.pop(part.key, None)
            found.append(part)
        return found

    def told(self) -> str:
        """The end of what it wrote to its standard error."""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace")[-LONGEST_TOLD:]

    def end(self) -> int:
        """End it, and with it its copies; returns its exit status."""
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                cast("BinaryIO", pipe).close()
        try:
            status = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._errors.close()
        return status

    def _write(self, content: bytes) -> None:
        stdin = cast("BinaryIO", self._process.stdin)
        with contextlib.suppress(OSError):  # it has ended, and is about to be heard of
            stdin.write(content)
            stdin.flush()
