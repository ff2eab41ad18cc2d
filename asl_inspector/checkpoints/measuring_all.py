"""Facts of many tensors, in their order, by this process and a second one beside it.

Two threads of one process hand Python's lock to and fro between short reductions and gain little; two processes share
nothing but the file. The second one is started for large files only, since starting it takes a tenth of a second.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from asl_inspector.checkpoints.blocks import Stretch, stretch_of
from asl_inspector.checkpoints.measuring_apart import Apart, start_apart
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.statistics import Tally, TensorStatistics, measure
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, Step, silent

BATCH_BYTES = 32 << 20  # tensors are handed over in batches of so many bytes; each batch costs the other process a wait
WORTH_A_PROCESS = 768 << 20  # bytes that take longer than the start of a second process


@dataclass(frozen=True, slots=True)
class Measured:
    """One tensor of many: its place in the list, and its facts or why there are none."""

    index: int
    statistics: TensorStatistics | None
    trouble: str = ""


def all_statistics(
    tensors: Sequence[TensorRecord],
    content: Content,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    apart: bool | None = None,
) -> Iterator[Measured]:
    """Facts of many tensors, in their order; numbers that several of them share are read once.

    Args:
        tensors: The tensors.
        content: The file.
        progress: Told how many bytes are done.
        cancel: Asked between blocks, and between batches in the second process.
        apart: Whether a second process takes its share; by default where the file is large.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    total = sum(tensor.nbytes for tensor in tensors)
    if apart is None:
        apart = total >= WORTH_A_PROCESS and (os.cpu_count() or 1) > 1
    work = _Work(tensors, content, cancel, start_apart(_stretches(tensors, content)) if apart else None)
    done = 0
    for row in _in_order(work):
        done += tensors[row.index].nbytes
        progress(Step("Measuring tensors", done // 1_000_000, total // 1_000_000, "MB"))
        yield row


def _stretches(tensors: Sequence[TensorRecord], content: Content) -> list[Stretch]:
    found = (stretch_of(tensor, content) for tensor in tensors)
    return [stretch for stretch in found if stretch is not None]


class _Work:
    """Batches of tensors, each taken by whichever of the two is free."""

    def __init__(
        self, tensors: Sequence[TensorRecord], content: Content, cancel: CancelToken, apart: Apart | None
    ) -> None:
        self.tensors = tensors
        self.apart = apart
        self.stopped = threading.Event()
        self._content = content
        self._cancel = cancel
        self._own = threading.local()
        self._free = [apart] if apart is not None else []
        self._lock = threading.Lock()
        self._known: dict[tuple[object, ...], Measured] = {}

    def rows(self, batch: list[int]) -> list[Measured]:
        """The rows of a batch, by the second process where this thread has got hold of it."""
        if self.stopped.is_set():
            return []
        places = {index: _place(self.tensors[index]) for index in batch}
        new = {place: index for index, place in reversed(places.items()) if place not in self._known}
        self._known |= self._by_the_other(list(new.values()))
        rows = []
        for index, place in places.items():
            if self.stopped.is_set():
                break
            row = self._known.get(place)
            if row is None:
                row = self._known[place] = self._here(index)
            rows.append(Measured(index, row.statistics, row.trouble))
        return rows

    def _by_the_other(self, indexes: list[int]) -> dict[tuple[object, ...], Measured]:
        apart = self._apart_of_this_thread()
        if apart is None:
            return {}
        self._cancel.raise_if_cancelled()
        asked = [(index, stretch) for index in indexes if (stretch := stretch_of(self.tensors[index], self._content))]
        found = apart.measure([stretch for _, stretch in asked])
        return {
            _place(self.tensors[index]): Measured(index, facts)
            for (index, _), facts in zip(asked, found, strict=True)
            if facts is not None
        }

    def _apart_of_this_thread(self) -> Apart | None:
        if not hasattr(self._own, "apart"):
            with self._lock:
                self._own.apart = self._free.pop() if self._free else None
        held: Apart | None = self._own.apart
        return held

    def _here(self, index: int) -> Measured:
        if not hasattr(self._own, "tally"):
            self._own.tally = Tally()
        try:
            return Measured(index, measure(self.tensors[index], self._content, self._cancel, self._own.tally))
        except UnreadableCheckpoint as error:
            return Measured(index, None, error.sentence)


def _in_order(work: _Work) -> Iterator[Measured]:
    """The rows in order, while at most a few batches are ahead of the one who takes them."""
    threads = 2 if work.apart is not None else 1
    waiting: deque[Future[list[Measured]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="statistics")
    try:
        for batch in _batches(work.tensors):
            waiting.append(pool.submit(work.rows, batch))
            if len(waiting) > 4 * threads:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        work.stopped.set()
        if work.apart is not None:
            work.apart.end()
        pool.shutdown(cancel_futures=True)


def _batches(tensors: Sequence[TensorRecord]) -> Iterator[list[int]]:
    batch: list[int] = []
    size = 0
    for index, tensor in enumerate(tensors):
        batch.append(index)
        size += max(tensor.nbytes, 4096)
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _place(tensor: TensorRecord) -> tuple[object, ...]:
    """What makes two records the same numbers; a tensor without memory is its own."""
    if tensor.trouble or tensor.inline is not None or tensor.components:
        return (tensor.path,)
    return (
        tensor.part,
        tensor.storage,
        tensor.file_offset,
        tensor.storage_offset,
        tensor.dtype,
        tensor.shape,
        tensor.strides,
        tensor.quantizer,
    )
