"""Text of a file made harmless for a terminal or a table: what steers the display becomes visible."""

from __future__ import annotations

import re
import unicodedata

STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\xad\u034f\u061c\u115f\u1160\u180e\u3164\uffa0"  # what takes no room, or shows nothing where it does
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
ZERO_WIDTH_JOINER, JOINERS = "\u200d", "\u200c\u200d"
PICTURE_FOLLOWS = "\ufe0f"
FIRST_JOINED, LAST_JOINED = "\u0600", "\u0dff"  # from Arabic to Sinhala: scripts whose letters join


def visible(text: str, *, one_line: bool = True) -> str:
    """`text` with escape sequences, bidirectional controls and invisible characters written as escapes.

    A joiner stays where a script or an emoji needs it and the reader sees what it does: within a word of an Arabic or
    Indic script, and between two pictures that are one.
    """
    shown = STEERING.sub(_shown, text)
    return shown.replace("\n", "\\n").replace("\t", "\\t") if one_line else shown


def _shown(found: re.Match[str]) -> str:
    character, text, place = found[0], found.string, found.start()
    if character in JOINERS and 0 < place < len(text) - 1 and _joins(text[place - 1], character, text[place + 1]):
        return character
    return escaped(character)


def _joins(before: str, joiner: str, after: str) -> bool:
    """True where a joiner does what it is for."""
    if joiner == ZERO_WIDTH_JOINER and unicodedata.category(after) == "So":
        return before == PICTURE_FOLLOWS or unicodedata.category(before) in ("So", "Sk")  # Sk: the colour of a skin
    return all(FIRST_JOINED <= one <= LAST_JOINED and unicodedata.category(one)[0] in "LM" for one in (before, after))


def escaped(character: str) -> str:
    """A character as the escape that Python has for it."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def display_width(text: str) -> int:
    """Columns that `text` takes in a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
