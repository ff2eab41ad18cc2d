"""What an engine is: it opens the data, and hands back what each job found, in any order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from asl_inspector.progress import CancelToken
from asl_inspector.sweep.records import DataFacts, Job, Part, Setup


class Engine(Protocol):
    """Runs jobs somewhere. Engines know nothing of diagnosis, and diagnosis nothing of engines."""

    @property
    def described(self) -> str:
        """What runs the jobs, in few words."""
        ...

    def open(self, setup: Setup, cancel: CancelToken) -> DataFacts:
        """Open the data.

        Raises:
            InspectorError: If it cannot be opened.
            Cancelled: If `cancel` was set.
        """
        ...

    def run(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Part]:
        """What each job found, as soon as it is known. A job that fails gives a part with a sentence.

        Raises:
            InspectorError: If the engine itself fails.
            Cancelled: If `cancel` was set.
        """
        ...

    def close(self) -> None:
        """End what was started."""
        ...
