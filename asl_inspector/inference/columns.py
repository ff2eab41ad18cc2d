"""The columns of `Predictions` while they are being filled, in any order of the clips.

They hold what is known so far, so that a run that was interrupted can go on where it stopped. Very long columns lie in a
temporary file that is mapped, not in memory. N clips, M output frames.
"""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.inference.predictions import TEMPERATURES, TOP, BeamSearch, Outcome, Predictions

IntArray = NDArray[np.int64]
LARGEST_IN_MEMORY = 256 << 20  # bytes of one column


class Columns:
    """Room for the outputs of all clips.

    Args:
        frames: (N,), output frames of each clip; 0 for clips that cannot be run.
        outcomes: (N,), what is known of each clip before anything ran.
        folder: Where columns go that are too long for memory, or None for the system's temporary folder.
        beam: True where a beam search is done, whose prefixes are kept: at most as many glosses as frames.
    """

    def __init__(
        self, frames: IntArray, outcomes: NDArray[np.uint8], folder: Path | None = None, *, beam: bool = False
    ) -> None:
        count = len(frames)
        self._folder = folder
        self.frames = frames
        self.outcomes = outcomes
        self.starts: IntArray = np.concatenate([[0], np.cumsum(frames)])
        total = int(self.starts[-1])
        self.best_gloss: NDArray[np.int32] = self._room(total, np.int32)
        self.blank_lead: NDArray[np.float32] = self._room(total, np.float32)
        self.blank_posterior: NDArray[np.float32] = self._room(total, np.float32)
        self.empty = np.zeros(count, np.float32)
        self.top = np.zeros((count, TOP), np.int32)
        self.top_log_prob = np.full((count, TOP), -np.inf, np.float32)
        self.beam: NDArray[np.int32] | None = self._room(total, np.int32) if beam else None
        self.beam_lengths = np.zeros(count, np.int64)
        self.loss = np.full(count, np.nan, np.float32)
        self.mean_logit = np.zeros(count, np.int32)
        self.sharpness = np.full((count, len(TEMPERATURES)), np.nan, np.float32)

    def _room(self, count: int, kind: type[np.generic]) -> NDArray[Any]:
        """Zeros in memory, or in a file without a name that vanishes with the array."""
        if count * np.dtype(kind).itemsize <= LARGEST_IN_MEMORY:
            return np.zeros(count, kind)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.truncate(count * np.dtype(kind).itemsize)
            return np.frombuffer(mmap.mmap(file.fileno(), 0), dtype=kind)

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """(N,), clips that are still to be run."""
        reached: NDArray[np.bool_] = self.outcomes == Outcome.NOT_REACHED
        return reached

    def fill(self, clips: IntArray, reduced: dict[str, NDArray[Any]]) -> None:
        """Take the outputs of a batch; the arrays are named as in `reducing.Reduced`, their frames end with padding."""
        sound = reduced["finite"]
        self.outcomes[clips] = np.where(sound, Outcome.RAN, Outcome.OUTPUTS_NOT_FINITE)
        frame = np.arange(reduced["best_gloss"].shape[1])
        places = self.starts[clips][:, None] + frame  # (N, T)
        valid = frame < self.frames[clips][:, None]
        whole = bool(valid.all())
        where = places.reshape(-1) if whole else places[valid]
        for name in ("best_gloss", "blank_lead", "blank_posterior"):
            values = reduced[name]
            getattr(self, name)[where] = values.reshape(-1) if whole else values[valid]
        self.empty[clips] = reduced["empty"]
        kept = reduced["top"].shape[1]
        self.top[clips, :kept] = reduced["top"]
        self.top_log_prob[clips, :kept] = reduced["top_log_prob"]
        if self.beam is not None:
            self._fill_beam(self.beam, clips, reduced["beam"])
        self.loss[clips] = reduced["loss"]
        self.mean_logit[clips] = reduced["mean_logit"]
        self.sharpness[clips] = reduced["sharpness"]

    def take(self, kept: Predictions) -> bool:
        """Take what an earlier run of the same network over the same clips has found; False where it does not fit."""
        if kept.outcomes is None or len(kept) != len(self.outcomes) or (kept.beam is None) != (self.beam is None):
            return False
        runnable = np.where(kept.ran & self.waiting, self.frames, 0)
        if not np.array_equal(kept.lengths, runnable):
            return False
        there = np.repeat(kept.ran, self.frames)
        for name in ("best_gloss", "blank_lead", "blank_posterior"):
            getattr(self, name)[there] = getattr(kept, name)
        failed = np.isin(kept.outcomes, (Outcome.FEATURES_NOT_FINITE, Outcome.OUTPUTS_NOT_FINITE)) & self.waiting
        self.outcomes[failed] = kept.outcomes[failed]
        ran = kept.ran
        self.outcomes[ran] = Outcome.RAN
        self.empty[ran], self.loss[ran] = kept.empty_log_prob[ran], kept.loss[ran]
        self.top[ran], self.top_log_prob[ran] = kept.top[ran], kept.top_log_prob[ran]
        if self.beam is not None and kept.beam is not None:
            self.beam_lengths[ran] = lengths = np.diff(kept.beam.starts)[ran]
            clip = np.repeat(np.flatnonzero(ran), lengths)
            first = np.repeat(np.cumsum(lengths) - lengths, lengths)
            self.beam[self.starts[clip] + np.arange(len(clip)) - first] = kept.beam.tokens
        return True

    def _fill_beam(self, column: NDArray[np.int32], clips: IntArray, prefixes: NDArray[np.int32]) -> None:
        """Each prefix goes to the beginning of its clip's frames. (N, L)"""
        said = prefixes >= 0
        self.beam_lengths[clips] = said.sum(axis=1)
        column[(self.starts[clips][:, None] + np.arange(prefixes.shape[1]))[said]] = prefixes[said]

    def beam_search(self) -> BeamSearch | None:
        """What a beam search found, of the clips that ran; None where none was done."""
        if self.beam is None:
            return None
        lengths = np.where(self.outcomes == Outcome.RAN, self.beam_lengths, 0)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        clip = np.repeat(np.arange(len(lengths)), lengths)
        tokens = self.beam[self.starts[clip] + np.arange(len(clip)) - starts[clip]]
        return BeamSearch(tokens, starts)

    def finished(
        self,
    ) -> tuple[NDArray[np.bool_], IntArray, NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """`(ran, starts, best_gloss, blank_lead, blank_posterior)`, without the frames of clips that did not run."""
        ran = self.outcomes == Outcome.RAN
        frames = np.where(ran, self.frames, 0)
        if int(frames.sum()) == int(self.starts[-1]):
            return ran, self.starts, self.best_gloss, self.blank_lead, self.blank_posterior
        kept = np.repeat(ran, self.frames)
        starts = np.concatenate([[0], np.cumsum(frames)])
        return ran, starts, self.best_gloss[kept], self.blank_lead[kept], self.blank_posterior[kept]
