"""The use cases: open files, run the network, diagnose. The command line and the window call the same functions.

An `Inspector` holds one case. What it opened and predicted is kept, so that a file added later costs only what it
changes. Torch is imported when a network is first needed, not before.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asl_inspector.case.records import Case, OpenFile, Role
from asl_inspector.case.roles import assign
from asl_inspector.case.surveying import MOST_FILES, survey
from asl_inspector.checkpoints.comparing import Side, compare_weights
from asl_inspector.checkpoints.comparison_records import Comparison
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import InferenceError, InspectorError, UnreadableCheckpoint
from asl_inspector.history.records import History
from asl_inspector.inference.records import ClipDetail, Settings
from asl_inspector.mapped_file import missing
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.records import Clips
from asl_inspector.workers.calling import Readers, open_file
from asl_inspector.workers.folders import open_tree
from asl_inspector.workers.previewing import open_corrected

if TYPE_CHECKING:
    from asl_inspector.diagnosis.evidence import Evidence, Scored
    from asl_inspector.inference.predictions import Predictions
    from asl_inspector.inference.running import ClipSource
    from asl_inspector.networks.building import BuiltNetwork
    from asl_inspector.networks.records import Architecture
    from asl_inspector.report.contents import Inspected, Problem

HASH_BLOCK = 1 << 20
READERS_AT_ONCE = 2


class Inspector:
    """One case: its files, and what was computed from them."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.case = Case()
        self._readers = Readers()
        weakref.finalize(self, self._readers.close)
        self._opened: dict[Path, OpenFile] = {}
        self._asked: dict[Path, set[Path]] = {}  # what was added, with the rows that it gave
        self._chosen: dict[Path, Role] = {}
        self._notes: tuple[str, ...] = ()
        self._network: tuple[tuple[object, ...], BuiltNetwork] | None = None
        self._predictions: dict[tuple[object, ...], Predictions] = {}

    # -- files --------------------------------------------------------------------------------------------------

    def add(
        self,
        paths: Iterable[Path],
        chosen: Mapping[Path, Role] | None = None,
        *,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
    ) -> Case:
        """Open files and the files in folders, and give every file of the case its role.

        Raises:
            Cancelled: If `cancel` was set; the case is then unchanged.
        """
        cancel = cancel or CancelToken()
        fresh: dict[Path, OpenFile] = {}
        asked: dict[Path, set[Path]] = {}
        notes: list[str] = []
        for path in dict.fromkeys(path.absolute() for path in paths):
            found = survey(path, progress=progress, cancel=cancel)
            notes += found.notes
            files = list(found.files)
            opened: dict[Path, OpenFile] = {}
            for tree in found.trees:
                one = open_tree(tree, readers=self._readers, progress=progress, cancel=cancel)
                if one is None or one.row.path in opened:
                    files += [tree.folder / member.name for member in tree.files][: MOST_FILES - len(files)]
                else:
                    opened[one.row.path] = one
            opened |= self._open_files(files, progress, cancel)
            asked[path] = set(opened)
            fresh |= opened
        self._opened |= fresh
        self._asked |= asked
        self._chosen |= {path.absolute(): role for path, role in (chosen or {}).items()}
        self._notes += tuple(notes)
        return self._assign()

    def _open_files(self, files: list[Path], progress: Progress, cancel: CancelToken) -> dict[Path, OpenFile]:
        """Open files one by one, two at a time."""
        opened: dict[Path, OpenFile] = {}
        with ThreadPoolExecutor(READERS_AT_ONCE) as pool:
            opening = [pool.submit(open_file, path, readers=self._readers, cancel=cancel) for path in files]
            for index, (path, result) in enumerate(zip(files, opening, strict=True)):
                progress(Step(f"Opening {path.name}", index, len(files), "files"))
                opened[path] = result.result()
        return opened

    def keep_only(self, paths: set[Path]) -> set[Path]:
        """Forget what is not among the files and folders that were added as `paths`; returns those still to be added."""
        self._asked = {path: rows for path, rows in self._asked.items() if path in paths}
        kept = paths.union(*self._asked.values())
        for path in set(self._opened) - kept:
            self.remove(path)
        return paths - set(self._asked) - set(self._opened)

    def correct(self, path: Path, correction: Correction, *, cancel: CancelToken | None = None) -> Case:
        """Read a file of clips again, its layout as the user says.

        Raises:
            Cancelled: If `cancel` was set; the case is then unchanged.
        """
        path = path.absolute()
        one = self._opened.get(path)
        if one is not None:
            again = open_corrected(path, correction, readers=self._readers, cancel=cancel)
            self._opened[path] = again or one
        return self._assign()

    def remove(self, path: Path) -> Case:
        """Take a file out of the case."""
        self._opened.pop(path.absolute(), None)
        self._chosen.pop(path.absolute(), None)
        return self._assign()

    def choose_role(self, path: Path, role: Role) -> Case:
        """Give a file the role that the user chose; a file that had this role alone goes back to choosing itself."""
        path = path.absolute()
        if role in (Role.CHECKPOINT, Role.VALIDATION, Role.TRAIN, Role.STAGE1):
            self._chosen = {other: held for other, held in self._chosen.items() if held is not role}
        self._chosen[path] = role
        return self._assign()

    def forget_choices(self) -> None:
        """Forget the roles that the user chose; they take effect with the next change of the case."""
        self._chosen = {}

    def with_current_rows(self, inspected: Inspected) -> Inspected:
        """The inspection with the rows as they are now, hashes included."""
        rows = {one.row.path: one.row for one in self.case.files}
        case = inspected.case.with_rows(
            lambda row: replace(row, sha256=rows[row.path].sha256) if row.path in rows else row
        )
        return replace(inspected, case=case)

    def clear(self) -> Case:
        """Forget all files."""
        self._opened, self._asked, self._chosen, self._notes = {}, {}, {}, ()
        self._network, self._predictions = None, {}
        return self._assign()

    def _assign(self) -> Case:
        self.case = assign(list(self._opened.values()), self._chosen, self._notes)
        return self.case

    def hash_files(self, *, cancel: CancelToken | None = None) -> Case:
        """The case with the SHA-256 of every used file."""
        for path, one in self._opened.items():
            if one.row.sha256 is None and one.file is not None:
                digest = content_hash(one.file.blocks(), cancel or CancelToken())
                self._opened[path] = replace(one, row=replace(one.row, sha256=digest))
        return self._assign()

    # -- the run ------------------------------------------------------------------------------------------------

    def inspect(
        self,
        *,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
        preliminary: Callable[[Inspected], None] | None = None,
    ) -> Inspected:
        """Run the network over the clips and diagnose, with whatever files there are.

        What cannot be done becomes a `Problem`, and everything else is still done.

        Args:
            progress: Told how far the work is.
            cancel: Asked between steps.
            preliminary: Given what is known before the training clips are run, where there are some to run.

        Raises:
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.diagnosis.evidence import Evidence

        cancel = cancel or CancelToken()
        problems: list[Problem] = []
        case = self._current_case(problems)
        main = case.checkpoint
        checkpoint = main.opened if main is not None and isinstance(main.opened, Checkpoint) else None
        network = self._build(main, problems) if case.validation is not None or case.train is not None else None
        evidence = Evidence(
            case=case,
            checkpoint=checkpoint,
            architecture=network.architecture if network else self._architecture(main),
            validation=self._score(network, main, case.validation, problems, progress, cancel),
            train=None,
            stage1=self._compare(case, progress, cancel),
            stage1_name=case.stage1.row.path.name if case.stage1 else "",
            history=best_history(case.histories, checkpoint),
            nonfinite=nonfinite_weights(main, cancel),
        )
        if case.train is not None and network is not None:
            if preliminary is not None:
                preliminary(self._diagnosed(evidence, problems, progress, cancel))
            train = self._score(network, main, case.train, problems, progress, cancel)
            evidence = replace(evidence, train=train)
        return self._diagnosed(evidence, problems, progress, cancel)

    def _diagnosed(
        self, evidence: Evidence, problems: list[Problem], progress: Progress, cancel: CancelToken
    ) -> Inspected:
        from asl_inspector.diagnosis.diagnosing import diagnose
        from asl_inspector.report.contents import Inspected

        progress(Step("Diagnosing"))
        return Inspected(
            case=evidence.case,
            checkpoint=evidence.checkpoint,
            architecture=evidence.architecture,
            validation=evidence.validation,
            train=evidence.train,
            comparison=evidence.stage1,
            history=evidence.history,
            diagnosis=diagnose(evidence, cancel=cancel),
            problems=tuple(problems),
        )

    def _current_case(self, problems: list[Problem]) -> Case:
        """The case, files that changed on disk opened again and files that vanished named."""
        for path, one in list(self._opened.items()):
            if one.file is None or one.file.is_current():
                continue
            if path.exists():
                self._opened[path] = self._open_again(path)
            else:
                gone = missing(path, FileNotFoundError())
                problems.append(problem_of(gone))
                row = replace(one.row, problem=gone.sentence, advice=gone.advice)
                self._opened[path] = replace(one, row=row, opened=None)
        return self._assign()

    def _open_again(self, path: Path) -> OpenFile:
        """A file or a folder of clips as it is now."""
        for tree in survey(path).trees if path.is_dir() else ():
            found = open_tree(tree, readers=self._readers)
            if found is not None and found.row.path == path:
                return found
        return open_file(path, readers=self._readers)

    def _build(self, main: OpenFile | None, problems: list[Problem]) -> BuiltNetwork | None:
        if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.networks.building import build_network

        key = (*_identity(main), self.settings.blank)
        if self._network is None or self._network[0] != key:
            try:
                self._network = (key, build_network(main.opened, main.file.view, blank=self.settings.blank))
            except InspectorError as error:
                problems.append(problem_of(error))
                return None
        return self._network[1]

    def _architecture(self, main: OpenFile | None) -> Architecture | None:
        if main is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.networks.recurrent import recognise

        found = recognise(main.opened.weights)
        return found[0] if found else None

    def _score(
        self,
        network: BuiltNetwork | None,
        main: OpenFile | None,
        clips: Clips | None,
        problems: list[Problem],
        progress: Progress,
        cancel: CancelToken,
    ) -> Scored | None:
        if network is None or main is None or clips is None:
            return None
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.inference.running import run_network

        source = next(one for one in self.case.files if one.opened is clips)
        key = (*_identity(main), *_identity(source), replace(self.settings, decoder=""))
        if key not in self._predictions:
            try:
                self._predictions[key] = run_network(
                    network,
                    clip_source(clips),
                    device=self.settings.device,
                    batch_frames=self.settings.batch_frames,
                    progress=progress,
                    cancel=cancel,
                )
            except InspectorError as error:
                problems.append(problem_of(error))
                return None
            except MemoryError as error:
                shortage = InferenceError("There is not enough memory to run this network.", detail=str(error))
                problems.append(problem_of(shortage))
                return None
        return Scored(clips, self._predictions[key], self.settings.decoder)

    def _compare(self, case: Case, progress: Progress, cancel: CancelToken) -> Comparison | None:
        main, start = side_of(case.checkpoint), side_of(case.stage1)
        return None if main is None or start is None else compare_weights(main, start, cancel=cancel, progress=progress)

    def clip_detail(self, index: int, *, train: bool = False) -> ClipDetail:
        """One clip's posteriors, recomputed, and its features.

        Raises:
            InferenceError: If no network is at hand, or the clip cannot be run.
        """
        from asl_inspector.inference.running import clip_log_posteriors

        clips = self.case.train if train else self.case.validation
        if self._network is None or clips is None or not 0 <= index < len(clips):
            raise InferenceError("There is no network and no such clip at hand.", advice="Run the inspection first.")
        features = clips.features(index)
        if not len(features) or not np.isfinite(features).all():
            raise InferenceError(f"Clip “{clips.ids[index]}” has no frames or numbers that are not finite.")
        return ClipDetail(index, clip_log_posteriors(self._network[1], features), features)


def problem_of(error: InspectorError) -> Problem:
    """An error as part of a result."""
    from asl_inspector.report.contents import Problem

    return Problem(error.sentence, error.advice, error.detail)


def _identity(one: OpenFile) -> tuple[object, ...]:
    """What tells a file's content from another one's, without reading it."""
    return (one.row.path, one.file.size, one.file.modified_ns) if one.file else (one.row.path,)


def clip_source(clips: Clips) -> ClipSource:
    """Clips in the form in which inference takes them."""
    from asl_inspector.inference.running import ClipSource

    return ClipSource(clips.path.name, clips.lengths, clips.gloss_ids, clips.feature_count, clips.features)


def side_of(one: OpenFile | None) -> Side | None:
    """The weights of an opened checkpoint for a comparison, or None where there are none."""
    if one is None or one.file is None or not isinstance(one.opened, Checkpoint) or not one.opened.weights:
        return None
    return Side(one.opened.weights, one.file.view)


def best_history(histories: tuple[History, ...], checkpoint: Checkpoint | None) -> History | None:
    """The history that tells most; the lists in the checkpoint where no file tells any epoch."""
    told = max(histories, key=lambda history: len(history.epochs), default=None)
    if told is not None and told.epochs:
        return told
    curves = checkpoint.contents.curves if checkpoint else {}
    train, validation = curves.get("train_losses", ()), curves.get("val_losses", ())
    count = max(len(train), len(validation))
    if not count:
        return told
    printed = told.stage1 if told else ()
    return History("checkpoint", tuple(range(1, count + 1)), train, validation, stage1=printed)


def nonfinite_weights(main: OpenFile | None, cancel: CancelToken) -> dict[str, int]:
    """How many numbers of each weight are NaN or infinite; sound weights are left out."""
    if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
        return {}
    found = {}
    for name, tensor in main.opened.weights.items():
        cancel.raise_if_cancelled()
        try:
            values = read_array(tensor, main.file.view)
        except UnreadableCheckpoint:
            continue
        bad = int(values.size - np.isfinite(values).sum()) if np.issubdtype(values.dtype, np.inexact) else 0
        if bad:
            found[name] = bad
    return found


def content_hash(blocks: Iterable[memoryview], cancel: CancelToken) -> str:
    """SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    for block in blocks:
        for start in range(0, len(block), HASH_BLOCK):
            cancel.raise_if_cancelled()
            digest.update(block[start : start + HASH_BLOCK])
    return digest.hexdigest()
