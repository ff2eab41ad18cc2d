"""A file of clips becomes `Clips`, by content."""

from __future__ import annotations

from dataclasses import replace

from asl_inspector.bounded_json import BYTE_ORDER_MARK, DEEPEST_JSON, read_json, shortened
from asl_inspector.checkpoints.torch_zip import is_torch_zip
from asl_inspector.checkpoints.zip_directory import DEFLATED, STORED, ZipDirectory, read_directory
from asl_inspector.errors import DataError, InspectorError
from asl_inspector.inert_pickle.joblib_arrays import read_pickle_file
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.samples.gathering import Source, clips_in
from asl_inspector.samples.job import Job
from asl_inspector.samples.mapping import NO_CORRECTION, Correction
from asl_inspector.samples.nodes import Sink
from asl_inspector.samples.npy import is_npz, read_npy_clips, read_npz_clips
from asl_inspector.samples.openpose import looks_like_openpose, read_openpose_clips
from asl_inspector.samples.pickled import read_pickled_clips
from asl_inspector.samples.pose import read_pose_clips
from asl_inspector.samples.records import SPOOL, THE_FILE, Block, Clips
from asl_inspector.samples.sources import ClipSources, Decode
from asl_inspector.samples.spoter import looks_like_spoter, read_spoter_clips
from asl_inspector.samples.tensors import read_safetensors_clips, read_torch_legacy_clips, read_torch_zip_clips
from asl_inspector.samples.vocabulary import json_look
from asl_inspector.sniffing import Kind, sniff
from asl_inspector.spool import Spool

HEAD = 1 << 16
LARGEST_JSON = 256 << 20
WEIGHT_WORDS = (b".weight", b"state_dict", b"_parameters", b"running_mean")
NOT_CLIPS = {
    Kind.EMPTY: ("is empty.", "The download or the copy failed; fetch it again."),
    Kind.LFS_POINTER: ("is only a Git-LFS pointer.", "Run `git lfs pull` in the repository it came from."),
    Kind.HTML: ("is a web page: the download saved an error page.", "Download the file itself."),
}
WHAT_CAN_BE_READ = "Drop a feature cache, an array, a table, or a folder of clips."


def read_clips(file: MappedFile, kind: Kind, job: Job) -> Clips | None:
    """The clips of a file, whose numbers are still where `places` says; None where it holds something else.

    Raises:
        InspectorError: If the file is damaged.
        Cancelled: If the user cancelled.
    """
    match kind:
        case Kind.PICKLE:
            return read_pickled_clips(file, read_pickle_file(file.view, cancel=job.cancel), job)
        case Kind.NPY:
            return read_npy_clips(file, job)
        case Kind.ZIP:
            return _of_zip(file, job)
        case Kind.SAFETENSORS:
            return read_safetensors_clips(file, job)
        case Kind.TORCH_LEGACY:
            return None if _mentions_weights(file.view[:HEAD]) else read_torch_legacy_clips(file, job)
        case Kind.POSE:
            return read_pose_clips(file, job)
        case Kind.HDF5:
            from asl_inspector.samples.hdf5 import read_hdf5_clips

            return read_hdf5_clips(file, job)
        case Kind.PARQUET | Kind.ARROW:
            from asl_inspector.samples.tables import read_table_clips

            return read_table_clips(file, job)
        case Kind.JSON:
            return json_clips(file, load_json(file), job)
        case Kind.TEXT:
            head = bytes(file.view[:HEAD]).decode("utf-8", "replace")
            return read_spoter_clips(file, job) if looks_like_spoter(head) else None
    return None


def _of_zip(file: MappedFile, job: Job) -> Clips | None:
    directory = read_directory(file.view)
    if is_npz(directory):
        return read_npz_clips(file, directory, job)
    if is_torch_zip(directory) and not _saves_a_network(directory):
        return read_torch_zip_clips(file, directory, job)
    return None


def _saves_a_network(directory: ZipDirectory) -> bool:
    """True where the stream names weights early on: then it need not be read twice."""
    member = next(held for name, held in directory.members.items() if name.endswith("data.pkl"))
    if member.method == STORED:
        start = directory.data_offset(member)
        return _mentions_weights(memoryview(directory.content)[start : start + min(member.size, HEAD)])
    return member.method == DEFLATED and _mentions_weights(directory.read(member)[:HEAD])


def _mentions_weights(head: memoryview) -> bool:
    content = bytes(head)
    return any(word in content for word in WEIGHT_WORDS)


def load_json(file: MappedFile) -> object:
    """The JSON of a file.

    Raises:
        DataError: If it is none, or too large.
    """
    if file.size > LARGEST_JSON:
        raise DataError(f"“{file.path.name}” has {file.size >> 20} MB of JSON and is neither vocabulary nor notebook.")
    try:
        return read_json(bytes(file.view).removeprefix(BYTE_ORDER_MARK), deepest=DEEPEST_JSON, with_constants=True)
    except ValueError as error:
        raise DataError(f"“{file.path.name}” is no valid JSON.", detail=f"It {shortened(error)}.") from None


def json_clips(file: MappedFile, held: object, job: Job) -> Clips | None:
    """The clips in JSON: frames of OpenPose, or nested lists of numbers; None where there are none."""
    if looks_like_openpose(held) or (isinstance(held, list) and held and looks_like_openpose(held[0])):
        return read_openpose_clips(file, held, job)
    return clips_in(Source(file.path, "JSON", json_look(held), json_look, job))


def decode_block(file: MappedFile, block: Block, sink: Sink) -> None:
    """Write the numbers of a block to a sink.

    Raises:
        DataError: If they cannot be decoded.
    """
    if block.kind == "hdf5":
        from asl_inspector.samples.hdf5 import decode_hdf5

        decode_hdf5(file, block, sink)
    elif block.kind == "arrow":
        from asl_inspector.samples.arrow import decode_arrow

        decode_arrow(file, block, sink)
    else:
        raise DataError(f"“{file.path.name}” cannot be unpacked in parts.")


def with_sources(clips: Clips, file: MappedFile, spool: Spool, decode: Decode) -> Clips:
    """The clips with the bytes that their places refer to."""
    if set(clips.places.part_names) <= {THE_FILE}:
        return replace(clips, content=file.view)
    used = spool if SPOOL in clips.places.part_names else None
    return replace(clips, content=ClipSources(file.view, used, clips.blocks, decode))


def open_clips(file: MappedFile, *, correction: Correction = NO_CORRECTION) -> Clips:
    """Read clips with their labels in this process; features stay in the file where they can.

    The program itself reads files through `workers.calling`, which does the same in a process of its own.

    Raises:
        DataError: If the file is no collection of clips, or holds none.
    """
    kind = sniff(file.view)
    spool = Spool()
    job = Job(spool, correction, CancelToken())
    if kind in NOT_CLIPS:
        what, advice = NOT_CLIPS[kind]
        raise DataError(f"“{file.path.name}” {what}", advice=advice)
    try:
        clips = read_clips(file, kind, job)
    except DataError:
        raise
    except InspectorError as error:
        raise DataError(
            f"“{file.path.name}” cannot be read as clips. {error.sentence}",
            advice="Copy or download it again.",
            detail=error.detail,
        ) from error
    if clips is None:
        raise DataError(f"“{file.path.name}” is {kind.value}, but holds no clips.", advice=WHAT_CAN_BE_READ)
    return with_sources(checked(clips), file, spool, lambda block, sink: decode_block(file, block, sink))


def checked(clips: Clips) -> Clips:
    """The clips, where there are some.

    Raises:
        DataError: If there is none.
    """
    if not len(clips):
        raise DataError(f"“{clips.path.name}” holds no clips.", advice="Run the feature extraction again.")
    return clips
