"""Limits that questions share with the sentences that name them; no question, so the window may read them at once."""

from __future__ import annotations

MANY_EMPTY = 0.20  # share of clips without an answer from which blanks are a symptom
SHOWN = 0.05  # a corrected probability below it shows a difference between two files
