"""Tensors in pickle streams, written by hand, so that any field may lie."""

from __future__ import annotations

import struct

from hostile.corpus.assembling import Call, Name, Raw, call, encode, stream
from hostile.corpus.containers import torch_members, zip_archive

GOOD = (1.0, 2.0, 3.0, 4.0)
GOOD_BYTES = struct.pack("<4f", *GOOD)
TRUE_KEY = "good"


def storage(
    key: object = "0", kind: object = None, count: object = 4, device: object = "cpu", tag: object = "storage"
) -> Raw:
    """A persistent id of a storage."""
    identity = (tag, Name("torch", "FloatStorage") if kind is None else kind, key, device, count)
    return Raw(encode(identity) + b"Q")


def tensor(held: object = None, offset: object = 0, size: object = (4,), stride: object = (1,), *more: object) -> Call:
    """`torch._utils._rebuild_tensor_v2(...)`."""
    hooks = more or (False, call("collections", "OrderedDict"))
    return call("torch._utils", "_rebuild_tensor_v2", storage() if held is None else held, offset, size, stride, *hooks)


def with_good(**others: object) -> bytes:
    """The stream of a dict with one sound tensor and others."""
    return stream({TRUE_KEY: tensor(), **others})


def archive(payload: bytes, **storages: bytes) -> bytes:
    """A file of torch.save around a stream; storage 0 holds the sound tensor."""
    return zip_archive(torch_members(payload, {"0": GOOD_BYTES, **storages}))
