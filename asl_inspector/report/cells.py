"""Text in a table of comma-separated values: it stays text, whatever a spreadsheet or a terminal makes of it.

A spreadsheet takes a cell for a formula by its first character, the wide forms of East Asian keyboards included
(OWASP, CSV injection). A leading apostrophe takes that power away, and is not part of the text.
"""

from __future__ import annotations

from asl_inspector.visible_text import visible

FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "|", "%")


def as_cell(text: str) -> str:
    """`text` on one line, what steers the display written as escapes, and never a formula."""
    shown = visible(text)
    return "'" + shown if shown.lstrip(" \u00a0'\"").startswith(FORMULA_STARTS) else shown
