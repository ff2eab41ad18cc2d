"""Files that a checkpoint names beside itself: opened once, by plain name only, or refused with a reason."""

from __future__ import annotations

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile

MOST_COMPANIONS = 4_096
MOST_NOTES = 20


class Companions:
    """The files that one file names, in its own folder.

    Attributes:
        opened: Files by name.
        refused: Why the others were not opened, by name, as a part of a sentence.
    """

    def __init__(self, file: MappedFile) -> None:
        self.file = file
        self.opened: dict[str, MappedFile] = {}
        self.refused: dict[str, str] = {}

    def find(self, name: str) -> MappedFile | None:
        """The file of that name, or None; `refused` then tells why."""
        if name in self.opened or name in self.refused:
            return self.opened.get(name)
        if len(self.opened) + len(self.refused) >= MOST_COMPANIONS:
            return None
        try:
            self.opened[name] = self.file.beside(name)
        except DataError as error:
            self.refused[name] = error.sentence.rstrip(".")
        return self.opened.get(name)

    def why_not(self, name: str) -> str:
        """Why a file was not opened, as a part of a sentence."""
        return self.refused.get(name, f"more than {MOST_COMPANIONS:,} files are named")

    def notes(self) -> list[str]:
        """A sentence for every file that was not opened, within reason."""
        sentences = [f"{why}." for why in self.refused.values()]
        more = len(sentences) - MOST_NOTES
        return sentences if more <= 0 else [*sentences[:MOST_NOTES], f"{more:,} more files were not opened either."]
