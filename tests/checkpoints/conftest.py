"""Fixtures of the tests of checkpoints."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def torch_may_warn() -> Iterator[None]:
    """torch warns of its own older formats, which is why they are tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
