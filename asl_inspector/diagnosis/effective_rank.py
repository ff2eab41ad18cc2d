"""In how many directions do the features spread, and what the layer that answers gets? (`inference.directions` says how.)

Reading: K glosses that a linear layer tells apart need room. Where the encoder's outputs spread in fewer than two directions while
the features spread in four and more, the encoder has collapsed whatever it was given; more clips or another head will not help.
A rank alone is no fault: few glosses need few directions, and features of one hand hang together. So it carries no weight.

Threshold: two directions are one circle of answers; four in the features leave no doubt that there was more to keep.

Source: Roy and Vetterli 2007; diagnosis.md, C5.
"""

from __future__ import annotations

from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.inference.records import EffectiveRank, EffectiveRanks

COLLAPSED = 2.0
PLENTY = 4.0


def ask(found: EffectiveRanks | None) -> Answers:
    """The finding on directions."""
    if found is None or found.features is None:
        return Answers()
    facts: dict[str, Fact] = {
        "features": found.features.value,
        "features_of": found.features.dims,
        "features_null_low": found.features.null_low,
        "frames": found.features.frames,
    }
    words = f"The features spread in {_directions(found.features)}"
    hidden = found.hidden
    if hidden is None:
        return Answers((Finding("effective-rank", "effective_rank", "info", f"{words}.", facts, "data"),))
    facts |= {"hidden": hidden.value, "hidden_of": hidden.dims, "hidden_null_low": hidden.null_low}
    both = f"{words}, and what the layer that answers gets in {_directions(hidden)}"
    if hidden.value < COLLAPSED and found.features.value >= PLENTY:
        sentence = f"{both}: the encoder makes nearly the same of everything that it is given."
        return Answers((Finding("hidden-collapsed", "effective_rank", "info", sentence, facts, "data"),))
    return Answers((Finding("effective-rank", "effective_rank", "info", f"{both}.", facts, "data"),))


def _directions(found: EffectiveRank) -> str:
    return f"{found.value:.1f} effective directions of {found.dims} ({found.null_low:.1f} if no two hung together)"
