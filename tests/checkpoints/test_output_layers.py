"""Which modules count as output layers, from both sides."""

from __future__ import annotations

import pytest

from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.checkpoints.output_layers import output_modules

SHAPES = {
    "proj.weight": (8, 4),
    "lstm.weight_ih_l0": (32, 8),
    "norm.weight": (8,),
    "fc.weight": (5, 8),
    "out.weight": (9, 8),
}


def rows_of(a: list[str], b: list[str]) -> list[TensorComparison]:
    """As a comparison lists them: A's in order, then those that only B has."""
    rows = [
        TensorComparison(key, key if key in b else None, "changed" if key in b else "only-a", SHAPES[key], SHAPES[key])
        for key in a
    ]
    return rows + [TensorComparison(None, key, "only-b", None, SHAPES[key]) for key in b if key not in a]


WHOLE = ["proj.weight", "lstm.weight_ih_l0", "norm.weight", "fc.weight"]


@pytest.mark.parametrize(
    ("one", "other", "heads"),
    [
        (WHOLE, WHOLE, {"fc"}),
        (WHOLE, WHOLE[:3], {"fc"}),  # an encoder that ends with a recurrent layer has none
        (WHOLE, WHOLE[:1], {"fc"}),  # nor has one whose last matrix is followed by others on the other side
        (WHOLE, [*WHOLE[:3], "out.weight"], {"fc", "out"}),  # a head of another name on each side
        (WHOLE, [*WHOLE, "out.weight"], {"out"}),  # one side goes on after the other's last layer
        (WHOLE[:3], WHOLE[:3], set()),
        (["fc.weight"], ["fc.weight"], set()),  # a file of one layer: nothing says that it is the last
    ],
)
def test_the_output_layers_are_the_same_from_both_sides(one: list[str], other: list[str], heads: set[str]) -> None:
    assert set(output_modules(rows_of(one, other), one, other)) == heads
    assert set(output_modules(rows_of(other, one), other, one)) == heads
