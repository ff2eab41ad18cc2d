"""On which device the network ran, and why on that one."""

from __future__ import annotations

from collections.abc import Sequence

AUTOMATIC, CPU = "auto", "CPU"
FAILED = "the rest ran on the CPU"  # as `inference.recovering` notes it


def device_words(device: str, wanted: str, notes: Sequence[str]) -> str:
    """The device and the reason, such as "CPU, 2 threads (PyTorch finds no GPU)".

    Args:
        device: As the run describes it.
        wanted: What the user chose: "auto", "cpu", "cuda", "cuda:N" or "mps".
        notes: Of the run.
    """
    if not device:
        return ""
    if any(FAILED in note for note in notes):
        why = "the GPU failed during the run"
    elif wanted != AUTOMATIC:
        why = "chosen by hand"
    elif device.startswith(CPU):
        why = "PyTorch finds no GPU"
    else:
        why = "a GPU is taken where there is one"
    return f"{device} ({why})"
