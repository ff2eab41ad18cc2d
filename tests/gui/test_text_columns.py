"""Text that is sorted and searched as bytes, against Python's own sort and search."""

from __future__ import annotations

import random

import numpy as np
import pytest

from asl_inspector.gui.text_columns import SAMPLED, TextColumn

ALPHABET = "aAbBzZ 019_-éßÄ手話🤟\x1fשל"


def texts(seed: int, count: int, longest: int, beginning: str = "") -> list[str]:
    chance = random.Random(seed)
    return [beginning + "".join(chance.choices(ALPHABET, k=chance.randrange(longest + 1))) for _ in range(count)]


CASES = {
    "short": texts(1, 6_000, 4),
    "long": texts(2, 5_000, 16),
    "a common beginning": texts(3, 5_000, 9, "data/val/clip_"),
    "longer than is packed": texts(4, 4_500, 60),
    "few": texts(5, 20, 5),
    "shared": [f"Gloss {index % 37}" for index in range(5_000)],
    "alike but for the end": [f"{'x' * 20}{index:05d}" for index in range(5_000)][::-1],
    "of one length": [f"{index * 7919 % 100_003:06d}" for index in range(SAMPLED + 5)],
    "none": [],
    "empty": ["", "", ""],
}


@pytest.mark.parametrize("name", CASES)
def test_ranks_sort_as_python_sorts_case_folded_text(name: str) -> None:
    held = CASES[name]
    order = np.argsort(TextColumn(held).ranks, kind="stable").tolist()
    plain = [text.replace("\x1f", " ") if name == "long" else text for text in held]
    by_bytes = sorted(range(len(held)), key=lambda row: plain[row].replace("\x1f", " ").casefold().encode())
    by_text = sorted(range(len(held)), key=lambda row: held[row].casefold().encode())
    assert order in (by_bytes, by_text)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("wanted", ["a", "Ä", "ss", "手", "🤟", "01", "gloss 3", "clip_", "", "not there"])
def test_the_same_rows_are_found_as_by_looking_at_each(name: str, wanted: str) -> None:
    held = CASES[name]
    expected = [wanted.casefold() in text.casefold().replace("\x1f", " ") for text in held]
    assert TextColumn(held).containing(wanted).tolist() == expected


@pytest.mark.parametrize("name", ["shared", "long", "few"])
def test_rows_of_exactly_one_text(name: str) -> None:
    held = CASES[name]
    assert TextColumn(held).places_of(held[3]).tolist() == [text == held[3] for text in held]
    assert not TextColumn(held).places_of("not there").any()
