"""The command line.

Progress and messages go to stderr, results to stdout. Exit status: 0 no finding at or above `--fail-on`, 1 there is
one, 2 unusable input or usage, 130 interrupted. Nothing here imports Qt or torch before a command needs it.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from asl_inspector.about import program_version
from asl_inspector.errors import InspectorError
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.visible_text import visible

if TYPE_CHECKING:
    from asl_inspector.case.records import Role
    from asl_inspector.case_files.records import SavedCase
    from asl_inspector.inference.records import Settings
    from asl_inspector.inspection import Inspector
    from asl_inspector.report.contents import Inspected

HEALTHY, FINDINGS, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
COMMANDS = ("diagnose", "changes", "keys", "compare", "demo")
SECONDS_BETWEEN_UPDATES = 0.1
DEMO_REPORT = "asl-inspector-demo.pdf"


class UsageError(InspectorError):
    """The command line asks for something impossible."""


class Terminal:
    """Progress on stderr: one line that is written over, and only where a person watches."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.live = not quiet and sys.stderr.isatty()
        self.last = 0.0
        self.width = 0

    def show(self, step: Step) -> None:
        """Show how far the work is."""
        now = time.monotonic()
        if not self.live or now - self.last < SECONDS_BETWEEN_UPDATES:
            return
        self.last = now
        count = f" {step.done:,} of {step.total:,} {step.unit}" if step.total else ""
        line = f"{visible(step.what)}{count}"[:78]
        print(f"\r{line:<{self.width}}", end="", file=sys.stderr, flush=True)
        self.width = len(line)

    def clear(self) -> None:
        """Take the progress line away, so that the results start on a clean one."""
        if self.width:
            print("\r" + " " * self.width + "\r", end="", file=sys.stderr, flush=True)
            self.width = 0

    def say(self, text: str) -> None:
        """A message on a line of its own, even when quiet."""
        self.clear()
        print(visible(text, one_line=False), file=sys.stderr)

    def inform(self, text: str) -> None:
        """A message that `--quiet` leaves out."""
        if not self.quiet:
            self.say(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] == "_engine":
        from asl_inspector.engine.serving import serve

        serve()
    if given and given[0] == "_reader":
        from asl_inspector.workers import serving

        serving.serve(once=given[1:] == ["once"])
        return HEALTHY
    if given == ["_measure"]:
        from asl_inspector.checkpoints import measuring_apart

        measuring_apart.serve()
        return HEALTHY
    if given == ["_program"]:  # a process that runs a network of somebody else, and nothing besides
        from asl_inspector.programs import child

        child.serve()
    if not given or given[0] not in (*COMMANDS, "-h", "--help", "--version"):
        return _window(given)
    options = _parser().parse_args(given)
    terminal = Terminal(quiet=getattr(options, "quiet", False))
    cancel = CancelToken()
    _cancel_on_interrupt(cancel)
    try:
        run: Callable[[argparse.Namespace, Terminal, CancelToken], int] = options.run
        return run(options, terminal, cancel)
    except InspectorError as error:
        terminal.say(str(error))
        return UNUSABLE
    except Cancelled:
        terminal.say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the reader has gone; nothing more can be written
        return HEALTHY


def _cancel_on_interrupt(cancel: CancelToken) -> None:
    """Ctrl-C asks the work to stop; a second one stops Python itself."""

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if cancel.is_cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    signal.signal(signal.SIGINT, interrupted)


class _ShowVersion(argparse.Action):
    """Looks the version up only when it is asked for: that alone costs as much as reading a small checkpoint."""

    def __call__(self, parser: argparse.ArgumentParser, *_arguments: object) -> None:
        print(f"asl-inspector {program_version()}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="asl-inspector",
        usage="asl-inspector [FILE...] | asl-inspector {diagnose,changes,keys,compare,demo} ...",
        description="Finds out why a sign-language recogniser got a bad number. Without a command it opens the window.",
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and leave")
    commands = parser.add_subparsers(title="commands", required=True, prog="asl-inspector")
    _add_diagnose(commands)
    _add_changes(commands)
    _add_keys(commands)
    _add_compare(commands)
    demo = commands.add_parser("demo", help="the bundled demo case: in the window, or straight to a report")
    demo.add_argument("--pdf", type=Path, metavar="FILE", help="write the report here and open no window")
    demo.set_defaults(run=_demo)
    return parser


def _add_diagnose(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("diagnose", help="run the network and name the causes of a bad number")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="files of a case, in any order")
    roles = parser.add_argument_group("say a role instead of having it recognised")
    for role in ("checkpoint", "epoch", "val", "train", "vocabulary", "stage1", "history", "outputs", "labels"):
        repeat = "append" if role in ("epoch", "vocabulary", "history") else "store"
        roles.add_argument(f"--{role}", type=Path, metavar="F", action=repeat)
    outputs = parser.add_argument_group("results")
    outputs.add_argument("--json", metavar="FILE|-", help="the whole result as JSON; - for standard output")
    outputs.add_argument("--pdf", type=Path, metavar="FILE", help="the report")
    outputs.add_argument("--html", type=Path, metavar="FILE", help="the report as one self-contained page")
    outputs.add_argument("--md", type=Path, metavar="FILE", help="the report as Markdown")
    outputs.add_argument("--csv", type=Path, metavar="FILE", help="one row a clip")
    outputs.add_argument("--paper", choices=("a4", "letter"), default="a4", help="size of the PDF's pages")
    outputs.add_argument("--summary", action="store_true", help="only the first page of PDF, HTML and Markdown")
    outputs.add_argument(
        "--anonymise", action="store_true", help="no folders in any of these: paths are cut down to names of files"
    )
    outputs.add_argument(
        "--save-vocabulary",
        type=Path,
        metavar="FILE",
        help="the ids that the network learned, as JSON, where they are known",
    )
    outputs.add_argument(
        "--save-case", type=Path, metavar="FILE", help="the case itself, to open or run again (.aslcase)"
    )
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda[:N]|mps")
    parser.add_argument("--batch-frames", type=int, metavar="N", help="most frames in one batch")
    parser.add_argument("--decoder", choices=("majority", "first-token", "beam", "score"), help="majority by default")
    parser.add_argument("--blank", metavar="INDEX|none", help="index of the blank, where the layout does not tell it")
    parser.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="answer what the checkpoint leaves open: pooling=mean, 'head activation=gelu', preprocessing=standardised, "
        "'length=resampled to 64'",
    )
    parser.add_argument(
        "--half-precision",
        action="store_true",
        help="half precision where a sample shows that it changes no prediction and is faster",
    )
    parser.add_argument("--no-epochs", action="store_true", help="do not score the other checkpoints of the run")
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="CODE.py",
        help="run this file: Python code that builds the network, or a checkpoint that carries its program",
    )
    parser.add_argument("--fail-on", choices=("critical", "warning", "never"), default="critical")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=_diagnose)


def _add_changes(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("changes", help="two diagnoses: what changed in files, figures and causes")
    parser.add_argument("before", type=Path, metavar="BEFORE.json", help="what diagnose --json wrote")
    parser.add_argument("after", type=Path, metavar="AFTER.json")
    parser.add_argument("--json", metavar="FILE|-", help="as JSON; - for standard output")
    for kind in ("md", "html", "pdf"):
        parser.add_argument(f"--{kind}", type=Path, metavar="FILE", help=f"as a report ({kind})")
    parser.add_argument("--paper", choices=("a4", "letter"), default="a4", help="size of the PDF's pages")
    parser.set_defaults(run=_changes)


def _add_keys(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("keys", help="everything in one checkpoint, without running it")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.add_argument("--stats", action="store_true", help="extremes, moments and health; reads every number")
    parser.add_argument("--values", type=int, default=0, metavar="N", help="the first N numbers of every tensor")
    parser.add_argument("--match", default="", metavar="TEXT", help="only keys that contain TEXT")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write one row a tensor")
    parser.set_defaults(run=_keys)


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("compare", help="two checkpoints: what is equal, and does one descend from the other")
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    for side in ("a", "b"):
        parser.add_argument(
            f"--{side}-part",
            metavar="PATH",
            help=f"which state dict of {side.upper()}, where it holds several: its path (“ema”), or how its keys start",
        )
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(run=_compare)


# -- diagnose -------------------------------------------------------------------------------------------------------


def _chosen_roles(options: argparse.Namespace) -> dict[Path, Role]:
    """The roles that were said, one file each but for epochs, vocabularies and histories."""
    from asl_inspector.case.records import Role

    chosen: dict[Path, Role] = {}
    for role in (role for role in Role if role is not Role.UNUSED):
        held = getattr(options, role.value)
        for path in held if isinstance(held, list) else [held] if held is not None else []:
            chosen[path] = role
    return chosen


def _diagnose(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    from asl_inspector.inspection import Inspector
    from asl_inspector.inspection_epochs import EpochRuns

    chosen = _chosen_roles(options)
    saved = _saved_case(options)
    paths = [*options.files, *(path for path in chosen if path not in options.files)]
    if not paths:
        raise UsageError("No file was given.", advice="Give a checkpoint and its validation data.")
    inspector = Inspector(_settings(options, saved))
    inspector.add(paths, (saved.chosen if saved else {}) | chosen, progress=terminal.show, cancel=cancel)
    if saved is not None:
        inspector.correct(saved.corrections, cancel=cancel)
    unreadable = _check_files(inspector, options, chosen, terminal)
    if options.trust is not None:
        _trust(inspector, options.trust, terminal)
    inspector.hash_files(cancel=cancel)
    inspected = inspector.inspect(progress=terminal.show, cancel=cancel)
    if not options.no_epochs:
        inspected = EpochRuns(inspector).score(inspected, progress=terminal.show, cancel=cancel)
    _write_results(inspected, options, terminal, cancel)
    _keep_case(inspector, inspected, saved, options, terminal)
    if inspected.problems or unreadable:
        for problem in inspected.problems:
            terminal.say(f"{problem.sentence} {problem.advice}".strip())
        return UNUSABLE
    return _status(inspected, options.fail_on)


def _saved_case(options: argparse.Namespace) -> SavedCase | None:
    """The saved case among the files, which are then those that it names and the others."""
    from asl_inspector.case_files.reading import is_case_file, read_case

    cases = [path for path in options.files if is_case_file(path)]
    if not cases:
        return None
    if len(cases) > 1:
        raise UsageError(f"“{cases[0].name}” and “{cases[1].name}” are two cases.", advice="Give one at a time.")
    saved = read_case(cases[0])
    options.files = [*saved.added, *(path for path in options.files if path not in cases)]
    return saved


def _keep_case(
    inspector: Inspector,
    inspected: Inspected,
    saved: SavedCase | None,
    options: argparse.Namespace,
    terminal: Terminal,
) -> None:
    """Say what is not as it was when the case was saved, and save it where that was asked for."""
    from asl_inspector.case_files.changes import changed_files, changed_result
    from asl_inspector.case_files.writing import result_of, write_case

    if saved is not None:
        told = [*changed_files(saved, inspector.case), changed_result(saved.result, result_of(inspected))]
        for sentence in filter(None, told):
            terminal.say(sentence)
    if options.save_case is not None:
        corrections = saved.corrections if saved is not None else {}
        added = [path.absolute() for path in options.files]
        write_case(
            options.save_case,
            inspector.case,
            added,
            settings=inspector.settings,
            corrections=corrections,
            inspected=inspected,
        )
        terminal.inform(f"The case is in {options.save_case}.")


def _settings(options: argparse.Namespace, saved: SavedCase | None = None) -> Settings:
    """The settings, a saved case's where the command says nothing, or an error that says which of them cannot be had."""
    from asl_inspector.inference.records import Settings

    if options.batch_frames is not None and options.batch_frames < 1:
        raise UsageError("--batch-frames must be at least 1.")
    if options.blank is not None and options.blank != "none" and not options.blank.isdecimal():
        raise UsageError(f"--blank {options.blank} cannot be used.", advice="Give the index of the blank, or none.")
    blank = None if options.blank is None else -1 if options.blank == "none" else int(options.blank)
    choices = tuple(_assumed(text) for text in options.assume)
    kept = saved.settings if saved is not None else Settings()
    decoder = options.decoder.replace("-", "_") if options.decoder is not None else kept.decoder
    return replace(
        kept,
        device=options.device,
        mixed=options.half_precision or kept.mixed,
        batch_frames=options.batch_frames,
        decoder=decoder,
        blank=blank if options.blank is not None else kept.blank,
        choices=tuple((dict(kept.choices) | dict(choices)).items()),
    )


def _trust(inspector: Inspector, path: Path, terminal: Terminal) -> None:
    """Take `--trust` for consent to run this very content, and say what that is."""
    offer = inspector.offer(path)
    inspector.settings = replace(inspector.settings, consent=offer.consent)
    terminal.say(f"--trust: “{path.name}” may run on your word. SHA-256 {offer.sha256}. {' '.join(offer.found)}")


def _assumed(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise UsageError(f"--assume {text} says nothing.", advice="Write it as NAME=VALUE, for example pooling=mean.")
    return name.strip(), value.strip()


def _check_files(
    inspector: Inspector, options: argparse.Namespace, chosen: dict[Path, Role], terminal: Terminal
) -> bool:
    """Raise for files that were named and cannot be used; True where it is only an epoch beside others of its run."""
    from asl_inspector.case.records import Role
    from asl_inspector.case.roles import second_checkpoints
    from asl_inspector.case.same_run import unreadable_epochs

    left_out = {one.row.path for one in unreadable_epochs(inspector.case)} - {path.absolute() for path in chosen}
    named = {path.absolute() for path in [*options.files, *chosen]}
    for one in inspector.case.files:
        row = one.row
        if row.path in named and row.path in left_out:
            terminal.say(f"{row.problem} The other files of the run are scored without it.")
        elif row.path in named and row.problem:
            raise UsageError(row.problem, advice=row.advice)
        if row.chosen and row.role is not Role.UNUSED and row.role not in row.choices:
            raise UsageError(f"“{row.path.name}” cannot be the {row.role.value}: it holds {row.summary}.")
    second = second_checkpoints(inspector.case)
    main = inspector.case.checkpoint
    settled = bool(inspector.case.epochs) or (main is not None and main.row.chosen)
    if settled:
        for one in inspector.case.files:
            if one.row.path in second:
                terminal.say(f"“{one.row.path.name}” is not used. {one.row.why}")
    elif second and main is not None:
        others = " and ".join(f"“{path.name}”" for path in second)
        raise UsageError(
            f"Several files could be the checkpoint: “{main.row.path.name}” and {others}.",
            advice="Say which with --checkpoint, and what the others are with --epoch or --stage1.",
        )
    if main is None and inspector.case.validation is None and inspector.case.outputs is None:
        raise UsageError(
            "None of these files is a checkpoint, or holds clips or saved outputs.", advice="Give a checkpoint."
        )
    return bool(left_out & named)


def _write_results(inspected: Inspected, options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> None:
    from asl_inspector.report.anonymising import anonymiser_of
    from asl_inspector.report.exporting import KINDS, VOCABULARY, content_of, export
    from asl_inspector.report.options import ReportOptions
    from asl_inspector.report.summary_text import summary_text

    wanted = ReportOptions(paper=options.paper, summary=options.summary, anonymise=options.anonymise)
    if options.json == "-":
        sys.stdout.write(content_of(inspected, "json", wanted).decode())
    targets = (options.pdf, options.html, options.md, options.json, options.csv, options.save_vocabulary)
    for kind, target in zip((*KINDS, VOCABULARY), targets, strict=True):
        if target and target != "-":
            cancel.raise_if_cancelled()
            terminal.show(Step("Typesetting the report" if kind == "pdf" else f"Writing {target}"))
            export(inspected, Path(target), kind, wanted)
    if options.pdf:
        terminal.inform(f"The report is in {options.pdf}.")
    if options.json != "-":
        text = summary_text(inspected)
        print(visible(anonymiser_of(inspected).text(text) if options.anonymise else text, one_line=False))


def _status(inspected: Inspected, fail_on: str) -> int:
    """1 where a finding is at or above `fail_on`."""
    counted = {"critical": ("critical",), "warning": ("critical", "warning"), "never": ()}[fail_on]
    return FINDINGS if any(finding.severity in counted for finding in inspected.diagnosis.findings) else HEALTHY


# -- keys and compare -----------------------------------------------------------------------------------------------


def _keys(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    from asl_inspector.workers.starting import start_reader

    started = start_reader(once=True)  # it loads what it needs while this process does
    from asl_inspector.workers.calling import open_checkpoint

    threading.Thread(target=_import_reports, name="imports", daemon=True).start()
    gc.disable()  # a process that ends soon makes many records, and none of them is garbage
    try:
        file, checkpoint = open_checkpoint(options.file, cancel=cancel, started=started)
    except InspectorError as error:
        if options.json:
            from asl_inspector.report.json_text import to_json
            from asl_inspector.report.keys_json import refused_json

            size = options.file.stat().st_size if options.file.is_file() else 0
            sys.stdout.write(to_json(refused_json(options.file, size, error)))
        raise
    from asl_inspector.report.keys_json import keys_json, matching_tensors, measured_rows

    document = keys_json(
        checkpoint,
        file.view,
        statistics=options.stats,
        values=max(0, options.values),
        match=options.match,
        progress=terminal.show,
        cancel=cancel,
    )
    terminal.clear()
    tensors = matching_tensors(checkpoint, options.match)
    if options.csv is not None:
        from asl_inspector.report.keys_csv import keys_csv
        from asl_inspector.report.writing import write_atomically

        write_atomically(options.csv, keys_csv(tensors, measured_rows(document)).encode())
    if options.json:
        from asl_inspector.report.json_text import to_json

        sys.stdout.write(to_json(document))
    else:
        from asl_inspector.report.keys_text import keys_text

        bar = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
        sys.stdout.write(keys_text(document, tensors, folded=not options.match, bar=bar))
    return HEALTHY


def _import_reports() -> None:
    """Import what writes the keys, while another process reads them."""
    import asl_inspector.report.keys_json
    import asl_inspector.report.keys_text  # noqa: F401


def _compare(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    from asl_inspector.workers.starting import start_reader

    readers = [start_reader(once=True) for _ in "ab"]  # they load what they need while this process does
    from asl_inspector.checkpoints.comparing_checkpoints import compare_checkpoints
    from asl_inspector.report.compare_json import compare_json
    from asl_inspector.report.compare_text import compare_text
    from asl_inspector.report.json_text import to_json
    from asl_inspector.workers.calling import open_checkpoint

    try:
        (file_a, first), (file_b, second) = (
            open_checkpoint(path, cancel=cancel, started=readers.pop()) for path in (options.a, options.b)
        )
    finally:
        for reader in readers:
            reader.end()
    compared = compare_checkpoints(
        first,
        file_a.view,
        second,
        file_b.view,
        part_a=options.a_part,
        part_b=options.b_part,
        cancel=cancel,
        progress=terminal.show,
    )
    terminal.clear()
    document = compare_json(first.path, second.path, compared)
    sys.stdout.write(to_json(document) if options.json else compare_text(document))
    return HEALTHY


def _changes(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    from asl_inspector.report.changes.comparing import compare_reports
    from asl_inspector.report.changes.outputs import changes_document, changes_json, changes_text
    from asl_inspector.report.changes.reading import read_report
    from asl_inspector.report.json_text import to_json
    from asl_inspector.report.options import ReportOptions
    from asl_inspector.report.rendering import rendered
    from asl_inspector.report.writing import write_atomically

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


# -- the window -----------------------------------------------------------------------------------------------------


def _demo(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    from asl_inspector.bundled_files import demo_files
    from asl_inspector.inspection import Inspector
    from asl_inspector.report.exporting import export

    if options.pdf is None and has_screen():
        return _window([str(path) for path in demo_files()])
    target = options.pdf or Path(DEMO_REPORT)
    if options.pdf is None:
        terminal.say("There is no screen here, so the demo case goes straight to a report.")
    inspector = Inspector()
    inspector.add(demo_files(), progress=terminal.show, cancel=cancel)
    inspector.hash_files(cancel=cancel)
    inspected = inspector.inspect(progress=terminal.show, cancel=cancel)
    terminal.show(Step("Typesetting the report"))
    export(inspected, target, "pdf")
    terminal.inform(f"The report is in {target}.")
    return HEALTHY


def has_screen() -> bool:
    """True where a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


def _window(arguments: list[str]) -> int:
    """Open the window with these files dropped on it."""
    unknown = [argument for argument in arguments if argument.startswith("-")]
    if unknown:
        print(f"asl-inspector: unknown option {visible(unknown[0])}; see asl-inspector --help", file=sys.stderr)
        return UNUSABLE
    strange = [argument for argument in arguments if not Path(argument).exists()]
    if strange:
        print(
            f"asl-inspector: “{visible(strange[0])}” is neither a command nor a file; see asl-inspector --help",
            file=sys.stderr,
        )
        return UNUSABLE
    if not has_screen():
        print(
            "asl-inspector: there is no screen to open a window on; diagnose, keys and compare need none.",
            file=sys.stderr,
        )
        return UNUSABLE
    try:
        from asl_inspector.gui.app import run
    except ImportError as error:
        if not (error.name or "").startswith("PySide6"):
            raise
        print(
            "The window needs Qt, which is not installed: pip install 'asl-inspector[gui]'. "
            "Without it, `asl-inspector diagnose`, `keys` and `compare` work.",
            file=sys.stderr,
        )
        return UNUSABLE
    return run([Path(argument) for argument in arguments])
