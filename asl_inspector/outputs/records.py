"""What a run saved of its answers, as columns: scores of every class, or only the predicted gloss; or only labels.

Scores stay in the file where they lie there as they are, and are read in batches. N clips, T frames, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import DataError
from asl_inspector.inert_pickle.records import Buffer
from asl_inspector.mapped_file import forget_pages

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
NO_ID = -1
Meaning = Literal["scores", "predictions", "labels", "ids"]


@dataclass(frozen=True, slots=True)
class Marks:
    """One gloss a clip, by id, by name, or by both.

    Attributes:
        ids: (N,), `NO_ID` where there is none.
        names: (N,), None where there is none; empty where the file has no names at all.
    """

    ids: IntArray
    names: tuple[str | None, ...] = ()

    @property
    def has_ids(self) -> bool:
        """True where at least one clip has an id."""
        return bool((self.ids != NO_ID).any())

    def is_marked(self, index: int) -> bool:
        """True where clip `index` has an id or a name."""
        return bool(self.ids[index] != NO_ID) or bool(self.names and self.names[index] is not None)


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of all classes: of every clip, or of every frame.

    Attributes:
        starts: (N,), byte of each clip's first number in the file, or in `unpacked`.
        lengths: (N,), frames that are stored; 1 where a clip has one row of scores.
        classes: C.
        dtype: NumPy's short form.
        steps: Bytes from one frame to the next and from one class to the next.
        per_frame: True where the scores are of frames.
        unpacked: The numbers themselves where the file holds them packed or as text; empty otherwise.
        lengths_told: True where the file tells how many frames are real, or pads nothing.
        name: What the file calls them ("logits"), or an empty string.
    """

    starts: IntArray
    lengths: IntArray
    classes: int
    dtype: str
    steps: tuple[int, int]
    per_frame: bool
    unpacked: FloatArray = field(repr=False, default_factory=lambda: np.zeros(0, np.float32))
    lengths_told: bool = True
    name: str = ""

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class SavedOutputs:
    """Answers, labels or both, one a clip.

    Attributes:
        path: The file.
        form: How it is laid out, as the end of a sentence ("a dict of one array a clip").
        meaning: "ids" where the content does not tell predictions from labels.
        count: N.
        clip_ids: Names of the clips; empty where the file has none.
        scores: Scores, or None.
        predicted: Predicted glosses, or None.
        truth: True glosses, or None.
        class_names: Names of the C classes in order; empty where the file has none.
        notes: Sentences on what was odd or assumed.
        content: The file's bytes.
    """

    path: Path
    form: str
    meaning: Meaning
    count: int
    clip_ids: tuple[str, ...] = ()
    scores: Scores | None = None
    predicted: Marks | None = None
    truth: Marks | None = None
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    content: Buffer = field(repr=False, default=b"")

    def __len__(self) -> int:
        return self.count

    @property
    def answers(self) -> bool:
        """True where the file holds answers of a network, not labels alone."""
        return self.scores is not None or self.predicted is not None

    def forget(self, clips: IntArray, frames: int) -> None:
        """Take what was read of some clips out of memory again, where it lies in a mapped file and all in one place."""
        scores = self.scores
        if scores is None or scores.unpacked.size or not len(clips):
            return
        first, last = int(scores.starts[clips].min()), int(scores.starts[clips].max())
        size = frames * scores.steps[0] + scores.classes * scores.steps[1]
        if last + size - first <= 2 * len(clips) * size:
            forget_pages(self.content, first, last + size)

    def rows(self, clips: IntArray, frames: int) -> NDArray[np.generic]:
        """The scores of some clips, a view of the file where they lie evenly in it.

        Args:
            clips: (n,), which clips; every one of them has at least `frames` frames stored.
            frames: T.

        Returns:
            (n, T, C), of the file's own type.

        Raises:
            DataError: If the file ends before the numbers do.
        """
        scores = self.scores
        if scores is None:
            raise DataError(f"“{self.path.name}” holds no scores.")
        held: Buffer | FloatArray = scores.unpacked if scores.unpacked.size else self.content
        starts = scores.starts[clips]
        gaps = np.diff(starts)
        even = len(starts) < 2 or bool((gaps == gaps[0]).all())
        inner = (frames, scores.classes)
        try:
            if even:
                step = int(gaps[0]) if len(gaps) else 0
                return np.ndarray((len(starts), *inner), scores.dtype, held, int(starts[0]), (step, *scores.steps))
            found = np.empty((len(starts), *inner), scores.dtype)
            for row, start in enumerate(starts.tolist()):
                found[row] = np.ndarray(inner, scores.dtype, held, start, scores.steps)
        except (TypeError, ValueError):
            raise DataError(f"“{self.path.name}” is cut short.", advice="Copy it again.") from None
        return found
