"""Prefix beam search, forced alignment and word error rate, against brute force and plain definitions."""

from __future__ import annotations

import itertools
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import Run

from asl_inspector.inference.aligning import align
from asl_inspector.inference.decoding_beam import prefix_beam
from asl_inspector.inference.records import Settings
from asl_inspector.inference.word_errors import WordErrors, together, word_errors
from asl_inspector.inspection import Inspector


def collapse(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(one for one, _ in itertools.groupby(path) if one != blank)


def all_prefixes(log_probs: torch.Tensor, blank: int) -> dict[tuple[int, ...], float]:
    frames, classes = log_probs.shape
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(classes), repeat=frames):
        tokens = collapse(path, blank)
        sums[tokens] = sums.get(tokens, 0.0) + math.exp(sum(log_probs[t, c].item() for t, c in enumerate(path)))
    return sums


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_most_probable_prefix_and_its_probability(seed: int, blank: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    log_probs = torch.randn(4, 5, 3, generator=generator).mul(1.5).double().log_softmax(-1)
    found = prefix_beam(log_probs, blank, width=100)
    for clip in range(4):
        sums = all_prefixes(log_probs[clip], blank)
        best = max(sums, key=lambda tokens: sums[tokens])
        tokens = tuple(found.tokens[clip, : found.lengths[clip]].tolist())
        assert tokens == best
        assert found.log_probs[clip].exp().item() == pytest.approx(sums[best], rel=1e-9)


def test_one_gloss_twice_is_said_twice() -> None:
    probs = torch.tensor([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])[None]
    found = prefix_beam(probs.log(), 0)
    assert found.tokens[0].tolist() == [1, 1]


def test_padding_changes_no_hypothesis() -> None:
    torch.manual_seed(0)
    clips = [torch.randn(length, 6).mul(2).log_softmax(-1) for length in (9, 4, 1, 7)]
    padded = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True)
    together_ = prefix_beam(padded, 0, torch.tensor([9, 4, 1, 7]))
    for index, clip in enumerate(clips):
        alone = prefix_beam(clip[None], 0)
        count = int(alone.lengths[0])
        assert together_.lengths[index] == count
        assert together_.tokens[index, :count].tolist() == alone.tokens[0, :count].tolist()
        torch.testing.assert_close(together_.log_probs[index], alone.log_probs[0])


def test_beam_beats_the_greedy_path_in_the_worked_example() -> None:
    """p(blank) = .6, p(g) = .4 twice: greedy says nothing (.36), the gloss has .64."""
    found = prefix_beam(torch.tensor([[[0.6, 0.4], [0.6, 0.4]]]).log(), 0)
    assert found.tokens[0].tolist() == [1]
    assert found.log_probs[0].exp().item() == pytest.approx(0.64)


@pytest.mark.parametrize("glosses", [(), (1,), (1, 2), (1, 1), (2, 1, 2)])
def test_an_alignment_is_the_best_of_all_paths(glosses: tuple[int, ...]) -> None:
    log_probs = torch.randn(5, 3, generator=torch.Generator().manual_seed(len(glosses))).log_softmax(-1).numpy()
    paths = [path for path in itertools.product(range(3), repeat=5) if collapse(path, 0) == glosses]
    best = max(paths, key=lambda path: sum(log_probs[t, c] for t, c in enumerate(path)))
    found = align(log_probs, glosses, 0)
    assert found is not None
    places, total = found
    assert total == pytest.approx(sum(log_probs[t, c] for t, c in enumerate(best)), abs=1e-5)
    spoken = tuple(glosses[place] if place >= 0 else 0 for place in places.tolist())
    assert spoken == best


def test_too_few_frames_have_no_alignment() -> None:
    assert align(np.log(np.full((2, 3), 1 / 3, np.float32)), (1, 1), 0) is None
    assert align(np.zeros((0, 3), np.float32), (1,), 0) is None


def fewest_edits(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    @cache
    def edits(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        swap = edits(i - 1, j - 1) + (first[i - 1] != second[j - 1])
        return min(swap, edits(i - 1, j) + 1, edits(i, j - 1) + 1)

    return edits(len(first), len(second))


@pytest.mark.parametrize("seed", range(30))
def test_word_errors_are_the_fewest_edits(seed: int) -> None:
    random = np.random.default_rng(seed)
    signed, said = (tuple(random.integers(0, 4, size=random.integers(0, 9)).tolist()) for _ in range(2))
    found = word_errors(signed, said)
    assert found.substitutions + found.deletions + found.insertions == fewest_edits(signed, said)
    assert len(signed) - found.deletions + found.insertions == len(said)
    assert found.glosses == len(signed)


def test_word_errors_by_hand() -> None:
    assert word_errors([1, 2, 3], [1, 9, 3]) == WordErrors(1, 0, 0, 3)
    assert word_errors([1, 2, 3], [1, 3]) == WordErrors(0, 1, 0, 3)
    assert word_errors([1, 3], [1, 2, 3]) == WordErrors(0, 0, 1, 2)
    assert word_errors([], [1]).rate is None
    assert word_errors([1], [2, 3, 4]).rate == 3
    whole = together([word_errors([1, 2, 3], [1, 9, 3]), word_errors([4], [])])
    assert whole == WordErrors(1, 1, 0, 4)
    assert whole.rate == 0.5


def test_the_inspection_decodes_with_a_beam_when_asked(run: Run, tmp_path: Path) -> None:
    inspector = Inspector(Settings(device="cpu", decoder="beam"))
    inspector.add([run.checkpoint, run.validation])
    scored = inspector.inspect().validation
    assert scored is not None
    assert scored.answer.tolist() == scored.by_decoder["beam"].tolist()
    for index in range(0, len(scored.clips), 5):
        with torch.inference_mode():
            logits = run.network(torch.tensor(scored.clips.features(index))[None])
        found = prefix_beam(logits.log_softmax(-1), 0)
        wanted = int(found.tokens[0, 0]) if found.lengths[0] else 0
        assert scored.answer[index] == wanted
    inspector.settings = Settings(device="cpu")
    again = inspector.inspect().validation
    assert again is not None
    assert "beam" not in again.by_decoder
