"""Clips that are a file each, in a folder a gloss: some of the files at a time, and all of them joined.

Arrays that lie plainly in their files stay there; what must be decoded is decoded again when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from asl_inspector.errors import DataError, InspectorError
from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.job import Job
from asl_inspector.samples.mapping import Correction, FieldMapping
from asl_inspector.samples.nodes import Sink
from asl_inspector.samples.npy import OBJECTS, read_header
from asl_inspector.samples.opening import decode_block, json_clips, load_json, read_clips
from asl_inspector.samples.openpose import ENDING, openpose_features, parse_frame
from asl_inspector.samples.placing import joined_places
from asl_inspector.samples.records import (
    BLOCK,
    SPOOL,
    THE_FILE,
    UNLABELLED,
    Block,
    Clips,
    FeaturePlace,
    FloatArray,
    Landmarks,
    Places,
)
from asl_inspector.sniffing import Kind, sniff

PIECE = 8 << 20
Mapped = Mapping[str, MappedFile | InspectorError]


@dataclass(frozen=True, slots=True)
class FolderBatch:
    """What some files of a folder hold.

    Attributes:
        names: The files that are one clip each, or of several frames the folder of the clip; in the order of `clips`.
        clips: Those clips, their places relative to the folder; None where there are none.
        refused: Files that cannot be read, with a sentence.
        others: Files that hold something else.
    """

    names: tuple[str, ...]
    clips: Clips | None
    refused: tuple[tuple[str, str], ...] = ()
    others: tuple[str, ...] = ()


class _Discard:
    """A sink for numbers that will be decoded again when they are asked for."""

    def __init__(self) -> None:
        self.size = 0

    def put(self, block: bytes | memoryview) -> int:
        start = self.size
        self.size += len(block)
        return start

    def align(self) -> int:
        return self.size


@dataclass(slots=True)
class _One:
    """One clip as a row."""

    name: str
    place: FeaturePlace
    gloss: str | None = None
    gloss_id: int = UNLABELLED
    split: str | None = None
    signer: str | None = None
    landmarks: Landmarks | None = None
    mapping: FieldMapping | None = None
    notes: tuple[str, ...] = ()
    block: Block | None = None
    targets: tuple[str, ...] = ()
    target_ids: tuple[int, ...] = ()
    rate: float | None = None


def read_files(mapped: Mapped, sink: Sink, correction: Correction) -> FolderBatch:
    """The clips of some files, each of them one clip; frames of OpenPose are one clip a folder.

    Args:
        mapped: The files by their names in the folder, or why they could not be opened.
        sink: Takes numbers that are kept, which are those of clips of many small files.
        correction: What the user said of the layout of a file.
    """
    rows: list[_One] = []
    refused: list[tuple[str, str]] = []
    others: list[str] = []
    frames: dict[str, list[tuple[str, MappedFile]]] = {}
    for name, file in mapped.items():
        if isinstance(file, InspectorError):
            refused.append((name, file.sentence))
        elif name.endswith(ENDING):
            frames.setdefault(PurePosixPath(name).parent.as_posix(), []).append((name, file))
        else:
            try:
                row = _row(name, file, correction)
            except InspectorError as error:
                refused.append((name, error.sentence))
                continue
            if row is None:
                others.append(name)
            else:
                rows.append(row)
    for folder, members in frames.items():
        try:
            rows.append(_of_frames(folder, members, sink))
        except InspectorError as error:
            refused.append((folder, error.sentence))
    clips = _clips(rows) if rows else None
    return FolderBatch(tuple(row.name for row in rows), clips, tuple(refused), tuple(others))


def _row(name: str, file: MappedFile, correction: Correction) -> _One | None:
    """The one clip of a file, or None where it holds another number of clips, or something else."""
    kind = sniff(file.view)
    if kind is Kind.NPY and correction.time_axis is None and (place := _plain_npy(name, file)) is not None:
        return _One(name, place, mapping=_npy_mapping(place))
    if kind is Kind.PARQUET and (row := _islr(name, file)) is not None:
        return row
    clips = _read(file, kind, correction)
    if clips is None or len(clips) != 1:
        return None
    places = clips.places
    frames, width = int(clips.lengths[0]), int(places.widths[0])
    part = places.part_names[places.parts[0]]
    if part == THE_FILE:
        outer, inner = (int(size) for size in places.inner[0])
        first, second, third = (int(step) for step in places.steps[0])
        kind_of_numbers = places.dtypes[places.kinds[0]]
        place = FeaturePlace(
            int(places.starts[0]),
            (frames, width),
            kind_of_numbers,
            part=name,
            inner=(outer, inner),
            steps=(first, second, third),
            mask=int(places.masks[0, 0]),
            mask_step=int(places.masks[0, 1]),
        )
        block = None
    else:
        place, block = _decoded_place(name, frames, width)
    return _One(
        name,
        place,
        gloss=clips.glosses[0],
        gloss_id=int(clips.gloss_ids[0]),
        split=clips.splits[0],
        signer=clips.signers[0] if clips.signers else None,
        landmarks=clips.landmarks,
        mapping=clips.mapping,
        notes=clips.notes,
        block=block,
        targets=clips.targets[0] if clips.targets else (),
        target_ids=clips.target_ids[0] if clips.target_ids else (),
        rate=clips.rates[0] if clips.rates else None,
    )


def _read(file: MappedFile, kind: Kind, correction: Correction) -> Clips | None:
    job = Job(_Discard(), correction)
    return json_clips(file, load_json(file), job) if kind is Kind.JSON else read_clips(file, kind, job)


def _decoded_place(name: str, frames: int, width: int) -> tuple[FeaturePlace, Block]:
    """A place in a block of its own; the number of the block is filled in when all rows are known."""
    return FeaturePlace(0, (frames, width), "<f4", part=BLOCK), Block("files", (name,), 0, -1, frames * width * 4)


def _plain_npy(name: str, file: MappedFile) -> FeaturePlace | None:
    """The commonest file, in the shortest way: frames by numbers."""
    header = read_header(file.view, name)
    if header.dtype == OBJECTS or np.dtype(header.dtype).kind not in "fiu" or len(header.shape) not in (2, 3):
        return None
    if len(header.shape) == 3 and (header.fortran or not header.shape[2] <= 4 < header.shape[1]):
        return None
    if header.size + header.bytes > file.size:
        raise DataError(f"“{name}” is cut short.", advice="Copy or download it again.")
    frames, *inner = header.shape
    sizes = (inner[0], inner[1]) if len(inner) == 2 else (1, inner[0])
    shape = (frames, sizes[0] * sizes[1])
    return FeaturePlace(header.size, shape, header.dtype, header.fortran, part=name, inner=sizes)


def _npy_mapping(place: FeaturePlace) -> FieldMapping:
    return FieldMapping("NumPy array", "one clip", "the array", width=place.shape[1], available=("the array",))


def _islr(name: str, file: MappedFile) -> _One | None:
    """A clip of Google's data, by its count of rows alone; the rows themselves are checked when they are decoded."""
    from asl_inspector.samples.arrow import open_table
    from asl_inspector.samples.islr import is_islr, islr_shape

    table = open_table(file)
    if not is_islr(table):
        return None
    frames, width, landmarks = islr_shape(table)
    place, block = _decoded_place(name, frames, width)
    mapping = FieldMapping("Parquet table of landmarks", "one row a landmark, one clip", "x, y, z", width=width)
    return _One(name, place, landmarks=landmarks, mapping=mapping, block=block)


def _of_frames(folder: str, members: list[tuple[str, MappedFile]], sink: Sink) -> _One:
    """A clip whose frames are a file each, in the order of their names; small files are unpacked at once."""
    ordered = sorted(members, key=lambda pair: pair[0])
    features, landmarks, crowded = openpose_features((parse_frame(file.view, name) for name, file in ordered), folder)
    start = sink.align()
    sink.put(np.ascontiguousarray(features).tobytes())
    place = FeaturePlace(start, (features.shape[0], features.shape[1]), "<f4", part=SPOOL)
    notes = (f"Several people are in {crowded:,} frames of “{folder}”; the first one is read.",) if crowded else ()
    mapping = FieldMapping("OpenPose JSON", "one file a frame", "x and y", width=features.shape[1])
    return _One(folder, place, landmarks=landmarks, mapping=mapping, notes=notes)


def _clips(rows: list[_One]) -> Clips:
    """Rows as columns; blocks are numbered."""
    blocks: list[Block] = []
    places: list[FeaturePlace] = []
    for row in rows:
        place = row.place
        if row.block is not None:
            place = replace(place, part=f"{BLOCK}{len(blocks)}")
            blocks.append(row.block)
        places.append(place)
    widths = {place.shape[1] for place in places if place.shape[0]}
    continuous = any(row.targets or row.target_ids for row in rows)
    return Clips(
        path=Path(),
        ids=tuple(PurePosixPath(row.name).with_suffix("").as_posix() for row in rows),
        glosses=tuple(row.gloss for row in rows),
        gloss_ids=fixed_counts(np.array([row.gloss_id for row in rows], np.int64)),
        splits=tuple(row.split for row in rows),
        lengths=fixed_counts(np.array([place.shape[0] for place in places], np.int64)),
        feature_count=widths.pop() if len(widths) == 1 else None,
        places=Places.of(places),
        content=b"",
        notes=tuple(dict.fromkeys(note for row in rows for note in row.notes))[:20],
        targets=tuple(row.targets for row in rows) if continuous else (),
        target_ids=tuple(row.target_ids for row in rows) if continuous else (),
        signers=tuple(row.signer for row in rows) if any(row.signer for row in rows) else (),
        mapping=rows[0].mapping,
        landmarks=next((row.landmarks for row in rows if row.landmarks is not None), None),
        blocks=tuple(blocks),
        rates=tuple(row.rate for row in rows) if any(row.rate for row in rows) else (),
    )


def decode_files(mapped: Mapped, block: Block, sink: Sink) -> None:
    """Write the numbers of the clips of some files to a sink, as float32.

    Raises:
        InspectorError: If one of them cannot be read.
    """
    for name in block.names:
        file = mapped[name]
        if isinstance(file, InspectorError):
            raise file
        features = _features(name, file)
        flat = np.ascontiguousarray(features, np.float32).reshape(-1)
        for start in range(0, len(flat), PIECE // 4):
            sink.put(flat[start : start + PIECE // 4].tobytes())


def _features(name: str, file: MappedFile) -> FloatArray:
    kind = sniff(file.view)
    if kind is Kind.PARQUET:
        from asl_inspector.samples.arrow import open_table
        from asl_inspector.samples.islr import is_islr, islr_features

        table = open_table(file)
        if is_islr(table):
            return islr_features(table)[0]
    kept = _Memory()
    job = Job(kept)
    clips = json_clips(file, load_json(file), job) if kind is Kind.JSON else read_clips(file, kind, job)
    if clips is None or len(clips) != 1:
        raise DataError(f"“{name}” no longer holds one clip.", advice="Open the folder again.")
    used = clips.places.part_names[clips.places.parts[0]]
    if used.startswith(BLOCK):
        decoded = _Memory()
        decode_block(file, clips.blocks[int(used.removeprefix(BLOCK))], decoded)
        return replace(clips, content={used: memoryview(decoded.content)}).features(0)
    return replace(clips, content={THE_FILE: file.view, SPOOL: memoryview(kept.content)}).features(0)


class _Memory:
    """A sink in memory, for the one clip of one file; a reading process can make no temporary file."""

    def __init__(self) -> None:
        self.content = bytearray()

    def put(self, block: bytes | memoryview) -> int:
        start = len(self.content)
        self.content += block
        return start

    def align(self) -> int:
        return len(self.content)


def join_batches(folder: Path, batches: Sequence[tuple[FolderBatch, int]]) -> Clips | None:
    """All clips of a folder.

    Args:
        folder: The folder.
        batches: What was read, each with the place in the spool where its numbers start.
    """
    held = [(batch.clips, base) for batch, base in batches if batch.clips is not None]
    if not held:
        return None
    tables: list[Places] = []
    blocks: list[Block] = []
    for clips, base in held:
        tables.append(_moved(clips.places, base, len(blocks)))
        blocks += clips.blocks
    every = [clips for clips, _ in held]
    first = every[0]
    lengths = fixed_counts(np.concatenate([clips.lengths for clips in every]))
    places = joined_places(tables)
    widths = set(places.widths[lengths > 0].tolist())
    width = widths.pop() if len(widths) == 1 else None
    continuous = any(clips.is_continuous for clips in every)
    signed = any(clips.signers for clips in every)
    return replace(
        first,
        path=folder,
        ids=tuple(one for clips in every for one in clips.ids),
        glosses=tuple(one for clips in every for one in clips.glosses),
        gloss_ids=fixed_counts(np.concatenate([clips.gloss_ids for clips in every])),
        splits=tuple(one for clips in every for one in clips.splits),
        lengths=lengths,
        feature_count=width,
        places=places,
        notes=tuple(dict.fromkeys(note for clips in every for note in clips.notes))[:20],
        targets=tuple(one for clips in every for one in clips.targets or ((),) * len(clips)) if continuous else (),
        target_ids=tuple(one for clips in every for one in clips.target_ids or ((),) * len(clips))
        if continuous
        else (),
        signers=tuple(one for clips in every for one in clips.signers or (None,) * len(clips)) if signed else (),
        mapping=replace(first.mapping, width=width) if first.mapping else None,
        blocks=tuple(blocks),
        rates=tuple(one for clips in every for one in clips.rates or (None,) * len(clips))
        if any(clips.rates for clips in every)
        else (),
    )


def _moved(places: Places, base: int, blocks: int) -> Places:
    """Places whose numbers start later in the spool, and whose blocks have higher numbers."""
    names = tuple(
        f"{BLOCK}{blocks + int(name.removeprefix(BLOCK))}" if name.startswith(BLOCK) else name
        for name in places.part_names
    )
    starts = places.starts
    if SPOOL in places.part_names:
        starts = fixed_counts(np.where(places.parts == places.part_names.index(SPOOL), starts + base, starts))
    return replace(places, starts=starts, part_names=names)
