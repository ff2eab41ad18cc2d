"""Is a layer still as PyTorch makes it? Exact tests against the distribution that the layer's numbers are drawn from.

A uniform start has an edge that training crosses at once: of n numbers spread evenly up to the bound b, a drift of size
d puts about n d / (2 b) outside. So three things must hold before a layer is called untouched:

1. no number lies beyond the bound (nothing that was trained does this for long);
2. the largest one comes close enough to it: with n draws, max|w| < b p^(1/n) happens with probability p, so numbers that
   weight decay has shrunk are told apart;
3. the distance of Kolmogorov and Smirnov to the uniform distribution is no larger than chance allows.

The last two reject a truly untouched layer once in a thousand each. A layer is judged only where a drift of
`SMALLEST_DRIFT` would be missed less than once in a hundred, that is, where n d / (2 b) is at least `EXPECTED_OUTSIDE`:
a layer whose numbers moved by less than a thousandth has, for all that matters, not been trained.

Source: torch 2.13, `reset_parameters` of Linear, _ConvNd, RNNBase, MultiheadAttention, LayerNorm, BatchNorm, Embedding;
Kolmogorov's distribution with Stephens's correction: Stephens 1970, J. R. Statist. Soc. B 32(1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from asl_inspector.checkpoints.gates import recurrent_part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST = 1_000  # numbers that any test needs
SMALLEST_DRIFT = 1e-3  # one step of Adam at its usual rate
EXPECTED_OUTSIDE = 5.0  # exp(-5) is below 1 %
CHANCE = 0.001
ROUNDING = {"float16": 2.0**-11, "bfloat16": 2.0**-8}  # relative, of a number near the bound
SINGLE = 2.0**-23
BIAS, WEIGHT = "bias", "weight"


@dataclass(frozen=True, slots=True)
class Start:
    """What a tensor's numbers are drawn from when its layer is made.

    Attributes:
        kind: "uniform" up to `scale` on both sides, "normal" with deviation `scale`, or "constant".
        scale: Bound or deviation; the value itself for a constant.
        rule: Where this comes from, for the reader.
    """

    kind: Literal["uniform", "normal", "constant"]
    scale: float
    rule: str

    @property
    def rms(self) -> float:
        """Root mean square at the start."""
        return self.scale / math.sqrt(3) if self.kind == "uniform" else abs(self.scale)


def starts_of(key: str, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Start, ...]:
    """What PyTorch may have drawn the tensor from, likeliest first; empty where its layer is not recognised.

    Args:
        key: Key in the state dict.
        shapes: Shapes of all keys.
    """
    shape = shapes[key]
    part = recurrent_part(key, shapes)
    if part is not None:
        return (_uniform(part.hidden, "1/sqrt(hidden), every tensor of an LSTM, GRU or RNN"),)
    module, _, last = key.rpartition(".")
    stem = f"{module}." if module else ""
    if last == "in_proj_weight" and len(shape) == 2:
        return (Start("uniform", math.sqrt(6 / sum(shape)), "sqrt(6/(in + out)), projections of attention"),)
    if last == WEIGHT and len(shape) >= 2:
        return _weight(module, shape, has_bias=f"{stem}{BIAS}" in shapes)
    if last == WEIGHT and len(shape) == 1:
        return (Start("constant", 1.0, "1, scale of a normalisation"),)
    if last == BIAS and len(shape) == 1:
        weight = shapes.get(f"{stem}{WEIGHT}", ())
        if len(weight) == 1:
            return (Start("constant", 0.0, "0, shift of a normalisation"),)
        if len(weight) >= 2:
            return (_uniform(math.prod(weight[1:]), "1/sqrt(inputs), bias of a linear or convolution layer"),)
    return ()


def _weight(module: str, shape: tuple[int, ...], *, has_bias: bool) -> tuple[Start, ...]:
    inputs = math.prod(shape[1:])
    linear = _uniform(inputs, "1/sqrt(inputs), weights of a linear or convolution layer")
    if len(shape) > 2:
        return (linear,)
    xavier = Start("uniform", math.sqrt(6 / (shape[0] + inputs)) if shape[0] + inputs else 0.0, "sqrt(6/(in + out))")
    if not has_bias and "emb" in module.lower():
        return (Start("normal", 1.0, "standard normal, rows of an embedding"),)
    return linear, xavier


def _uniform(inputs: int, rule: str) -> Start:
    return Start("uniform", 1 / math.sqrt(inputs) if inputs else 0.0, rule)


def is_untouched(values: NDArray[np.floating], start: Start, dtype: str = "float32") -> bool | None:
    """True where the numbers cannot be told from such a start, None where they are too few to say.

    Args:
        values: Numbers of one or of several tensors with this start.
        start: The start.
        dtype: Type in which they are kept, which says how far rounding may move them.
    """
    import numpy as np

    flat = np.asarray(values, np.float64).reshape(-1)
    if start.kind == "constant":
        return bool(flat.size) and bool((flat == start.scale).all())
    if flat.size < FEWEST or (start.kind == "uniform" and noticed_drift(flat.size, start) > SMALLEST_DRIFT):
        return None
    if start.scale <= 0 or not np.isfinite(flat).all():
        return False
    if start.kind == "normal":
        return kolmogorov_p(np.sort([0.5 * (1 + math.erf(x / start.scale / math.sqrt(2))) for x in flat])) > CHANCE
    furthest = float(np.abs(flat).max()) / start.scale
    if furthest > 1 + ROUNDING.get(dtype, SINGLE):
        return False
    if furthest < CHANCE ** (1 / flat.size):
        return False
    return kolmogorov_p(np.sort(flat / start.scale + 1) / 2) > CHANCE


def noticed_drift(count: int, start: Start) -> float:
    """How far numbers with a uniform start must have drifted for some of them to lie outside, 99 times of 100."""
    return 2 * EXPECTED_OUTSIDE * start.scale / count


def kolmogorov_p(heights: NDArray[np.float64]) -> float:
    """Chance of a distance as large as this between n draws and their distribution.

    Args:
        heights: (n,), the distribution function at the sorted draws.
    """
    import numpy as np

    n = heights.size
    steps = np.arange(n)
    distance = max(float((heights - steps / n).max()), float(((steps + 1) / n - heights).max()))
    x = (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n)) * distance
    if x < 0.3:
        return 1.0
    terms = (math.exp(-2 * k * k * x * x) * (1 if k % 2 else -1) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * math.fsum(terms)))
