"""The data-only pickle machine against the standard library on benign streams, and on streams that try to act."""

from __future__ import annotations

import collections
import math
import pickle
import pickletools
import struct

import pytest

from asl_inspector.inert_pickle.machine import Budget, MalformedPickle, read_pickle
from asl_inspector.inert_pickle.opcodes.table import HANDLERS, STOP
from asl_inspector.inert_pickle.plain import items_of, pairs_of
from asl_inspector.inert_pickle.records import Built, ByteSpan, Extension, Global, HugeInteger, Items, Pairs, Persistent


def plain(value: object, source: bytes) -> object:
    """Back from records to Python, for benign streams."""
    if isinstance(value, Items):
        make = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[value.kind]
        return make(plain(item, source) for item in value.values)
    if isinstance(value, Pairs):
        return {plain(key, source): plain(held, source) for key, held in value.pairs}
    if isinstance(value, ByteSpan):
        return source[value.start : value.start + value.size]
    return value


BENIGN = [
    None,
    True,
    False,
    0,
    -1,
    255,
    65_535,
    -(2**31),
    2**40,
    -(2**70),
    3**400,
    1.5,
    -0.0,
    math.inf,
    "",
    "text",
    "żółć 手話 🤟",
    "a" * 70_000,
    "two\nlines\\and 'quotes'",
    b"",
    b"bytes\x00\xff",
    b"x" * 5_000,
    [],
    [1, [2, [3, []]]],
    (),
    (1,),
    (1, 2),
    (1, 2, 3),
    (1, 2, 3, 4),
    {},
    {"a": 1, 2: "b", None: [True]},
    {"nested": {"deep": {"er": ()}}},
    {1, 2, 3},
    frozenset({"a"}),
    list(range(3_000)),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", BENIGN, ids=lambda value: repr(value)[:24])
def test_benign_streams_read_as_the_standard_library_reads_them(value: object, protocol: int) -> None:
    stream = pickle.dumps(value, protocol=protocol)
    if protocol < 3 and isinstance(value, bytes):
        pytest.skip("protocols before 3 write bytes as a call of _codecs.encode")
    if protocol < 4 and isinstance(value, set | frozenset):
        pytest.skip("protocols before 4 write sets as a call")
    if (
        protocol == 0
        and isinstance(value, tuple | list | dict)
        and "GLOBAL" in {o.name for o, _, _ in pickletools.genops(stream)}
    ):
        pytest.skip("written as a call")
    read = read_pickle(stream)
    assert plain(read.value, stream) == pickle.loads(stream)
    assert read.end == len(stream)
    assert not read.built


def test_every_opcode_of_the_standard_library_is_handled() -> None:
    codes = {ord(opcode.code) for opcode in pickletools.opcodes}
    assert len(codes) == 68
    assert {code for code in range(256) if HANDLERS[code] is not None} | {STOP} == codes


def test_nothing_is_called_and_the_call_is_written_down() -> None:
    stream = b"cos\nsystem\n(S'touch /tmp/never'\ntR."
    read = read_pickle(stream)
    (built,) = read.built
    assert isinstance(built.callee, Global)
    assert (built.callee.module, built.callee.name, built.how) == ("os", "system", "REDUCE")
    assert items_of(built.arguments) == ["touch /tmp/never"]
    assert built.offset == stream.index(b"R")


@pytest.mark.parametrize(
    ("stream", "how"),
    [
        (b"(S'x'\nios\nsystem\n.", "INST"),
        (b"(cos\nsystem\nS'x'\no.", "OBJ"),
        (b"\x80\x02cbuiltins\nexec\nX\x01\x00\x00\x00x\x85\x81.", "NEWOBJ"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85}\x92.", "NEWOBJ_EX"),
    ],
)
def test_every_way_of_calling_only_makes_a_record(stream: bytes, how: str) -> None:
    read = read_pickle(stream)
    assert isinstance(read.value, Built)
    assert read.value.how == how
    assert [name.dotted for name in read.globals if isinstance(name, Global)] in (["os.system"], ["builtins.exec"])


def test_state_items_and_pairs_gather_on_the_object_that_gets_them() -> None:
    class Kept(dict):  # type: ignore[type-arg]
        def __reduce__(self) -> tuple[object, ...]:
            return collections.OrderedDict, (), {"hint": 1}, iter([7, 8]), iter([("k", "v")])

    read = read_pickle(pickle.dumps(Kept(), protocol=2))
    assert isinstance(read.value, Built)
    assert read.value.items == [7, 8]
    assert read.value.pairs == [("k", "v")]
    assert len(read.value.states) == 1
    assert pairs_of(read.value) == [("k", "v")]


def test_extension_codes_and_persistent_ids_stay_names() -> None:
    assert isinstance(read_pickle(b"\x80\x02\x82\x07.").value, Extension)
    assert read_pickle(b"\x80\x02\x84\x07\x00\x00\x00.").value.code == 7  # type: ignore[attr-defined]
    persistent = read_pickle(b"\x80\x02X\x01\x00\x00\x00aQ.").value
    assert isinstance(persistent, Persistent)
    assert persistent.identity == "a"
    assert read_pickle(b"Pwhere\n.").value.identity == "where"  # type: ignore[attr-defined]


def test_memo_gives_the_same_record_again() -> None:
    shared = [1]
    read = read_pickle(pickle.dumps([shared, shared]))
    values = items_of(read.value) or []
    assert values[0] is values[1]


def test_a_list_that_contains_itself_is_read() -> None:
    loop: list[object] = []
    loop.append(loop)
    read = read_pickle(pickle.dumps(loop))
    assert isinstance(read.value, Items)
    assert read.value.values[0] is read.value


def test_a_million_nested_tuples_need_no_recursion() -> None:
    depth = 1_000_000
    read = read_pickle(b")" + b"\x85" * depth + b".")
    value, seen = read.value, 0
    while isinstance(value, Items) and value.values:
        value, seen = value.values[0], seen + 1
    assert seen == depth


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"", "breaks off"),
        (b"\x80\x04", "breaks off"),
        (b"\x80\x09.", "protocol 9"),
        (b"\xff.", "no pickle opcode"),
        (b"X\xff\xff\xff\x7fabc", "announced"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f", "announced"),
        (b"B\xff\xff\xff\xffx.", "announced"),
        (b"T\xff\xff\xff\xffx.", "announced"),
        (b".", "empty"),
        (b"0.", "empty"),
        (b"t.", "no mark"),
        (b"h\x05.", "never written"),
        (b"Inot a number\n.", "no number"),
        (b"(K\x01d.", "without a value"),
        (b"K\x01K\x02a.", "holds none"),
        (b"S'unfinished\n.", "quotes"),
        (b"(.", "a mark"),
        (b"(o.", "without a class"),
        (b"I5", "newline"),
    ],
)
def test_broken_streams_say_what_and_where(stream: bytes, why: str) -> None:
    with pytest.raises(MalformedPickle, match=why) as caught:
        read_pickle(stream)
    assert "byte" in str(caught.value)


def test_huge_integers_are_not_converted() -> None:
    size = 1_000_000
    read = read_pickle(b"\x80\x02\x8b" + struct.pack("<i", size) + b"\x7f" * size + b".")
    assert isinstance(read.value, HugeInteger)
    assert read.value.bits == 8 * size
    decimal = read_pickle(b"L" + b"9" * 100_000 + b"L\n.").value
    assert isinstance(decimal, HugeInteger)


def test_budget_of_opcodes_ends_an_abusive_stream() -> None:
    with pytest.raises(MalformedPickle, match="opcodes"):
        read_pickle(b"N0" * 200_000 + b"N.", budget=Budget(opcodes=100_000))


def test_budget_of_text_ends_an_abusive_stream() -> None:
    stream = pickle.dumps(["x" * 1_000_000 for _ in range(3)])
    with pytest.raises(MalformedPickle, match="text"):
        read_pickle(stream, budget=Budget(text_bytes=1 << 20))


def test_long_bytes_stay_in_the_file() -> None:
    stream = pickle.dumps(b"z" * 10_000)
    value = read_pickle(stream).value
    assert isinstance(value, ByteSpan)
    assert value.content is None
    assert stream[value.start : value.start + value.size] == b"z" * 10_000


def test_leftovers_and_frames_that_lie_are_noted_not_fatal() -> None:
    assert "left over" in read_pickle(b"K\x01K\x02.").notes[0]
    assert "frame" in read_pickle(b"\x80\x04\x95\xff\xff\x00\x00\x00\x00\x00\x00N.").notes[0]


def test_names_that_are_no_text_are_noted() -> None:
    read = read_pickle(b"\x80\x04K\x01K\x02\x93.")
    assert isinstance(read.value, Global)
    assert "not text" in read.notes[0]


def test_reading_starts_where_it_is_told_to() -> None:
    stream = pickle.dumps("first") + pickle.dumps("second")
    first = read_pickle(stream)
    assert first.value == "first"
    assert read_pickle(stream, first.end).value == "second"


def test_text_beyond_the_budget_of_one_string_stays_in_the_file() -> None:
    stream = pickle.dumps(["x" * 5_000, "short"])
    read = read_pickle(stream, budget=Budget(string_bytes=4_000))
    long, short = items_of(read.value) or []
    assert isinstance(long, ByteSpan)
    assert (long.size, short) == (5_000, "short")
    assert "left in the file" in read.notes[0]


def test_budget_of_memory_ends_a_stream_of_endless_records() -> None:
    with pytest.raises(MalformedPickle, match="memory"):
        read_pickle(b"(" + b"]" * 200_000 + b"l.", budget=Budget(held_bytes=10 << 20))


def test_budget_of_the_memo_ends_an_abusive_stream() -> None:
    stream = b"N" + b"".join(b"r" + struct.pack("<I", index) for index in range(40_000)) + b"."
    with pytest.raises(MalformedPickle, match="memo"):
        read_pickle(stream, budget=Budget(memo=10_000))


def test_raw_bytes_after_a_state_are_skipped_where_the_caller_says_so() -> None:
    stream = b"\x80\x02ccollections\nOrderedDict\n)R}bRAWBYTES0N."
    read = read_pickle(stream, after_build=lambda _built, position: position + len(b"RAWBYTES"))
    assert read.value is None


def test_a_python_2_string_with_escapes_is_no_place_in_the_file() -> None:
    value = read_pickle(b"S'\\x00\\xff\\\\\\n\\101z'\n.").value
    assert isinstance(value, ByteSpan)
    assert value.content == b"\x00\xff\\\nAz"
    assert value.start < 0
    assert read_pickle(b"S'tab\\tq\\d'\n.").value == "tab\tq\\d"


@pytest.mark.parametrize("index", [b"-1", b"1_0", b"9" * 30, b"", b"x"])
def test_a_memo_index_is_a_plain_number(index: bytes) -> None:
    with pytest.raises(MalformedPickle, match="no number"):
        read_pickle(b"Np" + index + b"\n.")
