"""The network of a case and its runs: built once while its files stay the same, run once over each set of clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from asl_inspector.case.records import Case, OpenFile, Role
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import InferenceError, InspectorError
from asl_inspector.inference.records import EffectiveRanks, LayerResets, Settings
from asl_inspector.inspection_parts import Key, clip_source, identity_of, problem_of
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.samples.records import Clips

if TYPE_CHECKING:
    from asl_inspector.diagnosis.evidence import Evidence, Scored
    from asl_inspector.inference.predictions import Predictions
    from asl_inspector.inference.rebuilding import Rebuilt
    from asl_inspector.inference.running import Run
    from asl_inspector.inference.unfinished import UnfinishedRuns
    from asl_inspector.networks.records import Architecture
    from asl_inspector.report.contents import Problem

Probe = TypeVar("Probe")


class NetworkRuns:
    """What was built and predicted; an error on the way becomes a `Problem` of the inspection.

    Args:
        kept: Where runs are kept for a process that comes after this one, or None.
    """

    def __init__(self, kept: UnfinishedRuns | None = None) -> None:
        self.held: tuple[Key, Rebuilt] | None = None
        self._kept = kept
        self._predictions: dict[Key, Predictions] = {}
        self._ranks: dict[Key, EffectiveRanks] = {}
        self._resets: dict[Key, LayerResets] = {}
        self._runs: dict[Key, Run] = {}  # those that were cancelled, to go on with

    @property
    def rebuilt(self) -> Rebuilt | None:
        """The network of the last inspection, or None."""
        return self.held[1] if self.held is not None else None

    def clear(self) -> None:
        """Forget everything."""
        self.end()
        self._predictions, self._runs, self._ranks, self._resets = {}, {}, {}, {}

    def build(
        self,
        main: OpenFile | None,
        case: Case,
        settings: Settings,
        problems: list[Problem],
        progress: Progress,
        cancel: CancelToken,
    ) -> Rebuilt | None:
        """The network of the inspected checkpoint, as it was where nothing has changed; None with a problem more.

        Raises:
            Cancelled: If `cancel` was set.
        """
        if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.inference.rebuilding import rebuild
        from asl_inspector.programs.choosing import program_of, state_of

        witnesses = (Role.VALIDATION, Role.TRAIN, Role.VOCABULARY)
        seen = tuple(identity_of(one) for one in case.files if one.row.role in witnesses)
        key = (*identity_of(main), settings.blank, settings.choices, state_of(settings.consent), seen)
        if self.held is None or self.held[0] != key:
            self.end()
            try:
                clips = [clip_source(one) for one in (case.validation, case.train) if one is not None]
                rebuilt = rebuild(
                    main.opened,
                    main.file.view,
                    settings,
                    validation=clip_source(case.validation) if case.validation is not None else None,
                    train=clip_source(case.train) if case.train is not None else None,
                    vocabularies=[vocabulary.gloss_to_id for vocabulary in case.vocabularies],
                    program=program_of(main.opened, main.file.view, settings, clips),
                    progress=progress,
                    cancel=cancel,
                )
                self.held = (key, rebuilt)
            except InspectorError as error:
                problems.append(problem_of(error))
                return None
        return self.held[1]

    def end(self) -> None:
        """Let go of the network, and of its process where it has one."""
        if self.held is not None:
            self.held[1].end()
        self.held = None

    def architecture(self, main: OpenFile | None, settings: Settings) -> Architecture | None:
        """What network a checkpoint holds, without building it, or None."""
        if main is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.networks.building import recognise

        try:
            return recognise(main.opened, chosen=dict(settings.choices))
        except InspectorError:  # an impossible choice was told of where the network was to be built
            return recognise(main.opened)

    def score(
        self,
        case: Case,
        settings: Settings,
        rebuilt: Rebuilt | None,
        main: OpenFile | None,
        clips: Clips | None,
        problems: list[Problem],
        progress: Progress,
        cancel: CancelToken,
    ) -> Scored | None:
        """Predictions on the clips, as they were where nothing has changed; None with a problem more.

        Raises:
            Cancelled: If `cancel` was set; the next call goes on where this one stopped.
        """
        if rebuilt is None or main is None or clips is None:
            return None
        from asl_inspector.diagnosis.evidence import Scored

        source = next(one for one in case.files if one.opened is clips)
        network = rebuilt.network
        answers = tuple(choice.value for choice in network.architecture.choices)
        key = (*identity_of(main), *identity_of(source), _of_a_run(settings), answers)
        if key not in self._predictions:
            try:
                if key not in self._runs:
                    files = (*identity_of(main), *identity_of(source))
                    self._runs[key] = self._new_run(key, files, rebuilt, clips, settings, cancel)
                self._predictions[key] = self._runs[key].go_on(progress=progress, cancel=cancel)
                del self._runs[key]
            except InspectorError as error:
                problems.append(problem_of(error))
                return self._partial(key, clips, settings, problems)
            except MemoryError as error:
                shortage = InferenceError("There is not enough memory to run this network.", detail=str(error))
                problems.append(problem_of(shortage))
                return self._partial(key, clips, settings, problems)
        return Scored(clips, self._predictions[key], settings.decoder)

    def _new_run(
        self, key: Key, files: Key, rebuilt: Rebuilt, clips: Clips, settings: Settings, cancel: CancelToken
    ) -> Run:
        """A run that goes on with what a process before this one kept of it."""
        from asl_inspector.inference.running import Run
        from asl_inspector.inference.unfinished import fingerprint

        network, source = rebuilt.network, rebuilt.prepare(clip_source(clips), cancel)
        known: Predictions | None = None
        keep: Callable[[Predictions], None] | None = None
        if self._kept is not None:
            wanted = (*files, _wherever(settings))
            name = fingerprint(*wanted, *key[len(wanted) :])
            known = self._kept.of_run(name)
            keep = partial(self._kept.keep, name, fingerprint(*wanted), network.architecture)
        return Run(
            network,
            source,
            device=settings.device,
            batch_frames=settings.batch_frames,
            mixed=settings.mixed,
            beam=settings.decoder == "beam",
            threads=settings.threads,
            known=known,
            keep=keep,
        )

    def so_far(
        self, case: Case, settings: Settings, main: OpenFile | None, clips: Clips | None
    ) -> tuple[Architecture | None, Scored] | None:
        """What a run that was interrupted has said, in this process or in one before it; nothing is run.

        The architecture is None where the inspection knows it already.
        """
        if main is None or clips is None or not isinstance(main.opened, Checkpoint):
            return None
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.inference.unfinished import fingerprint

        source = next(one for one in case.files if one.opened is clips)
        files = (*identity_of(main), *identity_of(source))
        wanted = (*files, _of_a_run(settings))
        known = [one for key, one in self._predictions.items() if key[: len(wanted)] == wanted]
        for run in (run for key, run in self._runs.items() if key[: len(wanted)] == wanted):
            run.keep()
            known.append(run.predictions())
        architecture: Architecture | None = None
        if not known and self._kept is not None:
            held = self._kept.of_run_over(fingerprint(*files, _wherever(settings)))
            if held is not None and len(held.predictions) == len(clips):
                known, architecture = [held.predictions], held.architecture
        if not known or not known[-1].ran.any():
            return None
        return architecture, Scored(clips, known[-1], settings.decoder)

    def _partial(self, key: Key, clips: Clips, settings: Settings, problems: list[Problem]) -> Scored | None:
        """What was predicted before a run failed, marked as partial; the next call goes on with the rest."""
        from asl_inspector.diagnosis.evidence import Scored

        run = self._runs.get(key)
        found = run.predictions() if run is not None else None
        if run is None or found is None or not found.ran.any():
            return None
        run.keep()
        sentence = (
            f"Partial: {int(found.ran.sum()):,} of the {len(clips):,} clips of “{clips.path.name}” were run before that; every"
            " figure is of these alone."
        )
        problems.append(problem_of(InferenceError(sentence, advice="Run again to go on with the others.")))
        return Scored(clips, replace(found, notes=(*found.notes, sentence)), settings.decoder)

    def saturated(self, rebuilt: Rebuilt, scored: Scored | None) -> float | None:
        """The share of the gates that the clips drive to their ends, or None where it cannot be told."""
        from asl_inspector.inference.saturation import saturated_share

        if scored is None:
            return None
        try:
            return saturated_share(rebuilt.network.module, rebuilt.prepare(clip_source(scored.clips)))
        except InspectorError:  # clips that can no longer be read were told of where they were to be run
            return None

    def ranks(self, case: Case, rebuilt: Rebuilt, scored: Scored | None, cancel: CancelToken) -> EffectiveRanks | None:
        """In how many directions the clips' features and the encoder's outputs spread, or None where it cannot be told.

        Raises:
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.inference.directions import effective_ranks

        return self._probed(effective_ranks, self._ranks, case, rebuilt, scored, cancel)

    def resets(self, case: Case, rebuilt: Rebuilt, scored: Scored | None, cancel: CancelToken) -> LayerResets | None:
        """How many answers stay when each layer is drawn anew, or None where it cannot be told.

        Raises:
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.inference.resetting import layers_reset

        return self._probed(layers_reset, self._resets, case, rebuilt, scored, cancel)

    def _probed(
        self,
        ask: Callable[..., Probe],
        known: dict[Key, Probe],
        case: Case,
        rebuilt: Rebuilt,
        scored: Scored | None,
        cancel: CancelToken,
    ) -> Probe | None:
        """What a probe of the network finds over the clips that were scored, kept while network and clips are the same."""
        if scored is None or self.held is None:
            return None
        source = next((one for one in case.files if one.opened is scored.clips), None)
        key = (self.held[0], identity_of(source)) if source is not None else None
        if key is None or key not in known:
            try:
                found = ask(rebuilt.network, rebuilt.prepare(clip_source(scored.clips), cancel), cancel=cancel)
            except InspectorError:  # clips that can no longer be read were told of where they were to be run
                return None
            if key is None:
                return found
            known[key] = found
        return known[key]

    def realign(
        self,
        case: Case,
        settings: Settings,
        rebuilt: Rebuilt,
        evidence: Evidence,
        progress: Progress,
        cancel: CancelToken,
    ) -> dict[str, Scored]:
        """The validation clips run again after each repair that their numbers call for; most sets call for none."""
        from asl_inspector.data.realigning import repairs_alone, repairs_for
        from asl_inspector.diagnosis.evidence import Scored
        from asl_inspector.diagnosis.realigned import worth_trying
        from asl_inspector.inference.running import Run

        scored, data, train = evidence.validation, evidence.data, evidence.case.train
        if scored is None or data is None or self.held is None or evidence.saved is not None:
            return {}
        if not scored.predictions.complete:  # what broke the run would break these
            return {}
        found: dict[str, Scored] = {}
        files = [next(one for one in case.files if one.opened is clips) for clips in (scored.clips, train) if clips]
        alone = repairs_alone(data.validation) if train is None and worth_trying(scored) else ()
        for repair in (*repairs_for(data), *alone):
            key = (self.held[0], *map(identity_of, files), settings, repair.name)
            if key not in self._predictions:
                source = clip_source(scored.clips)
                mended = replace(source, features=partial(_repaired, source.features, repair.apply))
                run = Run(
                    rebuilt.network, rebuilt.prepare(mended, cancel), device=settings.device, threads=settings.threads
                )
                try:
                    self._predictions[key] = run.go_on(progress=progress, cancel=cancel)
                except InspectorError:  # a repair after which nothing can be run repairs nothing
                    continue
            found[repair.name] = Scored(scored.clips, self._predictions[key], scored.decoder)
        return found


def _of_a_run(settings: Settings) -> Settings:
    """What of the settings a run depends on: every decoder but the beam search reads what every run keeps."""
    return replace(settings, decoder="beam" if settings.decoder == "beam" else "")


def _wherever(settings: Settings) -> Settings:
    """What of the settings changes predictions: not where and in which batches they are computed."""
    return replace(_of_a_run(settings), device="auto", batch_frames=None, threads=0)


def _repaired(
    features: Callable[[int], NDArray[np.float32]],
    repair: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    index: int,
) -> NDArray[np.float32]:
    """Features of a clip after a repair."""
    return repair(features(index))
