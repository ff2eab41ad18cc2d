"""Every panel looks as it did: pictures in light and dark, at 100 % and 200 %, beside those that were kept and looked at.

`make reference-pictures` takes and keeps them anew, after a change that is meant. Dialogs tell the machine's threads and
Python's version, so they are only in the guide.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from picture_comparison import GREYS, TOLERANCE, Picture, keep, kept, small, worst_tile
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from asl_inspector.gui.containers import Card
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.gui.widgets import Text, Tile

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).parent / "pictures"
SCALES = (1, 2)
SCHEMES = ("light", "dark")
SUBJECTS = (*(title.lower().replace(" ", "-") for title in PANELS), "empty", "confusion-matrix", "skeleton")
NAMES = [f"{subject}-{scheme}" for subject in SUBJECTS for scheme in SCHEMES]
MOST_BYTES = 3_000_000


def take(out: Path, scale: int) -> None:
    """Take the pictures in a process of its own: Qt reads the scale once."""
    out.mkdir(parents=True)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts'}"}
    environment.pop("DISPLAY", None)
    command = [sys.executable, str(ROOT / "scripts" / "make_screenshots.py"), str(out)]
    subprocess.run([*command, "--scale", str(scale), "--no-report"], env=environment, check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="letters are drawn in another way")
@pytest.mark.parametrize("scale", SCALES)
def test_every_panel_looks_as_it_did(scale: int, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    take(taken, scale)
    other = []
    for name in NAMES:
        now = small(taken / f"{name}.png", scale)
        apart, place = worst_tile(kept(KEPT / f"{100 * scale}" / f"{name}.png"), now)
        if apart > TOLERANCE:
            other.append(f"{name} at {100 * scale} %: {apart:.1f} at {place}")
    assert not other, f"look at {taken}; where it is meant: make reference-pictures. " + "; ".join(other)


def test_every_panel_has_its_pictures_and_they_are_small() -> None:
    files = sorted(KEPT.rglob("*.png"))
    assert {file.stem for file in files} == set(NAMES)
    assert len(files) == len(NAMES) * len(SCALES)
    assert sum(file.stat().st_size for file in files) < MOST_BYTES


# -- what the comparison sees -----------------------------------------------------------------------------------------


def fullest_patch(picture: Picture, height: int, width: int) -> tuple[int, int]:
    """Where a picture has most to see: the top left corner of a patch, away from the edges."""
    edges = np.abs(np.diff(picture.astype(np.int16), axis=1, prepend=picture[:, :1])).astype(np.int64)
    sums = edges.cumsum(0).cumsum(1)
    whole = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    inside = whole[20 : -height - 20, 20 : -width - 20]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return int(row) + 21, int(column) + 21


@pytest.mark.parametrize("name", NAMES)
def test_a_patch_that_moved_by_eight_pixels_is_seen_in_every_picture(name: str) -> None:
    picture = kept(KEPT / "100" / f"{name}.png")
    height, width, shift = 10, 60, 4  # a label of 20 x 120 pixels, moved by 8
    row, column = fullest_patch(picture, height, width)
    patch = picture[row : row + height, column : column + width]
    moved = picture.copy()
    moved[row : row + height, column : column + width] = np.median(picture)
    moved[row + shift : row + shift + height, column : column + width] = patch
    assert worst_tile(picture, moved)[0] > 1.5 * TOLERANCE
    cut = picture.copy()
    cut[row : row + height, column + width // 2 : column + width] = np.median(picture)
    assert worst_tile(picture, cut)[0] > 1.5 * TOLERANCE


def test_noise_and_a_pixel_aside_are_not_seen() -> None:
    picture = kept(KEPT / "100" / "diagnosis-light.png")
    assert worst_tile(picture, picture)[0] == 0
    noise = np.random.default_rng(1).integers(-17, 18, picture.shape)
    assert worst_tile(picture, np.clip(picture + noise // 2, 0, 255).astype(np.uint8))[0] < TOLERANCE
    assert worst_tile(picture, np.roll(picture, 1, axis=1))[0] < TOLERANCE
    assert worst_tile(picture, picture[:-1])[0] == float("inf")


def test_a_real_widget_that_moved_or_was_cut_is_seen(qtbot: QtBot, tmp_path: Path) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    box.resize(620, 240)
    line = QHBoxLayout(box)
    tile, card = Tile("Blank frames"), Card()
    tile.show_figure("96.6 %", "no clip comes out empty")
    label = Text("Training and validation are apart.", wrap=False)
    card.body.addWidget(label)
    for one in (tile, card):
        line.addWidget(one)
    box.show()

    def picture() -> Picture:
        box.grab().save(str(tmp_path / "now.png"))
        return small(tmp_path / "now.png", round(box.devicePixelRatioF()))

    before = picture()
    assert worst_tile(before, picture())[0] == 0
    label.move(label.x() + 8, label.y())
    assert worst_tile(before, picture())[0] > TOLERANCE
    label.move(label.x() - 8, label.y() + 8)
    assert worst_tile(before, picture())[0] > TOLERANCE
    label.move(label.x(), label.y() - 8)
    assert worst_tile(before, picture())[0] == 0
    label.resize(label.width() // 2, label.height())
    assert worst_tile(before, picture())[0] > TOLERANCE


def test_a_kept_picture_comes_back(tmp_path: Path) -> None:
    picture = (np.random.default_rng(2).integers(0, GREYS, (33, 47)) * (255 // (GREYS - 1))).astype(np.uint8)
    keep(picture, tmp_path / "a.png")
    assert np.array_equal(kept(tmp_path / "a.png"), picture)
