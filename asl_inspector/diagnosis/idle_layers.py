"""Which layers could as well be drawn anew? (`inference.resetting` says how.)

Reading: a layer whose fresh starting weights leave the answers as they are carries next to nothing: the network is larger than
its task, or the layer was never trained beside shortcuts that pass it. Both also occur in sound networks (Zhang and others
2022 find them in deep ones), so it carries no weight, and what it says is a hint for a smaller network.

Threshold: nine answers in ten stay. Of 40 clips that leaves at most four that changed, where a layer that matters changes
most; 95 % limits of 36 of 40 begin at 77 %.

Source: Zhang, Bengio and Singer 2022, JMLR 23; diagnosis.md, C5.
"""

from __future__ import annotations

from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.inference.records import LayerResets

STAYS = 0.9
MOST_NAMED = 3


def ask(found: LayerResets | None) -> Answers:
    """The finding on layers; nothing where none was drawn anew."""
    if found is None or not found.layers:
        return Answers()
    idle = [one for one in found.layers if one.stay >= STAYS]
    facts: dict[str, Fact] = {
        "layers": [[one.name, one.stay, one.parameters] for one in found.layers],
        "clips": found.clips,
    }
    if not idle:
        least = max(found.layers, key=lambda one: one.stay)
        sentence = (
            f"Every layer matters: drawn anew, even the {least.name} leaves only {100 * least.stay:.0f} % of {found.clips} answers "
            "as they are."
        )
        return Answers((Finding("layers-matter", "idle_layers", "info", sentence, facts, "keys"),))
    names = ", ".join(f"the {one.name}" for one in idle[:MOST_NAMED])
    more = f" and {len(idle) - MOST_NAMED} more" if len(idle) > MOST_NAMED else ""
    layers = "layers carries" if len(idle) == 1 else "layers carry"
    sentence = (
        f"{len(idle)} of {len(found.layers)} {layers} next to nothing: drawn anew, {names}{more} "
        f"{'leaves' if len(idle) == 1 else 'leave'} {100 * min(one.stay for one in idle):.0f} % or more of {found.clips} answers "
        "as they are. A smaller network would do; it is no fault by itself."
    )
    return Answers((Finding("layers-idle", "idle_layers", "info", sentence, facts, "keys"),))
