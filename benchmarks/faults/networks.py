"""The two networks: a BiLSTM with one answer a frame, trained with CTC, and a pooled BiGRU, trained with cross-entropy."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from benchmarks.faults.records import Arch


class Encoder(nn.Module):
    """The recurrent layer under the name that the seed project gives it."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, batch_first=True, bidirectional=True)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(N, T, F) -> (N, T, 2 H)"""
        return run(self.lstm, features, lengths)


class FrameNetwork(nn.Module):
    """One answer a frame. (N, T, F) -> (N, T, C)"""

    def __init__(self, inputs: int, hidden: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.encoder = Encoder(inputs, hidden)
        self.drop = nn.Dropout(dropout)
        self.classifier = nn.Linear(2 * hidden, outputs)

    def forward(self, features: Tensor, lengths: Tensor, *, mask: bool = True) -> Tensor:
        """Logits of every frame; the lengths are ignored without `mask`."""
        told = lengths if mask else torch.full_like(lengths, features.shape[1])
        logits: Tensor = self.classifier(self.drop(self.encoder(features, told)))
        return logits


class PooledNetwork(nn.Module):
    """One answer a clip. (N, T, F) -> (N, C)"""

    def __init__(self, inputs: int, hidden: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.encoder = nn.GRU(inputs, hidden, batch_first=True, bidirectional=True)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(2 * hidden, outputs)

    def forward(self, features: Tensor, lengths: Tensor, *, mask: bool = True) -> Tensor:
        """Logits of every clip; padded frames are pooled too without `mask`."""
        told = lengths if mask else torch.full_like(lengths, features.shape[1])
        values = run(self.encoder, features, told)
        steps = torch.arange(values.shape[1])[None, :, None] < told[:, None, None]
        logits: Tensor = self.head(self.drop((values * steps).sum(1) / told[:, None]))
        return logits


def run(cells: nn.RNNBase, features: Tensor, lengths: Tensor) -> Tensor:
    """The recurrent outputs, zero behind each clip's end."""
    packed = nn.utils.rnn.pack_padded_sequence(features, lengths, batch_first=True, enforce_sorted=False)
    values, _ = nn.utils.rnn.pad_packed_sequence(cells(packed)[0], batch_first=True, total_length=features.shape[1])
    return values


def make(arch: Arch, inputs: int, hidden: int, outputs: int, dropout: float) -> FrameNetwork | PooledNetwork:
    """A new network."""
    kind = FrameNetwork if arch == "ctc" else PooledNetwork
    return kind(inputs, hidden, outputs, dropout)
