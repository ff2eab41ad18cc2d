"""Two sets of weights compared, as frozen plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Status = Literal["equal", "changed", "shape-blocked", "only-a", "only-b"]
Trace = Literal["equal", "trace", "no-trace", "faint", "constant", "small", "unreadable"]
Verdict = Literal["identical", "descends", "partly", "unrelated", "undetermined"]
MatchedBy = Literal["name", "prefix", "guess", "numbers"]
Relation = Literal[
    "identical", "export", "average", "later", "fine-tuned", "partial-load", "related", "unrelated", "undetermined"
]
Leaning = Literal["for", "against", "aside"]
ValueStatus = Literal["changed", "only-a", "only-b"]
ValueGroup = Literal["progress", "metric", "hyperparameter", "vocabulary", "optimizer", "other"]


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """One tensor of either side.

    Attributes:
        a: Its key on side A, or None.
        b: Its key on side B, or None.
        status: What corresponds to what.
        shape_a: Shape on side A, or None.
        shape_b: Shape on side B, or None.
        cosine: Cosine of the two as vectors, or None.
        relative_distance: |A - B| / |B|, or None.
        null_p: Probability of such an agreement among unrelated networks, or None where it cannot be judged.
        trace: What this tensor says about descent, or None where the shapes differ.
        matched_by: How the two keys were found to correspond, or None where there is one key only.
        dtype_a: Number type on side A, or None.
        dtype_b: Number type on side B, or None.
        equal_up_to: Of equal tensors, the number type to which one side was rounded; empty where they are equal as
            they stand.
        largest_difference: Largest |A - B| of one number, or None.
        norm_a: Euclidean norm on side A, or None.
        norm_b: Euclidean norm on side B, or None.
        null_units: How many hidden units the null renumbered, or None.
        new_a: True where side A's numbers look as PyTorch draws them at birth.
        new_b: The same for side B.
        reordered: True where both sides hold the same numbers in another order.
    """

    a: str | None
    b: str | None
    status: Status
    shape_a: tuple[int, ...] | None
    shape_b: tuple[int, ...] | None
    cosine: float | None = None
    relative_distance: float | None = None
    null_p: float | None = None
    trace: Trace | None = None
    matched_by: MatchedBy | None = None
    dtype_a: str | None = None
    dtype_b: str | None = None
    equal_up_to: str = ""
    largest_difference: float | None = None
    norm_a: float | None = None
    norm_b: float | None = None
    null_units: int | None = None
    new_a: bool = False
    new_b: bool = False
    reordered: bool = False

    @property
    def count_a(self) -> int:
        """Numbers on side A."""
        return math.prod(self.shape_a) if self.shape_a is not None else 0

    @property
    def count(self) -> int:
        """Numbers on side A, or on side B where A has no such tensor."""
        return math.prod(self.shape_a or self.shape_b or ()) if (self.shape_a, self.shape_b) != (None, None) else 0

    @property
    def key(self) -> str:
        """Its key on side A, or on side B where A has no such tensor."""
        return self.a if self.a is not None else self.b or ""

    @property
    def is_kin(self) -> bool:
        """True where the tensor shows a common start."""
        return self.trace in ("equal", "trace")


@dataclass(frozen=True, slots=True)
class PrefixPair:
    """Keys of side A that start with `a` were matched with those of side B that start with `b`; `tensors` of them."""

    a: str
    b: str
    tensors: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The difference of a recurrent layer's two biases, on both sides.

    Attributes:
        layer: Key on side A of the first of the two biases.
        correlation: Pearson correlation of the differences.
        numbers: How many numbers it is taken over.
        null_p: Probability of such an agreement of hidden units among unrelated networks.
    """

    layer: str
    correlation: float
    numbers: int
    null_p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of weights compared.

    Attributes:
        prefix_a: What most names of side A start with in addition.
        prefix_b: The same for side B.
        verdict: "descends" says that one side was made from the other by training, or both from one start.
        tensors: A's tensors in file order, then those that only B has.
        notes: Sentences.
        prefixes: Every pair of prefixes that was used, the most frequent first.
        fingerprints: Of recurrent layers whose biases can tell.
        output_modules: Modules of the output layers, by their keys on side A, or on side B where A has none.
    """

    prefix_a: str
    prefix_b: str
    verdict: Verdict
    tensors: tuple[TensorComparison, ...]
    notes: tuple[str, ...] = ()
    prefixes: tuple[PrefixPair, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    output_modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of evidence.

    Attributes:
        id: What kind of evidence.
        leaning: "for" a common origin, "against" it, or set "aside".
        text: A sentence.
    """

    id: str
    leaning: Leaning
    text: str


@dataclass(frozen=True, slots=True)
class ValueComparison:
    """A value that is not a tensor and differs, or that one side lacks.

    Attributes:
        path: Where it is.
        a: As text on side A, or None.
        b: As text on side B, or None.
        status: Which.
        group: What kind of value.
    """

    path: tuple[str, ...]
    a: str | None
    b: str | None
    status: ValueStatus
    group: ValueGroup


@dataclass(frozen=True, slots=True)
class ModuleDistance:
    """The tensors of one module taken together.

    Attributes:
        name: Its key on side A, or on side B where A has no such module.
        tensors: How many there are.
        numbers: Their numbers.
        equal: Tensors that are equal.
        kin: Tensors that show a common start, equal ones included.
        strangers: Tensors that could show one and do not.
        unmatched: Tensors without a partner of the same shape.
        relative_distance: |A - B| / |B| over the module, or None where nothing could be compared.
    """

    name: str
    tensors: int
    numbers: int
    equal: int
    kin: int
    strangers: int
    unmatched: int
    relative_distance: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a comparison amounts to: the verdict, what kind of kinship it is, and the evidence.

    Attributes:
        verdict: One word.
        relation: Which story the evidence tells.
        sentence: The same for a person.
        evidence: For it, against it, and what was set aside.
    """

    verdict: Verdict
    relation: Relation
    sentence: str
    evidence: tuple[Clue, ...]


@dataclass(frozen=True, slots=True)
class CheckpointComparison:
    """Two checkpoints compared: weights, and everything else.

    Attributes:
        part_a: Path of the state dict that was compared on side A; empty where the file itself is one.
        part_b: The same for side B.
        weights: The weights.
        judgement: Verdict and evidence.
        modules: The tensors by module, in file order.
        values: Other values that differ.
    """

    part_a: tuple[str, ...]
    part_b: tuple[str, ...]
    weights: Comparison
    judgement: Judgement
    modules: tuple[ModuleDistance, ...]
    values: tuple[ValueComparison, ...]
