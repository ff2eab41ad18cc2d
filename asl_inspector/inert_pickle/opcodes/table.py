"""All 68 opcodes of protocols 0 to 5: what each does, and about how much memory its result takes.

Source: CPython's Lib/pickletools.py lists the opcodes.
"""

from __future__ import annotations

from collections.abc import Callable

from asl_inspector.inert_pickle.opcodes import calls, containers, numbers, stack_and_memo, texts
from asl_inspector.inert_pickle.stack import State

STOP = ord(".")
Handler = Callable[[State], None]

# Bytes that Python holds for a result, its place on the stack and in the container that it ends in. Texts, byte
# strings, long integers and pairs are counted by what they hold besides.
NOTHING, PLACE, NUMBER, MEMO, TEXT, PAIR, CONTAINER, NAME, CALL = 1, 16, 48, 64, 80, 88, 144, 256, 400

_OPCODES: dict[int, tuple[Handler, int]] = {
    0x28: (stack_and_memo.mark, PLACE),  # MARK
    0x30: (stack_and_memo.pop, NOTHING),  # POP
    0x31: (stack_and_memo.pop_mark, NOTHING),  # POP_MARK
    0x32: (stack_and_memo.dup, PLACE),  # DUP
    0x70: (stack_and_memo.put, MEMO),  # PUT
    0x71: (stack_and_memo.binput, NOTHING),  # BINPUT, 256 entries at most
    0x72: (stack_and_memo.long_binput, MEMO),  # LONG_BINPUT
    0x94: (stack_and_memo.memoize, MEMO),  # MEMOIZE
    0x67: (stack_and_memo.get, PLACE),  # GET
    0x68: (stack_and_memo.binget, PLACE),  # BINGET
    0x6A: (stack_and_memo.long_binget, PLACE),  # LONG_BINGET
    0x49: (numbers.int_, NUMBER),  # INT
    0x4C: (numbers.long, NUMBER),  # LONG
    0x4A: (numbers.binint, NUMBER),  # BININT
    0x4B: (numbers.binint1, PLACE),  # BININT1: Python keeps the numbers below 257 once
    0x4D: (numbers.binint2, NUMBER),  # BININT2
    0x8A: (numbers.long1, NUMBER),  # LONG1
    0x8B: (numbers.long4, NUMBER),  # LONG4
    0x46: (numbers.float_, NUMBER),  # FLOAT
    0x47: (numbers.binfloat, NUMBER),  # BINFLOAT
    0x4E: (numbers.none, PLACE),  # NONE
    0x88: (numbers.true, PLACE),  # NEWTRUE
    0x89: (numbers.false, PLACE),  # NEWFALSE
    0x53: (texts.string, TEXT),  # STRING
    0x54: (texts.binstring, CONTAINER),  # BINSTRING
    0x55: (texts.short_binstring, CONTAINER),  # SHORT_BINSTRING
    0x56: (texts.unicode, TEXT),  # UNICODE
    0x8C: (texts.short_binunicode, TEXT),  # SHORT_BINUNICODE
    0x58: (texts.binunicode, TEXT),  # BINUNICODE
    0x8D: (texts.binunicode8, TEXT),  # BINUNICODE8
    0x43: (texts.short_binbytes, CONTAINER),  # SHORT_BINBYTES
    0x42: (texts.binbytes, CONTAINER),  # BINBYTES
    0x8E: (texts.binbytes8, CONTAINER),  # BINBYTES8
    0x96: (texts.binbytes8, CONTAINER),  # BYTEARRAY8
    0x97: (texts.next_buffer, TEXT),  # NEXT_BUFFER
    0x98: (texts.readonly_buffer, NOTHING),  # READONLY_BUFFER
    0x29: (containers.empty_tuple, CONTAINER),  # EMPTY_TUPLE
    0x74: (containers.tuple_, CONTAINER),  # TUPLE
    0x85: (containers.tuple1, CONTAINER),  # TUPLE1
    0x86: (containers.tuple2, CONTAINER),  # TUPLE2
    0x87: (containers.tuple3, CONTAINER),  # TUPLE3
    0x5D: (containers.empty_list, CONTAINER),  # EMPTY_LIST
    0x6C: (containers.list_, CONTAINER),  # LIST
    0x8F: (containers.empty_set, CONTAINER),  # EMPTY_SET
    0x91: (containers.frozenset_, CONTAINER),  # FROZENSET
    0x61: (containers.append, PLACE),  # APPEND
    0x65: (containers.appends, NOTHING),  # APPENDS
    0x90: (containers.appends, NOTHING),  # ADDITEMS
    0x7D: (containers.empty_dict, CONTAINER),  # EMPTY_DICT
    0x64: (containers.dict_, CONTAINER),  # DICT
    0x73: (containers.setitem, PAIR),  # SETITEM
    0x75: (containers.setitems, NOTHING),  # SETITEMS
    0x63: (calls.global_, NAME),  # GLOBAL
    0x93: (calls.stack_global, NAME),  # STACK_GLOBAL
    0x82: (calls.ext1, TEXT),  # EXT1
    0x83: (calls.ext2, TEXT),  # EXT2
    0x84: (calls.ext4, TEXT),  # EXT4
    0x52: (calls.reduce, CALL),  # REDUCE
    0x81: (calls.newobj, CALL),  # NEWOBJ
    0x92: (calls.newobj_ex, CALL),  # NEWOBJ_EX
    0x69: (calls.inst, CALL + NAME),  # INST
    0x6F: (calls.obj, CALL),  # OBJ
    0x62: (calls.build, PLACE),  # BUILD
    0x50: (calls.persid, TEXT),  # PERSID
    0x51: (calls.binpersid, TEXT),  # BINPERSID
    0x80: (stack_and_memo.proto, NOTHING),  # PROTO
    0x95: (stack_and_memo.frame, NOTHING),  # FRAME
}

HANDLERS: list[Handler | None] = [_OPCODES[code][0] if code in _OPCODES else None for code in range(256)]
COSTS: list[int] = [_OPCODES[code][1] if code in _OPCODES else 0 for code in range(256)]
