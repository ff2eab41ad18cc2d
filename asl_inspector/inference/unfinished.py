"""What was run so far, kept in files, so that a run goes on where it stopped even if its process did not live.

One file a run, in the frames that the program's processes talk in: nothing in them can be executed. A file that is
damaged, or of another version, is passed over: the clips are then run anew. N clips.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asl_inspector.about import program_version
from asl_inspector.inference.predictions import TOP, BeamSearch, Predictions
from asl_inspector.networks.records import Architecture, Choice, Tried
from asl_inspector.wire import BrokenPipe, Codec, read_frame, write_frame

SUFFIX = ".run"
MOST_KEPT = 6  # validation and training clips, and what was chosen differently before


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as far as it came.

    Attributes:
        version: Of the program.
        run: Tells it from every other run: files, settings and the answers to what the tensors leave open.
        over: Tells its files and settings from others, whatever the answers.
        architecture: The network.
        predictions: What it has said so far.
    """

    version: str
    run: str
    over: str
    architecture: Architecture
    predictions: Predictions


CODEC = Codec((KeptRun, Predictions, BeamSearch, Architecture, Choice, Tried))


def fingerprint(*parts: object) -> str:
    """A short name for plain values, the same in every process."""
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


class UnfinishedRuns:
    """The kept runs of a folder.

    Args:
        folder: It is made when something is first kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, run: str, over: str, architecture: Architecture, predictions: Predictions) -> None:
        """Write a run whole or not at all, over what was kept of it before. A full disk keeps nothing."""
        held = KeptRun(program_version(), run, over, architecture, predictions)
        path = self._path(run)
        beside = path.with_suffix(".new")
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(beside, "wb") as stream:
                write_frame(stream, CODEC.encode(held))
            os.replace(beside, path)
            for old in self._paths()[MOST_KEPT:]:
                old.unlink(missing_ok=True)

    def of_run(self, run: str) -> Predictions | None:
        """What is kept of a run, or None."""
        held = _read(self._path(run))
        return held.predictions if held is not None and held.run == run else None

    def of_run_over(self, over: str) -> KeptRun | None:
        """The newest run over these files with these settings, whatever the answers, or None."""
        kept = (_read(path) for path in self._paths())
        return next((held for held in kept if held is not None and held.over == over), None)

    def forget(self) -> None:
        """Remove what is kept, and the folder where nothing else is in it."""
        for path in self._paths():
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def _path(self, run: str) -> Path:
        return self._folder / f"{run}{SUFFIX}"

    def _paths(self) -> list[Path]:
        """The newest first."""
        return sorted(self._folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _read(path: Path) -> KeptRun | None:
    try:
        with open(path, "rb") as stream:
            held = CODEC.decode(read_frame(stream) or [b"null"])
    except (OSError, BrokenPipe, MemoryError):
        return None
    if not isinstance(held, KeptRun) or held.version != program_version() or not _is_whole(held.predictions):
        return None
    return held


def _is_whole(held: object) -> bool:
    """Whether columns fit each other and hold classes of the network only."""
    if not isinstance(held, Predictions) or not isinstance(held.outcomes, np.ndarray):
        return False
    clips, frames = len(held.ran), len(held.best_gloss)
    columns: tuple[tuple[object, tuple[int, ...]], ...] = (
        (held.ran, (clips,)),
        (held.outcomes, (clips,)),
        (held.starts, (clips + 1,)),
        (held.best_gloss, (frames,)),
        (held.blank_lead, (frames,)),
        (held.blank_posterior, (frames,)),
        (held.empty_log_prob, (clips,)),
        (held.top, (clips, TOP)),
        (held.top_log_prob, (clips, TOP)),
        (held.loss, (clips,)),
    )
    if any(not isinstance(column, np.ndarray) or column.shape != shape for column, shape in columns):
        return False
    steps = np.diff(held.starts)
    classes = all(not len(one) or (one.min() >= 0 and one.max() < held.classes) for one in (held.best_gloss, held.top))
    return bool(held.starts[0] == 0 and held.starts[-1] == frames and (steps >= 0).all() and classes)
