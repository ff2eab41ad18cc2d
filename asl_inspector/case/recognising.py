"""Paths become opened files, each recognised by its content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from asl_inspector.bounded_json import BYTE_ORDER_MARK, DEEPEST_JSON, read_json, shortened
from asl_inspector.case.records import SAVED_CASE, CaseFile, Opened, OpenFile, Role
from asl_inspector.case.roles_of_outputs import choices_of_outputs, summary_of_outputs
from asl_inspector.checkpoints.folders import index_of_folder
from asl_inspector.checkpoints.opening import open_with_parts
from asl_inspector.checkpoints.records import Checkpoint, WouldRun, parameter_count
from asl_inspector.checkpoints.sharded import looks_like_index
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.checkpoints.zip_directory import read_directory
from asl_inspector.errors import DataError, InspectorError, UnreadableCheckpoint
from asl_inspector.history.json_logs import looks_like_json_lines
from asl_inspector.history.opening import open_history, tells_a_history
from asl_inspector.inert_pickle.joblib_arrays import read_pickle_file
from asl_inspector.inert_pickle.records import Pickle
from asl_inspector.mapped_file import MappedFile, MappedParts, UnpackedFile
from asl_inspector.outputs.opening import json_outputs, pickled_outputs, read_outputs
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.progress import CancelToken
from asl_inspector.samples.islr import looks_like_index as looks_like_names
from asl_inspector.samples.job import Job
from asl_inspector.samples.opening import checked, decode_block, json_clips, read_clips, with_sources
from asl_inspector.samples.pickled import read_pickled_clips
from asl_inspector.samples.records import Clips, Vocabulary
from asl_inspector.samples.vocabulary import json_vocabulary, npy_vocabulary, pickled_vocabulary, text_vocabulary
from asl_inspector.sniffing import Kind, sniff
from asl_inspector.spool import Spool
from asl_inspector.unpacking import unpack

HEAD = 1 << 16
CLIP_KINDS = (Kind.NPY, Kind.PARQUET, Kind.ARROW, Kind.POSE)  # these formats hold no networks
SHARED_KINDS = (Kind.ZIP, Kind.SAFETENSORS, Kind.TORCH_LEGACY, Kind.HDF5)
LARGEST_JSON = 256 << 20
Found = tuple[MappedFile | MappedParts, Opened, tuple[WouldRun, ...]]
START = 1 << 20
PRINTED_DICT = "{'"
PROSE = {"", ".log", ".md", ".out", ".py", ".rst", ".txt"}
CHECKPOINT_ROLES = (Role.CHECKPOINT, Role.EPOCH, Role.STAGE1, Role.UNUSED)
CLIP_ROLES = (Role.VALIDATION, Role.TRAIN, Role.UNUSED)


def open_file(path: Path, *, cancel: CancelToken | None = None) -> OpenFile:
    """Open one file by its content, in this process. Problems are kept in the row; only `Cancelled` is raised.

    The program itself opens files through `workers.calling`, which does the same in a process of its own.
    """

    def read(file: MappedFile) -> Found:
        if sniff(file.view) is Kind.GZIP:
            unpacked = Spool()
            unpack(file, unpacked)
            file = UnpackedFile(file, unpacked.view)
        spool = Spool()
        found, opened, runs = read_file(file, Job(spool, cancel=cancel or CancelToken()))
        if isinstance(opened, Clips):
            opened = with_sources(opened, file, spool, lambda block, sink: decode_block(file, block, sink))
        return found, opened, runs

    return open_with(path, read)


def open_with(path: Path, read: Callable[[MappedFile], Found]) -> OpenFile:
    """Map a file, or the index of a folder that is one checkpoint, have it read, and write its row.

    Problems are kept in the row.

    Args:
        path: The file or the folder.
        read: Gives the file as it was read (unpacked, where it was packed; with the files that it names), what it
            holds and what it would run.
    """
    file: MappedFile | MappedParts | None = None
    try:
        file = MappedFile(index_of_folder(path) if path.is_dir() else path)
        file, opened, runs = read(file)
        if path.is_dir() and isinstance(opened, Checkpoint):
            file, opened = file.renamed(path), replace(opened, path=path)
    except InspectorError as error:
        return OpenFile(_problem(path, file.size if file else 0, error), file, None)
    return OpenFile(row_of(path, file.size, opened, runs), file, opened)


def row_of(path: Path, size: int, opened: Opened, runs: tuple[WouldRun, ...] = ()) -> CaseFile:
    """The row of something that was opened, before it is given a role."""
    return CaseFile(
        path=path,
        role=Role.UNUSED,
        why="",
        bytes=size,
        summary=summary_of(opened),
        choices=choices_of(opened),
        would_run=runs,
        layout=opened.mapping.sentence if isinstance(opened, Clips) and opened.mapping else "",
        notes=opened.notes if isinstance(opened, Clips) else (),
    )


def _problem(path: Path, size: int, error: InspectorError) -> CaseFile:
    return CaseFile(
        path, Role.UNUSED, error.sentence, size, problem=error.sentence, advice=error.advice, choices=(Role.UNUSED,)
    )


def read_file(file: MappedFile, job: Job | None = None) -> Found:
    """What the file holds, with the files that it names, and what an ordinary load of it would have run.

    Clips come without the bytes behind them.

    Raises:
        InspectorError: If the file is damaged or of no use.
        Cancelled: If the user cancelled.
    """
    try:
        found, opened, runs = _read_content(file, job or Job())
    except RecursionError:
        raise DataError(f"“{file.path.name}” is nested too deeply to read.") from None
    return found, checked(opened) if isinstance(opened, Clips) else opened, runs


def _read_content(file: MappedFile, job: Job) -> Found:
    kind = sniff(file.view)
    if kind is Kind.PICKLE:
        return _open_pickle(file, job)
    saved = read_outputs(file, kind)
    if saved is not None:
        return file, saved, ()
    if kind is Kind.JSON and not looks_like_index(file.view):
        return file, _open_json(file, job), ()
    if kind is Kind.TEXT:
        return file, _open_text(file, job), ()
    if kind is Kind.EVENTS:
        return file, open_history(file), ()
    if kind in CLIP_KINDS or (kind in SHARED_KINDS and _may_hold_clips(file, kind)):
        held = _of_npy(file, job) if kind is Kind.NPY else read_clips(file, kind, job)
        if held is not None:
            return file, held, tuple(run for pickle in job.pickles for run in would_run(pickle))
    if kind in CLIP_KINDS and kind is not Kind.NPY:
        raise DataError(
            f"“{file.path.name}” is {kind.value}, but holds no clips.",
            advice="A clip is an array of frames by features. Labels alone belong into one file with their features.",
        )
    return _checkpoint(file, job)


def _checkpoint(file: MappedFile, job: Job, pickle: Pickle | None = None) -> Found:
    found, checkpoint = open_with_parts(file, cancel=job.cancel, pickle=pickle)
    return found, checkpoint, checkpoint.would_run


def _of_npy(file: MappedFile, job: Job) -> Clips | Vocabulary | None:
    """Clips or glosses; an array that is neither is still shown as the tensor that it is."""
    try:
        return read_clips(file, Kind.NPY, job) or npy_vocabulary(file, job)
    except DataError:
        return None


def _may_hold_clips(file: MappedFile, kind: Kind) -> bool:
    """False for an archive so damaged that the reader of checkpoints can say best what is wrong with it."""
    if kind is not Kind.ZIP:
        return True
    try:
        return bool(read_directory(file.view).members)
    except InspectorError:
        return False


def _open_pickle(file: MappedFile, job: Job) -> Found:
    try:
        pickle = read_pickle_file(file.view, cancel=job.cancel, salvage=True)
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read. {error.sentence}", advice="Copy or download it again."
        ) from error
    saved = pickled_outputs(file, pickle)
    if saved is not None:
        return file, saved, would_run(pickle)
    clips = read_pickled_clips(file, pickle, job) if not pickle.is_damaged else None
    if clips is not None:
        return file, clips, would_run(pickle)
    vocabulary = pickled_vocabulary(file, pickle) if not pickle.is_damaged else None
    if vocabulary is not None and len(vocabulary.gloss_to_id) > 1:
        return file, vocabulary, would_run(pickle)
    return _checkpoint(file, job, pickle)


def _open_json(file: MappedFile, job: Job) -> Opened:
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
    if isinstance(held, dict) and held.get("kind") == SAVED_CASE:
        raise DataError(f"“{file.path.name}” is a saved case.", advice="Drop it by itself to open it.")
    if tells_a_history(held):
        return open_history(file)
    return json_outputs(file, held) or json_clips(file, held, job) or json_vocabulary(file.path, held)


def _open_text(file: MappedFile, job: Job) -> Opened:
    """Clips, a log, or a vocabulary; other prose is left unused in peace, but not where the name promises more."""
    clips = read_clips(file, Kind.TEXT, job)
    if clips is not None:
        return clips
    history = open_history(file)
    if history.tells_of_a_run:
        return history
    if looks_like_names(bytes(file.view[:HEAD]).decode("utf-8", "replace")):
        raise DataError(
            f"“{file.path.name}” lists clips and their glosses, but not their features.",
            advice="Drop the folder that it is in, together with the clips.",
        )
    vocabulary = text_vocabulary(file) if history.kind != "code" else None
    if vocabulary is not None:
        return vocabulary
    if file.path.suffix.lower() not in PROSE:
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
        return "1 clip" if len(opened) == 1 else f"{len(opened):,} clips"
    if isinstance(opened, Vocabulary):
        return f"{len(opened.gloss_to_id):,} glosses"
    if isinstance(opened, SavedOutputs):
        return summary_of_outputs(opened)
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
    if isinstance(opened, SavedOutputs):
        return choices_of_outputs(opened)
    return (Role.HISTORY, Role.UNUSED) if opened.tells_of_a_run else (Role.UNUSED,)
