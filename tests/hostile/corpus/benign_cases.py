"""All benign cases."""

from __future__ import annotations

from functools import cache

from hostile.corpus.benign_pickles import numpy_cases, pickle_cases, safetensors_cases, sharded_cases
from hostile.corpus.benign_torch import torch_cases
from hostile.corpus.records import Benign


@cache
def benign_cases() -> tuple[Benign, ...]:
    """Every benign case, names unique."""
    cases = (*torch_cases(), *pickle_cases(), *numpy_cases(), *safetensors_cases(), *sharded_cases())
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise ValueError([name for name in names if names.count(name) > 1])
    return cases
