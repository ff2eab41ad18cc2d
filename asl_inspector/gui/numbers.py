"""Numbers on screen as the user's region writes them. Files and what is copied keep the plain form."""

from __future__ import annotations

import re

from PySide6.QtCore import QLocale

ENGLISH = re.compile(r"\d[\d,]*(?:\.\d+)?")
FIGURE = re.compile(r"[\d.,\s%/+\-−–±×k()]*")


def local(text: str) -> str:
    """Numbers in `text`, written with a point and commas, as the user's region writes them.

    For text of the program's own that holds nothing but figures and their units: a name such as `layer.0` would suffer.
    """
    locale = QLocale()
    if locale.language() == QLocale.Language.C:
        return text
    point, group = locale.decimalPoint(), locale.groupSeparator()
    if (point, group) == (".", ","):
        return text
    marks = {".": point, ",": group}
    return ENGLISH.sub(lambda found: "".join(marks.get(one, one) for one in found[0]), text)


def local_figure(text: str) -> str:
    """The same where `text` is a figure and nothing else; other text, such as a name, as it is."""
    return local(text) if FIGURE.fullmatch(text) else text
