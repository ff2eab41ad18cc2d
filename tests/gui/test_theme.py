"""Contrast of both schemes, computed as WCAG 2.1 defines it."""

from __future__ import annotations

import sys

import numpy as np
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


# -- colours told apart ---------------------------------------------------------------------------------------------

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency", table 1,
# severity 1.0: rows of the matrix on linear RGB.
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
TOLD_APART = 20.0  # CIE 1976 distance; 2.3 is just noticeable side by side
STANDS_OUT = 3.0  # WCAG 2.1, 1.4.11: graphics against their ground
SIDE_BY_SIDE = [("series_1", "series_2"), ("series_1", "series_3"), ("series_2", "series_3")]


def seen(colour: str, kind: str) -> np.ndarray:  # type: ignore[type-arg]
    """(3,), the CIE 1976 L*a*b* of a colour as such an eye sees it (D65)."""
    found = QColor(colour)
    rgb = np.array([found.redF(), found.greenF(), found.blueF()])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    if kind:
        linear = np.clip(np.array(BLIND[kind]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ linear / np.array([0.95047, 1.0, 1.08883])
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", ["", *BLIND])
@pytest.mark.parametrize(("one", "other"), SIDE_BY_SIDE)
def test_what_stands_side_by_side_in_a_plot_is_told_apart_by_every_eye(
    scheme: Colours, kind: str, one: str, other: str
) -> None:
    apart = np.linalg.norm(seen(getattr(scheme, one), kind) - seen(getattr(scheme, other), kind))
    assert apart > TOLD_APART


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("series", ["series_1", "series_2", "series_3", "accent"])
def test_what_is_drawn_stands_out_from_its_ground(scheme: Colours, series: str) -> None:
    assert contrast(getattr(scheme, series), scheme.surface) >= STANDS_OUT


def test_the_distance_is_that_of_known_colours() -> None:
    """White and black are 100 apart; red and green are 170.6 (Bruce Lindbloom's calculator: 170.57)."""
    assert np.linalg.norm(seen("#ffffff", "") - seen("#000000", "")) == pytest.approx(100, abs=0.1)
    assert np.linalg.norm(seen("#ff0000", "") - seen("#00ff00", "")) == pytest.approx(170.6, abs=0.5)


def test_the_style_sheet_uses_only_colours_that_exist() -> None:
    assert theme.STYLE.get_identifiers()
    names = set(LIGHT.__dataclass_fields__) | {"check", "chevron"}
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
