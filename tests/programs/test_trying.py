"""How a network wants to be called, found on functions written out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from asl_inspector.errors import InferenceError
from asl_inspector.programs.records import Arrays, Port
from asl_inspector.programs.trying import all_lengths, find_way, likely_blank
from asl_inspector.programs.ways import Unwilling

F, C = 6, 4
RANDOM = np.random.default_rng(0)
WEIGHT = RANDOM.normal(size=(F, C)).astype(np.float32)
SAMPLE = [RANDOM.normal(size=(length, F)).astype(np.float32) for length in (9, 12, 15)]
LENGTHS = [12, 9, 15]
Array = np.ndarray


def reading(clips: Array) -> Array:
    """(N, T, F) -> (N, T, C); every frame sees the mean of its clip, so that time and batch cannot be confused."""
    return (clips + clips.mean(axis=1, keepdims=True)) @ WEIGHT


def network(function: Callable[[Array], Array | tuple[Array, ...]], rank: int = 3) -> Callable[..., Arrays]:
    """What the process of a network would answer."""

    def run(arrays: Sequence[Array]) -> Arrays:
        if arrays[0].ndim != rank:
            raise Unwilling(f"{rank} dimensions, please")
        try:
            made = function(*arrays)
        except ValueError as error:
            raise Unwilling(str(error)) from None
        return Arrays(made if isinstance(made, tuple) else (made,))

    return run


def answers(function: Callable[..., Array | tuple[Array, ...]], *ports: Port, rank: int = 3) -> Array:
    """What comes out for two clips of twelve frames, in the program's own order of axes."""
    run, wanted = network(function, rank), ports or (Port("x"),)
    clips = np.stack([np.resize(clip, (12, F)) for clip in SAMPLE[:2]])
    return find_way(run, wanted, SAMPLE, LENGTHS).ask(run, clips, wanted)


CLIPS = np.stack([np.resize(clip, (12, F)) for clip in SAMPLE[:2]])


def equal(found: Array, wanted: Array) -> None:
    """Within 1e-5: arrays of another layout are summed in another order."""
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_clips_first() -> None:
    equal(answers(reading), reading(CLIPS))


def test_frames_first() -> None:
    found = answers(lambda x: reading(x.transpose(1, 0, 2)).transpose(1, 0, 2))
    equal(found, reading(CLIPS))


def test_numbers_before_frames_on_both_sides() -> None:
    found = answers(lambda x: reading(x.transpose(0, 2, 1)).transpose(0, 2, 1))
    equal(found, reading(CLIPS))


def test_one_clip_without_an_axis_for_it() -> None:
    equal(answers(lambda x: reading(x[None])[0], rank=2), reading(CLIPS))


def test_an_answer_that_leaves_the_axis_of_one_clip_out() -> None:
    equal(answers(lambda x: reading(x).squeeze()), reading(CLIPS))


def test_one_answer_a_clip() -> None:
    equal(answers(lambda x: reading(x).mean(axis=1)), reading(CLIPS).mean(axis=1))


def test_joints_and_coordinates_apart() -> None:
    port = Port("joints", "float32", (None, None, 3, 2))
    found = answers(lambda x: reading(x.reshape(*x.shape[:2], F)), port, rank=4)
    equal(found, reading(CLIPS))


def test_coordinates_before_frames_as_graph_networks_want_them() -> None:
    port = Port("joints", "float32", (None, 2, None, 3))
    found = answers(lambda x: reading(x.transpose(0, 2, 3, 1).reshape(len(x), -1, F)), port, rank=4)
    equal(found, reading(CLIPS))


def test_lengths_and_masks_are_given() -> None:
    def masked(x: Array, lengths: Array, mask: Array) -> Array:
        assert lengths.tolist() == [x.shape[1]] * len(x)
        assert mask.all()
        return reading(x)

    ports = (Port("x"), Port("input_lengths", "int64", (None,)), Port("mask", "bool", (None, None)))
    equal(answers(masked, *ports), reading(CLIPS))


def test_the_scores_are_found_among_several_outputs() -> None:
    found = answers(lambda x: (np.zeros(len(x)), reading(x), np.array([x.shape[1]] * len(x))))
    equal(found, reading(CLIPS))


def test_probabilities_become_logarithms() -> None:
    def softmax(x: Array) -> Array:
        made = np.exp(reading(x))
        return made / made.sum(axis=-1, keepdims=True)

    found = answers(softmax)
    equal(found, np.log(softmax(CLIPS)))


def test_the_shortest_and_longest_clips_are_found() -> None:
    def between(x: Array) -> Array:
        if not 10 <= x.shape[1] <= 30:
            raise ValueError("too short or too long")
        return reading(x)

    way = find_way(network(between), (Port("x"),), SAMPLE, [12, 9, 10, 15, 30, 31, 40])
    assert (way.fewest, way.most) == (10, 30)


def test_chance_at_work_is_said() -> None:
    random = np.random.default_rng(1)
    way = find_way(network(lambda x: reading(x) + random.normal(size=(1, 1, C))), (Port("x"),), SAMPLE, LENGTHS)
    assert any("another answer every time" in one for one in way.assumptions)


def test_inputs_that_clips_do_not_have_are_named() -> None:
    with pytest.raises(InferenceError, match="“x”, “signer”"):
        find_way(network(reading), (Port("x"), Port("signer", "int64", (None, 4))), SAMPLE, LENGTHS)


def test_what_was_tried_is_told_where_nothing_works() -> None:
    with pytest.raises(InferenceError, match="6 features a frame") as raised:
        find_way(network(lambda x: x @ np.ones((7, C))), (Port("x"),), SAMPLE, LENGTHS)
    assert "clips x frames x numbers, 12 frames: matmul" in raised.value.detail


def test_a_blank_is_likely_only_where_no_label_is() -> None:
    winning = [np.eye(C)[[3, 3, 3, 0]], np.eye(C)[[3, 1]]]  # class 3 wins 4 of 6 frames
    assert likely_blank(winning, {0, 3}, 0.3) == (3, pytest.approx(4 / 6))
    assert likely_blank(winning, {0}, 0.3) is None
    assert likely_blank(winning, {3}, 0.7) is None
    assert likely_blank([], {0, 3}, 0.3) is None


def test_the_middle_length_is_tried_first() -> None:
    assert all_lengths(np.array([5, 9, 9, 30, 0])) == [9, 5, 30]
    assert all_lengths(np.array([0])) == []
