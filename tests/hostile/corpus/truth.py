"""What a benign file holds, told by the libraries that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hostile.corpus.records import Made, TensorPath, Truth

FIRST = 64


def torch_truth(tensor: torch.Tensor) -> Truth:
    """A tensor as torch describes it; quantized and tiny floats by the numbers that they stand for."""
    held = tensor.detach()
    name = str(held.dtype).removeprefix("torch.")
    if held.is_quantized:
        held = held.dequantize()
    elif held.dtype == torch.bfloat16 or name.startswith("float8"):
        held = held.float()
    elif name == "complex32":
        held = held.to(torch.complex64)
    if held.layout != torch.strided:
        held = held.to_dense()
    rows = held if held.numel() <= FIRST else held.reshape(-1)[:FIRST]
    first: Any = rows.resolve_conj().resolve_neg().reshape(-1).tolist()
    return Truth(name, tuple(tensor.shape), tuple(first[:FIRST]))


def numpy_truth(array: np.ndarray[Any, Any]) -> Truth:
    """An array as NumPy describes it."""
    return Truth(array.dtype.name, array.shape, tuple(array.reshape(-1)[:FIRST].tolist()))


def tensors_in(value: object, path: TensorPath = ()) -> dict[TensorPath, Truth]:
    """All tensors and arrays of numbers below `value`, by their path."""
    if isinstance(value, torch.Tensor):
        return {path: torch_truth(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return {path: numpy_truth(value)}
    found: dict[TensorPath, Truth] = {}
    if isinstance(value, Mapping):
        for key, held in value.items():
            found |= tensors_in(held, (*path, key if isinstance(key, str) else repr(key)))
    elif isinstance(value, list | tuple):
        for index, held in enumerate(value):
            found |= tensors_in(held, (*path, str(index)))
    return found


def made(path: Path, value: object, values: dict[TensorPath, str] | None = None) -> Made:
    """A file that holds `value`."""
    return Made(path, tensors_in(value), values or {})
