"""What travels between the program and the process in which a network of somebody else runs. All of it is plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from asl_inspector.wire import Codec

Kind = Literal["code", "TorchScript", "torch.export", "onnx"]
PlainValue = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Start:
    """Become the host of one network.

    Attributes:
        kind: What `content` is.
        name: File name, for tracebacks.
        content: The bytes of the file: exactly those whose hash was consented to.
        memory: Most bytes of memory beyond what the process has when it starts, or None for what the machine has free.
    """

    kind: Kind
    name: str
    content: bytes
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class CheckpointTensor:
    """One tensor of the checkpoint that a researcher's code is given.

    Attributes:
        path: Where it goes in the nested dict.
        dtype: torch's name of its type without `torch.`; bfloat16 travels as float32.
        numbers: The numbers.
    """

    path: tuple[str, ...]
    dtype: str
    numbers: NDArray[Any]


@dataclass(frozen=True, slots=True)
class CheckpointValue:
    """One plain value of it."""

    path: tuple[str, ...]
    value: PlainValue


@dataclass(frozen=True, slots=True)
class Build:
    """Everything of the checkpoint was sent: make the network."""

    values: tuple[CheckpointValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Port:
    """An input of a network.

    Attributes:
        name: As the network calls it, or an empty string.
        kind: Type of its numbers ("float32", "int64", "bool"), or an empty string where that is not known.
        shape: Sizes, None for those that may vary; None altogether where nothing is known.
    """

    name: str
    kind: str = ""
    shape: tuple[int | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """The network is there.

    Attributes:
        what: Its class, or what else names it.
        ports: Its inputs, those that may be left out not counted.
        examples: Shapes of example inputs that came with it.
        prepares: True where code of the researcher prepares the clips.
        outputs: Names of its outputs, as far as they are known before it ran.
    """

    what: str
    ports: tuple[Port, ...]
    examples: tuple[tuple[int, ...], ...] = ()
    prepares: bool = False
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Run the network.

    Attributes:
        arrays: One for each input.
        device: "cpu", "cuda:0" or "mps".
        threads: How many threads it may take.
    """

    arrays: tuple[NDArray[Any], ...]
    device: str = "cpu"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Prepare:
    """Run the researcher's `prepare` over clips, each (T, F)."""

    clips: tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Arrays:
    """What came out, with names where outputs have some."""

    arrays: tuple[NDArray[Any], ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """It did not work.

    Attributes:
        why: "raised" for an exception, "memory" where that ran out, "left" where the code asked Python to end,
            "answer" where what came out is of no use.
        sentence: What happened, completing "... could not be run: "; without a full stop.
        detail: The traceback, without the program's own part of it.
    """

    why: Literal["raised", "memory", "left", "answer"]
    sentence: str
    detail: str = ""


CODEC = Codec((Arrays, Build, Call, CheckpointTensor, CheckpointValue, Failure, Made, Port, Prepare, Start))
