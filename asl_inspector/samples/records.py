"""Clips with labels, as columns.

One row a clip. The features stay in the file, or in what a reader unpacked from it, and are read when a clip is asked
for. N clips, T frames, F numbers a frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.mapped_file import Content
from asl_inspector.samples.mapping import FieldMapping

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
UNLABELLED = -1
MOST_NUMBERS = 1 << 28  # of one clip: a gigabyte
THE_FILE = ""  # the part that is the file itself
SPOOL = "\0spool"  # the part that is what the reader unpacked; no file can have this name
BLOCK = "\0block "  # followed by a number: decoded when it is first asked for
BFLOAT16 = "bfloat16"  # the one type of numbers here that NumPy does not know


@dataclass(frozen=True, slots=True)
class FeaturePlace:
    """Where one clip's features lie.

    Attributes:
        start: Byte of the first number in its part.
        shape: (T, F).
        dtype: NumPy's short form, or "bfloat16".
        fortran: True where the frames vary fastest.
        part: The file itself, a file of a folder, the unpacked numbers, or a block that is decoded on demand.
        inner: F as a product of two sizes, landmarks by coordinates, where they are known; else (1, F).
        steps: Bytes from one frame, landmark, coordinate to the next; None where all lie without gaps.
        mask: Byte of the (T, landmarks) float32 confidences, zero where a landmark is missing; -1 where there are none.
        mask_step: Bytes from one frame's confidences to the next one's.
    """

    start: int
    shape: tuple[int, int]
    dtype: str
    fortran: bool = False
    part: str = THE_FILE
    inner: tuple[int, int] | None = None
    steps: tuple[int, int, int] | None = None
    mask: int = -1
    mask_step: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the features of N clips lie, as columns.

    Attributes:
        starts: (N,), byte of the first number.
        inner: (N, 2), landmarks and coordinates; their product is F.
        steps: (N, 3), bytes from frame to frame, landmark to landmark, coordinate to coordinate.
        masks: (N, 2), byte of the confidences, or -1, and the bytes from frame to frame.
        parts: (N,), index into `part_names`.
        kinds: (N,), index into `dtypes`.
        part_names: See `FeaturePlace.part`.
        dtypes: See `FeaturePlace.dtype`.
    """

    starts: IntArray
    inner: IntArray
    steps: IntArray
    masks: IntArray
    parts: IntArray
    kinds: IntArray
    part_names: tuple[str, ...]
    dtypes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @classmethod
    def of(cls, places: Iterable[FeaturePlace]) -> Places:
        """Columns from rows."""
        names: dict[str, int] = {}
        kinds: dict[str, int] = {}
        rows: list[tuple[int, ...]] = []
        for place in places:
            inner = place.inner or (1, place.shape[1])
            rows.append(
                (
                    place.start,
                    *inner,
                    *(place.steps or _dense_steps(place, inner)),
                    place.mask,
                    place.mask_step,
                    names.setdefault(place.part, len(names)),
                    kinds.setdefault(place.dtype, len(kinds)),
                )
            )
        table = np.array(rows, dtype=np.int64).reshape(len(rows), 10)
        return cls(
            starts=fixed_counts(table[:, 0]),
            inner=fixed_counts(table[:, 1:3]),
            steps=fixed_counts(table[:, 3:6]),
            masks=fixed_counts(table[:, 6:8]),
            parts=fixed_counts(table[:, 8]),
            kinds=fixed_counts(table[:, 9]),
            part_names=tuple(names),
            dtypes=tuple(kinds),
        )

    @property
    def widths(self) -> IntArray:
        """(N,), numbers a frame."""
        return self.inner[:, 0] * self.inner[:, 1]


def _dense_steps(place: FeaturePlace, inner: tuple[int, int]) -> tuple[int, int, int]:
    size = 2 if place.dtype == BFLOAT16 else np.dtype(place.dtype).itemsize
    if place.fortran:
        return size, size * place.shape[0], size * place.shape[0] * inner[0]
    return size * place.shape[1], size * inner[1], size


@dataclass(frozen=True, slots=True)
class Block:
    """Numbers that a reader decodes when they are first asked for.

    Attributes:
        kind: What decodes it: "hdf5", "arrow" or "files".
        names: What is decoded, one after the other: datasets, columns, or files of a folder.
        start: First row of it.
        stop: Row after the last, or -1 for all.
        bytes: Size once decoded.
    """

    kind: str
    names: tuple[str, ...]
    start: int
    stop: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LandmarkGroup:
    """Neighbouring landmarks of one part of the body.

    Attributes:
        part: "pose", "face", "left hand", "right hand", or another word.
        start: Index of the group's first number in a frame.
        joints: Their names in order.
        dims: Numbers for each landmark.
        bones: Pairs of places in `joints` that a line joins, where the file itself tells them; else empty.
    """

    part: str
    start: int
    joints: tuple[str, ...]
    dims: int
    bones: tuple[tuple[int, int], ...] = ()

    @property
    def stop(self) -> int:
        """Index after the group's last number."""
        return self.start + len(self.joints) * self.dims


@dataclass(frozen=True, slots=True)
class Landmarks:
    """What the numbers of a frame are, where they are landmarks of a known layout.

    Attributes:
        layout: "MediaPipe Holistic", "OpenPose", ...
        groups: In the order of the numbers.
        why: How this is known, as a sentence.
        axes: Names of a landmark's numbers ("xyz"); empty where they are not known.
        interleaved: False where all x come first, then all y: then a landmark's numbers are `points` apart.
        sides_assumed: True where nothing tells which of two hands is the left one.
    """

    layout: str
    groups: tuple[LandmarkGroup, ...]
    why: str
    axes: str = ""
    interleaved: bool = True
    sides_assumed: bool = False

    @property
    def points(self) -> int:
        """Landmarks in a frame."""
        return sum(len(group.joints) for group in self.groups)

    @property
    def width(self) -> int:
        """Numbers in a frame."""
        return max((group.stop for group in self.groups), default=0)

    def columns_of(self, group: LandmarkGroup) -> NDArray[np.intp]:
        """The indices of a group's numbers in a frame."""
        if self.interleaved:
            return np.arange(group.start, group.stop)
        first = group.start // group.dims
        places = np.arange(first, first + len(group.joints))
        return (np.arange(group.dims)[:, None] * self.points + places).reshape(-1)


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips of one file or one folder.

    Attributes:
        path: The file or the folder.
        ids: One name a clip.
        glosses: True gloss as text, or None where the file has none, or several.
        gloss_ids: (N,), true id; `UNLABELLED` where the file has none, or several.
        splits: What the file says of the split, or None.
        lengths: (N,), frames.
        feature_count: Numbers a frame, or None where the clips differ.
        places: Where the features are.
        content: The bytes that `places` refer to.
        notes: Sentences on what was odd.
        targets: Continuous signing: the glosses of each clip in order; empty where every clip has one gloss.
        target_ids: The same as ids; empty where the file has none.
        signers: Who signs, or None; empty where the file says nothing.
        mapping: What was taken for what.
        landmarks: What the numbers are, or None where that is unknown.
        blocks: What is decoded on demand.
        rates: Frames a second of each clip, or None; empty where the file says nothing.
    """

    path: Path
    ids: tuple[str, ...]
    glosses: tuple[str | None, ...]
    gloss_ids: IntArray
    splits: tuple[str | None, ...]
    lengths: IntArray
    feature_count: int | None
    places: Places
    content: Content = field(repr=False)
    notes: tuple[str, ...] = ()
    targets: tuple[tuple[str, ...], ...] = ()
    target_ids: tuple[tuple[int, ...], ...] = ()
    signers: tuple[str | None, ...] = ()
    mapping: FieldMapping | None = None
    landmarks: Landmarks | None = None
    blocks: tuple[Block, ...] = ()
    rates: tuple[float | None, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def has_labels(self) -> bool:
        """True where any clip says what is signed."""
        return (
            any(self.glosses) or bool((self.gloss_ids != UNLABELLED).any()) or any(self.targets) or any(self.target_ids)
        )

    def features(self, index: int) -> FloatArray:
        """Features of one clip.

        Returns:
            (T, F), float32.

        Raises:
            DataError: If the numbers are cut short, or cannot be decoded.
        """
        places = self.places
        frames, (outer, inner) = int(self.lengths[index]), places.inner[index].tolist()
        if not frames * outer * inner:
            return np.zeros((frames, outer * inner), np.float32)
        held = self.content
        if isinstance(held, Mapping):
            held = held[places.part_names[places.parts[index]]]
        kind = places.dtypes[places.kinds[index]]
        if frames * outer * inner > MOST_NUMBERS:
            sentence = f"Clip “{self.ids[index]}” of “{self.path.name}” claims {frames * outer * inner:,} numbers."
            raise DataError(sentence, advice="The file is damaged; copy it again.")
        try:
            array: NDArray[np.generic] = np.ndarray(
                (frames, outer, inner),
                np.dtype("<u2" if kind == BFLOAT16 else kind),
                held,
                int(places.starts[index]),
                tuple(places.steps[index].tolist()),
            )
            mask, mask_step = places.masks[index].tolist()
            seen = np.ndarray((frames, outer), "<f4", held, mask, (mask_step, 4)) if mask >= 0 else None
        except (TypeError, ValueError):
            sentence = f"Clip “{self.ids[index]}” of “{self.path.name}” is cut short."
            raise DataError(sentence, advice="Copy it again.") from None
        if kind == BFLOAT16:
            array = (array.astype(np.uint32) << 16).view(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # beyond float32 becomes infinite, which is counted later
            flat = array.astype(np.float32, order="C", copy=True)
        if seen is not None:
            flat[seen == 0] = 0
        return flat.reshape(frames, outer * inner)

    @property
    def is_continuous(self) -> bool:
        """True where clips hold several glosses."""
        return bool(self.targets or self.target_ids)

    @property
    def names_to_ids(self) -> dict[str, set[int]]:
        """Every gloss name with all the ids it has in this file: one, where the file is consistent."""
        found: dict[str, set[int]] = {}
        for gloss, number in zip(self.glosses, self.gloss_ids.tolist(), strict=True):
            if gloss is not None and number != UNLABELLED:
                found.setdefault(gloss, set()).add(number)
        return found

    @property
    def gloss_count(self) -> int:
        """Different glosses, by name where there are names, else by id."""
        names = {gloss for gloss in self.glosses if gloss is not None}
        names.update(*self.targets)
        ids = set(self.gloss_ids.tolist()).union(*self.target_ids) - {UNLABELLED}
        return len(names) or len(ids)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Gloss names and ids as a file lists them.

    Attributes:
        path: The file.
        gloss_to_id: By name.
        id_to_gloss: By id.
        declared_size: `vocab_size` as the file states it, blank included, or None.
        notes: Sentences on what was odd.
    """

    path: Path
    gloss_to_id: Mapping[str, int]
    id_to_gloss: Mapping[int, str]
    declared_size: int | None
    notes: tuple[str, ...] = ()
