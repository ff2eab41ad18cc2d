"""The moving skeleton: one frame of a clip, body, face and hands in colours that are told apart without hue."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.plots import saving
from asl_inspector.samples.skeletons import BodyPart, Kind, Skeleton

SMALLEST = QSize(220, 200)
ORDER: tuple[Kind, ...] = ("other", "face", "body", "left", "right")  # hands last, so that they cover the rest
WIDTHS: dict[Kind, float] = {"body": 3.0, "face": 1.0, "other": 1.6, "left": 2.0, "right": 2.0}
INDENT = 6  # of text, in pixels
MANY_DOTS = 40  # of a face: more would be a blot


class SkeletonView(QWidget):
    """Draws a frame; the whole clip fits in, and stays at its place from frame to frame."""

    def __init__(self) -> None:
        super().__init__()
        self._skeleton: Skeleton | None = None
        self._frame = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(SMALLEST)
        self.setAccessibleName("Skeleton")

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def show_skeleton(self, skeleton: Skeleton | None) -> None:
        """Show the first frame of another clip."""
        self._skeleton = skeleton
        self.show_frame(0)

    @Slot(int)
    def show_frame(self, frame: int) -> None:
        """Show a frame."""
        self._frame = frame
        self.setAccessibleDescription(self.words())
        self.update()

    def words(self) -> str:
        """What is missing in this frame, as text."""
        skeleton = self._skeleton
        if skeleton is None or not 0 <= self._frame < skeleton.frames:
            return ""
        missing = skeleton.missing_at(self._frame)
        if len(missing) == len(skeleton.parts):
            return "nothing was found in this frame"
        return f"{listed(missing)} missing in this frame" if missing else ""

    # -- painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.save()
        self._render(painter)
        painter.restore()  # pen and brush of the last joint would fill the frame of the focus
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.current().accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _render(self, painter: QPainter) -> None:
        skeleton = self._skeleton
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SMALL))
        line = QFontMetricsF(painter.font()).height()
        area = QRectF(self.rect())
        ground = area.adjusted(0, line + 8, 0, -(line + 8))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().code))
        painter.drawRoundedRect(ground, 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if skeleton is None or not 0 <= self._frame < skeleton.frames:
            return
        self._draw_legend(painter, skeleton, QRectF(area.left(), area.top(), area.width(), line + 4))
        painter.setPen(QColor(theme.current().caution))
        painter.drawText(
            QRectF(area.left() + INDENT, area.bottom() - line - 4, area.width() - 2 * INDENT, line + 4),
            int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
            QFontMetricsF(painter.font()).elidedText(
                self.words(), Qt.TextElideMode.ElideRight, area.width() - 2 * INDENT
            ),
        )
        painter.save()
        painter.setClipRect(ground)
        for part in sorted(skeleton.parts, key=lambda one: ORDER.index(one.kind)):
            self._draw_part(painter, part, ground.adjusted(4, 4, -4, -4))
        painter.restore()

    def _draw_legend(self, painter: QPainter, skeleton: Skeleton, line: QRectF) -> None:
        """The hands by their colours and marks; there is no need to name a body."""
        metrics = QFontMetricsF(painter.font())
        left = line.left() + INDENT
        for part in skeleton.parts:
            if part.kind not in ("left", "right"):
                continue
            pen = QPen(_colour(part.kind), 1.4)
            painter.setPen(pen)
            painter.setBrush(pen.color())
            _mark(painter, QPointF(left + 5, line.center().y()), 3.5, part.kind)
            painter.setPen(QColor(theme.current().text))
            left += 14
            painter.drawText(
                QRectF(left, line.top(), line.width(), line.height()), int(Qt.AlignmentFlag.AlignVCenter), part.name
            )
            left += metrics.horizontalAdvance(part.name) + 14

    def _draw_part(self, painter: QPainter, part: BodyPart, ground: QRectF) -> None:
        if self._skeleton is None or part.missing[self._frame]:
            return
        left, top, right, bottom = self._skeleton.extent
        scale = min(ground.width() / max(right - left, 1e-12), ground.height() / max(bottom - top, 1e-12))
        middle = np.array([(left + right) / 2, (top + bottom) / 2])
        places = (part.points[self._frame] - middle) * scale + [ground.center().x(), ground.center().y()]
        there = np.isfinite(places).all(axis=1) & part.shown
        held = [QPointF(x, y) if known else None for (x, y), known in zip(places.tolist(), there.tolist(), strict=True)]
        colour = _colour(part.kind)
        pen = QPen(colour, WIDTHS[part.kind])
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for a, b in part.bones:
            start, end = held[a], held[b]
            if start is not None and end is not None:
                painter.drawLine(start, end)
        if part.kind == "face" and part.bones:
            return
        painter.setBrush(colour)
        painter.setPen(QPen(QColor(theme.current().code), 0.8))
        radius = 1.2 if len(held) > MANY_DOTS else 3.0 if part.kind in ("left", "right") else 3.4
        for point in held:
            if point is not None:
                _mark(painter, point, radius, part.kind)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    # -- export -----------------------------------------------------------------------------------------------------

    def image(self) -> QImage:
        """The frame as a picture, at twice its size on screen."""
        return saving.picture(self.size(), self._paint_into)

    def _paint_into(self, painter: QPainter, _area: QRectF) -> None:
        self._render(painter)

    def table(self) -> tuple[list[str], list[list[object]]]:
        """The joints of the frame that is shown."""
        skeleton = self._skeleton
        if skeleton is None or not 0 <= self._frame < skeleton.frames:
            return ["part", "joint", "x", "y"], []
        rows: list[list[object]] = [
            [part.name, joint, x, y]
            for part in skeleton.parts
            for joint, (x, y) in enumerate(part.points[self._frame].tolist())
        ]
        return ["part", "joint", "x", "y"], rows

    @Slot()
    def copy_image(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.image())

    def new_menu(self) -> QMenu:
        """The menu, which deletes itself when it is closed."""
        menu = QMenu(self)
        menu.addAction("Copy &picture", self.copy_image)
        menu.addSeparator()
        menu.addAction("Save as P&NG...", partial(self._save, "png"))
        menu.addAction("Save as &SVG...", partial(self._save, "svg"))
        menu.addAction("Save values as &CSV...", partial(self._save, "csv"))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _save(self, kind: str) -> None:
        saving.ask_and_write(self, f"skeleton frame {self._frame}", kind, partial(self._content, kind))

    def _content(self, kind: str) -> bytes:
        if kind == "png":
            return saving.png_bytes(self.image())
        if kind == "svg":
            return saving.svg_bytes(self.size(), self._paint_into, self.accessibleName())
        return saving.csv_text(*self.table()).encode()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.new_menu().popup(event.globalPos())


def _colour(kind: Kind) -> QColor:
    """Blue and orange are told apart with every kind of colour blindness; the rest is grey."""
    colours = theme.current()
    return QColor(colours.series_1 if kind == "left" else colours.series_2 if kind == "right" else colours.series_3)


def _mark(painter: QPainter, place: QPointF, radius: float, kind: Kind) -> None:
    """A joint: round, and square for the right hand, so that the hands differ by more than their colour."""
    if kind == "right":
        painter.drawRect(QRectF(place.x() - radius * 0.9, place.y() - radius * 0.9, radius * 1.8, radius * 1.8))
    else:
        painter.drawEllipse(place, radius, radius)


def listed(parts: tuple[str, ...]) -> str:
    """Parts of the body in words: "face, left hand and right hand"."""
    names = ["body" if part == "pose" else part for part in parts]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
