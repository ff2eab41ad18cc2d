"""Recurrent layers over padded clips, exact: every clip gets the outputs that it would get alone.

Forwards, padding at a clip's end comes after all that counts. Backwards, each clip is turned round within its own
length, so that its padding again comes last. Source: the definition of a bidirectional recurrent network.

Shapes: N clips, T frames, F inputs, H hidden units, D directions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def run_recurrent(cell: nn.RNNBase, features: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Outputs of every frame and the last state of the last layer.

    Args:
        cell: The layers, batch first.
        features: (N, T, F).
        lengths: (N,), frames of each clip, or None where all have T.

    Returns:
        (N, T, D * H), of which frames past a clip's end mean nothing; and (N, D * H), the state of each direction after
        it has read the whole clip.
    """
    if lengths is None:
        outputs, _ = cell(features)
        return outputs, _last_state(cell, outputs, None)
    if cell.bidirectional:
        turned = _turned(features.shape[1], lengths)  # (N, T)
        for layer in range(cell.num_layers):
            ahead = _one_direction(cell, layer, "", features)
            back = _one_direction(cell, layer, "_reverse", _gathered(features, turned))
            features = torch.cat([ahead, _gathered(back, turned)], dim=-1)
        outputs = features
    else:
        outputs, _ = cell(features)
    return outputs, _last_state(cell, outputs, lengths)


def _turned(frames: int, lengths: Tensor) -> Tensor:
    """(N, T), the frame to take for each frame when clips are turned round; padding stays where it is."""
    frame = torch.arange(frames, device=lengths.device)
    back = lengths.unsqueeze(1) - 1 - frame
    return torch.where(back < 0, frame, back)


def _gathered(values: Tensor, places: Tensor) -> Tensor:
    return values.gather(1, places.unsqueeze(-1).expand(-1, -1, values.shape[2]))


def _one_direction(cell: nn.RNNBase, layer: int, suffix: str, features: Tensor) -> Tensor:
    """Outputs of one direction of one layer."""
    names = ["weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if cell.bias else ())]
    if cell.proj_size:
        names.append("weight_hr")
    weights = [getattr(cell, f"{name}_l{layer}{suffix}") for name in names]
    state = features.new_zeros(1, features.shape[0], cell.proj_size or cell.hidden_size)
    settings = (
        cell.bias,
        1,
        0.0,
        False,
        False,
        True,
    )  # has biases, layers, dropout, training, both directions, batch first
    if cell.mode == "LSTM":
        memory = features.new_zeros(1, features.shape[0], cell.hidden_size)
        outputs: Tensor = torch.lstm(features, (state, memory), weights, *settings)[0]
        return outputs
    run = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}[cell.mode]
    read: Tensor = run(features, state, weights, *settings)[0]
    return read


def _last_state(cell: nn.RNNBase, outputs: Tensor, lengths: Tensor | None) -> Tensor:
    """(N, D * H): the forward direction ends at the last frame, the backward direction at the first."""
    width = outputs.shape[2] // (2 if cell.bidirectional else 1)
    ahead = last_frame(outputs, lengths)[:, :width]
    return torch.cat([ahead, outputs[:, 0, width:]], dim=-1) if cell.bidirectional else ahead


def last_frame(values: Tensor, lengths: Tensor | None) -> Tensor:
    """Each clip's last frame: (N, T, F) -> (N, F)"""
    if lengths is None:
        return values[:, -1]
    rows = torch.arange(values.shape[0], device=values.device)
    return values[rows, lengths - 1]
