"""Large checkpoints for the benchmarks, made on the spot in a temporary folder, and what plain rivals do with them."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from benchmarks.measuring import fresh

WEIGH = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
LAYERS = 500
SHAPES = {"attention": (1024, 512), "up": (1024, 512), "down": (512, 1024), "gate": (1024, 508)}


def write_4_gb(folder: Path) -> Path:
    """2,000 float32 tensors, 4.19 GB, as a run saves them; written once, so the file is in the page cache."""
    generator = torch.Generator().manual_seed(0)
    base = 0.05 * torch.randn(1024 * 512, generator=generator)
    state = {}
    for layer in range(LAYERS):
        for place, (name, shape) in enumerate(SHAPES.items()):
            numbers = base[: shape[0] * shape[1]].roll(4 * layer + place)
            state[f"encoder.layers.{layer}.{name}.weight"] = numbers.reshape(shape).clone()
    path = folder / "large.pt"
    torch.save({"epoch": 3, "model_state_dict": state}, path)
    return path


def write_keys(folder: Path, count: int) -> Path:
    """A checkpoint of many small tensors."""
    state = {f"encoder.layers.{number // 4}.part{number % 4}.weight": torch.zeros(4, 4) for number in range(count)}
    path = folder / f"{count}.pt"
    torch.save({"model_state_dict": state}, path)
    return path


def run_and_weigh(command: list[str]) -> tuple[float, float]:
    """Seconds of a whole process, and the most memory it had, in megabytes.

    A small process starts it: the most memory of a child is at least that of the one it was forked from.
    """
    seconds, largest = fresh(WEIGH, *command).split()
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    return float(seconds), int(largest) * unit / 1e6


def keys_command(path: Path) -> list[str]:
    """The program's own command."""
    return [sys.executable, "-m", "asl_inspector", "keys", str(path)]
