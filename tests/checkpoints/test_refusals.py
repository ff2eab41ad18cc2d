"""Files that are no checkpoint: each says what it is and what to do instead."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from asl_inspector.checkpoints.opening import READERS, open_path
from asl_inspector.checkpoints.refusals import NOT_A_CHECKPOINT
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.sniffing import Kind

ELSEWHERE = {Kind.JSON, Kind.TEXT, Kind.POSE}  # clips, vocabularies and histories are these


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return out.getvalue()


def test_every_kind_is_read_or_has_a_sentence_of_its_own() -> None:
    assert set(Kind) == set(READERS) | set(NOT_A_CHECKPOINT) | ELSEWHERE
    assert not set(READERS) & set(NOT_A_CHECKPOINT)
    for what, advice in NOT_A_CHECKPOINT.values():
        assert what.endswith(".")
        assert advice.endswith(".")


@pytest.mark.parametrize(
    ("content", "what", "advice"),
    [
        (b"", "is empty", "fetch it again"),
        (bytes(5000), "filled with zeros", "fetch it again"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git-LFS pointer", "git lfs pull"),
        (b"<!DOCTYPE html><html><title>Sign in</title></html>", "web page", "Download the file itself"),
        (b'{"error": "Repository not found"}', "error message of a server", "log in"),
        (b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", "error message of a server", "log in"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90) + b"keras_version", "Keras model", "convert it to ONNX"),
        (b"\x89HDF\r\n\x1a\n" + bytes(90), "HDF5", "numpy.savez"),
        (b"GGUF\x03\0\0\0", "llama.cpp", "convert it to ONNX"),
        (b"\x1c\0\0\0TFL3....", "TensorFlow Lite", "convert it to ONNX"),
        (b"\x28\xb5\x2f\xfd....", "packed with Zstandard", "Unpack it"),
        (b"Rar!\x1a\x07\x01\0", "RAR archive", "Unpack it"),
        (b"%PDF-1.7", "PDF document", "Drop the checkpoint itself"),
        (b"\0\0\0\x1cftypisom", "is a video", "features that were extracted"),
        (b"PAR1....", "Parquet table: data", "Drop the checkpoint itself"),
        (b"\x7fELF\x02\x01\x01\0", "program or a shared library", "do not run it"),
        (b"\x00\x01\x02" * 30, "binary file of no known kind", "compare its size"),
        (b"hello", "a text file", "Drop the checkpoint itself"),
        (zipped("config.json", "metadata.json", "model.weights.h5"), "Keras model", "convert it to ONNX"),
        (zipped("[Content_Types].xml", "word/document.xml"), "Office document", "Drop the checkpoint itself"),
        (zipped("MAR-INF/MANIFEST.json", "model.pt"), "TorchServe", "the `.pt` file that is in it"),
        (zipped("META-INF/MANIFEST.MF"), "Java or Android", "Drop the checkpoint itself"),
        (zipped("run/best.pt", "run/last.pt"), "holds “run/best.pt” and 1 more", "Unpack it"),
        (zipped("notes.txt"), "without the `data.pkl`", "unpack it"),
        (zipped(), "empty zip archive", "fetch it again"),
    ],
)
def test_a_wrong_file_says_what_it_is_and_what_to_do(tmp_path: Path, content: bytes, what: str, advice: str) -> None:
    (tmp_path / "best_model.pt").write_bytes(content)
    with pytest.raises(UnreadableCheckpoint) as refused:
        open_path(tmp_path / "best_model.pt")
    assert "“best_model.pt”" in refused.value.sentence
    assert what in refused.value.sentence
    assert advice in refused.value.advice


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors", "a.html", "a"])
def test_extensions_are_not_looked_at(tmp_path: Path, name: str) -> None:
    np.save(tmp_path / "array.npy", np.ones(3))
    (tmp_path / name).write_bytes((tmp_path / "array.npy").read_bytes())
    assert open_path(tmp_path / name)[1].format == "npy"


def test_a_pointer_in_place_of_a_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    (tmp_path / "i.index.json").write_text(json.dumps({"weight_map": {"w": "a.bin"}}))
    _, checkpoint = open_path(tmp_path / "i.index.json")
    assert "It is only a Git-LFS pointer" in checkpoint.notes[0]


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8, 0.99])
def test_truncated_downloads_say_so(tmp_path: Path, share: float) -> None:
    torch.save({"w": torch.randn(5000)}, tmp_path / "whole.pt")
    np.savez(tmp_path / "whole.npz", w=np.random.default_rng(0).normal(size=5000))
    for name in ("whole.pt", "whole.npz"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / "cut").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UnreadableCheckpoint, match="cut short"):
            open_path(tmp_path / "cut")
