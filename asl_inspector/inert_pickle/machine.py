"""A reader of pickle streams that builds records and calls nothing.

Python's pickle is a program for a small stack machine. This module runs that machine over all 68 opcodes of protocols
0 to 5 with every opcode that would import, look up or call anything replaced by one that writes down what was asked
for (`Global`, `Built`). There is no recursion, every length is checked against the bytes that are left before it is
used, and long byte strings stay in the file.

Source: CPython's Lib/pickletools.py documents the opcodes; the behaviour here follows that documentation.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from dataclasses import dataclass

from asl_inspector.errors import InspectorError
from asl_inspector.inert_pickle.records import (
    LONGEST_HEAD,
    Buffer,
    Built,
    ByteSpan,
    Extension,
    Global,
    HugeInteger,
    Items,
    OutOfBandBuffer,
    Pairs,
    Persistent,
    Pickle,
)
from asl_inspector.progress import CancelToken

LONGEST_DECIMAL = 4_000  # digits; beyond that Python's conversion is quadratic
LONGEST_BINARY_INTEGER = 1_600  # bytes, about as many decimal digits as LONGEST_DECIMAL
OPCODES_BETWEEN_CHECKS = 1 << 16


AfterBuild = Callable[[Built, int], int]


class MalformedPickle(InspectorError):
    """The stream is not a pickle, or breaks off, or exceeds a budget."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a stream is read before it is given up as abusive."""

    opcodes: int = 50_000_000
    memo: int = 20_000_000
    text_bytes: int = 256 << 20


class _Mark:
    """The place that MARK leaves on the stack."""


_MARK = _Mark()


def read_pickle(
    source: Buffer,
    start: int = 0,
    *,
    budget: Budget | None = None,
    cancel: CancelToken | None = None,
    after_build: AfterBuild | None = None,
) -> Pickle:
    """Read one pickle stream of `source`, from byte `start` on, without running any of it.

    Args:
        source: The bytes.
        start: Where the stream starts in them.
        budget: How much is read before the stream is given up.
        cancel: Asked now and then.
        after_build: Told each object whose state was just set, and where the stream goes on; answers where it really
            goes on, at or after that place. Some libraries write raw bytes in the midst of a stream.

    Raises:
        MalformedPickle: If the stream breaks off, uses an unknown opcode or exceeds the budget.
        Cancelled: If `cancel` was set.
    """
    return _Machine(source, start, budget or Budget(), cancel or CancelToken(), after_build).run()


class _Machine:
    """The stack, the memo and one method an opcode."""

    def __init__(
        self, source: Buffer, start: int, budget: Budget, cancel: CancelToken, after_build: AfterBuild | None = None
    ) -> None:
        self.source = memoryview(source)
        self.position = start
        self.size = len(self.source)
        self.budget = budget
        self.cancel = cancel
        self.after_build = after_build
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.protocol = 0
        self.text_bytes = 0
        self.buffers = 0
        self.globals: list[Global | Extension] = []
        self.built: list[Built] = []
        self.persistent: list[Persistent] = []
        self.notes: list[str] = []

    # -- the loop -----------------------------------------------------------------------------------------------

    def run(self) -> Pickle:
        """Run to STOP."""
        table = _OPCODES
        opcodes = 0
        while True:
            if self.position >= self.size:
                raise self.broken("the stream breaks off before its end")
            code = self.source[self.position]
            self.position += 1
            if code == _STOP:
                break
            opcodes += 1
            if opcodes % OPCODES_BETWEEN_CHECKS == 0:
                self.check(opcodes)
            handler = table[code]
            if handler is None:
                raise self.broken(f"byte {code:#04x} is no pickle opcode", back=1)
            handler(self)
        value = self.pop()
        if self.stack:
            self.note(f"{len(self.stack)} values are left over on the stack at STOP")
        return Pickle(
            value=value,
            end=self.position,
            protocol=self.protocol,
            globals=tuple(self.globals),
            built=tuple(self.built),
            persistent=tuple(self.persistent),
            notes=tuple(self.notes),
        )

    def check(self, opcodes: int) -> None:
        """Stop a stream that the user cancelled or that exceeds the budget."""
        self.cancel.raise_if_cancelled()
        if opcodes > self.budget.opcodes:
            raise self.broken(f"more than {self.budget.opcodes:,} opcodes")
        if len(self.memo) > self.budget.memo:
            raise self.broken(f"more than {self.budget.memo:,} memo entries")

    def broken(self, why: str, *, back: int = 0) -> MalformedPickle:
        """The error for this place of the stream."""
        return MalformedPickle(f"The pickle stream cannot be read: {why} (byte {self.position - back:,}).")

    def note(self, text: str) -> None:
        """Remember an oddity, once."""
        if text not in self.notes and len(self.notes) < 20:
            self.notes.append(text)

    # -- bytes --------------------------------------------------------------------------------------------------

    def take(self, count: int) -> memoryview:
        """The next `count` bytes."""
        end = self.position + count
        if count < 0 or end > self.size:
            raise self.broken(f"{count:,} bytes announced, {self.size - self.position:,} left")
        view = self.source[self.position : end]
        self.position = end
        return view

    def take_line(self) -> bytes:
        """The next bytes up to a newline, which is skipped."""
        start = self.position
        position = start
        while position < self.size:
            block = bytes(self.source[position : position + 4096])
            found = block.find(b"\n")
            if found >= 0:
                end = position + found
                self.position = end + 1
                return bytes(self.source[start:end])
            position += len(block)
        raise self.broken("a text argument without its newline")

    def take_number(self, layout: str) -> int:
        """One little-endian integer of a struct layout."""
        number: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return number

    def take_text(self, count: int) -> str:
        """UTF-8 text of `count` bytes, lone surrogates allowed as pickle allows them."""
        raw = self.take(count)
        self.text_bytes += count
        if self.text_bytes > self.budget.text_bytes:
            raise self.broken(f"more than {self.budget.text_bytes >> 20} MB of text")
        try:
            return str(raw, "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            self.note("some text is not valid UTF-8; its bad bytes are shown escaped")
            return str(raw, "utf-8", "backslashreplace")

    def take_bytes(self, count: int) -> ByteSpan:
        """A byte string, left in the file."""
        start = self.position
        return ByteSpan(start, count, bytes(self.take(count)[:LONGEST_HEAD]))

    # -- the stack ----------------------------------------------------------------------------------------------

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> object:
        """Take the topmost value, which must not be a mark."""
        if not self.stack:
            raise self.broken("the stack is empty")
        value = self.stack.pop()
        if value is _MARK:
            raise self.broken("a mark where a value was expected")
        return value

    def top(self) -> object:
        """The topmost value, left where it is."""
        if not self.stack or self.stack[-1] is _MARK:
            raise self.broken("the stack is empty")
        return self.stack[-1]

    def pop_to_mark(self) -> list[object]:
        """Take everything above the last mark, and the mark."""
        stack = self.stack
        for index in range(len(stack) - 1, -1, -1):
            if stack[index] is _MARK:
                values = stack[index + 1 :]
                del stack[index:]
                return values
        raise self.broken("no mark on the stack")

    def op_mark(self) -> None:
        self.stack.append(_MARK)

    def op_pop(self) -> None:
        if not self.stack:
            raise self.broken("the stack is empty")
        self.stack.pop()

    def op_pop_mark(self) -> None:
        self.pop_to_mark()

    def op_dup(self) -> None:
        self.push(self.top())

    # -- the memo -----------------------------------------------------------------------------------------------

    def remember(self, index: int) -> None:
        self.memo[index] = self.top()

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise self.broken(f"memo entry {index} was never written")
        self.stack.append(self.memo[index])

    def op_put(self) -> None:
        self.remember(self.decimal(self.take_line()))

    def op_binput(self) -> None:
        self.remember(self.take(1)[0])

    def op_long_binput(self) -> None:
        self.remember(self.take_number("<I"))

    def op_memoize(self) -> None:
        self.memo[len(self.memo)] = self.top()

    def op_get(self) -> None:
        self.recall(self.decimal(self.take_line()))

    def op_binget(self) -> None:
        self.recall(self.take(1)[0])

    def op_long_binget(self) -> None:
        self.recall(self.take_number("<I"))

    # -- numbers ------------------------------------------------------------------------------------------------

    def decimal(self, text: bytes) -> int:
        """A decimal integer as pickle's text opcodes write it."""
        try:
            return int(text[:LONGEST_DECIMAL].strip())
        except ValueError:
            raise self.broken("a number that is no number") from None

    def op_int(self) -> None:
        line = self.take_line()
        if line in (b"00", b"01"):
            self.push(line == b"01")
        else:
            self.push_decimal(line)

    def op_long(self) -> None:
        self.push_decimal(self.take_line().removesuffix(b"L"))

    def push_decimal(self, text: bytes) -> None:
        if len(text) > LONGEST_DECIMAL:
            self.push(HugeInteger(bits=int(len(text) * 3.3219) + 1))
            return
        try:
            self.push(int(text, 0))
        except ValueError:
            raise self.broken("a number that is no number") from None

    def op_binint(self) -> None:
        self.push(self.take_number("<i"))

    def op_binint1(self) -> None:
        self.push(self.take(1)[0])

    def op_binint2(self) -> None:
        self.push(self.take_number("<H"))

    def op_long1(self) -> None:
        self.push_binary_integer(self.take(1)[0])

    def op_long4(self) -> None:
        self.push_binary_integer(self.take_number("<i"))

    def push_binary_integer(self, count: int) -> None:
        raw = self.take(count)
        if count > LONGEST_BINARY_INTEGER:
            self.push(HugeInteger(bits=count * 8))
        else:
            self.push(int.from_bytes(raw, "little", signed=True))

    def op_float(self) -> None:
        try:
            self.push(float(self.take_line()[:400]))
        except ValueError:
            raise self.broken("a number that is no number") from None

    def op_binfloat(self) -> None:
        self.push(struct.unpack(">d", self.take(8))[0])

    def op_none(self) -> None:
        self.stack.append(None)

    def op_true(self) -> None:
        self.stack.append(True)

    def op_false(self) -> None:
        self.stack.append(False)

    # -- text and bytes -----------------------------------------------------------------------------------------

    def op_string(self) -> None:
        line = self.take_line().strip()
        if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
            raise self.broken("a text argument without its quotes")
        try:
            raw = codecs.escape_decode(line[1:-1])[0]
        except ValueError:
            raise self.broken("a text argument with a broken escape") from None
        self.push_python2_string(ByteSpan(self.position - len(line), len(raw), bytes(raw)))

    def op_binstring(self) -> None:
        self.push_python2_string(self.take_bytes(self.take_number("<i")))

    def op_short_binstring(self) -> None:
        self.push_python2_string(self.take_bytes(self.take(1)[0]))

    def push_python2_string(self, raw: ByteSpan) -> None:
        """Python 2's `str` is text where it is short and ASCII, bytes where it is not."""
        content = raw.content
        self.push(content.decode() if content is not None and content.isascii() else raw)

    def op_unicode(self) -> None:
        try:
            self.push(str(self.take_line(), "raw-unicode-escape"))
        except UnicodeDecodeError:
            raise self.broken("a text argument with a broken escape") from None

    def op_short_binunicode(self) -> None:
        self.stack.append(self.take_text(self.take(1)[0]))

    def op_binunicode(self) -> None:
        self.stack.append(self.take_text(self.take_number("<I")))

    def op_binunicode8(self) -> None:
        self.stack.append(self.take_text(self.take_number("<Q")))

    def op_short_binbytes(self) -> None:
        self.push(self.take_bytes(self.take(1)[0]))

    def op_binbytes(self) -> None:
        self.push(self.take_bytes(self.take_number("<I")))

    def op_binbytes8(self) -> None:
        self.push(self.take_bytes(self.take_number("<Q")))

    def op_next_buffer(self) -> None:
        self.push(OutOfBandBuffer(self.buffers))
        self.buffers += 1

    def op_readonly_buffer(self) -> None:
        self.top()

    # -- containers ---------------------------------------------------------------------------------------------

    def op_empty_tuple(self) -> None:
        self.stack.append(Items("tuple", []))

    def op_tuple(self) -> None:
        self.push(Items("tuple", self.pop_to_mark()))

    def op_tuple1(self) -> None:
        self.push(Items("tuple", [self.pop()]))

    def op_tuple2(self) -> None:
        second, first = self.pop(), self.pop()
        self.push(Items("tuple", [first, second]))

    def op_tuple3(self) -> None:
        third, second, first = self.pop(), self.pop(), self.pop()
        self.push(Items("tuple", [first, second, third]))

    def op_empty_list(self) -> None:
        self.stack.append(Items("list", []))

    def op_list(self) -> None:
        self.push(Items("list", self.pop_to_mark()))

    def op_empty_set(self) -> None:
        self.stack.append(Items("set", []))

    def op_frozenset(self) -> None:
        self.push(Items("frozenset", self.pop_to_mark()))

    def op_append(self) -> None:
        value = self.pop()
        self.extend(self.top(), [value])

    def op_appends(self) -> None:
        values = self.pop_to_mark()
        self.extend(self.top(), values)

    def extend(self, target: object, values: list[object]) -> None:
        if isinstance(target, Items):
            target.values.extend(values)
        elif isinstance(target, Built):
            target.items.extend(values)
        else:
            raise self.broken("items added to something that holds none")

    def op_empty_dict(self) -> None:
        self.stack.append(Pairs([]))

    def op_dict(self) -> None:
        self.push(Pairs(self.paired(self.pop_to_mark())))

    def op_setitem(self) -> None:
        value, key = self.pop(), self.pop()
        self.set_items(self.top(), [(key, value)])

    def op_setitems(self) -> None:
        pairs = self.paired(self.pop_to_mark())
        self.set_items(self.top(), pairs)

    def paired(self, values: list[object]) -> list[tuple[object, object]]:
        if len(values) % 2:
            raise self.broken("a key without a value")
        return list(zip(values[::2], values[1::2], strict=True))

    def set_items(self, target: object, pairs: list[tuple[object, object]]) -> None:
        if isinstance(target, Pairs | Built):
            target.pairs.extend(pairs)
        else:
            raise self.broken("items set on something that holds none")

    # -- what an ordinary load would import or call ---------------------------------------------------------------

    def push_global(self, module: str, name: str, offset: int) -> None:
        record = Global(module, name, offset)
        self.globals.append(record)
        self.push(record)

    def op_global(self) -> None:
        offset = self.position - 1
        module = self.take_line().decode("utf-8", "backslashreplace")
        name = self.take_line().decode("utf-8", "backslashreplace")
        self.push_global(module, name, offset)

    def op_stack_global(self) -> None:
        offset = self.position - 1
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            self.note("a name to import is not text")
            self.push_global(str(type(module).__name__), str(type(name).__name__), offset)
            return
        self.push_global(module, name, offset)

    def push_extension(self, code: int, offset: int) -> None:
        record = Extension(code, offset)
        self.globals.append(record)
        self.push(record)

    def op_ext1(self) -> None:
        self.push_extension(self.take(1)[0], self.position - 2)

    def op_ext2(self) -> None:
        self.push_extension(self.take_number("<H"), self.position - 3)

    def op_ext4(self) -> None:
        self.push_extension(self.take_number("<i"), self.position - 5)

    def push_built(self, how: str, callee: object, arguments: object, keywords: object, offset: int) -> None:
        record = Built(how, callee, arguments, keywords, offset)
        self.built.append(record)
        self.push(record)

    def op_reduce(self) -> None:
        arguments, callee = self.pop(), self.pop()
        self.push_built("REDUCE", callee, arguments, None, self.position - 1)

    def op_newobj(self) -> None:
        arguments, callee = self.pop(), self.pop()
        self.push_built("NEWOBJ", callee, arguments, None, self.position - 1)

    def op_newobj_ex(self) -> None:
        keywords, arguments, callee = self.pop(), self.pop(), self.pop()
        self.push_built("NEWOBJ_EX", callee, arguments, keywords, self.position - 1)

    def op_inst(self) -> None:
        offset = self.position - 1
        module = self.take_line().decode("utf-8", "backslashreplace")
        name = self.take_line().decode("utf-8", "backslashreplace")
        arguments = Items("tuple", self.pop_to_mark())
        callee = Global(module, name, offset)
        self.globals.append(callee)
        self.push_built("INST", callee, arguments, None, offset)

    def op_obj(self) -> None:
        offset = self.position - 1
        values = self.pop_to_mark()
        if not values:
            raise self.broken("an object without a class")
        self.push_built("OBJ", values[0], Items("tuple", values[1:]), None, offset)

    def op_build(self) -> None:
        state = self.pop()
        target = self.top()
        if isinstance(target, Built):
            target.states.append(state)
            if self.after_build is not None:
                self.position = max(self.position, self.after_build(target, self.position))
        else:
            self.note("a state is set on something that is no object")

    def op_persid(self) -> None:
        self.push_persistent(self.take_line().decode("utf-8", "backslashreplace"))

    def op_binpersid(self) -> None:
        self.push_persistent(self.pop())

    def push_persistent(self, identity: object) -> None:
        record = Persistent(identity)
        self.persistent.append(record)
        self.push(record)

    # -- framing ------------------------------------------------------------------------------------------------

    def op_proto(self) -> None:
        protocol = self.take(1)[0]
        if protocol > 5:
            raise self.broken(f"protocol {protocol} is unknown", back=1)
        self.protocol = max(self.protocol, protocol)

    def op_frame(self) -> None:
        count = self.take_number("<Q")
        if count > self.size - self.position:
            self.note("a frame announces more bytes than the file has")


_STOP = ord(".")

Handler = Callable[[_Machine], None]

_HANDLERS: dict[int, Handler] = {
    0x28: _Machine.op_mark,  # MARK
    0x30: _Machine.op_pop,  # POP
    0x31: _Machine.op_pop_mark,  # POP_MARK
    0x32: _Machine.op_dup,  # DUP
    0x70: _Machine.op_put,  # PUT
    0x71: _Machine.op_binput,  # BINPUT
    0x72: _Machine.op_long_binput,  # LONG_BINPUT
    0x94: _Machine.op_memoize,  # MEMOIZE
    0x67: _Machine.op_get,  # GET
    0x68: _Machine.op_binget,  # BINGET
    0x6A: _Machine.op_long_binget,  # LONG_BINGET
    0x49: _Machine.op_int,  # INT
    0x4C: _Machine.op_long,  # LONG
    0x4A: _Machine.op_binint,  # BININT
    0x4B: _Machine.op_binint1,  # BININT1
    0x4D: _Machine.op_binint2,  # BININT2
    0x8A: _Machine.op_long1,  # LONG1
    0x8B: _Machine.op_long4,  # LONG4
    0x46: _Machine.op_float,  # FLOAT
    0x47: _Machine.op_binfloat,  # BINFLOAT
    0x4E: _Machine.op_none,  # NONE
    0x88: _Machine.op_true,  # NEWTRUE
    0x89: _Machine.op_false,  # NEWFALSE
    0x53: _Machine.op_string,  # STRING
    0x54: _Machine.op_binstring,  # BINSTRING
    0x55: _Machine.op_short_binstring,  # SHORT_BINSTRING
    0x56: _Machine.op_unicode,  # UNICODE
    0x8C: _Machine.op_short_binunicode,  # SHORT_BINUNICODE
    0x58: _Machine.op_binunicode,  # BINUNICODE
    0x8D: _Machine.op_binunicode8,  # BINUNICODE8
    0x43: _Machine.op_short_binbytes,  # SHORT_BINBYTES
    0x42: _Machine.op_binbytes,  # BINBYTES
    0x8E: _Machine.op_binbytes8,  # BINBYTES8
    0x96: _Machine.op_binbytes8,  # BYTEARRAY8
    0x97: _Machine.op_next_buffer,  # NEXT_BUFFER
    0x98: _Machine.op_readonly_buffer,  # READONLY_BUFFER
    0x29: _Machine.op_empty_tuple,  # EMPTY_TUPLE
    0x74: _Machine.op_tuple,  # TUPLE
    0x85: _Machine.op_tuple1,  # TUPLE1
    0x86: _Machine.op_tuple2,  # TUPLE2
    0x87: _Machine.op_tuple3,  # TUPLE3
    0x5D: _Machine.op_empty_list,  # EMPTY_LIST
    0x6C: _Machine.op_list,  # LIST
    0x8F: _Machine.op_empty_set,  # EMPTY_SET
    0x91: _Machine.op_frozenset,  # FROZENSET
    0x61: _Machine.op_append,  # APPEND
    0x65: _Machine.op_appends,  # APPENDS
    0x90: _Machine.op_appends,  # ADDITEMS
    0x7D: _Machine.op_empty_dict,  # EMPTY_DICT
    0x64: _Machine.op_dict,  # DICT
    0x73: _Machine.op_setitem,  # SETITEM
    0x75: _Machine.op_setitems,  # SETITEMS
    0x63: _Machine.op_global,  # GLOBAL
    0x93: _Machine.op_stack_global,  # STACK_GLOBAL
    0x82: _Machine.op_ext1,  # EXT1
    0x83: _Machine.op_ext2,  # EXT2
    0x84: _Machine.op_ext4,  # EXT4
    0x52: _Machine.op_reduce,  # REDUCE
    0x81: _Machine.op_newobj,  # NEWOBJ
    0x92: _Machine.op_newobj_ex,  # NEWOBJ_EX
    0x69: _Machine.op_inst,  # INST
    0x6F: _Machine.op_obj,  # OBJ
    0x62: _Machine.op_build,  # BUILD
    0x50: _Machine.op_persid,  # PERSID
    0x51: _Machine.op_binpersid,  # BINPERSID
    0x80: _Machine.op_proto,  # PROTO
    0x95: _Machine.op_frame,  # FRAME
}

_OPCODES: list[Handler | None] = [_HANDLERS.get(code) for code in range(256)]
