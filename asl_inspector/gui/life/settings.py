"""Settings of older versions, brought to this one's form step by step, before anything reads them.

The file says its version; the first builds wrote none, which is version 0. A step takes the file from one version to the
next and can be taken twice without harm. What a newer version wrote is left as it is: whoever reads a value checks it, and
does without it where it is of another form. Values that are no longer read stay, for the older version that may come back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QSettings

VERSION_KEY = "settings/version"
REPORT_CHOICES = ("letter", "summary", "anonymise")
log = logging.getLogger(__name__)


def bring_up_to_date(settings: QSettings) -> None:
    """Bring settings to the form of this version; those of a newer one are left alone."""
    found = version_of(settings)
    if found > VERSION:
        log.info("The settings are those of a newer version (%d, this one knows %d)", found, VERSION)
        return
    for step in STEPS[found:]:
        step(settings)
    if found < VERSION or not settings.contains(VERSION_KEY):
        settings.setValue(VERSION_KEY, VERSION)


def version_of(settings: QSettings) -> int:
    """The version that the file says; 0 where it says none, or nothing that is a version."""
    told = str(settings.value(VERSION_KEY, "0"))
    return int(told) if told.isdecimal() else 0


def yes(settings: QSettings, key: str) -> bool:
    """A value that is yes or no; no where it is neither."""
    return str(settings.value(key, "")).lower() == "true"


def _from_0(settings: QSettings) -> None:
    """Choices about reports were "yes" and "no"; everything that is yes or no is "true" or "false" now."""
    for name in REPORT_CHOICES:
        key = f"report/{name}"
        if settings.contains(key):
            settings.setValue(key, str(settings.value(key)).lower() in ("yes", "true"))


STEPS: tuple[Callable[[QSettings], None], ...] = (_from_0,)  # by the version that each starts from
VERSION = len(STEPS)
