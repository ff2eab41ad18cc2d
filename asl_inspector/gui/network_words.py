"""Choices about a network in few words, and settings with and without them. No Qt here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from asl_inspector.case.records import Role
from asl_inspector.engine.messages import CaseView
from asl_inspector.inference.records import Settings
from asl_inspector.networks.records import Architecture, SettledBy

BLANK = "blank"
NO_BLANK = "none"
ORIGINS: dict[SettledBy, str] = {
    "assumed": "assumed",
    "names": "by its keys",
    "settings": "by its settings",
    "labels": "by the labels",
    "measured": "by trying",
    "you": "by hand",
}


def checkpoint_of(case: CaseView) -> Path | None:
    """The file whose network is run."""
    return next((row.path for row in case.files if row.role is Role.CHECKPOINT), None)


def by_hand(settings: Settings) -> dict[str, str]:
    """What the user said of the network, by the names of the choices."""
    told = dict(settings.choices)
    if settings.blank is not None:
        told[BLANK] = NO_BLANK if settings.blank < 0 else str(settings.blank)
    return told


def with_choices(settings: Settings, told: dict[str, str]) -> Settings:
    """The settings with these answers about the network, and no others."""
    blank = told.get(BLANK)
    index = None if blank is None else -1 if blank == NO_BLANK else int(blank)
    return replace(settings, blank=index, choices=tuple((name, one) for name, one in told.items() if name != BLANK))


def for_checkpoint(settings: Settings, told_of: Path | None, case: CaseView) -> Settings:
    """The settings for a case: what was said of another file's network says nothing of this one's."""
    return settings if told_of == checkpoint_of(case) else with_choices(settings, {})


def in_few_words(network: Architecture) -> str:
    """What is assumed about a network and what was chosen by hand, in one line."""
    parts = []
    for title, origin in (("By hand", "you"), ("Assumed", "assumed"), ("Found by trying", "measured")):
        found = [f"{choice.name} {choice.value}" for choice in network.choices if choice.settled_by == origin]
        if found:
            parts.append(f"{title}: {', '.join(found)}.")
    return " ".join(parts) or "Everything about it is told by its keys, its settings or the labels."
