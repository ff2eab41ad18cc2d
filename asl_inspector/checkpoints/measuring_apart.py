"""A second process that measures numbers of a file that is open already, and can do nothing else.

It is given open files, and lines of places in them; it answers each line with the facts, as JSON. It opens nothing and
interprets nothing: what lies at a place is numbers, whatever it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import astuple
from typing import BinaryIO, cast

from asl_inspector.checkpoints.blocks import Stretch
from asl_inspector.checkpoints.statistics import Tally, TensorStatistics, measure_stretch
from asl_inspector.own_process import is_frozen, isolated_command
from asl_inspector.progress import CancelToken

SERVE = "from asl_inspector.checkpoints.measuring_apart import serve; serve()"
MOST_FILES = 64
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Apart:
    """The process, as the one that started it sees it."""

    def __init__(self, process: subprocess.Popen[bytes], descriptors: frozenset[int]) -> None:
        self._process = process
        self._descriptors = descriptors
        self._works = True

    def measure(self, stretches: Sequence[Stretch]) -> list[TensorStatistics | None]:
        """Facts of each stretch; None for those that have to be measured otherwise."""
        asked = [one if one.descriptor in self._descriptors and self._works else None for one in stretches]
        line = json.dumps([astuple(one) for one in asked if one is not None]).encode() + b"\n"
        answers: list[list[object] | None] = []
        if any(asked):
            try:
                cast("BinaryIO", self._process.stdin).write(line)
                cast("BinaryIO", self._process.stdin).flush()
                answers = json.loads(cast("BinaryIO", self._process.stdout).readline())
            except (OSError, ValueError):  # it was ended, or ended by itself: the rest is done without it
                self._works = False
                return [None] * len(stretches)
        answered = iter(answers)
        return [_facts(next(answered)) if one is not None else None for one in asked]

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._works = False
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                cast("BinaryIO", pipe).close()


def _facts(answer: list[object] | None) -> TensorStatistics | None:
    return None if answer is None else TensorStatistics(*answer)  # type: ignore[arg-type]  # ours, as `serve` wrote it


def start_apart(stretches: Sequence[Stretch]) -> Apart | None:
    """Start the process for the files of these stretches; None where it cannot be had."""
    descriptors = frozenset(stretch.descriptor for stretch in stretches)
    if not descriptors or len(descriptors) > MOST_FILES or os.name != "posix":
        return None
    command = [sys.executable, "_measure"] if is_frozen() else isolated_command(SERVE)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=sorted(descriptors),
            env=os.environ | ONE_THREAD,
        )
    except OSError:
        return None
    return Apart(process, descriptors)


def serve() -> None:
    """Answer until the pipe is closed."""
    tally, cancel = Tally(), CancelToken()
    for line in sys.stdin.buffer:
        answers: list[tuple[object, ...] | None] = []
        for place in json.loads(line):
            try:
                answers.append(astuple(measure_stretch(Stretch(*place), cancel, tally)))
            except (EOFError, OSError):
                answers.append(None)
        sys.stdout.buffer.write(json.dumps(answers).encode() + b"\n")
        sys.stdout.buffer.flush()
