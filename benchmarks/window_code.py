"""Code that fresh interpreters run for benchmarks of the window: the window with its engine, and a timer that notes how late it is.

The code of a benchmark goes on where this ends; its second argument is a folder for settings.
"""

from __future__ import annotations

WINDOW_WITH_ENGINE = """
import json, os, sys, time
from pathlib import Path
from PySide6.QtCore import QSettings, Qt, QTimer
from asl_inspector.engine.client import Engine
from asl_inspector.gui import app, main_window, scheme
from asl_inspector.gui.session import Session
application = app.new_application()
scheme.apply_scheme('light')
engine = Engine()
window = main_window.MainWindow(Session(engine), QSettings(sys.argv[2] + '/s.ini', QSettings.Format.IniFormat))
"""

# Seconds by which each tick of a 5 ms timer comes late, in `late`; needs `time`, `QTimer` and `Qt`.
LATENESS = """
late, last = [], [None]
def tick():
    now = time.perf_counter()
    if last[0] is not None:
        late.append(max(0.0, now - last[0] - 0.005))
    last[0] = now
timer = QTimer(); timer.setTimerType(Qt.TimerType.PreciseTimer); timer.setInterval(5); timer.timeout.connect(tick)
"""
