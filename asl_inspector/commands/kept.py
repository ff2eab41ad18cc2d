"""`diagnose` of a saved case whose files are as they were: what was found then is shown, and nothing is run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from asl_inspector.about import program_version
from asl_inspector.case_files.holding import untouched
from asl_inspector.case_files.records import CachedResult, SavedCase
from asl_inspector.commands.terminal import UNUSABLE, Terminal, status_of
from asl_inspector.progress import CancelToken
from asl_inspector.report.json_text import Json, to_json
from asl_inspector.visible_text import visible

OTHER_RUN = ("batch_frames", "decoder", "blank", "assume", "half_precision", "no_epochs", "trust", "rerun")
OTHER_OUTPUTS = ("pdf", "html", "md", "csv", "anonymise", "save_case")


def show_kept(
    saved: SavedCase, options: argparse.Namespace, chosen: bool, terminal: Terminal, cancel: CancelToken
) -> int | None:
    """Show the result that a case keeps; returns the exit status, or None where the case has to be run.

    Args:
        saved: The case.
        options: What was asked for. Only text and JSON can be had without a run.
        chosen: True where roles were said, or files given besides the case.
        terminal: Told where the result comes from.
        cancel: Asked while files are hashed.
    """
    cached = saved.cached
    asked = [name for name, value in options._get_kwargs() if value and name in (*OTHER_RUN, *OTHER_OUTPUTS)]
    if cached is None or chosen or asked or options.device != "auto" or cached.program != program_version():
        return None
    if not untouched(saved, cancel):
        return None
    terminal.say(
        f"These results are kept in “{saved.path.name}”, found by {cached.origin}; its files are unchanged. "
        "--rerun computes them anew."
    )
    report = to_json(_at_home(cached, saved))
    if options.json == "-":
        sys.stdout.write(report)
    elif options.json:
        from asl_inspector.report.writing import write_atomically

        write_atomically(Path(options.json), report.encode())
    if options.json != "-":
        print(visible(cached.text, one_line=False))
    for sentence, advice in cached.problems:
        terminal.say(f"{sentence} {advice}".strip())
    return UNUSABLE if cached.problems else status_of(_severities(cached), options.fail_on)


def _at_home(cached: CachedResult, saved: SavedCase) -> dict[str, Json]:
    """The report with the places of the files as they are now."""
    by_content = {file.sha256: str(file.path) for file in saved.files}
    report = dict(cached.report)
    case = report.get("case")
    files = case.get("files") if isinstance(case, dict) else None
    if isinstance(files, list):
        rows = [one for one in files if isinstance(one, dict)]
        report["case"] = {"files": [one | {"path": by_content.get(one.get("sha256"), one.get("path"))} for one in rows]}
    return report


def _severities(cached: CachedResult) -> list[object]:
    findings = cached.report.get("findings")
    listed = findings if isinstance(findings, list) else []
    return [one.get("severity") for one in listed if isinstance(one, dict)]
