"""Runs that go wrong: too little memory, a lost device, NaN, cancelling at every stage, going on afterwards.

The device is the pretended GPU of `pretended_gpu.py`.
"""

from __future__ import annotations

import itertools
import mmap
import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
from inference.pretended_gpu import PretendedGpu
from inference.random_clips import CLIPS, arrays, same, source

from asl_inspector.errors import InferenceError
from asl_inspector.inference import columns, running
from asl_inspector.inference.loading import Batch
from asl_inspector.inference.placed import PlacedNetwork, Underway
from asl_inspector.inference.predictions import Outcome
from asl_inspector.inference.running import Run, run_network
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.progress import Cancelled, CancelToken, Step


def test_a_sound_gpu_gives_what_the_cpu_gives(network: BuiltNetwork, gpu: type[PretendedGpu]) -> None:
    clips = arrays()
    found = run_network(network, source(clips), batch_frames=16)
    assert found.device == "GPU nine"
    assert found.notes == ()
    assert found.ran.all()


def test_what_a_gpu_fetches_is_pinned_and_nothing_else(
    network: BuiltNetwork, gpu: type[PretendedGpu], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a transfer overlaps with the computation; with a real device `non_blocking` does the rest."""
    pinned: list[tuple[int, ...]] = []

    def pin(tensor: torch.Tensor) -> torch.Tensor:
        pinned.append(tuple(tensor.shape))
        return tensor

    monkeypatch.setattr(torch.Tensor, "pin_memory", pin)
    clips = arrays()
    run_network(network, source(clips), batch_frames=16)
    features = [shape for shape in pinned if len(shape) == 3]
    assert sum(shape[0] for shape in features) == len(clips)
    assert len(pinned) == 2 * len(features)  # with the labels
    pinned.clear()
    monkeypatch.setattr(running, "choose_device", lambda _: torch.device("cpu"))
    run_network(network, source(clips), batch_frames=16)
    assert pinned == []


def test_a_gpu_computes_a_batch_while_the_results_of_the_one_before_are_fetched(
    network: BuiltNetwork, gpu: type[PretendedGpu]
) -> None:
    events: list[tuple[str, int]] = []
    gpu.fail = staticmethod(lambda batch: events.append(("started", int(batch.clips[0]))))  # type: ignore[method-assign]
    gpu.late = staticmethod(lambda batch: events.append(("fetched", int(batch.clips[0]))))  # type: ignore[method-assign]
    found = run_network(network, source(arrays()), batch_frames=16)
    assert found.device_why == "You chose it."
    started = [clip for what, clip in events if what == "started"]
    assert started == [clip for what, clip in events if what == "fetched"]
    for before, after in itertools.pairwise(started):
        assert events.index(("started", after)) < events.index(("fetched", before))


def test_a_lost_device_is_the_reason_for_the_cpu(network: BuiltNetwork, gpu: type[PretendedGpu]) -> None:
    def lost(batch: Batch) -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    gpu.fail = staticmethod(lost)  # type: ignore[method-assign]
    found = run_network(network, source(arrays()), batch_frames=16)
    assert found.device_why.startswith("The device that was chosen failed. Threads: ")


@pytest.mark.parametrize("short", [0, 2, 5])
def test_too_little_memory_beside_other_batches_loses_none(
    network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch, short: int
) -> None:
    """On the CPU several batches are computed at once; those beside the one that failed are run again."""
    clips = arrays(200)
    wanted = run_network(network, source(clips), device="cpu")
    plain = PlacedNetwork.start
    calls: list[int] = []

    def sometimes(self: PlacedNetwork, batch: Batch) -> Underway:
        calls.append(len(batch.clips))
        if len(calls) == short + 1 and len(batch.clips) > 1:
            raise MemoryError
        return plain(self, batch)

    monkeypatch.setattr(PlacedNetwork, "start", sometimes)
    found = run_network(network, source(clips), device="cpu", batch_frames=30)
    same(found, wanted)
    assert len(found.notes) == 1
    assert "did not fit into memory" in found.notes[0]


@pytest.mark.parametrize("stage", ["fail", "late"])
def test_too_little_memory_halves_the_batch_and_goes_on(
    network: BuiltNetwork, gpu: type[PretendedGpu], stage: str
) -> None:
    clips = arrays()
    wanted = run_network(network, source(clips))
    tried: list[int] = []

    def short(batch: Batch) -> None:
        tried.append(len(batch.clips))
        if len(batch.clips) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    setattr(gpu, stage, staticmethod(short))
    found = run_network(network, source(clips))
    same(found, wanted)
    assert found.device == "GPU nine"
    assert ["did not fit" in note for note in found.notes] == [True]
    assert max(tried) > 3
    assert tried[-1] <= 3


@pytest.mark.parametrize("stage", ["fail", "late"])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_lost_device_is_told_and_the_cpu_goes_on(
    network: BuiltNetwork, gpu: type[PretendedGpu], stage: str, after: int
) -> None:
    clips = arrays()
    wanted = run_network(network, source(clips))
    calls: list[int] = []

    def lost(batch: Batch) -> None:
        calls.append(len(batch.clips))
        if len(calls) > after:
            raise RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be ...")

    setattr(gpu, stage, staticmethod(lost))
    found = run_network(network, source(clips), batch_frames=16)
    same(found, wanted)
    assert found.device == "CPU"
    assert len(found.notes) == 1
    assert "GPU nine failed" in found.notes[0]
    assert "device-side assert" in found.notes[0]


def test_one_clip_that_fits_no_gpu_runs_on_the_cpu(network: BuiltNetwork, gpu: type[PretendedGpu]) -> None:
    def never(_: Batch) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    gpu.fail = staticmethod(never)  # type: ignore[method-assign]
    found = run_network(network, source(arrays()))
    assert found.ran.all()
    assert any("ran out of memory on a single clip" in note for note in found.notes)


def test_no_memory_even_for_one_clip_is_an_error_with_advice(
    network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(self: PlacedNetwork, batch: Batch) -> Underway:
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")

    monkeypatch.setattr(PlacedNetwork, "start", short)
    with pytest.raises(InferenceError, match=r"clip of \d+ frames .* does not fit"):
        run_network(network, source(arrays()), device="cpu")


def test_an_error_of_the_network_itself_is_told(network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: PlacedNetwork, batch: Batch) -> Underway:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(PlacedNetwork, "start", wrong)
    with pytest.raises(InferenceError, match="cannot be run") as raised:
        run_network(network, source(arrays()), device="cpu")
    assert "mat1" in raised.value.detail


class Overflowing(torch.nn.Module):
    """A head that overflows for clips whose last feature is large."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, features: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        return self.module(features, lengths) / (features[..., 5:] < 100)


def test_a_clip_that_makes_nan_is_left_out_and_the_rest_is_sound(
    network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = arrays()
    clips[7][0, 5] = 1000
    wanted = run_network(network, source(clips), device="cpu")
    plain = PlacedNetwork.__init__

    def overflowing(self: PlacedNetwork, module: torch.nn.Module, *rest: object, **named: object) -> None:
        plain(self, Overflowing(module), *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(PlacedNetwork, "__init__", overflowing)
    found = run_network(network, source(clips), device="cpu")
    assert np.flatnonzero(~found.ran).tolist() == [7]
    assert found.outcomes is not None
    assert found.outcomes[7] == Outcome.OUTPUTS_NOT_FINITE
    assert found.lengths[7] == 0
    others = np.repeat(found.ran, wanted.lengths)
    np.testing.assert_array_equal(found.best_gloss, wanted.best_gloss[others])
    np.testing.assert_allclose(found.loss[found.ran], wanted.loss[found.ran], atol=1e-5)


def test_a_network_of_nan_says_so(network: BuiltNetwork) -> None:
    with torch.no_grad():
        network.module.head[0].bias[2] = torch.nan
    with pytest.raises(InferenceError, match="not finite") as raised:
        run_network(network, source(arrays()), device="cpu")
    assert "earlier checkpoint" in raised.value.advice


@pytest.mark.parametrize("at", range(0, CLIPS, 7))
def test_cancelled_anywhere_it_goes_on_to_the_same_results(network: BuiltNetwork, at: int) -> None:
    clips = arrays()
    wanted = run_network(network, source(clips), device="cpu")
    cancel = CancelToken()
    read: list[int] = []

    def features(index: int) -> np.ndarray:
        read.append(index)
        if len(read) == at + 1:
            cancel.cancel()
        return clips[index]

    run = Run(network, source(clips, features), device="cpu", batch_frames=12)
    with pytest.raises(Cancelled):
        run.go_on(cancel=cancel)
    partial = run.predictions()
    assert not partial.complete
    assert partial.ran.sum() < CLIPS
    np.testing.assert_array_equal(partial.loss[partial.ran], partial.loss[partial.ran & np.isfinite(partial.loss)])
    reads_before = int(partial.ran.sum())
    read.clear()
    steps: list[Step] = []
    found = run.go_on(progress=steps.append)
    same(found, wanted)
    assert found.complete
    assert len(read) == CLIPS - reads_before
    assert steps[0].done == reads_before


@pytest.mark.parametrize("stage", ["reading", "computing"])
def test_cancelling_is_answered_within_200_ms(
    network: BuiltNetwork, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = arrays(300)
    cancel = CancelToken()
    begun = threading.Event()
    pressed: list[float] = []

    def slow_reading(index: int) -> np.ndarray:
        if stage == "reading":
            begun.set()
            time.sleep(1.0)
        return clips[index]

    plain = PlacedNetwork.start

    def slow_computing(self: PlacedNetwork, batch: Batch) -> Underway:
        begun.set()
        time.sleep(0.0005 * len(batch.clips) * batch.features.shape[1])  # the batch size learns from this
        return plain(self, batch)

    if stage == "computing":
        monkeypatch.setattr(PlacedNetwork, "start", slow_computing)

    def press() -> None:
        begun.wait()
        time.sleep(0.3)
        pressed.append(time.perf_counter())
        cancel.cancel()

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(Cancelled):
        run_network(network, source(clips, slow_reading), device="cpu", batch_frames=200, cancel=cancel)
    answered = time.perf_counter()
    presser.join()
    assert answered - pressed[0] < 0.2


def test_an_error_while_reading_arrives(network: BuiltNetwork) -> None:
    def broken(index: int) -> np.ndarray:
        raise InferenceError("Clip seven is cut short.")

    with pytest.raises(InferenceError, match="cut short"):
        run_network(network, source(arrays(), broken), device="cpu")


def test_features_of_another_shape_than_announced_are_told(network: BuiltNetwork) -> None:
    with pytest.raises(InferenceError, match="announced"):
        run_network(network, source(arrays(), lambda index: np.zeros((99, 6), np.float32)), device="cpu")


def owner(held: Any) -> object:
    """What an array's numbers belong to in the end."""
    while isinstance(held, np.ndarray | memoryview):
        below = held.obj if isinstance(held, memoryview) else held.base
        if below is None:
            return held
        held = below
    return held


def test_very_long_columns_lie_in_a_file(network: BuiltNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = arrays()
    wanted = run_network(network, source(clips), device="cpu")
    monkeypatch.setattr(columns, "LARGEST_IN_MEMORY", 64)
    found = run_network(network, source(clips), device="cpu")
    assert isinstance(owner(found.best_gloss), mmap.mmap)
    assert not isinstance(owner(wanted.best_gloss), mmap.mmap)
    same(found, wanted)
