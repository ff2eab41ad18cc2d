"""How a file of clips is to be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from asl_inspector.inert_pickle.records import Pickle
from asl_inspector.progress import CancelToken
from asl_inspector.samples.mapping import NO_CORRECTION, Correction
from asl_inspector.samples.nodes import Sink
from asl_inspector.spool import Spool


def _tell_nobody(done: int, total: int) -> None:
    """For a reader that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every reader is given beside the file.

    Attributes:
        sink: Takes numbers that must be unpacked at once.
        correction: What the user said of the file's layout.
        cancel: Asked now and then.
        pickles: Streams that were read on the way; what they would run has to be told.
        tell: Told how many entries of how many were looked at.
        latest: When to stop looking for further clips, on the monotonic clock; what was found until then is shown.
    """

    sink: Sink = field(default_factory=Spool)
    correction: Correction = NO_CORRECTION
    cancel: CancelToken = field(default_factory=CancelToken)
    tell: Callable[[int, int], None] = _tell_nobody
    latest: float | None = None
    pickles: list[Pickle] = field(default_factory=list)

    def is_late(self) -> bool:
        """True when it is time to stop."""
        return self.latest is not None and time.monotonic() > self.latest
