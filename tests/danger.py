"""What the program's source must not contain: anything by which a file's content could be run or imported.

Read as syntax, never by running it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

FORBIDDEN_MODULES = {
    *(
        "pickle",
        "_pickle",
        "cPickle",
        "pickletools",
        "marshal",
        "shelve",
        "dbm",
        "dill",
        "cloudpickle",
        "joblib",
        "imp",
    ),
    *(
        "ctypes",
        "_ctypes",
        "cffi",
        "runpy",
        "code",
        "codeop",
        "pty",
        "torch.hub",
        "torch.package",
        "torch.serialization",
    ),
    *("torch.utils.cpp_extension", "hickle", "klepto", "jsonpickle", "yaml", "skops"),
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "execfile", "breakpoint", "globals", "vars", "locals"}
FORBIDDEN_ATTRIBUTES = {  # as (owner, name), the owner by any of its usual short names
    ("torch", "load"),
    ("torch", "hub"),
    ("torch", "classes"),
    ("torch.jit", "load"),
    ("jit", "load"),
    ("torch.ops", "load_library"),
    ("np", "load"),
    ("numpy", "load"),
    ("np", "memmap"),
    ("numpy", "memmap"),
    ("pandas", "read_pickle"),
    ("pd", "read_pickle"),
    ("os", "system"),
    ("os", "popen"),
    ("os", "startfile"),
    ("operator", "attrgetter"),
    ("operator", "methodcaller"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "compile"),
    ("builtins", "__import__"),
    ("pkgutil", "resolve_name"),
    ("importlib.machinery", "SourceFileLoader"),
    ("importlib.util", "spec_from_file_location"),
    ("types", "FunctionType"),
    ("types", "CodeType"),
}
REACHING = {"getattr", "setattr", "delattr", "hasattr"}  # fine with a name that stands in the source
IMPORTING = {"import_module", "find_spec", "reload"}  # the same
RUNNING = ("os.exec", "os.spawn", "os.posix_spawn")


def offences(source: str, allowed_names: frozenset[str] = frozenset()) -> list[str]:
    """What is wrong in one file, as `line: what`.

    Args:
        source: Python.
        allowed_names: Expressions that `getattr` may be given as a name: reviewed, and never a file's text.
    """
    return [
        f"{getattr(node, 'lineno', 0)}: {what}"
        for node in ast.walk(ast.parse(source))
        for what in _offences_of(node, allowed_names)
    ]


def _offences_of(node: ast.AST, allowed_names: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (f"imports {alias.name}" for alias in node.names if _is_forbidden(alias.name))
    elif isinstance(node, ast.ImportFrom) and not node.level:
        module = node.module or ""
        for alias in node.names:
            if (
                _is_forbidden(module)
                or _is_forbidden(f"{module}.{alias.name}")
                or (module, alias.name) in FORBIDDEN_ATTRIBUTES
                or f"{module}.{alias.name}".startswith(RUNNING)
            ):
                yield f"imports {alias.name} from {module}"
    elif isinstance(node, ast.Attribute):
        owner = ast.unparse(node.value)
        if (owner, node.attr) in FORBIDDEN_ATTRIBUTES or f"{owner}.{node.attr}".startswith(RUNNING):
            yield f"uses {owner}.{node.attr}"
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in FORBIDDEN_CALLS:
        yield f"uses {node.id}"
    elif isinstance(node, ast.Call):
        yield from _offences_of_call(node, allowed_names)


def _is_forbidden(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in FORBIDDEN_MODULES)


def _offences_of_call(node: ast.Call, allowed_names: frozenset[str]) -> Iterator[str]:
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else called
    if called in REACHING and isinstance(node.func, ast.Name) and len(node.args) > 1:
        name = node.args[1]
        if not isinstance(name, ast.Constant) and ast.unparse(name) not in allowed_names:
            yield f"{called} with a name that is computed: {ast.unparse(name)}"
    if called in IMPORTING and node.args and not isinstance(node.args[0], ast.Constant):
        yield f"{called} with a name that is computed: {ast.unparse(node.args[0])}"
    for keyword in node.keywords:
        is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg in ("allow_pickle", "shell") and not is_false:
            yield f"{called} with {keyword.arg}"
        if keyword.arg == "weights_only":
            yield f"{called} with weights_only: nothing here is loaded by torch"
