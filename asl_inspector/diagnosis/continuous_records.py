"""Word errors of continuous clips, as frozen plain data that may cross to the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.inference.word_errors import WordErrors

IntArray = NDArray[np.int64]
GREEDY, BEAM = "greedy path", "prefix beam search"


@dataclass(frozen=True, slots=True)
class ContinuousMeasures:
    """Word errors of one file of continuous clips. N clips.

    Attributes:
        signed: (N,), the outputs of the glosses signed, in order; -1 for a gloss that the network has no output for.
        recognised: (N,), what the decoder says; empty for clips that did not run.
        substitutions: (N,).
        deletions: (N,).
        insertions: (N,).
        total: Of all clips that ran.
        clips: How many those are.
        reference: Where the ids of the names were read from, or an empty string where the file's own ids were taken.
        other_ids: Glosses signed whose id in the file is not the one that the name has there.
        compared: Glosses signed with a name and an id.
        names: Glosses by output, where they are known.
        decoder: What `recognised` is: "greedy path" or "prefix beam search".
        greedy: Of the greedy path, where another decoder was chosen; else None.
    """

    signed: tuple[tuple[int, ...], ...]
    recognised: tuple[tuple[int, ...], ...]
    substitutions: IntArray
    deletions: IntArray
    insertions: IntArray
    total: WordErrors
    clips: int
    reference: str
    other_ids: int
    compared: int
    names: Mapping[int, str]
    decoder: str = GREEDY
    greedy: WordErrors | None = None
