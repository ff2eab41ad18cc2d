"""Columns of text that a million rows of can be sorted and searched at once: bytes and array operations, no Qt.

Text is compared without case. Order is by code point of the case-folded text; equal texts keep their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asl_inspector.gui.array_order import order_of, ties

SEPARATOR = "\x1f"
WIDEST = 64  # bytes after what all texts begin with; longer ones are sorted as Python does it
FEW = 4  # a text that is shared by so many rows on average is looked at once
SAMPLED = 4_000  # rows by which it is told whether texts are shared
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
ByteArray = NDArray[np.uint8]


class TextColumn:
    """(N,) texts. What is made of them is made when it is first asked for, and kept."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def containing(self, wanted: str) -> BoolArray:
        """(N,), the rows in whose text `wanted` occurs, whatever its case."""
        wanted = wanted.casefold().replace(SEPARATOR, " ")
        if not wanted:
            return np.ones(len(self), bool)
        if self._coded is not None:
            texts, codes = self._coded
            return np.array([wanted in text for text in texts], bool)[codes]
        found = np.zeros(len(self), bool)
        content, starts = self._bytes
        needle = np.frombuffer(wanted.encode("utf-8", "surrogatepass"), np.uint8)
        places = np.flatnonzero(content[: max(0, len(content) - len(needle) + 1)] == needle[0])
        for offset in range(1, len(needle)):
            places = places[content[places + offset] == needle[offset]]
        found[np.searchsorted(starts, places, side="right") - 1] = True
        return found

    def places_of(self, text: str) -> BoolArray:
        """(N,), the rows whose text is exactly this one."""
        if self._codes_of_exact is not None:
            index, codes = self._codes_of_exact
            return np.equal(codes, index.get(text, -1))
        return np.fromiter((one == text for one in self._texts), bool, len(self))

    @cached_property
    def unique(self) -> list[str]:
        """The different texts, in the order of their first row."""
        return list(dict.fromkeys(self._texts))

    @cached_property
    def ranks(self) -> IntArray:
        """(N,), numbers that sort as the texts do."""
        if self._coded is not None:
            texts, codes = self._coded
            return _ranks_of_few(texts)[codes]
        return self._ranks_of_bytes()

    @cached_property
    def _codes_of_exact(self) -> tuple[dict[str, int], IntArray] | None:
        """Numbers by text, and the number of each row; None where nearly every row has a text of its own."""
        every = max(1, len(self) // SAMPLED)
        looked_at = self._texts[::every]
        if len(looked_at) >= SAMPLED and len(set(looked_at)) * FEW > 3 * len(looked_at):
            return None  # told from a few thousand: to look at a million would take longer than to search them
        if len(self.unique) * FEW > max(len(self), SAMPLED):
            return None
        index = {text: number for number, text in enumerate(self.unique)}
        return index, np.fromiter(map(index.__getitem__, self._texts), np.int64, len(self))

    @property
    def _coded(self) -> tuple[list[str], IntArray] | None:
        """The different texts case-folded, and which of them each row has; None as above."""
        exact = self._codes_of_exact
        return None if exact is None else ([text.casefold() for text in exact[0]], exact[1])

    @cached_property
    def _bytes(self) -> tuple[ByteArray, IntArray]:
        """All texts case-folded in one run of bytes, a separator after each, and where each begins."""
        joined = SEPARATOR.join(self._texts)
        if joined.count(SEPARATOR) != max(0, len(self) - 1):
            joined = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in self._texts)
        content = np.frombuffer((joined.casefold() + SEPARATOR).encode("utf-8", "surrogatepass"), np.uint8)
        ends = np.flatnonzero(content == ord(SEPARATOR))
        return content, np.concatenate([[0], ends[:-1] + 1])

    def _ranks_of_bytes(self) -> IntArray:
        """Eight bytes at a time as one number, the last ones first: what is left to sort is a few columns of numbers."""
        content, starts = self._bytes
        lengths = np.diff(np.append(starts, len(content))) - 1
        shared = _shared_beginning(content, starts, lengths)
        width = int(lengths.max(initial=0)) - shared
        if width > WIDEST:
            return _ranks_of_few([text.casefold() for text in self._texts])
        words = [
            _word(content, starts + shared + begin, lengths - shared - begin) for begin in range(0, max(1, width), 8)
        ]
        order = order_of(words[0])
        tied = ties(words[0][order])
        if len(words) > 1 and len(tied):
            rows = order[tied]  # in their own order within what the first word settled
            order[tied] = rows[np.lexsort([word[rows] for word in reversed(words)])]
        new = np.zeros(len(self), bool)
        for column in words:
            held = column[order]
            new[1:] |= held[1:] != held[:-1]
        ranks = np.empty(len(self), np.int64)
        ranks[order] = np.cumsum(new)
        return ranks


def _ranks_of_few(texts: Sequence[str]) -> IntArray:
    """(n,), equal numbers for equal texts."""
    places = {text: place for place, text in enumerate(sorted(set(texts)))}
    return np.array([places[text] for text in texts], np.int64)


def _shared_beginning(content: ByteArray, starts: IntArray, lengths: IntArray) -> int:
    """How many bytes all texts begin with."""
    shared = 0
    for offset in range(int(lengths.min()) if len(lengths) else 0):
        column = content[starts + offset]
        if (column != column[0]).any():
            break
        shared += 1
    return shared


def _word(content: ByteArray, starts: IntArray, lengths: IntArray) -> NDArray[np.uint64]:
    """(N,), up to eight bytes from `starts` on as a big-endian number, zeros after the end of a text."""
    padded = np.concatenate([content, np.zeros(8, np.uint8)])
    at_every_byte: NDArray[np.uint64] = np.ndarray((len(content) + 1,), ">u8", padded, strides=(1,))
    spare = (8 * (8 - np.clip(lengths, 0, 8))).astype(np.uint64)
    word = at_every_byte[np.where(lengths > 0, starts, 0)].astype(np.uint64)
    half = spare >> np.uint64(1)  # a shift by all 64 bits is not defined, two by 32 are
    rest = spare - half
    kept: NDArray[np.uint64] = (((word >> half) >> rest) << half << rest).astype(np.uint64)
    return kept
