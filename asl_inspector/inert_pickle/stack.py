"""The state of the pickle machine: its stack, its memo, and lists of what it met."""

from __future__ import annotations

from collections.abc import Callable

from asl_inspector.inert_pickle.byte_reader import Budget, ByteReader
from asl_inspector.inert_pickle.records import Buffer, Built, Extension, Global, Persistent

AfterBuild = Callable[[Built, int], int]


class _Mark:
    """The place that MARK leaves on the stack."""


MARK = _Mark()


class State(ByteReader):
    """What the opcodes work on.

    Attributes:
        stack: Values and marks.
        memo: Values by their index.
        protocol: Highest protocol announced.
        buffers: Out-of-band buffers met.
        globals: Names met, in file order.
        built: Calls met, in file order.
        persistent: Persistent ids met, in file order.
        after_build: See `machine.read_pickle`.
    """

    __slots__ = ("after_build", "buffers", "built", "globals", "memo", "persistent", "protocol", "stack")

    def __init__(self, source: Buffer, start: int, budget: Budget, after_build: AfterBuild | None = None) -> None:
        super().__init__(source, start, budget)
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.protocol = 0
        self.buffers = 0
        self.globals: list[Global | Extension] = []
        self.built: list[Built] = []
        self.persistent: list[Persistent] = []
        self.after_build = after_build

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def pop(self) -> object:
        """Take the topmost value, which must not be a mark."""
        if not self.stack:
            raise self.broken("the stack is empty")
        value = self.stack.pop()
        if value is MARK:
            raise self.broken("a mark where a value was expected")
        return value

    def top(self) -> object:
        """The topmost value, left where it is."""
        if not self.stack or self.stack[-1] is MARK:
            raise self.broken("the stack is empty")
        return self.stack[-1]

    def pop_to_mark(self) -> list[object]:
        """Take everything above the last mark, and the mark."""
        stack = self.stack
        for index in range(len(stack) - 1, -1, -1):
            if stack[index] is MARK:
                values = stack[index + 1 :]
                del stack[index:]
                return values
        raise self.broken("no mark on the stack")
