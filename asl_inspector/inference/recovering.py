"""Runs batch after batch and survives a lack of memory and the loss of the device."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import torch
from numpy.typing import NDArray

from asl_inspector.errors import InferenceError
from asl_inspector.inference.batches import BatchSize
from asl_inspector.inference.devices import Threads, describe_device, free_bytes, is_out_of_memory
from asl_inspector.inference.loading import Batch
from asl_inspector.inference.placed import PlacedNetwork, Underway
from asl_inspector.inference.precision import NOT_HERE, settle_precision
from asl_inspector.inference.workers import AtWork, Workers
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.progress import CancelToken

BATCHES_UNDER_WAY = 2  # on a GPU: one computes while the other's results are fetched
Results = tuple[Batch, dict[str, NDArray[Any]]]


class Runner:
    """A network that takes batches and gives results, in the order of the batches where nothing goes wrong.

    Args:
        network: The network.
        name: Of the clips' file, for messages.
        device: Where to run.
        batch_frames: Most frames in a batch, or None.
        mixed: True for half precision, where a sample shows that it changes no frame's winner.
        beam: True for a prefix beam search of every clip.
        threads: CPU threads, or 0 for as many as prove best.
    """

    def __init__(
        self,
        network: BuiltNetwork,
        name: str,
        device: torch.device,
        batch_frames: int | None,
        *,
        mixed: bool,
        beam: bool = False,
        threads: int = 0,
    ) -> None:
        self._beam = beam
        self._wanted_threads = threads
        self.device = device
        self.notes: list[str] = []
        self._network, self._name = network, name
        self._placed = PlacedNetwork(network.module, network.architecture.blank, device, mixed=mixed, beam=beam)
        self._threads: Threads | None = None
        self._workers: Workers | None = None
        self._settle_threads()
        parameters = sum(one.numel() for one in network.module.parameters())
        self.size = BatchSize(
            self._placed.kind,
            network.architecture.classes,
            batch_frames,
            parameters,
            workers=self.workers,
            free=free_bytes(device),
        )
        self._sampled = not mixed
        self._under_way: deque[Underway | AtWork] = deque()
        if mixed and not self._placed.mixed:
            self.notes.append(NOT_HERE)

    @property
    def kind(self) -> str:
        """Kind of the device: "cpu", "cuda" or "mps"."""
        return self._placed.kind

    @property
    def workers(self) -> int:
        """Batches that may be computed side by side."""
        return self._workers.most if self._workers is not None else 1

    @property
    def ahead(self) -> int:
        """Batches that are started before the results of the first are waited for."""
        if self._workers is not None:
            return 2 * self._workers.most
        return BATCHES_UNDER_WAY if self.kind == "cuda" else 1

    def describe(self) -> str:
        """The device, for people; what runs side by side counts as threads."""
        return describe_device(self.device, self._workers.count if self._workers is not None else None)

    @property
    def why_threads(self) -> str:
        """What the number of CPU threads rests on, in few words; empty on another device."""
        if self._workers is not None:
            return self._workers.why
        return self._threads.why if self._threads is not None else ""

    def _settle_threads(self) -> None:
        """Batches side by side on a CPU; a network that takes one at a time gets the best number of threads instead."""
        if self.kind != "cpu":
            return
        if self._network.module.concurrent:
            self._workers = Workers(self._wanted_threads)
        else:
            self._threads = Threads(wanted=self._wanted_threads)

    def put(self, batch: Batch, cancel: CancelToken) -> Iterator[Results]:
        """Run a batch; gives the results that are there meanwhile, maybe of earlier batches.

        Raises:
            InferenceError: If the network cannot run this batch anywhere.
            Cancelled: If `cancel` was set.
        """
        if not self._sampled:
            self._sampled = True
            if self._placed.mixed:
                self.notes.append(settle_precision(self._placed, batch))
        began = cancel.clock()
        yield from self._run([batch], cancel, flush=False)
        if self._workers is None:
            self._learn(batch, cancel.clock() - began)

    def flush(self, cancel: CancelToken) -> Iterator[Results]:
        """The results that are still on their way."""
        yield from self._run([], cancel, flush=True)

    def finished(self) -> Iterator[Results]:
        """The results that are there and were not waited for; those that failed are left out."""
        for one in self._under_way:
            if isinstance(one, AtWork) and (results := one.results_if_done()) is not None:
                yield one.batch, results
        self._under_way.clear()

    def end(self) -> None:
        """No batch is to be run any more."""
        if self._workers is not None:
            self._workers.end()

    def _learn(self, batch: Batch, seconds: float) -> None:
        self.size.note(batch.frames, seconds)
        if self._threads is not None:
            self._threads.note(batch.frames, seconds)

    def _start(self, batch: Batch) -> Underway | AtWork:
        return self._placed.start(batch) if self._workers is None else self._workers.start(self._placed, batch)

    def _wait(self, first: Underway | AtWork, cancel: CancelToken) -> dict[str, NDArray[Any]]:
        if not isinstance(first, AtWork):
            return first.wait()
        results, seconds = first.wait(cancel)
        self._learn(first.batch, seconds)
        if self._workers is not None:
            self._workers.note(first.batch)
        return results

    def _run(self, todo: list[Batch], cancel: CancelToken, *, flush: bool) -> Iterator[Results]:
        while todo or (flush and self._under_way):
            cancel.raise_if_cancelled()
            batch = todo.pop() if todo else self._under_way[0].batch
            starting = not self._under_way or batch is not self._under_way[0].batch
            try:
                if starting:
                    self._under_way.append(self._start(batch))
                results = None
                if len(self._under_way) >= self.ahead or not starting:
                    batch = self._under_way[0].batch
                    results = batch, self._wait(self._under_way[0], cancel)
            except (RuntimeError, MemoryError) as error:
                todo += self._others(batch)
                todo += self._recover(batch, error)
                continue
            if results is not None:
                self._under_way.popleft()
                yield results

    def _others(self, failed: Batch) -> list[Batch]:
        """The batches that were under way beside one that failed, to be run again."""
        others = [one for one in self._under_way if one.batch is not failed]
        self._under_way.clear()
        for one in others:
            if isinstance(one, AtWork):
                one.abandon()
        return [one.batch for one in others]

    def _recover(self, batch: Batch, error: Exception) -> list[Batch]:
        """What to run next after an error; the device may be another one then.

        Raises:
            InferenceError: If there is no way on.
        """
        short = is_out_of_memory(error)
        if short and len(batch.clips) > 1:
            self.size.halve(batch.frames)
            self._note_once("A batch did not fit into memory; smaller ones were used from there on.")
            return list(batch.halves())
        if self.kind != "cpu":
            what = "ran out of memory on a single clip" if short else "failed"
            self._note_once(
                f"{describe_device(self.device)} {what} during the run; the rest ran on the CPU. It said: {_first_line(error)}"
            )
            self.device = torch.device("cpu")
            self._placed = PlacedNetwork(
                self._network.module, self._network.architecture.blank, self.device, beam=self._beam
            )
            self._settle_threads()
            return [batch]
        if short:
            raise InferenceError(
                f"A clip of {batch.features.shape[1]:,} frames of “{self._name}” does not fit into memory.",
                advice="Close other programs, or leave the longest clips out.",
                detail=str(error),
            ) from None
        raise InferenceError(
            f"The network cannot be run on the clips of “{self._name}”.",
            advice="It may have been rebuilt wrongly: look at what is assumed about it.",
            detail=str(error),
        ) from None

    def _note_once(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
