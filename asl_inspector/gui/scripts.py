"""Names in any script: fonts that have its letters, and an order of words that a name from right to left does not turn round.

The window's own font has Latin, Greek and Cyrillic letters. For other scripts and for emoji the fonts of the report are
used, which are packages of their own; they are loaded when the first such name is shown, in a few milliseconds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from PySide6.QtCore import QTextBoundaryFinder
from PySide6.QtGui import QFont, QFontDatabase

from asl_inspector.gui import theme

OTHER = re.compile("[\u0590-\u1cff\u1f00-\u1fff\u2190-\u21ff\u2300-\u2bff\u2e80-\uffef\U00010000-\U0010ffff]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
QUOTED = re.compile("“([^“”]*)”")
ISOLATE, END = "\u2068", "\u2069"  # what lies between takes its direction from itself and turns nothing else round
LEFT_TO_RIGHT = "\u200e"
ELLIPSIS = "…"


class Loaded:
    """Whether the fonts were asked for; once a process."""

    yet = False


def load_fonts_for(texts: Iterable[str]) -> None:
    """Make fonts of other scripts known to Qt where one of these texts needs them."""
    if Loaded.yet or not any(OTHER.search(text) for text in texts if not text.isascii()):
        return
    from asl_inspector.report.pdf import font_folders

    Loaded.yet = True
    files = [
        path
        for folder in font_folders()
        for path in sorted(folder.iterdir())
        if path.suffix in (".ttf", ".ttc", ".otf")
    ]
    families: list[str] = []
    for path in files:
        number = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(number)
    for own in (theme.SANS, theme.MONO):
        QFont.insertSubstitutions(own, list(dict.fromkeys(families)))


def is_right_to_left(text: str) -> bool:
    """True where a part of the text is written from right to left."""
    return not text.isascii() and RIGHT_TO_LEFT.search(text) is not None


def isolated(name: str) -> str:
    """A name to put into a sentence that is written from left to right."""
    return f"{ISOLATE}{name}{END}" if is_right_to_left(name) else name


def in_order(sentence: str) -> str:
    """A sentence of the program's with names in quotation marks, none of which turns its words round."""
    if not is_right_to_left(sentence):
        return sentence
    shown = QUOTED.sub(lambda found: f"“{ISOLATE}{found[1]}{END}”", sentence)
    return shown if _starts_left(sentence) else LEFT_TO_RIGHT + shown


def _starts_left(text: str) -> bool:
    """True where the first letter is written from left to right."""
    for character in text:
        if (direction := unicodedata.bidirectional(character)) in ("L", "R", "AL"):
            return direction == "L"
    return True


def shortened(name: str, most: int) -> str:
    """A name of at most so many characters as readers count them: no letter loses its accent, no emoji its skin."""
    if len(name) <= most:
        return name
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Grapheme, name)
    units = len(name.encode("utf-16-le")) // 2
    place = 0
    for _ in range(most - 1):
        following = finder.toNextBoundary()
        if following < 0:
            return name
        place = following
    return name if place >= units else name.encode("utf-16-le")[: 2 * place].decode("utf-16-le") + ELLIPSIS
