"""Kinds of files from their first bytes."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import safetensors.numpy

from asl_inspector.sniffing import Kind, sniff


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO(b""))
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a", "b")
    return out.getvalue()


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, np.ones(3))
    return out.getvalue()


def legacy() -> bytes:
    return pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2) + pickle.dumps(1001, protocol=2)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", Kind.EMPTY),
        (archive(), Kind.ZIP),
        (tar(), Kind.TAR),
        (gzip.compress(b"x"), Kind.GZIP),
        (npy(), Kind.NPY),
        (legacy(), Kind.TORCH_LEGACY),
        (safetensors.numpy.save({"a": np.ones(3, "f4")}), Kind.SAFETENSORS),
        (b"\x89HDF\r\n\x1a\n....", Kind.HDF5),
        (b"PAR1....", Kind.PARQUET),
        (b"%PDF-1.7", Kind.PDF),
        (b"version https://git-lfs.github.com/spec/v1\n", Kind.LFS_POINTER),
        (b"<!DOCTYPE html><html>", Kind.HTML),
        (b"\n\n  <html lang='en'>", Kind.HTML),
        (b"<?xml version='1.0'?><a/>", Kind.XML),
        (json.dumps({"a": 1}).encode(), Kind.JSON),
        (b"\xef\xbb\xbf[1]", Kind.JSON),
        (b"Epoch 1/50:\n  Train Loss: 1", Kind.TEXT),
        ("手話のログ".encode(), Kind.TEXT),
        (b"\x00\x01\x02", Kind.BINARY),
        (b"cat and dog\nlines of text", Kind.TEXT),
        (b"class Model:\n    pass\n", Kind.TEXT),
        (b"config\nname of nothing\n", Kind.TEXT),
        (b"cos\nsystem\n(S'x'\ntR.", Kind.PICKLE),
        *((pickle.dumps({"a": [1]}, protocol=protocol), Kind.PICKLE) for protocol in range(6)),
        (pickle.dumps([1, 2], protocol=0), Kind.PICKLE),
        (pickle.dumps([1, 2], protocol=1), Kind.PICKLE),
    ],
)
def test_kinds(content: bytes, kind: Kind) -> None:
    assert sniff(content) is kind
