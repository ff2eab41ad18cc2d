"""Colours, fonts and the style sheet, light and dark.

One accent colour; red for the figure that matters and for nothing else. Text on its background has a contrast of at
least 4.5:1 in both schemes (tests/gui/test_theme.py computes it).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Template

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from asl_inspector.bundled_files import resources
from asl_inspector.errors import DataError

SANS, MONO = "Inter", "JetBrains Mono"
BODY_SIZE = 10.0  # points
SMALL, LARGE, TITLE, FIGURE = 9.0, 11.0, 16.0, 15.0
GAP = 12  # pixels between cards


@dataclass(frozen=True, slots=True)
class Colours:
    """One scheme. Names say what a colour is for."""

    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    accent_strong: str
    on_accent: str
    selection: str
    danger: str
    danger_soft: str
    caution: str
    caution_soft: str
    good: str
    good_soft: str
    neutral_soft: str
    code: str
    series_1: str
    series_2: str
    series_3: str
    grid: str
    is_dark: bool


LIGHT = Colours(
    window="#f4f6f9",
    surface="#ffffff",
    raised="#ffffff",
    border="#dfe4ea",
    text="#1b2430",
    muted="#5c6775",
    accent="#2563cf",
    accent_strong="#1f56b8",
    on_accent="#ffffff",
    selection="#e4eefc",
    danger="#b3261e",
    danger_soft="#fbe9e7",
    caution="#7a4f00",
    caution_soft="#fdf1d3",
    good="#1b6b34",
    good_soft="#e2f3e6",
    neutral_soft="#edf0f4",
    code="#f2f5f9",
    series_1="#2563cf",
    series_2="#c77700",
    series_3="#7b8794",
    grid="#e6eaef",
    is_dark=False,
)

DARK = Colours(
    window="#14181e",
    surface="#1b2129",
    raised="#1f262f",
    border="#323b46",
    text="#e8ebef",
    muted="#9da8b5",
    accent="#7fb0ff",
    accent_strong="#2f6bd0",
    on_accent="#ffffff",
    selection="#24344d",
    danger="#ff9a91",
    danger_soft="#43201f",
    caution="#f3c969",
    caution_soft="#3b3018",
    good="#8bd6a0",
    good_soft="#1c3826",
    neutral_soft="#2a323c",
    code="#171c23",
    series_1="#7fb0ff",
    series_2="#f0b35a",
    series_3="#8d99a6",
    grid="#2b333d",
    is_dark=True,
)

STYLE = Template(
    """
* { outline: 0; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QMainWindow, QDialog, #content { background: $window; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 4px 6px; }
QMenuBar { background: $surface; border-bottom: 1px solid $border; padding: 2px 6px; }
QMenuBar::item { padding: 4px 10px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: $selection; }
QMenu { background: $raised; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 20px; border-radius: 4px; }
QMenu::item:selected { background: $selection; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QStatusBar { background: $surface; border-top: 1px solid $border; color: $muted; }
QStatusBar::item { border: 0; }
#sidebar { background: $surface; border-right: 1px solid $border; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: 0; }
QFrame[kind="card"] { background: $surface; border: 1px solid $border; border-radius: 8px; }
QFrame[kind="file"] { background: $surface; border: 1px solid $border; border-radius: 6px; }
QFrame[kind="file"]:hover, QFrame[kind="file"]:focus { border-color: $accent; }
QFrame[kind="drop"] { background: transparent; border: 1px dashed $border; border-radius: 6px; }
QFrame[kind="banner"] { background: $caution_soft; border: 0; border-radius: 6px; }
QFrame[kind="listing"] { background: $selection; border: 0; border-radius: 6px; }
QFrame[kind="problem"] { background: $danger_soft; border: 0; border-radius: 6px; }
QFrame[kind="line"] { background: $border; max-height: 1px; border: 0; }
QFrame[kind="overlay"] { background: $selection; border: 2px dashed $accent; border-radius: 10px; }
QLabel { background: transparent; color: $text; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="danger"] { color: $danger; }
QLabel[tone="caution"] { color: $caution; }
QLabel[tone="good"] { color: $good; }
QLabel[tone="accent"] { color: $accent; }
QLabel[badge="critical"] { color: $danger; background: $danger_soft; border-radius: 9px; padding: 2px 9px; }
QLabel[badge="warning"] { color: $caution; background: $caution_soft; border-radius: 9px; padding: 2px 9px; }
QLabel[badge="info"] { color: $muted; background: $neutral_soft; border-radius: 9px; padding: 2px 9px; }
QLabel[badge="good"] { color: $good; background: $good_soft; border-radius: 9px; padding: 2px 9px; }
QPushButton { background: $raised; color: $text; border: 1px solid $border; border-radius: 6px; padding: 6px 14px; }
QPushButton:hover { border-color: $accent; }
QPushButton:focus { border-color: $accent; }
QPushButton:pressed { background: $selection; }
QPushButton:disabled { color: $muted; background: $neutral_soft; }
QPushButton:checked { background: $selection; border-color: $accent; color: $accent; }
QPushButton:checked:focus { border-color: $text; }
QPushButton[look="primary"] { background: $accent_strong; color: $on_accent; border-color: $accent_strong; }
QPushButton[look="primary"]:hover { border-color: $text; }
QPushButton[look="primary"]:focus { border: 2px solid $text; padding: 5px 13px; }
QPushButton[look="primary"]:disabled { background: $neutral_soft; border-color: $border; color: $muted; }
QPushButton[look="link"] { background: transparent; border: 0; color: $accent; padding: 2px 4px; text-align: right; }
QPushButton[look="link"]:hover, QPushButton[look="link"]:focus { text-decoration: underline; }
QPushButton[look="link"]:focus { border: 1px solid $accent; border-radius: 4px; padding: 1px 3px; }
QPushButton[look="flat"] { background: transparent; border: 0; padding: 4px 8px; text-align: left; }
QPushButton[look="flat"]:hover { background: $selection; }
QPushButton[look="flat"]:focus { border: 1px solid $accent; padding: 3px 7px; }
QPushButton[look="segment"] { background: transparent; border: 1px solid transparent; padding: 4px 10px; color: $muted; }
QPushButton[look="segment"]:hover { background: $neutral_soft; color: $text; }
QPushButton[look="segment"]:checked { background: $selection; color: $accent; border-color: transparent; }
QPushButton[look="segment"]:focus { border-color: $accent; }
QPushButton[look="small"] { padding: 3px 10px; }
QComboBox[look="small"] { padding: 2px 26px 2px 8px; }
QToolButton[look="plot"] { background: $raised; color: $text; border: 1px solid $border; border-radius: 4px; padding: 0; }
QToolButton[look="plot"]:hover { border-color: $accent; }
QToolButton[look="why"] { background: $neutral_soft; color: $muted; border: 1px solid transparent; border-radius: 8px; padding: 0; }
QToolButton[look="why"]:hover, QToolButton[look="why"]:focus { color: $accent; border-color: $accent; }
QFrame[kind="popup"] { background: $raised; border: 1px solid $muted; }
QSlider::groove:horizontal { background: $neutral_soft; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent_strong; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: $accent; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }
QSlider::handle:horizontal:focus { background: $surface; border: 2px solid $text; width: 10px; height: 10px;
    margin: -5px 0; border-radius: 7px; }
QSlider::handle:horizontal:disabled { background: $border; }
QPushButton[look="panel"] { background: transparent; border: 0; border-radius: 6px; padding: 0; text-align: left; }
QPushButton[look="panel"]:hover { background: $neutral_soft; }
QPushButton[look="panel"]:checked { background: $selection; }
QPushButton[look="panel"]:focus { border: 1px solid $accent; }
QLineEdit, QComboBox, QSpinBox { background: $raised; color: $text; border: 1px solid $border; border-radius: 6px; padding: 5px 10px;
    selection-background-color: $accent_strong; selection-color: $on_accent; }
QSpinBox { padding: 2px 4px; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus { border-color: $accent; }
QLineEdit:disabled, QComboBox:disabled { color: $muted; background: $neutral_soft; }
QLineEdit[wrong="true"] { border-color: $danger; }
QComboBox { padding-right: 26px; }
QComboBox::drop-down { border: 0; width: 26px; }
QComboBox::down-arrow { image: url("$chevron"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $border; selection-background-color: $selection;
    selection-color: $text; padding: 2px; }
QPlainTextEdit { background: $code; color: $text; border: 1px solid $border; border-radius: 6px; padding: 6px;
    selection-background-color: $accent_strong; selection-color: $on_accent; }
QPlainTextEdit:focus, QTableView:focus, QTreeView:focus { border-color: $accent; }
QTableView, QTreeView { background: $surface; alternate-background-color: $surface; color: $text; border: 1px solid $border;
    border-radius: 8px; gridline-color: $grid; selection-background-color: $selection; selection-color: $text; }
QTableView::item, QTreeView::item { padding: 0 8px; border: 0; }
QTreeView::item { height: 24px; }
QTableView::item:focus { border: 1px solid $accent; padding: 0 7px; }
QTableView::item:selected, QTreeView::item:selected { background: $selection; color: $text; }
QTreeView::item:hover, QTableView::item:hover { background: $neutral_soft; }
QHeaderView { background: $surface; border: 0; border-top-left-radius: 8px; border-top-right-radius: 8px; }
QHeaderView::section { background: transparent; color: $muted; border: 0; border-bottom: 1px solid $border; padding: 7px 11px;
    font-weight: 600; }
QHeaderView::section:hover { color: $text; }
QAbstractScrollArea::corner { background: transparent; border: 0; }
QTableCornerButton::section { background: $surface; border: 0; }
QProgressBar { background: $neutral_soft; border: 0; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: $accent_strong; border-radius: 3px; }
QSplitter::handle { background: transparent; }
QScrollBar:vertical { background: transparent; width: 11px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 11px; margin: 2px; }
QScrollBar::handle { background: $border; border-radius: 3px; min-height: 30px; min-width: 30px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QCheckBox { color: $text; spacing: 8px; background: transparent; padding: 5px 0; }
QCheckBox:disabled { color: $muted; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $muted; border-radius: 4px; background: $raised; }
QCheckBox::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent_strong; border-color: $accent_strong; image: url("$check"); }
QCheckBox::indicator:focus { border: 2px solid $text; width: 12px; height: 12px; }
QCheckBox::indicator:disabled { border-color: $border; background: $neutral_soft; image: none; }
"""
)


def load_fonts() -> None:
    """Make the bundled fonts known; without them Qt falls back to the platform's."""
    try:
        folder = resources() / "fonts"
    except DataError:
        return
    for path in sorted(folder.glob("*.[ot]tf")):
        QFontDatabase.addApplicationFont(str(path))


def font(size: float = BODY_SIZE, *, weight: QFont.Weight = QFont.Weight.Normal, mono: bool = False) -> QFont:
    """A font of the program; digits of equal width, so that figures stand under each other."""
    found = QFont(MONO if mono else SANS)
    found.setPointSizeF(size)
    found.setWeight(weight)
    found.setStyleHint(QFont.StyleHint.Monospace if mono else QFont.StyleHint.SansSerif)
    if not mono:
        found.setFeature(QFont.Tag("tnum"), 1)
    return found


def apply(application: QApplication, colours: Colours) -> None:
    """Give the application the scheme."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.window,
        QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.surface,
        QPalette.ColorRole.AlternateBase: colours.surface,
        QPalette.ColorRole.Text: colours.text,
        QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.text,
        QPalette.ColorRole.Highlight: colours.accent_strong,
        QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.PlaceholderText: colours.muted,
        QPalette.ColorRole.ToolTipBase: colours.raised,
        QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.Link: colours.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.muted))
    application.setPalette(palette)
    values = {field.name: getattr(colours, field.name) for field in fields(colours)}
    values["check"] = icon_path("check.svg")
    values["chevron"] = icon_path(f"chevron-{'dark' if colours.is_dark else 'light'}.svg")
    application.setStyleSheet(STYLE.substitute(values))


def icon_path(name: str) -> str:
    """Path of a bundled icon as Qt writes paths, or an empty string where it is missing."""
    try:
        return (resources() / "icons" / name).as_posix()
    except DataError:
        return ""


class Scheme:
    """The scheme in use; plots ask it when they paint."""

    colours: Colours = LIGHT


def current() -> Colours:
    """The colours in use."""
    return Scheme.colours
