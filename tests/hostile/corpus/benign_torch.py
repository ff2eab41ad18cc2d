"""Files of torch.save that are odd and honest: every number type, every layout of memory, every container."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import datetime
import enum
import io
import pathlib
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hostile.corpus.records import Benign, Made, TensorPath
from hostile.corpus.truth import made

DTYPES = [
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "complex32",
    "complex64",
    "complex128",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
]
OLD_DTYPES = [
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "complex64",
    "complex128",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
]


@dataclasses.dataclass
class EncoderConfig:
    """Settings as researchers pickle them."""

    hidden_dim: int = 64
    name: str = "bilstm"
    dropout: float = 0.25


class Mode(enum.Enum):
    """A setting that is one of a few."""

    CTC = "ctc"
    ATTENTION = "attention"


Shape = collections.namedtuple("Shape", "frames features")


class Slotted:
    """An object without a dict."""

    __slots__ = ("epoch", "loss")

    def __init__(self) -> None:
        self.epoch = 7
        self.loss = 0.5


def numbers(dtype: str, *shape: int) -> torch.Tensor:
    """Seeded numbers of a type, extremes among them."""
    chance = torch.Generator().manual_seed(len(dtype))
    kind: torch.dtype = getattr(torch, dtype)
    if dtype.startswith("float8"):
        return torch.randint(0, 256, shape, generator=chance, dtype=torch.uint8).view(kind)
    if dtype == "bool":
        return torch.rand(shape, generator=chance) > 0.5
    if kind.is_complex:
        held = torch.complex(torch.randn(shape, generator=chance), torch.randn(shape, generator=chance))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls complex32 experimental
            return held.to(kind)
    if kind.is_floating_point:
        return (torch.randn(shape, generator=chance) * 100).to(kind)
    return torch.randint(0, 120, shape, generator=chance).to(kind)


def _special(dtype: str) -> torch.Tensor:
    kind: torch.dtype = getattr(torch, dtype)
    if kind.is_floating_point or kind.is_complex:
        return torch.tensor([0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e-30, 1e30, -1.5]).to(kind)
    if dtype == "bool":
        return torch.tensor([True, False])
    limits = torch.iinfo(kind)
    return torch.tensor([limits.min, limits.max, 0, 1], dtype=kind)


def _states() -> dict[str, Callable[[], object]]:
    """Objects that have nothing to do with number types."""
    base = torch.arange(24, dtype=torch.float32)
    weight = torch.nn.Parameter(numbers("float32", 6, 4))
    return {
        "views of one storage": lambda: {"all": base, "row": base.reshape(4, 6)[1], "column": base.reshape(4, 6)[:, 2]},
        "transposed": lambda: {"w": base.reshape(4, 6).t(), "v": base.reshape(2, 3, 4).permute(2, 0, 1)},
        "every other": lambda: {"w": base[::2], "v": base.reshape(4, 6)[::2, 1::2]},
        "expanded": lambda: {"w": base[:1].expand(1000), "v": base[:4].reshape(4, 1).expand(4, 500)},
        "expanded to ten million": lambda: {"w": base[:1].expand(10_000_000)},
        "overlapping windows": lambda: {"w": base.unfold(0, 5, 1)},
        "as strided": lambda: {"w": base.as_strided((3, 3), (2, 5), 1)},
        "the end of a storage": lambda: {"w": base[20:], "last": base[23]},
        "no numbers": lambda: {"w": torch.zeros(0), "v": torch.zeros(3, 0, 2), "u": base[24:]},
        "single numbers": lambda: {"w": torch.tensor(1.5), "v": torch.tensor(7), "u": torch.tensor(True)},
        "nine dimensions": lambda: {"w": torch.arange(512.0).reshape(2, 2, 2, 2, 2, 2, 2, 2, 2)},
        "channels last": lambda: {"w": torch.arange(120.0).reshape(2, 3, 4, 5).to(memory_format=torch.channels_last)},
        "one tensor twice": lambda: {"a": base, "b": base, "c": [base, base]},
        "parameters": lambda: {"w": weight, "tied": weight, "frozen": torch.nn.Parameter(base, requires_grad=False)},
        "a conjugate": lambda: {"w": numbers("complex64", 3, 3).conj().resolve_conj()},
        "a gradient": lambda: {"w": base.clone().requires_grad_()},
        "a meta tensor beside a real one": lambda: {"w": base},
        "a state dict with metadata": lambda: torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict(),
        "an LSTM": lambda: torch.nn.LSTM(5, 4, 2, bidirectional=True).state_dict(),
        "a bare tensor": lambda: base,
        "a bare parameter": lambda: weight,
        "a list of tensors": lambda: [base, base[:3], {"deep": base[3:5]}],
        "a tuple of tensors": lambda: (base, (base[1:2],)),
        "an OrderedDict": lambda: collections.OrderedDict(z=base, a=base[:2]),
        "a defaultdict": lambda: collections.defaultdict(list, w=base),
        "nested dicts": lambda: {"a": {"b": {"c": {"d.e": base}}}},
        "integer keys": lambda: {0: base, 1: base[:1], -5: base[1:2]},
        "keys of other types": lambda: {True: base, 1.5: base[:1], None: base[1:2], (1, "a"): base[2:3]},
        "empty keys and dots": lambda: {"": base, ".": base[:1], "a..b": base[1:2], "a.b": base[2:3]},
        "keys in other scripts": lambda: {"手話": base, "żółć": base[:1], "🤟🏽": base[1:2], "مرحبا": base[2:3]},
        "a thousand keys": lambda: {f"layer{number}": base[number % 20 : number % 20 + 2] for number in range(1000)},
        "tensors in NumPy": lambda: {"w": np.arange(6.0), "v": np.ones((2, 3), np.float32), "t": base},
        "a Fortran array": lambda: {"w": np.asfortranarray(np.arange(12.0).reshape(3, 4))},
        "a big array": lambda: {"w": np.arange(5000, dtype=np.int32)},
        "an optimizer": _optimizer,
        "a scaler and generators": lambda: {"rng": torch.get_rng_state()[:100].clone(), "w": base},
        "tensors with names in lists of dicts": lambda: {"layers": [{"w": base[:2]}, {"w": base[2:4]}]},
        "a sparse tensor": lambda: {"w": torch.eye(4).to_sparse()},
        "a sparse tensor of two dimensions and dense rows": lambda: {"w": torch.sparse_coo_tensor(torch.tensor([[0, 2]]), base[:6].reshape(2, 3), (4, 3))},
        "sparse entries of one place": lambda: {"w": torch.sparse_coo_tensor(torch.tensor([[1, 1]]), torch.tensor([2.0, 3.0]), (3,))},
        "quantized": lambda: {"w": torch.quantize_per_tensor(numbers("float32", 4, 4), 0.5, 10, torch.quint8)},
        "quantized, signed": lambda: {"w": torch.quantize_per_tensor(numbers("float32", 4, 4), 0.5, 0, torch.qint8)},
        "quantized to 32 bits": lambda: {"w": torch.quantize_per_tensor(numbers("float32", 4), 0.5, 0, torch.qint32)},
        "quantized by channel": lambda: {"w": torch.quantize_per_channel(numbers("float32", 3, 4), torch.tensor([0.5, 1.0, 2.0]), torch.tensor([0, 1, 2]), 0, torch.qint8)},
    }  # fmt: skip


def _optimizer() -> object:
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3, weight_decay=1e-4)
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return {"model_state_dict": network.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "epoch": 3}


def _plain() -> dict[str, tuple[object, dict[TensorPath, str]]]:
    """Objects with values beside tensors, and how some of them must read."""
    w = torch.arange(3.0)
    return {
        "a dataclass": ({"w": w, "config": EncoderConfig()}, {("config", "hidden_dim"): "64", ("config", "name"): "'bilstm'"}),
        "an enum": ({"w": w, "mode": Mode.CTC}, {}),
        "a namedtuple": ({"w": w, "shape": Shape(10, 36)}, {}),
        "a namespace": ({"w": w, "args": argparse.Namespace(lr=0.1, name="x")}, {("args", "lr"): "0.1"}),
        "an object with slots": ({"w": w, "state": Slotted()}, {("state", "epoch"): "7"}),
        "a path": ({"w": w, "path": pathlib.PurePosixPath("/data/run7")}, {}),
        "dates": ({"w": w, "when": datetime.datetime(2024, 1, 2, 3), "day": datetime.date(2024, 1, 2), "took": datetime.timedelta(1)}, {}),
        "NumPy scalars": ({"w": w, "val_loss": np.float64(0.25), "epoch": np.int64(7), "on": np.bool_(True), "half": np.float16(1.5)}, {("val_loss",): "0.25", ("epoch",): "7", ("on",): "True", ("half",): "1.5"}),
        "a NumPy generator's state": ({"w": w, "rng": np.random.RandomState(0).get_state()[0]}, {("rng",): "'MT19937'"}),
        "sets": ({"w": w, "seen": {1}, "fixed": frozenset({2})}, {}),
        "a complex number": ({"w": w, "z": 1 + 2j}, {}),
        "bytes": ({"w": w, "raw": b"\x00\xff", "array": bytearray(b"ab")}, {("raw",): "b'\\x00\\xff'"}),
        "long numbers": ({"w": w, "n": 2**200, "neg": -(2**80)}, {("n",): str(2**200), ("neg",): str(-(2**80))}),
        "special floats": ({"w": w, "a": float("nan"), "b": float("inf"), "c": -0.0}, {("a",): "nan", ("b",): "inf", ("c",): "-0.0"}),
        "text": ({"w": w, "a": "żółć 手話 🤟", "b": "", "c": "two\nlines"}, {("a",): "'żółć 手話 🤟'", ("b",): "''", ("c",): "'two\\nlines'"}),
        "types": ({"w": w, "dtype": torch.float32, "device": torch.device("cpu"), "size": w.shape}, {}),
        "functions by name": ({"w": w, "activation": torch.nn.functional.relu, "builtin": len}, {}),
        "a counter": ({"w": w, "counts": collections.Counter(a=2)}, {("counts", "a"): "2"}),
        "a deque": ({"w": w, "recent": collections.deque([1, 2], maxlen=3)}, {}),
        "a slice and a range": ({"w": w, "slice": slice(1, 5), "range": range(3)}, {}),
        "None and truth": ({"w": w, "a": None, "b": True, "c": False}, {("a",): "None", ("b",): "True", ("c",): "False"}),
        "curves": ({"w": w, "train_losses": [3.0, 2.0, 1.5], "val_acc": 0.5}, {("val_acc",): "0.5", ("train_losses", "1"): "2.0"}),
        "a vocabulary": ({"w": w, "gloss_to_id": {"a": 0, "b": 1}}, {("gloss_to_id", "b"): "1"}),
    }  # fmt: skip


def _saved(value: object, **options: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def _repacked(content: bytes, change: Callable[[zipfile.ZipInfo], None], *, order: int = 1) -> bytes:
    """The same archive written anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for information in old.infolist()[::order]:
            fresh = zipfile.ZipInfo(information.filename)
            change(fresh)
            new.writestr(fresh, old.read(information), compress_type=fresh.compress_type)
    return out.getvalue()


def _deflate(information: zipfile.ZipInfo) -> None:
    information.compress_type = zipfile.ZIP_DEFLATED


def _deflate_storages(information: zipfile.ZipInfo) -> None:
    if "/data/" in information.filename:
        information.compress_type = zipfile.ZIP_DEFLATED


def _no_change(information: zipfile.ZipInfo) -> None:
    """Leave the member as it is."""


def _renamed_top(content: bytes, top: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for information in old.infolist():
            new.writestr(zipfile.ZipInfo(top + information.filename.partition("/")[2]), old.read(information))
    return out.getvalue()


def _streamed(content: bytes) -> bytes:
    """Written to a pipe: local sizes are zero, and follow the data."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, part: Any) -> int:
            self.parts.append(bytes(part))
            return len(part)

    pipe = Pipe()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(pipe, "w") as new:  # type: ignore[arg-type]
        for information in old.infolist():
            new.writestr(zipfile.ZipInfo(information.filename), old.read(information))
    return b"".join(pipe.parts)


def _zeroed_checksums(content: bytes) -> bytes:
    held = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        at = old.start_dir
        for information in old.infolist():
            held[information.header_offset + 14 : information.header_offset + 18] = bytes(4)
            held[at + 16 : at + 20] = bytes(4)
            at += 46 + len(information.filename.encode()) + len(information.extra) + len(information.comment)
    return bytes(held)


def _archives() -> dict[str, Callable[[bytes], bytes]]:
    return {
        "deflated": lambda content: _repacked(content, _deflate),
        "deflated storages": lambda content: _repacked(content, _deflate_storages),
        "repacked": lambda content: _repacked(content, _no_change),
        "members in reverse": lambda content: _repacked(content, _no_change, order=-1),
        "streamed": _streamed,
        "checksums of zero": _zeroed_checksums,
        "another top folder": lambda content: _renamed_top(content, "best_model/"),
        "a top folder in another script": lambda content: _renamed_top(content, "手話/"),
        "a comment": lambda content: content[:-2] + len(b"saved by hand").to_bytes(2, "little") + b"saved by hand",
        "folders as members": _with_folders,
    }


def _with_folders(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        top = old.namelist()[0].partition("/")[0]
        for folder in (f"{top}/", f"{top}/data/"):
            new.writestr(zipfile.ZipInfo(folder), b"")
        for information in old.infolist():
            new.writestr(zipfile.ZipInfo(information.filename), old.read(information))
    return out.getvalue()


def _case(
    name: str, category: str, format_name: str, content: Callable[[], tuple[bytes, object, dict[TensorPath, str]]]
) -> Benign:
    def make(folder: Path) -> Made:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch speaks of what it will no longer write, which is why it is here
            held, value, values = content()
        path = folder / "benign.pt"
        path.write_bytes(held)
        return made(path, value, values)

    return Benign(name, category, make, format_name)


def _dtype_value(dtype: str) -> dict[str, torch.Tensor]:
    value = {"w": numbers(dtype, 3, 5), "t": numbers(dtype, 4, 3).t(), "one": numbers(dtype, 1)[0]}
    if not dtype.startswith("float8") and dtype != "complex32":
        value["special"] = _special(dtype)
    return value


def torch_cases() -> list[Benign]:
    """Number types, layouts of memory, values, archives and protocols."""
    cases = []
    for dtype in DTYPES:
        cases.append(
            _case(
                f"{dtype} in a zip", "number types", "torch zip", lambda d=dtype: (_saved(v := _dtype_value(d)), v, {})
            )
        )
    for dtype in OLD_DTYPES:
        cases.append(
            _case(
                f"{dtype} in a legacy file",
                "number types",
                "torch legacy",
                lambda d=dtype: (_saved(v := _dtype_value(d), _use_new_zipfile_serialization=False), v, {}),
            )
        )
    for name, build in _states().items():
        cases.append(_case(f"{name} in a zip", "layouts", "torch zip", lambda b=build: (_saved(v := b()), v, {})))
        cases.append(
            _case(
                f"{name} in a legacy file",
                "layouts",
                "torch legacy",
                lambda b=build: (_saved(v := b(), _use_new_zipfile_serialization=False), v, {}),
            )
        )
    for name in _plain():
        cases.append(
            _case(f"{name} in a zip", "values", "torch zip", lambda n=name: (_saved(_plain()[n][0]), *_plain()[n]))
        )
    for protocol in (3, 4, 5):
        cases.append(
            _case(
                f"protocol {protocol}",
                "protocols",
                "torch zip",
                lambda p=protocol: (_saved(v := _dtype_value("float32"), pickle_protocol=p), v, {}),
            )
        )
    for name, repack in _archives().items():
        cases.append(
            _case(
                f"an archive: {name}",
                "archives",
                "torch zip",
                lambda r=repack: (r(_saved(v := _dtype_value("float32"))), v, {}),
            )
        )
    return cases
