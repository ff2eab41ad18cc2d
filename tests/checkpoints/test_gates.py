"""Gates, layers and directions against PyTorch's own modules."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from asl_inspector.checkpoints.gates import recurrent_part


def shapes_of(module: nn.Module, prefix: str = "") -> dict[str, tuple[int, ...]]:
    return {f"{prefix}{key}": tuple(tensor.shape) for key, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    ("kind", "letters"), [("LSTM", ["i", "f", "g", "o"]), ("GRU", ["r", "z", "n"]), ("RNN", ["h"])]
)
def test_every_tensor_of_a_recurrent_layer_is_named(kind: str, letters: list[str]) -> None:
    shapes = shapes_of(getattr(nn, kind)(7, 5, 2, bidirectional=True), "encoder.rnn.")
    for key in shapes:
        part = recurrent_part(key, shapes)
        assert part is not None
        assert (part.kind, part.module, part.hidden) == (kind, "encoder.rnn", 5)
        assert part.layer == (1 if "_l1" in key else 0)
        assert part.backward is key.endswith("_reverse")
        assert part.is_bias is ("bias" in key)
        assert part.source == ("hh" if "_hh_" in key else "ih")
        assert [gate.letter for gate in part.gates] == letters
        assert [(gate.start, gate.stop) for gate in part.gates] == [(5 * n, 5 * n + 5) for n in range(len(letters))]


def test_the_forget_gate_is_the_block_that_pytorch_forgets_with() -> None:
    """Rows called "forget gate" at a huge bias keep the cell; by the equations of the LSTM, no other block does."""
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    shapes = shapes_of(cell)
    part = recurrent_part("bias_ih", shapes)
    assert part is not None
    forget = next(gate for gate in part.gates if gate.name == "forget gate")
    new = next(gate for gate in part.gates if gate.name == "input gate")
    with torch.no_grad():
        cell.bias_ih[forget.start : forget.stop] = 100
        cell.bias_ih[new.start : new.stop] = -100
        state = torch.randn(2, 4)
        _, kept = cell(torch.randn(2, 3), (torch.zeros(2, 4), state))
    torch.testing.assert_close(kept, state)


def test_a_projection_is_told_from_gates() -> None:
    shapes = shapes_of(nn.LSTM(6, 8, proj_size=3))
    projection = recurrent_part("weight_hr_l0", shapes)
    assert projection is not None
    assert (projection.kind, projection.source, projection.gates, projection.hidden) == ("LSTM", "hr", (), 8)
    weight = recurrent_part("weight_hh_l0", shapes)
    assert weight is not None
    assert [gate.stop - gate.start for gate in weight.gates] == [8, 8, 8, 8]


def test_cells_have_no_layer_number() -> None:
    shapes = shapes_of(nn.GRUCell(3, 4), "decoder.")
    part = recurrent_part("decoder.weight_ih", shapes)
    assert part is not None
    assert (part.kind, part.layer, part.sentence) == (
        "GRU",
        0,
        "Weights of the layer's input, GRU layer 0, forward direction",
    )


def test_other_tensors_are_no_gates() -> None:
    shapes = {"fc.weight": (4, 4), "x.weight_hh_l0": (7, 3), "y.weight_ih_l0": (4, 4), "z.weight_hh_l0": (4,)}
    assert [recurrent_part(key, shapes) for key in (*shapes, "absent")] == [None] * 5
