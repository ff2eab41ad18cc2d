"""A pretended GPU: a `PlacedNetwork` on the CPU that calls itself "cuda:9" and fails when told to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from asl_inspector.inference import recovering, running
from asl_inspector.inference.loading import Batch
from asl_inspector.inference.placed import PlacedNetwork, Underway


class PretendedGpu(PlacedNetwork):
    """Runs on the CPU; `fail` is asked before every batch and may raise."""

    fail: Callable[[Batch], None]
    late: Callable[[Batch], None]

    def __init__(
        self,
        module: torch.nn.Module,
        blank: int | None,
        device: torch.device,
        *,
        mixed: bool = False,
        beam: bool = False,
    ) -> None:
        super().__init__(module, blank, torch.device("cpu"))
        self.kind = device.type

    def start(self, batch: Batch) -> Underway:
        if self.kind == "cpu":
            return super().start(batch)
        PretendedGpu.fail(batch)
        self.kind = "cpu"  # what is below computes as the CPU does
        try:
            started = super().start(batch)
        finally:
            self.kind = "cuda"
        return Pending(started)  # type: ignore[return-value]


class Pending:
    """Results whose fetching may fail."""

    def __init__(self, started: Underway) -> None:
        self.started, self.batch = started, started.batch

    def wait(self) -> dict[str, np.ndarray]:
        PretendedGpu.late(self.batch)
        return self.started.wait()


def pretend(monkeypatch: pytest.MonkeyPatch) -> type[PretendedGpu]:
    """Have every run take place there, whatever was asked for."""
    monkeypatch.setattr(recovering, "PlacedNetwork", PretendedGpu)
    monkeypatch.setattr(running, "choose_device", lambda _: torch.device("cuda:9"))
    monkeypatch.setattr(running, "why_device", lambda *_: "You chose it.")
    monkeypatch.setattr(recovering, "free_bytes", lambda _: None)
    for module in (recovering, running):
        monkeypatch.setattr(
            module, "describe_device", lambda device, threads=None: "GPU nine" if device.type == "cuda" else "CPU"
        )
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor)
    PretendedGpu.fail = PretendedGpu.late = staticmethod(lambda _: None)  # type: ignore[method-assign]
    return PretendedGpu
