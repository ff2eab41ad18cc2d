"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from asl_inspector.errors import ExportError


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside the target and rename it into place, so that an old file stays whole until then.

    Raises:
        ExportError: If the folder is missing or may not be written to, or the disk is full.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise _failed(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode_for(path))
        os.replace(temporary, path)
    except OSError as error:
        raise _failed(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _mode_for(path: Path) -> int:
    """The permissions of the old file, or what the user's mask gives a new one."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _failed(path: Path, error: OSError) -> ExportError:
    advice = "Choose another folder."
    if isinstance(error, FileNotFoundError):
        return ExportError(f"The folder of “{path}” does not exist.", advice=advice, detail=str(error))
    if isinstance(error, PermissionError):
        return ExportError(f"“{path}” may not be written.", advice=advice, detail=str(error))
    return ExportError(f"“{path}” could not be written: {error.strerror}.", advice=advice, detail=str(error))
