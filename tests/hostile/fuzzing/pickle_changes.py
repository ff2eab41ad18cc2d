"""Changes of pickle streams, opcode by opcode."""

from __future__ import annotations

import pickletools
import random
import struct

from hostile.corpus.assembling import encode, imported, integer, text
from hostile.corpus.tensors import storage, tensor
from hostile.fuzzing.byte_changes import INTERESTING, change_bytes

ARGUMENT_FREE = [ord(opcode.code) for opcode in pickletools.opcodes if opcode.arg is None and opcode.name != "STOP"]
NAMES = (
    ("os", "system"),
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch._utils", "_rebuild_sparse_tensor"),
    ("torch._utils", "_rebuild_nested_tensor"),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.storage", "_load_from_bytes"),
    ("torch", "FloatStorage"),
    ("torch", "float32"),
    ("torch", "Size"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("builtins", "set"),
    ("builtins", "bytearray"),
    ("copyreg", "_reconstructor"),
    ("_codecs", "encode"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("", ""),
    ("a.b", "c.d"),
)


def boundaries(stream: bytes) -> list[int]:
    """Where the opcodes start, as far as the stream can be read, and its end."""
    places: list[int] = []
    try:
        for _, _, place in pickletools.genops(stream):
            places.append(place or 0)
    except Exception as error:  # a changed stream is changed again: what was read of it serves
        del error
    return [*places, len(stream)]


def fragment(chance: random.Random) -> bytes:
    """Opcodes that leave a value, or take some."""
    kind = chance.randrange(9)
    if kind == 0:
        return bytes([chance.choice(ARGUMENT_FREE)])
    if kind == 1:
        return integer(chance.choice(INTERESTING))
    if kind == 2:
        return text(
            chance.choice(("state_dict", "model", "state", "param_groups", "step", "gloss_to_id", "storage", ""))
        )
    if kind == 3:
        return imported(*chance.choice(NAMES))
    if kind == 4:
        sizes = tuple(chance.choice(INTERESTING) for _ in range(chance.randrange(4)))
        strides = tuple(chance.choice(INTERESTING) for _ in sizes)
        return encode(
            tensor(storage("0", None, chance.choice(INTERESTING)), chance.choice(INTERESTING), sizes, strides)
        )
    if kind == 5:
        return chance.choice((b"h", b"q")) + bytes([chance.randrange(12)])
    if kind == 6:
        return chance.choice((b"\x85R", b")R", b"b", b"s", b"Q", b"\x93", b"\x81", b"(", b"2", b"0", b"u", b"e", b"t"))
    if kind == 7:
        return b"G" + struct.pack(">d", chance.choice((float("nan"), float("inf"), -0.0, 1e308, 5e-324)))
    return b"\x8a" + bytes([8]) + chance.randbytes(8)


def change_pickle(stream: bytes, chance: random.Random) -> bytes:
    """Opcodes removed, repeated, exchanged, put in, or one of them changed inside."""
    places = boundaries(stream)
    if len(places) < 3:
        return change_bytes(stream, chance)
    index = chance.randrange(len(places) - 1)
    start, end = places[index], places[index + 1]
    kind = chance.randrange(7)
    if kind == 0:
        return stream[:start] + stream[end:]
    if kind == 1:
        return stream[:end] + stream[start:end] * chance.choice((1, 1, 2, 30)) + stream[end:]
    if kind == 2:
        return stream[:start] + fragment(chance) + stream[start:]
    if kind == 3:
        return stream[:start] + fragment(chance) + stream[end:]
    if kind == 4:
        other = chance.randrange(len(places) - 1)
        return stream[:start] + stream[places[other] : places[other + 1]] + stream[end:]
    if kind == 5:
        return stream[:start] + change_bytes(stream[start:end], chance) + stream[end:]
    return change_bytes(stream, chance)
