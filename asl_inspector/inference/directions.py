"""In how many directions do features and the encoder's outputs spread?

Formula: with singular values s of the centred frames (M, D), the effective rank is exp(H(s / sum of s)). It is D where every
direction carries as much and 1 where one carries all. Features are each taken over their spread first, for they have units;
what enters the layer that answers is taken as it is.

Null: each number of a frame exchanged over the frames by itself, which keeps its values and breaks what hangs together
(parallel analysis, Horn 1965).

The outputs of the encoder are caught where they enter the last linear layer with one output a class. A network that runs in a
process of its own, or has no such layer, cannot be asked.

Source: Roy and Vetterli 2007, "The effective rank"; Horn 1965.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asl_inspector.inference.records import EffectiveRank, EffectiveRanks
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.networks.network import Network
from asl_inspector.progress import CancelToken

MOST_CLIPS = 40
MOST_FRAMES = 2_000
MOST_DIMS = 512
FEWEST_FRAMES = 20
DRAWS = 3
SEED = 20_261_130
STILL = 1e-9
FloatArray = NDArray[np.float64]


def effective_rank(frames: FloatArray, *, scaled: bool = False) -> EffectiveRank | None:
    """The effective rank of frames with its null, or None where fewer than two numbers move.

    Args:
        frames: (M, D).
        scaled: True to take each number over its spread.
    """
    spread = frames.std(axis=0)
    moving = spread > STILL * max(1.0, float(np.abs(frames).max(initial=0.0)))
    points = frames[:, moving]
    if len(points) < FEWEST_FRAMES or points.shape[1] < 2:
        return None
    points = points - points.mean(axis=0)
    if scaled:
        points = points / spread[moving]
    random = np.random.default_rng(SEED)
    null = [_rank(np.column_stack([random.permutation(column) for column in points.T])) for _ in range(DRAWS)]
    return EffectiveRank(_rank(points), points.shape[1], min(null), len(points))


def _rank(centred: FloatArray) -> float:
    """Of centred frames; the singular values are the roots of the eigenvalues of the smaller product."""
    products = centred.T @ centred if centred.shape[0] >= centred.shape[1] else centred @ centred.T
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(products), 0.0))
    shares = values[values > 0] / values.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def effective_ranks(network: BuiltNetwork, clips: ClipSource, *, cancel: CancelToken | None = None) -> EffectiveRanks:
    """Both ranks over a seeded choice of clips.

    Args:
        network: On the CPU.
        clips: As the network gets them.
        cancel: Asked between clips.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    head = head_of(network.module, network.architecture.classes)
    runs = isinstance(network.module, Network) and network.module.concurrent  # a foreign program is no module of ours
    reason = "" if head is not None and runs else "The network has no single linear output layer, or runs by itself."
    seen = chosen_clips(network.module, clips, cancel)
    if not seen:
        return EffectiveRanks(None, None, "No clip could be run.", 0)
    features_rank = effective_rank(_thinned(np.concatenate(seen)), scaled=True)
    hidden = None
    if head is not None and not reason:
        hidden = effective_rank(_thinned(_entering(network.module, network.architecture.classes, seen, cancel)))
        reason = "" if hidden is not None else "Too few outputs, or none that move."
    return EffectiveRanks(features_rank, hidden, reason, len(seen))


def chosen_clips(module: Network, clips: ClipSource, cancel: CancelToken) -> list[NDArray[np.float32]]:
    """Features of a seeded choice of clips that the network can run."""
    most = module.most_frames
    seen: list[NDArray[np.float32]] = []
    for index in np.random.default_rng(SEED).permutation(len(clips.lengths))[: 4 * MOST_CLIPS].tolist():
        cancel.raise_if_cancelled()
        features = np.asarray(clips.features(index), np.float32)
        runs = len(features) >= module.least_frames and (most is None or len(features) <= most)
        if runs and np.isfinite(features).all():
            seen.append(features)
        if len(seen) >= MOST_CLIPS or sum(map(len, seen)) >= MOST_FRAMES:
            break
    return seen


def _entering(
    shared: Network, classes: int, seen: list[NDArray[np.float32]], cancel: CancelToken
) -> NDArray[np.float32]:
    """(M, H), what enters the head: of every output frame, or of every clip. Clips go together where the network takes lengths.

    Other threads run the same network meanwhile, for a clip that is looked at or for other checkpoints: the hook is on a
    copy of the structure, which has the very tensors of the network.
    """
    module = copy.deepcopy(shared, {id(one): one for one in (*shared.parameters(), *shared.buffers())})
    head = head_of(module, classes)
    caught: list[Tensor] = []
    if head is not None:
        head.register_forward_pre_hook(lambda _, given: caught.append(given[0].detach().float()))
    with torch.inference_mode():
        if module.ragged:
            lengths = torch.tensor([len(one) for one in seen])
            module(nn.utils.rnn.pad_sequence([torch.from_numpy(one) for one in seen], batch_first=True), lengths)
        else:
            for one in seen:
                cancel.raise_if_cancelled()
                module(torch.from_numpy(one).unsqueeze(0))
    if module.ragged and caught and caught[0].dim() == 3:  # (N, T, H): padding is left out
        frames = [module.output_frames(len(one)) for one in seen]
        caught = [clip[:count] for clip, count in zip(caught[0], frames, strict=True)]
    rows = [one.reshape(-1, one.shape[-1]).numpy() for one in caught]
    return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)


def head_of(module: nn.Module, classes: int) -> nn.Linear | None:
    """The last linear layer with one output a class, or None."""
    found = [one for one in module.modules() if isinstance(one, nn.Linear) and one.out_features == classes]
    return found[-1] if found else None


def _thinned(frames: NDArray[np.float32]) -> FloatArray:
    """At most so many frames, evenly, and so many of their numbers."""
    every = max(1, -(-len(frames) // MOST_FRAMES))
    wide = max(1, -(-frames.shape[1] // MOST_DIMS))
    return frames[::every, ::wide].astype(np.float64)
