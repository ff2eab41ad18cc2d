"""Files written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

from asl_inspector.errors import ExportError

LONGEST_NAME = 40  # of the target's, in the name of the part beside it: names have an end
PART = ".part"
SECONDS_OLD = 3600.0


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside the target and rename it into place, so that an old file stays whole until then.

    A link is followed. Parts that a killed program left beside the target an hour ago or earlier are removed.

    Raises:
        ExportError: If the folder is missing or may not be written to, the disk is full, or another program holds the
            target open where that matters.
    """
    target = Path(os.path.realpath(path))
    if os.path.isdir(target):  # where the folder may not be entered, `Path.is_dir` raises
        raise ExportError(f"“{path}” is a folder.", advice="Choose the name of a file.")
    prefix = f".{target.name[:LONGEST_NAME]}."
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=PART)
    except OSError as error:
        raise _failed(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode_for(target))
        os.replace(temporary, target)
    except OSError as error:
        raise _failed(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    _remove_old_parts(target.parent, prefix)


def _remove_old_parts(folder: Path, prefix: str) -> None:
    """What was left behind by a program that was killed; a younger part may belong to one that is writing."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            name = entry.name
            if name.startswith(prefix) and name.endswith(PART) and time.time() - entry.stat().st_mtime > SECONDS_OLD:
                os.unlink(entry.path)


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
        if os.name == "nt" and path.exists():
            advice = "If another program shows it, close it there; or choose another name."
        return ExportError(f"“{path}” may not be written.", advice=advice, detail=str(error))
    return ExportError(f"“{path}” could not be written: {error.strerror}.", advice=advice, detail=str(error))
