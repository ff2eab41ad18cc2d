"""The use cases: open files, run the network, diagnose. The command line and the window call the same functions.

An `Inspector` holds one case. What it opened and predicted is kept, so that a file added later costs only what it
changes. Torch is imported when a network is first needed, not before.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asl_inspector.case.records import Case, OpenFile, Role
from asl_inspector.case.roles import assign
from asl_inspector.case.run_history import run_history
from asl_inspector.checkpoints.comparing import Side, compare_weights
from asl_inspector.checkpoints.comparison_records import Comparison
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError, InferenceError, InspectorError
from asl_inspector.hashing import content_hash
from asl_inspector.inference.records import ClipDetail, Settings
from asl_inspector.mapped_file import missing
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.mapping import NO_CORRECTION, Correction
from asl_inspector.samples.records import Clips
from asl_inspector.workers.calling import Readers
from asl_inspector.workers.entries import open_again, open_entries
from asl_inspector.workers.previewing import ClipPreview, open_corrected, preview

if TYPE_CHECKING:
    from asl_inspector.checkpoints.health_records import HealthNote
    from asl_inspector.data.records import ClipFeatures, ClipSurvey, DataMeasures, Neighbours, SimilarClips
    from asl_inspector.diagnosis.evidence import Evidence, Scored
    from asl_inspector.inference.predictions import Predictions
    from asl_inspector.inference.rebuilding import Rebuilt
    from asl_inspector.inference.running import Run
    from asl_inspector.inference.saved import SavedFacts
    from asl_inspector.inference.sources import ClipSource
    from asl_inspector.networks.records import Architecture
    from asl_inspector.outputs.joining import Joined
    from asl_inspector.programs.consent import Offer
    from asl_inspector.report.contents import Inspected, Problem

SOLE_ROLES = (Role.CHECKPOINT, Role.VALIDATION, Role.TRAIN, Role.STAGE1, Role.OUTPUTS, Role.LABELS)


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
        self._corrections: dict[Path, Correction] = {}
        self._notes: tuple[str, ...] = ()
        self._network: tuple[tuple[object, ...], Rebuilt] | None = None
        self._predictions: dict[tuple[object, ...], Predictions] = {}
        self._answers: tuple[SavedOutputs, Joined, SavedFacts, Predictions] | None = None
        self._runs: dict[tuple[object, ...], Run] = {}  # those that were cancelled, to go on with
        self._surveys: dict[tuple[object, ...], ClipSurvey] = {}

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
        found = open_entries(paths, self._readers, progress=progress, cancel=cancel)
        self._opened |= found.opened
        self._asked |= found.asked
        self._chosen |= {path.absolute(): role for path, role in (chosen or {}).items()}
        self._notes += found.notes
        return self._assign()

    def keep_only(self, paths: set[Path]) -> set[Path]:
        """Forget what is not among the files and folders that were added as `paths`; returns those still to be added."""
        self._asked = {path: rows for path, rows in self._asked.items() if path in paths}
        kept = paths.union(*self._asked.values())
        for path in set(self._opened) - kept:
            self.remove(path)
        return paths - set(self._asked) - set(self._opened)

    def correct(self, corrections: Mapping[Path, Correction], *, cancel: CancelToken | None = None) -> Case:
        """Read files of clips as the user says; those that had another correction, or have none any more, anew.

        Raises:
            Cancelled: If `cancel` was set.
        """
        wanted = {path.absolute(): one for path, one in corrections.items() if one != NO_CORRECTION}
        for path in {*wanted, *self._corrections} & set(self._opened):
            correction = wanted.get(path, NO_CORRECTION)
            if self._corrections.get(path, NO_CORRECTION) != correction:
                self._opened[path] = self._open_again(path, correction, cancel)
        self._corrections = wanted
        return self._assign()

    def preview(self, path: Path, correction: Correction, *, cancel: CancelToken | None = None) -> ClipPreview:
        """The clips of a file or a folder as a correction would have them.

        Raises:
            Cancelled: If `cancel` was set.
        """
        return preview(path, correction, readers=self._readers, cancel=cancel)

    def _open_again(self, path: Path, correction: Correction, cancel: CancelToken | None = None) -> OpenFile:
        """A file or a folder of clips as it is now."""
        corrected = None
        if correction != NO_CORRECTION:
            corrected = open_corrected(path, correction, readers=self._readers, cancel=cancel)
        return corrected or open_again(path, self._readers)

    def remove(self, path: Path) -> Case:
        """Take a file out of the case."""
        self._opened.pop(path.absolute(), None)
        self._chosen.pop(path.absolute(), None)
        return self._assign()

    def choose_role(self, path: Path, role: Role) -> Case:
        """Give a file the role that the user chose; a file that had this role alone goes back to choosing itself."""
        path = path.absolute()
        if role in SOLE_ROLES:
            self._chosen = {other: held for other, held in self._chosen.items() if held is not role}
        self._chosen[path] = role
        return self._assign()

    @property
    def rebuilt(self) -> Rebuilt | None:
        """The network of the last inspection, or None."""
        return self._network[1] if self._network is not None else None

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
        self._opened, self._asked, self._chosen, self._notes, self._corrections = {}, {}, {}, (), {}
        self._end_network()
        self._predictions, self._runs, self._surveys = {}, {}, {}
        self._answers = None
        return self._assign()

    def _assign(self) -> Case:
        self.case = assign(list(self._opened.values()), self._chosen, self._notes)
        return self.case

    def hash_files(self, *, cancel: CancelToken | None = None) -> Case:
        """The case with the SHA-256 of every used file."""
        for path, one in self._opened.items():
            if one.row.sha256 is None and one.file is not None:
                digest = content_hash(one.file, cancel or CancelToken())
                self._opened[path] = replace(one, row=replace(one.row, sha256=digest))
        return self._assign()

    def offer(self, path: Path | None = None) -> Offer:
        """What the user should know before a file is run; nothing is run.

        Args:
            path: Python code or the checkpoint of the case; None for the latter.

        Raises:
            InspectorError: If it is neither.
        """
        from asl_inspector.programs.consent import offer_of_code, offer_of_program

        main = self.case.checkpoint
        if path is not None and (main is None or path.absolute() != main.row.path):
            return offer_of_code(path.absolute())
        if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
            raise InferenceError("There is no checkpoint with a program in it.", advice="Drop one on the window.")
        return offer_of_program(main.opened, main.file.view)

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
        self._answers = None
        case = self._current_case(problems)
        main = case.checkpoint
        checkpoint = main.opened if main is not None and isinstance(main.opened, Checkpoint) else None
        runnable = case.validation is not None or case.train is not None
        rebuilt = self._build(main, case, problems, progress, cancel) if runnable else None
        network = rebuilt.network if rebuilt else None
        nonfinite, health = judged_weights(main, progress, cancel)
        evidence = Evidence(
            case=case,
            checkpoint=checkpoint,
            architecture=network.architecture if network else self._architecture(main),
            validation=self._score(rebuilt, main, case.validation, problems, progress, cancel),
            train=None,
            stage1=self._compare(case, progress, cancel),
            stage1_name=case.stage1.row.path.name if case.stage1 else "",
            history=run_history(case),
            nonfinite=nonfinite,
            health=health,
            data=self._look_through(case, progress, cancel),
        )
        if evidence.validation is None and case.outputs is not None:
            evidence = self._with_saved(evidence, case.outputs, problems, progress, cancel)
        if case.train is not None and rebuilt is not None:
            if preliminary is not None:
                preliminary(self._diagnosed(evidence, problems, progress, cancel))
            train = self._score(rebuilt, main, case.train, problems, progress, cancel)
            evidence = replace(evidence, train=train, realigned=self._realign(rebuilt, evidence, progress, cancel))
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
            data=evidence.data,
            saved=evidence.saved,
            saved_names=evidence.saved_names,
            diagnosis=diagnose(evidence, cancel=cancel),
            problems=tuple(problems),
            settings=self.settings,
        )

    def _current_case(self, problems: list[Problem]) -> Case:
        """The case, files that changed on disk opened again and files that vanished named."""
        for path, one in list(self._opened.items()):
            if one.file is None or one.file.is_current():
                continue
            if path.exists():
                self._opened[path] = self._open_again(path, self._corrections.get(path, NO_CORRECTION))
            else:
                gone = missing(path, FileNotFoundError())
                problems.append(problem_of(gone))
                row = replace(one.row, problem=gone.sentence, advice=gone.advice)
                self._opened[path] = replace(one, row=row, opened=None)
        return self._assign()

    def _build(
        self, main: OpenFile | None, case: Case, problems: list[Problem], progress: Progress, cancel: CancelToken
    ) -> Rebuilt | None:
        if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.inference.rebuilding import rebuild
        from asl_inspector.programs.choosing import program_of, state_of

        witnesses = (Role.VALIDATION, Role.TRAIN, Role.VOCABULARY)
        seen = tuple(_identity(one) for one in case.files if one.row.role in witnesses)
        key = (*_identity(main), self.settings.blank, self.settings.choices, state_of(self.settings.consent), seen)
        if self._network is None or self._network[0] != key:
            self._end_network()
            try:
                clips = [clip_source(one) for one in (case.validation, case.train) if one is not None]
                rebuilt = rebuild(
                    main.opened,
                    main.file.view,
                    self.settings,
                    validation=clip_source(case.validation) if case.validation is not None else None,
                    train=clip_source(case.train) if case.train is not None else None,
                    vocabularies=[vocabulary.gloss_to_id for vocabulary in case.vocabularies],
                    program=program_of(main.opened, main.file.view, self.settings, clips),
                    progress=progress,
                    cancel=cancel,
                )
                self._network = (key, rebuilt)
            except InspectorError as error:
                problems.append(problem_of(error))
                return None
        return self._network[1]

    def _end_network(self) -> None:
        if self._network is not None:
            self._network[1].end()
        self._network = None

    def _architecture(self, main: OpenFile | None) -> Architecture | None:
        if main is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.networks.building import recognise

        try:
            return recognise(main.opened, chosen=dict(self.settings.choices))
        except InspectorError:  # an impossible choice was told of where the network was to be built
            return recognise(main.opened)

    def _score(
        self,
        rebuilt: Rebuilt | None,
        main: OpenFile | None,
        clips: Clips | None,
        problems: list[Problem],
        progress: Progress,
        cancel: CancelToken,
    ) -> Scored | None:
        if rebuilt is None or main is None or clips is None:
            return None
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.inference.running import Run

        source = next(one for one in self.case.files if one.opened is clips)
        network = rebuilt.network
        beam = "beam" if self.settings.decoder == "beam" else ""  # the other decoders read what every run keeps
        answers = tuple(choice.value for choice in network.architecture.choices)
        key = (*_identity(main), *_identity(source), replace(self.settings, decoder=beam), answers)
        if key not in self._predictions:
            try:
                if key not in self._runs:
                    self._runs[key] = Run(
                        network,
                        rebuilt.prepare(clip_source(clips), cancel),
                        device=self.settings.device,
                        batch_frames=self.settings.batch_frames,
                        mixed=self.settings.mixed,
                        beam=self.settings.decoder == "beam",
                    )
                self._predictions[key] = self._runs[key].go_on(progress=progress, cancel=cancel)
                del self._runs[key]
            except InspectorError as error:
                problems.append(problem_of(error))
                return None
            except MemoryError as error:
                shortage = InferenceError("There is not enough memory to run this network.", detail=str(error))
                problems.append(problem_of(shortage))
                return None
        return Scored(clips, self._predictions[key], self.settings.decoder)

    def _realign(
        self, rebuilt: Rebuilt, evidence: Evidence, progress: Progress, cancel: CancelToken
    ) -> dict[str, Scored]:
        """The validation clips run again after each repair that their numbers call for; most sets call for none."""
        from asl_inspector.data.realigning import repairs_for
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.inference.running import Run

        scored, data, train = evidence.validation, evidence.data, evidence.case.train
        if scored is None or data is None or train is None or self._network is None:
            return {}
        found: dict[str, Scored] = {}
        files = [next(one for one in self.case.files if one.opened is clips) for clips in (scored.clips, train)]
        for repair in repairs_for(data):
            key = (self._network[0], *map(_identity, files), self.settings, repair.name)
            if key not in self._predictions:
                source = clip_source(scored.clips)
                mended = replace(source, features=partial(_repaired, source.features, repair.apply))
                run = Run(rebuilt.network, rebuilt.prepare(mended, cancel), device=self.settings.device)
                try:
                    self._predictions[key] = run.go_on(progress=progress, cancel=cancel)
                except InferenceError:  # a repair after which nothing can be run repairs nothing
                    continue
            found[repair.name] = Scored(scored.clips, self._predictions[key], scored.decoder)
        return found

    def _with_saved(
        self,
        evidence: Evidence,
        outputs: SavedOutputs,
        problems: list[Problem],
        progress: Progress,
        cancel: CancelToken,
    ) -> Evidence:
        """The evidence with saved outputs in the place of a network's."""
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.inference.saved import predict
        from asl_inspector.outputs.joining import join

        case = evidence.case
        try:
            joined = join(outputs, case.labels, case.validation, case.vocabularies)
            predictions, facts = predict(
                outputs,
                joined,
                blank=self.settings.blank,
                beam=self.settings.decoder == "beam",
                progress=progress,
                cancel=cancel,
            )
        except InspectorError as error:
            problems.append(problem_of(error))
            return evidence
        self._answers = (outputs, joined, facts, predictions)
        if case.validation is None:
            case = replace(case, answered=joined.clips)
        scored = Scored(joined.clips, predictions, self.settings.decoder)
        return replace(evidence, case=case, validation=scored, saved=facts, saved_names=joined.names)

    def _compare(self, case: Case, progress: Progress, cancel: CancelToken) -> Comparison | None:
        main, start = side_of(case.checkpoint), side_of(case.stage1)
        return None if main is None or start is None else compare_weights(main, start, cancel=cancel, progress=progress)

    def _look_through(self, case: Case, progress: Progress, cancel: CancelToken) -> DataMeasures | None:
        """What is found in the clips; a file is looked through once while it stays the same."""
        from asl_inspector.data.measuring import against_each_other

        validation, train = case.validation, case.train
        if validation is None and train is None:
            return None
        ours = self._survey(case, validation, "validation", progress, cancel) if validation is not None else None
        theirs = self._survey(case, train, "training", progress, cancel) if train is not None else None
        return against_each_other(validation, train, ours, theirs, progress=progress, cancel=cancel)

    def _survey(self, case: Case, clips: Clips, what: str, progress: Progress, cancel: CancelToken) -> ClipSurvey:
        from asl_inspector.data.surveying import survey

        key = _identity(next(one for one in case.files if one.opened is clips))
        if key not in self._surveys:
            self._surveys[key] = survey(clips, what, progress=progress, cancel=cancel)
        return self._surveys[key]

    def neighbours(self, method: str, *, progress: Progress = silent, cancel: CancelToken | None = None) -> Neighbours:
        """The nearest training clip of every validation clip.

        Args:
            method: "resampled" or "dtw".
            progress: Told how far it is.
            cancel: Asked now and then.

        Raises:
            DataError: If there is nothing to compare.
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.data.measuring import nearest_clips
        from asl_inspector.data.shift import compare

        cancel = cancel or CancelToken()
        case = self.case
        if case.validation is None or case.train is None:
            raise DataError("There is nothing to compare.", advice="Drop the training and the validation clips.")
        known = self._survey(case, case.train, "training", progress, cancel)
        shift = compare(self._survey(case, case.validation, "validation", progress, cancel), known)
        return nearest_clips(
            case.validation,
            case.train,
            known,
            method,
            ignored=shift.extreme if shift is not None else (),
            progress=progress,
            cancel=cancel,
        )

    def clip_detail(self, index: int, *, train: bool = False) -> ClipDetail:
        """One clip's posteriors, recomputed.

        Raises:
            InferenceError: If no network is at hand, or the clip cannot be run.
        """
        from asl_inspector.inference.running import clip_log_posteriors

        if self._answers is not None and not train:
            return saved_detail(*self._answers, index)
        clips = self.case.train if train else self.case.validation
        if self._network is None or clips is None or not 0 <= index < len(clips):
            raise InferenceError("There is no network and no such clip at hand.", advice="Run the inspection first.")
        features = clips.features(index)
        if not len(features) or not np.isfinite(features).all():
            raise InferenceError(f"Clip “{clips.ids[index]}” has no frames or numbers that are not finite.")
        rebuilt = self._network[1]
        seen = rebuilt.prepare(clip_source(clips)).features(index)
        spans_all = rebuilt.network.preparation.length.startswith("resampled")
        frames = len(features) if spans_all else len(seen)
        return ClipDetail(index, clip_log_posteriors(rebuilt.network, seen), frames)

    def similar_clips(
        self, index: int, *, progress: Progress = silent, cancel: CancelToken | None = None
    ) -> SimilarClips:
        """The validation clips whose features are nearest to those of one.

        Raises:
            DataError: If there are no features, or they cannot be compared.
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.data.similar import similar_clips

        cancel = cancel or CancelToken()
        case = self.case
        if case.validation is None:
            raise DataError("The features of the clips are not at hand.", advice="Drop the validation clips.")
        known = self._survey(case, case.validation, "validation", progress, cancel)
        return similar_clips(known, index, progress=progress, cancel=cancel)

    def clip_features(self, index: int) -> ClipFeatures:
        """One validation clip's numbers as they are in the file.

        Raises:
            DataError: If there is no such clip, or its numbers cannot be read.
        """
        from asl_inspector.data.clip_features import clip_features

        source = next((one for one in self.case.files if one.opened is self.case.validation), None)
        known = self._surveys.get(_identity(source)) if source is not None else None
        return clip_features(self.case.validation, index, known)


def saved_detail(
    outputs: SavedOutputs, joined: Joined, facts: SavedFacts, predictions: Predictions, index: int
) -> ClipDetail:
    """One clip's posteriors from its saved scores.

    Raises:
        InferenceError: If no scores of the clip were saved.
    """
    from asl_inspector.inference.saved import log_posteriors

    if not 0 <= index < len(joined.clips):
        raise InferenceError("There is no such clip at hand.", advice="Run the inspection first.")
    posteriors = log_posteriors(outputs, joined, facts, index, int(predictions.lengths[index]))
    has_features = joined.clips.feature_count is not None
    return ClipDetail(index, posteriors, int(joined.clips.lengths[index]) if has_features else len(posteriors))


def _repaired(
    features: Callable[[int], NDArray[np.float32]],
    repair: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    index: int,
) -> NDArray[np.float32]:
    """Features of a clip after a repair."""
    return repair(features(index))


def problem_of(error: InspectorError) -> Problem:
    """An error as part of a result."""
    from asl_inspector.report.contents import Problem

    return Problem(error.sentence, error.advice, error.detail)


def _identity(one: OpenFile) -> tuple[object, ...]:
    """What tells a file's content from another one's, without reading it."""
    return (one.row.path, one.file.size, one.file.modified_ns, one.row.layout) if one.file else (one.row.path,)


def clip_source(clips: Clips) -> ClipSource:
    """Clips in the form in which inference takes them."""
    from asl_inspector.inference.sources import ClipSource

    return ClipSource(
        clips.path.name, clips.lengths, clips.gloss_ids, clips.feature_count, clips.features, clips.target_ids
    )


def side_of(one: OpenFile | None) -> Side | None:
    """The weights of an opened checkpoint for a comparison, or None where there are none."""
    if one is None or one.file is None or not isinstance(one.opened, Checkpoint) or not one.opened.weights:
        return None
    return Side(one.opened.weights, one.file.view)


def judged_weights(
    main: OpenFile | None, progress: Progress, cancel: CancelToken
) -> tuple[dict[str, int], tuple[HealthNote, ...]]:
    """How many numbers of each weight are NaN or infinite, sound weights left out; and the health of all."""
    if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
        return {}, ()
    from asl_inspector.checkpoints.health import weight_health
    from asl_inspector.checkpoints.measuring_all import all_statistics

    weights = main.opened.weights
    keys, tensors = list(weights), list(weights.values())
    rows = list(all_statistics(tensors, main.file.view, progress=progress, cancel=cancel))
    measured = {row.index: row.statistics for row in rows if row.statistics is not None}
    bad = {keys[index]: facts.nans + facts.infinities for index, facts in measured.items()}
    known = [(tensors[index], facts) for index, facts in measured.items()]
    health = weight_health(main.opened, main.file.view, known=known, progress=progress, cancel=cancel)
    return {key: count for key, count in bad.items() if count}, health
