"""Which device runs the network, and with how many threads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

from asl_inspector.errors import InferenceError

AUTO = "auto"
TRIALS = 3


def choose_device(wanted: str = AUTO) -> torch.device:
    """The device of that name; for "auto" CUDA, then Apple's MPS, then the CPU.

    Raises:
        InferenceError: If the device is not there.
    """
    if wanted == AUTO:
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise InferenceError(f"“{wanted}” is no device.", advice="Say auto, cpu, cuda, cuda:1 or mps.") from error
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if not there.get(device.type, False):
        raise InferenceError(
            f"There is no {device.type.upper()} device here.", advice="Say auto, or cpu, which is always there."
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InferenceError(f"There is no CUDA device number {device.index}.", advice="Say cuda:0.")
    return device


def describe_device(device: torch.device) -> str:
    """ "CPU, 2 threads" or the name of the GPU."""
    if device.type == "cuda":
        return f"CUDA, {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "Apple GPU (MPS)"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def settle_threads(work: Callable[[], object]) -> int:
    """Set the number of CPU threads by timing `work` with one and with all, and return it.

    More threads can be slower, on a busy machine several times, and no rule foretells it.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    best_count, best_time = 1, float("inf")
    for count in dict.fromkeys((1, available)):
        torch.set_num_threads(count)
        work()
        durations = []
        for _ in range(TRIALS):
            started = time.perf_counter()
            work()
            durations.append(time.perf_counter() - started)
        if min(durations) < best_time:
            best_count, best_time = count, min(durations)
    torch.set_num_threads(best_count)
    return best_count
