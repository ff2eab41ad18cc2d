"""What the user is asked before somebody's code runs, and whether what was answered still holds.

Consent is for one content, by its SHA-256, and for one action: computing the network's answers. Opening, previewing,
dropping or trying again never asks; a separate command does (`--trust` on the command line, the Run menu in the window).
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asl_inspector.about import NAME
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError
from asl_inspector.inference.records import Consent
from asl_inspector.mapped_file import Content, MappedFile

WITH_CONSENT = ("TorchScript", "torch.export")  # formats of checkpoints that carry a program which could do anything
FAMILY = "program"
ONNX: Final = "onnx"
LARGEST_CODE = 4 << 20
MOST_IMPORTS = 12
WHAT_IT_MEANS = (
    "If you allow it, this file is run as a program on this computer. It can do what you can do here: read, change and delete "
    "your files, and start other programs. Allow it only if you wrote it, or have read it, or trust who did.",
    f"It runs in a process of its own, with Python's network access switched off; {NAME} stays unharmed if it fails, and ends it "
    "when you cancel.",
    "Your answer holds for exactly this content and for this case. If the file changes, you are asked again.",
)
ANOTHER_WAY = "You can do without: the weights can be read, searched, measured and compared with nothing run."


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that could be run, and all that the user should know before deciding.

    Attributes:
        path: The file.
        sha256: Hash of its content, in hexadecimal.
        bytes: Its size.
        what: What it is, in few words ("Python code that builds the network").
        found: What was seen in it, as sentences, without running it.
        environment: What it would run with, as a sentence.
    """

    path: Path
    sha256: str
    bytes: int
    what: str
    found: tuple[str, ...]
    environment: str

    @property
    def consent(self) -> Consent:
        """The user's word, once it is given."""
        return Consent(self.path, self.sha256)


def read_code(path: Path) -> bytes:
    """The bytes of a file of Python code; these are hashed and these are run, whatever the file becomes meanwhile.

    Raises:
        DataError: If it is no such file.
    """
    file = MappedFile(path)
    if file.size > LARGEST_CODE:
        raise DataError(
            f"“{path.name}” has {file.size:,} bytes, which no Python file of a person has.",
            advice="Give the file that defines build_model(checkpoint).",
        )
    return bytes(file.view)


def hash_of(content: bytes | memoryview) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def offer_of_code(path: Path) -> Offer:
    """What the user is told of Python code.

    Raises:
        DataError: If the file cannot be read, or is no Python code that defines `build_model`.
    """
    content = read_code(path)
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(
            f"“{path.name}” is no valid Python code.",
            advice="Give the file that defines build_model(checkpoint).",
            detail=str(error),
        ) from None
    defined = {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
    assigned = {
        name.id
        for one in ast.walk(tree)
        if isinstance(one, ast.Assign)
        for name in one.targets
        if isinstance(name, ast.Name)
    }
    imported = {
        alias.asname or alias.name for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) for alias in one.names
    }
    if "build_model" not in defined | assigned | imported:
        raise DataError(
            f"“{path.name}” defines no function build_model(checkpoint).",
            advice="Write one that takes the checkpoint and gives back the torch.nn.Module; the guide has an example.",
        )
    found = ["It defines build_model(checkpoint)" + (" and prepare(clip)." if "prepare" in defined else ".")]
    names = list(dict.fromkeys(_imports(tree)))
    if names:
        more = f" and {len(names) - MOST_IMPORTS} more" if len(names) > MOST_IMPORTS else ""
        found.append(f"It imports {', '.join(names[:MOST_IMPORTS])}{more}.")
    return Offer(
        path, hash_of(content), len(content), "Python code that builds the network", tuple(found), environment()
    )


def offer_of_program(checkpoint: Checkpoint, content: Content) -> Offer:
    """What the user is told of a checkpoint that carries its program.

    Raises:
        DataError: If it carries none that needs consent.
    """
    whole = content[""] if not isinstance(content, bytes | memoryview) else content
    if checkpoint.format == ONNX:
        raise DataError(f"“{checkpoint.path.name}” is run without consent: ONNX can do nothing but compute.")
    if checkpoint.format not in WITH_CONSENT:
        raise DataError(
            f"“{checkpoint.path.name}” carries no program.", advice="Give the code that builds its network instead."
        )
    runs = list(dict.fromkeys(run.call for run in checkpoint.would_run))
    found = [f"Loading it would call {', '.join(runs[:MOST_IMPORTS])}."] if runs else []
    code = [one for one in checkpoint.values if one.type in ("TorchScript code", "exported program")]
    found.append(f"It carries {len(code)} files of {checkpoint.format} code; Checkpoint keys shows them.")
    what = "A checkpoint with the program of its network"
    return Offer(checkpoint.path, hash_of(whole), len(whole), what, tuple(found), environment())


def environment() -> str:
    """What code would run with."""
    return f"It runs with Python {sys.version.split()[0]} and the packages that {NAME} runs with."


def _imports(tree: ast.Module) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
