"""Would an ordinary load of these files run something?

A pickle names functions and classes, and an ordinary load imports and calls them. Classes of the researcher's own
package are common and usually harmless; a call into the operating system or the interpreter is neither. Nothing here
decides that a file is safe: what is named is told, and nothing of it was run.
"""

from __future__ import annotations

from asl_inspector.checkpoints.records import WouldRun
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.visible_text import visible

# fmt: off
ACTING_MODULES = frozenset(
    {
        "os", "posix", "nt", "subprocess", "sys", "builtins", "__builtin__", "socket", "shutil", "importlib",
        "imp", "runpy", "pty", "ctypes", "webbrowser", "pickle", "_pickle", "marshal", "code", "codeop",
        "multiprocessing", "threading", "asyncio", "http", "urllib", "requests", "ftplib", "smtplib", "pathlib",
        "io", "tempfile", "glob", "zipimport", "pkgutil", "timeit", "cProfile", "profile", "pdb", "trace",
        "types", "functools", "operator", "pip", "torch.hub", "torch.jit", "numpy.testing", "logging", "signal",
        "platform", "commands", "popen2", "antigravity",
    }
)
# fmt: on
MOST_NAMED = 3
LONGEST_CALL = 120


def ask(evidence: Evidence) -> Answers:
    """One finding for each file that names code of its own."""
    rows = [one.row for one in evidence.case.files if one.row.would_run]
    return Answers(tuple(_finding(row.path.name, row.would_run) for row in rows))


def acts(run: WouldRun) -> bool:
    """True where the call leads into the operating system or the interpreter."""
    parts = run.call.split(".")
    return parts[0] in ACTING_MODULES or ".".join(parts[:2]) in ACTING_MODULES


def _finding(name: str, runs: tuple[WouldRun, ...]) -> Finding:
    acting = [run for run in runs if acts(run)]
    shown = acting or list(runs)
    calls = list(dict.fromkeys(visible(run.call + run.arguments)[:LONGEST_CALL] for run in shown))
    listed = "; ".join(f"`{call}`" for call in calls[:MOST_NAMED])
    more = f" and {len(calls) - MOST_NAMED} more" if len(calls) > MOST_NAMED else ""
    facts: dict[str, Fact] = {"file": name, "calls": list(calls[:20]), "offsets": [run.offset for run in shown[:20]]}
    if acting:
        sentence = f"Loading “{name}” in the ordinary way would run {listed}{more}. Nothing of it was run here."
        return Finding("file-would-act", "files", "warning", sentence, facts, "keys")
    sentence = (
        f"Loading “{name}” in the ordinary way would import classes of its own: {listed}{more}. None was imported."
    )
    return Finding("file-names-classes", "files", "info", sentence, facts, "keys")
