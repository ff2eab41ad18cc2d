"""Contrast of both schemes, computed as WCAG 2.1 defines it."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from asl_inspector.gui import theme
from asl_inspector.gui.theme import DARK, LIGHT, Colours

READABLE = 4.5


def luminance(colour: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    found = QColor(colour)
    return 0.2126 * linear(found.redF()) + 0.7152 * linear(found.greenF()) + 0.0722 * linear(found.blueF())


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    *(
        (text, ground)
        for text in ("text", "muted", "accent", "danger", "good", "caution")
        for ground in ("surface", "window", "raised")
    ),
    ("danger", "danger_soft"),
    ("caution", "caution_soft"),
    ("good", "good_soft"),
    ("muted", "neutral_soft"),
    ("on_accent", "accent_strong"),
    ("text", "selection"),
    ("accent", "selection"),
    ("muted", "selection"),
    ("text", "code"),
    ("text", "danger_soft"),
]


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read_on_its_ground(scheme: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(scheme, text), getattr(scheme, ground)) >= READABLE


def test_the_style_sheet_uses_only_colours_that_exist() -> None:
    assert theme.STYLE.get_identifiers()
    names = set(LIGHT.__dataclass_fields__) | {"chevron", "tick"}
    assert set(theme.STYLE.get_identifiers()) <= names


def test_bundled_fonts_are_found(qapp: object) -> None:
    from PySide6.QtGui import QFontDatabase

    assert {theme.SANS, theme.MONO} <= set(QFontDatabase.families())


def test_none_keeps_its_references(qtbot: QtBot) -> None:
    """PySide6 6.12.0 loses a reference to None in every call that returns None, and aborts within seconds."""
    label = QLabel()
    qtbot.addWidget(label)
    before = sys.getrefcount(None)
    for index in range(200):
        label.setText(str(index))
    assert sys.getrefcount(None) > before - 50
