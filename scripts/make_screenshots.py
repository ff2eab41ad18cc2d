"""Pictures of every panel, light and dark, and of the pages of the report, for the documentation.

    python scripts/make_screenshots.py docs/pictures             the demo case
    python scripts/make_screenshots.py OUT --scale 2 FILE...     another case, at another scale

Runs wherever Qt does; without a screen it uses Qt's offscreen platform. Pages of the report need pdftoppm.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asl_inspector.gui.main_window import MainWindow

MILLISECONDS_TO_SETTLE = 400
SECONDS_TO_WAIT = 120
PAGES_SHOWN = 3


def main() -> int:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--scale", default="1")
    parser.add_argument("--schemes", default="light,dark")
    parser.add_argument("--no-report", action="store_true")
    options = parser.parse_args()
    os.environ["QT_SCALE_FACTOR"] = options.scale
    if not os.environ.get("DISPLAY") and sys.platform == "linux":
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    options.out.mkdir(parents=True, exist_ok=True)
    take_panels(options.out, options.files, options.schemes.split(","))
    if not options.no_report:
        take_report(options.out, options.files)
    return 0


def take_panels(out: Path, files: list[Path], schemes: list[str]) -> None:
    """One picture a panel and scheme."""
    from PySide6.QtCore import QEventLoop, QSettings, QTimer
    from PySide6.QtTest import QTest

    from asl_inspector.bundled_files import demo_files
    from asl_inspector.engine.client import Engine
    from asl_inspector.gui.app import new_application
    from asl_inspector.gui.main_window import START_SIZE, MainWindow
    from asl_inspector.gui.panel_building import PANELS
    from asl_inspector.gui.scheme import apply_scheme
    from asl_inspector.gui.session import Session

    application = new_application()
    engine = Engine()
    with tempfile.TemporaryDirectory() as folder:
        settings = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        apply_scheme(schemes[0])
        session = Session(engine)
        window = MainWindow(session, settings)
        window.resize(START_SIZE)  # the screen that is not there is smaller than that
        window.show()
        while not window.isVisible() or len(window.panels) < len(PANELS):
            QTest.qWait(20)
        for scheme in schemes:
            apply_scheme(scheme)
            QTest.qWait(MILLISECONDS_TO_SETTLE)
            window.grab().save(str(out / f"empty-{scheme}.png"))
        loop = QEventLoop()
        session.became_idle.connect(loop.quit)
        QTimer.singleShot(1000 * SECONDS_TO_WAIT, loop.quit)
        window.open_files([path.absolute() for path in files] or demo_files())
        loop.exec()
        for scheme in schemes:
            apply_scheme(scheme)
            for index, panel in enumerate(window.panels):
                window.show_panel(index)
                if panel is window.keys:
                    window.go_to("keys:encoder.lstm.weight_hh_l0")
                QTest.qWait(MILLISECONDS_TO_SETTLE)
                name = panel.title.lower().replace(" ", "-")
                window.grab().save(str(out / f"{name}-{scheme}.png"))
            take_matrix(window, out, scheme)
            take_network(window, out, scheme)
            take_consent(out, scheme)
        if not files:
            take_skeleton(window, out, schemes)
        window.close()
    engine.stop()
    application.quit()


def take_matrix(window: MainWindow, out: Path, scheme: str) -> None:
    """The Glosses panel with the confusion matrix in place of the table."""
    from PySide6.QtTest import QTest

    window.show_panel(window.panels.index(window.glosses))
    window.glosses.show_view(1)
    QTest.qWait(MILLISECONDS_TO_SETTLE)
    window.grab().save(str(out / f"confusion-matrix-{scheme}.png"))
    window.glosses.show_view(0)


def take_skeleton(window: MainWindow, out: Path, schemes: list[str]) -> None:
    """The Samples panel with a clip of landmarks, which the demo case has not."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtTest import QTest
    from signing_clip import write_case

    from asl_inspector.gui.panel_building import PANELS
    from asl_inspector.gui.scheme import apply_scheme

    with tempfile.TemporaryDirectory() as folder:
        loop = QEventLoop()
        window.session.clear()
        QTest.qWait(MILLISECONDS_TO_SETTLE)
        window.session.became_idle.connect(loop.quit)
        QTimer.singleShot(1000 * SECONDS_TO_WAIT, loop.quit)
        window.open_files(write_case(Path(folder)))
        loop.exec()
        window.show_panel(PANELS.index("Samples"))
        QTest.qWait(3 * MILLISECONDS_TO_SETTLE)
        window.samples._detail.movement.player.seek(24)
        for scheme in schemes:
            apply_scheme(scheme)
            QTest.qWait(MILLISECONDS_TO_SETTLE)
            window.grab().save(str(out / f"skeleton-{scheme}.png"))


def take_network(window: MainWindow, out: Path, scheme: str) -> None:
    """The dialog in which the network is chosen by hand."""
    from PySide6.QtTest import QTest

    from asl_inspector.gui.network_dialog import NetworkDialog

    window.diagnosis.network.button.click()
    dialog = window.findChildren(NetworkDialog)[-1]
    QTest.qWait(MILLISECONDS_TO_SETTLE)
    dialog.grab().save(str(out / f"network-{scheme}.png"))
    dialog.reject()


def take_consent(out: Path, scheme: str) -> None:
    """The question before code runs, for the example of the guide."""
    from PySide6.QtTest import QTest

    from asl_inspector.gui.consent_dialog import ConsentDialog
    from asl_inspector.programs.consent import offer_of_code

    page = (Path(__file__).parent.parent / "docs" / "guide" / "own-models.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "my_model.py"
        code.write_text(page.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
        offer = replace(offer_of_code(code), path=Path("signs") / "my_model.py")
    dialog = ConsentDialog(offer)
    dialog.show()
    QTest.qWait(MILLISECONDS_TO_SETTLE)
    dialog.grab().save(str(out / f"consent-{scheme}.png"))
    dialog.close()


def take_report(out: Path, files: list[Path]) -> None:
    """The first pages of the report."""
    tool = shutil.which("pdftoppm")
    if tool is None:
        print("pdftoppm is missing, so there are no pictures of the report", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "report.pdf"
        what = ["diagnose", *map(str, files), "--fail-on", "never"] if files else ["demo"]
        command = [sys.executable, "-m", "asl_inspector", *what, "--pdf", str(pdf)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for page in map(str, range(1, PAGES_SHOWN + 1)):  # one by one: together they are numbered by the page count
            name = str(out / f"report-{page}")
            subprocess.run(
                [tool, "-png", "-r", "70", "-f", page, "-l", page, "-singlefile", str(pdf), name], check=True
            )


if __name__ == "__main__":
    sys.exit(main())
