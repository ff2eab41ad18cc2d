"""What is said of figures that are not of all clips, because a run was interrupted."""

from __future__ import annotations

from asl_inspector.report.contents import Inspected

GO_ON = "Run again to go on with the others: what was run is not run a second time."


def partial_words(inspected: Inspected) -> str:
    """How much was run, as sentences that begin with "Partial: "; empty where everything was."""
    told = []
    for scored in (inspected.validation, inspected.train):
        if scored is not None and not scored.predictions.complete:
            ran, clips = int(scored.predictions.ran.sum()), scored.clips
            told.append(f"{ran:,} of the {len(clips):,} clips of “{clips.path.name}” were run")
    if told:
        return f"Partial: {' and '.join(told)} before the inspection was interrupted; every figure is of these alone."
    if inspected.interrupted:
        return "Partial: the inspection was interrupted; what it had not yet looked at is missing from the result."
    return ""
