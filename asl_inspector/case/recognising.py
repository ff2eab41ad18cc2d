"""Paths become opened files, each recognised by its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from asl_inspector.case.records import CaseFile, Opened, OpenFile, Role
from asl_inspector.case.surveying import MOST_FILES, survey
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint, WouldRun, parameter_count
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.checkpoints.zip_directory import read_directory
from asl_inspector.errors import DataError, InspectorError, UnreadableCheckpoint
from asl_inspector.history.opening import looks_like_notebook, open_history
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.samples.islr import looks_like_index
from asl_inspector.samples.job import Job
from asl_inspector.samples.opening import checked, decode_block, json_clips, load_json, read_clips, with_sources
from asl_inspector.samples.pickled import read_pickled_clips
from asl_inspector.samples.records import Clips, Vocabulary
from asl_inspector.samples.vocabulary import npy_vocabulary, pickled_vocabulary, read_vocabulary, text_vocabulary
from asl_inspector.sniffing import Kind, sniff
from asl_inspector.spool import Spool

HEAD = 1 << 16
CLIP_KINDS = (Kind.NPY, Kind.PARQUET, Kind.ARROW, Kind.POSE)  # these formats hold no networks
SHARED_KINDS = (Kind.ZIP, Kind.SAFETENSORS, Kind.TORCH_LEGACY, Kind.HDF5)
CHECKPOINT_ROLES = (Role.CHECKPOINT, Role.STAGE1, Role.UNUSED)
CLIP_ROLES = (Role.VALIDATION, Role.TRAIN, Role.UNUSED)


def expand_folders(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The files among `paths` and in the folders among them, hidden ones left out, and notes on what was cut.

    Trees of clips are files like all others here; `surveying.survey` tells them apart.
    """
    files: list[Path] = []
    notes: list[str] = []
    for path in paths:
        found = survey(path)
        trees = [tree.folder / one.name for tree in found.trees for one in tree.files]
        files += sorted([*found.files, *trees])[:MOST_FILES]
        notes += found.notes
    return list(dict.fromkeys(files)), notes


def open_file(path: Path, *, cancel: CancelToken | None = None) -> OpenFile:
    """Open one file by its content, in this process. Problems are kept in the row; only `Cancelled` is raised.

    The program itself opens files through `workers.calling`, which does the same in a process of its own.
    """

    def read(file: MappedFile) -> tuple[MappedFile, Opened, tuple[WouldRun, ...]]:
        spool = Spool()
        opened, runs = read_file(file, Job(spool, cancel=cancel or CancelToken()))
        if isinstance(opened, Clips):
            opened = with_sources(opened, file, spool, lambda block, sink: decode_block(file, block, sink))
        return file, opened, runs

    return open_with(path, read)


def open_with(path: Path, read: Callable[[MappedFile], tuple[MappedFile, Opened, tuple[WouldRun, ...]]]) -> OpenFile:
    """Map a file, have it read, and write its row. Problems are kept in the row.

    Args:
        path: The file.
        read: Gives the file as it was read (unpacked, where it was packed), what it holds and what it would run.
    """
    try:
        file = MappedFile(path)
    except InspectorError as error:
        return OpenFile(_problem(path, 0, error), None, None)
    try:
        file, opened, runs = read(file)
    except InspectorError as error:
        return OpenFile(_problem(path, file.size, error), file, None)
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


def read_file(file: MappedFile, job: Job | None = None) -> tuple[Opened, tuple[WouldRun, ...]]:
    """What the file holds, and what an ordinary load of it would have run. Clips come without the bytes behind them.

    Raises:
        InspectorError: If the file is damaged or of no use.
        Cancelled: If the user cancelled.
    """
    try:
        opened, runs = _read_content(file, job or Job())
    except RecursionError:
        raise DataError(f"“{file.path.name}” is nested too deeply to read.") from None
    return (checked(opened) if isinstance(opened, Clips) else opened), runs


def _read_content(file: MappedFile, job: Job) -> tuple[Opened, tuple[WouldRun, ...]]:
    kind = sniff(file.view)
    if kind is Kind.PICKLE:
        return _open_pickle(file, job)
    if kind is Kind.JSON:
        return _open_json(file, job), ()
    if kind is Kind.TEXT:
        return _open_text(file, job), ()
    if kind in CLIP_KINDS or (kind in SHARED_KINDS and _may_hold_clips(file, kind)):
        clips = read_clips(file, kind, job)
        if clips is not None:
            return clips, ()
    if kind in CLIP_KINDS:
        return _no_clips(file, kind), ()
    checkpoint = open_checkpoint(file, cancel=job.cancel)
    return checkpoint, checkpoint.would_run


def _may_hold_clips(file: MappedFile, kind: Kind) -> bool:
    """False for an archive so damaged that the reader of checkpoints can say best what is wrong with it."""
    if kind is not Kind.ZIP:
        return True
    try:
        return bool(read_directory(file.view).members)
    except InspectorError:
        return False


def _no_clips(file: MappedFile, kind: Kind) -> Vocabulary:
    """A format that holds clips only, without any: an array of glosses is a vocabulary, anything else is refused."""
    vocabulary = npy_vocabulary(file) if kind is Kind.NPY else None
    if vocabulary is not None:
        return vocabulary
    raise DataError(
        f"“{file.path.name}” is {kind.value}, but holds no clips.",
        advice="A clip is an array of frames by features. Labels alone belong into one file with their features.",
    )


def _open_pickle(file: MappedFile, job: Job) -> tuple[Opened, tuple[WouldRun, ...]]:
    try:
        pickle = read_pickle(file.view, cancel=job.cancel)
    except InspectorError as error:
        raise UnreadableCheckpoint(
            f"“{file.path.name}” cannot be read. {error.sentence}", advice="Copy or download it again."
        ) from error
    clips = read_pickled_clips(file, pickle, job)
    if clips is not None:
        return clips, would_run(pickle)
    vocabulary = pickled_vocabulary(file, pickle)
    if vocabulary is not None and len(vocabulary.gloss_to_id) > 1:
        return vocabulary, would_run(pickle)
    checkpoint = open_checkpoint(file, cancel=job.cancel)
    return checkpoint, checkpoint.would_run


def _open_json(file: MappedFile, job: Job) -> Opened:
    held = load_json(file)
    if looks_like_notebook(held):
        return open_history(file)
    return json_clips(file, held, job) or read_vocabulary(file, held)


def _open_text(file: MappedFile, job: Job) -> Opened:
    clips = read_clips(file, Kind.TEXT, job)
    if clips is not None:
        return clips
    history = open_history(file)
    if history.epochs or history.stage1:
        return history
    head = bytes(file.view[:HEAD]).decode("utf-8", "replace")
    if looks_like_index(head):
        raise DataError(
            f"“{file.path.name}” lists clips and their glosses, but not their features.",
            advice="Drop the folder that it is in, together with the clips.",
        )
    vocabulary = text_vocabulary(file)
    if vocabulary is not None:
        return vocabulary
    raise DataError(
        f"“{file.path.name}” is text without any epoch of a training run.",
        advice="Drop the log or the notebook of the run.",
    )


def summary_of(opened: Opened) -> str:
    """What a file holds, in few words."""
    if isinstance(opened, Checkpoint):
        parameters = parameter_count(opened.tensors)
        return f"{parameters:,} parameters" if parameters else f"{len(opened.tensors)} tensors"
    if isinstance(opened, Clips):
        return "1 clip" if len(opened) == 1 else f"{len(opened):,} clips"
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
