"""Two sets of weights compared, as frozen plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Status = Literal["equal", "changed", "shape-blocked", "only-a", "only-b"]
Trace = Literal["equal", "trace", "no-trace", "faint", "constant", "unreadable"]
Verdict = Literal["identical", "descends", "partly", "unrelated", "undetermined"]


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """One tensor of either side.

    Attributes:
        a: Its key on side A, or None.
        b: Its key on side B, or None.
        status: What corresponds to what.
        shape_a: Shape on side A, or None.
        shape_b: Shape on side B, or None.
        cosine: Cosine of the two as vectors, or None.
        relative_distance: |A - B| / |B|, or None.
        null_p: Probability of such an agreement among unrelated networks, or None where it cannot be judged.
        trace: What this tensor says about descent, or None where the shapes differ.
    """

    a: str | None
    b: str | None
    status: Status
    shape_a: tuple[int, ...] | None
    shape_b: tuple[int, ...] | None
    cosine: float | None = None
    relative_distance: float | None = None
    null_p: float | None = None
    trace: Trace | None = None

    @property
    def count_a(self) -> int:
        """Numbers on side A."""
        return math.prod(self.shape_a) if self.shape_a is not None else 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of weights compared.

    Attributes:
        prefix_a: What the names of side A start with in addition.
        prefix_b: The same for side B.
        verdict: "descends" says that one side was made from the other by training, or both from one start.
        tensors: A's tensors in file order, then those that only B has.
        notes: Sentences.
    """

    prefix_a: str
    prefix_b: str
    verdict: Verdict
    tensors: tuple[TensorComparison, ...]
    notes: tuple[str, ...] = ()
