"""What every package says of the program: its version, and the files that it opens."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file that can be opened with the program.

    Attributes:
        name: For people.
        endings: Without the dot.
        mime: Its type on Linux.
        uti: Its type on macOS.
        ours: True where no other program has a claim to it: only then it is opened by this one unasked.
    """

    name: str
    endings: tuple[str, ...]
    mime: str
    uti: str
    ours: bool = False


FILE_TYPES = (
    FileType(
        "ASL Inspector case", ("aslcase",), "application/x-asl-inspector-case", "org.asl-inspector.case", ours=True
    ),
    FileType("PyTorch checkpoint", ("pt", "pth", "ckpt"), "application/x-pytorch-checkpoint", "org.pytorch.checkpoint"),
    FileType("safetensors weights", ("safetensors",), "application/x-safetensors", "co.huggingface.safetensors"),
)


def version_of(project: Path = ROOT / "pyproject.toml") -> str:
    """The version in `pyproject.toml`."""
    return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
