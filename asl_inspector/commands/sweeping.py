"""`sweep`: many checkpoints inspected, on this machine or on a cluster, and what they come to."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from asl_inspector.commands.terminal import (
    FINDINGS,
    HEALTHY,
    INTERRUPTED,
    UNUSABLE,
    Terminal,
    UsageError,
    check_there,
    status_of,
)
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.visible_text import visible

if TYPE_CHECKING:
    from asl_inspector.sweep.engines.engine import Engine
    from asl_inspector.sweep.records import Setup, Sweep


def sweep(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    """Inspect every checkpoint of the folders; returns the exit status."""
    from asl_inspector.sweep.results import Results
    from asl_inspector.sweep.sweeping import sweep as run

    check_there(
        [path for path in (*options.folders, options.val, *options.train, *options.vocabulary, options.stage1) if path]
    )
    setup = _setup(options)
    results = Results(options.out)
    engine = _engine(options)
    try:
        found = run(options.folders, setup, results, engine, progress=terminal.show, cancel=cancel)
    except Cancelled:
        terminal.say(f"Interrupted. What is finished is kept in {options.out}: the same command goes on from there.")
        return INTERRUPTED
    _write(found, options, terminal)
    return _status(found, options.fail_on)


def _setup(options: argparse.Namespace) -> Setup:
    from asl_inspector.commands.diagnosing import assumed
    from asl_inspector.sweep.records import Setup

    if options.workers is not None and options.workers < 1:
        raise UsageError("--workers must be at least 1.")
    if options.blank is not None and options.blank != "none" and not options.blank.isdecimal():
        raise UsageError(f"--blank {options.blank} cannot be used.", advice="Give the index of the blank, or none.")
    if len(options.train) > 1:
        raise UsageError("--train was given twice.", advice="Give one file or folder with all training clips.")
    return Setup(
        validation=options.val.absolute(),
        train=options.train[0].absolute() if options.train else None,
        vocabularies=tuple(path.absolute() for path in options.vocabulary),
        stage1=options.stage1.absolute() if options.stage1 else None,
        device=options.device,
        decoder=options.decoder.replace("-", "_"),
        blank=None if options.blank is None else -1 if options.blank == "none" else int(options.blank),
        choices=tuple(dict(assumed(text) for text in options.assume).items()),
    )


def _engine(options: argparse.Namespace) -> Engine:
    if options.engine == "ray":
        from asl_inspector.sweep.engines.ray import RayEngine

        return RayEngine(options.address, options.workers, options.gpu_share)
    if options.address is not None:
        raise UsageError("--address is that of a Ray cluster.", advice="Add --engine ray.")
    from asl_inspector.sweep.engines.local import LocalEngine

    return LocalEngine(options.workers)


def _write(found: Sweep, options: argparse.Namespace, terminal: Terminal) -> None:
    """Write the reports, and say what was found."""
    from asl_inspector.report.options import ReportOptions
    from asl_inspector.sweep.report import export_sweep, sweep_bytes, sweep_text

    terminal.clear()
    if options.json == "-":
        sys.stdout.write(sweep_bytes(found, "json").decode())
    wanted = ReportOptions(paper=options.paper)
    json = Path(options.json) if options.json not in (None, "-") else None
    targets = {"html": options.html, "md": options.md, "pdf": options.pdf, "csv": options.csv, "json": json}
    for kind, target in targets.items():
        if target is not None:
            export_sweep(found, target, kind, wanted)
            terminal.inform(f"The report is in {target}.")
    if options.json != "-":
        print(visible(sweep_text(found), one_line=False))
    terminal.inform(f"Tables and predictions are in {options.out}: drop it on the window to look at them.")


def _status(found: Sweep, fail_on: str) -> int:
    """2 where a file could not be inspected, 1 where the best file of a run has a finding that counts, else 0."""
    if any(row.problem for row in found.rows) or not found.rows:
        return UNUSABLE
    best = [found.rows[run.best.row].figures for run in found.runs if run.best is not None]
    severities = [cause.severity for figures in best if figures is not None for cause in figures.causes]
    return FINDINGS if status_of(severities, fail_on) != HEALTHY else HEALTHY
