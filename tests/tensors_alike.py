"""Tensor records compared with torch's own tensors: name, shape, type and every number, read in both ways."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import torch

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.mapped_file import Content, MappedFile

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
    torch.complex32,
    torch.complex64,
    torch.complex128,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint64,
    torch.uint32,
    torch.uint16,
    torch.uint8,
    torch.bool,
]


def opened(path: Path) -> tuple[Checkpoint, MappedFile]:
    """The checkpoint and its file."""
    file = MappedFile(path)
    return open_checkpoint(file), file


def seeded(dtype: torch.dtype, shape: tuple[int, ...] = (3, 5)) -> torch.Tensor:
    """Random numbers of a type."""
    generator = torch.Generator().manual_seed(0)
    if dtype.is_complex:
        parts = torch.randn((*shape, 2), generator=generator, dtype=torch.float64)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="ComplexHalf support is experimental")
            return torch.view_as_complex(parts).to(torch.complex64).to(dtype)
    numbers = torch.randn(shape, generator=generator).mul(10)
    return (numbers if dtype.is_floating_point or dtype.is_signed else numbers.abs()).to(dtype)


def expected(tensor: torch.Tensor) -> np.ndarray:
    """The numbers as NumPy has them; types that it has not, as float32 or complex64."""
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.is_quantized:
        return tensor.dequantize().numpy()
    if tensor.dtype is torch.bfloat16 or str(tensor.dtype).startswith("torch.float8"):
        return tensor.to(torch.float32).numpy()
    return (tensor.to(torch.complex64) if tensor.dtype is torch.complex32 else tensor).numpy()


def assert_equal_to_torch(record: TensorRecord, content: Content, tensor: torch.Tensor) -> None:
    """Shape, type and all numbers are those of `tensor`."""
    assert not record.trouble
    assert record.dtype == str(tensor.dtype).removeprefix("torch.")
    assert record.shape == tuple(tensor.shape)
    wanted = expected(tensor)
    array = read_array(record, content)
    np.testing.assert_array_equal(array, wanted)
    assert array.dtype == wanted.dtype
    numbers = first_numbers(record, content, tensor.numel())
    assert len(numbers) == tensor.numel()
    for number, want in zip(numbers, wanted.flatten().tolist(), strict=True):
        assert number == want or (math.isnan(abs(number)) and math.isnan(abs(want)))
