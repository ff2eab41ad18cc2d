"""`diagnose`: run the network over the clips and name the causes of a bad number."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from asl_inspector.commands.terminal import INTERRUPTED, UNUSABLE, Terminal, UsageError, check_there, status_of
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.visible_text import visible

MOST_THREADS = 1_024
WRITTEN = {"csv": "table of clips", "vocabulary": "vocabulary"}  # all others are reports

if TYPE_CHECKING:
    from asl_inspector.case.records import Role
    from asl_inspector.case_files.records import SavedCase
    from asl_inspector.inference.records import Settings
    from asl_inspector.inspection import Inspector
    from asl_inspector.report.contents import Inspected


def _chosen_roles(options: argparse.Namespace) -> dict[Path, Role]:
    """The roles that were said, one file each but for epochs, vocabularies and histories."""
    from asl_inspector.case.records import Role

    chosen: dict[Path, Role] = {}
    for role in (role for role in Role if role is not Role.UNUSED):
        held = getattr(options, role.value)
        for path in held if isinstance(held, list) else [held] if held is not None else []:
            chosen[path] = role
    return chosen


def diagnose(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    """Open, run, diagnose and write what was asked for; returns the exit status."""
    chosen = _chosen_roles(options)
    check_there([*options.files, *chosen])
    alone = len(options.files) == 1 and not chosen
    saved = _saved_case(options)
    if saved is not None:
        from asl_inspector.commands.kept import show_kept

        status = show_kept(saved, options, not alone, terminal, cancel)
        if status is not None:
            return status
    from asl_inspector.inspection import Inspector
    from asl_inspector.report.partial_words import partial_words

    paths = [*options.files, *(path for path in chosen if path not in options.files)]
    if not paths:
        raise UsageError("No file was given.", advice="Give a checkpoint and its validation data.")
    inspector = Inspector(_settings(options, saved), kept=options.unfinished)
    inspector.add(paths, (saved.chosen if saved else {}) | chosen, progress=terminal.show, cancel=cancel)
    if saved is not None:
        inspector.correct(saved.corrections, cancel=cancel)
    unreadable = _check_files(inspector, options, chosen, terminal)
    if options.trust is not None:
        _trust(inspector, options.trust, terminal)
    inspector.hash_files(cancel=cancel)
    try:
        inspected = _inspected(inspector, options, terminal, cancel)
    except Cancelled:
        return _write_a_part(inspector, options, terminal)
    if not partial_words(inspected):
        inspector.forget_kept()
    _write_results(inspected, options, terminal, CancelToken() if cancel.is_cancelled else cancel)
    _keep_case(inspector, inspected, saved, options, terminal)
    if inspected.problems or unreadable:
        for problem in inspected.problems:
            terminal.say(f"{problem.sentence} {problem.advice}".strip())
        return INTERRUPTED if cancel.is_cancelled else UNUSABLE
    if cancel.is_cancelled:
        return INTERRUPTED
    return status_of((finding.severity for finding in inspected.diagnosis.findings), options.fail_on)


def _inspected(inspector: Inspector, options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> Inspected:
    """The inspection, with the other files of the run."""
    inspected = inspector.inspect(progress=terminal.show, cancel=cancel)
    if options.no_epochs:
        return inspected
    from asl_inspector.inspection_epochs import EpochRuns

    runs = EpochRuns(inspector)
    try:
        return runs.score(inspected, progress=terminal.show, cancel=cancel)
    except Cancelled:
        terminal.say(
            "Interrupted. The inspection is whole; of the run's other files only those scored by then are told."
        )
        return runs.latest or inspected


def _write_a_part(inspector: Inspector, options: argparse.Namespace, terminal: Terminal) -> int:
    """After Ctrl-C: write what was found until then, marked as partial, and say how to go on."""
    terminal.say("Interrupted. What was found by then follows, if anything; Ctrl-C again stops at once.")
    folder = options.unfinished
    advice = (
        f"The same command with --unfinished {folder} goes on with the others."
        if folder is not None
        else "With --unfinished FOLDER a command goes on where it was interrupted."
    )
    found = inspector.unfinished(advice=advice, progress=terminal.show)
    if found is None:
        return INTERRUPTED
    _write_results(found, options, terminal, CancelToken())
    for problem in found.problems:
        terminal.say(f"{problem.sentence} {problem.advice}".strip())
    return INTERRUPTED


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
    from asl_inspector.case_files.writing import result_of
    from asl_inspector.engine.saved_cases import save

    if saved is not None:
        told = [*changed_files(saved, inspector.case), changed_result(saved.result, result_of(inspected))]
        for sentence in filter(None, told):
            terminal.say(sentence)
    if options.save_case is not None:
        corrections = saved.corrections if saved is not None else {}
        added = [path.absolute() for path in options.files]
        save(
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
    if options.threads is not None and not 1 <= options.threads <= MOST_THREADS:
        raise UsageError(f"--threads must be from 1 to {MOST_THREADS}.")
    if options.blank is not None and options.blank != "none" and not options.blank.isdecimal():
        raise UsageError(f"--blank {options.blank} cannot be used.", advice="Give the index of the blank, or none.")
    blank = None if options.blank is None else -1 if options.blank == "none" else int(options.blank)
    choices = tuple(assumed(text) for text in options.assume)
    kept = saved.settings if saved is not None else Settings()
    decoder = options.decoder.replace("-", "_") if options.decoder is not None else kept.decoder
    return replace(
        kept,
        device=options.device,
        mixed=options.half_precision or kept.mixed,
        batch_frames=options.batch_frames,
        threads=options.threads or 0,
        decoder=decoder,
        blank=blank if options.blank is not None else kept.blank,
        choices=tuple((dict(kept.choices) | dict(choices)).items()),
    )


def _trust(inspector: Inspector, path: Path, terminal: Terminal) -> None:
    """Take `--trust` for consent to run this very content, and say what that is."""
    offer = inspector.offer(path)
    inspector.settings = replace(inspector.settings, consent=offer.consent)
    terminal.say(f"--trust: “{path.name}” may run on your word. SHA-256 {offer.sha256}. {' '.join(offer.found)}")


def assumed(text: str) -> tuple[str, str]:
    """An answer to an open choice, as `--assume` has it.

    Raises:
        UsageError: If it is none.
    """
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
            for note in export(inspected, Path(target), kind, wanted):
                terminal.say(note)
            terminal.inform(f"The {WRITTEN.get(kind, 'report')} is in {target}.")
    if options.json != "-":
        text = summary_text(inspected)
        print(visible(anonymiser_of(inspected).text(text) if options.anonymise else text, one_line=False))
