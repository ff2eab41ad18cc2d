"""Paths become opened files, each recognised by its content."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from asl_inspector.bounded_json import BYTE_ORDER_MARK, DEEPEST_JSON, read_json, shortened
from asl_inspector.case.records import CaseFile, Opened, OpenFile, Role
from asl_inspector.checkpoints.folders import (
    DISTRIBUTED_INDEX,
    DISTRIBUTED_PART,
    index_of_folder,
    is_distributed_folder,
    shards_of,
)
from asl_inspector.checkpoints.opening import open_with_parts
from asl_inspector.checkpoints.records import Checkpoint, WouldRun, parameter_count
from asl_inspector.checkpoints.sharded import looks_like_index
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.errors import DataError, InspectorError, UnreadableCheckpoint
from asl_inspector.history.json_logs import looks_like_json_lines
from asl_inspector.history.opening import open_history, tells_a_history
from asl_inspector.history.records import History
from asl_inspector.inert_pickle.joblib_arrays import read_pickle_file
from asl_inspector.mapped_file import MappedFile, MappedParts
from asl_inspector.progress import CancelToken
from asl_inspector.samples.feature_caches import looks_like_cache
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import Clips, Vocabulary
from asl_inspector.samples.vocabulary import read_vocabulary
from asl_inspector.sniffing import Kind, sniff

MOST_FILES = 2_000
DEEPEST_FOLDER = 4
LARGEST_JSON = 256 << 20
Found = tuple[MappedFile | MappedParts, Opened, tuple[WouldRun, ...]]
START = 1 << 20
PRINTED_DICT = "{'"
PROSE = {"", ".log", ".md", ".out", ".py", ".rst", ".txt"}
CHECKPOINT_ROLES = (Role.CHECKPOINT, Role.EPOCH, Role.STAGE1, Role.UNUSED)
CLIP_ROLES = (Role.VALIDATION, Role.TRAIN, Role.UNUSED)


def expand_folders(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files among `paths` and in the folders among them, hidden ones left out, and notes on what was cut.

    A checkpoint of several files is one entry: its index, or the folder of a distributed checkpoint.
    """
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
    return together(list(dict.fromkeys(files))), notes


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        if is_distributed_folder(names):
            found.append(Path(place))
            names = [name for name in names if not name.endswith(DISTRIBUTED_PART)]
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = [] if depth >= DEEPEST_FOLDER else sorted(name for name in folders if not name.startswith("."))
        found += [Path(place) / name for name in names if not name.startswith(".")]
        if len(found) > 4 * MOST_FILES:
            break
    return found


def together(files: list[Path]) -> list[Path]:
    """The same entries without the shards of an index among them, and with distributed checkpoints as their folder."""
    folders = {path.parent for path in files if path.name == DISTRIBUTED_INDEX and _is_beside_parts(path)}
    entries = list(
        dict.fromkeys(
            path.parent
            if path.parent in folders and (path.name == DISTRIBUTED_INDEX or path.suffix == DISTRIBUTED_PART)
            else path
            for path in files
        )
    )
    parts = {shard for path in entries if path.is_file() for shard in shards_of(path) or []}
    return [path for path in entries if path not in parts]


def _is_beside_parts(path: Path) -> bool:
    try:
        return is_distributed_folder(entry.name for entry in os.scandir(path.parent))
    except OSError:
        return False


def open_file(path: Path, *, cancel: CancelToken | None = None) -> OpenFile:
    """Open one file by its content, in this process. Problems are kept in the row; only `Cancelled` is raised.

    The program itself opens files through `workers.calling`, which does the same in a process of its own.
    """
    return open_with(path, lambda file: read_file(file, cancel=cancel))


def open_with(path: Path, read: Callable[[MappedFile], Found]) -> OpenFile:
    """Map a file, or the index of a folder that is one checkpoint, have it read, and write its row.

    Problems are kept in the row.
    """
    file: MappedFile | MappedParts | None = None
    try:
        file = MappedFile(index_of_folder(path) if path.is_dir() else path)
        file, opened, runs = read(file)
        if path.is_dir() and isinstance(opened, Checkpoint):
            file, opened = file.renamed(path), replace(opened, path=path)
    except InspectorError as error:
        return OpenFile(_problem(path, file.size if file else 0, error), file, None)
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


def read_file(file: MappedFile, *, cancel: CancelToken | None = None) -> Found:
    """What the file holds, with the files that it names, and what an ordinary load of it would have run.

    Raises:
        InspectorError: If the file is damaged or of no use.
        Cancelled: If `cancel` was set.
    """
    try:
        return _read_content(file, cancel or CancelToken())
    except RecursionError:
        raise DataError(f"“{file.path.name}” is nested too deeply to read.") from None


def _with_parts(file: MappedFile | MappedParts, checkpoint: Checkpoint) -> Found:
    return file, checkpoint, checkpoint.would_run


def _read_content(file: MappedFile, cancel: CancelToken) -> Found:
    kind = sniff(file.view)
    if kind is Kind.PICKLE:
        return _open_pickle(file, cancel)
    if kind is Kind.JSON and not looks_like_index(file.view):
        return file, _open_json(file), ()
    if kind is Kind.TEXT:
        return file, _open_text(file), ()
    if kind is Kind.EVENTS:
        return file, open_history(file), ()
    return _with_parts(*open_with_parts(file, cancel=cancel))


def _open_pickle(file: MappedFile, cancel: CancelToken) -> Found:
    try:
        pickle = read_pickle_file(file.view, cancel=cancel, salvage=True)
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read. {error.sentence}", advice="Copy or download it again."
        ) from error
    if looks_like_cache(pickle.value) and not pickle.is_damaged:
        return file, open_clips(file, cancel=cancel), would_run(pickle)
    del pickle  # it is read once more below, and two of a large one are too many
    return _with_parts(*open_with_parts(file, cancel=cancel))


def _open_json(file: MappedFile) -> Opened:
    if file.size > LARGEST_JSON:
        raise DataError(f"“{file.path.name}” has {file.size >> 20} MB of JSON and is neither vocabulary nor notebook.")
    content = bytes(file.view)
    try:
        held = read_json(content.removeprefix(BYTE_ORDER_MARK), deepest=DEEPEST_JSON, with_constants=True)
    except ValueError as error:
        start = content[:START].decode("utf-8", "replace")
        if looks_like_json_lines(start) or start.startswith(PRINTED_DICT):
            return open_history(file)
        raise DataError(f"“{file.path.name}” is no valid JSON.", detail=f"It {shortened(error)}.") from None
    return open_history(file) if tells_a_history(held) else read_vocabulary(file)


def _open_text(file: MappedFile) -> History:
    """A log; other prose is left unused in peace, but not where the name promises something else."""
    history = open_history(file)
    if not history.tells_of_a_run and file.path.suffix.lower() not in PROSE:
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
    if opened.kind == "code":
        return f"{len(opened.hints)} hints in code" if opened.hints else "code"
    return f"{len(opened.epochs):,} {opened.axis}s" if opened.epochs else "no epochs"


def choices_of(opened: Opened) -> tuple[Role, ...]:
    """Roles that a file of this content may have."""
    if isinstance(opened, Checkpoint):
        return CHECKPOINT_ROLES
    if isinstance(opened, Clips):
        return CLIP_ROLES
    if isinstance(opened, Vocabulary):
        return (Role.VOCABULARY, Role.UNUSED)
    return (Role.HISTORY, Role.UNUSED) if opened.tells_of_a_run else (Role.UNUSED,)
