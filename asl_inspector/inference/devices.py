"""Which device runs the network, and with how many threads."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import torch

from asl_inspector.errors import InferenceError
from asl_inspector.inference.cores import cores

AUTO = "auto"
TRIALS = 3
PROBES = 12
TOO_LONG_SECONDS = 0.005
KNOWN_FOR_SECONDS = 60  # what else the machine does changes
HOPELESS = 2  # so many times slower at the first trial, and a number of threads is not tried again
USUAL = {
    "cuda": "Chosen by itself: a CUDA GPU is here.",
    "mps": "Chosen by itself: an Apple GPU is here, and no CUDA GPU.",
    "cpu": "Chosen by itself: PyTorch finds no CUDA or Apple GPU here.",
}
FEWEST_FRAMES = 512  # smaller batches tell nothing about threads


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


def why_device(wanted: str, device: torch.device) -> str:
    """Why a device was taken, as a sentence, for what `choose_device` gave."""
    if wanted != AUTO:
        return "You chose it."
    if device.type == "cuda":
        count = torch.cuda.device_count()
        return f"Chosen by itself: the first of {count} CUDA GPUs." if count > 1 else USUAL["cuda"]
    return USUAL[device.type]


def describe_device(device: torch.device, threads: int | None = None) -> str:
    """ "CPU, 2 threads" or the name of the GPU; without a number, those that torch has."""
    if device.type == "cuda":
        return f"CUDA, {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "Apple GPU (MPS)"
    threads = threads or torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def free_bytes(device: torch.device) -> int | None:
    """Memory that a run may take on a device, or None where that cannot be told."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory()) - int(torch.mps.driver_allocated_memory())
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows and macOS do not tell it in this way
        return None


def is_out_of_memory(error: BaseException) -> bool:
    """True where a batch did not fit into the memory of its device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in text or "allocate memory" in text)


@dataclass(frozen=True, slots=True)
class SettledThreads:
    """A number of threads that was found best, and when, on the monotonic clock."""

    count: int
    at: float


class Threads:
    """Settles the number of CPU threads by timing the first batches of a run, so that no work is done twice.

    More threads can be slower, and no rule foretells it. On a busy machine they are slower a hundred times, because each
    operation waits for the thread that has no core; a short probe keeps such a machine from ever trying.
    """

    _known: ClassVar[SettledThreads | None] = None

    def __init__(self, available: int | None = None, *, wanted: int = 0) -> None:
        counts = dict.fromkeys((1, available or cores()))
        self._seconds: dict[int, list[float]] = {count: [] for count in counts}
        self._warm = False
        self._count = 1
        self.settled = False
        self.why = "the run was too short to try more"
        if wanted:
            self.settled, self._count, self.why = True, wanted, "as you chose"
            torch.set_num_threads(wanted)
            return
        known = Threads._known
        if known is not None and known.count in counts and time.monotonic() - known.at < KNOWN_FOR_SECONDS:
            self._settle(known.count)
        elif len(counts) == 1 or not _threads_work(max(counts)):
            self._settle(1)
        torch.set_num_threads(self._count)

    def _settle(self, count: int) -> None:
        """Take a number, for this run and those that follow soon."""
        self.settled, self._count = True, count
        self.why = "measured" if len(self._seconds) > 1 else "there is one core"
        if Threads._known is None or Threads._known.count != count:
            Threads._known = SettledThreads(count, time.monotonic())

    def note(self, frames: int, seconds: float) -> None:
        """Learn from a batch and set the number of threads for the next."""
        if self.settled or frames < FEWEST_FRAMES:
            return
        if not self._warm:  # the first batch pays for what torch sets up
            self._warm = True
            return
        self._seconds[self._count].append(seconds / frames)
        known = {count: min(durations) for count, durations in self._seconds.items() if durations}
        hopeless = len(known) > 1 and max(known.values()) > HOPELESS * min(known.values())
        if hopeless or all(len(durations) >= TRIALS for durations in self._seconds.values()):
            self._settle(min(known, key=lambda count: known[count]))
        else:
            self._count = min(self._seconds, key=lambda count: len(self._seconds[count]))
        torch.set_num_threads(self._count)


def _threads_work(count: int) -> bool:
    """True where so many threads get cores: a few short operations are not slower than with one thread."""
    values = torch.ones(1 << 17)

    def slowest() -> float:
        durations = []
        for _ in range(PROBES):
            started = time.perf_counter()
            values.exp()
            durations.append(time.perf_counter() - started)
            if durations[-1] > TOO_LONG_SECONDS:
                break
        return max(durations[1:] or durations)

    torch.set_num_threads(1)
    alone = slowest()
    torch.set_num_threads(count)
    return slowest() < HOPELESS * alone


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Full single precision on GPUs, which otherwise round products to ten bits."""
    if not torch.cuda.is_available():
        yield
        return
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before
