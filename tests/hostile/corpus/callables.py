"""What a payload may call: every entry creates the canary when an ordinary load runs it.

Sources: the lists of the public scanners and their advisories, "Hide and Seek" (arXiv 2508.19774), and the standard
library's own documentation.
"""

from __future__ import annotations

import base64
import marshal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hostile.corpus.assembling import Call, Name, Raw, call, encode
from hostile.corpus.records import Place


@dataclass(frozen=True, slots=True)
class Gadget:
    """One gadget.

    Attributes:
        name: Its short name.
        build: The value whose load makes the canary.
        tells: Names of which at least one must be told.
    """

    name: str
    build: Callable[[Place], object]
    tells: tuple[str, ...]


def _touch(place: Place) -> str:
    return f"touch {place.mark}"


def _code(place: Place) -> str:
    return f"open({place.mark!r}, 'w').close()"


def _script(place: Place, name: str = "second.py", content: str = "") -> str:
    path = place.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or _code(place) + "\n")
    return str(path)


def _exhaust(iterator: object) -> object:
    """A list of an iterator, whose making calls the function again and again."""
    return call("builtins", "list", iterator)


def _marshalled(place: Place) -> bytes:
    return marshal.dumps(compile(_code(place), "<payload>", "exec"))


def _imported(name: str) -> Call:
    return call("importlib", "import_module", name)


def _simple() -> Iterator[tuple[str, str, Callable[[Place], tuple[object, ...]]]]:
    """`(module, name, arguments)` of gadgets that are one plain call."""
    yield "os", "system", lambda p: (_touch(p),)
    yield "posix", "system", lambda p: (_touch(p),)
    yield "os", "popen", lambda p: (_touch(p),)
    yield "os", "mkdir", lambda p: (p.mark,)
    yield "os", "makedirs", lambda p: (p.mark,)
    yield "posix", "mkdir", lambda p: (p.mark,)
    yield "os", "mkfifo", lambda p: (p.mark,)
    yield "os", "symlink", lambda p: ("/dev/null", p.mark)
    yield "os", "open", lambda p: (p.mark, 0o101)
    yield "os", "spawnl", lambda p: (0, "/usr/bin/touch", "touch", p.mark)
    yield "os", "spawnv", lambda p: (0, "/usr/bin/touch", ["touch", p.mark])
    yield "os", "spawnlp", lambda p: (0, "touch", "touch", p.mark)
    yield "os", "spawnvp", lambda p: (0, "touch", ["touch", p.mark])
    yield "os", "execv", lambda p: ("/usr/bin/touch", ["touch", p.mark])
    yield "os", "execl", lambda p: ("/usr/bin/touch", "touch", p.mark)
    yield "os", "execvp", lambda p: ("touch", ["touch", p.mark])
    yield "os", "posix_spawnp", lambda p: ("touch", ["touch", p.mark], {})
    yield "posix", "posix_spawn", lambda p: ("/usr/bin/touch", ["touch", p.mark], {})
    for name in ("Popen", "call", "run", "check_call", "check_output"):
        yield "subprocess", name, lambda p: (["touch", p.mark],)
    for name in ("getoutput", "getstatusoutput"):
        yield "subprocess", name, lambda p: (_touch(p),)
    yield "builtins", "eval", lambda p: (_code(p),)
    yield "builtins", "exec", lambda p: (_code(p),)
    yield "__builtin__", "eval", lambda p: (_code(p),)
    yield "builtins", "open", lambda p: (p.mark, "w")
    yield "io", "open", lambda p: (p.mark, "w")
    yield "_io", "open", lambda p: (p.mark, "w")
    yield "io", "FileIO", lambda p: (p.mark, "w")
    yield "_io", "FileIO", lambda p: (p.mark, "w")
    yield "codecs", "open", lambda p: (p.mark, "w")
    yield "tokenize", "_builtin_open", lambda p: (p.mark, "w")
    yield "tempfile", "mkstemp", lambda p: ("", "t", str(p.canary))
    yield "tempfile", "mkdtemp", lambda p: ("", "t", str(p.canary))
    yield "shutil", "copyfile", lambda p: ("/dev/null", p.mark)
    yield "shutil", "copytree", lambda p: (str(p.folder), p.mark)
    yield "shutil", "make_archive", lambda p: (p.mark, "tar", str(p.folder))
    yield "zipfile", "ZipFile", lambda p: (p.mark, "w")
    yield "tarfile", "open", lambda p: (p.mark, "w")
    yield "gzip", "open", lambda p: (p.mark, "w")
    yield "gzip", "GzipFile", lambda p: (p.mark, "w")
    yield "bz2", "open", lambda p: (p.mark, "w")
    yield "bz2", "BZ2File", lambda p: (p.mark, "w")
    yield "lzma", "open", lambda p: (p.mark, "w")
    yield "lzma", "LZMAFile", lambda p: (p.mark, "w")
    yield "sqlite3", "connect", lambda p: (p.mark,)
    yield "shelve", "open", lambda p: (p.mark,)
    yield "dbm.dumb", "open", lambda p: (p.mark, "c")
    yield "logging", "FileHandler", lambda p: (p.mark,)
    yield "logging.handlers", "RotatingFileHandler", lambda p: (p.mark,)
    yield "logging.handlers", "TimedRotatingFileHandler", lambda p: (p.mark,)
    yield "logging.config", "dictConfig", _logging_arguments
    yield "cProfile", "run", lambda p: (_code(p),)
    yield "cProfile", "runctx", lambda p: (_code(p), {}, {})
    yield "profile", "run", lambda p: (_code(p),)
    yield "timeit", "timeit", lambda p: (_code(p), "pass", Name("time", "perf_counter"), 1)
    yield "timeit", "repeat", lambda p: (_code(p), "pass", Name("time", "perf_counter"), 1, 1)
    yield "timeit", "main", lambda p: (["-n", "1", "-r", "1", _code(p)],)
    yield "runpy", "run_path", lambda p: (_script(p),)
    yield "runpy", "_run_code", lambda p: (call("builtins", "compile", _code(p), "x", "exec"), {})
    yield "pty", "spawn", lambda p: (["touch", p.mark],)
    yield "pydoc", "pipepager", lambda p: ("", _touch(p))
    yield "pydoc", "tempfilepager", lambda p: ("", _touch(p) + " ; true")
    yield "py_compile", "compile", lambda p: (_script(p), p.mark)
    yield "zipapp", "create_archive", lambda p: (_application(p), p.mark)
    yield "venv", "create", lambda p: (p.mark,)
    yield "distutils.file_util", "write_file", lambda p: (p.mark, [])
    yield "distutils.dir_util", "mkpath", lambda p: (p.mark,)
    yield "distutils.spawn", "spawn", lambda p: (["touch", p.mark],)
    yield "imaplib", "IMAP4_stream", lambda p: (_touch(p),)
    yield "urllib.request", "urlretrieve", lambda p: ("data:,x", p.mark)
    yield "doctest", "debug_script", lambda p: (_code(p) + "\nraise SystemExit", True)
    yield "numpy", "save", lambda p: (p.mark, 0)
    yield "numpy", "savetxt", lambda p: (p.mark, [0])
    yield "numpy", "memmap", lambda p: (p.mark, "u1", "w+", 0, 1)
    yield "numpy.testing._private.utils", "runstring", lambda p: (_code(p), {})
    yield "numpy.f2py.crackfortran", "myeval", lambda p: (_code(p),)
    yield "torch", "save", lambda p: ({}, p.mark)
    yield "torch.utils.collect_env", "run", lambda p: (_touch(p),)
    yield "pip", "main", lambda p: (["config", "list", "--log", p.mark],)
    yield "pip._internal.cli.main", "main", lambda p: (["config", "list", "--log", p.mark],)
    yield "setuptools.archive_util", "unpack_archive", _unpack_arguments


def _logging_arguments(place: Place) -> tuple[object, ...]:
    handler = {"class": "logging.FileHandler", "filename": place.mark}
    return ({"version": 1, "handlers": {"file": handler}, "root": {"handlers": ["file"]}},)


def _application(place: Place) -> str:
    (place.folder / "application").mkdir(exist_ok=True)
    _script(place, "application/__main__.py", "pass\n")
    return str(place.folder / "application")


def _evil_file(place: Place) -> str:
    from hostile.corpus.assembling import stream

    (place.folder / "second.pkl").write_bytes(stream(call("os", "system", _touch(place))))
    return str(place.folder / "second.pkl")


def _unpack_arguments(place: Place) -> tuple[object, ...]:
    from hostile.corpus.containers import zip_archive

    (place.folder / "second.zip").write_bytes(zip_archive({"fired": b""}))
    return (str(place.folder / "second.zip"), str(place.canary))


def _partial_by_state(target: Name, arguments: tuple[object, ...], keywords: dict[str, object]) -> Call:
    """A call with keywords: a partial of something gets its function, arguments and keywords as a state."""
    made = encode(call("functools", "partial", target))
    return Call(Raw(made + encode((target, arguments, keywords, None)) + b"b"))


def _chains() -> Iterator[Gadget]:
    """Gadgets of several calls, none of which need look dangerous by itself."""
    system = Name("os", "system")

    def add(name: str, build: Callable[[Place], object], *tells: str) -> Gadget:
        return Gadget(name, build, tells)

    yield add(
        "eval of an import",
        lambda p: call("builtins", "eval", f"__import__('os').system({_touch(p)!r})"),
        "builtins.eval",
    )
    yield add(
        "getattr of an imported module",
        lambda p: Call(call("builtins", "getattr", call("builtins", "__import__", "os"), "system"), _touch(p)),
        "builtins.getattr",
        "builtins.__import__",
    )
    yield add(
        "importlib and attrgetter",
        lambda p: Call(Call(call("operator", "attrgetter", "system"), _imported("os")), _touch(p)),
        "operator.attrgetter",
    )
    yield add(
        "methodcaller",
        lambda p: Call(call("operator", "methodcaller", "system", _touch(p)), _imported("os")),
        "operator.methodcaller",
    )
    yield add(
        "itemgetter of vars",
        lambda p: Call(
            Call(call("operator", "itemgetter", "system"), call("builtins", "vars", _imported("os"))), _touch(p)
        ),
        "operator.itemgetter",
    )
    yield add("partial", lambda p: Call(call("functools", "partial", system, _touch(p))), "functools.partial")
    yield add(
        "partial of partial",
        lambda p: Call(call("functools", "partial", call("functools", "partial", system), _touch(p))),
        "functools.partial",
    )
    yield add("reduce", lambda p: call("functools", "reduce", Name("os", "open"), [p.mark, 0o101]), "functools.reduce")
    yield add("map", lambda p: _exhaust(call("builtins", "map", system, [_touch(p)])), "builtins.map")
    yield add("filter", lambda p: _exhaust(call("builtins", "filter", system, [_touch(p)])), "builtins.filter")
    yield add(
        "starmap",
        lambda p: _exhaust(call("itertools", "starmap", system, [(_touch(p),)])),
        "itertools.starmap",
    )
    yield add(
        "takewhile",
        lambda p: _exhaust(call("itertools", "takewhile", system, [_touch(p)])),
        "itertools.takewhile",
    )
    yield add(
        "accumulate",
        lambda p: _exhaust(call("itertools", "accumulate", [p.mark, 0o101], Name("os", "open"))),
        "itertools.accumulate",
    )
    yield add(
        "deque of a map",
        lambda p: call("collections", "deque", call("builtins", "map", system, [_touch(p)])),
        "builtins.map",
    )
    yield add(
        "OrderedDict of a map",
        lambda p: call("collections", "OrderedDict", call("builtins", "map", system, [_touch(p)])),
        "builtins.map",
    )
    yield add(
        "Counter of a map",
        lambda p: call("collections", "Counter", call("builtins", "map", system, [_touch(p)])),
        "builtins.map",
    )
    yield add(
        "torch.Size of a map",
        lambda p: call("torch", "Size", call("builtins", "map", system, [_touch(p)])),
        "builtins.map",
    )
    yield add(
        "iterator with a callable",
        lambda p: call(
            "builtins", "next", call("builtins", "iter", call("functools", "partial", system, _touch(p)), 5)
        ),
        "builtins.next",
        "builtins.iter",
    )
    yield add(
        "min with a key",
        lambda p: _partial_by_state(Name("builtins", "min"), ([_touch(p), "true"],), {"key": system}),
        "functools.partial",
    )
    yield add(
        "defaultdict with a factory",
        lambda p: call(
            "operator",
            "getitem",
            call("collections", "defaultdict", call("functools", "partial", system, _touch(p))),
            "missing",
        ),
        "operator.getitem",
        "functools.partial",
    )
    yield add(
        "thread",
        lambda p: call("_thread", "start_new_thread", system, (_touch(p),)),
        "_thread.start_new_thread",
    )
    yield add("at exit", lambda p: call("atexit", "register", system, _touch(p)), "atexit.register")
    yield add(
        "finalizer",
        lambda p: [call("weakref", "finalize", call("builtins", "set"), system, _touch(p))],
        "weakref.finalize",
    )
    yield add(
        "ctypes",
        lambda p: Call(
            Call(call("operator", "attrgetter", "system"), call("ctypes", "CDLL", None)), _touch(p).encode()
        ),
        "ctypes.CDLL",
    )
    yield add(
        "ctypes PyDLL",
        lambda p: Call(
            Call(call("operator", "attrgetter", "system"), call("ctypes", "PyDLL", "libc.so.6")), _touch(p).encode()
        ),
        "ctypes.PyDLL",
    )
    yield add(
        "web browser",
        lambda p: Call(call("operator", "methodcaller", "open", p.mark), call("webbrowser", "GenericBrowser", "touch")),
        "webbrowser.GenericBrowser",
        "operator.methodcaller",
    )
    yield add(
        "resolve_name",
        lambda p: Call(call("pkgutil", "resolve_name", "os:system"), _touch(p)),
        "pkgutil.resolve_name",
    )
    yield add(
        "resolve_name with dots",
        lambda p: Call(call("pkgutil", "resolve_name", "os.system"), _touch(p)),
        "pkgutil.resolve_name",
    )
    yield add(
        "torch's own import by name",
        lambda p: Call(call("torch._utils", "_import_dotted_name", "os.system"), _touch(p)),
        "torch._utils._import_dotted_name",
    )
    yield add(
        "marshalled code",
        lambda p: call("builtins", "exec", call("marshal", "loads", _marshalled(p))),
        "marshal.loads",
        "builtins.exec",
    )
    yield add(
        "function from marshalled code",
        lambda p: Call(
            call("types", "FunctionType", call("marshal", "loads", _marshalled(p)), {"open": Name("builtins", "open")})
        ),
        "types.FunctionType",
    )
    yield add(
        "compile and exec",
        lambda p: call("builtins", "exec", call("builtins", "compile", _code(p), "<x>", "exec")),
        "builtins.exec",
    )
    yield add(
        "exec of base64",
        lambda p: call("builtins", "exec", call("base64", "b64decode", base64.b64encode(_code(p).encode()).decode())),
        "builtins.exec",
    )
    yield add(
        "exec of zlib",
        lambda p: call("builtins", "exec", call("zlib", "decompress", _zlib(p))),
        "builtins.exec",
    )
    yield add(
        "pickle in a pickle",
        lambda p: call("pickle", "loads", encode(call("os", "system", _touch(p))) + b"."),
        "pickle.loads",
    )
    yield add(
        "pickle in a pickle, by its C name",
        lambda p: call("_pickle", "loads", encode(call("os", "system", _touch(p))) + b"."),
        "_pickle.loads",
    )
    yield add(
        "a second file",
        lambda p: call("pickle", "load", call("builtins", "open", _evil_file(p), "rb")),
        "pickle.load",
        "builtins.open",
    )
    yield add("numpy.load of a second file", lambda p: call("numpy", "load", _evil_file(p), None, True), "numpy.load")
    yield add(
        "torch.load of a second file",
        lambda p: _partial_by_state(Name("torch", "load"), (_torch_file(p),), {"weights_only": False}),
        "functools.partial",
        "torch.load",
    )
    yield add(
        "torch's nested load",
        lambda p: call("torch.storage", "_load_from_bytes", _torch_bytes(p)),
        "torch.storage._load_from_bytes",
        "os.system",
    )
    yield add(
        "source file loader",
        lambda p: Call(
            call("operator", "methodcaller", "load_module"),
            call("importlib.machinery", "SourceFileLoader", "second", _script(p)),
        ),
        "importlib.machinery.SourceFileLoader",
    )
    yield add(
        "import from a folder added to the path",
        lambda p: [
            Call(call("operator", "methodcaller", "insert", 0, str(_module_folder(p))), Name("sys", "path")),
            _imported("second_module"),
        ],
        "importlib.import_module",
    )
    yield add(
        "runpy of a module in a folder added to the path",
        lambda p: [
            Call(call("operator", "methodcaller", "insert", 0, str(_module_folder(p))), Name("sys", "path")),
            call("runpy", "run_module", "second_module"),
        ],
        "runpy.run_module",
    )
    yield add(
        "interpreter",
        lambda p: Call(call("operator", "methodcaller", "runsource", _code(p)), call("code", "InteractiveInterpreter")),
        "code.InteractiveInterpreter",
    )
    yield add(
        "debugger",
        lambda p: Call(call("operator", "methodcaller", "run", _code(p)), call("bdb", "Bdb")),
        "bdb.Bdb",
    )
    yield add(
        "profiler object",
        lambda p: Call(call("operator", "methodcaller", "run", _code(p)), call("cProfile", "Profile")),
        "cProfile.Profile",
    )
    yield add(
        "pathlib by methodcaller",
        lambda p: Call(call("operator", "methodcaller", "touch"), call("pathlib", "PosixPath", p.mark)),
        "operator.methodcaller",
    )
    yield add(
        "asyncio shell",
        lambda p: call("asyncio", "run", call("asyncio", "create_subprocess_shell", _touch(p))),
        "asyncio.run",
    )
    yield add(
        "torch hub of a local folder",
        lambda p: _partial_by_state(Name("torch.hub", "load"), (_hub(p), "model"), {"source": "local"}),
        "functools.partial",
        "torch.hub.load",
    )
    yield add(
        "ast and compile",
        lambda p: call(
            "builtins",
            "eval",
            call("builtins", "compile", call("ast", "parse", _code(p), "<x>", "eval"), "<x>", "eval"),
        ),
        "builtins.eval",
    )
    yield add(
        "exec by NumPy's test runner",
        lambda p: call("numpy.testing._private.utils", "rundocs", _script(p, "docs.py", _doctest(p))),
        "numpy.testing._private.utils.rundocs",
    )
    yield add(
        "codecs and eval",
        lambda p: call("builtins", "eval", call("codecs", "decode", _rot13(_code(p)), "rot13")),
        "builtins.eval",
    )
    yield add(
        "str.format of nothing, then system",
        lambda p: call("os", "system", Call(call("operator", "methodcaller", "format", p.mark), "touch {}")),
        "os.system",
    )


def _zlib(place: Place) -> bytes:
    import zlib

    return zlib.compress(_code(place).encode())


def _rot13(code: str) -> str:
    import codecs

    return codecs.encode(code, "rot13")


def _torch_bytes(place: Place) -> bytes:
    from hostile.corpus.assembling import stream
    from hostile.corpus.containers import torch_zip

    return torch_zip(stream(call("os", "system", _touch(place))))


def _torch_file(place: Place) -> str:
    (place.folder / "second.pt").write_bytes(_torch_bytes(place))
    return str(place.folder / "second.pt")


def _module_folder(place: Place) -> str:
    _script(place, "modules/second_module.py")
    return str(place.folder / "modules")


def _hub(place: Place) -> str:
    _script(place, "hub/hubconf.py", f"dependencies = []\n{_code(place)}\ndef model(): pass\n")
    return str(place.folder / "hub")


def _doctest(place: Place) -> str:
    return f'"""\n>>> {_code(place)}\n"""\n'


def gadgets() -> list[Gadget]:
    """All of them, the plain calls first."""
    found = [
        Gadget(
            f"{module}.{name}",
            lambda place, module=module, name=name, arguments=arguments: call(module, name, *arguments(place)),
            (f"{module}.{name}",),
        )
        for module, name, arguments in _simple()
        if not (module.startswith("distutils") and sys.version_info >= (3, 12))
    ]
    return [*found, *_chains()]
