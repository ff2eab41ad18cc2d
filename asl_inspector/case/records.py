"""What the researcher dropped, by role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from asl_inspector.checkpoints.records import Checkpoint, WouldRun
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile, MappedFolder, MappedParts
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.samples.records import Clips, Vocabulary

SAVED_CASE = "ASL Inspector case"  # what a case file calls itself
Opened = Checkpoint | Clips | Vocabulary | History | SavedOutputs


class Role(StrEnum):
    """What a file is for. The value is the word of the command line and of the JSON."""

    CHECKPOINT = "checkpoint"
    EPOCH = "epoch"
    VALIDATION = "val"
    TRAIN = "train"
    VOCABULARY = "vocabulary"
    STAGE1 = "stage1"
    HISTORY = "history"
    OUTPUTS = "outputs"
    LABELS = "labels"
    UNUSED = "unused"


SOLE_ROLES = (Role.CHECKPOINT, Role.VALIDATION, Role.TRAIN, Role.STAGE1, Role.OUTPUTS, Role.LABELS)  # one file each


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One file of a case, as it is shown and saved.

    Attributes:
        path: Where it is.
        role: What it is used for.
        why: Why it has that role, or why it has none, as a sentence.
        bytes: Size.
        summary: What is in it, in few words ("168 clips").
        choices: Roles that its content allows.
        problem: What is wrong with it, as a sentence, or an empty string.
        advice: What to do about the problem.
        would_run: What an ordinary load would have run.
        sha256: Hash of its content, or None until it is computed.
        chosen: True where the user chose the role.
        layout: Of clips: what was taken for what, as a sentence.
        notes: What was odd about it, as sentences.
    """

    path: Path
    role: Role
    why: str
    bytes: int
    summary: str = ""
    choices: tuple[Role, ...] = ()
    problem: str = ""
    advice: str = ""
    would_run: tuple[WouldRun, ...] = ()
    sha256: str | None = None
    chosen: bool = False
    layout: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file of a case together with what was read from it; `opened` is None where it could not be used."""

    row: CaseFile
    file: MappedFile | MappedParts | MappedFolder | None
    opened: Opened | None


@dataclass(frozen=True, slots=True)
class Case:
    """The files of one case, in the order in which they came.

    Attributes:
        files: The files.
        notes: Sentences on them.
        answered: The clips of saved outputs with their labels, which stand for validation clips where no file has any.
    """

    files: tuple[OpenFile, ...] = ()
    notes: tuple[str, ...] = ()
    answered: Clips | None = None

    def _of_role(self, role: Role) -> tuple[OpenFile, ...]:
        return tuple(one for one in self.files if one.row.role is role and one.opened is not None)

    def _first(self, role: Role) -> OpenFile | None:
        found = self._of_role(role)
        return found[0] if found else None

    @property
    def checkpoint(self) -> OpenFile | None:
        """The checkpoint to inspect."""
        return self._first(Role.CHECKPOINT)

    @property
    def epochs(self) -> tuple[OpenFile, ...]:
        """Other epochs of the inspected checkpoint's run."""
        return self._of_role(Role.EPOCH)

    @property
    def stage1(self) -> OpenFile | None:
        """The pre-trained checkpoint."""
        return self._first(Role.STAGE1)

    @property
    def validation(self) -> Clips | None:
        """The validation clips."""
        return self._clips(Role.VALIDATION) or self.answered

    @property
    def train(self) -> Clips | None:
        """The training clips."""
        return self._clips(Role.TRAIN)

    def _clips(self, role: Role) -> Clips | None:
        found = self._first(role)
        return found.opened if found is not None and isinstance(found.opened, Clips) else None

    @property
    def outputs(self) -> SavedOutputs | None:
        """What a run saved of its answers."""
        return self._saved(Role.OUTPUTS)

    @property
    def labels(self) -> SavedOutputs | None:
        """Labels by clip, in a file of their own."""
        from asl_inspector.outputs.building import read_as_labels  # the window needs these records and not that

        found = self._saved(Role.LABELS)
        return read_as_labels(found) if found is not None else None

    def _saved(self, role: Role) -> SavedOutputs | None:
        found = self._first(role)
        return found.opened if found is not None and isinstance(found.opened, SavedOutputs) else None

    @property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        """All vocabulary files."""
        return tuple(one.opened for one in self._of_role(Role.VOCABULARY) if isinstance(one.opened, Vocabulary))

    @property
    def histories(self) -> tuple[History, ...]:
        """All notebooks and logs."""
        return tuple(one.opened for one in self._of_role(Role.HISTORY) if isinstance(one.opened, History))

    def with_rows(self, change: Callable[[CaseFile], CaseFile]) -> Case:
        """The same case with every row replaced by `change(row)`."""
        return replace(self, files=tuple(replace(one, row=change(one.row)) for one in self.files))
