"""The host of a local sweep: a process that opens the data once and has copies of itself inspect.

Where processes can fork safely, the host looks through the clips, starts as many copies as it is told, and shares the jobs
out; the copies share what was opened and mapped. It imports no torch itself, as a process that has started threads cannot
be copied. Elsewhere it inspects one job after the other itself, and the caller starts several hosts.

A copy that ends (memory ran out, a library crashed) is replaced; its job is tried a second time, then given up with a
sentence. When the caller goes, so does all of this.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from asl_inspector.errors import InspectorError
from asl_inspector.inference.cores import limit_cores
from asl_inspector.sweep.engines.lines import Failure, Lines, Opened, Start, line_of, record_of, write_all
from asl_inspector.sweep.inspecting import Workbench
from asl_inspector.sweep.records import Job, Part

TRIES = 2
CAN_FORK = sys.platform == "linux"  # on macOS a copy of a process that used its libraries may crash


def serve(*, fork: bool) -> NoReturn:
    """Serve over standard input and output until the caller closes the pipe; what libraries print goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, which then closes the pipe
    outgoing = os.dup(1)
    os.dup2(2, 1)
    incoming = Lines(0)
    lines: list[bytes] = []
    while not lines:
        came = incoming.read()
        if came is None:
            os._exit(0)
        lines = came
    start = record_of(Start, lines[0])
    try:
        bench = Workbench(start.setup)
        opened = Opened(bench.facts())
        bench.prepare()
    except InspectorError as error:
        write_all(outgoing, line_of(Opened(failure=Failure(error.sentence, error.advice))))
        os._exit(0)
    write_all(outgoing, line_of(opened))
    jobs = [record_of(Job, line) for line in lines[1:]]  # those that came together with the first line
    if fork:
        Nursery(bench, start.workers, incoming, outgoing).run(jobs)
    else:
        limit_cores(start.setup.threads)
        _answer_all(bench, incoming, outgoing, jobs)
    os._exit(0)


def _answer_all(bench: Workbench, incoming: Lines, outgoing: int, jobs: Sequence[Job] = ()) -> None:
    """Inspect what is asked for, one job after the other."""
    for job in jobs:
        write_all(outgoing, line_of(bench.inspect(job)))
    while (lines := incoming.read()) is not None:
        for line in lines:
            write_all(outgoing, line_of(bench.inspect(record_of(Job, line))))


@dataclass(slots=True)
class _Copy:
    """One copy of the host."""

    pid: int
    jobs: int  # the end of a pipe to write to
    parts: Lines
    job: Job | None = None


class Nursery:
    """Starts copies of this process and shares the jobs out.

    Args:
        bench: Prepared, so that it may be copied.
        workers: How many copies.
        incoming: Jobs.
        outgoing: Takes the parts.
    """

    def __init__(self, bench: Workbench, workers: int, incoming: Lines, outgoing: int) -> None:
        self._bench, self._incoming, self._outgoing = bench, incoming, outgoing
        self._selector = selectors.DefaultSelector()
        self._selector.register(incoming.descriptor, selectors.EVENT_READ, None)
        self._waiting: deque[Job] = deque()
        self._tries: dict[str, int] = {}
        self._copies: dict[int, _Copy] = {}
        gc.freeze()  # what is shared stays shared: collecting would touch, and so copy, every page
        for number in range(workers):
            self._start(number)

    def run(self, jobs: Sequence[Job] = ()) -> None:
        """Work until the caller closes the pipe; then end the copies."""
        self._waiting.extend(jobs)
        self._share_out()
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    lines = self._incoming.read()
                    if lines is None:
                        self._end()
                        return
                    self._waiting.extend(record_of(Job, line) for line in lines)
                else:
                    self._hear(key.data)
            self._share_out()

    def _share_out(self) -> None:
        for copy in self._copies.values():
            if copy.job is None and self._waiting:
                copy.job = self._waiting.popleft()
                try:
                    write_all(copy.jobs, line_of(copy.job))
                except OSError:  # it has ended, and is about to be heard of
                    continue

    def _hear(self, number: int) -> None:
        copy = self._copies[number]
        lines = copy.parts.read()
        if lines is None:
            self._replace(number)
            return
        for line in lines:
            write_all(self._outgoing, line + b"\n")
            copy.job = None

    def _replace(self, number: int) -> None:
        """A copy has ended: have its job tried again, or give it up, and start another."""
        copy = self._copies.pop(number)
        self._selector.unregister(copy.parts.descriptor)
        os.close(copy.parts.descriptor)
        os.close(copy.jobs)
        _, status = os.waitpid(copy.pid, 0)
        job = copy.job
        if job is not None:
            self._tries[job.key] = self._tries.get(job.key, 0) + 1
            if self._tries[job.key] < TRIES:
                self._waiting.append(job)
            else:
                write_all(self._outgoing, line_of(given_up(job, os.waitstatus_to_exitcode(status))))
        self._start(number)

    def _start(self, number: int) -> None:
        their_jobs, jobs = os.pipe()
        parts, their_parts = os.pipe()
        pid = os.fork()
        if pid == 0:
            for other in self._copies.values():  # else a pipe stays open when the host is gone
                os.close(other.jobs)
                os.close(other.parts.descriptor)
            for descriptor in (jobs, parts, self._outgoing, 0):
                os.close(descriptor)
            self._selector.close()
            _work(self._bench, number, Lines(their_jobs), their_parts)
        os.close(their_jobs)
        os.close(their_parts)
        self._copies[number] = _Copy(pid, jobs, Lines(parts))
        self._selector.register(parts, selectors.EVENT_READ, number)

    def _end(self) -> None:
        for copy in self._copies.values():
            os.kill(copy.pid, signal.SIGKILL)
        for copy in self._copies.values():
            os.waitpid(copy.pid, 0)


def _work(bench: Workbench, number: int, incoming: Lines, outgoing: int) -> NoReturn:
    """What a copy does."""
    try:
        bench.start_apart()
        limit_cores(bench.setup.threads)
        _take_device(bench, number)
        _answer_all(bench, incoming, outgoing)
    except OSError:
        os._exit(1)  # the host has gone
    os._exit(0)


def _take_device(bench: Workbench, number: int) -> None:
    """Share the GPUs out in turn, where none was named."""
    if bench.setup.device != "auto":
        return
    import torch

    if torch.cuda.is_available():
        device = f"cuda:{number % torch.cuda.device_count()}"
        bench.inspector.settings = replace(bench.inspector.settings, device=device)


def given_up(job: Job, status: int) -> Part:
    """What is kept of a job whose process ended again and again."""
    why = f"signal {-status}" if status < 0 else f"exit status {status}"
    sentence = f"The process that inspected “{job.path.name}” ended unexpectedly ({why}), {TRIES} times."
    return Part(
        job.key, sentence, "Often memory ran out: use fewer workers. The next sweep tries it again.", again=True
    )
