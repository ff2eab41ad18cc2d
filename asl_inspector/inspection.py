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
from asl_inspector.inspection_clips import ClipLooks
from asl_inspector.inspection_files import CaseFiles
from asl_inspector.inspection_networks import NetworkRuns
from asl_inspector.inspection_parts import clip_source, problem_of, side_of
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.records import Clips

if TYPE_CHECKING:
    from asl_inspector.checkpoints.health_records import HealthNote
    from asl_inspector.data.records import ClipFeatures, Neighbours, SimilarClips
    from asl_inspector.diagnosis.evidence import Evidence, Scored
    from asl_inspector.inference.predictions import Predictions
    from asl_inspector.inference.rebuilding import Rebuilt
    from asl_inspector.inference.saved import SavedFacts
    from asl_inspector.outputs.joining import Joined
    from asl_inspector.programs.consent import Offer
    from asl_inspector.report.contents import Inspected, Problem


class Inspector(CaseFiles):
    """One case: its files, and what was computed from them."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self._networks = NetworkRuns()
        self._looks = ClipLooks()
        self._answers: tuple[SavedOutputs, Joined, SavedFacts, Predictions] | None = None

    @property
    def rebuilt(self) -> Rebuilt | None:
        """The network of the last inspection, or None."""
        return self._networks.rebuilt

    def clear(self) -> Case:
        """Forget all files, and what was computed from them."""
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
        from asl_inspector.diagnosis.evidence import Evidence

        cancel = cancel or CancelToken()
        problems: list[Problem] = []
        self._answers = None
        case = self.current_case(problems)
        main = case.checkpoint
        checkpoint = main.opened if main is not None and isinstance(main.opened, Checkpoint) else None
        runnable = case.validation is not None or case.train is not None
        rebuilt = self._networks.build(main, case, self.settings, problems, progress, cancel) if runnable else None
        network = rebuilt.network if rebuilt else None
        nonfinite, health = judged_weights(main, progress, cancel)
        evidence = Evidence(
            case=case,
            checkpoint=checkpoint,
            architecture=network.architecture if network else self._networks.architecture(main, self.settings),
            validation=self._score(rebuilt, main, case.validation, problems, progress, cancel),
            train=None,
            stage1=self._compare(case, progress, cancel),
            stage1_name=case.stage1.row.path.name if case.stage1 else "",
            history=run_history(case),
            nonfinite=nonfinite,
            health=health,
            data=self._looks.look_through(case, progress, cancel),
        )
        if evidence.validation is None and case.outputs is not None:
            evidence = self._with_saved(evidence, case.outputs, problems, progress, cancel)
        if case.train is not None and rebuilt is not None:
            if preliminary is not None:
                preliminary(self._diagnosed(evidence, problems, progress, cancel))
            train = self._score(rebuilt, main, case.train, problems, progress, cancel)
            evidence = replace(evidence, train=train)
        if rebuilt is not None:
            evidence = replace(
                evidence,
                saturated=self._networks.saturated(rebuilt, evidence.validation),
                realigned=self._networks.realign(self.case, self.settings, rebuilt, evidence, progress, cancel),
            )
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
            diagnosis=diagnose(evidence, progress=progress, cancel=cancel),
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

    def clip_detail(self, index: int, *, train: bool = False) -> ClipDetail:
        """One clip's posteriors, recomputed.

        Raises:
            InferenceError: If no network is at hand, or the clip cannot be run.
        """
        from asl_inspector.inference.running import clip_log_posteriors

        if self._answers is not None and not train:
            return saved_detail(*self._answers, index)
        clips = self.case.train if train else self.case.validation
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
