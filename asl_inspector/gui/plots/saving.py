"""A plot as a picture, as a drawing, or as its values: on the clipboard and in files, which are written whole or not at all."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from asl_inspector.about import NAME
from asl_inspector.errors import ExportError
from asl_inspector.gui import theme
from asl_inspector.report.cells import as_cell
from asl_inspector.report.writing import write_atomically

EXPORT_SCALE = 2.0
SVG_DPI = 96
KINDS = {
    "png": ("Save as PNG", "PNG images (*.png)"),
    "svg": ("Save as SVG", "SVG drawings (*.svg)"),
    "csv": ("Save values as CSV", "CSV files (*.csv)"),
}
Render = Callable[[QPainter, QRectF], None]


def picture(size: QSize, render: Render) -> QImage:
    """What `render` draws, at twice its size on screen."""
    found = QImage(size * EXPORT_SCALE, QImage.Format.Format_ARGB32_Premultiplied)
    found.fill(QColor(theme.current().surface))
    painter = QPainter(found)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(EXPORT_SCALE, EXPORT_SCALE)
    render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return found


def png_bytes(image: QImage) -> bytes:
    """The content of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"PNG").write(image)
    return bytes(buffer.data().data())


def svg_bytes(size: QSize, render: Render, title: str) -> bytes:
    """The content of an SVG file; text stays text."""
    from PySide6.QtSvg import QSvgGenerator  # loaded when it is asked for: the first paint does without

    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(SVG_DPI)
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    painter.fillRect(QRect(0, 0, size.width(), size.height()), QColor(theme.current().surface))
    render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    return bytes(buffer.data().data())


def csv_text(names: list[str], rows: Iterable[list[object]]) -> str:
    """A table as CSV: numbers in plain form, nothing where there is no value, and no text that is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([as_cell(name) for name in names])
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str):
        return as_cell(value)
    if isinstance(value, float) and math.isnan(value):
        return ""
    return value


def file_name(title: str, kind: str) -> str:
    """A name to offer for the file of a plot."""
    words = re.sub(r"[^\w]+", "-", title.lower()).strip("-")
    return f"{words[:60] or 'plot'}.{kind}"


def ask_and_write(parent: QWidget, title: str, kind: str, content: Callable[[], bytes]) -> None:
    """Ask where to write a "png", "svg" or "csv" file, and write it; a failure is said in a box."""
    heading, kinds = KINDS[kind]
    chosen, _ = QFileDialog.getSaveFileName(parent, heading, file_name(title, kind), kinds)
    if not chosen:
        return
    path = Path(chosen)
    try:
        write_atomically(path if path.suffix else path.with_suffix(f".{kind}"), content())
    except ExportError as error:
        box = QMessageBox(QMessageBox.Icon.Warning, NAME, error.sentence, parent=parent.window())
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setInformativeText(error.advice)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
