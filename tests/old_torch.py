"""Writers of PyTorch formats that PyTorch itself no longer writes."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import tarfile
from pathlib import Path
from typing import Any

import torch

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001


class StorageRef:
    """Stands for a persistent id in an object to be written."""

    def __init__(self, *identity: Any) -> None:
        self.identity = identity if len(identity) > 1 else identity[0]


class Call:
    """Is written as a call of a function, whatever the function returns."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.parts = (function, arguments)

    def __reduce__(self) -> Any:
        return self.parts


class _Pickler(pickle._Pickler):  # the C one cannot have persistent ids of classes
    def persistent_id(self, obj: Any) -> Any:
        return obj.identity if isinstance(obj, StorageRef) else None


def dumped(value: Any, protocol: int = 2) -> bytes:
    """A stream with persistent ids."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=protocol).dump(value)
    return buffer.getvalue()


def raw_bytes(tensor: torch.Tensor) -> bytes:
    """The bytes of a tensor's storage."""
    return bytes(tensor.untyped_storage().tolist())


def write_legacy(
    path: Path,
    value: Any,
    storages: dict[str, tuple[int, bytes]],
    *,
    little_endian: bool = True,
    big_counts: bool = False,
) -> Path:
    """A legacy file: `value` with `StorageRef`s, storages as `(count, bytes)` by key."""
    facts = {"protocol_version": 1001, "little_endian": little_endian, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    with path.open("wb") as file:
        for head in (MAGIC_NUMBER, PROTOCOL_VERSION, facts):
            pickle.dump(head, file, protocol=2)
        file.write(dumped(value))
        pickle.dump(sorted(storages), file, protocol=2)
        for key in sorted(storages):
            count, raw = storages[key]
            file.write(struct.pack(">q" if big_counts else "<q", count) + raw)
    return path


def write_tar(
    path: Path,
    value: Any,
    storages: dict[int, tuple[Any, torch.Tensor]],
    tensors: dict[int, tuple[int, torch.Tensor]],
    views: list[tuple[int, int, int, int]] = [],  # noqa: B006
) -> Path:
    """A file as PyTorch 0.1.9 wrote it.

    Args:
        path: The file.
        value: The object; `StorageRef(str(key))` stands for a tensor.
        storages: Storage class and a tensor over the storage, by key.
        tensors: Key of the storage and the tensor, by key.
        views: `(key, root key, offset, count)` in elements.
    """
    held = pickle.dumps(len(storages), 2)
    for key, (kind, tensor) in storages.items():
        count = tensor.untyped_storage().nbytes() // tensor.element_size()
        held += pickle.dumps((key, "cpu", kind), 2) + struct.pack("<q", count) + raw_bytes(tensor)
    held += pickle.dumps(views, 2)
    shapes = pickle.dumps(len(tensors), 2)
    for key, (storage, tensor) in tensors.items():
        rank = tensor.dim()
        shapes += pickle.dumps((key, storage, torch.FloatTensor), 2) + struct.pack("<ii", rank, 0)
        shapes += struct.pack(f"<{2 * rank + 1}q", *tensor.shape, *tensor.stride(), tensor.storage_offset())
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in (("storages", held), ("tensors", shapes), ("pickle", dumped(value))):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


assert sys.byteorder == "little"  # raw bytes above are written as this machine has them
