"""How late the window's event loop runs while a 4 GB checkpoint is opened, searched, looked at and measured.

A 5 ms timer in the window notes how late it fires; at the end a second pass over the file is cancelled and timed.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.large_checkpoints import write_4_gb
from benchmarks.measuring import Result, fresh, median, screen
from benchmarks.window_code import LATENESS, WINDOW_WITH_ENGINE

RUNS = 3
WINDOW = (
    WINDOW_WITH_ENGINE
    + LATENESS
    + """
told = {}
def end_at_error(*error):
    sys.__excepthook__(*error); engine.stop(); os._exit(1)
sys.excepthook = end_at_error  # a failed check in a slot would leave the window waiting for ever
def start():
    timer.start()
    window.open_files([Path(sys.argv[3])])
    window.session.case_changed.connect(opened)
def opened(case):
    QTimer.singleShot(500, search)
def search():
    window.show_panel(window.panels.index(window.keys))
    window.keys._search.setText('layers.37')
    QTimer.singleShot(1500, look)
def look():
    window.keys.go_to('keys:encoder.layers.7.up.weight')
    QTimer.singleShot(1500, measure)
def measure():
    told['measure'] = time.perf_counter()
    window.session.looks.measured.connect(measured)
    window.keys.measure()
def measured(how):
    if 'cancel' in told:
        told['stopped'] = time.perf_counter() - told['cancel']
        assert how == 'Cancelled', how
        QTimer.singleShot(100, finish)
        return
    assert how == '', how
    told['measured'] = time.perf_counter() - told['measure']
    os.kill(engine.pid, 9)  # a fresh engine has measured nothing yet
    window.session.run_again()
    window.session.became_idle.connect(again)
def again(how):
    if how == 'Failed':  # the engine died while it was asked; the next question starts another
        window.session.run_again()
        return
    window.keys.measure()
    QTimer.singleShot(400, stop)
def stop():
    told['cancel'] = time.perf_counter()
    window.keys.wants_stop.emit()
def finish():
    print(json.dumps({'late': late, 'measured': told['measured'], 'stopped': told['stopped']}))
    sys.stdout.flush(); engine.stop(); os._exit(0)
window.show()
QTimer.singleShot(600, start)
application.exec()
"""
)


def measure() -> list[Result]:
    """Lateness and the time to cancel, medians over runs."""
    p99, most, stopped = [], [], []
    with tempfile.TemporaryDirectory() as name:
        path = write_4_gb(Path(name))
        for _ in range(RUNS):
            found = json.loads(fresh(WINDOW, name, str(path), environment=screen()))
            late = np.array(found["late"]) * 1000
            p99.append(float(np.quantile(late, 0.99)))
            most.append(float(late.max()))
            stopped.append(float(found["stopped"]))
    what = "How late a 5 ms timer fires while a 4.2 GB checkpoint is opened, searched, looked at and measured."
    return [
        Result("keys_window_p99", what, median(p99), "ms", None, None, "p99 under 16 ms", median(p99) < 16, RUNS),
        Result("keys_window_max", what, median(most), "ms", None, None, "never over 100 ms", max(most) < 100, RUNS),
        Result(
            "keys_cancel",
            "Seconds from Cancel until the measuring of a 4.2 GB checkpoint has stopped.",
            median(stopped),
            "s",
            None,
            None,
            "within 1 s",
            max(stopped) < 1,
            RUNS,
        ),
    ]
