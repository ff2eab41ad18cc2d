"""Numbers on screen as the user's region writes them. Files and what is copied keep the plain form.

Sentences come from the inspection with a point and commas, and are translated where they are shown: what stands in
quotation marks or backticks is a name, and so are versions and parts of words.
"""

from __future__ import annotations

import re
from functools import lru_cache

from PySide6.QtCore import QLocale

ENGLISH = re.compile(r"\d[\d,]*(?:\.\d+)?")
FIGURE = re.compile(r"[\d.,\s%/+\-−–±×k()]*")
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+(?:e[+-]?\d+)?|\d+"
VERSIONED = "Python|PyTorch|torch|NumPy|ONNX|opset|CUDA|Keras|version|Inspector|IR"
NAMES = re.compile(
    rf"“[^”]*”|`[^`]*`|\b(?:{VERSIONED}) v?\d[\w.]*"  # names and versions stay
    rf"|(?<![\w.,/\\:@_\[])(?:{NUMBER})(?![\w@_\\/\]]|[.,:]\w)"  # a number by itself
)


def local(text: str) -> str:
    """Numbers in `text`, written with a point and commas, as the user's region writes them.

    For text of the program's own that holds nothing but figures and their units: a name such as `layer.0` would suffer.
    """
    marks = _marks()
    return ENGLISH.sub(lambda found: found[0].translate(marks), text) if marks else text


def local_figure(text: str) -> str:
    """The same where `text` is a figure and nothing else; other text, such as a name, as it is."""
    return local(text) if FIGURE.fullmatch(text) else text


def local_sentence(text: str) -> str:
    """The same for a sentence: numbers that stand by themselves, and neither names nor versions."""
    marks = _marks()
    return NAMES.sub(lambda found: _told(found[0], marks), text) if marks else text


def _told(found: str, marks: dict[int, str]) -> str:
    return found.translate(marks) if found[0].isdigit() else found


def _marks() -> dict[int, str]:
    """What stands for point, comma and digits in the user's region; nothing where they are the English ones."""
    return _marks_of(QLocale().name())


@lru_cache(maxsize=8)
def _marks_of(_name: str) -> dict[int, str]:
    """The same by the name of a region: tables ask for every cell that they paint."""
    locale = QLocale()  # the region in use: its own settings, such as another point, are not in its name
    if locale.language() == QLocale.Language.C:
        return {}
    marks = {ord("."): locale.decimalPoint(), ord(","): locale.groupSeparator()}
    zero = locale.zeroDigit()
    if zero != "0":
        marks |= {ord("0") + number: chr(ord(zero) + number) for number in range(10)}
    return {} if marks == {ord("."): ".", ord(","): ","} else marks


def number_of(text: str) -> float | None:
    """What was typed, as the user's region or as English writes it, with a per cent sign or none; None for no number."""
    cleaned = text.replace("%", "").strip().replace("\u00a0", "").replace(" ", "")
    number, is_number = QLocale().toDouble(cleaned)
    if not is_number:
        try:
            number = float(cleaned.replace(",", "."))
        except ValueError:
            return None
    return number if number == number and abs(number) != float("inf") else None
