"""What a process that reads a file may use, enforced by the operating system where it can."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

MEMORY = 1_200 << 20  # bytes beyond what the process and its mapped files have when it starts to read
CPU_SECONDS = 20
LARGEST_REPORT = 64 << 10  # bytes of standard error, which is a file; no other file can be written


def limit_this_process(cpu_seconds: int = CPU_SECONDS) -> None:
    """Limit memory and time, and forbid new files, new processes and core dumps.

    Called once all files are mapped: afterwards no descriptor can be opened, so neither a second file nor the network
    can be reached whatever the reader does. Windows has no such limits; there the parent's clock and the tripwire
    remain.
    """
    if sys.platform == "win32":
        return
    import resource

    def limit(what: int, most: int, spare: int = 0) -> None:
        with contextlib.suppress(OSError, ValueError):  # a platform without this limit, or one already lower
            resource.setrlimit(what, (most, most + spare))

    limit(resource.RLIMIT_AS, _virtual_size() + MEMORY)
    limit(resource.RLIMIT_CPU, cpu_seconds, 1)  # so that SIGXCPU ends it and not SIGKILL, which others send too
    limit(resource.RLIMIT_FSIZE, LARGEST_REPORT)
    limit(resource.RLIMIT_CORE, 0)
    limit(resource.RLIMIT_NPROC, 0)
    limit(resource.RLIMIT_NOFILE, 0)


def _virtual_size() -> int:
    """Bytes of address space in use: mapped files count."""
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 8 << 30
    return pages * resource.getpagesize()
