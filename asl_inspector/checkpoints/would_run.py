"""What an ordinary load of a pickle stream would import or call beyond rebuilding tensors and plain containers."""

from __future__ import annotations

from collections.abc import Callable, Container

from asl_inspector.checkpoints.composed_tensors import LAYOUTS
from asl_inspector.checkpoints.records import WouldRun
from asl_inspector.checkpoints.storages import dtype_name, storage_dtype
from asl_inspector.inert_pickle import numpy_arrays
from asl_inspector.inert_pickle.plain import DICT_CLASSES, SEQUENCE_CLASSES, arguments_of, named
from asl_inspector.inert_pickle.records import Built, Extension, Global, Pickle
from asl_inspector.inert_pickle.text import render

LONGEST_ARGUMENTS = 2_000
MOST_LISTED = 1_000
CODECS = {("_codecs", "encode")}
BYTE_ARRAYS = {("builtins", "bytearray"), ("__builtin__", "bytearray")}
OLD_TENSORS = ("Double", "Float", "Half", "Long", "Int", "Short", "Char", "Byte", "Bool", "BFloat16")
SCRIPT_BUILDERS = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag")
HARMLESS = (
    DICT_CLASSES
    | SEQUENCE_CLASSES
    | numpy_arrays.RECONSTRUCT
    | numpy_arrays.FROM_BUFFER
    | numpy_arrays.SCALAR
    | numpy_arrays.DTYPE
    | numpy_arrays.EMPTY_BYTES
    | {
        ("numpy", "ndarray"),
        numpy_arrays.JOBLIB_WRAPPER,
        ("_codecs", "encode"),
        ("torch", "Size"),
        ("torch", "device"),
        ("torch._utils", "_rebuild_tensor"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils", "_rebuild_tensor_v3"),
        ("torch._utils", "_rebuild_parameter"),
        ("torch._utils", "_rebuild_parameter_with_state"),
        ("torch._utils", "_rebuild_meta_tensor_no_storage"),
        ("torch._utils", "_rebuild_sparse_tensor"),
        ("torch._utils", "_rebuild_nested_tensor"),
        ("torch._utils", "_rebuild_qtensor"),
        ("torch._utils", "_rebuild_device_tensor_from_numpy"),
        ("torch._utils", "_rebuild_device_tensor_from_cpu_tensor"),
        ("torch._utils", "_rebuild_xla_tensor"),
        ("torch._tensor", "_rebuild_from_type"),
        ("torch.nested._internal.nested_tensor", "_rebuild_njt"),
        ("torch.nested._internal.nested_tensor", "NestedTensor"),
        ("torch.serialization", "_get_layout"),
        *(("torch", layout) for layout in LAYOUTS),
        ("torch", "per_tensor_affine"),
        ("torch", "per_channel_affine"),
        ("torch", "per_channel_affine_float_qparams"),
        ("torch", "strided"),
        ("torch.autograd.variable", "Variable"),
        *(("torch", f"{kind}Tensor") for kind in OLD_TENSORS),
        *(("torch.cuda", f"{kind}Tensor") for kind in OLD_TENSORS),
        *(("torch.jit._pickle", name) for name in SCRIPT_BUILDERS),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch.nn.parameter", "Parameter"),
        ("torch", "Tensor"),
        ("builtins", "complex"),
        ("__builtin__", "complex"),
        ("builtins", "bytearray"),
        ("__builtin__", "bytearray"),
        ("builtins", "slice"),
        ("builtins", "range"),
    }
)


def is_harmless(name: Global) -> bool:
    """True for what only rebuilds tensors, arrays and plain containers."""
    if (name.module, name.name) in HARMLESS:
        return True
    return storage_dtype(name) is not None or dtype_name(name) is not None


def would_run(
    pickle: Pickle, *, opened: Container[int] = (), is_part: Callable[[Global], bool] = lambda _: False
) -> tuple[WouldRun, ...]:
    """Calls in file order, then names that would only be imported.

    Args:
        pickle: The stream.
        opened: Identities of the calls that load a nested stream whose own calls are told elsewhere.
        is_part: Tells names that the file itself defines.
    """
    met: list[tuple[int, Built | Global | Extension]] = []
    called: set[int] = set()
    for built in pickle.built:
        callee = named(built.callee) or built.callee
        if isinstance(callee, Global | Extension):
            called.add(id(callee))
        if isinstance(callee, Global) and (_is_harmless_call(callee, built) or is_part(callee)):
            continue
        if id(built) not in opened:
            met.append((built.offset, built))
    for name in pickle.globals:
        known = isinstance(name, Global) and (is_harmless(name) or is_part(name))
        if id(name) not in called and not known:
            met.append((name.offset, name))
    met.sort(key=lambda one: one[0])  # before anything is shown: a file may make millions of calls
    return tuple(_row(one) for _, one in met[:MOST_LISTED])


def _is_harmless_call(callee: Global, built: Built) -> bool:
    """True for a call that only rebuilds; not for one that asks for memory, or for another codec than latin-1."""
    name = (callee.module, callee.name)
    if name in CODECS:
        return numpy_arrays.bytes_of(built) is not None
    if name in BYTE_ARRAYS:
        return not any(isinstance(given, int) for given in arguments_of(built))
    return is_harmless(callee)


def _row(met: Built | Global | Extension) -> WouldRun:
    if isinstance(met, Built):
        callee = named(met.callee) or met.callee
        return WouldRun(_name(callee), render(met.arguments, limit=LONGEST_ARGUMENTS), met.offset)
    return WouldRun(_name(met), "", met.offset)


def _name(callee: object) -> str:
    if isinstance(callee, Global):
        return callee.dotted
    return f"<extension code {callee.code}>" if isinstance(callee, Extension) else render(callee, limit=200)
