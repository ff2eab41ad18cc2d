"""Clips to run, and ways to run the same network without any program around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_clips, write_cache
from torch import nn

from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.inference.running import run_network
from asl_inspector.inspection import Inspector
from asl_inspector.inspection_parts import clip_source
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.networks.network import Network
from asl_inspector.networks.records import Architecture
from asl_inspector.programs.consent import hash_of
from asl_inspector.report.contents import Inspected


class Direct(Network):
    """A torch module as the program runs its own."""

    def __init__(
        self, module: nn.Module, arrange: Callable[[torch.Tensor], torch.Tensor], *, pooled: bool = False
    ) -> None:
        super().__init__()
        self.module, self.arrange, self.pooled = module, arrange, pooled

    def output_frames(self, frames: int) -> int:
        return 1 if self.pooled else frames

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.module(self.arrange(features))


@pytest.fixture
def directly() -> Callable[..., Predictions]:
    """Predictions of a torch module that is run here and now, on the validation clips of an inspected case."""

    def run(inspected: Inspected, module: nn.Module, arrange: Callable = lambda clips: clips) -> Predictions:
        clips = inspected.case.validation
        assert clips is not None
        assert inspected.architecture is not None
        architecture: Architecture = inspected.architecture
        network = Direct(module, arrange, pooled=architecture.pooled)
        return run_network(BuiltNetwork(network, architecture), clip_source(clips), device="cpu")

    return run


def same(found: Predictions, wanted: Predictions) -> None:
    """Equal predictions, and every figure within 1e-5."""
    for name in ("ran", "starts", "best_gloss"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    for name in ("blank_lead", "blank_posterior", "loss", "top_log_prob", "empty_log_prob"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), atol=1e-5, rtol=1e-5)


def clips_of(
    path: Path, count: int, *, first: int = 0, clips_a_gloss: int = 1, features: int = 6, seed: int = 1
) -> Path:
    """A cache with glosses whose ids are `first`, `first` + 1, ..."""
    glosses = [f"gloss{number}" for number in range(count)]
    ids = {gloss: first + number for number, gloss in enumerate(glosses)}
    cache = make_clips(glosses=glosses, clips_a_gloss=clips_a_gloss, features=features, ids=ids, seed=seed)
    return write_cache(path, cache)


def inspected(*paths: Path, trust: Path | None = None, **settings: object) -> Inspected:
    """A case of these files, with consent to run one of them."""
    consent = None if trust is None else Consent(trust, hash_of(trust.read_bytes()))
    inspector = Inspector(Settings(device="cpu", consent=consent, **settings))  # type: ignore[arg-type]
    inspector.add(paths)
    return inspector.inspect()


def scored(result: Inspected) -> Predictions:
    """The predictions, which must be there."""
    assert not result.problems, result.problems
    assert result.validation is not None
    return result.validation.predictions
