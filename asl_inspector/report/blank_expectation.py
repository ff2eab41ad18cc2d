"""How many frames of clips of these lengths a healthy CTC network leaves blank.

Idea: a trained CTC network says each gloss with a short spike and is blank elsewhere, so of T outputs for L glosses about
T - L to T - 3 L are blank. The network is taken to make one output a frame.

Source: Zeyer, Schlüter and Ney 2021, arXiv:2105.14849, on peaky behaviour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST_SPIKE, LONGEST_SPIKE = 1, 3  # outputs
IntArray = NDArray[np.int64]


def expected_blank_share(lengths: IntArray, glosses: IntArray) -> tuple[float, float] | None:
    """Lowest and highest share of blank frames to expect, in [0, 1]; None where there is no frame.

    Args:
        lengths: (N,), frames of each clip.
        glosses: (N,), glosses that each clip shows.
    """
    frames = int(lengths.sum())
    if not frames:
        return None
    low, high = (
        1 - float(np.minimum(glosses * spike, lengths).sum()) / frames for spike in (LONGEST_SPIKE, SHORTEST_SPIKE)
    )
    return low, high
