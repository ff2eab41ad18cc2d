"""Tensors and storages that lie: cut short, too long, overlapping, of a wrong type, with impossible sizes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from hostile.corpus.assembling import Call, Name, Raw, call, encode
from hostile.corpus.records import Hostile, Place
from hostile.corpus.tensors import archive, storage, tensor, with_good

HUGE = 1 << 62
MONSTER = 1 << 12_000  # an integer of 1,500 bytes
LONG = Name("torch", "LongStorage")


def _nested_parameters(depth: int) -> object:
    value: object = tensor()
    for _ in range(depth):
        value = call("torch._utils", "_rebuild_parameter", Raw(encode(value)), True, call("collections", "OrderedDict"))
        value = Raw(encode(value))
    return value


def _with_state(opcodes: bytes) -> Raw:
    return Raw(encode(tensor()) + opcodes)


def _quantized(scheme: object, kind: str = "QUInt8Storage") -> Call:
    held = storage("1", Name("torch", kind), 4)
    return call(
        "torch._utils", "_rebuild_qtensor", held, 0, (4,), (1,), scheme, False, call("collections", "OrderedDict")
    )


def _per_channel(scales: object, zeros: object, axis: object) -> Call:
    return _quantized((Name("torch", "per_channel_affine"), scales, zeros, axis))


def _sparse(indices: object, values: object, size: object) -> Call:
    return call("torch._utils", "_rebuild_sparse_tensor", Name("torch", "sparse_coo"), (indices, values, size, False))


def _indices(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}q", *numbers)


BAD: tuple[tuple[str, object, dict[str, bytes]], ...] = (
    ("a storage cut short", tensor(storage("1", None, 1000), 0, (1000,)), {"1": bytes(100)}),
    ("a storage longer than announced", tensor(storage("1", None, 4)), {"1": bytes(4000)}),
    ("a storage that is not there", tensor(storage("7")), {}),
    ("an empty storage", tensor(storage("1", None, 4)), {"1": b""}),
    ("a tensor beyond its storage", tensor(None, 0, (400,)), {}),
    ("an offset beyond the storage", tensor(None, 1000), {}),
    ("a negative offset", tensor(None, -4), {}),
    ("a huge offset", tensor(None, HUGE), {}),
    ("a monstrous offset", tensor(None, MONSTER), {}),
    ("an offset that is text", tensor(None, "0"), {}),
    ("an offset that is None", tensor(None, None), {}),
    ("a negative size", tensor(None, 0, (-4,)), {}),
    ("two negative sizes", tensor(None, 0, (-2, -2), (1, 1)), {}),
    ("a huge size", tensor(None, 0, (HUGE,)), {}),
    ("a monstrous size", tensor(None, 0, (MONSTER,)), {}),
    ("sixty-four monstrous sizes", tensor(None, 0, (MONSTER,) * 64, (0,) * 64), {}),
    ("sizes whose product wraps to 4", tensor(None, 0, (1 << 32, (1 << 32) + 1, 4), (1, 1, 1)), {}),
    ("sizes whose product wraps to 0", tensor(None, 0, (1 << 32, 1 << 32), (1, 1)), {}),
    ("sizes whose bytes wrap", tensor(None, 0, ((1 << 62) + 1,), (1,)), {}),
    ("a size of a float", tensor(None, 0, (4.0,)), {}),
    ("a size of text", tensor(None, 0, ("4",)), {}),
    ("a size of None", tensor(None, 0, None), {}),
    ("a size that is a number", tensor(None, 0, 4), {}),
    ("a size of truth values", tensor(None, 0, (True, True)), {}),
    ("sixty-five dimensions", tensor(None, 0, (1,) * 65, (1,) * 65), {}),
    ("a hundred thousand dimensions", tensor(None, 0, (1,) * 100_000, (1,) * 100_000), {}),
    ("fewer strides than sizes", tensor(None, 0, (2, 2), (1,)), {}),
    ("more strides than sizes", tensor(None, 0, (2,), (1, 1)), {}),
    ("a negative stride", tensor(None, 3, (4,), (-1,)), {}),
    ("a huge stride", tensor(None, 0, (2,), (HUGE,)), {}),
    ("a monstrous stride", tensor(None, 0, (2,), (MONSTER,)), {}),
    ("a stride of text", tensor(None, 0, (4,), ("1",)), {}),
    ("one number expanded to 2^40", tensor(None, 0, (1 << 40,), (0,)), {}),
    ("one number expanded to 2^62", tensor(None, 0, (1 << 31, 1 << 31), (0, 0)), {}),
    ("bfloat16 expanded to 2^40", tensor(storage("1", Name("torch", "BFloat16Storage")), 0, (1 << 40,), (0,)), {"1": bytes(8)}),
    ("windows over each other, 10^12 numbers", tensor(storage("1", None, 1 << 17), 0, (1 << 16, 1 << 16), (1, 1)), {"1": bytes(1 << 19)}),
    ("a storage of a negative count", tensor(storage("1", None, -4)), {"1": bytes(16)}),
    ("a storage of a huge count", tensor(storage("1", None, HUGE)), {"1": bytes(16)}),
    ("a storage of a monstrous count", tensor(storage("1", None, MONSTER)), {"1": bytes(16)}),
    ("a storage count of text", tensor(storage("1", None, "4")), {"1": bytes(16)}),
    ("a storage of an unknown type", tensor(storage("1", Name("torch", "QuadStorage"))), {"1": bytes(16)}),
    ("a storage type of another package", tensor(storage("1", Name("evil", "FloatStorage"))), {"1": bytes(16)}),
    ("a storage type that is text", tensor(storage("1", "FloatStorage")), {"1": bytes(16)}),
    ("a storage type that is a tensor", tensor(storage("1", tensor())), {"1": bytes(16)}),
    ("a storage of two types", [tensor(storage("1", LONG, 2), 0, (2,)), tensor(storage("1"))], {"1": bytes(16)}),
    ("a storage key that climbs", tensor(storage("../../../../etc/passwd")), {}),
    ("a storage key that is absolute", tensor(storage("/etc/passwd")), {}),
    ("a storage key that is a number", tensor(storage(1)), {"1": bytes(16)}),
    ("a storage key that is None", tensor(storage(None)), {}),
    ("a storage key of a megabyte", tensor(storage("k" * (1 << 20))), {}),
    ("a device of a megabyte", tensor(storage("1", None, 4, "cuda:" + "9" * (1 << 20))), {"1": bytes(16)}),
    ("a device that is a list", tensor(storage("1", None, 4, ["cpu"])), {"1": bytes(16)}),
    ("a persistent id of another kind", tensor(storage("1", tag="module")), {"1": bytes(16)}),
    ("a persistent id that is text", tensor(Raw(encode("1") + b"Q")), {"1": bytes(16)}),
    ("a persistent id in a persistent id", tensor(Raw(encode(storage()) + b"Q")), {}),
    ("a persistent id that is too short", tensor(Raw(encode(("storage",)) + b"Q")), {}),
    ("no storage at all", tensor("storage"), {}),
    ("too few arguments", call("torch._utils", "_rebuild_tensor_v2", storage()), {}),
    ("no arguments", call("torch._utils", "_rebuild_tensor_v2"), {}),
    ("arguments that are no tuple", Raw(encode(Name("torch._utils", "_rebuild_tensor_v2")) + encode("x") + b"R"), {}),
    ("SETITEM on a tensor", _with_state(encode(0) + encode(1) + b"s"), {}),
    ("SETITEMS on a tensor", _with_state(b"(" + encode(0) + encode(1) + b"u"), {}),
    ("APPENDS on a tensor", _with_state(b"(" + encode(0) + b"e"), {}),
    ("BUILD on a tensor", _with_state(encode({"grad_fn": 1}) + b"b"), {}),
    ("a tensor as its own argument", Raw(encode(tensor()) + b"q\x090" + encode(call("torch._utils", "_rebuild_parameter", Raw(b"h\x09")))), {}),
    ("a parameter of no tensor", call("torch._utils", "_rebuild_parameter", 5, True, None), {}),
    ("three thousand nested parameters", _nested_parameters(300), {}),
    ("a meta tensor of 2^62 numbers", call("torch._utils", "_rebuild_meta_tensor_no_storage", Name("torch", "float32"), (HUGE,), (1,), False), {}),
    ("a meta tensor of a monstrous size", call("torch._utils", "_rebuild_meta_tensor_no_storage", Name("torch", "float32"), (MONSTER, MONSTER), (1, 1), False), {}),
    ("a quantized tensor without a scheme", _quantized(()), {"1": bytes(4)}),
    ("a quantized tensor with a scale of text", _quantized((Name("torch", "per_tensor_affine"), "1", 0)), {"1": bytes(4)}),
    ("a quantized tensor with an infinite scale", _quantized((Name("torch", "per_tensor_affine"), float("inf"), 0)), {"1": bytes(4)}),
    ("a quantized tensor with a huge zero point", _quantized((Name("torch", "per_tensor_affine"), 1.0, MONSTER)), {"1": bytes(4)}),
    ("scales on an axis that is not there", _per_channel([1.0] * 4, [0] * 4, 3), {"1": bytes(4)}),
    ("scales on a negative axis", _per_channel([1.0] * 4, [0] * 4, -1), {"1": bytes(4)}),
    ("fewer scales than channels", _per_channel([1.0], [0], 0), {"1": bytes(4)}),
    ("scales that are no numbers", _per_channel(["a"] * 4, [None] * 4, 0), {"1": bytes(4)}),
    ("sparse indices out of range", _sparse(tensor(storage("1", LONG), 0, (1, 4), (4, 1)), tensor(), (2,)), {"1": _indices(0, 5, -7, 1 << 60)}),
    ("sparse indices that are negative", _sparse(tensor(storage("1", LONG), 0, (1, 4), (4, 1)), tensor(), (4,)), {"1": _indices(-1, -2, -3, -4)}),
    ("a sparse tensor of 2^62 numbers", _sparse(tensor(storage("1", LONG), 0, (1, 4), (4, 1)), tensor(), (HUGE,)), {"1": _indices(0, 1, 2, 3)}),
    ("a sparse tensor with too few values", _sparse(tensor(storage("1", LONG), 0, (1, 4), (4, 1)), tensor(None, 0, (2,)), (4,)), {"1": _indices(0, 1, 2, 3)}),
    ("a sparse tensor with float indices", _sparse(tensor(), tensor(), (4,)), {}),
    ("a sparse tensor with a monstrous size", _sparse(tensor(storage("1", LONG), 0, (1, 4), (4, 1)), tensor(), (MONSTER,)), {"1": _indices(0, 1, 2, 3)}),
    ("a sparse tensor of an unknown layout", call("torch._utils", "_rebuild_sparse_tensor", Name("os", "sparse_coo"), ()), {}),
    ("a nested tensor with bad offsets", call("torch._utils", "_rebuild_nested_tensor", tensor(), tensor(), tensor(), tensor()), {}),
    ("a tensor v3 of an unknown type", call("torch._utils", "_rebuild_tensor_v3", storage(), 0, (4,), (1,), False, None, Name("torch", "float12")), {}),
    ("a tensor v3 wider than its storage", call("torch._utils", "_rebuild_tensor_v3", storage(), 0, (4,), (1,), False, None, Name("torch", "complex128")), {}),
    ("a NumPy array shorter than its shape", call("numpy._core.multiarray", "_reconstruct", Name("numpy", "ndarray"), (0,), b"b"), {}),
    ("an int that no float holds, as a loss", {"val_loss": 10**400, "epoch": 10**3000, "train_losses": [10**400]}, {}),
    ("a step that is not a number", {"state": {0: {"step": float("nan")}}, "param_groups": [{"params": [0]}]}, {}),
    ("a step that is infinite", {"state": {0: {"step": float("inf")}}, "param_groups": [{"params": [0]}]}, {}),
    ("glosses whose ids are five thousand digits", {"id_to_gloss": {"9" * 5000: "a", "\u0663": "b", "\u00b2": "c"}}, {}),
)  # fmt: skip

CALLING = (
    (
        "a subclass rebuilt by os.system",
        lambda p: call("torch._tensor", "_rebuild_from_type_v2", Name("os", "system"), Name("torch", "Tensor"), (f"touch {p.mark}",), {}),
    ),
    (
        "a hook that calls",
        lambda p: tensor(None, 0, (4,), (1,), False, call("os", "system", f"touch {p.mark}")),
    ),
    (
        "a storage key that calls",
        lambda p: tensor(storage(call("os", "system", f"touch {p.mark}"))),
    ),
    (
        "a size that calls",
        lambda p: tensor(None, 0, (call("os", "system", f"touch {p.mark}"), 4), (1, 1)),
    ),
)  # fmt: skip


def _file(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name) + ".pt"


def storage_cases() -> list[Hostile]:
    """All of them; each file has a sound tensor too, which must be shown."""
    cases = []
    for name, value, storages in BAD:

        def make(place: Place, name: str = name, value: object = value, held: dict[str, bytes] = storages) -> Path:
            path = place.folder / _file(name)
            path.write_bytes(archive(with_good(bad=value), **held))
            return path

        inside = dict(value.items()) if isinstance(value, dict) else None
        cases.append(Hostile(name, "storages", name, make, must_open=True, format="torch zip"))
        if inside is not None:

            def make_top(place: Place, name: str = name, top: dict[str, object] = inside) -> Path:
                path = place.folder / _file(name)
                path.write_bytes(archive(with_good(**top)))
                return path

            cases.append(Hostile(f"{name}, at the top", "storages", name, make_top, must_open=True, format="torch zip"))
    for name, build in CALLING:

        def make_calling(place: Place, name: str = name, build: Callable[[Place], object] = build) -> Path:
            path = place.folder / _file(name)
            path.write_bytes(archive(with_good(bad=build(place))))
            return path

        cases.append(
            Hostile(name, "storages that call", name, make_calling, "torch", ("os.system",), True, "torch zip")
        )
    return cases
