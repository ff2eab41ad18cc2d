"""All hostile cases."""

from __future__ import annotations

from functools import cache

from hostile.corpus.bombs import bomb_cases
from hostile.corpus.damaged import damaged_cases
from hostile.corpus.lures import lure_cases
from hostile.corpus.payloads import payload_cases
from hostile.corpus.records import Hostile
from hostile.corpus.safetensors_headers import safetensors_cases
from hostile.corpus.storages import storage_cases
from hostile.corpus.strings import string_cases
from hostile.corpus.zips import zip_cases


@cache
def hostile_cases() -> tuple[Hostile, ...]:
    """Every hostile case, names unique."""
    cases = (
        *payload_cases(),
        *storage_cases(),
        *zip_cases(),
        *safetensors_cases(),
        *damaged_cases(),
        *bomb_cases(),
        *string_cases(),
        *lure_cases(),
    )
    names = [case.name for case in cases]
    if len(set(names)) < len(names):
        raise ValueError([name for name in names if names.count(name) > 1])
    return cases
