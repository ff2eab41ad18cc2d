"""`changes`: two diagnoses, one after the other."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from asl_inspector.commands.terminal import HEALTHY, Terminal, check_there
from asl_inspector.progress import CancelToken
from asl_inspector.visible_text import visible


def changes(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    """Two diagnoses compared; returns the exit status."""
    from asl_inspector.report.changes.comparing import compare_reports
    from asl_inspector.report.changes.outputs import changes_bytes, changes_text
    from asl_inspector.report.changes.reading import read_report
    from asl_inspector.report.options import ReportOptions
    from asl_inspector.report.writing import write_atomically

    check_there([options.before, options.after])
    found = compare_reports(read_report(options.before), read_report(options.after))
    wanted = ReportOptions(paper=options.paper)
    if options.json == "-":
        sys.stdout.write(changes_bytes(found, "json").decode())
    json = Path(options.json) if options.json not in (None, "-") else None
    for kind, target in (("json", json), ("md", options.md), ("html", options.html), ("pdf", options.pdf)):
        if target is not None:
            cancel.raise_if_cancelled()
            write_atomically(target, changes_bytes(found, kind, wanted))
            terminal.inform(f"The report is in {target}.")
    if options.json != "-":
        print(visible(changes_text(found), one_line=False))
    return HEALTHY
