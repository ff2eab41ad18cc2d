"""Drawing a confusion matrix of 2,000 x 2,000 glosses, whole and at every zoom, and counting it.

The rival makes one pixel a cell of the whole array and lets Qt scale the picture down smoothly, as an image view does; in
its picture a single wrong clip is a thousandth of a pixel's colour.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from benchmarks.measuring import Result, median, timed

GLOSSES, CLIPS, RUNS = 2_000, 300_000, 7
WIDTH, HEIGHT = 980, 640
SEED = 6
FRAMES = 60


def matrix() -> Any:
    """Two thousand glosses, half right, the rest spread over all."""
    from asl_inspector.diagnosis.glosses import measure as measure_glosses

    random = np.random.default_rng(SEED)
    true = random.integers(0, GLOSSES, CLIPS)
    answer = np.where(random.random(CLIPS) < 0.5, true, random.integers(0, GLOSSES + 1, CLIPS))
    names = [f"GLOSS-{number:04d}" for number in range(GLOSSES)]
    return measure_glosses(names, np.arange(GLOSSES), np.arange(CLIPS), true, answer, decoder="majority")


def measure() -> list[Result]:
    """Medians of whole pictures, 95th percentile of single frames while zooming and moving."""
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    from asl_inspector.gui.app import new_application
    from asl_inspector.gui.plots.confusion import ConfusionPlot

    application = new_application()
    counting = [timed(matrix) for _ in range(2)]
    found = matrix()
    plot = ConfusionPlot()
    plot.resize(WIDTH, HEIGHT)
    target = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)

    def draw() -> None:
        painter = QPainter(target)
        plot.render_plot(painter, QRectF(0, 0, WIDTH, HEIGHT))
        painter.end()

    def show_and_draw() -> None:
        plot.show_confusions(found, np.arange(GLOSSES))
        draw()

    dense = np.zeros((GLOSSES, GLOSSES), np.float32)

    def scaled() -> None:
        inside = found.cell_answer < GLOSSES
        dense[found.cell_true[inside], found.cell_answer[inside]] = found.cell_count[inside]
        grey = np.ascontiguousarray(255 - np.clip(255 * dense / dense.max(), 0, 255).astype(np.uint8))
        picture = QImage(grey.data, GLOSSES, GLOSSES, GLOSSES, QImage.Format.Format_Grayscale8)
        painter = QPainter(target)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, WIDTH, HEIGHT), picture)
        painter.end()

    mine, theirs = [], []
    for _ in range(RUNS):
        mine.append(1000 * timed(show_and_draw))
        theirs.append(1000 * timed(scaled))
    frames = []
    for frame in range(FRAMES):
        plot.zoom(1.12 if frame < FRAMES // 2 else 1 / 1.12)
        plot._go_to((frame * 37) % GLOSSES, (frame * 53) % GLOSSES)
        frames.append(1000 * timed(draw))
    del application
    slowest = float(np.quantile(frames, 0.95))
    cells = len(found.cell_count)
    return [
        Result(
            "confusion_matrix draw",
            f"A matrix of {GLOSSES:,} glosses with {cells:,} cells, placed, coloured and drawn whole.",
            median(mine),
            "ms",
            "whole array scaled by Qt",
            median(theirs),
            "under 100 ms",
            median(mine) < 100,
            RUNS,
        ),
        Result(
            "confusion_matrix frame_p95",
            "One frame while the matrix is zoomed and moved, 95th percentile.",
            slowest,
            "ms",
            None,
            None,
            "under 16 ms",
            slowest < 16,
            FRAMES,
        ),
        Result(
            "confusion_matrix count",
            f"{CLIPS:,} clips of {GLOSSES:,} glosses counted and ordered by similarity, in the engine.",
            median(counting),
            "s",
            None,
            None,
            "none",
            met=True,
            runs=len(counting),
        ),
    ]
