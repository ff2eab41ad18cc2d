"""What a pickle stream describes, as inert records.

`None`, `bool`, `int`, `float` and `str` stand for themselves. Everything else is one of the records below. A record
names a function or a class; it never is one. Records are compared and hashed by identity only, so a
file cannot make a comparison expensive, and they are never traversed by recursion: for that reason they have no
`repr` of their own either; `text.render` shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Buffer = bytes | memoryview
LONGEST_HEAD = 256
NOWHERE = -1


@dataclass(slots=True, eq=False, repr=False)
class Items:
    """A list, tuple, set or frozenset: `kind` is the name of the Python type.

    `as_pairs` keeps the pairs of a list of pairs once they were asked for.
    """

    kind: str
    values: list[object]
    as_pairs: list[tuple[object, object]] | None = None


@dataclass(slots=True, eq=False, repr=False)
class Pairs:
    """A dict as pairs in file order. Keys are records too and may repeat."""

    pairs: list[tuple[object, object]]


@dataclass(slots=True, eq=False, repr=False)
class ByteSpan:
    """Bytes that stay in the file.

    Attributes:
        start: Place of the first one, counted from the first byte of the pickle's source; `NOWHERE` where the stream
            has them escaped as text, so that `head` holds them all.
        size: How many.
        head: A copy of the first `LONGEST_HEAD` of them.
    """

    start: int
    size: int
    head: bytes

    @property
    def content(self) -> bytes | None:
        """All the bytes where there are few, else None."""
        return self.head if len(self.head) == self.size else None


@dataclass(slots=True, eq=False, repr=False)
class HugeInteger:
    """An integer of too many digits to convert; `bits` is its size."""

    bits: int


@dataclass(slots=True, eq=False, repr=False)
class Global:
    """A name that an ordinary load would import: `module.name`, met at byte `offset`."""

    module: str
    name: str
    offset: int

    @property
    def dotted(self) -> str:
        """`module.name` as text."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False, repr=False)
class Extension:
    """A code of the copyreg extension registry; an ordinary load would import what it stands for."""

    code: int
    offset: int


@dataclass(slots=True, eq=False, repr=False)
class Persistent:
    """A persistent id: in torch files a reference to a storage."""

    identity: object


@dataclass(slots=True, eq=False, repr=False)
class OutOfBandBuffer:
    """A buffer of protocol 5 that lives outside the stream. `index` counts them from 0."""

    index: int


@dataclass(slots=True, eq=False, repr=False)
class Built:
    """An object that an ordinary load would make by calling `callee(*arguments, **keywords)`.

    Attributes:
        how: The opcode: REDUCE, NEWOBJ, NEWOBJ_EX, INST or OBJ.
        callee: What would be called; a `Global` in every ordinary file.
        arguments: Positional arguments: `Items`, or whatever the stream put there.
        keywords: Keyword arguments of NEWOBJ_EX, else None.
        offset: Byte offset of the opcode.
        states: What BUILD handed over, in order.
        items: What APPEND and ADDITEMS handed over.
        pairs: What SETITEM handed over.
    """

    how: str
    callee: object
    arguments: object
    keywords: object
    offset: int
    states: list[object] = field(default_factory=list)
    items: list[object] = field(default_factory=list)
    pairs: list[tuple[object, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pickle:
    """One pickle stream, read.

    Attributes:
        value: The object that the stream describes.
        end: Offset of the first byte after STOP.
        protocol: Highest protocol announced.
        globals: Every name met, in file order.
        built: Every call met, in file order.
        notes: Oddities that an ordinary load would not have minded.
        persistent: Every persistent id met, in file order.
        is_damaged: True where the stream broke off, and `value` is what it had made up to there.
    """

    value: object
    end: int
    protocol: int
    globals: tuple[Global | Extension, ...]
    built: tuple[Built, ...]
    notes: tuple[str, ...]
    persistent: tuple[Persistent, ...] = ()
    is_damaged: bool = False
