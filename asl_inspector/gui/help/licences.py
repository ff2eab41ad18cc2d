"""What the program is made of, and under which licences: asked of what is installed, never written down by hand. No Qt.

The program's own metadata names what it needs; what that needs is followed. Extras of others are not: nobody installed
them for this program. A self-contained build carries the same metadata (packaging/asl_inspector.spec).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageMetadata, PackageNotFoundError, distribution
from pathlib import Path

from asl_inspector.bundled_files import resources

PROGRAM = "asl-inspector"
EXTRAS = ("gui", "onnx")  # those that a user installs; "dev" is for those who change the program
NAME = re.compile(r"^[A-Za-z0-9][\w.-]*")
EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")
CLASSIFIER = "License :: OSI Approved :: "
FONT_LICENCES = (("SIL OPEN FONT LICENSE", "OFL-1.1"), ("Apache License, Version 2.0", "Apache-2.0"))
LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)[^/]*$", re.IGNORECASE)
SHORT = 90  # characters; a longer field is the licence's text
NO_TEXT = "Its package has no text of the licence; the name above says which it is."


@dataclass(frozen=True, slots=True)
class Component:
    """Something that the program is made of.

    Attributes:
        name: As its makers call it.
        version: Or an empty string.
        licence: Its name; an empty string where nothing tells it.
        told: The text of the licence, or where it is, where that is at hand.
    """

    name: str
    version: str
    licence: str
    told: str = ""


def components() -> tuple[Component, ...]:
    """The program, Python, the bundled fonts, and every package that is there and needed, by name."""
    found = [_of_package(one) for one in _needed()]
    python = Component("Python", platform.python_version(), "PSF-2.0", "https://docs.python.org/3/license.html")
    return tuple(sorted([*found, python, *_fonts()], key=lambda one: one.name.casefold()))


def _needed() -> Iterator[Distribution]:
    """The packages, the program's own first."""
    waiting, seen = [PROGRAM], set[str]()
    while waiting:
        name = waiting.pop(0)
        key = _normal(name)
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # an extra that was not wanted, or a package for another platform
        yield found
        waiting += _requirements(found, EXTRAS if key == PROGRAM else ())


def _requirements(found: Distribution, extras: tuple[str, ...]) -> list[str]:
    """Names of what a package needs, with these extras of it."""
    names = []
    for line in found.requires or []:
        requirement, _, marker = line.partition(";")
        extra, name = EXTRA.search(marker), NAME.match(requirement)
        if name is not None and (extra is None or extra[1] in extras):
            names.append(name[0])
    return names


def _of_package(found: Distribution) -> Component:
    told = found.metadata
    field = _told(told, "License")
    classifiers = [
        one.removeprefix(CLASSIFIER) for one in told.get_all("Classifier") or [] if one.startswith(CLASSIFIER)
    ]
    name = _told(told, "License-Expression") or (field if 0 < len(field) <= SHORT else "") or ", ".join(classifiers)
    return Component(told["Name"], found.version, name, field if len(field) > SHORT else "")


def _told(metadata: PackageMetadata, field: str) -> str:
    """A field, or an empty string where the metadata has it not."""
    return (metadata[field] or "").strip() if field in metadata else ""


def licence_text(component: Component) -> str:
    """The licence in full, as far as the package has it."""
    if component.told:
        return component.told
    site = Path(str(distribution(component.name).locate_file("")))
    folder = next((one for one in site.glob("*.dist-info") if _is_of(one.name, component.name)), None)
    inside = sorted(folder.rglob("*")) if folder is not None else []  # its list of files may have thousands of others
    found = [path for path in inside if LICENCE_FILE.search(path.name) and path.is_file()]
    return "\n\n".join(path.read_text(encoding="utf-8", errors="replace").strip() for path in found) or NO_TEXT


def _is_of(folder: str, name: str) -> bool:
    return _normal(folder.partition("-")[0]) == _normal(name)


def _normal(name: str) -> str:
    """The name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _fonts() -> Iterator[Component]:
    for path in sorted((resources() / "fonts").glob("*-LICENSE.txt")):
        text = path.read_text(encoding="utf-8")
        licence = next((name for words, name in FONT_LICENCES if words in text), "")
        yield Component(f"{path.name.removesuffix('-LICENSE.txt')} (font)", "", licence, text)
