"""Run a network over clips and keep what the questions need.

What the user can rely on: the same predictions whatever the batch, the order and the device; never more in memory than
a batch and the compact columns; an answer to Cancel within a fifth of a second; a run that goes on where it stopped, in
another process too where it is kept in a file.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from asl_inspector.errors import InferenceError
from asl_inspector.fixed_arrays import read_only
from asl_inspector.inference.batches import BatchPlan
from asl_inspector.inference.columns import Columns
from asl_inspector.inference.devices import choose_device, describe_device, exact_arithmetic, why_device
from asl_inspector.inference.loading import Loader
from asl_inspector.inference.placed import PlacedNetwork
from asl_inspector.inference.predictions import NO_BLANK, Outcome, Predictions
from asl_inspector.inference.recovering import Runner
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.progress import CancelToken, Progress, Step, silent

SECONDS_BETWEEN_KEEPS = 5.0
MOST_FRAMES_KEPT = 20_000_000  # what is kept is put together in memory, at some thirty bytes a frame
KEEPING_SHARE = 0.05  # of the time may go into keeping what was run


class Run:
    """A network and the clips to run it over; holds all that is known so far.

    Args:
        network: The network.
        clips: The clips.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        batch_frames: Most frames in a batch, or None.
        mixed: True for half precision, where a sample shows that it changes no frame's winner.
        beam: True for a prefix beam search of every clip, where the network has a blank.
        threads: CPU threads, or 0 for as many as prove best.
        known: What an earlier run of the same network over the same clips has found, or None.
        keep: Given what is known now and then and at the end, or None.

    Raises:
        InferenceError: If the features do not fit the network, or the device is not there.
    """

    def __init__(
        self,
        network: BuiltNetwork,
        clips: ClipSource,
        *,
        device: str = "auto",
        batch_frames: int | None = None,
        mixed: bool = False,
        beam: bool = False,
        threads: int = 0,
        known: Predictions | None = None,
        keep: Callable[[Predictions], None] | None = None,
    ) -> None:
        self._beam = beam and network.architecture.blank is not None
        check_features(network, clips)
        self.network, self.clips = network, clips
        self.notes: list[str] = []
        self.seconds = 0.0
        self.device = choose_device(device)
        self._told_device, self._why = "", why_device(device, self.device)
        self._threads, self._why_threads = threads, ""
        self._batch_frames = batch_frames
        self._mixed = mixed
        self._columns = _columns(network, clips, beam=self._beam)
        self._keep, self._keep_at = keep, SECONDS_BETWEEN_KEEPS
        if known is not None and self._columns.take(known):
            self.seconds, self.notes = known.seconds, list(known.notes)
            self._told_device, self._why = known.device, known.device_why

    def go_on(self, *, progress: Progress = silent, cancel: CancelToken | None = None) -> Predictions:
        """Run all clips that were not run yet. After `Cancelled` it can be called again.

        Raises:
            InferenceError: If no clip can be run.
            Cancelled: If `cancel` was set.
        """
        cancel = cancel or CancelToken()
        started = cancel.clock()
        columns = self._columns
        total = int((columns.outcomes <= Outcome.RAN).sum())
        if columns.waiting.any():
            try:
                with torch.inference_mode(), exact_arithmetic():
                    self._work(progress, cancel)
            finally:
                self.seconds += cancel.clock() - started
        done = int((columns.outcomes == Outcome.RAN).sum())
        progress(Step(f"Running {self.clips.name}", done, total, "clips"))
        self._require_some()
        self.keep()
        return self.predictions()

    def keep(self) -> None:
        """Have what is known kept, where it is to be kept and not too much."""
        if self._keep is None:
            return
        frames = int(self._columns.starts[-1])
        if frames <= MOST_FRAMES_KEPT:
            self._keep(self.predictions())
            return
        self._keep = None
        self.notes.append(
            f"A run of {frames:,} frames is too long to be kept for another process while it lasts; in this one it goes on"
            " where it was interrupted."
        )

    def _keep_now_and_then(self, seconds: float) -> None:
        """Have what is known kept, seldom enough to cost next to nothing; `seconds` is how long this run works."""
        if self._keep is None or seconds < self._keep_at:
            return
        started = time.perf_counter()
        self.keep()
        took = time.perf_counter() - started
        self._keep_at = seconds + took + max(SECONDS_BETWEEN_KEEPS, took / KEEPING_SHARE)

    def predictions(self) -> Predictions:
        """What is known so far; `complete` says whether that is all."""
        columns = self._columns
        complete = not columns.waiting.any()
        ran, starts, best_gloss, blank_lead, blank_posterior = columns.finished()
        for array in (starts, best_gloss, blank_lead, blank_posterior):
            array.flags.writeable = not complete  # an unfinished run goes on in the same arrays
        architecture = self.network.architecture
        with torch.inference_mode():
            padding = self.network.module.padding_logits()
        lead, gloss = _padded_frame(padding, architecture.blank)
        return Predictions(
            classes=architecture.classes,
            blank=architecture.blank if architecture.blank is not None else NO_BLANK,
            ran=read_only(ran),
            starts=starts,
            best_gloss=best_gloss,
            blank_lead=blank_lead,
            blank_posterior=blank_posterior,
            empty_log_prob=read_only(columns.empty.copy()),
            top=read_only(columns.top.copy()),
            top_log_prob=read_only(columns.top_log_prob.copy()),
            loss=read_only(columns.loss.copy()),
            padding_reads_as=None if padding is None else int(padding.argmax()),
            padding_lead=lead,
            padding_gloss=gloss,
            device=self._told_device or describe_device(self.device),
            device_why=self._reasons,
            seconds=self.seconds,
            outcomes=read_only(columns.outcomes.copy()),
            notes=tuple(self.notes),
            complete=complete,
            beam=columns.beam_search(),
            mean_logit=read_only(columns.mean_logit.copy()),
            sharpness=read_only(columns.sharpness.copy()),
        )

    @property
    def _reasons(self) -> str:
        """Why this device, and what its number of threads rests on, as sentences."""
        if not self._why_threads:
            return self._why
        return f"{self._why} Threads: {self._why_threads}."

    def _require_some(self) -> None:
        outcomes, name = self._columns.outcomes, self.clips.name
        if (outcomes == Outcome.RAN).any():
            return
        if (outcomes == Outcome.OUTPUTS_NOT_FINITE).any():
            raise InferenceError(
                f"The network answers every clip of “{name}” with numbers that are not finite.",
                advice="Its weights hold NaN or infinite numbers, or overflow; use an earlier checkpoint of the run.",
            )
        if (outcomes == Outcome.TOO_SHORT).any():
            least = self.network.module.least_frames
            raise InferenceError(f"Every clip of “{name}” is shorter than the {least} frames that the network needs.")
        if (outcomes == Outcome.TOO_LONG).any():
            most = self.network.module.most_frames
            raise InferenceError(
                f"Every clip of “{name}” is longer than the {most} frames that the network has positions for.",
                advice="Choose a preprocessing that brings clips to a fixed length.",
            )
        raise InferenceError(
            f"No clip of “{name}” can be run: every one is without frames or holds numbers that are not finite.",
            advice="Run the feature extraction again and look at its log.",
        )

    def _work(self, progress: Progress, cancel: CancelToken) -> None:
        columns, clips = self._columns, self.clips
        self.network.module.heed(cancel)
        runner = Runner(
            self.network,
            clips.name,
            self.device,
            self._batch_frames,
            mixed=self._mixed,
            beam=self._beam,
            threads=self._threads,
        )
        plan = BatchPlan(clips.lengths, columns.waiting, ragged=self.network.module.ragged)
        pinned = runner.kind == "cuda"
        loader = Loader(clips, plan, runner.size, pinned=pinned, cancel=cancel, workers=runner.workers)
        reached = int((columns.outcomes == Outcome.RAN).sum())
        total = reached + int(columns.waiting.sum())
        self._keep_at, started = SECONDS_BETWEEN_KEEPS, time.perf_counter()
        try:
            for batch in loader:
                self._keep_now_and_then(time.perf_counter() - started)
                progress(Step(f"Running {clips.name}", reached, total, "clips"))
                columns.outcomes[batch.broken] = Outcome.FEATURES_NOT_FINITE
                total -= len(batch.broken)
                if not len(batch.clips):
                    continue
                for part, results in runner.put(batch, cancel):
                    columns.fill(part.clips, results)
                    reached += len(part.clips)
            for part, results in runner.flush(cancel):
                columns.fill(part.clips, results)
        finally:
            runner.end()
            for part, results in runner.finished():  # what was computed meanwhile, after Cancel too
                columns.fill(part.clips, results)
            self.network.module.heed(CancelToken())
            if runner.device != self.device:
                self._why = "The device that was chosen failed."
            self.device, self._told_device, self._why_threads = runner.device, runner.describe(), runner.why_threads
            self.notes += [note for note in runner.notes if note not in self.notes]


def run_network(
    network: BuiltNetwork,
    clips: ClipSource,
    *,
    device: str = "auto",
    batch_frames: int | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Predictions:
    """Run `network` over all clips that can be run, at one go.

    Clips without frames or with numbers that are not finite are left out; `Predictions.ran` tells which.

    Raises:
        InferenceError: If the features do not fit the network, or no clip can be run.
        Cancelled: If `cancel` was set.
    """
    run = Run(network, clips, device=device, batch_frames=batch_frames)
    return run.go_on(progress=progress, cancel=cancel)


def clip_log_posteriors(network: BuiltNetwork, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log posteriors of one clip, recomputed. (T, F) -> (T', C)"""
    placed = PlacedNetwork(network.module, network.architecture.blank, torch.device("cpu"))
    with torch.inference_mode():
        logits = placed.logits(torch.from_numpy(np.array(features)).unsqueeze(0))
        result: NDArray[np.float32] = logits.log_softmax(dim=-1)[0].numpy()
    return result


def check_features(network: BuiltNetwork, clips: ClipSource) -> None:
    """Raise `InferenceError` where the clips' features are not what the network takes."""
    wanted = network.architecture.inputs
    if clips.feature_count is None:
        raise InferenceError(
            f"The clips of “{clips.name}” differ in how many features a frame has; the network takes {wanted}.",
            advice="Extract all clips with one setting.",
        )
    if clips.feature_count != wanted:
        raise InferenceError(
            f"“{clips.name}” has {clips.feature_count} features a frame, but the network takes {wanted}.",
            advice="Drop the features that this checkpoint was trained on, or the checkpoint of these features.",
        )


def _columns(network: BuiltNetwork, clips: ClipSource, *, beam: bool) -> Columns:
    """Empty columns, with the clips marked that are known not to run."""
    lengths = clips.lengths
    outcomes = np.full(len(lengths), Outcome.NOT_REACHED, np.uint8)
    outcomes[lengths < network.module.least_frames] = Outcome.TOO_SHORT
    most = network.module.most_frames
    if most is not None:
        outcomes[lengths > most] = Outcome.TOO_LONG
    outcomes[lengths <= 0] = Outcome.NO_FRAMES
    different, where = np.unique(lengths, return_inverse=True)
    answers = np.array([network.module.output_frames(length) if length > 0 else 0 for length in different.tolist()])
    frames = np.where(outcomes == Outcome.NOT_REACHED, answers[where] if len(different) else 0, 0).astype(np.int64)
    return Columns(frames, outcomes, beam=beam)


def _padded_frame(padding: torch.Tensor | None, blank: int | None) -> tuple[float | None, int | None]:
    """How far the blank leads in a padded frame with these logits (C,), and over which gloss; None without a blank."""
    if padding is None or blank is None or padding.numel() < 2:
        return None, None
    others = padding.detach().clone()
    others[blank] = -torch.inf
    gloss = int(others.argmax())
    return float(padding[blank] - padding[gloss]), gloss
