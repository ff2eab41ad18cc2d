"""What the outputs at hand show already, as a sentence; apart, so that the window may read it at once."""

from __future__ import annotations

from asl_inspector.diagnosis.records import Counterfactual


def scored_words(cause: str, found: Counterfactual) -> str:
    """What the outputs at hand show already."""
    now, then = f"{100 * found.accuracy_now:.1f} %", f"{100 * found.accuracy_if_fixed:.1f} %"
    limits = f"(95 %: {100 * found.low:.0f} to {100 * found.high:.0f})"
    if cause == "validation-leak":
        return f"Expect {then} {limits} instead of {now}: the figure falls, and becomes honest."
    return (
        f"Expect {then} {limits} instead of {now}, as the outputs at hand already show; another training may give more."
    )
