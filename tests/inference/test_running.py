"""Running networks: exact, whatever the batch; cancellable; honest about clips that cannot be run."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from inference.random_clips import arrays

from asl_inspector.errors import InferenceError
from asl_inspector.inference import devices
from asl_inspector.inference.batches import BatchPlan, BatchSize
from asl_inspector.inference.decoding import majority
from asl_inspector.inference.devices import choose_device
from asl_inspector.inference.running import Run, clip_log_posteriors, run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.building import BuiltNetwork
from asl_inspector.progress import Cancelled, CancelToken, Step


def source(arrays: list[np.ndarray], labels: list[int] | None = None) -> ClipSource:
    lengths = np.array([len(array) for array in arrays])
    ids = np.array(labels if labels is not None else [1] * len(arrays))
    widths = {array.shape[1] for array in arrays}
    return ClipSource("clips.pkl", lengths, ids, widths.pop() if len(widths) == 1 else None, lambda i: arrays[i])


@pytest.mark.parametrize("batch_frames", [1, 7, 64, 100_000])
def test_predictions_equal_one_clip_at_a_time_whatever_the_batch(network: BuiltNetwork, batch_frames: int) -> None:
    clips = arrays()
    labels = [1 + index % 8 for index in range(len(clips))]
    found = run_network(network, source(clips, labels), device="cpu", batch_frames=batch_frames)
    frames = found.frame_argmax()
    for index, clip in enumerate(clips):
        with torch.inference_mode():
            logits = network.module(torch.from_numpy(clip)[None])[0]
        part = slice(found.starts[index], found.starts[index + 1])
        np.testing.assert_array_equal(frames[part], logits.argmax(-1).numpy())
        posterior = logits.softmax(-1)[:, 0].numpy()
        np.testing.assert_allclose(found.blank_posterior[part], posterior, atol=1e-6)
        loss = torch.nn.functional.ctc_loss(
            logits.log_softmax(-1)[:, None],
            torch.tensor([[labels[index]]]),
            torch.tensor([len(clip)]),
            torch.tensor([1]),
            reduction="sum",
        )
        assert found.loss[index] == pytest.approx(loss.item(), abs=1e-5)


def test_the_order_of_the_clips_changes_nothing(network: BuiltNetwork) -> None:
    clips = arrays()
    one = run_network(network, source(clips), device="cpu")
    other = run_network(network, source(clips[::-1]), device="cpu")
    np.testing.assert_array_equal(majority(one), majority(other)[::-1])
    np.testing.assert_allclose(one.top_log_prob, other.top_log_prob[::-1], atol=1e-5)


def test_clips_that_cannot_be_run_are_left_out_and_told(network: BuiltNetwork) -> None:
    clips = arrays(6)
    clips[1] = np.zeros((0, 6), np.float32)
    clips[3] = clips[3].copy()
    clips[3][0, 0] = np.nan
    clips[4] = clips[4].copy()
    clips[4][0, 0] = np.inf
    found = run_network(network, source(clips), device="cpu")
    assert found.ran.tolist() == [True, False, True, False, False, True]
    assert found.lengths.tolist() == [len(clips[0]), 0, len(clips[2]), 0, 0, len(clips[5])]


def test_nothing_to_run_is_an_error_with_advice(network: BuiltNetwork) -> None:
    with pytest.raises(InferenceError, match="No clip"):
        run_network(network, source([np.zeros((0, 6), np.float32)]), device="cpu")


@pytest.mark.parametrize("width", [5, 40])
def test_another_number_of_features_names_both(network: BuiltNetwork, width: int) -> None:
    with pytest.raises(InferenceError, match=f"{width} features a frame.*takes 6"):
        run_network(network, source([np.zeros((3, width), np.float32)]), device="cpu")


def test_clips_of_several_widths_are_named(network: BuiltNetwork) -> None:
    with pytest.raises(InferenceError, match="differ"):
        run_network(network, source([np.zeros((3, 6), np.float32), np.zeros((3, 7), np.float32)]), device="cpu")


def test_labels_outside_the_network_have_no_loss(network: BuiltNetwork) -> None:
    found = run_network(network, source(arrays(5), [0, 1, 8, 9, -1]), device="cpu")
    assert np.isnan(found.loss).tolist() == [True, False, False, True, True]


def test_cancelling_stops_between_batches(network: BuiltNetwork) -> None:
    cancel = CancelToken()
    seen: list[int] = []

    def progress(step: Step) -> None:
        seen.append(step.done)
        if step.done >= 3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        run_network(network, source(arrays()), device="cpu", batch_frames=1, progress=progress, cancel=cancel)
    assert max(seen) < 40


def test_progress_ends_with_all_clips(network: BuiltNetwork) -> None:
    steps: list[Step] = []
    run_network(network, source(arrays(40)), device="cpu", progress=steps.append)
    assert (steps[-1].done, steps[-1].total, steps[-1].unit) == (40, 40, "clips")
    assert [step.done for step in steps] == sorted(step.done for step in steps)


def test_one_clips_posteriors_are_recomputed(network: BuiltNetwork) -> None:
    (clip,) = arrays(1)
    found = clip_log_posteriors(network, clip)
    assert found.shape == (len(clip), 9)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, atol=1e-5)


def test_results_cannot_be_changed_by_accident(network: BuiltNetwork) -> None:
    found = run_network(network, source(arrays(3)), device="cpu")
    with pytest.raises(ValueError, match="read-only"):
        found.best_gloss[0] = 1


def handed_out(plan: BatchPlan, frames: int) -> list[list[int]]:
    batches = []
    while (batch := plan.take(frames)) is not None:
        batches.append(batch.tolist())
    return batches


def test_batches_hold_one_length_and_every_runnable_clip_once() -> None:
    lengths = np.array([3, 5, 3, 0, 5, 3, 9])
    batches = handed_out(BatchPlan(lengths, lengths > 0), 6)
    assert batches == [[6], [1], [4], [0, 2], [5]]


@pytest.mark.parametrize("seed", range(5))
def test_ragged_batches_stay_near_one_length_and_within_size(seed: int) -> None:
    random = np.random.default_rng(seed)
    lengths = random.integers(1, 60, 200)
    batches = handed_out(BatchPlan(lengths, lengths > 20, ragged=True), 400)
    assert sorted(clip for batch in batches for clip in batch) == np.flatnonzero(lengths > 20).tolist()
    for batch in batches:
        assert lengths[batch].min() >= 0.8 * lengths[batch].max()
        assert lengths[batch].max() * len(batch) <= 400
    assert len(batches) < len(handed_out(BatchPlan(lengths, lengths > 20), 400))


def test_a_batch_is_bounded_by_memory_and_by_what_was_asked_for() -> None:
    assert BatchSize("cpu", 2_000_000).frames < BatchSize("cpu", 100).frames
    assert BatchSize("cpu", 100, 50).frames == 50
    assert BatchSize("cpu", 100, parameters=100_000_000).frames < 30  # so that even the first batch can be cancelled


def test_a_batch_fits_into_what_memory_is_free() -> None:
    plenty, little = BatchSize("cuda", 1000, free=8 << 30), BatchSize("cuda", 1000, free=64 << 20)
    assert plenty.frames == BatchSize("cuda", 1000).frames
    assert little.frames * 1000 * 64 <= 32 << 20
    for _ in range(20):
        little.note(little.frames, 0.001)  # quick batches grow, but not past what is free
    assert little.frames * 1000 * 64 <= 32 << 20
    assert BatchSize("cpu", 1000, free=1).frames == 1


@pytest.mark.parametrize(("wanted", "told"), [("auto", "Chosen by itself"), ("cpu", "You chose it")])
def test_why_a_device_was_taken_is_told(
    network: BuiltNetwork, wanted: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    found = Run(network, source(arrays()), device=wanted, threads=2).go_on()
    assert found.device == "CPU, 2 threads"
    assert found.device_why.startswith(told)
    assert found.device_why.endswith("Threads: as you chose.")


def test_the_reason_names_the_kind_of_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert "CUDA" in devices.why_device("auto", torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert "first of 4" in devices.why_device("auto", torch.device("cuda"))
    assert "Apple" in devices.why_device("auto", torch.device("mps"))
    assert devices.why_device("cuda:1", torch.device("cuda:1")) == "You chose it."


def test_a_group_is_split_into_equal_batches() -> None:
    lengths = np.full(11, 2)
    assert [len(batch) for batch in handed_out(BatchPlan(lengths, lengths > 0), 20)] == [6, 5]


def test_a_batch_grows_while_it_is_quick_and_shrinks_where_cancelling_would_wait() -> None:
    size = BatchSize("cpu", 100)
    first = size.frames
    size.note(first, 0.01)
    assert size.frames == 2 * first
    for _ in range(20):
        size.note(size.frames, 1.0)
    assert size.frames == 1
    one = BatchSize("cpu", 100)
    one.note(one.frames, 5.0)  # a busy machine
    assert one.frames >= 512


def test_after_a_lack_of_memory_no_batch_is_as_large_again() -> None:
    size = BatchSize("cpu", 100)
    size.halve(1000)
    for _ in range(10):
        size.note(size.frames, 0.001)
    assert size.frames == 500


@pytest.mark.parametrize("name", ["cuda", "cuda:3", "mps"])
def test_a_device_that_is_not_there_is_an_error_with_advice(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InferenceError, match=r"no .* device here"):
        choose_device(name)
    assert choose_device("auto").type == "cpu"


def test_a_name_that_is_no_device_is_an_error() -> None:
    with pytest.raises(InferenceError, match="no device"):
        choose_device("toaster")


def test_auto_prefers_cuda_then_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto").type == "cuda"


@pytest.fixture(autouse=True)
def _nothing_known_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.Threads, "_known", None)


def timed(threads: devices.Threads, seconds: dict[int, float]) -> int:
    for _ in range(20):
        threads.note(1000, seconds[torch.get_num_threads()])
    return torch.get_num_threads()


def test_threads_are_settled_by_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr(devices, "_threads_work", lambda _: True)
    try:
        assert timed(devices.Threads(2), {1: 1.0, 2: 0.6}) == 2
        assert devices.Threads(2).settled  # a run that follows soon asks nothing
        devices.Threads._known = None
        assert timed(devices.Threads(2), {1: 0.6, 2: 1.0}) == 1
        devices.Threads._known = None
        assert timed(devices.Threads(2), {1: 0.1, 2: 9.0}) == 1
    finally:
        torch.set_num_threads(before)


def test_a_busy_machine_never_tries_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setattr(devices, "_threads_work", lambda _: False)
    try:
        assert devices.Threads(2).settled
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
