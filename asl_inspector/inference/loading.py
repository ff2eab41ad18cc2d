"""Reads the next batch of clips while the network works on the last one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asl_inspector.errors import InferenceError
from asl_inspector.inference.batches import FEWEST_FRAMES, BatchPlan, BatchSize
from asl_inspector.inference.sources import ClipSource
from asl_inspector.progress import Cancelled, CancelToken

AHEAD = 2  # batches that wait to be run
SECONDS_BETWEEN_LOOKS = 0.02


@dataclass(frozen=True, slots=True)
class Batch:
    """Clips of one length, or of nearly one length and padded with zeros.

    Attributes:
        clips: (N,), their indices; those with numbers that are not finite are left out.
        features: (N, T, F).
        labels: (N,), true ids.
        lengths: (N,), frames of each clip, or None where all have the same.
        broken: Indices of the clips that were left out.
    """

    clips: NDArray[np.int64]
    features: Tensor
    labels: Tensor
    lengths: Tensor | None
    broken: NDArray[np.int64]

    @property
    def frames(self) -> int:
        """Frames of all its clips, padding included."""
        return self.features.shape[0] * self.features.shape[1]

    def halves(self) -> tuple[Batch, Batch]:
        """The batch as two."""
        middle = len(self.clips) // 2
        return self._part(slice(middle), self.broken), self._part(slice(middle, None), self.broken[:0])

    def _part(self, rows: slice, broken: NDArray[np.int64]) -> Batch:
        lengths = None if self.lengths is None else self.lengths[rows]
        return Batch(self.clips[rows], self.features[rows], self.labels[rows], lengths, broken)


class Loader:
    """Batches of a source, read ahead by a thread.

    Args:
        source: The clips.
        plan: Which clips, in which order.
        size: How many frames at a time; it may change meanwhile.
        pinned: True where a GPU is to fetch the batches by itself.
        cancel: Asked between clips.
        workers: Batches that are computed side by side.
    """

    def __init__(
        self,
        source: ClipSource,
        plan: BatchPlan,
        size: BatchSize,
        *,
        pinned: bool,
        cancel: CancelToken,
        workers: int = 1,
    ) -> None:
        self._source, self._plan, self._size = source, plan, size
        self._pinned, self._cancel = pinned, cancel
        self._workers = workers
        self._ready: queue.Queue[Batch | BaseException | None] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="clip loader", daemon=True)

    def __iter__(self) -> Iterator[Batch]:
        """The batches.

        Raises:
            Cancelled: At once, even while a clip is being read.
        """
        self._thread.start()
        try:
            while True:
                self._cancel.raise_if_cancelled()
                try:
                    got = self._ready.get(timeout=SECONDS_BETWEEN_LOOKS)
                except queue.Empty:
                    continue
                if got is None:
                    return
                if isinstance(got, BaseException):
                    raise got
                yield got
        finally:
            self._stopped.set()

    def _work(self) -> None:
        try:
            while (clips := self._plan.take(self._frames())) is not None and not self._stopped.is_set():
                self._put(self._load(clips))
            self._put(None)
        except (Exception, Cancelled) as error:  # noqa: BLE001 - it is raised again where the batches are awaited
            self._put(error)

    def _frames(self) -> int:
        """Frames of the next batch: towards the end few enough that no worker is idle while another has much left."""
        if self._workers == 1:
            return self._size.frames
        share = self._plan.frames_left // (2 * self._workers)
        return min(self._size.frames, max(FEWEST_FRAMES, share))

    def _put(self, item: Batch | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=SECONDS_BETWEEN_LOOKS)
            except queue.Full:
                continue
            return

    def _load(self, clips: NDArray[np.int64]) -> Batch:
        source = self._source
        lengths, width = source.lengths[clips], source.feature_count or 0
        ragged = bool(lengths[-1] != lengths[0])
        features = (np.zeros if ragged else np.empty)((len(clips), int(lengths[0]), width), np.float32)
        for row, (index, length) in enumerate(zip(clips.tolist(), lengths.tolist(), strict=True)):
            self._cancel.raise_if_cancelled()
            held = source.features(index)
            shape = (length, width)
            if held.shape != shape:
                raise InferenceError(
                    f"Clip {index} of “{source.name}” has features of shape {held.shape} where {shape} was announced.",
                    advice="Extract the clips again.",
                )
            features[row, :length] = held
        sound = _finite(features)
        broken = clips[~sound]
        if len(broken):
            clips, features, lengths = clips[sound], features[sound], lengths[sound]
        tensor, labels = torch.from_numpy(features), torch.from_numpy(source.gloss_ids[clips])
        if self._pinned:
            tensor, labels = tensor.pin_memory(), labels.pin_memory()
        return Batch(clips, tensor, labels, torch.from_numpy(lengths) if ragged else None, broken)


def _finite(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,), clips whose numbers are all finite. A finite sum proves it; an infinite one may be mere overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        sound: NDArray[np.bool_] = np.isfinite(features.sum(axis=(1, 2)))
    for row in np.flatnonzero(~sound).tolist():
        sound[row] = bool(np.isfinite(features[row]).all())
    return sound
