"""The columns of the Samples panel where clips hold several glosses."""

from __future__ import annotations

import numpy as np

from asl_inspector.gui.panels.sample_filter import SampleTexts
from asl_inspector.gui.tables import Column
from asl_inspector.report.sample_table import SampleTable

WORDS = ("wrong", "right", "not run")
TONES = ("danger", "good", "muted")


def continuous_columns(samples: SampleTable, texts: SampleTexts) -> list[Column] | None:
    """One row a clip: signed, recognised and the edits between; None where clips have one gloss each."""
    found = samples.continuous
    if found is None:
        return None
    rows, heard = np.arange(len(samples)), texts.recognised
    ids, signed, recognised = samples.clip_ids, samples.glosses, found.recognised
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(samples.ran & (found.signed > 0), found.errors / found.signed, np.nan)
    state = np.where(~samples.ran, 2, np.where(samples.correct, 1, 0))
    blank = samples.blank_share
    columns = [
        Column("clip", rows, lambda i: ids[i], "Name of the clip", width=110, key=lambda: texts.clips.ranks),
        Column(
            "signed",
            rows,
            lambda i: signed[i],
            "Glosses that the file gives, in order",
            width=260,
            key=lambda: texts.glosses.ranks,
        ),
        Column(
            "recognised",
            rows,
            lambda i: recognised[i],
            "The greedy path of the network",
            width=260,
            key=(lambda: heard.ranks) if heard is not None else None,
        ),
    ]
    return [
        *columns,
        _counts("S", found.substitutions, samples, "Substitutions: glosses taken for another one"),
        _counts("D", found.deletions, samples, "Deletions: glosses signed and not recognised"),
        _counts("I", found.insertions, samples, "Insertions: glosses recognised and not signed"),
        Column(
            "WER",
            rate,
            lambda i: f"{100 * rate[i]:.0f} %" if np.isfinite(rate[i]) else "",
            "Edits over the glosses signed",
            numeric=True,
            width=64,
        ),
        Column(
            "result", state, lambda i: WORDS[state[i]], "Every gloss right", colour=lambda i: TONES[state[i]], width=70
        ),
        Column(
            "blank",
            blank,
            lambda i: f"{100 * blank[i]:.0f} %" if np.isfinite(blank[i]) else "",
            "Share of blank frames",
            numeric=True,
            width=60,
        ),
        Column(
            "frames", samples.lengths, lambda i: str(samples.lengths[i]), "Frames of the clip", numeric=True, width=70
        ),
    ]


def _counts(title: str, counts: np.ndarray, samples: SampleTable, tooltip: str) -> Column:
    return Column(title, counts, lambda i: str(counts[i]) if samples.ran[i] else "", tooltip, numeric=True, width=44)
