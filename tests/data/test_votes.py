"""Neighbours vote on labels: noise in training and exchanged labels in validation show, sound and copied clips do not."""

from __future__ import annotations

import numpy as np
from data.clips import clips_of

from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.records import Votes

GLOSSES, EACH = 6, 10


def drawn(seed: int, each: int = EACH) -> tuple[list[np.ndarray], list[str]]:
    """Clips of 12 frames around a centre of their gloss; the centres are the same for every seed."""
    centres = np.random.default_rng(5).normal(size=(GLOSSES, 4)) * 3
    random = np.random.default_rng(seed)
    names = [f"g{number}" for number in range(GLOSSES) for _ in range(each)]
    clips = [(centres[int(name[1:])] + random.normal(size=(12, 4))).astype(np.float32) for name in names]
    return clips, names


def votes(ours: tuple[list[np.ndarray], list[str]], theirs: tuple[list[np.ndarray], list[str]]) -> Votes | None:
    found = measure_clips(clips_of(*ours), clips_of(*theirs, name="train"))
    return found.votes if found is not None else None


def test_sound_clips_have_the_gloss_of_their_neighbours() -> None:
    assert votes(drawn(1), drawn(2)) == Votes(60, 60, 60, 60, 60, 60, 60, 60)


def test_wrong_training_labels_are_outvoted_and_validation_is_not() -> None:
    clips, names = drawn(2)
    wrong = [f"g{(int(name[1:]) + 1) % GLOSSES}" if index % 4 == 0 else name for index, name in enumerate(names)]
    found = votes(drawn(1), (clips, wrong))
    assert found is not None
    assert found.train_right <= 46  # 15 of 60 are wrong
    assert found.validation_right >= 57


def test_copies_neither_vote_nor_are_judged() -> None:
    clips, names = drawn(2)
    ours = drawn(1)
    found = votes((ours[0] + clips[:5], ours[1] + names[:5]), (clips, names))
    assert found is not None
    assert found.validation_of == 60


def test_glosses_with_few_training_clips_are_not_judged() -> None:
    assert votes(drawn(1), drawn(2, each=7)) is None


def test_labels_exchanged_in_pairs_show_among_the_clips_of_their_own_file_alone() -> None:
    clips, names = drawn(2, each=20)
    random = np.random.default_rng(3)
    partner = {f"g{number}": f"g{number ^ 1}" for number in range(GLOSSES)}
    wrong = [partner[name] if random.random() < 0.5 else name for name in names]
    found = votes(drawn(1), (clips, wrong))
    assert found is not None
    assert abs(found.train_right / found.train_of - found.validation_right / found.validation_of) < 0.2
    assert found.validation_alone_right == found.validation_alone_of == 60
    assert found.train_alone_right <= 0.75 * found.train_alone_of


def test_labels_of_other_clips_fit_nothing_in_their_own_file() -> None:
    clips, names = drawn(1)
    order = np.random.default_rng(4).permutation(len(names)).tolist()
    found = votes((clips, [names[index] for index in order]), drawn(2))
    assert found is not None
    assert found.validation_alone_right <= 25
    assert found.train_alone_right == found.train_alone_of == 60


def test_every_clip_knows_its_nearest_others() -> None:
    ours, _ = drawn(1)
    found = measure_clips(clips_of(*drawn(1)), None)
    assert found is not None
    assert found.among is not None
    flat = np.stack(ours).reshape(len(ours), -1)
    assert found.among.nearest.shape == (60, 3)
    for row in range(len(flat)):
        assert row not in found.among.nearest[row]
        assert all(other // EACH == row // EACH for other in found.among.nearest[row].tolist())
