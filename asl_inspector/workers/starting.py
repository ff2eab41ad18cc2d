"""How a reader is started: isolated from the environment, the user's site and the working folder.

It loads little, so that a command that needs a reader can start it first and load the rest meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from asl_inspector.own_process import is_frozen, isolated_command

SERVE = "from asl_inspector.workers.serving import serve; serve(once=sys.argv[1] == 'once')"


@dataclass(frozen=True, slots=True)
class Started:
    """A process that waits for what to read.

    Attributes:
        process: It, with pipes to its standard input and from its standard output.
        errors: The file that it writes troubles to.
    """

    process: subprocess.Popen[bytes]
    errors: BinaryIO

    def end(self) -> None:
        """Kill the process and what it started."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, 9)
            else:
                self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                cast("BinaryIO", pipe).close()
        self.errors.close()


def start_reader(*, once: bool) -> Started:
    """Start one.

    Args:
        once: For a single file: the process reads it without forking, which starts faster.
    """
    errors = _nameless_file()
    process = subprocess.Popen(
        reader_command(once=once),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        close_fds=True,
        cwd=Path(sys.executable).anchor,
        env=reader_environment(),
        start_new_session=True,
    )
    return Started(process, errors)


def reader_command(*, once: bool) -> list[str]:
    """The command line of a reader."""
    how = "once" if once else "many"
    return [sys.executable, "_reader", how] if is_frozen() else isolated_command(SERVE, how)


def reader_environment() -> dict[str, str]:
    """Nothing of the user's environment but what the platform cannot start without."""
    kept = ("SYSTEMROOT", "SystemRoot", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    libraries = {  # no plug-ins, and no thread beside the one that reads
        "HDF5_PLUGIN_PRELOAD": "::",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
    }
    return {name: os.environ[name] for name in kept if name in os.environ} | threads | libraries


def _nameless_file() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("reader"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()
