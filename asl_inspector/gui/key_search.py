"""What the search box of the key tree understands: names, types, shapes, and values that are not finite or zero."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from asl_inspector.checkpoints.records import TensorRecord, ValueRecord
from asl_inspector.checkpoints.statistics import TensorStatistics

SHAPE = re.compile(r"[\[(]?\s*\d+(?:\s*[x×*,]\s*\d+)*\s*,?\s*[\])]?", re.IGNORECASE)
Wanted = Literal["nan", "inf", "zero"]
WORDS: dict[str, Wanted] = {"nan": "nan", "inf": "inf", "infinity": "inf", "zero": "zero", "zeros": "zero"}


@dataclass(frozen=True, slots=True)
class KeySearch:
    """A parsed search.

    Attributes:
        text: Folded text that a name, type or value must contain; empty finds everything.
        shape: Sizes that a shape must contain side by side, or None.
        number: What a tensor must hold, which only a measured one is known to do, or None.
    """

    text: str = ""
    shape: tuple[int, ...] | None = None
    number: Wanted | None = None

    def finds_tensor(self, tensor: TensorRecord, facts: TensorStatistics | None) -> bool:
        """True where the tensor is wanted."""
        if self.number is not None and facts is not None:
            held = {"nan": facts.nans, "inf": facts.infinities, "zero": facts.zeros}
            if held[self.number]:
                return True
        if self.shape is not None and _contains(tensor.shape, self.shape):
            return True
        if self.number is not None or (self.shape is not None and len(self.shape) > 1):
            return False
        return self.text in f"{tensor.name} {tensor.dtype} {tensor.role or ''} {tensor.device}".casefold()

    def finds_value(self, value: ValueRecord) -> bool:
        """True where the value is wanted."""
        if self.number is not None:
            return (
                value.text.casefold()
                in (self.number, f"-{self.number}", "0", "0.0")[: 2 if self.number != "zero" else 4]
            )
        return self.text in f"{'.'.join(value.path)} {value.type} {value.text}".casefold()


def parse_search(text: str) -> KeySearch:
    """`512x36`, `[512, 36]`, `NaN`, `zero`, or any part of a name, type or value."""
    wanted = text.strip().casefold()
    if wanted in WORDS:
        return KeySearch(wanted, None, WORDS[wanted])
    if wanted and SHAPE.fullmatch(wanted):
        return KeySearch(wanted, tuple(int(size) for size in re.findall(r"\d+", wanted)))
    return KeySearch(wanted)


def _contains(shape: tuple[int, ...], part: tuple[int, ...]) -> bool:
    return any(shape[start : start + len(part)] == part for start in range(len(shape) - len(part) + 1))


def needs_measures(search: KeySearch, measured: Mapping[int, TensorStatistics], tensors: int) -> bool:
    """True where the answer is only about some tensors, because the others were not measured."""
    return search.number is not None and len(measured) < tensors
