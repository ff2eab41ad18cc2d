"""Threads that run whole batches side by side on the CPU, one core each.

Torch can spread one operation over the cores instead, but then every operation waits for its slowest thread: a step of a
recurrent layer is too short for that, and on a busy machine the wait costs ten times what the cores give. Batches need
not wait for each other.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray

from asl_inspector.inference.cores import cores
from asl_inspector.inference.loading import SECONDS_BETWEEN_LOOKS, Batch
from asl_inspector.inference.placed import PlacedNetwork
from asl_inspector.inference.side_by_side import SideBySide
from asl_inspector.progress import CancelToken

MOST_WORKERS = 8  # more would take memory for their batches and wait for each other's Python
Results = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class AtWork:
    """A batch that a worker has or will have."""

    batch: Batch
    future: Future[tuple[Results, float]]

    def wait(self, cancel: CancelToken) -> tuple[Results, float]:
        """The results as arrays, by the names of `Reduced`, and the seconds that the batch took.

        Raises:
            Cancelled: At once, even while the batch is being computed.
        """
        while True:
            cancel.raise_if_cancelled()
            try:
                return self.future.result(SECONDS_BETWEEN_LOOKS)
            except NotYet:
                if self.future.done():  # and not the wait is over but the work itself raised it
                    raise

    def results_if_done(self) -> Results | None:
        """The results, or None where the batch is not done, or failed."""
        if not self.future.done() or self.future.cancelled() or self.future.exception() is not None:
            return None
        return self.future.result()[0]

    def abandon(self) -> None:
        """Have it not done, or wait until it is over, so that its memory is free again."""
        if not self.future.cancel():
            self.future.exception()


class Gate:
    """Lets so many threads in at a time; the number can change while some are in.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._most, self._inside = most, 0
        self._changed = threading.Condition()

    def open_for(self, most: int) -> None:
        """Let so many in from here on."""
        with self._changed:
            self._most = most
            self._changed.notify_all()

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self._most)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify()


class Workers:
    """A pool for one run.

    Args:
        count: How many; 0 for as many as prove best, at most one a core.
    """

    def __init__(self, count: int = 0) -> None:
        self.most = count or min(MOST_WORKERS, cores())
        self._settling = None if count else SideBySide(self.most)
        self._gate = Gate(self.count)
        self._pool = ThreadPoolExecutor(self.most, "clip worker", initializer=torch.set_num_threads, initargs=(1,))

    @property
    def count(self) -> int:
        """Batches that are computed side by side."""
        return self.most if self._settling is None else self._settling.count

    @property
    def why(self) -> str:
        """What the number rests on, in few words."""
        return "as you chose" if self._settling is None else self._settling.why

    def start(self, placed: PlacedNetwork, batch: Batch) -> AtWork:
        """Have a batch run as soon as a worker is free."""
        return AtWork(batch, self._pool.submit(_run, placed, batch, self._gate))

    def note(self, batch: Batch) -> None:
        """Learn from a batch whose results have arrived."""
        if self._settling is not None and self._settling.note(batch.frames, time.perf_counter()):
            self._gate.open_for(self._settling.count)

    def end(self) -> None:
        """What waits is not done any more; what is being computed is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _run(placed: PlacedNetwork, batch: Batch, gate: Gate) -> tuple[Results, float]:
    with gate:
        started = time.perf_counter()
        with torch.inference_mode():  # it holds for the thread that asks for it
            results = placed.start(batch).wait()
        return results, time.perf_counter() - started
