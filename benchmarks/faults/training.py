"""The training loop of a planted run, every epoch kept, and the pre-training that some runs start from."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.faults.networks import FrameNetwork, PooledNetwork, make, run
from benchmarks.faults.records import Arch, Clip, Decoder, Setup

BATCH = 16
State = dict[str, Tensor]
AnyNetwork = FrameNetwork | PooledNetwork


@dataclass(frozen=True, slots=True)
class Epoch:
    """The run after an epoch.

    Attributes:
        weights: A copy of the state dict.
        optimizer: A copy of the optimizer's.
        train_loss: Mean over the batches.
        val_loss: Likewise.
        val_acc: In percent, by the run's own decoder.
    """

    weights: State
    optimizer: dict[str, object]
    train_loss: float
    val_loss: float
    val_acc: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded clips: (N, T, F), (N,), the ids in one row, (N,) how many each clip has."""

    features: Tensor
    lengths: Tensor
    ids: Tensor
    counts: Tensor


def batch_of(clips: Sequence[Clip]) -> Batch:
    """Clips padded with zeros to the longest."""
    return Batch(
        nn.utils.rnn.pad_sequence([torch.from_numpy(clip.features) for clip in clips], batch_first=True),
        torch.tensor([len(clip.features) for clip in clips]),
        torch.tensor([number for clip in clips for number in clip.ids]),
        torch.tensor([len(clip.ids) for clip in clips]),
    )


def frame_losses(logits: Tensor, batch: Batch) -> Tensor:
    """(N,), cross-entropy of every frame with the clip's gloss."""
    there = torch.arange(logits.shape[1])[None, :] < batch.lengths[:, None]
    wanted = batch.ids[:, None].expand(-1, logits.shape[1])
    losses = functional.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")
    return (losses * there).sum(1) / batch.lengths


def losses_of(logits: Tensor, batch: Batch, *, mask: bool) -> Tensor:
    """(N,), CTC or cross-entropy."""
    if logits.ndim == 2:
        inside = batch.ids.clamp(max=logits.shape[1] - 1)  # a loop that lets labels without an output pass
        return functional.cross_entropy(logits, inside, reduction="none")
    lengths = batch.lengths if mask else torch.full_like(batch.lengths, logits.shape[1])
    inside = batch.ids.clamp(max=logits.shape[2] - 1)
    told = logits.log_softmax(-1).transpose(0, 1)  # (N, T, C) -> (T, N, C)
    return functional.ctc_loss(
        told, inside, lengths, batch.counts, reduction="none", zero_infinity=True
    ) / batch.counts.clamp(min=1)


def decode(logits: Tensor, lengths: Tensor, decoder: Decoder) -> list[int]:
    """One id a clip."""
    if logits.ndim == 2:
        return [int(one) for one in logits.argmax(-1)]
    answers = []
    for row, length in zip(logits.argmax(-1).numpy(), lengths.tolist(), strict=True):
        spoken = row[:length][row[:length] != 0]
        if not len(spoken):
            answers.append(0)
        else:
            answers.append(int(np.bincount(spoken).argmax() if decoder == "majority" else spoken[0]))
    return answers


def evaluate(network: AnyNetwork, clips: Sequence[Clip], decoder: Decoder, *, mask: bool) -> tuple[float, float]:
    """Mean loss over batches in file order, and accuracy in percent."""
    network.eval()
    losses, right = [], 0
    with torch.no_grad():
        for start in range(0, len(clips), BATCH):
            part = clips[start : start + BATCH]
            batch = batch_of(part)
            logits = network(batch.features, batch.lengths, mask=mask)
            losses.append(float(losses_of(logits, batch, mask=mask).mean()))
            lengths = batch.lengths if mask else torch.full_like(batch.lengths, batch.features.shape[1])
            said = decode(logits, lengths, decoder)
            right += sum(clip.ids == (one,) for clip, one in zip(part, said, strict=True))
    return float(np.mean(losses)), 100 * right / len(clips)


def pretrain(arch: Arch, clips: Sequence[Clip], hidden: int, seed: int, *, both: bool = True) -> State:
    """An encoder that learned to foretell the next frame: real pre-training, without labels."""
    torch.manual_seed(seed)
    width = clips[0].features.shape[1]
    cells = nn.LSTM if arch == "ctc" else nn.GRU
    encoder, foretell = cells(width, hidden, batch_first=True, bidirectional=both), nn.Linear(hidden, width)
    optimizer = torch.optim.Adam([*encoder.parameters(), *foretell.parameters()], lr=3e-3)
    for _ in range(3):
        for start in range(0, len(clips), BATCH):
            batch = batch_of(clips[start : start + BATCH])
            forward = run(encoder, batch.features, batch.lengths)[:, :-1, :hidden]
            loss = functional.mse_loss(foretell(forward), batch.features[:, 1:])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    prefix = "lstm." if arch == "ctc" else ""
    return {f"{prefix}{name}": value.detach().clone() for name, value in encoder.state_dict().items()}


def start_from(network: AnyNetwork, state: State, how: str) -> None:
    """Load a pre-trained encoder as a training script does."""
    if how == "nothing":
        return
    own = network.encoder.state_dict()
    fitting = {key: value for key, value in state.items() if key in own and value.shape == own[key].shape}
    assert how != "all" or fitting.keys() == own.keys()
    network.encoder.load_state_dict(own | fitting)


def train(setup: Setup, stage1: State | None, seed: int) -> list[Epoch]:
    """All epochs of the run."""
    settings = setup.training
    torch.manual_seed(seed)
    width = setup.train[0].features.shape[1]
    network = make(setup.arch, width, settings.hidden, setup.outputs, settings.dropout)
    if stage1 is not None and setup.stage1 is not None:
        start_from(network, stage1, setup.stage1.load)
    given = []
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(settings.frozen) if settings.frozen else True)
        if not (settings.left_out and name.startswith(settings.left_out)):
            given.append(parameter)
    optimizer = torch.optim.Adam(given, lr=settings.lr, weight_decay=settings.weight_decay)
    random = np.random.default_rng(seed)
    epochs = []
    for number in range(1, settings.epochs + 1):
        network.train()
        losses = []
        scale = 1e38 if settings.overflow_at == number else 1.0
        if settings.last_lr is not None and number == settings.epochs:
            optimizer.param_groups[0]["lr"] = settings.last_lr
        order = random.permutation(len(setup.train)).tolist()
        for start in range(0, len(order), BATCH):
            clips = [setup.train[index] for index in order[start : start + BATCH]]
            batch = batch_of(clips)
            weights = torch.tensor([settings.loss_weights.get(clip.ids[0], 1.0) for clip in clips])
            logits = network(batch.features, batch.lengths, mask=settings.mask_padding)
            each = (
                frame_losses(logits, batch)
                if settings.frame_labels
                else losses_of(logits, batch, mask=settings.mask_padding)
            )
            loss = (each * weights).sum() / weights.sum()
            optimizer.zero_grad()
            (scale * loss * scale).backward()
            if settings.clip_norm is not None:
                nn.utils.clip_grad_norm_(given, settings.clip_norm)
            optimizer.step()
            optimizer.param_groups[0]["lr"] *= settings.shrink
            losses.append(loss.item())
        kept = copy.deepcopy(network)
        if setup.saving.blank_bias and isinstance(kept, FrameNetwork):
            with torch.no_grad():
                kept.classifier.bias[0] += setup.saving.blank_bias
        val_loss, val_acc = evaluate(kept, setup.val, setup.saving.decoder, mask=settings.mask_padding)
        state = copy.deepcopy(optimizer.state_dict())
        epochs.append(Epoch(kept.state_dict(), state, float(np.mean(losses)), val_loss, val_acc))
    return epochs
