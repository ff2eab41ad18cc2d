"""What makes a job the same job: the content of its file, and all that its result depends on.

A key changes with the file, the data, the decoder, the answers to open choices and the version of the program, and with
nothing else: a renamed or copied file, another machine or another engine gives the same key. The device is left out, since
predictions do not depend on it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from asl_inspector.about import program_version
from asl_inspector.sweep.records import DataFile, Setup

KEY_LETTERS = 32


def setup_key(setup: Setup, files: Sequence[DataFile]) -> str:
    """What a result depends on besides the checkpoint, as one word."""
    held = {
        "program": program_version(),
        "decoder": setup.decoder,
        "blank": setup.blank,
        "choices": sorted(setup.choices),
        "files": sorted([one.role, one.sha256] for one in files),
    }
    return _digest(held)


def job_key(content: str, setup: str) -> str:
    """The key of one content.

    Args:
        content: SHA-256 of the checkpoint.
        setup: As `setup_key` gives it.
    """
    return _digest([content, setup])


def _digest(held: object) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:KEY_LETTERS]
