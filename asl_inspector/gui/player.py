"""Goes through the frames of a clip: plays, pauses, steps, seeks. Knows nothing of what is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

USUAL_RATE = 25.0  # frames a second, where the file does not tell
SHORTEST_MS = 16  # between two pictures: a screen shows no more
SPEEDS = (0.25, 0.5, 1.0, 2.0)


class Player(QObject):
    """The frame that is shown. A clip that is played starts again at its end."""

    frame_changed = Signal(int)
    playing_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frames = 0
        self.frame = 0
        self.rate: float | None = None
        self._speed = 1.0
        self._skip = 1
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._advance)

    @property
    def is_playing(self) -> bool:
        """True while frames follow each other by themselves."""
        return self._timer.isActive()

    def set_clip(self, frames: int, rate: float | None) -> None:
        """Another clip, at its first frame, not playing; `rate` is in frames a second, or None where it is unknown."""
        self.pause()
        self.frames, self.rate, self.frame = frames, rate, 0
        self._set_pace()
        self.frame_changed.emit(0)

    def set_speed(self, speed: float) -> None:
        """Play so many times as fast as it was signed."""
        self._speed = speed
        self._set_pace()

    def _set_pace(self) -> None:
        pace = (self.rate or USUAL_RATE) * self._speed  # frames a second
        self._skip = max(1, round(pace * SHORTEST_MS / 1000))
        self._timer.setInterval(max(1, round(1000 * self._skip / pace)))

    @Slot()
    def toggle(self) -> None:
        """Play where it stands, stand where it plays."""
        if self.is_playing:
            self.pause()
        elif self.frames > 1:
            self._timer.start()
            self.playing_changed.emit()

    @Slot()
    def pause(self) -> None:
        """Stand still."""
        if self.is_playing:
            self._timer.stop()
            self.playing_changed.emit()

    @Slot(int)
    def seek(self, frame: int) -> None:
        """Go to a frame, or to the nearest there is."""
        frame = min(max(frame, 0), max(self.frames - 1, 0))
        if frame != self.frame:
            self.frame = frame
            self.frame_changed.emit(frame)

    def step(self, frames: int) -> None:
        """Pause, and go so many frames on, or back."""
        self.pause()
        self.seek(self.frame + frames)

    @Slot()
    def _advance(self) -> None:
        self.seek((self.frame + self._skip) % max(self.frames, 1))
