"""Reports without folders: a path is shown by the name of its file, so that it tells nothing of its owner.

The paths of the case are known and replaced wherever they occur. Other absolute paths, such as a data folder among the
settings of a checkpoint, are recognised by their look. Rather too much is taken for a path than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.visible_text import visible

LEFT_OUT = "…"
COMPONENT = r"[^\s/\\\"'“”‘’<>|:;,()\[\]{}`*?$#=]"
HOMES = r"/(?:home|Users|root)/[^/\n\"”]{1,64}/(?:[^/\n\"“”<>|:;,]{1,64}/)*"  # user names may hold spaces
POSIX = re.compile(rf"(?<![\w/.<…])(?:file://)?(?:{HOMES}|~[\w.-]*/(?:{COMPONENT}+/)*|/(?:{COMPONENT}+/)+)")
WINDOWS = re.compile(r"(?<![\w])(?:[A-Za-z]:[\\/]+|\\\\[^\\/\s]+[\\/])(?:[^\\/:*?\"<>|\n“”]{1,100}[\\/]+)*")
Paths = Iterable[Path]


class Anonymiser:
    """Takes folders out of texts and of plain data.

    Args:
        paths: Files whose paths are known.
    """

    def __init__(self, paths: Paths = ()) -> None:
        known: dict[str, str] = {}
        for path in paths:
            known |= {str(path): path.name, path.as_uri() if path.is_absolute() else str(path): path.name}
            for folder in path.parents:
                if len(folder.parts) > 1:
                    known |= {f"{folder}{end}": f"{LEFT_OUT}{end}" for end in ("/", "\\", "")}
        known |= {visible(path): visible(name) for path, name in known.items()}
        longest = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(path) for path in longest)) if longest else None
        self._names = known

    def text(self, text: str) -> str:
        """`text` with every path cut down to the name of its file."""
        shown = self._known.sub(lambda found: self._names[found[0]], text) if self._known is not None else text
        return POSIX.sub(f"{LEFT_OUT}/", WINDOWS.sub(f"{LEFT_OUT}/", shown))

    def tree(self, value: Json) -> Json:
        """The same with every text in it cut down, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.tree(held) for key, held in value.items()}
        if isinstance(value, Sequence):
            return [self.tree(held) for held in value]
        return value

    def document(self, document: Mapping[str, Json]) -> dict[str, Json]:
        """A document or another mapping cut down; its own keys stay."""
        return {key: self.tree(held) for key, held in document.items()}


def anonymiser_of(inspected: Inspected) -> Anonymiser:
    """One that knows the files of a case."""
    return Anonymiser(one.row.path for one in inspected.case.files)
