"""What every benchmark shares: the form of a result, medians, and a fresh process for what must be cold."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Result:
    """One measured figure beside its rival's.

    Attributes:
        name: Of the benchmark and the figure.
        what: What was measured, as a sentence.
        value: Median.
        unit: Of `value` and `rival_value`.
        rival: What it is compared with, or None.
        rival_value: Median of the rival, measured in the same run.
        ratio: value / rival_value.
        goal: What is to be held, in words.
        met: Whether it is.
        runs: How many runs the medians are of.
    """

    name: str
    what: str
    value: float
    unit: str
    rival: str | None
    rival_value: float | None
    goal: str
    met: bool
    runs: int

    def as_json(self) -> dict[str, object]:
        """The form of the contract."""
        ratio = self.value / self.rival_value if self.rival_value else None
        return asdict(self) | {"ratio": ratio, "machine": machine()}


def machine() -> str:
    """The machine in a line."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def median(values: list[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fresh(code: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run code in a fresh interpreter and return what it printed; the time of the start is its first argument."""
    command = [sys.executable, "-c", code, str(time.time()), *arguments]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | (environment or {}), cwd=ROOT
    )
    return ran.stdout


def screen() -> dict[str, str]:
    """The environment for a window: the screen there is, else Qt's offscreen platform."""
    return {} if os.environ.get("DISPLAY") else {"QT_QPA_PLATFORM": "offscreen"}
