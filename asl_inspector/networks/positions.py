"""Where in a clip a frame is, told to a transformer. T frames, E numbers a frame."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SINUSOIDAL = "sinusoidal"


def sinusoids(frames: int, width: int) -> Tensor:
    """(T, E). Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5."""
    steps = torch.arange(frames, dtype=torch.float32).unsqueeze(1)
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * (-math.log(10_000.0) / width))
    table = torch.zeros(frames, width)
    table[:, 0::2] = torch.sin(steps * rates)
    table[:, 1::2] = torch.cos(steps * rates)[:, : width // 2]
    return table


class Positions(nn.Module):
    """Adds positions to frames.

    Args:
        shape: Shape of the table in the file, or None where the file has none.
        width: E.
        formula: "sinusoidal" or "none", for a file without a table.
    """

    def __init__(self, shape: tuple[int, ...] | None, width: int, formula: str) -> None:
        super().__init__()
        self._width = width
        self._formula = formula
        self.table = nn.Parameter(torch.zeros(shape)) if shape is not None else None

    @property
    def most_frames(self) -> int | None:
        """Longest clip, class token included, or None for any."""
        return None if self.table is None else self.table.numel() // self._width

    def forward(self, frames: Tensor) -> Tensor:
        """(N, T, E) -> (N, T, E)"""
        if self.table is not None:
            return frames + self.table.reshape(-1, self._width)[: frames.shape[1]]
        if self._formula == SINUSOIDAL:
            return frames + sinusoids(frames.shape[1], self._width).to(frames.device)
        return frames


def is_table(shape: tuple[int, ...], width: int) -> bool:
    """True for the shapes that positions are kept in: (L, E), (1, L, E), (L, 1, E)."""
    return (
        shape[-1:] == (width,)
        and len(shape) in (2, 3)
        and (len(shape) == 2 or 1 in shape[:2])
        and shape != (1, 1, width)
    )
