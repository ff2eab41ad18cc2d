"""The use cases: open files, run the network, diagnose. The command line and the window call the same functions.

An `Inspector` holds one case. What it opened and predicted is kept, so that a file added later costs only what it
changes. Torch is imported when a network is first needed, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asl_inspector.case.records import Case, OpenFile
from asl_inspector.case.run_history import run_history
from asl_inspector.checkpoints.comparing import compare_weights
from asl_inspector.checkpoints.comparison_records import Comparison
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import InferenceError, InspectorError
from asl_inspector.inference.records import ClipDetail, Settings
from asl_inspector.inference.unfinished import UnfinishedRuns
from asl_inspector.inspection_clips import ClipLooks
from asl_inspector.inspection_files import CaseFiles
from asl_inspector.inspection_networks import NetworkRuns
from asl_inspector.inspection_parts import clip_source, judged_weights, problem_of, saved_detail, side_of
from asl_inspector.inspection_unfinished import SoFar, marked_partial, with_what_ran
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.report.partial_words import GO_ON
from asl_inspector.samples.records import Clips

if TYPE_CHECKING:
    from asl_inspector.data.records import ClipFeatures, DataMeasures, Neighbours, SimilarClips
    from asl_inspector.diagnosis.evidence import Evidence, Scored
    from asl_inspector.inference.predictions import Predictions
    from asl_inspector.inference.rebuilding import Rebuilt
    from asl_inspector.inference.saved import SavedFacts
    from asl_inspector.outputs.joining import Joined
    from asl_inspector.programs.consent import Offer
    from asl_inspector.report.contents import Inspected, Problem


class Inspector(CaseFiles):
    """One case: its files, and what was computed from them.

    Args:
        settings: How to run.
        kept: A folder where runs are kept while they last, for a process that comes after this one; or None.
    """

    def __init__(self, settings: Settings | None = None, *, kept: Path | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self._kept = UnfinishedRuns(kept) if kept is not None else None
        self._networks = NetworkRuns(self._kept)
        self._so_far = SoFar()
        self._looks = ClipLooks()
        self._answers: tuple[SavedOutputs, Joined, SavedFacts, Predictions] | None = None

    @property
    def rebuilt(self) -> Rebuilt | None:
        """The network of the last inspection, or None."""
        return self._networks.rebuilt

    def clear(self) -> Case:
        """Forget all files, and what was computed from them."""
        self.start_over()
        self._networks.clear()
        self._looks.clear()
        self._answers = None
        return super().clear()

    def forget_networks(self) -> None:
        """Forget what was built and predicted, and keep the files: the next network is another one."""
        self._networks.clear()
        self._answers = None

    def look_through(self, *, progress: Progress = silent, cancel: CancelToken | None = None) -> None:
        """Look through the clips now; an inspection would do it, and finds it done."""
        self._looks.look_through(self.case, progress, cancel or CancelToken())

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
        cancel = cancel or CancelToken()
        problems: list[Problem] = []
        self._answers = None
        self.start_over()
        case = self.current_case(problems)
        main = case.checkpoint
        runnable = case.validation is not None or case.train is not None
        rebuilt = self._networks.build(main, case, self.settings, problems, progress, cancel) if runnable else None
        self._so_far.begin(self._beginning(case), problems)
        reached = self._so_far.reached
        if rebuilt is not None:
            reached(architecture=rebuilt.network.architecture)
        nonfinite, health = judged_weights(main, progress, cancel)
        reached(nonfinite=nonfinite, health=health)
        reached(validation=self._score(rebuilt, main, case.validation, problems, progress, cancel))
        reached(stage1=self._compare(case, progress, cancel))
        evidence = reached(data=self._look_through(case, problems, progress, cancel))
        if evidence.validation is None and case.outputs is not None:
            evidence = self._with_saved(evidence, case.outputs, problems, progress, cancel)
        if case.train is not None and rebuilt is not None:
            if preliminary is not None:
                preliminary(self._diagnosed(evidence, problems, progress, cancel))
            train = self._score(rebuilt, main, case.train, problems, progress, cancel)
            evidence = reached(train=train)
        if rebuilt is not None:
            evidence = replace(
                evidence,
                saturated=self._networks.saturated(rebuilt, evidence.validation),
                ranks=self._networks.ranks(self.case, rebuilt, evidence.validation, cancel),
                resets=self._networks.resets(self.case, rebuilt, evidence.validation, cancel),
                realigned=self._networks.realign(self.case, self.settings, rebuilt, evidence, progress, cancel),
            )
        found = self._diagnosed(evidence, problems, progress, cancel)
        cancel.raise_if_cancelled()
        self.start_over()
        return found

    def _look_through(
        self, case: Case, problems: list[Problem], progress: Progress, cancel: CancelToken
    ) -> DataMeasures | None:
        """What is found in the clips; None with a problem more where they can no longer be read."""
        try:
            return self._looks.look_through(case, progress, cancel)
        except InspectorError as error:
            problem = problem_of(error)
            if problem not in problems:  # running them met it before
                problems.append(problem)
            return None

    def _beginning(self, case: Case) -> Evidence:
        """What is known before anything is measured."""
        from asl_inspector.diagnosis.evidence import Evidence

        main = case.checkpoint
        return Evidence(
            case=case,
            checkpoint=main.opened if main is not None and isinstance(main.opened, Checkpoint) else None,
            architecture=self._networks.architecture(main, self.settings),
            validation=None,
            train=None,
            stage1=None,
            stage1_name=case.stage1.row.path.name if case.stage1 else "",
            history=run_history(case),
            nonfinite={},
        )

    def start_over(self) -> None:
        """Forget how far an inspection has come that was interrupted; its runs still go on where they stopped."""
        self._so_far.forget()

    def forget_kept(self) -> None:
        """Remove what was kept for a process that comes after this one."""
        if self._kept is not None:
            self._kept.forget()

    def unfinished(
        self,
        *,
        from_kept: bool = False,
        advice: str = GO_ON,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
    ) -> Inspected | None:
        """What an interrupted inspection had found, marked as partial; None where no clip was run. Nothing is run.

        Args:
            from_kept: True where the process that inspected has ended, and what it kept is to be looked for.
            advice: How to go on, as a sentence.
            progress: Told how far the work is.
            cancel: Asked between steps.

        Raises:
            Cancelled: If `cancel` was set.
        """
        evidence, problems = self._so_far.evidence, list(self._so_far.problems)
        if evidence is None and from_kept:
            evidence = self._beginning(self.current_case(problems))
        if evidence is None:
            return None
        evidence = with_what_ran(evidence, self._networks, self.settings)
        if evidence.validation is None and evidence.train is None:
            return None
        return marked_partial(self._diagnosed(evidence, [], progress, cancel or CancelToken()), problems, advice)

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
            diagnosis=diagnose(evidence, measured=True, progress=progress, cancel=cancel),
            problems=tuple(problems),
            settings=self.settings,
        )

    def _score(
        self,
        rebuilt: Rebuilt | None,
        main: OpenFile | None,
        clips: Clips | None,
        problems: list[Problem],
        progress: Progress,
        cancel: CancelToken,
    ) -> Scored | None:
        return self._networks.score(self.case, self.settings, rebuilt, main, clips, problems, progress, cancel)

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
            predictions, facts, joined = predict(
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
        return self._looks.neighbours(self.case, method, progress, cancel or CancelToken())

    def clip_detail(self, index: int) -> ClipDetail:
        """One validation clip's posteriors, recomputed.

        Raises:
            InferenceError: If no network is at hand, or the clip cannot be run.
        """
        from asl_inspector.inference.running import clip_log_posteriors

        if self._answers is not None:
            return saved_detail(*self._answers, index)
        clips = self.case.validation
        if self.rebuilt is None or clips is None or not 0 <= index < len(clips):
            raise InferenceError("There is no network and no such clip at hand.", advice="Run the inspection first.")
        features = clips.features(index)
        if not len(features) or not np.isfinite(features).all():
            raise InferenceError(f"Clip “{clips.ids[index]}” has no frames or numbers that are not finite.")
        rebuilt = self.rebuilt
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
        return self._looks.similar_clips(self.case, index, progress, cancel or CancelToken())

    def clip_features(self, index: int) -> ClipFeatures:
        """One validation clip's numbers as they are in the file.

        Raises:
            DataError: If there is no such clip, or its numbers cannot be read.
        """
        return self._looks.clip_features(self.case, index)
