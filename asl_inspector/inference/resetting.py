"""Which layers could as well be drawn anew? Each in turn is given fresh starting weights, and the clips are run again.

Formula: for each layer the share of clips whose answer stays, the mean over `DRAWS` draws from PyTorch's own starting
distribution. An answer is the most frequent frame that is not blank, or the best class of a pooled network. The network's own
answers are the reference, not the labels, so that wrong labels do not matter.

Null: a layer that matters leaves about the share that two networks have in common by luck, which is small unless one gloss is
the answer to most clips; then nothing is asked.

A layer is every module with weights of two dimensions and more; of a recurrent module each depth is one, both directions
together. Norms are left out: drawn anew they only scale.

Source: Zhang, Bengio and Singer 2022, "Are all layers created equal?", JMLR 23 (re-randomisation).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from asl_inspector.inference.directions import chosen_clips, head_of
from asl_inspector.inference.records import LayerReset, LayerResets
from asl_inspector.inference.running import clip_log_posteriors
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.networks.network import Network
from asl_inspector.progress import CancelToken

FEWEST_CLIPS = 10
MOST_LAYERS = 24
MOST_PARAMETERS = 50_000_000  # the network is copied, and each layer takes two runs
ONE_ANSWER = 0.5  # share of the clips with one answer, above which answers stay whatever a layer does
DRAWS = 2
SEED = 20_261_123
DEPTH = re.compile(r"_l(\d+)(?:_reverse)?$")
Layer = tuple[str, nn.Module, list[nn.Parameter]]


def layers_reset(network: BuiltNetwork, clips: ClipSource, *, cancel: CancelToken | None = None) -> LayerResets:
    """How many answers stay when each layer is drawn anew.

    Args:
        network: On the CPU.
        clips: As the network gets them.
        cancel: Asked before every clip of every run.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    module = network.module
    if not isinstance(module, Network) or not module.concurrent:
        return LayerResets((), 0, "The network runs by itself.")
    if sum(one.numel() for one in module.parameters()) > MOST_PARAMETERS:
        return LayerResets((), 0, f"The network has more than {MOST_PARAMETERS:,} parameters.")
    seen = chosen_clips(module, clips, cancel)
    if len(seen) < FEWEST_CLIPS:
        return LayerResets((), len(seen), f"Fewer than {FEWEST_CLIPS} clips could be run.")
    usual = _answers(network, seen, cancel)
    if np.unique(usual, return_counts=True)[1].max() > ONE_ANSWER * len(usual):
        return LayerResets((), len(seen), "More than half of the clips have one answer.")
    alone = replace(network, module=copy.deepcopy(module))  # others run the network meanwhile
    found = []
    for name, part, weights in list(layers_of(alone.module, network.architecture.classes))[:MOST_LAYERS]:
        before = [one.detach().clone() for one in weights]
        stay = []
        for draw in range(DRAWS):
            _draw_anew(part, weights, SEED + draw)
            stay.append(float((_answers(alone, seen, cancel) == usual).mean()))
        with torch.no_grad():
            for one, old in zip(weights, before, strict=True):
                one.copy_(old)
        found.append(LayerReset(name, float(np.mean(stay)), sum(one.numel() for one in weights)))
    return LayerResets(tuple(found), len(seen), "" if found else "The network has no layer of weights.")


def layers_of(module: nn.Module, classes: int) -> Iterator[Layer]:
    """The layers as people name them, each with the module it belongs to and its own parameters."""
    head, used = head_of(module, classes), set[str]()
    for path, part in module.named_modules():
        own = dict(part.named_parameters(recurse=False))
        kind = "output layer" if part is head else f"{type(part).__name__} {path}"
        if isinstance(part, nn.RNNBase):
            for depth in range(part.num_layers):
                weights = [one for name, one in own.items() if (at := DEPTH.search(name)) and int(at[1]) == depth]
                name = f"{part.mode.partition('_')[0]} layer {depth}"
                yield (name if name not in used else f"{name} of {path}", part, weights)
                used.add(name)
        elif any(one.dim() >= 2 for one in own.values()) and _starter(part) is not None:
            yield (kind, part, list(own.values()))


def _starter(part: nn.Module) -> object:
    return getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)


def _draw_anew(part: nn.Module, weights: list[nn.Parameter], seed: int) -> None:
    """Starting weights as PyTorch draws them; of a recurrent module only those given."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        if isinstance(part, nn.RNNBase):
            bound = part.hidden_size**-0.5
            for one in weights:
                one.uniform_(-bound, bound)
            return
        start = _starter(part)
        if callable(start):
            start()


def _answers(network: BuiltNetwork, seen: list[NDArray[np.float32]], cancel: CancelToken) -> NDArray[np.int64]:
    """(N,), the answer to each clip."""
    blank = network.architecture.blank
    found = []
    for features in seen:
        cancel.raise_if_cancelled()
        best = clip_log_posteriors(network, features).argmax(axis=-1)
        said = best[best != blank] if blank is not None else best
        found.append(int(np.bincount(said).argmax()) if len(said) else -1)
    return np.array(found, np.int64)
