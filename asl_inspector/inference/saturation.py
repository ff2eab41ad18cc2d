"""How far the features drive the gates of the first recurrent layer to their ends.

A gate is the logistic function of W x + U h + b. What the features alone put in, W x + b, lies within a few units of 0 in a
network that learned from such features, for beyond 4.6 a gate is within 1 % of its end and passes no gradient. Features on
another scale drive most gates there at once.

Only a network whose first layer takes the features as they are can be asked.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from asl_inspector.inference.sources import ClipSource

AT_ITS_END = 4.6  # the logistic function is 0.01 from its end
MOST_CLIPS = 60


def saturated_share(module: nn.Module, clips: ClipSource) -> float | None:
    """Share of gates and frames that the features alone drive to their end, or None where that cannot be asked.

    Args:
        module: The network.
        clips: As the network gets them; a seeded choice of some is looked at.
    """
    layer = next((one for one in module.modules() if isinstance(one, nn.LSTM | nn.GRU)), None)
    if layer is None or layer.input_size != clips.feature_count or not len(clips.lengths):
        return None
    held = dict(layer.named_parameters())
    weight, bias = held["weight_ih_l0"].detach().cpu(), held.get("bias_ih_l0")
    chosen = np.random.default_rng(1).permutation(len(clips.lengths))[:MOST_CLIPS].tolist()
    frames = [np.asarray(clips.features(index), np.float32) for index in sorted(chosen)]
    whole = np.concatenate(
        [one for one in frames if len(one) and np.isfinite(one).all()] or [np.zeros((0, 1), np.float32)]
    )
    if not len(whole):
        return None
    driven = torch.from_numpy(whole) @ weight.float().T
    if bias is not None:
        driven = driven + bias.detach().cpu().float()
    return float((driven.abs() > AT_ITS_END).float().mean())
