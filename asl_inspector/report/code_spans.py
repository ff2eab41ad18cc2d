"""Code in sentences: what the program's own words put between backticks, told from what it quotes out of files.

Everything that a file says stands between “ and ” in a sentence, backticks and all, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SPAN = re.compile(r"“[^”]*”|`([^`\n]+)`")


def spans(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a sentence in order, each with True where it is code."""
    end = 0
    for found in SPAN.finditer(text):
        if found[1] is not None:
            if found.start() > end:
                yield text[end : found.start()], False
            yield found[1], True
            end = found.end()
    if end < len(text) or not text:
        yield text[end:], False
