"""Which part of a file was taken for what, in words; and the user's correction of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Correction:
    """What the user says of a file's layout. None leaves a question to the program.

    Attributes:
        features: The key, column or dataset that holds the features.
        label: That of the gloss or its id.
        lengths: That of the frame counts.
        ids: That of the clips' names.
        split: That of the split.
        signer: That of the signer.
        time_axis: Which axis of a clip's array is time, counted from 0 without the axis of clips.
        padding: "keep" to read every frame of padded arrays, "trim" to leave out trailing frames that are all zero.
        label_is: "one" where text with spaces is a single gloss, "several" where spaces separate glosses.
    """

    features: str | None = None
    label: str | None = None
    lengths: str | None = None
    ids: str | None = None
    split: str | None = None
    signer: str | None = None
    time_axis: int | None = None
    padding: Literal["keep", "trim"] | None = None
    label_is: Literal["one", "several"] | None = None


NO_CORRECTION = Correction()


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """What was taken for what.

    Attributes:
        format: What kind of file this is, in words ("NumPy archive").
        layout: How clips lie in it, in words ("one entry a clip").
        features: The key, column or dataset of the features.
        label: That of the text or number that labels a clip; empty where there is none.
        lengths: That of the frame counts; empty where the arrays have the clips' lengths.
        ids: That of the names of clips; empty where they are keys, file names or numbers.
        split: That of the split.
        signer: That of the signer.
        time_axis: Which axis of a clip's array is time.
        width: Numbers a frame, or None where clips differ.
        available: What else the file has, as "name: type and shape", for a choice.
    """

    format: str
    layout: str
    features: str
    label: str = ""
    lengths: str = ""
    ids: str = ""
    split: str = ""
    signer: str = ""
    time_axis: int = 0
    width: int | None = None
    available: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The mapping in a line: "features: `keypoints`, label: `gloss`, 133 numbers a frame"."""
        named = (
            ("features", self.features),
            ("label", self.label),
            ("lengths", self.lengths),
            ("clip names", self.ids),
            ("split", self.split),
            ("signer", self.signer),
        )
        parts = [f"{what}: “{name}”" for what, name in named if name]
        if not self.label:
            parts.append("no label")
        if self.time_axis:
            parts.append(f"time is axis {self.time_axis}")
        parts.append(f"{self.width:,} numbers a frame" if self.width is not None else "clips differ in width")
        return f"{self.format}, {self.layout}; {', '.join(parts)}."
