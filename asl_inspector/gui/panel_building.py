"""The panels of the window: their names, making them one by one, and what connects them with the session.

Each is imported when it is made: the first paint needs only the Diagnosis panel.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from asl_inspector.gui.panels.panel import Panel

if TYPE_CHECKING:
    from asl_inspector.gui.looks import Looks
    from asl_inspector.gui.main_window import MainWindow
    from asl_inspector.gui.panels.compare import ComparePanel
    from asl_inspector.gui.panels.data import DataPanel
    from asl_inspector.gui.panels.keys import KeysPanel

PANELS = (
    "Diagnosis",
    "Blank ratio",
    "Prediction histogram",
    "Samples",
    "Glosses",
    "Checkpoint keys",
    "Compare",
    "Training",
    "Data",
    "Before and after",
    "Runs",
)
PLACES = {
    "diagnosis": "Diagnosis",
    "runs": "Runs",
    "samples": "Samples",
    "glosses": "Glosses",
    "blanks": "Blank ratio",
    "histogram": "Prediction histogram",
    "keys": "Checkpoint keys",
    "compare": "Compare",
    "training": "Training",
    "data": "Data",
}


def new_panel(title: str, window: MainWindow) -> Panel:
    """Make the panel called `title` and give it to the window."""
    match title:
        case "Blank ratio":
            from asl_inspector.gui.panels.blanks import BlanksPanel

            window.blanks = BlanksPanel()
            return window.blanks
        case "Prediction histogram":
            from asl_inspector.gui.panels.histogram import HistogramPanel

            window.histogram = HistogramPanel()
            return window.histogram
        case "Samples":
            from asl_inspector.gui.panels.samples import SamplesPanel

            window.samples = SamplesPanel(window.settings)
            return window.samples
        case "Glosses":
            from asl_inspector.gui.panels.glosses import GlossesPanel

            window.glosses = GlossesPanel()
            return window.glosses
        case "Checkpoint keys":
            from asl_inspector.gui.panels.keys import KeysPanel

            window.keys = KeysPanel(window.session.jobs)
            return window.keys
        case "Compare":
            from asl_inspector.gui.panels.compare import ComparePanel

            window.compare = ComparePanel()
            return window.compare
        case "Training":
            from asl_inspector.gui.panels.training import TrainingPanel

            window.training = TrainingPanel()
            return window.training
        case "Data":
            from asl_inspector.gui.panels.data import DataPanel

            window.data = DataPanel()
            return window.data
        case "Before and after":
            from asl_inspector.gui.panels.changes import ChangesPanel

            window.changes = ChangesPanel()
            return window.changes
        case "Runs":
            from asl_inspector.gui.panels.runs import RunsPanel

            window.runs = RunsPanel()
            return window.runs
    raise AssertionError(f"no panel is called {title}")


def connect_panels(window: MainWindow) -> None:
    """Connect the panels with the session, once all are made."""
    from asl_inspector.gui.changes_jobs import ChangesJobs
    from asl_inspector.gui.clip_jobs import ClipJobs
    from asl_inspector.gui.epoch_jobs import EpochJobs
    from asl_inspector.gui.gloss_jobs import GlossJobs
    from asl_inspector.gui.gloss_selection import GlossSelection
    from asl_inspector.gui.runs_jobs import RunsJobs
    from asl_inspector.gui.what_if_jobs import WhatIfJobs

    session = window.session
    window.chosen_gloss = GlossSelection(window)
    for panel in window.panels:
        window.chosen_gloss.join(panel)
    GlossJobs(session, window.glosses, window.samples, window.chosen_gloss)
    WhatIfJobs(session, window.diagnosis.what_if)
    EpochJobs(session, window.training, window.diagnosis)
    ClipJobs(session, window.samples)
    ChangesJobs(session, window.changes, lambda: window.exports.options, window.questions.last_folder)
    RunsJobs(session, window.runs, lambda: window.exports.options, window.questions.last_folder)
    session.cases_to_compare.connect(window.compare_cases)
    window.samples.wants_csv.connect(partial(window.ask_export, "csv"))
    _connect_keys(window.keys, session.looks)
    _connect_compare(window.compare, session.looks)
    _connect_data(window.data, session.looks)


def _connect_keys(keys: KeysPanel, looks: Looks) -> None:
    keys.wants_tensor.connect(looks.tensor.ask)
    keys.wants_part.connect(looks.part.ask)
    keys.wants_optimizers.connect(looks.optimizers.ask)
    keys.wants_measures.connect(looks.measures.ask)
    keys.wants_stop.connect(looks.measures.cancel)
    looks.tensor.succeeded.connect(keys.show_tensor)
    looks.part.succeeded.connect(keys.show_part)
    looks.optimizers.succeeded.connect(keys.show_optimizers)
    looks.measures.progressed.connect(keys.show_step)
    looks.measures.published.connect(keys.show_statistics)
    looks.measures.succeeded.connect(keys.show_health)
    looks.measured.connect(keys.show_measured)


def _connect_compare(compare: ComparePanel, looks: Looks) -> None:
    compare.wants_comparison.connect(looks.comparison.ask)
    compare.wants_cancel.connect(looks.comparison.cancel)
    compare.wants_pair.connect(looks.pair.ask)
    looks.comparison.progressed.connect(compare.show_step)
    looks.comparison.succeeded.connect(compare.show_comparison)
    looks.comparison.stopped.connect(compare.show_failure)
    looks.pair.succeeded.connect(compare.show_pair)


def _connect_data(data: DataPanel, looks: Looks) -> None:
    data.wants_neighbours.connect(looks.neighbours.ask)
    data.wants_cancel.connect(looks.neighbours.cancel)
    looks.neighbours.progressed.connect(data.show_step)
    looks.neighbours.succeeded.connect(data.show_neighbours)
    looks.neighbours.stopped.connect(data.show_stop)
