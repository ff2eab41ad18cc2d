"""Takes the pictures of the window: every panel with the demo case, the empty window, dialogs, and a signer's skeleton."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QSize, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from signing_clip import write_case

from asl_inspector.bundled_files import demo_files
from asl_inspector.engine.client import Engine
from asl_inspector.gui.app import new_application
from asl_inspector.gui.consent_dialog import ConsentDialog
from asl_inspector.gui.main_window import START_SIZE, MainWindow
from asl_inspector.gui.network_dialog import NetworkDialog
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.gui.session import Session
from asl_inspector.programs.consent import offer_of_code

MS_TO_SETTLE = 120
SECONDS_TO_WAIT = 120
KEY_SHOWN = "keys:encoder.lstm.weight_hh_l0"
FRAME_SHOWN = 24  # of the signer, in the middle of what is lost of one hand


class Album:
    """A folder of pictures, one a subject and scheme.

    Args:
        out: The folder.
        schemes: "light", "dark" or both.
    """

    def __init__(self, out: Path, schemes: list[str]) -> None:
        self.out, self.schemes = out, schemes
        self.application = new_application()
        self.engine = Engine()

    def take(self, files: list[Path], size: tuple[int, int] | None = None) -> None:
        """Take all pictures of a case, the demo case for none."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            apply_scheme(self.schemes[0])
            settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
            self.window = MainWindow(Session(self.engine), settings)
            self.window.resize(
                QSize(*size) if size else START_SIZE
            )  # the screen that is not there is smaller than that
            self.window.show()
            while not self.window.isVisible() or len(self.window.panels) < len(PANELS):
                QTest.qWait(20)
            self._keep("empty")
            self._open([path.absolute() for path in files] or demo_files())
            before = folder / "before.json"
            if not files:
                self._export_without_training(before)
            self._take_panels(before)
            if not files:
                self._take_skeleton(folder)
            self.window.close()
        self.engine.stop()
        self.application.quit()

    # -- one picture ----------------------------------------------------------------------------------------------

    def _keep(self, name: str, widget: QWidget | None = None) -> None:
        """A picture in each scheme; nothing has the focus, whose frame would stand in it."""
        for scheme in self.schemes:
            apply_scheme(scheme)
            self._settle()
            (widget or self.window).grab().save(str(self.out / f"{name}-{scheme}.png"))

    def _settle(self) -> None:
        """Wait until the engine has answered and what it said is shown."""
        self.window.setFocus(Qt.FocusReason.OtherFocusReason)
        QTest.qWait(MS_TO_SETTLE)
        while not self.window.session.jobs.is_idle:
            QTest.qWait(20)
        QTest.qWait(MS_TO_SETTLE // 2)

    def _wait(self, signal: object) -> QEventLoop:
        """A loop that ends with a signal, or after a long time."""
        loop = QEventLoop()
        signal.connect(loop.quit)  # type: ignore[attr-defined]
        QTimer.singleShot(1000 * SECONDS_TO_WAIT, loop.quit)
        return loop

    def _open(self, files: list[Path]) -> None:
        loop = self._wait(self.window.session.became_idle)
        self.window.open_files(files)
        loop.exec()
        self._settle()

    # -- subjects -------------------------------------------------------------------------------------------------

    def _take_panels(self, before: Path) -> None:
        window = self.window
        for index, panel in enumerate(window.panels):
            window.show_panel(index)
            if panel is window.keys:
                window.go_to(KEY_SHOWN)
            if panel is window.changes and before.exists():
                window.changes.compare(before, None)
            self._keep(panel.title.lower().replace(" ", "-"))
        window.show_panel(window.panels.index(window.glosses))
        window.glosses.show_view(1)
        self._keep("confusion-matrix")
        window.glosses.show_view(0)
        window.show_panel(0)
        window.diagnosis.network.button.click()
        dialog = window.findChildren(NetworkDialog)[-1]
        self._keep("network", dialog)
        dialog.reject()
        self._take_consent()

    def _export_without_training(self, target: Path) -> None:
        """A diagnosis to compare with: the same case before the training clips were added."""
        train = next(path for path in demo_files() if "train" in path.name and path.suffix == ".pkl")
        session = self.window.session
        for change in (session.remove_file, None):
            loop = self._wait(session.became_idle)
            if change is not None:
                change(train)
            else:
                session.export(target, "json")
            loop.exec()
        self._open([train])

    def _take_consent(self) -> None:
        """The question before code runs, for the example of the guide."""
        page = (Path(__file__).parent.parent / "docs" / "guide" / "own-models.md").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            code = Path(folder) / "my_model.py"
            code.write_text(page.partition("```python\n")[2].partition("```")[0], encoding="utf-8")
            offer = replace(offer_of_code(code), path=Path("signs") / "my_model.py")
        dialog = ConsentDialog(offer)
        dialog.show()
        self._keep("consent", dialog)
        dialog.close()

    def _take_skeleton(self, folder: Path) -> None:
        """The Samples panel with a clip of landmarks, which the demo case has not."""
        self.window.session.clear()
        self._settle()
        self._open(write_case(folder / "signer"))
        self.window.show_panel(PANELS.index("Samples"))
        self._settle()
        self.window.samples._detail.movement.player.seek(FRAME_SHOWN)
        self._keep("skeleton")
