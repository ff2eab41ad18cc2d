"""Small files that ask for much: memory, depth, steps, entries of the memo, text.

A naive reader builds what they describe. None is live; the claim says what it would cost.
"""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from pathlib import Path

from hostile.corpus.assembling import STOP, Name, Raw, call, encode, integer, stream, text
from hostile.corpus.containers import torch_legacy, torch_members, zip_archive
from hostile.corpus.records import Hostile, Place
from hostile.corpus.tensors import archive, tensor, with_good

PROTO = b"\x80\x02"
PROTO4 = b"\x80\x04"


def _memo(index: int) -> bytes:
    return b"r" + struct.pack("<I", index)


def _recall(index: int) -> bytes:
    return b"j" + struct.pack("<I", index)


def _doubling(levels: int, width: int, start: bytes, *, keyed: bool = False) -> bytes:
    """Containers that hold the previous one `width` times: `width ** levels` leaves."""
    body = start + _memo(0)
    for level in range(1, levels + 1):
        if keyed:
            items = b"".join(text(f"k{number}") + _recall(level - 1) for number in range(width))
            body += b"0}(" + items + b"u" + _memo(level)
        else:
            body += b"0](" + _recall(level - 1) * width + b"e" + _memo(level)
    return PROTO + body + STOP


def _nested(count: int, opener: bytes, closer: bytes, core: bytes = b"]") -> bytes:
    return PROTO + opener * count + core + closer * count + STOP


def _deep_dict(depth: int, key: str, leaf: bytes = b"N") -> bytes:
    return PROTO + (b"}" + text(key)) * depth + leaf + b"s" * depth + STOP


def _long_key_over_many(length: int, count: int) -> bytes:
    """One long key, and many rows below it whose paths all start with it."""
    rows = b"".join(text(f"r{number}") + b"K\x01" for number in range(count))
    return PROTO + b"}" + text("k" * length) + b"}(" + rows + b"us" + STOP


def _long_keys_of_nested(length: int, depth: int, count: int) -> bytes:
    rows = b"".join(text(f"r{number}") + b"K\x01" for number in range(count))
    return PROTO + (b"}" + text("k" * length)) * depth + b"}(" + rows + b"u" + b"s" * depth + STOP


def _shared_state(states: int, keys: int) -> bytes:
    """An optimizer whose states are all one large dict."""
    one = b"}(" + b"".join(text(f"k{number}") + b"K\x01" for number in range(keys)) + b"u" + _memo(1) + b"0"
    held = b"}(" + b"".join(integer(number) + _recall(1) for number in range(states)) + b"u"
    return PROTO + one + b"}(" + text("state") + held + text("param_groups") + encode([{"params": [0]}]) + b"u" + STOP


def _shared_curves(rows: int, keys: int) -> bytes:
    one = b"}(" + b"".join(text(f"k{number}") + b"K\x01" for number in range(keys)) + b"u" + _memo(1) + b"0"
    return PROTO + one + b"}" + text("loss_history") + b"](" + _recall(1) * rows + b"es" + STOP


def _shared_set(rows: int, items: int) -> bytes:
    """Many rows that each show one large set, built by a call."""
    big = encode(call("builtins", "set", [0] * items)) + b"(K\x01\x90" + _memo(1) + b"0"
    return PROTO4 + big + b"}(" + b"".join(text(f"r{number}") + _recall(1) for number in range(rows)) + b"u" + STOP


def _shared_ordered(rows: int, items: int) -> bytes:
    big = encode(call("collections", "OrderedDict", [[f"k{n}", 1] for n in range(items)])) + text("x") + b"K\x01s"
    held = b"".join(encode(call("evil", "Row")) + _recall(1) + b"b" for _ in range(rows))
    return PROTO + big + _memo(1) + b"0](" + held + b"e" + STOP


def _many_tensors(levels: int, width: int) -> bytes:
    return archive(_doubling(levels, width, encode(tensor()), keyed=True))


def _shared_config(levels: int, width: int) -> bytes:
    body = _doubling(levels, width, b"K\x01", keyed=True)
    return body[:-1] + _memo(99) + b"0}" + text("config") + _recall(99) + b"s" + STOP


def _calls(count: int, argument: object) -> bytes:
    one = encode(Name("evil", "f")) + b"q\x01" + encode(argument) + b"\x85q\x02R0"
    return PROTO4 + one + b"h\x01h\x02R0" * count + b"N" + STOP


def _lure_of_state_dict(count: int) -> bytes:
    keys = b"".join(text(f"layer{number}") + encode(0.5) for number in range(count))
    return PROTO + b"}(" + keys + b"u" + STOP


BOMBS: tuple[tuple[str, str, Callable[[], bytes], str], ...] = (
    ("a bytearray of 64 GB", "asks for 64 GB at once", lambda: stream(call("builtins", "bytearray", 1 << 36)), "pkl"),
    ("a range that is made a list", "makes 10^12 numbers", lambda: stream(call("builtins", "list", call("builtins", "range", 10**12))), "pkl"),
    ("text repeated", "makes 10^12 letters", lambda: stream(call("operator", "mul", "A" * 100, 10**10)), "pkl"),
    ("a power", "makes a number of 10^10 digits", lambda: stream(call("builtins", "pow", 10, 10**10)), "pkl"),
    ("a product of ranges", "never ends", lambda: stream(call("builtins", "list", call("itertools", "count"))), "pkl"),
    ("BINUNICODE of 4 GB", "trusts a length", lambda: PROTO + b"X\xff\xff\xff\xffabc", "pkl"),
    ("BINUNICODE8 of 2^63 bytes", "trusts a length", lambda: PROTO4 + b"\x8d" + struct.pack("<Q", 1 << 63) + b"abc.", "pkl"),
    ("BINBYTES8 of 2^40 bytes", "trusts a length", lambda: PROTO4 + b"\x8e" + struct.pack("<Q", 1 << 40) + b"abc.", "pkl"),
    ("BYTEARRAY8 of 2^62 bytes", "trusts a length", lambda: b"\x80\x05\x96" + struct.pack("<Q", 1 << 62) + b"abc.", "pkl"),
    ("LONG4 of 2 GB", "trusts a length", lambda: PROTO + b"\x8b\xff\xff\xff\x7fabc.", "pkl"),
    ("LONG4 of a negative length", "trusts a length", lambda: PROTO + b"\x8b\xff\xff\xff\xffabc.", "pkl"),
    ("BINSTRING of a negative length", "trusts a length", lambda: PROTO + b"T\xff\xff\xff\xffabc.", "pkl"),
    ("a frame of 2^63 bytes", "trusts a length", lambda: PROTO4 + b"\x95" + struct.pack("<Q", 1 << 63) + b"N.", "pkl"),
    ("a number of a megabyte", "converts it to decimal in quadratic time", lambda: PROTO + b"\x8b" + struct.pack("<i", 1 << 20) + b"\x7f" * (1 << 20) + STOP, "pkl"),
    ("a decimal number of a megabyte", "converts it in quadratic time", lambda: b"L" + b"9" * (1 << 20) + b"L\n.", "pkl"),
    ("ten thousand numbers of 1,600 bytes", "prints 40 million digits", lambda: PROTO + b"](" + (b"\x8b" + struct.pack("<i", 1_600) + b"\x7f" * 1_600) * 10_000 + b"e.", "pkl"),
    ("a memo entry at 2^32 - 1", "makes room for 2^32 entries", lambda: PROTO + b"Nr\xff\xff\xff\xff.", "pkl"),
    ("a memo entry at 10^18", "makes room for them", lambda: b"Np999999999999999999\n.", "pkl"),
    ("three million memo entries", "keeps them all", lambda: PROTO4 + b"N" + b"\x94" * 3_000_000 + STOP, "pkl"),
    ("three million memo entries far apart", "keeps them all", lambda: PROTO + b"N" + b"".join(_memo(number * 1000) for number in range(2_500_000)) + STOP, "pkl"),
    ("a million nested tuples", "recurses", lambda: PROTO + b")" + b"\x85" * 1_000_000 + STOP, "pkl"),
    ("a million nested lists", "recurses", lambda: _nested(1_000_000, b"]", b"a"), "pkl"),
    ("half a million nested dicts", "recurses", lambda: _deep_dict(500_000, "k"), "pkl"),
    ("a million nested tuples as a key", "hashes it, recursing", lambda: PROTO + b"})" + b"\x85" * 1_000_000 + b"Ns" + STOP, "pkl"),
    ("two hundred thousand nested calls", "recurses", lambda: PROTO + (encode(Name("evil", "f"))) * 200_000 + b")" + b"R\x85" * 199_999 + b"R.", "pkl"),
    ("nested persistent ids", "recurses", lambda: PROTO + b"N" + b"Q" * 500_000 + STOP, "pkl"),
    ("nested states", "recurses", lambda: PROTO + encode(call("evil", "f")) + (encode(call("evil", "f"))) * 20_000 + b"b" * 20_000 + STOP, "pkl"),
    ("half a million marks", "searches them again and again", lambda: PROTO + b"(" * 500_000 + b"N" + b"t" * 500_000 + STOP, "pkl"),
    ("a list that holds itself", "walks for ever", lambda: PROTO + b"]" + _memo(0) + _recall(0) + b"a" + STOP, "pkl"),
    ("two dicts that hold each other", "walks for ever", lambda: PROTO + b"}" + _memo(0) + text("a") + b"}" + _memo(1) + text("b") + _recall(0) + b"ss" + STOP, "pkl"),
    ("a thousand lists that hold each other", "walks for ever", lambda: PROTO + b"".join(b"]" + _memo(number) + b"0" for number in range(1000)) + b"".join(_recall(number) + b"(" + b"".join(_recall(other) for other in range(1000)) + b"e0" for number in range(1000)) + _recall(0) + STOP, "pkl"),
    ("2^40 leaves in lists", "walks them all", lambda: _doubling(40, 2, b"]"), "pkl"),
    ("10^12 leaves in dicts", "walks them all", lambda: _doubling(12, 10, b"K\x01", keyed=True), "pkl"),
    ("2^60 leaves in tuples", "hashes them all", lambda: PROTO + b"}(" + b"K\x01" + b"2\x86" * 60 + b"Nu" + STOP, "pkl"),
    ("a laugh of texts", "prints 2^30 letters", lambda: _doubling(30, 2, text("ha")), "pkl"),
    ("10^6 tensors in 60 dict entries", "makes a row of each", lambda: _many_tensors(6, 10), "pt"),
    ("a key of a megabyte over a hundred thousand rows", "writes 100 GB", lambda: _long_key_over_many(1 << 20, 100_000), "pkl"),
    ("keys of 100 kB, ten levels deep, over ten thousand rows", "writes 10 GB", lambda: _long_keys_of_nested(100_000, 10, 10_000), "pkl"),
    ("five hundred levels over a hundred thousand rows", "writes 50 million path elements", lambda: _long_keys_of_nested(1, 490, 100_000), "pkl"),
    ("an optimizer of twenty thousand shared states", "looks through 4 * 10^8 keys", lambda: _shared_state(20_000, 20_000), "pkl"),
    ("curves of twenty thousand shared rows", "looks through 4 * 10^8 keys", lambda: _shared_curves(20_000, 20_000), "pkl"),
    ("fifty thousand rows of one large set", "copies it for each", lambda: _shared_set(50_000, 50_000), "pkl"),
    ("twenty thousand states of one large dict", "copies it for each", lambda: _shared_ordered(20_000, 20_000), "pkl"),
    ("a config of 10^9 shared settings", "walks them all", lambda: _shared_config(9, 10), "pkl"),
    ("a config of 200^4 shared settings", "walks them all", lambda: _shared_config(4, 200), "pkl"),
    ("three hundred thousand calls with long arguments", "prints 600 MB", lambda: _calls(300_000, "x" * 5_000), "pkl"),
    ("three hundred thousand calls with nested arguments", "prints them", lambda: _calls(300_000, [[["x"]] * 100] * 30), "pkl"),
    ("a million imports", "lists them", lambda: PROTO + b"cevil\nf\n0" * 1_000_000 + b"N.", "pkl"),
    ("twenty million steps of nothing", "takes its time", lambda: PROTO + b"N0" * 10_000_000 + b"N.", "pkl"),
    ("six million empty lists", "makes them", lambda: PROTO + b"](" + b"]" * 6_000_000 + b"e.", "pkl"),
    ("three million empty dicts as keys", "hashes them", lambda: PROTO + b"}(" + b"}}" * 1_500_000 + b"u.", "pkl"),
    ("twenty million Nones", "makes a list of them", lambda: PROTO + b"](" + b"N" * 20_000_000 + b"e.", "pkl"),
    ("ten million floats", "makes a list of them", lambda: PROTO + b"](" + (b"G" + bytes(8)) * 10_000_000 + b"e.", "pkl"),
    ("text of 100 MB in a deflated stream", "holds it several times", lambda: _deflated(text("x" * 100_000_000)), "pt"),
    ("300 texts of a megabyte in a deflated stream", "holds 300 MB", lambda: _deflated(b"](" + text("x" * (1 << 20)) * 300 + b"e"), "pt"),
    ("40 texts of 10 MB with one wide letter", "holds four bytes a letter", lambda: _deflated(b"](" + text("x" * 10_000_000 + "\U0001f91f") * 20 + b"e"), "pt"),
    ("a gzip of a gigabyte of zeros", "unpacks it", lambda: gzip.compress(gzip.compress(bytes(1 << 30), 1), 9), "gz"),
    ("a vocabulary of nested lists", "recurses", lambda: b"[" * 500_000 + b"]" * 500_000, "json"),
    ("a vocabulary of twenty million empty lists", "makes them", lambda: b"[" + b"[]," * 20_000_000 + b"[]]", "json"),
    ("a vocabulary of a huge number", "converts it", lambda: b'{"gloss_to_id": {"a": ' + b"9" * 1_000_000 + b"}}", "json"),
    ("a vocabulary of a million glosses", "shows them", lambda: json.dumps({f"g{number}": number for number in range(1_000_000)}).encode(), "json"),
    ("a notebook of a million empty cells", "walks them", lambda: b'{"nbformat": 4, "cells": [' + b"{}," * 1_000_000 + b"{}]}", "ipynb"),
    ("a log of a hundred megabytes", "reads it line by line", lambda: b"Epoch 1/2: loss 0.5\n" * 5_000_000, "log"),
    ("a line of fifty megabytes", "looks for patterns in it", lambda: b"Epoch 1/1" + b"0" * 50_000_000, "log"),
    ("a line of spaces and digits", "looks for patterns in it", lambda: b"Epoch " + b" 1" * 5_000_000 + b"\nTrain Loss:" + b" " * 5_000_000, "log"),
    ("a legacy file of a million storage keys", "looks for each", lambda: torch_legacy(with_good())[:-5] + stream([str(number) for number in range(1_000_000)]), "pth"),
    ("a million keys", "is merely large", lambda: _lure_of_state_dict(1_000_000), "pkl"),
)  # fmt: skip


def _deflated(opcodes: bytes) -> bytes:
    import zipfile

    return zip_archive(torch_members(PROTO + encode({"a": Raw(opcodes)}) + STOP), zipfile.ZIP_DEFLATED)


def bomb_cases() -> list[Hostile]:
    """All of them."""
    cases = []
    for name, claim, build, suffix in BOMBS:

        def make(place: Place, build: Callable[[], bytes] = build, suffix: str = suffix) -> Path:
            path = place.folder / f"bomb.{suffix}"
            path.write_bytes(build())
            return path

        cases.append(Hostile(name, "bombs", f"a naive reader {claim}", make, format=suffix))
    return cases
