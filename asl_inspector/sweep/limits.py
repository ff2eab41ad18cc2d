"""How sure a claim must be, and how often a difference should be found; apart, so that words of it need no library."""

from __future__ import annotations

ALPHA = 0.05
POWER = 0.80
