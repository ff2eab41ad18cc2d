"""What is asked of the what-if strip, and what it answers: frozen plain data that may cross to the window."""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.diagnosis.records import Accuracy

LOWEST_BIAS, HIGHEST_BIAS = -4.0, 10.0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is asked.

    Attributes:
        bias: Taken off the blank's logit.
        decoder: "majority", "first_token", "score", "beam", "mean_logit" or "max_over_time".
        mask_padding: False to count padded frames as well.
        remap: True to score by the ids that the network learned.
    """

    bias: float = 0.0
    decoder: str = "majority"
    mask_padding: bool = True
    remap: bool = False


@dataclass(frozen=True, slots=True)
class WhatIfFigures:
    """The answer.

    Attributes:
        asked: The question.
        accuracy: Over labelled clips, or None where none is labelled.
        blank_share: Of all frames that count, or None for a network without a blank.
        effective: Effective number of different answers, or None where all clips are empty.
        empty_share: Of the clips that ran.
        note: What could not be followed, as a sentence, or an empty string.
    """

    asked: WhatIf
    accuracy: Accuracy | None
    blank_share: float | None
    effective: float | None
    empty_share: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class WhatIfChoices:
    """What can be asked of these predictions.

    Attributes:
        decoders: The rules, the current one first among equals.
        blank: True where there is a blank to put a bias on.
        padding: True where padded frames can be counted.
        remap: True where other ids are known.
        refusal: Why nothing can be asked, or an empty string.
    """

    decoders: tuple[str, ...]
    blank: bool
    padding: bool
    remap: bool
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """What may be asked, and the figures; None where nothing may be."""

    choices: WhatIfChoices
    figures: WhatIfFigures | None
