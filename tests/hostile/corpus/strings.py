"""Text of a file that would do something in a sink: markup, formulas, escapes, directions, sizes."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

from hostile.corpus.assembling import call, stream
from hostile.corpus.containers import zip_archive
from hostile.corpus.records import Hostile, Place
from hostile.corpus.safetensors_headers import raw
from hostile.corpus.tensors import archive, tensor, with_good

TEXTS = {
    "markup": "<img src=x onerror=alert(1)><b>bold</b></table></script><script>alert(1)</script>",
    "entities": "&lt;b&gt; &#x3c;script&#x3e; ]]> <!-- -->",
    "a formula": '=cmd|"/C calc"!A0',
    "another formula": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a sign in front": "+1+1",
    "terminal escapes": "\x1b[2J\x1b]0;title\x07\x1b[31mred\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\",
    "eight-bit escapes": "\x9b31m\x9dtitle\x9c\x90q\x9c",
    "backspaces": "safe\x08\x08\x08\x08evil\r overwritten",
    "directions": "\u202egnp.exe\u202c \u2066isolated\u2069 \u200f",
    "invisible letters": "a\u200bb\u2060c\ufeffd\u00ade\U000e0041",
    "lone surrogates": "\ud800 \udfff \udc80",
    "nul bytes": "before\0after\0",
    "line ends": "a\nb\r\nc\u2028d\u2029e\x85f\x0bg\x0ch",
    "typesetting": '#eval("1+1") $x$ `raw` #image("/etc/passwd") \\* _ @label <label> //',
    "LaTeX": "\\input{/etc/passwd}\\write18{touch x}",
    "a path": "../../../../etc/passwd",
    "a drive": "C:\\Windows\\System32\\..\\x",
    "a device": "CON.txt",
    "a template": "{0.__class__.__mro__} %s %n {{7*7}} ${jndi:ldap://x} $(touch x) `touch x`",
    "JSON": '", "role": "parameter", "x": "',
    "combining letters": "Z" + "\u0351\u036b\u0343" * 500,
    "wide letters": "手話" * 200 + "🤟🏽" * 50,
    "ten thousand letters": "A" * 10_000,
    "a megabyte": "B" * (1 << 20),
    "nothing": "",
    "a space": " ",
    "dots": "a..b...c.",
    "a number": "1",
    "a prototype": "__proto__",
    "a dunder": "__class__",
    "not a character": "\uffff\ufffe\U0010ffff",
    "normal forms": "e\u0301 \u00e9 \u212b \ufb01",
}


def _notebook(text: str) -> bytes:
    lines = [f"Epoch 1/2 {text}\n", f"Val Accuracy: 3.5% {text}\n", f"Loaded pretrained weights from {text}\n"]
    return json.dumps({"nbformat": 4, "cells": [{"outputs": [{"output_type": "stream", "text": lines}]}]}).encode()


def _files(text: str) -> dict[str, tuple[str, bytes, bool]]:
    """Suffix, content, and whether the sound tensor must be shown, for each place where text may stand."""
    everywhere = {text: text, "gloss_to_id": {text: 0, "a": 1}, "config": {text: text}, "epoch": 1}
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    return {
        "a key": ("pt", archive(stream({"good": tensor(), text: tensor(), **everywhere})), True),
        "a class name": ("pt", archive(with_good(x=call("m", text.replace("\n", " ") or "f", text))), True),
        "a safetensors header": (
            "safetensors",
            raw(
                json.dumps(
                    {"__metadata__": {text: text, "k": text}, **({text: entry} if text != "__metadata__" else {})}
                )
            ),
            False,
        ),
        "a vocabulary": ("json", json.dumps({"gloss_to_id": {text: 0, "a": 1}, "vocab_size": 2}).encode(), False),
        "a notebook": ("ipynb", _notebook(text), False),
        "an archive member": (
            "pt",
            zip_archive({f"x/{text[:2000]}": b"x", "x/data.pkl": pickle.dumps({"a": 1}, protocol=2)})
            if "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
            else archive(with_good()),
            False,
        ),
    }


def string_cases() -> list[Hostile]:
    """Every text in every place."""
    cases = []
    for what, text in TEXTS.items():
        for where in _files("x"):

            def make(place: Place, text: str = text, where: str = where) -> Path:
                suffix, content, _ = _files(text)[where]
                path = place.folder / f"strings.{suffix}"
                path.write_bytes(content)
                return path

            must_open = where in ("a key", "a class name") and what not in ("nothing",)
            claim = "the text acts in a window, a terminal, a table, a report or a file name"
            cases.append(Hostile(f"{what} in {where}", "strings", claim, make, must_open=must_open, format="strings"))
    return cases
