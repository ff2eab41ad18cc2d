"""The case in the window: its files, the jobs on it, and the results that the panels show."""

from __future__ import annotations

import contextlib
import importlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Signal, Slot

from asl_inspector.case.records import Role
from asl_inspector.case_files.reading import is_case_file
from asl_inspector.case_files.records import SavedCase
from asl_inspector.engine.client import Engine, EngineEnded
from asl_inspector.engine.messages import (
    CaseSpec,
    CaseView,
    Exported,
    InspectionView,
)
from asl_inspector.errors import InspectorError
from asl_inspector.gui.case_choices import CaseChoices
from asl_inspector.gui.jobs import Jobs, Publish
from asl_inspector.gui.lanes import call
from asl_inspector.gui.looks import Looks
from asl_inspector.gui.network_words import checkpoint_of, for_checkpoint, with_choices
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.report.contents import Problem
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.samples.mapping import Correction
from asl_inspector.sweep.naming import is_sweep

log = logging.getLogger(__name__)
OWN_LANES = ("case", "export", "save", "saved case")  # what the status line tells of


def modified(path: Path) -> float:
    """When a file was written, in seconds; the earliest of times where that cannot be told."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class Session(QObject):
    """One case.

    Signals are past events; each carries frozen data.
    """

    case_changed = Signal(object)  # CaseView
    inspection_changed = Signal(object)  # InspectionView, or None while there is none
    opening = Signal(object)  # list of paths
    progressed = Signal(object)  # Step
    became_busy = Signal(str)  # what is going on
    became_idle = Signal(str)  # how it ended
    failed = Signal(object)  # Problem
    exported = Signal(object)  # Exported
    case_saved = Signal(object)  # SavedCase
    remarked = Signal(object)  # tuple of sentences: what is not as it was when the case was saved
    sweep_dropped = Signal(object)  # path of the result of a sweep
    cases_to_compare = Signal(object, object)  # paths of the case before, and of the one after or None for this one
    drained = Signal()  # no job is left
    added = Signal(object)  # list of paths that were added together
    choices_changed = Signal(str, object, object)  # what was done, CaseChoices before and after it
    choices_forgotten = Signal()  # another case took the place of this one

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.case = CaseView((), (), None)
        self.inspection: InspectionView | None = None
        self.choices = CaseChoices()
        self._more: list[Path] = []
        self.saved: SavedCase | None = None
        self.jobs = Jobs(self)
        self.looks = Looks(self.jobs, engine, self)
        self.jobs.progressed.connect(self._on_progress)
        self.jobs.published.connect(self._on_part)
        self.jobs.succeeded.connect(self._on_success)
        self.jobs.failed.connect(self._on_failure)
        self.jobs.cancelled.connect(self._on_cancelled)
        self.jobs.idle.connect(self.drained)

    # -- what the user does -------------------------------------------------------------------------------------

    def warm_up(self) -> None:
        """Have the engine started and torch imported while the user looks for files."""
        start = call(self.engine, "warm_up")

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            importlib.import_module("numpy.ma")  # else the first quantile loads it on the window's own thread
            return start(progress, cancel, publish)

        self.jobs.start("warm up", work)

    @property
    def settings(self) -> Settings:
        """How the network is built and run."""
        return self.choices.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.choices = replace(self.choices, settings=settings)

    def restore(self, choices: CaseChoices) -> None:
        """Go back or on to other choices; what was allowed to run stays as it is."""
        self.choices = replace(choices, settings=replace(choices.settings, consent=self.settings.consent))
        self._open()

    def _change(self, words: str, choices: CaseChoices) -> None:
        """Take a step that can be undone, and inspect the case."""
        before, self.choices = self.choices, choices
        self.choices_changed.emit(words, before, choices)
        self._open()

    def add_files(self, paths: list[Path]) -> None:
        """Add files and folders to the case and inspect it; the result of a sweep goes to its own panel."""
        sweeps = [path for path in paths if is_sweep(path)]
        for path in sweeps[-1:]:
            self.added.emit([path])
            self.sweep_dropped.emit(path)
        paths = [path for path in paths if path not in sweeps]
        new = [path for path in paths if path not in self.choices.paths]
        again = [path for path in paths if path in self.choices.paths]
        saved = [path for path in new if is_case_file(path)]
        if len(saved) == 2 and new == saved:
            self.cases_to_compare.emit(*sorted(saved, key=modified))
        elif saved:  # a saved case takes the place of the current one; what was dropped with it is added
            self.open_case(saved[0], [path for path in new if path not in saved])
        elif new or again:
            self.opening.emit(new)
            self.added.emit(paths)
            if new:
                self._change(f"adding {_named(new)}", self.choices.adding(new))
            else:
                self._open()

    def open_as(self, roles: dict[Path, Role]) -> None:
        """Inspect these files, each in its role, in the place of the current case."""
        paths = list(roles)
        self.saved = None
        self.remarked.emit(())
        self.opening.emit(paths)
        self.added.emit(paths)
        chosen = replace(self.choices, paths=tuple(paths), roles=tuple(roles.items()), corrections=())
        self._change(f"opening {_named(paths)}", chosen)

    def remove_file(self, path: Path) -> None:
        """Take a file out of the case."""
        self._change(f"removing {path.name}", self.choices.without(path, self._files()))

    def replace_file(self, old: Path, new: Path) -> None:
        """Put another file in the place of one."""
        self._change(f"replacing {old.name}", self.choices.replacing(old, new, self._files()))

    def choose_role(self, path: Path, role: Role) -> None:
        """Give a file a role; the file that had it before chooses anew."""
        self._change(f"the role of {path.name}", self.choices.in_role(path, role))

    def correct(self, path: Path, correction: Correction) -> None:
        """Have the clips of a file read as the user says."""
        if correction != self.choices.correction_of(path):
            self._change(f"the layout of {path.name}", self.choices.read_as(path, correction))

    def _files(self) -> list[Path]:
        return [row.path for row in self.case.files]

    @property
    def case_path(self) -> Path | None:
        """Where the case was opened from or saved to, or None."""
        return self.saved.path if self.saved is not None else None

    def open_case(self, path: Path, more: list[Path] | None = None) -> None:
        """Open a saved case in place of the current one, with further files; what it keeps is shown at once."""
        self._more = more or []
        self.added.emit([path])
        self.jobs.cancel("case")
        self.became_busy.emit(f"Opening {path.name}")
        self.jobs.start("saved case", call(self.engine, "read_case", path))

    def save_case(self, path: Path) -> None:
        """Write the case file; `case_saved` follows."""
        self.became_busy.emit(f"Saving {path.name}")
        self.jobs.start("save", call(self.engine, "save_case", path, self.spec, self.settings))

    def _take(self, saved: SavedCase) -> None:
        """Make the case what a case file says."""
        self.saved = saved
        self.choices_forgotten.emit()
        here = self.settings
        self.choices = CaseChoices(
            tuple(dict.fromkeys([*saved.added, *self._more])),
            tuple(saved.chosen.items()),
            tuple(saved.corrections.items()),
            replace(saved.settings, device=here.device, batch_frames=here.batch_frames, threads=here.threads),
            saved.checkpoint,
        )
        self.remarked.emit(())
        if self.inspection is None:
            self.opening.emit(list(self.choices.paths))
        self._open(kept=not self._more)

    def _check(self) -> None:
        """Have the files of a saved case compared with what they were; `remarked` follows."""
        if self.saved is not None:
            self.jobs.start("changes", call(self.engine, "changes", self.saved))

    def _show_remarks(self, told: tuple[str, ...]) -> None:
        """Tell what is not as it was; what was kept for other files than those that are there is computed anew."""
        kept = self.inspection is not None and bool(self.inspection.origin)
        self.remarked.emit((*self._origin(), *told) if kept else told)
        if kept and told:
            self._open()
        elif told and self.saved is not None:
            self.cases_to_compare.emit(self.saved.path, None)

    def _origin(self) -> tuple[str, ...]:
        """Where what is shown comes from, if it was not found now."""
        origin = self.inspection.origin if self.inspection is not None else ""
        return (f"Kept with the case: found by {origin}. Run > Run again computes it anew.",) if origin else ()

    def clear(self) -> None:
        """Forget the case, and what was allowed in it."""
        self.saved = None
        self.choices_forgotten.emit()
        self.remarked.emit(())
        settings = with_choices(replace(self.settings, consent=None), {})
        self.choices = CaseChoices(settings=settings, told_of=self.choices.told_of)
        self._open()

    def choose(self, settings: Settings) -> None:
        """Rebuild and run the network as the user chose; choices about it hold for this checkpoint."""
        if settings == self.settings:
            return
        choices = replace(self.choices, settings=settings, told_of=checkpoint_of(self.case))
        if self.case.files:
            self._change("the choices about the network", choices)
        else:
            self.choices = choices

    def cancel(self) -> None:
        """Stop what is going on."""
        self.jobs.cancel("case")
        self.jobs.cancel("unfinished")
        self.jobs.cancel("export")
        self.jobs.cancel("save")
        self.looks.comparison.cancel()
        self.jobs.cancel("epochs")

    def pause(self, *, paused: bool) -> None:
        """Have the inspection wait, or go on."""
        self.jobs.pause("case", paused=paused)

    def run_again(self) -> None:
        """Inspect the case again."""
        self._open()

    def allow(self, consent: Consent) -> None:
        """Run a file as the user allowed; it holds for this case and this content."""
        self.settings = replace(self.settings, consent=consent)
        self._open()

    def forbid(self) -> None:
        """Take back what was allowed, and run the case without it."""
        self.settings = replace(self.settings, consent=None)
        self._open()

    def export(self, path: Path, kind: str, options: ReportOptions = STANDARD) -> None:
        """Write the diagnosis; `exported` follows."""
        self.became_busy.emit(f"Writing {path.name}")
        self.jobs.start("export", call(self.engine, "export", path, kind, options))

    def export_changes(
        self, pair: tuple[Path | None, Path | None], path: Path, kind: str, options: ReportOptions
    ) -> None:
        """Write a comparison of two diagnoses, None standing for this case; `exported` follows."""
        self.became_busy.emit(f"Writing {path.name}")
        self.jobs.start("export", call(self.engine, "export_changes", *pair, path, kind, options))

    def close(self) -> None:
        """Cancel everything; nothing more is started; `drained` follows unless nothing is under way."""
        self.jobs.cancel_all()

    # -- jobs ---------------------------------------------------------------------------------------------------

    @property
    def spec(self) -> CaseSpec:
        """The files of the case and what was said of them."""
        return CaseSpec(self.choices.paths, self.choices.roles, self.choices.corrections)

    def _open(self, *, kept: bool = False) -> None:
        """Open the files and run; with `kept`, what the case file keeps is shown instead where it still holds."""
        self.became_busy.emit("Opening files")
        self.looks.neighbours.cancel()
        self.jobs.cancel("changes")
        self.jobs.forget("unfinished")
        if not (kept and self.inspection is not None and self.inspection.origin):
            self.inspection = None
            self.inspection_changed.emit(None)
        spec, wanted, told_of, engine = self.spec, self.settings, self.choices.told_of, self.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            case = cast("CaseView", engine.call("open", spec, progress=progress, cancel=cancel))
            publish(case)
            if not any(row.role is not Role.UNUSED for row in case.files):
                return None
            if kept and (found := engine.call("kept", progress=progress, cancel=cancel)) is not None:
                return found
            settings = for_checkpoint(wanted, told_of, case)
            try:
                return engine.call("inspect", spec, settings, progress=progress, cancel=cancel, publish=publish)
            except EngineEnded:
                with contextlib.suppress(InspectorError):  # what cannot be had either needs no second message
                    publish(engine.call("unfinished", spec, settings, progress=progress, cancel=cancel))
                raise

        self.jobs.start("case", work)

    @Slot(str, object)
    def _on_progress(self, lane: str, step: Step) -> None:
        if lane in ("case", "export", "save"):
            self.progressed.emit(step)

    @Slot(str, object)
    def _on_part(self, lane: str, part: object) -> None:
        match part:
            case CaseView():
                self.case = part
                self.settings = for_checkpoint(self.settings, self.choices.told_of, part)
                self.case_changed.emit(part)
            case InspectionView():
                self.inspection = part
                self.inspection_changed.emit(part)
                if part.origin:
                    self.remarked.emit(self._origin())

    @Slot(str, object)
    def _on_success(self, lane: str, result: object) -> None:
        match result:
            case InspectionView() if lane == "unfinished":
                self._on_part(lane, result)
            case InspectionView():
                self._on_part(lane, result)
                self.became_idle.emit("Done")
                self._check()
            case SavedCase() if lane == "saved case":
                self._take(result)
            case SavedCase():
                self.saved = result
                self.became_idle.emit(f"Saved {result.path.name}")
                self.remarked.emit(())
                self.case_saved.emit(result)
            case tuple() if lane == "changes":
                self._show_remarks(result)
            case Exported():
                self.became_idle.emit(f"Wrote {result.path.name}")
                self.exported.emit(result)
            case None if lane == "case":
                self.became_idle.emit("")
                self._check()

    @Slot(str, object)
    def _on_failure(self, lane: str, problem: Problem) -> None:
        if lane in OWN_LANES:
            self.became_idle.emit("Failed")
            self.failed.emit(problem)

    @Slot(str)
    def _on_cancelled(self, lane: str) -> None:
        if lane in OWN_LANES:
            self.became_idle.emit("Cancelled")
            if lane == "case":
                self.jobs.start("unfinished", call(self.engine, "unfinished"))


def _named(paths: list[Path]) -> str:
    """One file by its name, more by their number."""
    return paths[0].name if len(paths) == 1 else f"{len(paths)} files"
