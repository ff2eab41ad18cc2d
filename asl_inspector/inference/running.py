"""Run a network over clips and keep what the questions need."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asl_inspector.errors import InferenceError
from asl_inspector.inference.batches import exact_batches, frames_for
from asl_inspector.inference.devices import choose_device, describe_device, settle_threads
from asl_inspector.inference.exact_scores import single_gloss_log_probs
from asl_inspector.inference.predictions import Predictions
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.progress import CancelToken, Progress, Step, silent

TOP = 5
UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class ClipSource:
    """The clips to run: how long each is, its true id (-1 for none), and how to get its features.

    Attributes:
        name: File name, for messages.
        lengths: (N,), frames.
        gloss_ids: (N,), true ids.
        feature_count: Numbers a frame, or None where the clips differ.
        features: Gives the (T, F) float32 features of clip `index`.
    """

    name: str
    lengths: NDArray[np.int64]
    gloss_ids: NDArray[np.int64]
    feature_count: int | None
    features: Callable[[int], NDArray[np.float32]]


class _Columns:
    """The growing columns of `Predictions`, filled batch by batch in any order."""

    def __init__(self, lengths: NDArray[np.int64], ran: NDArray[np.bool_]) -> None:
        count = len(lengths)
        self.starts = np.concatenate([[0], np.cumsum(np.where(ran, lengths, 0))])
        frames = int(self.starts[-1])
        self.best_gloss = np.zeros(frames, np.int32)
        self.blank_lead = np.zeros(frames, np.float32)
        self.blank_posterior = np.zeros(frames, np.float32)
        self.empty = np.zeros(count, np.float32)
        self.top = np.zeros((count, TOP), np.int32)
        self.top_log_prob = np.full((count, TOP), -np.inf, np.float32)
        self.loss = np.full(count, np.nan, np.float32)


def run_network(
    network: BuiltNetwork,
    clips: ClipSource,
    *,
    device: str = "auto",
    batch_frames: int | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Predictions:
    """Run `network` over all clips that can be run.

    Clips without frames or with numbers that are not finite are left out; `Predictions.ran` tells which.

    Raises:
        InferenceError: If the features do not fit the network, or no clip can be run.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    started = time.perf_counter()
    check_features(network, clips)
    chosen = choose_device(device)
    module = network.module.to(chosen)
    ran = _runnable(clips, cancel)
    architecture = network.architecture
    blank = architecture.blank if architecture.blank is not None else 0
    batches = exact_batches(clips.lengths, ran, frames_for(architecture.classes, batch_frames))
    columns = _Columns(clips.lengths, ran)
    done, total = 0, int(ran.sum())
    with torch.inference_mode():
        if chosen.type == "cpu":
            trial = _stack(clips, max(batches, key=len)[:64], chosen)
            settle_threads(lambda: module(trial))
        for batch in batches:
            cancel.raise_if_cancelled()
            progress(Step(f"Running {clips.name}", done, total, "clips"))
            logits = module(_stack(clips, batch, chosen)).float()  # (N, T, C)
            _reduce(logits, blank, batch, clips.gloss_ids, columns)
            done += len(batch)
        padding = int(module.padding_logits().argmax())
    progress(Step(f"Running {clips.name}", done, total, "clips"))
    return _frozen(columns, ran, network, padding, describe_device(chosen), time.perf_counter() - started)


def clip_log_posteriors(network: BuiltNetwork, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log posteriors of one clip, recomputed. (T, F) -> (T, C)"""
    device = next(network.module.parameters()).device
    with torch.inference_mode():
        logits = network.module(torch.from_numpy(np.array(features)).unsqueeze(0).to(device))
        result: NDArray[np.float32] = logits.float().log_softmax(dim=-1)[0].cpu().numpy()
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


def _runnable(clips: ClipSource, cancel: CancelToken) -> NDArray[np.bool_]:
    """(N,), clips that have frames and whose numbers are all finite."""
    ran = np.zeros(len(clips.lengths), dtype=bool)
    for index in np.flatnonzero(clips.lengths > 0).tolist():
        if index % 256 == 0:
            cancel.raise_if_cancelled()
        ran[index] = bool(np.isfinite(clips.features(index)).all())
    if not ran.any():
        raise InferenceError(
            f"No clip of “{clips.name}” can be run: every one is without frames or holds numbers that are not finite.",
            advice="Run the feature extraction again and look at its log.",
        )
    return ran


def _stack(clips: ClipSource, batch: NDArray[np.int64], device: torch.device) -> Tensor:
    """Features of clips of one length: (N, T, F)."""
    return torch.from_numpy(np.stack([clips.features(int(index)) for index in batch])).to(device)


def _reduce(
    logits: Tensor, blank: int, batch: NDArray[np.int64], gloss_ids: NDArray[np.int64], columns: _Columns
) -> None:
    """Fill the columns from one batch of logits (N, T, C), reduced on the device that they are on."""
    log_probs = logits.log_softmax(dim=-1)
    without_blank = logits.clone()
    without_blank[..., blank] = -torch.inf
    best, best_gloss = without_blank.max(dim=-1)  # (N, T)
    lead = logits[..., blank] - best
    posterior = log_probs[..., blank].exp()
    scores, empty = single_gloss_log_probs(log_probs, blank)  # (N, C), (N,)
    top = scores.topk(min(TOP, scores.shape[1] - 1), dim=-1)
    frames = logits.shape[1]
    places = (columns.starts[batch][:, None] + np.arange(frames)).reshape(-1)
    columns.best_gloss[places] = best_gloss.cpu().numpy().reshape(-1)
    columns.blank_lead[places] = lead.cpu().numpy().reshape(-1)
    columns.blank_posterior[places] = posterior.cpu().numpy().reshape(-1)
    columns.empty[batch] = empty.cpu().numpy()
    columns.top[batch, : top.indices.shape[1]] = top.indices.cpu().numpy()
    columns.top_log_prob[batch, : top.values.shape[1]] = top.values.cpu().numpy()
    columns.loss[batch] = _losses(scores, blank, gloss_ids[batch])


def _losses(scores: Tensor, blank: int, labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """(N,), minus the log probability of the true gloss; NaN where the label is no gloss of the network."""
    usable = (labels >= 0) & (labels < scores.shape[1]) & (labels != blank)
    picked = torch.from_numpy(np.where(usable, labels, 0)).to(scores.device)
    losses = -scores.gather(1, picked.unsqueeze(1)).squeeze(1).cpu().numpy()
    return np.where(usable, losses, np.nan).astype(np.float32)


def _frozen(
    columns: _Columns, ran: NDArray[np.bool_], network: BuiltNetwork, padding: int, device: str, seconds: float
) -> Predictions:
    arrays = (
        ran,
        columns.starts,
        columns.best_gloss,
        columns.blank_lead,
        columns.blank_posterior,
        columns.empty,
        columns.top,
        columns.top_log_prob,
        columns.loss,
    )
    for array in arrays:
        array.flags.writeable = False
    blank = network.architecture.blank
    return Predictions(
        network.architecture.classes, blank if blank is not None else 0, *arrays, padding, device, seconds
    )
