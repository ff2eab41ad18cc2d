"""The other files of the run, scored on the validation clips after the inspected one.

The inspection comes first and does not wait for this. Each file is scored with the network that the inspected one was
rebuilt as: the same answers to what the tensors leave open, the same preparation of the clips, the same decoder. Of each
file only its answers are kept, so that many epochs of many clips stay small; they are kept while file, clips and
settings stay the same, so that another inspected file of the same run costs no second round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asl_inspector.case.records import Case, OpenFile
from asl_inspector.case.same_run import epochs_of, named_epoch, shapes_of, unreadable_epochs
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import InspectorError
from asl_inspector.inspection import Inspector
from asl_inspector.inspection_parts import clip_source
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.records import UNLABELLED, Clips

if TYPE_CHECKING:
    from asl_inspector.diagnosis.along_epochs import Answered, Entry, Judge
    from asl_inspector.diagnosis.epoch_records import AlongEpochs
    from asl_inspector.inference.rebuilding import Rebuilt
    from asl_inspector.report.contents import Inspected

Publish = Callable[["AlongEpochs"], None]
Key = tuple[object, ...]


def _nobody(_along: AlongEpochs) -> None:
    """A `Publish` that tells nobody."""


@dataclass(frozen=True)
class _Round:
    """What is the same for all files of one round."""

    rebuilt: Rebuilt
    file: OpenFile
    main: Checkpoint
    clips: Clips
    key: Key


def has_epochs(case: Case) -> bool:
    """True where there are clips to score other epochs of the run on."""
    return case.checkpoint is not None and case.validation is not None and bool(case.epochs)


class EpochRuns:
    """Scores the epochs of an inspector's case."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._known: dict[Key, Answered] = {}
        self.latest: Inspected | None = None  # with what the last round has found, even if it was cancelled
        self._bare: Inspected | None = None  # the same without it

    def score(
        self,
        inspected: Inspected,
        *,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
        publish: Publish = _nobody,
    ) -> Inspected:
        """The inspection with all files of the run beside each other; itself where there is nothing to add.

        Args:
            inspected: A complete inspection of the inspector's case.
            progress: Told which file is run, and how far.
            cancel: Asked between and in the files.
            publish: Given what is known after each file.

        Raises:
            Cancelled: If `cancel` was set; `latest` then holds what was found until then, marked partial.
        """
        cancel = cancel or CancelToken()
        if inspected is self.latest and self._bare is not None:
            inspected = self._bare  # to go on where a cancelled round stopped
        self.latest = self._bare = inspected
        started = self._round(inspected)
        if started is None:
            return inspected
        self._known = {key: held for key, held in self._known.items() if key[1] == started.key}
        case = inspected.case
        epochs = epochs_of(one for one in (case.checkpoint, *case.epochs) if one is not None)
        files = sorted(case.epochs, key=lambda one: _order(epochs[one.row.path], one))
        entries = [self._entry_of_main(started, inspected, epochs), *_unreadable(case)]
        judge = _judge_of(inspected, started.clips)
        waiting = list(files)
        for number, one in enumerate(files, start=1):
            self._tell(inspected, judge, entries, waiting, publish)
            cancel.raise_if_cancelled()
            epoch = epochs[one.row.path]
            what = f"epoch {epoch}" if epoch is not None else f"“{one.row.path.name}”"
            told = _renamed(progress, f"Scoring {what} ({number} of {len(files)})")
            entries.append(self._entry(started, one, epoch, told, cancel))
            waiting.remove(one)
        return self._tell(inspected, judge, entries, [], publish)

    def _tell(
        self,
        inspected: Inspected,
        judge: Judge,
        entries: Sequence[Entry],
        waiting: Sequence[OpenFile],
        publish: Publish,
    ) -> Inspected:
        """Judge what is known, keep it and publish it."""
        from asl_inspector.diagnosis.diagnosing import with_epochs

        along = judge.judge(entries, [one.row.path.name for one in waiting])
        self.latest = told = replace(inspected, diagnosis=with_epochs(inspected.diagnosis, along))
        publish(along)
        return told

    def _round(self, inspected: Inspected) -> _Round | None:
        case, rebuilt = inspected.case, self._inspector.rebuilt
        main, clips = case.checkpoint, case.validation
        if main is None or clips is None or rebuilt is None or not has_epochs(case):
            return None
        if not isinstance(main.opened, Checkpoint):
            return None
        network = rebuilt.network
        answers = tuple((choice.name, choice.value) for choice in network.architecture.choices)
        shown = next(one for one in case.files if one.opened is clips)
        train = next((one for one in case.files if case.train is not None and one.opened is case.train), None)
        settings = replace(self._inspector.settings, choices=())
        key = (_identity(shown), _identity(train) if train is not None else None, settings, answers)
        return _Round(rebuilt, main, main.opened, clips, key)

    def _entry_of_main(self, started: _Round, inspected: Inspected, epochs: dict[Path, int | None]) -> Entry:
        from asl_inspector.diagnosis.along_epochs import Entry, answers_of

        path = started.file.row.path
        if inspected.validation is not None:
            return Entry(path, epochs[path], inspected=True, answered=answers_of(inspected.validation))
        problem = inspected.problems[0].sentence if inspected.problems else "Nothing was predicted."
        return Entry(path, epochs[path], inspected=True, answered=None, problem=problem)

    def _entry(
        self, started: _Round, one: OpenFile, epoch: int | None, progress: Progress, cancel: CancelToken
    ) -> Entry:
        from asl_inspector.diagnosis.along_epochs import Entry

        key = (_identity(one), started.key)
        path = one.row.path
        try:
            if key not in self._known:
                self._known[key] = self._run(started, one, progress, cancel)
        except InspectorError as error:
            return Entry(path, epoch, inspected=False, answered=None, problem=error.sentence)
        except MemoryError:
            problem = "There is not enough memory to run this network."
            return Entry(path, epoch, inspected=False, answered=None, problem=problem)
        return Entry(path, epoch, inspected=False, answered=self._known[key])

    def _run(self, started: _Round, one: OpenFile, progress: Progress, cancel: CancelToken) -> Answered:
        from asl_inspector.diagnosis.along_epochs import answers_of
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.inference.running import Run

        name, settings = one.row.path.name, self._inspector.settings
        if not isinstance(one.opened, Checkpoint) or one.file is None:
            raise InspectorError(f"“{name}” holds no network.")
        if not one.file.is_current():
            raise InspectorError(f"“{name}” was changed on disk while it was open.", advice="Run the inspection again.")
        if shapes_of(one.opened) != shapes_of(started.main):
            raise InspectorError(
                f"“{name}” holds another network than the inspected file, so it is no epoch of its run."
            )
        progress(Step(""))
        rebuilt = self._rebuilt(started, one.opened, one.file.view, cancel)
        try:
            run = Run(
                rebuilt.network,
                rebuilt.prepare(clip_source(started.clips), cancel),
                device=settings.device,
                batch_frames=settings.batch_frames,
                mixed=settings.mixed,
                beam=settings.decoder == "beam",
                threads=settings.threads,
            )
            predictions = run.go_on(progress=progress, cancel=cancel)
        finally:
            rebuilt.end()
        return answers_of(Scored(started.clips, predictions, settings.decoder))

    def _rebuilt(self, started: _Round, checkpoint: Checkpoint, content: Content, cancel: CancelToken) -> Rebuilt:
        """The network of another file with the answers that the inspected one was given."""
        from asl_inspector.inference.rebuilding import Rebuilt
        from asl_inspector.networks.building import build_network

        chosen = {choice.name: choice.value for choice in started.rebuilt.network.architecture.choices}
        if started.rebuilt.program is not None:
            return self._hosted(started, checkpoint, content, chosen, cancel)
        settings_of_run = started.main.contents.hyperparameters  # only some files of a run may store them
        contents = replace(checkpoint.contents, hyperparameters=settings_of_run)
        network = build_network(replace(checkpoint, contents=contents), content, chosen=chosen)
        return Rebuilt(network, started.rebuilt.spread)

    def _hosted(
        self,
        started: _Round,
        checkpoint: Checkpoint,
        content: Content,
        chosen: dict[str, str],
        cancel: CancelToken,
    ) -> Rebuilt:
        """The same where a program computes the answers; it is another process for each file."""
        from asl_inspector.inference.rebuilding import Rebuilt
        from asl_inspector.networks.plans import Labels
        from asl_inspector.programs.choosing import program_beside

        main = started.file.file
        if main is None:
            raise InspectorError(f"“{started.main.path.name}” is not there any more.")
        clips = [clip_source(started.clips)]
        program = program_beside(started.main, main.view, checkpoint, content, self._inspector.settings, clips)
        if program is None:
            raise InspectorError(
                f"“{checkpoint.path.name}” carries no program, while the inspected file is run by its own.",
                advice="Inspect it by itself.",
            )
        try:
            return Rebuilt(program.build(None, chosen, Labels(), cancel), started.rebuilt.spread, program)
        except BaseException:
            program.end()
            raise


def _order(epoch: int | None, one: OpenFile) -> tuple[bool, int, str]:
    """By epoch, files without one last."""
    return epoch is None, epoch or 0, one.row.path.name


def _unreadable(case: Case) -> list[Entry]:
    from asl_inspector.diagnosis.along_epochs import Entry

    return [
        Entry(one.row.path, named_epoch(one.row.path), inspected=False, answered=None, problem=one.row.problem)
        for one in unreadable_epochs(case)
    ]


def _judge_of(inspected: Inspected, clips: Clips) -> Judge:
    from asl_inspector.diagnosis.along_epochs import Judge
    from asl_inspector.diagnosis.labels import truth_by_name

    by_name = truth_by_name(inspected.diagnosis.labels)
    truth = clips.gloss_ids if by_name is None else by_name
    return Judge(truth.astype(np.int64), np.not_equal(clips.gloss_ids, UNLABELLED), by_name=by_name is not None)


def _renamed(progress: Progress, what: str) -> Progress:
    """The same progress under another name."""
    return lambda step: progress(Step(what, step.done, step.total, step.unit))


def _identity(one: OpenFile) -> Key:
    """What tells a file's content from another one's, without reading it."""
    return (one.row.path, one.file.size, one.file.modified_ns) if one.file is not None else (one.row.path,)
