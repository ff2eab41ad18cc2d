"""Pickles, NumPy's own files and safetensors that are odd and honest."""

from __future__ import annotations

import collections
import io
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch

from hostile.corpus.benign_torch import EncoderConfig, Mode, numbers
from hostile.corpus.records import Benign, Made, TensorPath
from hostile.corpus.truth import made, tensors_in

ARRAY_TYPES = [
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
]
SAFE_TYPES = [
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
]
SAFE_TYPES += ["float8_e4m3fn", "float8_e5m2"]


def _array(dtype: str, *shape: int) -> np.ndarray[Any, Any]:
    chance = np.random.default_rng(len(dtype))
    held: np.ndarray[Any, Any] = (chance.random(shape) * 100).astype(dtype)
    return held


def _old_names(content: bytes) -> bytes:
    """The same stream with the module names of NumPy 1."""
    return content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray").replace(
        b"\x8c\x16numpy.core", b"\x8c\x15numpy.core"
    )


def _values() -> dict[str, tuple[object, dict[TensorPath, str]]]:
    w = np.arange(4.0)
    return {
        "nested plain values": (
            {"w": w, "a": [1, 2.5, "x", None, True], "d": {"e": {"f": (1, 2)}}},
            {("a", "0"): "1", ("a", "1"): "2.5", ("a", "2"): "'x'", ("a", "4"): "True", ("d", "e", "f", "1"): "2"},
        ),
        "an OrderedDict": (collections.OrderedDict(z=w, y=1), {("y",): "1"}),
        "scalars": (
            {"w": w, "f": np.float32(0.5), "i": np.int16(-3), "b": np.bool_(False), "s": np.str_("żółć")},
            {("f",): "0.5", ("i",): "-3", ("b",): "False"},
        ),
        "a dataclass": ({"w": w, "config": EncoderConfig()}, {("config", "dropout"): "0.25"}),
        "an enum": ({"w": w, "mode": Mode.ATTENTION}, {}),
        "a list of ten thousand numbers": ({"w": w, "curve": [0.5] * 10_000}, {}),
        "long text": ({"w": w, "notes": "n" * 100_000}, {}),
        "long bytes": ({"w": w, "raw": b"r" * 100_000}, {}),
        "shared values": ({"w": w, "v": [w, w]}, {}),
    }


def _pickle_case(name: str, category: str, build: Callable[[], tuple[bytes, object, dict[TensorPath, str]]]) -> Benign:
    def make(folder: Path) -> Made:
        content, value, values = build()
        path = folder / "benign.pkl"
        path.write_bytes(content)
        return made(path, value, values)

    return Benign(name, category, make, "pickle")


def _shapes() -> dict[str, np.ndarray[Any, Any]]:
    return {
        "no dimension": np.array(2.5),
        "no rows": np.zeros((0, 36), np.float32),
        "one row": np.ones((1, 3)),
        "Fortran order": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "a slice": np.arange(40.0).reshape(5, 8)[::2, 1:5],
        "big-endian": np.arange(6, dtype=">f4").reshape(2, 3),
        "big-endian whole numbers": np.arange(6, dtype=">i8"),
        "reversed": np.arange(9.0)[::-1],
        "five dimensions": np.arange(32.0).reshape(2, 2, 2, 2, 2),
    }


def pickle_cases() -> list[Benign]:
    """Arrays of every type and plain values, in every protocol."""
    cases = []
    for protocol in range(6):
        for dtype in ARRAY_TYPES if protocol in (2, 4, 5) else ("float32", "int64", "bool"):
            cases.append(
                _pickle_case(
                    f"array of {dtype}, protocol {protocol}",
                    "arrays",
                    lambda d=dtype, p=protocol: (
                        pickle.dumps(v := {"w": _array(d, 3, 4), "n": 1}, p),
                        v,
                        {("n",): "1"},
                    ),
                )
            )
        for name in _values():
            cases.append(
                _pickle_case(
                    f"{name}, protocol {protocol}",
                    "plain values",
                    lambda n=name, p=protocol: (pickle.dumps(_values()[n][0], p), *_values()[n]),
                )
            )
        cases.append(
            _pickle_case(
                f"NumPy 1's names, protocol {protocol}",
                "arrays",
                lambda p=protocol: (
                    _old_names(pickle.dumps(v := {"w": _array("float32", 5), "x": 1}, p)),
                    v,
                    {("x",): "1"},
                ),
            )
        )
    for name in _shapes():
        for protocol in (2, 5):
            cases.append(
                _pickle_case(
                    f"an array: {name}, protocol {protocol}",
                    "arrays",
                    lambda n=name, p=protocol: (pickle.dumps(v := {"w": _shapes()[n], "x": 1}, p), v, {}),
                )
            )
    return cases


def _file(
    name: str, category: str, format_name: str, suffix: str, build: Callable[[], tuple[bytes, dict[TensorPath, Any]]]
) -> Benign:
    def make(folder: Path) -> Made:
        content, tensors = build()
        path = folder / f"benign.{suffix}"
        path.write_bytes(content)
        return Made(path, tensors)

    return Benign(name, category, make, format_name)


def _npy(array: np.ndarray[Any, Any], version: tuple[int, int] | None = None) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def _npz(arrays: dict[str, np.ndarray[Any, Any]], *, packed: bool) -> bytes:
    out = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(out, **arrays)  # type: ignore[operator]
    return out.getvalue()


def numpy_cases() -> list[Benign]:
    """npy and npz."""
    cases = []
    for dtype in ARRAY_TYPES:
        cases.append(
            _file(
                f"npy of {dtype}",
                "NumPy files",
                "npy",
                "npy",
                lambda d=dtype: (_npy(v := _array(d, 3, 4)), tensors_in(v)),
            )
        )
    for name in _shapes():
        cases.append(
            _file(f"npy: {name}", "NumPy files", "npy", "npy", lambda n=name: (_npy(v := _shapes()[n]), tensors_in(v)))
        )
    for version in ((1, 0), (2, 0), (3, 0)):
        cases.append(
            _file(
                f"npy of version {version}",
                "NumPy files",
                "npy",
                "npy",
                lambda w=version: (_npy(v := _array("float32", 2), w), tensors_in(v)),
            )
        )
    for packed in (False, True):
        cases.append(
            _file(
                f"npz, packed {packed}",
                "NumPy files",
                "npz",
                "npz",
                lambda p=packed: (
                    _npz(v := {"layer.weight": _array("float32", 3, 4), "bias": _array("float64", 4)}, packed=p),
                    tensors_in(v),
                ),
            )
        )
    return cases


def _safe(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    held: bytes = safetensors.torch.save(tensors, metadata)
    return held


def _reordered(content: bytes) -> bytes:
    """The header's entries in reverse, and spaces at its end."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    fresh = json.dumps(dict(reversed(header.items())), indent=1).encode() + b" " * 7
    return len(fresh).to_bytes(8, "little") + fresh + content[8 + size :]


def safetensors_cases() -> list[Benign]:
    """safetensors of every type, and odd headers."""
    cases = []

    def add(name: str, build: Callable[[], tuple[bytes, object]]) -> None:
        cases.append(
            _file(
                name,
                "safetensors files",
                "safetensors",
                "safetensors",
                lambda: ((held := build())[0], tensors_in(held[1])),
            )
        )

    for dtype in SAFE_TYPES:
        add(f"safetensors of {dtype}", lambda d=dtype: (_safe(v := {"w": numbers(d, 3, 5), "v": numbers(d, 2)}), v))  # type: ignore[misc]
    odd = {"a": torch.zeros(0), "b": torch.tensor(2.5), "c": torch.ones(2, 0, 3), "d": torch.arange(4)}
    add("safetensors of empty and single tensors", lambda: (_safe(odd), odd))
    add("safetensors with metadata", lambda: (_safe(odd, {"format": "pt", "epoch": "3", "żółć": "手話"}), odd))
    add("safetensors in another order", lambda: (_reordered(_safe(odd)), odd))
    names = {
        "": torch.ones(1),
        "a.b.c": torch.ones(2),
        "手話": torch.ones(3),
        "x y\n": torch.ones(4),
        "__metadata": torch.ones(5),
    }
    add("safetensors with strange names", lambda: (_safe(names), names))
    many = {f"t{number}": torch.full((2,), float(number)) for number in range(500)}
    add("safetensors of five hundred tensors", lambda: (_safe(many), many))
    add("safetensors by NumPy", lambda: (safetensors.numpy.save(v := {"w": _array("float32", 3)}), v))
    add("safetensors of nothing", lambda: (_safe({}), {}))
    return cases


def sharded_cases() -> list[Benign]:
    """Shards and their index."""

    def make(folder: Path) -> Made:
        shards = {
            "model-00001-of-00002.safetensors": {"a.weight": numbers("float32", 3, 2)},
            "model-00002-of-00002.safetensors": {"b.weight": numbers("float16", 4), "c": numbers("int64", 2)},
        }
        for name, tensors in shards.items():
            (folder / name).write_bytes(_safe(tensors))
        where = {key: name for name, tensors in shards.items() for key in tensors}
        path = folder / "model.safetensors.index.json"
        path.write_text(json.dumps({"metadata": {"total_size": 100}, "weight_map": where}))
        return made(path, {key: held for tensors in shards.values() for key, held in tensors.items()})

    return [Benign("two shards and their index", "sharded", make, "sharded")]
