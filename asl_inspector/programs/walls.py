"""What the process that runs somebody's network may do.

A network that nobody consented to (ONNX) is computed behind the same walls as the reading of a file: no new file, no
connection, no process, no import. Code that the researcher consented to may do what code does, except that the network
is switched off, which stops accidents and not native code, and that memory is bounded.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from asl_inspector.workers import tripwire

LEAST_MEMORY = 1 << 30
SHARE_OF_FREE_MEMORY = 0.8
NETWORK_EVENTS = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
SWITCHED_OFF = "the network is switched off for code that ASL Inspector runs"


def bound_memory(most: int | None) -> None:
    """Bound the address space, so that a lack of memory is this process's and not the machine's.

    Args:
        most: Bytes beyond what the process has now, or None for most of what the machine has free.
    """
    if sys.platform in ("win32", "darwin"):  # neither holds processes to a bound of the address space
        return
    import resource

    free = _kilobytes("/proc/meminfo", "MemAvailable:")
    held = _kilobytes("/proc/self/status", "VmSize:")
    if held is None or (most is None and free is None):
        return
    allowed = most if most is not None else max(LEAST_MEMORY, int(SHARE_OF_FREE_MEMORY * 1024 * (free or 0)))
    with contextlib.suppress(OSError, ValueError):  # a lower bound is there already
        resource.setrlimit(resource.RLIMIT_AS, (held * 1024 + allowed,) * 2)


def forbid_everything() -> None:
    """No new file, process or core dump; Python's own attempts at any of it end the process."""
    if sys.platform != "win32":
        import resource

        for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(what, (0, 0))
    tripwire.arm()


def switch_network_off() -> None:
    """Make Python's sockets refuse. Native code is not stopped by it."""
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _arguments: tuple[object, ...]) -> None:
    if event in NETWORK_EVENTS:
        raise PermissionError(SWITCHED_OFF)


def _kilobytes(path: str, name: str) -> int | None:
    """A figure of a file of Linux's `/proc`, or None."""
    try:
        lines = Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines)
    return next((int(words[1]) for words in found if words and words[0] == name), None)
