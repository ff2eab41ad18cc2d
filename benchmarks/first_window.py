"""From process start to the first paint of the window, beside a bare Qt window."""

from __future__ import annotations

from benchmarks.measuring import Result, fresh, median, screen

RUNS = 9
OURS = """
import sys, time
from asl_inspector.gui import main_window
def painted(self):
    print(time.time() - float(sys.argv[1]), 'torch' in sys.modules)
    sys.stdout.flush()
    import os; os._exit(0)
main_window.MainWindow._build_next = painted
from asl_inspector.cli import main
main([])
"""
BARE = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Window(QMainWindow):
    def paintEvent(self, event):
        QTimer.singleShot(0, self.painted)
    def painted(self):
        print(time.time() - float(sys.argv[1]))
        sys.stdout.flush()
        import os; os._exit(0)
app = QApplication([]); window = Window(); window.resize(1320, 860); window.show(); app.exec()
"""


def measure() -> list[Result]:
    """Medians of alternating starts."""
    ours: list[float] = []
    bare: list[float] = []
    torch_loaded = False
    for run in range(RUNS + 1):
        seconds, torch = fresh(OURS, environment=screen()).split()
        rival = float(fresh(BARE, environment=screen()))
        if run:  # the first start warms the disk
            ours.append(float(seconds))
            bare.append(rival)
        torch_loaded |= torch == "True"
    value = median(ours)
    return [
        Result(
            name="first_window",
            what="Seconds from process start to the first paint of the empty window; torch is not imported.",
            value=value,
            unit="s",
            rival="a bare Qt window",
            rival_value=median(bare),
            goal="under 0.5 s, torch not imported",
            met=value < 0.5 and not torch_loaded,
            runs=RUNS,
        )
    ]
