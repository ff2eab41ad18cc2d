"""Compares pictures of the window with kept ones: small, and by tiles, so that a moved or a cut element stands out.

A picture is kept at half its logical size in 16 greys. It is compared tile by tile; a tile may lie a pixel aside, which is
what another version of a font renderer does to letters, and may differ a little in tone. Whatever was moved by 8 pixels,
cut or left out differs in at least one tile by several times the tolerance (`test_panel_pictures.py` proves it).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

GREYS = 16
TILE = 12  # pixels of a kept picture, 24 of the window
TOLERANCE = 7.0  # mean difference of a tile, of 255
STATUS_LINE = 30  # pixels
REACH = 1  # pixels by which a tile may lie aside
Picture = NDArray[np.uint8]


def small(path: Path, scale: int) -> Picture:
    """(h, w), a picture at half its logical size in 16 greys, without the status line, which tells seconds and threads."""
    image = QImage(str(path))
    assert not image.isNull(), path
    image = image.copy(0, 0, image.width(), image.height() - STATUS_LINE * scale)
    size = image.size() / (2 * scale)
    smooth = Qt.TransformationMode.SmoothTransformation
    grey = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth).convertToFormat(
        QImage.Format.Format_Grayscale8
    )
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    step = 255 // (GREYS - 1)
    return ((rows[:, : grey.width()].astype(np.uint16) + step // 2) // step * step).astype(np.uint8)


def keep(picture: Picture, path: Path) -> None:
    """Write a small picture as a PNG with a palette."""
    step = 255 // (GREYS - 1)
    indices = np.ascontiguousarray(picture // step)
    height, width = indices.shape
    image = QImage(indices.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable([0xFF000000 | (grey * step) * 0x010101 for grey in range(GREYS)])
    assert image.save(str(path), "PNG", 0), path  # type: ignore[call-overload]


def kept(path: Path) -> Picture:
    """(h, w), a picture that was kept."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_Grayscale8)
    assert not image.isNull(), path
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def worst_tile(one: Picture, other: Picture) -> tuple[float, tuple[int, int]]:
    """How far the most different tile is apart, and where it is in pixels of the window (x, y).

    Pictures of different sizes are infinitely far apart.
    """
    if one.shape != other.shape:
        return float("inf"), (0, 0)
    framed = np.pad(other.astype(np.int16), REACH, mode="edge")
    tiles = None
    for down in range(2 * REACH + 1):
        for across in range(2 * REACH + 1):
            beside = framed[down : down + one.shape[0], across : across + one.shape[1]]
            means = _means(np.abs(one.astype(np.int16) - beside))
            tiles = means if tiles is None else np.minimum(tiles, means)
    assert tiles is not None
    row, column = np.unravel_index(int(tiles.argmax()), tiles.shape)
    return float(tiles.max()), (TILE * int(column), TILE * int(row))  # tiles lie half a tile apart, at half the size


def _means(differences: NDArray[np.int16]) -> NDArray[np.float64]:
    """Means of tiles that overlap by half, so that no element lies just between two."""
    sums = np.pad(differences.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    half = TILE // 2
    rows, columns = (np.arange(0, max(1, size - TILE + 1), half) for size in differences.shape)
    below, right = rows + TILE, columns + TILE
    whole = sums[np.ix_(below, right)] - sums[np.ix_(rows, right)] - sums[np.ix_(below, columns)]
    return (whole + sums[np.ix_(rows, columns)]) / TILE**2
