"""Networks of other people's layouts, written out as the programs that this room runs. All seeded."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

FEATURES = 6


class Reader(nn.Module):
    """A network that no known family has: gated frames, then a two-way GRU; logits (N, T, C)."""

    def __init__(self, classes: int, inputs: int = FEATURES, hidden: int = 16, *, batch_first: bool = True) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.linspace(0.5, 1.5, inputs))
        self.gate = nn.Linear(inputs, inputs)
        self.reader = nn.GRU(inputs, hidden, bidirectional=True, batch_first=batch_first)
        self.answers = nn.Linear(2 * hidden, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        gated = self.scale * features * torch.sigmoid(self.gate(features))
        return self.answers(self.reader(gated)[0])


class Pooled(nn.Module):
    """One answer a clip, channels before frames: (N, F, T) -> (N, C), probabilities."""

    def __init__(self, classes: int, inputs: int = FEATURES) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, 12, 3, padding=1)
        self.answers = nn.Linear(12, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.answers(torch.relu(self.first(features)).mean(dim=2)).softmax(dim=1)


class Windows(nn.Module):
    """Logits from windows of five frames: (N, T, F) -> (N, T, C)."""

    def __init__(self, classes: int, inputs: int = FEATURES) -> None:
        super().__init__()
        self.windows = nn.Conv1d(inputs, 24, 5, padding=2)
        self.answers = nn.Linear(24, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.answers(torch.relu(self.windows(features.transpose(1, 2))).transpose(1, 2))


class Halving(nn.Module):
    """Every second frame is answered, in a CTC recogniser's way: (N, T, F) -> (N, (T + 1) // 2, C)."""

    def __init__(self, classes: int, inputs: int = FEATURES) -> None:
        super().__init__()
        self.steps = nn.Conv1d(inputs, 16, 3, stride=2, padding=1)
        self.answers = nn.Linear(16, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.answers(torch.relu(self.steps(features.transpose(1, 2))).transpose(1, 2))


def seeded(kind: type[nn.Module], classes: int, *, seed: int = 0, **sizes: object) -> nn.Module:
    torch.manual_seed(seed)
    return kind(classes, **sizes).eval()


def frozen_script(path: Path, network: nn.Module) -> Path:
    """A frozen TorchScript file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        frozen = torch.jit.freeze(torch.jit.script(network))
        torch.jit.save(frozen, path)
    return path


def exported(path: Path, network: nn.Module, *, frames: int | None = None) -> Path:
    """A torch.export archive with the number of clips left open, and that of frames where none is given."""
    sizes = {0: torch.export.Dim("clips", min=1, max=512)}
    if frames is None:
        sizes[1] = torch.export.Dim("frames", min=2, max=4096)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(network, (torch.zeros(2, frames or 20, FEATURES),), dynamic_shapes=(sizes,))
        torch.export.save(program, path)
    return path


class Spotter(nn.Module):
    """What the ONNX graph below computes: two layers over each frame and its neighbours, then log posteriors."""

    def __init__(self, classes: int, inputs: int = FEATURES, hidden: int = 16) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.memory = nn.LSTM(hidden, hidden, bidirectional=True, batch_first=True)
        self.second = nn.Linear(2 * hidden, classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.second(self.memory(torch.tanh(self.first(features)))[0]).log_softmax(dim=-1)


def onnx_model(
    path: Path, network: Spotter, *, clips: int | str = "clips", frames: int | str = "frames", domain: str = ""
) -> Path:
    """The same as a graph, frames first inside the LSTM, written node by node."""
    inputs, hidden, classes = network.first.in_features, network.first.out_features, network.second.out_features
    memory = network.memory

    def reordered(tensor: torch.Tensor) -> torch.Tensor:
        """torch's gates i f g o in ONNX's order i o f g."""
        i, f, g, o = tensor.chunk(4)
        return torch.cat([i, o, f, g])

    def both(name: str) -> torch.Tensor:
        return torch.stack([reordered(getattr(memory, f"{name}_l0{end}")) for end in ("", "_reverse")])

    weights = {
        "first.weight": network.first.weight.T,
        "first.bias": network.first.bias,
        "memory.W": both("weight_ih"),
        "memory.R": both("weight_hh"),
        "memory.B": torch.cat([both("bias_ih"), both("bias_hh")], dim=1),
        "second.weight": network.second.weight.T,
        "second.bias": network.second.bias,
    }
    held = [numpy_helper.from_array(np.ascontiguousarray(one.detach().numpy()), name) for name, one in weights.items()]
    held.append(numpy_helper.from_array(np.array([0, 0, -1], np.int64), "sides"))
    nodes = [
        helper.make_node("MatMul", ["features", "first.weight"], ["a"]),
        helper.make_node("Add", ["a", "first.bias"], ["b"]),
        helper.make_node("Tanh", ["b"], ["c"]),
        helper.make_node("Transpose", ["c"], ["d"], perm=[1, 0, 2]),
        helper.make_node(
            "LSTM", ["d", "memory.W", "memory.R", "memory.B"], ["e"], hidden_size=hidden, direction="bidirectional"
        ),
        helper.make_node("Transpose", ["e"], ["f"], perm=[2, 0, 1, 3]),  # (T, 2, N, H) -> (N, T, 2, H)
        helper.make_node("Reshape", ["f", "sides"], ["g"]),
        helper.make_node("MatMul", ["g", "second.weight"], ["h"]),
        helper.make_node("Add", ["h", "second.bias"], ["i"]),
        helper.make_node("LogSoftmax", ["i"], ["log_probs"], axis=-1, domain=domain),
    ]
    graph = helper.make_graph(
        nodes,
        "spotter",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [clips, frames, inputs])],
        [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, [clips, frames, classes])],
        held,
    )
    versions = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    model = helper.make_model(graph, opset_imports=versions, ir_version=9)
    onnx.save(model, path)
    return path
