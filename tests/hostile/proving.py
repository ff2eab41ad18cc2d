"""Shows that payloads are live: each file is loaded in the ordinary way in a process of its own.

Run as a program: reads `load<TAB>file<TAB>canary folder` lines, forks for each, and writes `fired` or `silent` a line.
The one process has torch and NumPy imported already, so that thousands of files take minutes and not hours.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import resource
import signal
import sys
import time
import warnings
from pathlib import Path

SECONDS = 10
LARGEST = 4 << 30
PATIENCE = 1.0  # seconds that a command of its own gets after the load


def load(how: str, path: str) -> None:
    """An ordinary load."""
    import bz2
    import gzip
    import lzma
    import pickle
    import zlib

    import numpy as np
    import torch

    if how == "torch":
        torch.load(path, weights_only=False)
    elif how == "numpy":
        held = np.load(path, allow_pickle=True)
        if hasattr(held, "files"):
            for name in held.files:
                held[name]
    elif how == "zlib":
        pickle.loads(zlib.decompress(Path(path).read_bytes()))
    else:
        opener = {"pickle": open, "gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}[how]
        with opener(path, "rb") as file:
            pickle.load(file)


def _child(how: str, path: str, scratch: str) -> None:
    os.chdir(scratch)
    os.setpgid(0, 0)
    signal.alarm(SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    warnings.simplefilter("ignore")
    with contextlib.suppress(BaseException):
        load(how, path)
    with contextlib.suppress(BaseException):
        import atexit

        atexit._run_exitfuncs()
    os._exit(0)


def has_fired(canary: str) -> bool:
    """True once the canary's folder holds anything."""
    return any(os.scandir(canary))


def prove(how: str, path: str, canary: str) -> bool:
    """True where an ordinary load of the file makes its canary."""
    child = os.fork()
    if child == 0:
        _child(how, path, str(Path(path).parent))
    os.waitpid(child, 0)
    until = time.monotonic() + PATIENCE
    while not has_fired(canary) and time.monotonic() < until:
        time.sleep(0.02)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    return has_fired(canary)


if __name__ == "__main__":
    for module in ("logging.config", "logging.handlers", "pickle", "numpy", "torch"):
        importlib.import_module(module)  # once, and not after every fork
    for line in sys.stdin:
        how_, path_, canary_ = line.rstrip("\n").split("\t")
        print("fired" if prove(how_, path_, canary_) else "silent", flush=True)
