"""Files that point at other files, at devices, or at the network: none of it may be read.

A second file holds `SECRET`; it must not turn up in any output.
"""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

from hostile.corpus.assembling import call, stream
from hostile.corpus.containers import torch_legacy, zip_archive
from hostile.corpus.records import Hostile, Place
from hostile.corpus.safetensors_headers import raw
from hostile.corpus.tensors import archive, storage, tensor, with_good

SECRET = "corpus-secret-7f3a"  # noqa: S105 - a marker


def _secret(place: Place) -> Path:
    path = place.folder / "secret.bin"
    path.write_bytes((SECRET * 100).encode())
    return path


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | int | str) -> bytes:
    """A protobuf field."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    held = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(held)) + held


def onnx_model(location: str, offset: str = "0", length: str = "16") -> bytes:
    """A model whose one initializer lies in another file."""
    pairs = {"location": location, "offset": offset, "length": length}
    external = b"".join(field(13, field(1, key) + field(2, value)) for key, value in pairs.items())
    initializer = field(1, 4) + field(2, 1) + field(8, "weight") + external + field(14, 1)
    return (
        field(1, 8) + field(2, "corpus") + field(7, field(2, "graph") + field(5, initializer)) + field(8, field(2, 17))
    )


def _onnx(location: Callable[[Place], str]) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        _secret(place)
        inner = place.folder / "models"
        inner.mkdir()
        (inner / "model.onnx").write_bytes(onnx_model(location(place)))
        return inner / "model.onnx"

    return make


def _linked_onnx(place: Place) -> Path:
    inner = place.folder / "models"
    inner.mkdir()
    (inner / "model.onnx").write_bytes(onnx_model("weights.bin"))
    (inner / "weights.bin").symlink_to(_secret(place))
    return inner / "model.onnx"


def _index(target: Callable[[Place], str], suffix: str) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        _secret(place)
        inner = place.folder / "models"
        inner.mkdir()
        path = inner / f"model.{suffix}.index.json"
        held = {"metadata": {"total_size": 4}, "weight_map": {"a.weight": target(place), "b.weight": target(place)}}
        path.write_text(json.dumps(held))
        return path

    return make


def _linked_shard(place: Place) -> Path:
    inner, hidden = place.folder / "models", place.folder / "elsewhere"
    inner.mkdir()
    hidden.mkdir()
    path = inner / "model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))
    header = '{"a":{"dtype":"U8","shape":[18],"data_offsets":[0,18]}}'
    (hidden / "x.safetensors").write_bytes(raw(header, SECRET.encode()))
    (inner / "model-00001-of-00001.safetensors").symlink_to(hidden / "x.safetensors")
    return path


def _strange_file(kind: str) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        path = place.folder / "model.pt"
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
        elif kind == "dangling link":
            path.symlink_to(place.folder / "nowhere")
        elif kind == "loop of links":
            path.symlink_to(path)
        elif kind == "no permission":
            path.write_bytes(archive(with_good()))
            path.chmod(0)
        else:
            path.symlink_to(kind)
        return path

    return make


def _index_beside(kind: str) -> Callable[[Place], Path]:
    """An index whose shard is no regular file."""

    def make(place: Place) -> Path:
        path = place.folder / "model.safetensors.index.json"
        path.write_text(json.dumps({"weight_map": {"a": "shard.safetensors"}}))
        shard = place.folder / "shard.safetensors"
        if kind == "fifo":
            os.mkfifo(shard)
        else:
            shard.symlink_to(kind)
        return path

    return make


def _content(build: Callable[[Place], bytes], name: str) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        _secret(place)
        path = place.folder / name
        path.write_bytes(build(place))
        return path

    return make


def _tar(*members: tuple[str, bytes, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as archive_:
        for name, kind, target in members:
            information = tarfile.TarInfo(name)
            information.type = kind
            information.linkname = target
            archive_.addfile(information, io.BytesIO(b""))
    return out.getvalue()


def _filename_storage(place: Place) -> bytes:
    """A stream that names a file as a storage, as multiprocessing does."""
    return stream(
        call("torch.multiprocessing.reductions", "rebuild_storage_filename", b"x", str(_secret(place)).encode(), 16)
    )


CASES: tuple[tuple[str, Callable[[Place], Path], tuple[str, ...]], ...] = (
    ("ONNX data that climbs", _onnx(lambda p: "../secret.bin"), ()),
    ("ONNX data at an absolute path", _onnx(lambda p: str(p.folder / "secret.bin")), ()),
    ("ONNX data in /etc/passwd", _onnx(lambda p: "/etc/passwd"), ()),
    ("ONNX data at a device", _onnx(lambda p: "/dev/zero"), ()),
    ("ONNX data with dots in between", _onnx(lambda p: "a/../../secret.bin"), ()),
    ("ONNX data through a link", _linked_onnx, ()),
    ("ONNX data on the network", _onnx(lambda p: "http://127.0.0.1:9/x"), ()),
    ("an index that climbs", _index(lambda p: "../secret.bin", "safetensors"), ()),
    ("an index with an absolute path", _index(lambda p: str(p.folder / "secret.bin"), "safetensors"), ()),
    ("an index into /etc/passwd", _index(lambda p: "/etc/passwd", "safetensors"), ()),
    ("an index into /dev/zero", _index(lambda p: "/dev/zero", "safetensors"), ()),
    ("an index to a web address", _index(lambda p: "http://127.0.0.1:9/x.safetensors", "safetensors"), ()),
    ("an index to itself", _index(lambda p: "model.safetensors.index.json", "safetensors"), ()),
    ("an index of pickles that climbs", _index(lambda p: "../secret.bin", "bin"), ()),
    ("an index with a nul byte", _index(lambda p: "a\0b", "safetensors"), ()),
    ("an index of numbers", _index(lambda p: 5, "safetensors"), ()),  # type: ignore[arg-type, return-value]
    ("an index whose shard is a link out of the folder", _linked_shard, ()),
    ("an index whose shard is a FIFO", _index_beside("fifo"), ()),
    ("an index whose shard is a device", _index_beside("/dev/zero"), ()),
    ("a FIFO", _strange_file("fifo"), ()),
    ("a folder with a file's name", _strange_file("folder"), ()),
    ("a socket", _strange_file("socket"), ()),
    ("a link to nowhere", _strange_file("dangling link"), ()),
    ("a link to itself", _strange_file("loop of links"), ()),
    ("a link to /dev/zero", _strange_file("/dev/zero"), ()),
    ("a link to /dev/random", _strange_file("/dev/random"), ()),
    ("a link to the memory of this process", _strange_file("/proc/self/mem"), ()),
    ("a link to a file of no size that has content", _strange_file("/proc/self/environ"), ()),
    ("a file without permission", _strange_file("no permission"), ()),
    ("a storage key that is a path to the secret", _content(lambda p: archive(with_good(bad=tensor(storage("../../secret.bin")))), "a.pt"), ()),
    ("a storage in a named file", _content(_filename_storage, "a.pkl"), ("torch.multiprocessing.reductions.rebuild_storage_filename",)),
    ("a legacy file that names a source file", _content(lambda p: torch_legacy(stream({"a": 1})), "a.pth"), ()),
    ("a tar member that is a link", _content(lambda p: _tar(("pickle", tarfile.SYMTYPE, str(p.folder / "secret.bin")), ("storages", tarfile.LNKTYPE, "/etc/passwd")), "a.tar"), ()),
    ("a tar member that climbs", _content(lambda p: _tar(("../../evil", tarfile.REGTYPE, "")), "a.tar"), ()),
    ("a tar member that is a device", _content(lambda p: _tar(("storages", tarfile.CHRTYPE, "")), "a.tar"), ()),
    ("an array mapped from another file", _content(lambda p: stream(call("numpy", "memmap", str(p.folder / "secret.bin"), "u1", "r")), "a.pkl"), ("numpy.memmap",)),
    ("an HDF5 file", _content(lambda p: b"\x89HDF\r\n\x1a\n" + bytes(500), "a.h5"), ()),
    ("a Parquet file", _content(lambda p: b"PAR1" + bytes(100) + struct.pack("<I", 1 << 30) + b"PAR1", "a.parquet"), ()),
    ("a 7-Zip archive", _content(lambda p: b"7z\xbc\xaf\x27\x1c" + bytes(100), "a.pt"), ()),
    ("an archive with a notebook that names a file", _content(lambda p: zip_archive({"../../x.ipynb": b"{}"}), "a.pt"), ()),
)  # fmt: skip


def lure_cases() -> list[Hostile]:
    """All of them."""
    return [
        Hostile(
            name, "lures", "a reader that follows it shows or waits for another file", make, calls=calls, format="lure"
        )
        for name, make, calls in CASES
    ]
