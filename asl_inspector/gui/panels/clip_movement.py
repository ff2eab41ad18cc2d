"""The skeleton of a clip with play, step and scrub. Whoever shows the same clip follows `frame_changed`."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.player import SPEEDS, USUAL_RATE, Player
from asl_inspector.gui.plots.skeleton import SkeletonView
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text
from asl_inspector.samples.skeletons import Skeleton

STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Comma: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Period: 1}
KEYS = "Space plays, ← and → or comma and period step, Home and End go to the first and last frame"
SMALLEST = QSize(250, 300)


class ClipMovement(QWidget):
    """The moving skeleton of one clip."""

    frame_changed = Signal(int)  # of the clip as the file has it

    def __init__(self) -> None:
        super().__init__()
        self.player = Player(self)
        self.view = SkeletonView()
        self._every = 1
        self._count = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._make_slider())
        layout.addLayout(self._make_buttons())
        self.setMinimumSize(SMALLEST)
        self.player.frame_changed.connect(self._show_frame)
        self.player.playing_changed.connect(self._show_playing)
        for widget in (self.view, self.slider):
            self.listen_to_keys_of(widget)
        self.view.setToolTip(KEYS)
        for before, after in (
            (self.view, self.slider),
            (self.slider, self.play),
            (self.play, self.back),
            (self.back, self.forth),
            (self.forth, self.speed),
        ):
            QWidget.setTabOrder(before, after)

    def _make_slider(self) -> QSlider:
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Frame of the clip")
        self.slider.setToolTip(KEYS)
        self.slider.setSingleStep(1)
        self.slider.valueChanged.connect(self.player.seek)
        return self.slider

    def _make_buttons(self) -> QHBoxLayout:
        self.play, self.back, self.forth = QPushButton("Play"), QPushButton("‹"), QPushButton("›")
        self.play.setAccessibleName("Play or pause")
        self.play.clicked.connect(self.player.toggle)
        for button, name, step in (
            (self.back, "Frame before", self.step_back),
            (self.forth, "Next frame", self.step_on),
        ):
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setAutoRepeat(True)
            button.clicked.connect(step)
        for button in (self.play, self.back, self.forth):
            button.setProperty("look", "small")
        self.speed = QComboBox()
        leave_wheel_to_page(self.slider, self.speed)
        self.speed.setProperty("look", "small")
        self.speed.setAccessibleName("Speed")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} ×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.currentIndexChanged.connect(self._choose_speed)
        self.place = Text(size=theme.SMALL, tone="muted", wrap=False)
        line = QHBoxLayout()
        line.setSpacing(4)
        for widget in (self.play, self.back, self.forth, self.speed):
            line.addWidget(widget)
        line.addSpacing(4)
        line.addWidget(self.place)
        line.addStretch(1)
        return line

    # -- the clip ---------------------------------------------------------------------------------------------------

    def show_clip(self, skeleton: Skeleton | None, every: int = 1, frames: int = 0, rate: float | None = None) -> None:
        """Show a clip at its first frame.

        Args:
            skeleton: What to draw, or None for nothing.
            every: Frames of the clip from one of the skeleton's to the next.
            frames: Frames of the clip.
            rate: Frames a second, or None where it is unknown.
        """
        self._every, self._count = every, frames
        self.view.show_skeleton(skeleton)
        shown = skeleton.frames if skeleton is not None else 0
        self.slider.setRange(0, max(0, shown - 1))
        self.slider.setPageStep(max(1, shown // 10))
        self.player.set_clip(shown, rate / every if rate is not None else None)
        self.play.setEnabled(shown > 1)
        self.play.setToolTip(
            KEYS if rate is not None else f"The file does not tell the frames a second; played at {USUAL_RATE:.0f}"
        )

    @Slot(int)
    def _show_frame(self, frame: int) -> None:
        self.view.show_frame(frame)
        self.slider.setValue(frame)
        of_clip = frame * self._every
        self.place.setText(self._place_words(of_clip) if self.player.frames else "")
        self.frame_changed.emit(of_clip)

    def _place_words(self, frame: int) -> str:
        """Where the clip stands: frames from 0, as in the plots."""
        words = f"frame {frame} of {self._count}"
        rate = self.player.rate
        return words if rate is None else f"{words}   {frame / (rate * self._every):.2f} s"

    @Slot()
    def _show_playing(self) -> None:
        self.play.setText("Pause" if self.player.is_playing else "Play")

    @Slot()
    def step_back(self) -> None:
        """The frame before."""
        self.player.step(-1)

    @Slot()
    def step_on(self) -> None:
        """The next frame."""
        self.player.step(1)

    @Slot(float)
    def seek(self, frame: float) -> None:
        """Go to a frame of the clip."""
        self.player.seek(round(frame) // self._every)

    @Slot(int)
    def _choose_speed(self, index: int) -> None:
        self.player.set_speed(SPEEDS[index])

    # -- keys -------------------------------------------------------------------------------------------------------

    def listen_to_keys_of(self, widget: QWidget) -> None:
        """Play and step while another widget that shows the clip has the focus."""
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self.isVisible():
            return self._obey(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _obey(self, key: Qt.Key) -> bool:
        """Do what a key says; False where it says nothing."""
        if key == Qt.Key.Key_Space:
            self.player.toggle()
        elif key in STEPS:
            self.player.step(STEPS[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.player.step(self.player.frames if key == Qt.Key.Key_End else -self.player.frames)
        else:
            return False
        return True

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.player.pause()
