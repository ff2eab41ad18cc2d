"""Paths become opened files, each recognised by its content."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from asl_inspector.case.records import CaseFile, Opened, OpenFile, Role
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint, WouldRun, parameter_count
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.errors import DataError, InspectorError, UnreadableCheckpoint
from asl_inspector.history.opening import looks_like_notebook, open_history
from asl_inspector.history.records import History
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.samples.feature_caches import looks_like_cache
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import Clips, Vocabulary
from asl_inspector.samples.vocabulary import read_vocabulary
from asl_inspector.sniffing import Kind, sniff

MOST_FILES = 2_000
DEEPEST_FOLDER = 4
LARGEST_JSON = 256 << 20
CHECKPOINT_ROLES = (Role.CHECKPOINT, Role.STAGE1, Role.UNUSED)
CLIP_ROLES = (Role.VALIDATION, Role.TRAIN, Role.UNUSED)


def expand_folders(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files among `paths` and in the folders among them, hidden ones left out, and notes on what was cut."""
    files: list[Path] = []
    notes: list[str] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        found = sorted(_files_below(path))
        if len(found) > MOST_FILES:
            notes.append(f"“{path.name}” holds {len(found):,} files; only the first {MOST_FILES:,} were looked at.")
        files += found[:MOST_FILES]
    return list(dict.fromkeys(files)), notes


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = [] if depth >= DEEPEST_FOLDER else sorted(name for name in folders if not name.startswith("."))
        found += [Path(place) / name for name in names if not name.startswith(".")]
        if len(found) > 4 * MOST_FILES:
            break
    return found


def open_file(path: Path, *, cancel: CancelToken | None = None) -> OpenFile:
    """Open one file by its content. Problems are kept in the row; nothing is raised but `Cancelled`."""
    try:
        file = MappedFile(path)
    except InspectorError as error:
        return OpenFile(_problem(path, 0, error), None, None)
    try:
        opened, runs = _open_content(file, cancel or CancelToken())
    except InspectorError as error:
        return OpenFile(_problem(path, file.size, error), file, None)
    except RecursionError:
        too_deep = DataError(f"“{path.name}” is nested too deeply to read.")
        return OpenFile(_problem(path, file.size, too_deep), file, None)
    row = CaseFile(
        path=path,
        role=Role.UNUSED,
        why="",
        bytes=file.size,
        summary=summary_of(opened),
        choices=choices_of(opened),
        would_run=runs,
    )
    return OpenFile(row, file, opened)


def _problem(path: Path, size: int, error: InspectorError) -> CaseFile:
    return CaseFile(
        path, Role.UNUSED, error.sentence, size, problem=error.sentence, advice=error.advice, choices=(Role.UNUSED,)
    )


def _open_content(file: MappedFile, cancel: CancelToken) -> tuple[Opened, tuple[WouldRun, ...]]:
    """What the file holds, and what an ordinary load of it would have run."""
    kind = sniff(file.view)
    if kind is Kind.PICKLE:
        return _open_pickle(file, cancel)
    if kind is Kind.JSON:
        return _open_json(file), ()
    if kind is Kind.TEXT:
        return _open_text(file), ()
    checkpoint = open_checkpoint(file, cancel=cancel)
    return checkpoint, checkpoint.would_run


def _open_pickle(file: MappedFile, cancel: CancelToken) -> tuple[Opened, tuple[WouldRun, ...]]:
    try:
        pickle = read_pickle(file.view, cancel=cancel, salvage=True)
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read. {error.sentence}", advice="Copy or download it again."
        ) from error
    if looks_like_cache(pickle.value) and not pickle.is_damaged:
        return open_clips(file, cancel=cancel), would_run(pickle)
    checkpoint = open_checkpoint(file, cancel=cancel)
    return checkpoint, checkpoint.would_run


def _open_json(file: MappedFile) -> Opened:
    if file.size > LARGEST_JSON:
        raise DataError(f"“{file.path.name}” has {file.size >> 20} MB of JSON and is neither vocabulary nor notebook.")
    try:
        held = json.loads(bytes(file.view))
    except (ValueError, RecursionError) as error:
        raise DataError(f"“{file.path.name}” is no valid JSON.", detail=str(error)) from None
    return open_history(file) if looks_like_notebook(held) else read_vocabulary(file)


def _open_text(file: MappedFile) -> History:
    history = open_history(file)
    if not history.epochs and not history.stage1:
        raise DataError(
            f"“{file.path.name}” is text without any epoch of a training run.",
            advice="Drop the log or the notebook of the run.",
        )
    return history


def summary_of(opened: Opened) -> str:
    """What a file holds, in few words."""
    if isinstance(opened, Checkpoint):
        parameters = parameter_count(opened.tensors)
        return f"{parameters:,} parameters" if parameters else f"{len(opened.tensors)} tensors"
    if isinstance(opened, Clips):
        return f"{len(opened):,} clips"
    if isinstance(opened, Vocabulary):
        return f"{len(opened.gloss_to_id):,} glosses"
    return f"{len(opened.epochs)} epochs" if opened.epochs else "no epochs"


def choices_of(opened: Opened) -> tuple[Role, ...]:
    """Roles that a file of this content may have."""
    if isinstance(opened, Checkpoint):
        return CHECKPOINT_ROLES
    if isinstance(opened, Clips):
        return CLIP_ROLES
    return (Role.VOCABULARY, Role.UNUSED) if isinstance(opened, Vocabulary) else (Role.HISTORY, Role.UNUSED)
