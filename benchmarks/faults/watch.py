"""Real human movement: shoulder exercises, felt by a watch.

140 recordings of ten people doing seven exercises with either arm, acceleration and turning rate along three axes at
50 Hz (Burns, Leung, Hardisty, Whyne, Henry and McLachlin 2018, arXiv:1802.01489). An exercise with an arm stands for a
gloss, a person for a signer: training and validation have different people, as in signing. The recordings are read from
a wheel of the package seglearn, which bundles them; the wheel is neither installed nor run, and its pickle is read as
data. No clip is made up, only cut out.
"""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import array_of, to_numpy
from asl_inspector.inert_pickle.plain import items_of, lookup
from benchmarks.faults.records import Matrix

WHEELS = Path(__file__).parent / "data"
MEMBER = "seglearn/data/watch_dataset.npy"
EVERY = 6  # of 50 frames a second
SHORTEST, LONGEST = 14, 24  # frames of a clip: 1.7 to 2.9 seconds
TRAIN_PEOPLE = 6


def watch_wheel() -> Path | None:
    """The wheel with the recordings, or None where it was not fetched."""
    return max(WHEELS.glob("seglearn-*.whl"), default=None)


@cache
def movements() -> tuple[tuple[str, int, Matrix], ...]:
    """All `(exercise and arm, person, (T, 6))`, at a sixth of the rate.

    Raises:
        FileNotFoundError: If the wheel was not fetched.
    """
    wheel = watch_wheel()
    if wheel is None:
        raise FileNotFoundError(f"No seglearn wheel in {WHEELS}. Fetch it with `make benchmark-faults`.")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    header = 10 + int.from_bytes(content[8:10], "little")  # the length of the text before the stream
    stream = memoryview(content)[header:]
    whole = array_of(read_pickle(stream).value)
    if whole is None or not isinstance(whole.data, tuple):
        raise ValueError(f"{MEMBER} is not the array that version 1.2.5 has.")
    table = whole.data[0]

    def numbers(key: str) -> NDArray[np.generic]:
        found = array_of(lookup(table, key))
        if found is None:
            raise ValueError(f"{MEMBER} has no array {key!r}.")
        return to_numpy(found, stream)

    recorded, names = items_of(lookup(table, "X")), items_of(lookup(table, "y_labels"))
    if recorded is None or names is None:
        raise ValueError(f"{MEMBER} has no recordings.")
    found = []
    kinds, people, sides = (numbers(key).astype(int).tolist() for key in ("y", "subject", "side"))
    for value, kind, person, side in zip(recorded, kinds, people, sides, strict=True):
        series = array_of(value)
        if series is None:
            raise ValueError(f"{MEMBER} has a recording that is no array.")
        name = f"{str(names[kind]).lower()}-{'right' if side else 'left'}"
        found.append((name, person, to_numpy(series, stream)[::EVERY].astype(np.float32)))
    return tuple(found)


def cut(
    random: np.random.Generator, person_of: dict[int, int], gloss: str, count: int, slow: float
) -> list[tuple[int, Matrix]]:
    """`count` windows `(person, (T, 6))` of an exercise, dealt over the people in turn, none of them twice the same place.

    Args:
        random: Chooses places and lengths.
        person_of: The people to take, in their order.
        gloss: Exercise and arm.
        count: How many windows.
        slow: Factor on their length.
    """
    own = [(person_of[person], series) for name, person, series in movements() if name == gloss and person in person_of]
    each = -(-count // len(own))
    found = []
    for turn in range(each):
        for person, series in own:
            length = min(int(random.integers(SHORTEST, LONGEST) * slow), len(series) // each)
            room = len(series) // each - length
            first = turn * (len(series) // each) + int(random.integers(room + 1))
            found.append((person, series[first : first + length]))
    return found[:count]
