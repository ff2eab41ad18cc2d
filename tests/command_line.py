"""The command line, run as a script runs it."""

from __future__ import annotations

import subprocess
import sys


def inspector(*arguments: object, check: bool = False, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "asl_inspector", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=check, timeout=120, **options)  # type: ignore[call-overload]
