"""A network on its device: it takes batches and gives back what is kept of their outputs.

On a GPU a batch's results are fetched while the next batch is being computed.
"""

from __future__ import annotations

import copy
from contextlib import nullcontext
from dataclasses import dataclass, fields
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asl_inspector.inference.loading import Batch
from asl_inspector.inference.reducing import Reduced, reduce_logits

HALF_TYPES = {"cuda": torch.float16, "cpu": torch.bfloat16}


@dataclass(frozen=True, slots=True)
class Underway:
    """A batch whose results are on their way from the device."""

    batch: Batch
    reduced: Reduced
    event: torch.cuda.Event | None

    def wait(self) -> dict[str, NDArray[Any]]:
        """The results as arrays, by the names of `Reduced`."""
        if self.event is not None:
            self.event.synchronize()
        return {field.name: getattr(self.reduced, field.name).cpu().numpy() for field in fields(Reduced)}


class PlacedNetwork:
    """A copy of a network on a device; the original stays where it is, so that it survives the loss of the device.

    Args:
        module: The network, on the CPU.
        blank: Index of the blank, or None.
        device: Where to run.
        mixed: True for half precision, where the device has one.
        beam: True for a prefix beam search of every clip.
    """

    def __init__(
        self, module: nn.Module, blank: int | None, device: torch.device, *, mixed: bool = False, beam: bool = False
    ) -> None:
        self._beam = beam
        self.device = device
        self.kind = device.type
        self.mixed = mixed and self.kind in HALF_TYPES
        self._blank = blank
        self._module = module if self.kind == "cpu" else copy.deepcopy(module).to(device)

    def start(self, batch: Batch) -> Underway:
        """Run a batch; on a GPU this returns before the results are there."""
        overlapping = self.kind == "cuda"
        features = batch.features.to(self.device, non_blocking=overlapping)
        labels = batch.labels.to(self.device, non_blocking=overlapping)
        lengths = None if batch.lengths is None else batch.lengths.to(self.device)
        reduced = reduce_logits(self.logits(features, lengths), self._blank, labels, lengths, beam=self._beam)
        if not overlapping:
            return Underway(batch, reduced, None)
        host = Reduced(*(_fetched(getattr(reduced, field.name)) for field in fields(Reduced)))
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        event.record()
        return Underway(batch, host, event)

    def logits(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(N, T, F) -> (N, T', C), float32; T' is 1 for a network that gives one answer a clip."""
        with torch.autocast(self.kind, HALF_TYPES[self.kind]) if self.mixed else nullcontext():
            logits: Tensor = self._module(features) if lengths is None else self._module(features, lengths)
        logits = logits.float()
        return logits.unsqueeze(1) if logits.dim() == 2 else logits


def _fetched(tensor: Tensor) -> Tensor:
    """The tensor in memory that the GPU can write to by itself."""
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor, non_blocking=True)
