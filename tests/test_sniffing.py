"""Kinds of files from their first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib

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
        (gzip.compress(b"x", mtime=0), Kind.GZIP),
        (npy(), Kind.NPY),
        (legacy(), Kind.TORCH_LEGACY),
        (safetensors.numpy.save({"a": np.ones(3, "f4")}), Kind.SAFETENSORS),
        (b"\x89HDF\r\n\x1a\n....", Kind.HDF5),
        (b"\x89HDF\r\n\x1a\n" + bytes(5000) + b"keras_version", Kind.KERAS_HDF5),
        (bytes(512) + b"\x89HDF\r\n\x1a\n", Kind.HDF5),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", Kind.MATLAB),
        (b"PAR1....", Kind.PARQUET),
        (b"ARROW1\0\0....", Kind.ARROW),
        (b"SQLite format 3\0....", Kind.SQLITE),
        (bytes(10_000), Kind.ZEROS),
        (bytes(10_000) + b"\x01", Kind.BINARY),
        (b"GGUF\x03\0\0\0", Kind.GGUF),
        (b"tjgg\x01\0\0\0", Kind.GGML),
        (b"\x1c\0\0\0TFL3....", Kind.TFLITE),
        (b"\x08\x01\x12\xff\x01\x0a\x05serve", Kind.TENSORFLOW),
        (b"tree\nversion=v4\nnum_class=3\n", Kind.LIGHTGBM),
        (bz2.compress(b"x"), Kind.BZIP2),
        (lzma.compress(b"x"), Kind.XZ),
        (zlib.compress(b"x"), Kind.ZLIB),
        (b"\x28\xb5\x2f\xfd....", Kind.ZSTD),
        (b"\x04\x22\x4d\x18....", Kind.LZ4),
        (b"7z\xbc\xaf\x27\x1c....", Kind.SEVEN_ZIP),
        (b"Rar!\x1a\x07\x01\0", Kind.RAR),
        (b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
        (b"RIFF\x10\0\0\0WEBPVP8 ", Kind.IMAGE),
        (b"BM\x14\0\0\0" + bytes(14), Kind.IMAGE),
        (b"\0\0\0\x1cftypavif", Kind.IMAGE),
        (b"\0\0\0\x1cftypisom", Kind.VIDEO),
        (b"RIFF\x10\0\0\0AVI LIST", Kind.VIDEO),
        (b"RIFF\x10\0\0\0WAVEfmt ", Kind.AUDIO),
        (b"\x1a\x45\xdf\xa3....", Kind.VIDEO),
        (b"\x7fELF\x02\x01\x01\0", Kind.PROGRAM),
        (b"\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22\x09\0\0\xc0brain.Event:2", Kind.EVENTS),
        (b'{"error": "Repository not found"}', Kind.ERROR_MESSAGE),
        (b'{"error": {"code": 404, "message": "Not Found"}}', Kind.ERROR_MESSAGE),
        (b'{"message": "Bad credentials", "documentation_url": "https://example.org"}', Kind.ERROR_MESSAGE),
        (b'{"error": 3, "message": 4}', Kind.JSON),
        (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>gone</Message></Error>", Kind.ERROR_MESSAGE),
        (b"<Error><Code>AccessDenied</Code></Error>", Kind.ERROR_MESSAGE),
        (b"Entry not found", Kind.ERROR_MESSAGE),
        (b"404: Not Found", Kind.ERROR_MESSAGE),
        (b"Invalid username or password.", Kind.ERROR_MESSAGE),
        (b"The word was not found in the vocabulary", Kind.TEXT),
        ((9_000).to_bytes(8, "little") + b'{"a":', Kind.SAFETENSORS),
        ((1 << 63).to_bytes(8, "little") + b'{"a":', Kind.SAFETENSORS),
        (b'12345678{"a": 1}', Kind.TEXT),
        (b"\xfd\xfc\xfb" * 9 + archive(), Kind.ZIP),
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


PLAIN = [
    1,
    300,
    70_000,
    2**80,
    1.5,
    "text",
    "żółć",
    b"bytes",
    True,
    [1],
    {"a": 1},
    (),
    (1, 2),
    {1},
    1 + 2j,
    [["x" * 30]] * 9_000,
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", PLAIN, ids=lambda value: repr(value)[:12])
def test_streams_of_every_protocol_are_known_by_their_content(value: object, protocol: int) -> None:
    assert sniff(pickle.dumps(value, protocol=protocol)) is Kind.PICKLE


@pytest.mark.parametrize(
    "stream",
    [
        b"cos\nsystem\n(S'x'\ntR.",
        b"cos\nsystem\n(S'x'\ntR",  # breaks off after the call
        b"cos\nsystem\n(S'x'\ntR\xff",  # goes on with what is no opcode
        b"(S'x'\nios\nsystem\n.",
        b"(cos\nsystem\nS'x'\no.",
        b"N0cos\nsystem\n(S'x'\ntR.",
        b"N0" * 20_000 + b"cos\nsystem\n(S'x'\ntR.",
        b"I1\n0(cos\nsystem\nVx\no.",
        b"\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.",  # opcodes of protocol 4 without announcing it
        b"\x88\x82\x07.",
        b"\x95\x02\x00\x00\x00\x00\x00\x00\x00]..",
        b"cantigravity\ngeohash\n0N.",
        b"X\x01\x00\x00\x00a.",
        b"U\x01a.",
        b"G?\xf8\x00\x00\x00\x00\x00\x00.",
        b"J\x01\x00\x00\x00.",
        b"L1L\n.",
        b"F1.5\n.",
        b"S'a'\n.",
        b"Va\n.",
    ],
)
def test_streams_that_announce_no_protocol_are_known_by_running_them(stream: bytes) -> None:
    assert sniff(stream) is Kind.PICKLE


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\n",
        "cat\ndog\nowl\n",
        "Kp.",
        "Mix.",
        "Good luck.",
        "Jokes.",
        "N.",
        "I1\nI2\nI3\n",
        "Validation loss: 3\nValidation loss: 2\n",
        "Validation loss: 3\n" * 5_000,
        "Precision 0.5\nPrecision 0.6\n",
        "Loss 0.1 at step 3",
        "The quick brown fox",
        "Best epoch: 3",
        "Fold 1\n",
        "(1, 2, 3)",
        "(Validation loss: 3\nVal\n",
        "().foo",
        "0.5 0.25\n",
        "1,2,3\n",
        "gloss\tid\nhello\t1\n",
        "import os\n",
        "class Model:\n    pass\n",
        "a,b,c\n1,2,3\n",
        "best\n",
        "N = 3\n",
        "S'il vous plaît\n",
    ],
)
def test_text_is_not_taken_for_a_stream(text: str) -> None:
    assert sniff(text.encode()) is Kind.TEXT


def test_a_pickle_stream_dressed_as_safetensors_is_seen() -> None:
    length = b"\x80\x02G\0\0\0\0\0"  # PROTO 2, then BINFLOAT, which swallows the brace; or 4.6 million
    stream = length + b'{" ' + b"cos\nsystem\n(S'x'\ntR."
    assert sniff(stream + b" " * int.from_bytes(length, "little")) is Kind.PICKLE
    header = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    honest = 0x0280.to_bytes(8, "little") + header.ljust(0x0280)
    assert sniff(honest) is Kind.SAFETENSORS


@pytest.mark.parametrize("length", [0x0178, 0x5E78, 0x9C78, 0x8B1F, 0x4D42, 0x4949, 0x0180, 0x0580, 0x0328])
def test_a_safetensors_header_of_any_length_is_known(length: int) -> None:
    """The length comes first, and is the start of zlib, gzip, a bitmap or a pickle as well."""
    header = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'.ljust(length)
    assert sniff(length.to_bytes(8, "little") + header + b"\0") is Kind.SAFETENSORS
