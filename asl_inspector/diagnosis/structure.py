"""Do the features of validation mean what those of training mean? (`data.structure` says how that is measured.)

Null: halves of one file are alike at 1 by construction of the measure. Files of one kind, other signers, few or hard clips
included, lay at 0.97 and more in the fitting part of the benchmark, a lost hand at 0.8 to 1, turned axes and exchanged
hands at 0.55 and less. Threshold: 0.7. It is critical only where turning some features brings both files to 0.85, for
then nothing but the sign can differ; features that hang together otherwise may also be those of other people doing
other things.

Pace: people differ in it. A quarter more speed changes the step between frames by 1.56 and the length by 1.25. Told where the
step differs by more than 1.4 times and the length by more than 1.57 times the other way, as a dropped frame rate does
both at once.
"""

from __future__ import annotations

import math

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import DataMeasures, StructureShift
from asl_inspector.diagnosis.findings import Answers, Fact, Finding

ALIKE = 0.7
PROVEN = 0.85
OTHER_PACE = math.log(1.4)
OTHER_LENGTH = math.log(1.57)


def hangs_together(data: DataMeasures | None) -> bool | None:
    """True where the features move together as in training, None where that is unknown."""
    found = data.structure if data is not None else None
    return None if found is None else found.alike >= ALIKE


def is_turned(found: StructureShift | None) -> bool:
    """True where some features have the opposite sign and nothing else differs."""
    return found is not None and bool(found.turned) and found.alike < ALIKE and found.alike_if_turned >= PROVEN


def ask(data: DataMeasures | None) -> Answers:
    """Findings on what the features mean."""
    found = data.structure if data is not None else None
    if found is None:
        return Answers()
    return Answers((_together(found), *_pace(found)))


def _together(found: StructureShift) -> Finding:
    facts: dict[str, Fact] = {
        "alike": found.alike,
        "alike_if_turned": found.alike_if_turned,
        "turned": list(found.turned),
        "features": found.features,
    }
    if is_turned(found):
        sentence = (
            f"In validation {column_words(found.turned)} have the opposite sign: features move together as in training "
            f"once they are turned (agreement {found.alike_if_turned:.2f} instead of {found.alike:.2f}; 1 is alike)."
        )
        return Finding("features-turned", "structure", "critical", sentence, facts, "data")
    if found.alike < ALIKE:
        sentence = (
            f"The features of validation do not move together as those of training do (agreement {found.alike:.2f}; 1 is "
            "alike): columns in another order, another extractor, or another kind of movement."
        )
        return Finding("features-mean-something-else", "structure", "warning", sentence, facts, "data")
    sentence = (
        f"The features of validation move together as those of training do (agreement {found.alike:.2f}; 1 is alike)."
    )
    return Finding("features-hang-together", "structure", "info", sentence, facts, "data")


def _pace(found: StructureShift) -> list[Finding]:
    if found.pace is None or found.pace <= 0 or found.length <= 0:
        return []
    pace, length = math.log(found.pace), math.log(found.length)
    if abs(pace) < OTHER_PACE or abs(length) < OTHER_LENGTH or pace * length > 0:
        return []
    facts: dict[str, Fact] = {"pace": found.pace, "length": found.length}
    more = "further" if pace > 0 else "less far"
    size = math.exp(abs(pace) / 2)  # of a step, not of its square
    lengths = f"1/{1 / found.length:.2g} of" if found.length < 1 else f"{found.length:.2g} times"
    sentence = (
        f"From frame to frame validation moves {size:.2g} times {more} than training, and its clips are {lengths} the length: "
        "so it looks when frames were left out, or the frame rate differs."
    )
    return [Finding("pace-differs", "structure", "warning", sentence, facts, "data")]
