"""How long a saved case takes to reopen: as a command, and in a window that is already there.

The window is timed from the drop of the case file to the figures in its panels, and to the end of opening its files.
The rival runs the same case anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from asl_inspector.bundled_files import demo_files
from asl_inspector.commands.terminal import FINDINGS
from benchmarks.measuring import Result, fresh, median, screen, timed
from benchmarks.window_code import WINDOW_WITH_ENGINE

RUNS = 5
GOAL_S = 1.0
WINDOW = (
    WINDOW_WITH_ENGINE
    + """
told = {}
def start():
    window.session.jobs.idle.disconnect(start)
    window.session.inspection_changed.connect(shown)
    window.session.became_idle.connect(done)
    told['dropped'] = time.perf_counter()
    window.open_files([Path(sys.argv[3])])
def shown(inspection):
    if inspection is not None and 'shown' not in told:
        window.repaint()
        told['shown'] = time.perf_counter() - told['dropped']
        told['kept'] = bool(inspection.origin)
def done(how):
    if how == 'Done':
        told['done'] = time.perf_counter() - told['dropped']
        QTimer.singleShot(0, finish)
def finish():
    print(json.dumps(told)); sys.stdout.flush(); engine.stop(); os._exit(0)
window.session.jobs.idle.connect(start)  # torch was imported beside the window
window.show()
application.exec()
"""
)


def measure() -> list[Result]:
    """Medians; the demo case in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in demo_files():
            shutil.copy(path, folder)
        case = folder / "demo.aslcase"
        command = [sys.executable, "-m", "asl_inspector", "diagnose"]
        _ran([*command, str(folder), "--save-case", str(case)])
        again = [*command, str(case), "--json", "-"]
        kept = median([timed(lambda: _ran(again)) for _ in range(RUNS)])
        anew = median([timed(lambda: _ran([*again, "--rerun"])) for _ in range(RUNS)])
        size = case.stat().st_size / 1e6
        runs = [json.loads(fresh(WINDOW, name, str(case), environment=screen())) for _ in range(RUNS)]
    if not all(run["kept"] for run in runs):
        raise RuntimeError("the window did not show what the case keeps")
    shown, done = (median([run[key] for run in runs]) for key in ("shown", "done"))
    return [
        _result("reopen_command", "`diagnose demo.aslcase --json -`, from process start.", kept, anew),
        _result("reopen_window", "the figures of a dropped case in a window that is already there.", shown, anew),
        replace(
            _result("reopen_window_files", "the files of that case to be open as well.", done, anew),
            goal="under half of a run",
            met=done < anew / 2,
        ),
        Result(
            name="case_size",
            what="Size of the saved demo case with its result.",
            value=size,
            unit="MB",
            rival=None,
            rival_value=None,
            goal="small",
            met=size < 1,
            runs=1,
        ),
    ]


def _ran(command: list[str]) -> None:
    """Run a command that ends with findings."""
    status = subprocess.run(command, capture_output=True, check=False).returncode
    if status != FINDINGS:
        raise RuntimeError(f"{command} ended with {status}")


def _result(name: str, what: str, seconds: float, anew: float) -> Result:
    return Result(
        name=name,
        what=f"Seconds for {what}",
        value=seconds,
        unit="s",
        rival="the same case run anew",
        rival_value=anew,
        goal="under 1 s",
        met=seconds < GOAL_S,
        runs=RUNS,
    )
