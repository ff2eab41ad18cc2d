"""The panels of the window: their names, making them one by one, and what connects them with the session.

Each is imported when it is made: the first paint needs only the Diagnosis panel.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from asl_inspector.gui.panels.panel import Panel

if TYPE_CHECKING:
    from asl_inspector.gui.main_window import MainWindow

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
    session.tensor_arrived.connect(window.keys.show_tensor)
    window.samples.wants_csv.connect(partial(window.ask_export, "csv"))
    window.keys.wants_tensor.connect(session.ask_for_tensor)
    window.keys.wants_part.connect(session.ask_for_part)
    window.keys.wants_optimizers.connect(session.ask_for_optimizers)
    window.keys.wants_measures.connect(session.measure)
    window.keys.wants_stop.connect(session.stop_measuring)
    session.part_arrived.connect(window.keys.show_part)
    session.optimizers_arrived.connect(window.keys.show_optimizers)
    session.statistics_arrived.connect(window.keys.show_statistics)
    session.health_arrived.connect(window.keys.show_health)
    session.measuring.connect(window.keys.show_step)
    session.measured.connect(window.keys.show_measured)
    session.comparison_progressed.connect(window.compare.show_step)
    session.comparison_arrived.connect(window.compare.show_comparison)
    session.comparison_failed.connect(window.compare.show_failure)
    session.pair_arrived.connect(window.compare.show_pair)
    window.compare.wants_comparison.connect(session.ask_for_comparison)
    window.compare.wants_cancel.connect(session.cancel_comparison)
    window.compare.wants_pair.connect(session.ask_for_pair)
    session.neighbours_progressed.connect(window.data.show_step)
    session.neighbours_arrived.connect(window.data.show_neighbours)
    session.neighbours_failed.connect(window.data.show_stop)
    window.data.wants_neighbours.connect(session.ask_for_neighbours)
    window.data.wants_cancel.connect(session.cancel_neighbours)
