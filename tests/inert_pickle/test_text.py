"""Inert values as text."""

from __future__ import annotations

import pickle

import pytest

from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.plain import attributes_of, lookup, text_keyed, type_name
from asl_inspector.inert_pickle.text import render


class Config:
    """A class of a user's package."""

    def __init__(self) -> None:
        self.hidden = 128
        self.names = ["a", "b"]


@pytest.mark.parametrize("value", [None, True, 12, 1.5, "it's", [1, "two"], (1,), (1, 2), {"a": {"b": ()}}, [], {}])
def test_plain_values_look_as_python_shows_them(value: object) -> None:
    assert render(read_pickle(pickle.dumps(value)).value) == repr(value)


@pytest.mark.parametrize("protocol", range(6))
def test_objects_show_their_class_and_attributes(protocol: int) -> None:
    value = read_pickle(pickle.dumps(Config(), protocol=protocol)).value
    assert render(value) == "Config(hidden=128, names=['a', 'b'])"
    assert type_name(value).endswith("Config")
    assert lookup(value, "hidden") == 128
    assert [key for key, _ in attributes_of(value) or []] == ["hidden", "names"]


def test_text_is_cut_to_its_budget() -> None:
    shown = render(read_pickle(pickle.dumps(list(range(100_000)))).value, limit=50)
    assert len(shown) == 50
    assert shown.endswith("...")


def test_a_loop_ends() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert len(render(read_pickle(pickle.dumps(loop)).value, limit=30)) == 30


def test_deep_nesting_is_shown_without_recursion() -> None:
    assert render(read_pickle(b")" + b"\x85" * 500_000 + b".").value, limit=10) == "(((((((..."


def test_the_last_of_equal_keys_wins_as_in_python() -> None:
    assert text_keyed(read_pickle(b"\x80\x02}(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00aK\x02u.").value) == {"a": 2}
