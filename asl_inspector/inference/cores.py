"""How many CPU cores this process may use: those that the system gives it, or its share where others work beside it."""

from __future__ import annotations

import os


class Share:
    """The most cores that this process takes; None for all that it may have."""

    most: int | None = None


def limit_cores(most: int | None) -> None:
    """Take no more cores than so many from now on."""
    Share.most = most


def cores() -> int:
    """CPU cores that this process may use."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return here if Share.most is None else min(here, Share.most)
