"""One pickle stream in every container in which a loader would look for one."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from hostile.corpus.assembling import encode, stream
from hostile.corpus.records import Load

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}


@dataclass(frozen=True, slots=True)
class Container:
    """A way of holding a pickle stream.

    Attributes:
        name: Its short name.
        suffix: What its files are called.
        load: The ordinary load.
        wrap: The file around the stream.
        format: The program's own name of the format.
        also: Names that may be told instead of those in the stream, where the container itself is a call.
    """

    name: str
    suffix: str
    load: Load
    wrap: Callable[[bytes], bytes]
    format: str
    also: tuple[str, ...] = ()


def bare(payload: bytes) -> bytes:
    """The stream itself."""
    return payload


def zip_archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive with these members, dated so that equal content gives equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return out.getvalue()


def torch_members(payload: bytes, storages: dict[str, bytes] | None = None, top: str = "archive") -> dict[str, bytes]:
    """The members of a file of torch.save around this stream."""
    held = {f"{top}/data/{key}": content for key, content in (storages or {}).items()}
    return {f"{top}/data.pkl": payload, f"{top}/byteorder": sys.byteorder.encode(), **held, f"{top}/version": b"3\n"}


def torch_zip(payload: bytes) -> bytes:
    """torch.save since 1.6."""
    return zip_archive(torch_members(payload))


def torch_legacy(payload: bytes) -> bytes:
    """torch.save before 1.6."""
    head = b"".join(pickle.dumps(part, protocol=2) for part in (LEGACY_MAGIC, 1001, SYSTEM))
    return head + payload + pickle.dumps([], protocol=2)


def torch_legacy_head(payload: bytes) -> bytes:
    """torch.save before 1.6, the payload in place of what describes the system."""
    head = b"".join(pickle.dumps(part, protocol=2) for part in (LEGACY_MAGIC, 1001))
    return head + payload + pickle.dumps({"a": 1}, protocol=2) + pickle.dumps([], protocol=2)


def torch_legacy_keys(payload: bytes) -> bytes:
    """torch.save before 1.6, the payload in place of the list of storages."""
    head = b"".join(pickle.dumps(part, protocol=2) for part in (LEGACY_MAGIC, 1001, SYSTEM, {"a": 1}))
    return head + payload


def tar_archive(members: dict[str, bytes]) -> bytes:
    """A tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return out.getvalue()


def torch_tar(payload: bytes) -> bytes:
    """torch.save before 0.1.10."""
    none = pickle.dumps(0, protocol=2)
    return tar_archive({"storages": none + pickle.dumps([], protocol=2), "tensors": none, "pickle": payload})


def torch_tar_storages(payload: bytes) -> bytes:
    """torch.save before 0.1.10, the payload where the storages are counted."""
    none = pickle.dumps(0, protocol=2)
    return tar_archive({"storages": payload, "tensors": none, "pickle": pickle.dumps({}, protocol=2)})


def nested(payload: bytes) -> bytes:
    """A pickled module: its tensors are whole torch files inside the stream."""
    from hostile.corpus.assembling import call

    return stream({"module": call("torch.storage", "_load_from_bytes", torch_zip(payload))})


def nested_twice(payload: bytes) -> bytes:
    """The same, two levels deep."""
    return nested(nested(payload)[:-1] + b".")


def npy(payload: bytes) -> bytes:
    """numpy.save of objects."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    padded = header + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + payload


def npz(payload: bytes) -> bytes:
    """numpy.savez of objects."""
    return zip_archive({"features.npy": npy(payload)})


def joblib(payload: bytes) -> bytes:
    """joblib.dump: a pickle stream with arrays of raw bytes in its midst."""
    wrapper = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}b"
    protocol = max(payload[:2], b"\x80\x03")  # names with dots are of protocol 4
    return protocol + b"}(" + encode("payload") + payload[2:-1] + encode("x") + wrapper + b"u."


def inside_cache(payload: bytes) -> bytes:
    """A stream that looks like clips: the payload is one clip's gloss."""
    array = pickle.dumps([[0.0] * 4] * 3, protocol=2)[2:-1]
    return (
        payload[:2]
        + b"}("
        + encode("clip")
        + b"}("
        + encode("features")
        + array
        + encode("gloss")
        + payload[2:-1]
        + b"uu."
    )


CONTAINERS = {
    container.name: container
    for container in (
        Container("pickle", "pkl", "pickle", bare, "pickle"),
        Container("torch-zip", "pt", "torch", torch_zip, "torch zip"),
        Container("torch-legacy", "pth", "torch", torch_legacy, "torch legacy"),
        Container("torch-legacy-head", "pth", "torch", torch_legacy_head, "torch legacy"),
        Container("torch-legacy-keys", "pth", "torch", torch_legacy_keys, "torch legacy"),
        Container("torch-tar", "t7", "torch", torch_tar, "torch tar"),
        Container("torch-tar-storages", "t7", "torch", torch_tar_storages, "torch tar"),
        Container("nested", "pkl", "pickle", nested, "pickle", ("torch.storage._load_from_bytes",)),
        Container("nested-twice", "pkl", "pickle", nested_twice, "pickle", ("torch.storage._load_from_bytes",)),
        Container("npy", "npy", "numpy", npy, "npy"),
        Container("npz", "npz", "numpy", npz, "npz"),
        Container("joblib", "joblib", "pickle", joblib, "pickle"),
        Container("cache", "pkl", "pickle", inside_cache, "pickle"),
        Container("gzip", "pkl.gz", "gzip", gzip.compress, "gzip"),
        Container("zlib", "joblib", "zlib", zlib.compress, "zlib"),
        Container("bz2", "pkl.bz2", "bz2", bz2.compress, "bz2"),
        Container("xz", "pkl.xz", "xz", lzma.compress, "xz"),
    )
}
