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
    from asl_inspector.report.changes.outputs import changes_document, changes_json, changes_text
    from asl_inspector.report.changes.reading import read_report
    from asl_inspector.report.json_text import to_json
    from asl_inspector.report.options import ReportOptions
    from asl_inspector.report.rendering import rendered
    from asl_inspector.report.writing import write_atomically

    check_there([options.before, options.after])
    changes = compare_reports(read_report(options.before), read_report(options.after))
    if options.json == "-":
        sys.stdout.write(to_json(changes_json(changes)))
    elif options.json:
        write_atomically(Path(options.json), to_json(changes_json(changes)).encode())
    document = changes_document(changes, ReportOptions(paper=options.paper))
    for kind, target in (("md", options.md), ("html", options.html), ("pdf", options.pdf)):
        if target is not None:
            cancel.raise_if_cancelled()
            write_atomically(target, rendered(document, kind))
            terminal.inform(f"The report is in {target}.")
    if options.json != "-":
        print(visible(changes_text(changes), one_line=False))
    return HEALTHY
