"""Hostile cases that run something: every way of calling, every gadget, every container."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hostile.corpus.assembling import stream
from hostile.corpus.callables import Gadget, gadgets
from hostile.corpus.calling import WAYS, Way, by_name
from hostile.corpus.containers import CONTAINERS, Container
from hostile.corpus.records import Hostile, Place

STREAM_IN_CONTAINERS = (
    "REDUCE",
    "INST",
    "OBJ",
    "NEWOBJ tuple",
    "EXT1",
    "BUILD of __setstate__",
    "STACK_GLOBAL",
    "STACK_GLOBAL with dots",
    "names from the memo",
    "POP",
    "an item of a tuple",
    "a frame that fits",
)
NEEDS_PROTO_2 = {"joblib", "cache"}  # they cut the first two bytes off and go on in the same stream


def _file_name(name: str, suffix: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name) + "." + suffix


def _writer(name: str, container: Container, build: Callable[[Place], bytes]) -> Callable[[Place], Path]:
    def make(place: Place) -> Path:
        path = place.folder / _file_name(name, container.suffix)
        path.write_bytes(container.wrap(build(place)))
        return path

    return make


def _way_case(way: Way, container: Container) -> Hostile:
    name = f"{way.name} in {container.name}"
    return Hostile(
        name=name,
        category=f"opcodes in {container.name}",
        claim=f"an ordinary load {way.claim}",
        make=_writer(name, container, lambda place: way.build(place.mark)),
        load=container.load,
        calls=(*way.tells, *container.also),
        format=container.format,
    )


def _gadget_case(gadget: Gadget, container: Container) -> Hostile:
    name = f"{gadget.name} in {container.name}"
    return Hostile(
        name=name,
        category="gadgets" if container.name == "pickle" else f"gadgets in {container.name}",
        claim=f"an ordinary load calls {gadget.tells[0]}",
        make=_writer(name, container, lambda place: stream(gadget.build(place))),
        load=container.load,
        calls=(*gadget.tells, *container.also),
        format=container.format,
    )


def payload_cases() -> list[Hostile]:
    """Every way bare, some ways in every container, every gadget bare and each in one container more."""
    cases = [_way_case(way, CONTAINERS["pickle"]) for way in WAYS]
    ways = by_name()
    others = [container for container in CONTAINERS.values() if container.name != "pickle"]
    for container in others:
        for name in STREAM_IN_CONTAINERS:
            build = ways[name].build("x")
            if container.name in NEEDS_PROTO_2 and not build.startswith(b"\x80"):
                continue
            cases.append(_way_case(ways[name], container))
    for index, gadget in enumerate(gadgets()):
        cases.append(_gadget_case(gadget, CONTAINERS["pickle"]))
        cases.append(_gadget_case(gadget, others[index % len(others)]))
    return cases
