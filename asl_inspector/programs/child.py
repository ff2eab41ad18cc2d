"""The process in which somebody's network runs: the researcher's code, TorchScript, an exported program, ONNX.

This is the one module of the program that runs what a file holds. It is never imported by the window, the engine or the
command line: it is started as a process of its own (`hosting.Host`), after the consent that `consent.py` asks for, and
it runs exactly the bytes that it is sent, whose hash was consented to. It reads requests from a pipe and answers each;
when the pipe closes it ends, whatever its network is doing.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import linecache
import os
import queue
import sys
import threading
import traceback
import types
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import numpy as np

from asl_inspector.programs import walls
from asl_inspector.programs.records import (
    CODEC,
    Arrays,
    Build,
    Call,
    CheckpointTensor,
    CheckpointValue,
    Failure,
    Made,
    Port,
    Prepare,
    Start,
)
from asl_inspector.wire import BrokenPipe, read_frame, write_frame

MODULE_NAME = "researchers_code"
TYPES = {"float": "float32", "int": "int64", "double": "float64", "bool": "bool", "float16": "float16"}


class Unfit(Exception):
    """What the code gave back is of no use; the text says why."""


def serve() -> NoReturn:
    """Answer requests over standard input and output until the pipe closes; what code prints goes to stderr."""
    outgoing = os.fdopen(os.dup(1), "wb")
    incoming = os.fdopen(os.dup(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests: queue.SimpleQueue[object] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(incoming, requests), name="requests", daemon=True).start()
    host = _Host()
    while True:
        request = requests.get()
        if isinstance(request, CheckpointTensor):
            host.tensors.append(request)
            continue
        write_frame(outgoing, CODEC.encode(_answer(host, request)))


def _listen(incoming: BinaryIO, requests: queue.SimpleQueue[object]) -> None:
    with contextlib.suppress(BrokenPipe, OSError, ValueError):
        while (parts := read_frame(incoming)) is not None:
            requests.put(CODEC.decode(parts))
    with contextlib.suppress(OSError):  # whoever made the folder was killed and cannot take it away
        os.rmdir(os.getcwd())
    os._exit(0)


def _answer(host: _Host, request: object) -> object:
    told = _nothing_more if isinstance(host.network, _OnnxNetwork) else _told
    try:
        match request:
            case Start():
                host.start(request)
                return Arrays(())
            case Build():
                return host.build(request)
            case Call():
                return host.call(request)
            case Prepare():
                return Arrays(tuple(host.prepared(clip, index) for index, clip in enumerate(request.clips)))
    except Unfit as error:
        return Failure("answer", str(error))
    except MemoryError:
        return Failure("memory", "there is not enough memory", told())
    except SystemExit as error:
        return Failure("left", f"it called sys.exit({error.code if error.code is not None else ''})", told())
    except BaseException as error:  # noqa: BLE001 - whatever somebody's code raises is told to its author
        text = str(error)
        if "out of memory" in text.lower() or "allocate memory" in text.lower():
            return Failure("memory", "there is not enough memory", told())
        first = next((line.strip() for line in text.splitlines() if line.strip()), "")
        return Failure("raised", f"{type(error).__name__}: {first}".rstrip(": ")[:500], told() or text)
    raise TypeError(f"a {type(request).__name__} is no request")


def _told() -> str:
    """The traceback of the exception being handled, from where it left this file."""
    error = sys.exception()
    if error is None:
        return ""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename == __file__ and place.tb_next is not None:
        place = place.tb_next
    return "".join(traceback.format_exception(type(error), error, place))[-20_000:]


def _nothing_more() -> str:
    """Instead of a traceback where no file may be opened, not even to show the lines of one."""
    return ""


class _Host:
    """One network and how it is run."""

    def __init__(self) -> None:
        self.tensors: list[CheckpointTensor] = []
        self.network: _TorchNetwork | _OnnxNetwork | None = None
        self.module: types.ModuleType | None = None
        self.request: Start | None = None

    def start(self, request: Start) -> None:
        """Put up the walls."""
        self.request = request
        if request.kind == "onnx":
            self.network = _OnnxNetwork()
            walls.bound_memory(request.memory)
            walls.forbid_everything()
            return
        import torch

        walls.switch_network_off()
        if not torch.cuda.is_available():  # its driver reserves more addresses than any machine has memory
            walls.bound_memory(request.memory)

    def build(self, request: Build) -> Made:
        """Make the network."""
        start = self.request
        if start is None:
            raise Unfit("nothing was started")
        if isinstance(self.network, _OnnxNetwork):
            return self.network.open(start.content, self.tensors)
        if start.kind == "code":
            return self._build_own(start, request.values)
        self.network = _TorchNetwork(_program_of(start))
        ports, examples = _described(self.network.module, start)
        return Made(start.kind, ports, examples)

    def _build_own(self, start: Start, values: tuple[CheckpointValue, ...]) -> Made:
        source = start.content.decode("utf-8-sig")
        module = types.ModuleType(MODULE_NAME)
        module.__file__ = start.name
        lines = source.splitlines(keepends=True)
        linecache.cache[start.name] = (len(source), None, lines, start.name)  # so that a traceback shows them
        sys.modules[MODULE_NAME] = module
        exec(compile(source, start.name, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - after consent
        self.module = module
        build = getattr(module, "build_model", None)
        if not callable(build):
            raise Unfit("it defines no function build_model(checkpoint)")
        checkpoint = nested(self.tensors, values)
        self.tensors = []
        made = build(checkpoint)
        import torch

        if not isinstance(made, torch.nn.Module):
            raise Unfit(f"build_model gave back {_article(made)}, and not a torch.nn.Module")
        self.network = _TorchNetwork(made)
        ports = _ports_of_signature(made)
        return Made(type(made).__name__, ports, prepares=callable(getattr(module, "prepare", None)))

    def call(self, request: Call) -> Arrays:
        """Run the network."""
        if self.network is None:
            raise Unfit("no network was made")
        return self.network.call(request)

    def prepared(self, clip: np.ndarray, index: int) -> np.ndarray:
        """One clip as the researcher's `prepare` gives it."""
        prepare = getattr(self.module, "prepare", None)
        if prepare is None:
            raise Unfit("it defines no function prepare(clip)")
        made = prepare(np.array(clip))
        array = np.asarray(made.detach().cpu() if hasattr(made, "detach") else made)
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            what = f"an array of shape {array.shape}" if array.ndim else _article(made)
            raise Unfit(f"prepare(clip) gave back {what} for clip {index}, and not frames x numbers")
        return np.ascontiguousarray(array, dtype=np.float32)


class _TorchNetwork:
    """A module of torch in evaluation mode, moved to where a batch is to run."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.device = "cpu"
        with contextlib.suppress(NotImplementedError):  # an exported program has no mode to change
            module.eval()

    def call(self, request: Call) -> Arrays:
        """Run one batch."""
        import torch

        torch.set_num_threads(max(1, request.threads))
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        if request.device != self.device:
            self.module.to(request.device)
            self.device = request.device
        kind = next((one.dtype for one in self.module.parameters() if one.is_floating_point()), torch.float32)
        given = [torch.from_numpy(np.array(one)).to(request.device) for one in request.arrays]
        given = [one.to(kind) if one.is_floating_point() else one for one in given]
        with torch.inference_mode():
            made = self.module(*given)
        names, tensors = _tensors_in(made)
        return Arrays(tuple(_plain(one) for one in tensors), tuple(names))


class _OnnxNetwork:
    """A session of onnxruntime on one thread; the process cannot start others."""

    def __init__(self) -> None:
        import onnxruntime  # type: ignore[import-untyped]

        self.runtime = onnxruntime
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = self.options.inter_op_num_threads = 1
        self.options.log_severity_level = 4
        self.session: Any = None

    def open(self, content: bytes, beside: list[CheckpointTensor]) -> Made:
        """Compile the graph; `beside` are the initializers that lie in other files."""
        if beside:
            values = [self.runtime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(one.numbers)) for one in beside]
            self.options.add_external_initializers([one.path[-1] for one in beside], values)
        self.session = self.runtime.InferenceSession(content, self.options, providers=["CPUExecutionProvider"])
        ports = tuple(
            Port(
                one.name,
                TYPES.get(str(one.type).removeprefix("tensor(").removesuffix(")"), str(one.type)),
                None if one.shape is None else tuple(size if isinstance(size, int) else None for size in one.shape),
            )
            for one in self.session.get_inputs()
        )
        return Made("onnx", ports, outputs=tuple(one.name for one in self.session.get_outputs()))

    def call(self, request: Call) -> Arrays:
        """Run one batch."""
        names = [one.name for one in self.session.get_inputs()]
        made = self.session.run(None, dict(zip(names, request.arrays, strict=True)))
        kept = [index for index, one in enumerate(made) if isinstance(one, np.ndarray) and one.dtype.kind in "fiub"]
        listed = [one.name for one in self.session.get_outputs()]
        return Arrays(tuple(made[index] for index in kept), tuple(listed[index] for index in kept))


def _program_of(start: Start) -> Any:
    """The module of a file that carries its program."""
    import torch

    if start.kind == "TorchScript":
        return torch.jit.load(io.BytesIO(start.content), map_location="cpu")  # type: ignore[no-untyped-call]
    return torch.export.load(io.BytesIO(start.content)).module()


def _described(module: Any, start: Start) -> tuple[tuple[Port, ...], tuple[tuple[int, ...], ...]]:
    """The inputs of a program, and the shapes of examples."""
    if start.kind == "TorchScript":
        listed = list(module.forward.schema.arguments)[1:]
        needed = [one for one in listed if not one.has_default_value()]
        return tuple(Port(one.name, "" if str(one.type) == "Tensor" else str(one.type)) for one in needed), ()
    import torch

    program = torch.export.load(io.BytesIO(start.content))
    ports = []
    wanted = set(program.graph_signature.user_inputs)
    for node in program.graph.nodes:
        value: Any = node.meta.get("val") if node.op == "placeholder" and node.name in wanted else None
        if hasattr(value, "shape"):
            sizes = tuple(size if type(size) is int else None for size in value.shape)
            ports.append(Port(node.name, str(value.dtype).removeprefix("torch."), sizes))
    given = program.example_inputs
    first = given[0] if given else ()
    return tuple(ports), tuple(tuple(one.shape) for one in first if hasattr(one, "shape"))


def _ports_of_signature(module: Any) -> tuple[Port, ...]:
    """The arguments that `forward` must have."""
    try:
        listed = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # a scripted module among them
        return (Port("features"),)
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [one.name for one in listed if one.kind in positional and one.default is inspect.Parameter.empty]
    return tuple(Port(name) for name in needed) or (Port("features"),)


def _tensors_in(made: Any) -> tuple[list[str], list[Any]]:
    """The tensors of whatever a network gives back, in order, with names where they have some."""
    if hasattr(made, "detach"):
        return [""], [made]
    if isinstance(made, Mapping):
        pairs = [(str(name), held) for name, held in made.items()]
    elif isinstance(made, tuple | list):
        pairs = [("", held) for held in made]
    else:
        raise Unfit(f"the network gave back {_article(made)}, and not a tensor")
    kept = [(name, held) for name, held in pairs if hasattr(held, "detach")]
    if not kept:
        raise Unfit(f"the network gave back {_article(made)} without a tensor in it")
    return [name for name, _ in kept], [held for _, held in kept]


def _plain(tensor: Any) -> np.ndarray:
    import torch

    held = tensor.detach()
    return np.asarray((held.float() if held.dtype in (torch.float16, torch.bfloat16) else held).cpu())


def _article(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"


def nested(tensors: list[CheckpointTensor], values: tuple[CheckpointValue, ...]) -> dict[str, Any]:
    """The checkpoint as nested dicts; a dict whose keys are 0, 1, 2 ... becomes a list."""
    import torch

    kinds = {"bfloat16": torch.bfloat16, "float16": torch.float16}
    root: dict[str, Any] = {}
    for one in values:
        _put(root, one.path, one.value)
    for held in tensors:
        tensor = torch.from_numpy(np.array(held.numbers))
        _put(root, held.path, tensor.to(kinds[held.dtype]) if held.dtype in kinds else tensor)
    return {key: _with_lists(held) for key, held in root.items()}


def _put(root: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    place = root
    for name in path[:-1]:
        inner = place.setdefault(name, {})
        if not isinstance(inner, dict):  # the file has an object here as well as what is in it
            return
        place = inner
    if path:
        place[path[-1]] = value


def _with_lists(held: Any) -> Any:
    if not isinstance(held, dict):
        return held
    inner = {key: _with_lists(one) for key, one in held.items()}
    if inner and all(key == str(index) for index, key in enumerate(inner)):
        return list(inner.values())
    return inner
