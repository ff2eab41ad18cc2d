"""The word error rate of continuous clips as a figure."""

from __future__ import annotations

from asl_inspector.diagnosis.continuous_records import ContinuousMeasures
from asl_inspector.gui.widgets import Tile


def show_word_errors(tile: Tile, found: ContinuousMeasures | None, title: str) -> None:
    """Put the rate with its three kinds of edit into a tile; leave it alone where clips have one gloss each."""
    rate = found.total.rate if found is not None else None
    if found is None or rate is None:
        return
    total = found.total
    note = f"{found.decoder}: {total.substitutions:,} S, {total.deletions:,} D, {total.insertions:,} I in {total.glosses:,} glosses"
    tile.show_figure(f"{100 * rate:.1f} %", note, title=title)
