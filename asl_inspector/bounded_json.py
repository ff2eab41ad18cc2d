"""JSON from files that may be hostile: the depth is bounded before Python's own parser sees the text.

Long numbers need no care here: Python itself refuses whole numbers of more than 4,300 digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

NOT_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)

MOST_VALUES = 5_000_000
DEEPEST_JSON = 100  # of files in general
LONGEST_REASON = 300
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
Pairs = list[tuple[str, object]]


def read_json(
    raw: bytes,
    *,
    deepest: int,
    on_object: Callable[[Pairs], object] = dict,
    most_values: int = MOST_VALUES,
    with_constants: bool = False,
) -> object:
    """The value that strict UTF-8 JSON stands for.

    Args:
        raw: The text.
        deepest: Most levels of nesting.
        on_object: Makes an object's value from its pairs, in file order, equal names included.
        most_values: Most values of any kind; each takes far more memory than the letters that ask for it.
        with_constants: Take NaN and Infinity, which Python writes and JSON has not.

    Raises:
        ValueError: If the text is no JSON, or too deep, or holds a number that is no JSON number or too long. The
            message completes "The JSON ...".
    """
    if _values(raw) > most_values and _values(STRING.sub(b"", raw)) > most_values:
        raise ValueError(f"holds more than {most_values:,} values")
    if not _is_shallow(raw, deepest) and not _is_shallow(STRING.sub(b"", raw), deepest):
        raise ValueError(f"is nested deeper than {deepest} levels, or breaks off")
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=on_object, parse_constant=float if with_constants else _refuse
        )
    except RecursionError:  # brackets inside strings may make a deep text look shallow
        raise ValueError(f"is nested deeper than {deepest} levels") from None
    except ValueError as error:  # bad UTF-8 and numbers of too many digits are such errors too
        raise ValueError(f"is not valid: {error}") from None


def shortened(error: ValueError) -> str:
    """The error of `read_json`, without what it quotes at length."""
    return str(error)[:LONGEST_REASON]


def _values(raw: bytes) -> int:
    """No fewer than the values in the text; those inside strings are counted too."""
    return 1 + raw.count(b",") + raw.count(b":") + raw.count(b"[") + raw.count(b"{")


def _is_shallow(raw: bytes, deepest: int) -> bool:
    """True where all brackets are closed and nest at most so deep; brackets inside strings are counted too.

    Each round takes the innermost pairs away, so that the cost is linear in the text and the depth.
    """
    brackets = raw.translate(None, delete=NOT_BRACKETS)
    for _ in range(deepest):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return not brackets


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")
