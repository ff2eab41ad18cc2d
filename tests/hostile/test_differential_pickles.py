"""The program's reader of pickles against CPython's, on seeded content.

CPython's own unpickler runs with stubs in place of every name, so that streams with calls can be compared too: both
readers must agree on what would be called with what, in which order, and on everything else in the stream.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import random
import struct
from collections import OrderedDict, deque
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.byte_reader import Budget, MalformedPickle
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.opcodes.table import HANDLERS, STOP
from asl_inspector.inert_pickle.records import (
    Built,
    ByteSpan,
    Global,
    HugeInteger,
    Items,
    OutOfBandBuffer,
    Pairs,
    Persistent,
)
from asl_inspector.inert_pickle.stack import State
from asl_inspector.mapped_file import MappedFile
from hostile.corpus.benign_torch import EncoderConfig, Mode
from hostile.corpus.calling import WAYS

# -- pickle against CPython ------------------------------------------------------------------------------------------


class Stub:
    """Stands for anything that a stream names; writes down what happens to it."""

    def __new__(cls, *arguments: Any, **keywords: Any) -> Stub:
        made = object.__new__(cls)
        made.arguments, made.keywords = arguments, keywords  # type: ignore[attr-defined]
        made.states, made.items, made.pairs = [], [], []  # type: ignore[attr-defined]
        return made

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        """Everything is written down by `__new__`, which NEWOBJ calls alone."""

    def __setstate__(self, state: Any) -> None:
        self.states.append(state)  # type: ignore[attr-defined]

    def append(self, item: Any) -> None:
        self.items.append(item)  # type: ignore[attr-defined]

    def add(self, item: Any) -> None:
        self.items.append(item)  # type: ignore[attr-defined]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.pairs.append((key, value))  # type: ignore[attr-defined]


class StubbedUnpickler(pickle.Unpickler):
    """CPython's unpickler without any import."""

    def find_class(self, module: str, name: str) -> Any:
        return type(f"{module} {name}", (Stub,), {})

    def persistent_load(self, identity: Any) -> Any:
        return ("persistent id", identity)


def by_cpython(value: Any) -> Any:
    """CPython's result in a form that can be compared."""
    if isinstance(value, Stub):
        name = type(value).__name__
        return (
            "call",
            name,
            tuple(by_cpython(item) for item in value.arguments),  # type: ignore[attr-defined]
            [(key, by_cpython(held)) for key, held in value.keywords.items()],  # type: ignore[attr-defined]
            [by_cpython(item) for item in value.states],  # type: ignore[attr-defined]
            [by_cpython(item) for item in value.items],  # type: ignore[attr-defined]
            [(by_cpython(key), by_cpython(held)) for key, held in value.pairs],  # type: ignore[attr-defined]
        )
    if isinstance(value, type) and issubclass(value, Stub):
        return ("name", value.__name__)
    if isinstance(value, tuple) and value[:1] == ("persistent id",):
        return ("persistent", by_cpython(value[1]))
    if isinstance(value, list | tuple):
        return (type(value).__name__, [by_cpython(item) for item in value])
    if isinstance(value, set | frozenset):
        return (type(value).__name__, sorted((by_cpython(item) for item in value), key=repr))
    if isinstance(value, dict):
        return ("dict", [(by_cpython(key), by_cpython(held)) for key, held in value.items()])
    if isinstance(value, bytes | bytearray):
        return ("bytes", bytes(value))
    return ("float", struct.pack("d", value)) if isinstance(value, float) else value


def by_us(value: Any, source: bytes) -> Any:
    """Our records in the same form."""

    def inner(held: Any) -> Any:
        return by_us(held, source)

    if isinstance(value, Built):
        assert isinstance(value.callee, Global)
        name = f"{value.callee.module} {value.callee.name}"
        keywords = (
            [(key, inner(held)) for key, held in value.keywords.pairs] if isinstance(value.keywords, Pairs) else []
        )
        arguments = tuple(inner(item) for item in value.arguments.values)  # type: ignore[attr-defined]
        pairs = [(inner(key), inner(held)) for key, held in value.pairs]
        return (
            "call",
            name,
            arguments,
            keywords,
            [inner(s) for s in value.states],
            [inner(i) for i in value.items],
            pairs,
        )
    if isinstance(value, Global):
        return ("name", f"{value.module} {value.name}")
    if isinstance(value, Persistent):
        return ("persistent", inner(value.identity))
    if isinstance(value, Items):
        items = [inner(item) for item in value.values]
        return (value.kind, sorted(items, key=repr) if value.kind in ("set", "frozenset") else items)
    if isinstance(value, Pairs):
        last: dict[str, tuple[Any, Any]] = {}  # as in Python: the first of equal keys, the last of their values
        for key, held in value.pairs:
            first, _ = last.get(repr(inner(key)), (inner(key), None))
            last[repr(inner(key))] = (first, inner(held))
        return ("dict", list(last.values()))
    if isinstance(value, ByteSpan):
        content = value.content if value.start < 0 else source[value.start : value.start + value.size]
        return ("bytes", content)
    return ("float", struct.pack("d", value)) if isinstance(value, float) else value


def random_value(chance: random.Random, depth: int) -> Any:
    """Plain values, standard containers and objects, nested."""
    leaves = (
        lambda: chance.choice((None, True, False)),
        lambda: chance.choice((0, 1, -1, 255, 256, 65_535, 65_536, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**200))),
        lambda: chance.randrange(-(10**30), 10**30),
        lambda: chance.choice((0.0, -0.0, math.inf, -math.inf, 1e-300, chance.gauss(0, 1e5))),
        lambda: "".join(chance.choice("ab\n\\'\"\0żé手🤟\ud800") for _ in range(chance.choice((0, 1, 5, 300)))),
        lambda: chance.randbytes(chance.choice((0, 1, 5, 300))),
        lambda: bytearray(chance.randbytes(3)),
        lambda: complex(1, chance.randrange(9)),
        lambda: date(2024, 1, chance.randint(1, 28)),
        lambda: Mode.CTC,
        lambda: EncoderConfig(chance.randrange(99)),
        lambda: OrderedDict,
        lambda: np.float32(chance.random()),
    )
    if depth <= 0 or chance.random() < 0.3:
        return chance.choice(leaves)()
    count = chance.choice((0, 1, 2, 3, 4, 5, 20))
    inner = [random_value(chance, depth - 1) for _ in range(count)]
    keys = [chance.choice((f"k{n}", n, (n, "t"), float(n))) for n in range(count)]
    kind = chance.randrange(9)
    if kind == 0:
        return tuple(inner)
    if kind == 1:
        return {f"item {n}" for n in range(count)}
    if kind == 2:
        return frozenset(range(count))
    if kind == 3:
        return OrderedDict(zip(keys, inner, strict=True))
    if kind == 4:
        return deque(inner)
    if kind == 5:
        return [inner, inner]  # the same list twice
    return dict(zip(keys, inner, strict=True)) if kind < 8 else inner


def expected(stream: bytes) -> Any:
    return by_cpython(StubbedUnpickler(io.BytesIO(stream)).load())


@pytest.mark.parametrize("protocol", range(6))
def test_values_of_every_protocol_read_as_cpython_reads_them(protocol: int) -> None:
    for seed in range(300):
        chance = random.Random(f"{protocol} {seed}")
        stream = pickle.dumps(random_value(chance, 4), protocol)
        read = read_pickle(stream)
        assert by_us(read.value, stream) == expected(stream), (protocol, seed)
        assert read.end == len(stream)
        assert not read.notes


def test_whole_objects_of_the_standard_library_read_as_cpython_reads_them() -> None:
    import argparse
    import collections
    import datetime
    import decimal
    import fractions
    import pathlib
    import uuid

    objects = [
        argparse.Namespace(a=1, b=[2]),
        collections.Counter("hello"),
        collections.defaultdict(list, a=[1]),
        datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.UTC),
        decimal.Decimal("1.5"),
        fractions.Fraction(1, 3),
        pathlib.PurePosixPath("/a/b"),
        uuid.UUID(int=5),
        np.arange(12, dtype=">f4").reshape(3, 4),
        np.array(["a", "żó"]),
        np.random.default_rng(0),
        ValueError("x", 1),
        slice(1, 2, 3),
        range(5),
    ]
    for one in objects:
        for protocol in range(6):
            stream = pickle.dumps(one, protocol)
            assert by_us(read_pickle(stream).value, stream) == expected(stream), (one, protocol)


def test_hostile_streams_read_as_cpython_would_read_them() -> None:
    """Every way of calling, with stubs: what CPython would call is what is told."""
    compared = 0
    for way in WAYS:
        stream = way.build("/nowhere")
        if "EXT" in way.name or "ADDITEMS" in way.name or "to an object" in way.name or "SETITEM" in way.name:
            continue  # the stubs have no registry, and methods of their own
        try:
            wanted = expected(stream)
        except (pickle.UnpicklingError, EOFError, IndexError, TypeError, UnicodeDecodeError):
            continue  # what CPython refuses is compared below
        assert by_us(read_pickle(stream).value, stream) == wanted, way.name
        compared += 1
    assert compared > 35


def test_changed_streams_that_both_can_read_are_read_alike() -> None:
    """Seeded damage: where both readers reach the end, they agree; ours never raises anything of its own kind."""
    from hostile.fuzzing.pickle_changes import change_pickle

    agreed = 0
    for seed in range(1_500):
        chance = random.Random(seed)
        stream = change_pickle(pickle.dumps(random_value(chance, 3), chance.randrange(6)), chance)
        try:
            wanted = expected(stream)
            read = read_pickle(stream)
            told = by_us(read.value, stream)
        except Exception as error:
            del error  # one of them refuses
            continue
        if wanted == told:
            agreed += 1
            continue
        # CPython keeps one of two equal keys, and asks for the type of what it fills; both are visible in the stream
        codes = {opcode.name for opcode, _, _ in pickletools.genops(stream[: read.end])}
        assert (
            codes & {"DICT", "SETITEM", "SETITEMS", "FROZENSET", "ADDITEMS", "BUILD", "MEMOIZE", "FRAME"} or read.notes
        ), (
            seed,
            wanted,
            told,
        )
    assert agreed > 300


# -- opcode boundaries -----------------------------------------------------------------------------------------------


def positions(stream: bytes) -> list[int]:
    """Where the machine finds opcodes."""
    state = State(stream, 0, Budget())
    found: list[int] = []
    while True:
        found.append(state.position)
        code = stream[state.position]
        state.position += 1
        if code == STOP:
            return found
        handler = HANDLERS[code]
        assert handler is not None
        try:
            handler(state)
        except MalformedPickle:  # the stream lacks what the opcode takes; where it stands is known
            return found


def test_opcodes_start_where_pickletools_says() -> None:
    streams = [way.build("/nowhere") for way in WAYS]
    streams += [
        pickle.dumps(random_value(random.Random(seed), 4), protocol) for seed in range(40) for protocol in range(6)
    ]
    compared = 0
    for stream in streams:
        try:
            wanted = [place for _, _, place in pickletools.genops(stream)]
        except ValueError:
            continue  # breaks off, on purpose
        found = positions(stream)
        assert found == wanted[: len(found)]
        assert len(found) > 1
        compared += 1
    assert compared > 250


def test_huge_numbers_and_buffers_have_records_of_their_own() -> None:
    assert isinstance(read_pickle(pickle.dumps(1 << 100_000)).value, HugeInteger)
    outside: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(np.zeros(5000), 5, buffer_callback=outside.append)
    found = [
        one for one in read_pickle(stream).built for one in one.arguments.values if isinstance(one, OutOfBandBuffer)
    ]  # type: ignore[attr-defined]
    assert len(found) == len(outside) == 1


# -- what is broken -------------------------------------------------------------------------------------------------


def test_what_torch_refuses_without_code_is_still_told(tmp_path: Path) -> None:
    """A stream that is broken after its call: torch runs the call, then fails; we tell the call."""
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00x\x85R\xff")
    checkpoint = open_checkpoint(MappedFile(tmp_path / "a.pkl"))
    assert [run.call for run in checkpoint.would_run] == ["os.system"]
    assert checkpoint.status == "partly"


def test_a_stream_of_nothing_is_refused_by_both(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02")
    with pytest.raises(EOFError):
        pickle.loads(b"\x80\x02")
    with pytest.raises(UnreadableCheckpoint):
        open_checkpoint(MappedFile(tmp_path / "a.pkl"))
    with pytest.raises(MalformedPickle):
        read_pickle(b"\x80\x02")
