"""Where the clips come from: made-up landmarks, real recordings of spoken vowels, and real movements of the arm.

"landmarks": each gloss is a smooth path of two hands and a body, seen through a signer's offset, size and pace, with
noise. Features: right hand 0-9, left hand 10-19, body 20-25, velocities of the right hand 26-35.

"vowels": JapaneseVowels, 640 recordings of nine speakers saying /ae/, as 12 LPC cepstrum coefficients of 7 to 29 frames
(Kudo, Toyama and Shimbo 1999; UCI Machine Learning Repository). Speakers stand for glosses; velocities are appended as
in a landmark pipeline. The recordings are read from a wheel of the package aeon, which bundles them; the wheel is neither
installed nor run. No clip is made up, only chosen.

"watch": fourteen exercises of the shoulder, felt by a watch (see `watch`). Other people in validation than in training.

Shapes: T frames, F features.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.faults.records import Clip, Columns, Matrix
from benchmarks.faults.watch import TRAIN_PEOPLE, cut, movements

WHEELS = Path(__file__).parent / "data"
VOWELS = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{}.ts"
LATENTS = 6
WORDS = ("book", "drink", "computer", "before", "chair", "go", "clothes", "who", "candy", "cousin", "deaf", "fine")


@dataclass(frozen=True, slots=True)
class Amount:
    """How much data there is, and how hard it is.

    Attributes:
        train: Training clips a gloss.
        val: Validation clips a gloss.
        noise: Factor on the noise of made-up clips; for real ones, noise added in units of each feature's spread, less 1.
        slow: Factor on the number of frames. The walk in made-up clips grows with them, so their noise is lowered then.
        train_signers: How many sign in training.
    """

    train: int = 12
    val: int = 7
    noise: float = 1.0
    slow: float = 1.0
    train_signers: int = 6


@dataclass(frozen=True, slots=True)
class Drawn:
    """Clips without ids.

    Attributes:
        glosses: All of them.
        train: `(gloss, signer, features)`.
        val: The same.
        columns: Which features are what.
    """

    glosses: tuple[str, ...]
    train: list[tuple[str, int, Matrix]]
    val: list[tuple[str, int, Matrix]]
    columns: Columns


def with_velocity(places: Matrix, of: int) -> Matrix:
    """(T, F) -> (T, F + of): differences of the first `of` columns between frames; the first frame has none."""
    moved = np.diff(places[:, :of], axis=0, prepend=places[:1, :of])
    return np.concatenate([places, moved], axis=1).astype(np.float32)


def landmarks(random: np.random.Generator, amount: Amount) -> Drawn:
    """Made-up signs."""
    width = 26
    view = random.normal(size=(LATENTS, width)) / np.sqrt(LATENTS)
    centre = np.concatenate([np.full(10, 0.8), np.full(10, -0.8), np.zeros(6)])  # the hands have sides of their own
    shape = (3, LATENTS)
    waves = {
        word: (random.uniform(0.3, 1, shape), random.uniform(0.5, 2.0, shape), random.uniform(0, 6.3, shape))
        for word in WORDS
    }
    signers = random.normal(scale=0.3, size=(amount.train_signers + 3, width))

    def clip(word: str, signer: int) -> tuple[str, int, Matrix]:
        length = int(random.integers(13, 22) * amount.slow)
        time = random.uniform(-0.05, 0.05) + random.uniform(0.9, 1.1) * np.linspace(0, 1, length)[:, None, None]
        strength, pace, phase = waves[word]
        path = (strength * np.sin(2 * np.pi * pace * time + phase)).sum(axis=1)  # (T, waves, L) -> (T, L)
        path += amount.noise * np.cumsum(random.normal(scale=0.25, size=path.shape), axis=0)
        places = path @ view * random.uniform(0.85, 1.15) + centre + signers[signer]
        places += amount.noise * random.normal(scale=0.4, size=places.shape)
        return word, signer, with_velocity(places.astype(np.float32), 10)

    train = [clip(word, int(random.integers(amount.train_signers))) for word in WORDS for _ in range(amount.train)]
    val = [clip(word, amount.train_signers + int(random.integers(3))) for word in WORDS for _ in range(amount.val)]
    return Drawn(WORDS, train, val, Columns((0, 10), (10, 20), (26, 36)))


def vowel_wheel() -> Path | None:
    """The wheel with the recordings, or None where it was not fetched."""
    return max(WHEELS.glob("aeon-*.whl"), default=None)


@cache
def recordings() -> tuple[tuple[str, Matrix], ...]:
    """All `(speaker, (T, 12))` of both files.

    Raises:
        FileNotFoundError: If the wheel was not fetched.
    """
    wheel = vowel_wheel()
    if wheel is None:
        raise FileNotFoundError(f"No aeon wheel in {WHEELS}. Fetch it with `make benchmark-faults`.")
    found: list[tuple[str, Matrix]] = []
    with zipfile.ZipFile(wheel) as archive:
        for part in ("TRAIN", "TEST"):
            text = archive.read(VOWELS.format(part)).decode()
            for line in text.partition("@data")[2].strip().splitlines():
                *series, speaker = line.strip().split(":")
                found.append((f"voice{speaker}", np.array([one.split(",") for one in series]).astype(np.float32).T))
    return tuple(found)


def vowels(random: np.random.Generator, amount: Amount) -> Drawn:
    """A choice of the real recordings: every speaker's clips shuffled, then dealt to training and validation."""
    everything = recordings()
    speakers = tuple(sorted({speaker for speaker, _ in everything}))
    spread = np.concatenate([one for _, one in everything]).std(axis=0)
    train: list[tuple[str, int, Matrix]] = []
    val: list[tuple[str, int, Matrix]] = []
    for speaker in speakers:
        own = [features for name, features in everything if name == speaker]
        order = random.permutation(len(own))
        ready = [_as_pipeline(own[index], spread, random, amount) for index in order.tolist()]
        for number, features in enumerate(ready[: amount.train + amount.val]):
            into = train if number < amount.train else val
            into.append((speaker, number % 3, features))
    return Drawn(speakers, train, val, Columns((0, 6), (6, 12), (12, 24)))


def _as_pipeline(places: Matrix, spread: Matrix, random: np.random.Generator, amount: Amount) -> Matrix:
    """Noise where the data shall be harder, slower where clips shall be longer, velocities behind."""
    if amount.slow != 1:
        time = np.linspace(0, len(places) - 1, int(len(places) * amount.slow))
        places = np.column_stack([np.interp(time, np.arange(len(places)), column) for column in places.T])
    if amount.noise > 1:
        places = places + (amount.noise - 1) * spread * random.normal(size=places.shape)
    return with_velocity((places / spread).astype(np.float32), places.shape[1])


def watch(random: np.random.Generator, amount: Amount) -> Drawn:
    """A choice of windows: six people for training, or as many as asked for, the others for validation."""
    everything = movements()
    glosses = tuple(sorted({gloss for gloss, _, _ in everything}))
    spread = np.concatenate([one for _, _, one in everything]).std(axis=0)
    people = random.permutation(sorted({person for _, person, _ in everything})).tolist()
    known = min(amount.train_signers, TRAIN_PEOPLE)
    learned = {person: number for number, person in enumerate(people[:known])}
    unseen = {person: number for number, person in enumerate(people[TRAIN_PEOPLE:], start=TRAIN_PEOPLE)}
    plain = replace(amount, slow=1.0)
    train: list[tuple[str, int, Matrix]] = []
    val: list[tuple[str, int, Matrix]] = []
    for into, who, count in ((train, learned, amount.train), (val, unseen, amount.val)):
        for gloss in glosses:
            for person, series in cut(random, who, gloss, count, amount.slow):
                into.append((gloss, person, _as_pipeline(series, spread, random, plain)))
    return Drawn(glosses, train, val, Columns((0, 3), (3, 6), (6, 12)))


GENERATORS: dict[str, Callable[[np.random.Generator, Amount], Drawn]] = {
    "landmarks": landmarks,
    "vowels": vowels,
    "watch": watch,
}


def numbered(
    drawn: Sequence[tuple[str, int, Matrix]], vocabulary: dict[str, int], split: str, random: np.random.Generator
) -> list[Clip]:
    """Clips with names and ids, in random order."""
    order = random.permutation(len(drawn)).tolist()
    return [
        Clip(f"{split}_{number:04d}", (drawn[i][0],), (vocabulary[drawn[i][0]],), drawn[i][1], drawn[i][2])
        for number, i in enumerate(order)
    ]
