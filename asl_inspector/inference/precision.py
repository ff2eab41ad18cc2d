"""May half precision be used? Only where a sample shows that it changes no frame's winner.

On a CPU bfloat16 is often slower than float32, because few processors multiply it; there it has to be faster as well.
MPS is left at full precision: nothing of it was ever measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from asl_inspector.inference.loading import Batch
from asl_inspector.inference.placed import PlacedNetwork

WORTH_IT = 0.9  # of the time in full precision; less of a gain is noise
RUNS = 3
NOT_HERE = "Full precision was used: this kind of device has no half precision that was tried."


def settle_precision(placed: PlacedNetwork, batch: Batch) -> str:
    """Run a sample both ways, leave half precision on or switch it off, and say which and why.

    Args:
        placed: The network on its device, with half precision on.
        batch: The sample.
    """
    features = batch.features.to(placed.device)
    lengths = None if batch.lengths is None else batch.lengths.to(placed.device)

    def run(*, half: bool) -> torch.Tensor:
        placed.mixed = half
        return placed.logits(features, lengths).argmax(dim=-1)

    try:
        full, half = run(half=False), run(half=True)
        changed = int((full != half).sum())
        slower = 0.0
        if not changed and placed.kind == "cpu":
            slower = _seconds(lambda: run(half=True)) / _seconds(lambda: run(half=False))
    except (RuntimeError, MemoryError) as error:
        placed.mixed = False
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"Half precision could not be run on a sample, so full precision was used. It said: {said}"
    placed.mixed = not changed and slower <= WORTH_IT
    frames = full.numel()
    if changed:
        return f"Half precision changed predictions on a sample ({changed:,} of {frames:,} frames), so full precision was used."
    if not placed.mixed:
        return (
            f"Half precision changed no prediction on a sample but was no faster here ({slower:.1f} times the time of full "
            "precision), so full precision was used."
        )
    return (
        f"Half precision was used: it changed no prediction on a sample of {frames:,} frames; losses are good to about three "
        "digits."
    )


def _seconds(run: Callable[[], object]) -> float:
    """The shortest of a few runs: what else the machine does only makes them longer."""
    durations = []
    for _ in range(RUNS):
        started = time.perf_counter()
        run()
        durations.append(time.perf_counter() - started)
    return min(durations)
