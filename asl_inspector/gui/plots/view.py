"""Which part of an axis is shown: zooming about a number, moving along, never beyond the data."""

from __future__ import annotations

Span = tuple[float, float]  # from the first end of the axis to the second; the second may be the lower one


def zoomed(shown: Span, whole: Span, about: float, factor: float, least: float) -> Span | None:
    """`shown` made `factor` times as long, with `about` staying where it is on the screen.

    Args:
        shown: What is shown now.
        whole: What the data need.
        about: A number within `shown`.
        factor: Below 1 to look closer.
        least: How short the span may become, as a positive number.

    Returns:
        The new span, or None where all is shown.
    """
    length, most = abs(shown[1] - shown[0]), abs(whole[1] - whole[0])
    if not length or not most:
        return None
    new = max(length * factor, min(least, most))
    if new >= most * 0.999:
        return None
    share = new / length
    return kept((about + (shown[0] - about) * share, about + (shown[1] - about) * share), whole)


def kept(span: Span, whole: Span) -> Span:
    """`span` moved, not stretched, so that it lies within `whole`."""
    low, high = min(whole), max(whole)
    first, second = span
    shift = max(0.0, low - min(span)) - max(0.0, max(span) - high)
    return first + shift, second + shift


def moved(shown: Span, whole: Span, share: float) -> Span:
    """`shown` moved on by a share of its length."""
    step = (shown[1] - shown[0]) * share
    return kept((shown[0] + step, shown[1] + step), whole)
