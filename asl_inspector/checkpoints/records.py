"""What a checkpoint holds, as frozen plain data: no torch, no Qt, no bytes of tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

Role = Literal["parameter", "buffer", "optimizer", "other"]
Scalar = bool | int | float | str

ITEM_SIZES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
    "complex32": 4,
    "complex64": 8,
    "complex128": 16,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint64": 8,
    "uint32": 4,
    "uint16": 2,
    "uint8": 1,
    "bool": 1,
    "qint8": 1,
    "quint8": 1,
    "qint32": 4,
}
SUB_BYTE_BITS = {  # types of which several numbers share a byte; they are listed and not read
    "float4_e2m1fn": 4,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "int4_packed": 4,
    "uint4_packed": 4,
    "int2_packed": 2,
    "uint2_packed": 2,
}


@dataclass(frozen=True, slots=True)
class Quantizer:
    """How the whole numbers of a quantized tensor stand for real ones: `real = scale * (whole - zero_point)`.

    Attributes:
        scales: One, or one for each index along `axis`.
        zero_points: As many.
        axis: The dimension that the scales run along, or None where there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[float, ...]
    axis: int | None = None


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """One tensor: where it is and how it is laid out. Its numbers stay in the file.

    Attributes:
        path: One element for each level of the file's nesting.
        dtype: torch's name without `torch.`.
        shape: Sizes of the dimensions; `()` for a single number.
        strides: Steps between neighbours, in elements, one a dimension.
        storage: Name of the memory block; tensors of one name share memory.
        storage_bytes: Size of that block.
        storage_offset: First element's place in the block, in elements.
        file_offset: First byte of the block in the file, or None where the block is compressed or absent.
        device: Device when saved ("cpu", "cuda:3", "mps", "meta").
        role: What the tensor is for, or None where that is unknown.
        trouble: Why its numbers cannot be read, or an empty string.
        inline: The numbers themselves where they are few and have no place of their own in the file.
        part: The file of a checkpoint of several files that holds the block, as its name; empty for a single file.
        packed_bytes: Size of the block as it lies in the file where it is compressed (deflate), else None.
        big_endian: True where the file keeps numbers with the highest byte first.
        quantizer: How whole numbers stand for real ones, in a quantized tensor.
        layout: "strided", or how a sparse tensor keeps its entries ("sparse_coo", "sparse_csr", ...).
        components: Of a sparse tensor: its indices, then its values, each a strided tensor. Of a nested one: its
            numbers in a row, then what tells its parts.
        conjugate: True where a complex tensor stands for the conjugates of its numbers.
        negative: True where it stands for its numbers negated.
        state_key: Key in the state dict of the module that holds it, where the file holds the module itself; empty
            where that state dict leaves it out; None where the path tells.
        chunks: Of a tensor that lies in pieces, often in several files: the pieces. It has no place of its own then.
    """

    path: tuple[str, ...]
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    storage: str
    storage_bytes: int
    storage_offset: int
    file_offset: int | None
    device: str = "cpu"
    role: Role | None = None
    trouble: str = ""
    inline: bytes | None = None
    part: str = ""
    packed_bytes: int | None = None
    big_endian: bool = False
    quantizer: Quantizer | None = None
    layout: str = "strided"
    components: tuple[TensorRecord, ...] = ()
    conjugate: bool = False
    negative: bool = False
    state_key: str | None = None
    chunks: tuple[Chunk, ...] = ()

    @property
    def name(self) -> str:
        """The path joined by dots."""
        return ".".join(self.path)

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def with_role(self, role: Role) -> TensorRecord:
        """The same tensor for a purpose; itself where it has that role already, since a copy takes a while."""
        return self if role == self.role else with_changes(self, role=role)

    def in_part(self, part: str) -> TensorRecord:
        """The same tensor in one file of a checkpoint of several files."""
        return replace(
            self,
            part=part,
            storage=f"{part}/{self.storage}",
            components=tuple(component.in_part(part) for component in self.components),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all elements, whether or not other tensors share them."""
        bits = SUB_BYTE_BITS.get(self.dtype, 8 * ITEM_SIZES.get(self.dtype, 1))
        return (self.count * bits + 7) // 8


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a tensor that is kept in pieces.

    Attributes:
        offsets: Index of the piece's first element in the whole tensor, one a dimension.
        tensor: The piece itself.
    """

    offsets: tuple[int, ...]
    tensor: TensorRecord

    def holds(self, place: tuple[int, ...]) -> bool:
        """True where the element with this index is in the piece."""
        return all(
            start <= here < start + size
            for start, here, size in zip(self.offsets, place, self.tensor.shape, strict=True)
        )


_MEMBERS = tuple((one.name, getattr(TensorRecord, one.name)) for one in fields(TensorRecord))


def with_changes(tensor: TensorRecord, **changes: object) -> TensorRecord:
    """What `dataclasses.replace` makes, in a quarter of its time: a large file has a hundred thousand records."""
    made = object.__new__(TensorRecord)
    for name, member in _MEMBERS:
        member.__set__(made, changes[name] if name in changes else member.__get__(tensor))
    return made


@dataclass(frozen=True, slots=True)
class ValueRecord:
    """Anything that is not a tensor, as inert text.

    Attributes:
        path: One element for each level of the file's nesting.
        type: Type name ("int", "models.encoder.EncoderConfig").
        text: The value as Python would show it, cut to a budget.
    """

    path: tuple[str, ...]
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class WouldRun:
    """What an ordinary load would import or call beyond rebuilding tensors and plain containers.

    Attributes:
        call: Dotted name.
        arguments: Arguments as text, or an empty string for a mere import.
        offset: Byte offset in the pickle stream.
    """

    call: str
    arguments: str
    offset: int


@dataclass(frozen=True, slots=True)
class Optimizer:
    """What the optimizer's state says.

    Attributes:
        kind: "Adam", "SGD", ... as far as the kept state tells, or None.
        step: Most steps taken by any parameter, or None.
        lr: Learning rate of the first group.
        weight_decay: Weight decay of the first group.
        parameters: Parameters in its groups.
    """

    kind: str | None
    step: int | None
    lr: float | None
    weight_decay: float | None
    parameters: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What the parts of a checkpoint are.

    Attributes:
        layout: "notebook", "stage-1", "stage-2", "lightning", "module" for a saved network, or "state-dict" for
            anything else with weights.
        weights_path: Path of the state dict or module; empty where the file itself is one.
        epoch: Epoch as stored.
        stored: Metrics as stored ("val_acc", "val_loss", "train_loss", "best_loss").
        hyperparameters: Settings as stored, dotted names.
        gloss_to_id: The vocabulary, or None.
        optimizer: The optimizer, or None.
        curves: Lists of numbers by name ("train_losses").
    """

    layout: str | None = None
    weights_path: tuple[str, ...] = ()
    epoch: int | None = None
    stored: dict[str, float] = field(default_factory=dict)
    hyperparameters: dict[str, Scalar] = field(default_factory=dict)
    gloss_to_id: dict[str, int] | None = None
    optimizer: Optimizer | None = None
    curves: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A file of weights, opened without running it.

    Attributes:
        path: The file.
        bytes: Its size.
        format: "torch zip", "safetensors", ...
        status: "opened", or "partly" where something in it could not be read.
        tensors: In file order.
        values: In file order, within a budget.
        would_run: In file order.
        contents: What the parts are.
        notes: Oddities, as sentences.
    """

    path: Path
    bytes: int
    format: str
    status: Literal["opened", "partly"]
    tensors: tuple[TensorRecord, ...]
    values: tuple[ValueRecord, ...]
    would_run: tuple[WouldRun, ...]
    contents: Contents
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> dict[str, TensorRecord]:
        """The state dict: tensors by their key in it, in file order; of a saved module, the one that it would give."""
        depth = len(self.contents.weights_path)
        found = {}
        for tensor in self.tensors:
            key = ".".join(tensor.path[depth:]) if tensor.state_key is None else tensor.state_key
            in_weights = tensor.path[:depth] == self.contents.weights_path
            if tensor.state_key != "" and in_weights and tensor.role in ("parameter", "buffer"):
                found[key] = tensor
        return found


def parameter_count(tensors: list[TensorRecord] | tuple[TensorRecord, ...]) -> int:
    """Numbers that training adjusts: parameters, shared memory counted once."""
    seen: dict[tuple[str, int], int] = {}
    for tensor in tensors:
        if tensor.role == "parameter":
            place = (tensor.storage, tensor.storage_offset)
            seen[place] = max(seen.get(place, 0), tensor.count)
    return sum(seen.values())


def buffer_count(tensors: list[TensorRecord] | tuple[TensorRecord, ...]) -> int:
    """Numbers that are kept with the weights and not adjusted by gradients."""
    return sum(tensor.count for tensor in tensors if tensor.role == "buffer")
