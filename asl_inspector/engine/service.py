"""What the window may ask of the engine, and what it is answered: one method a question."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from asl_inspector.case.records import Case, Role
from asl_inspector.case_files.reading import read_case
from asl_inspector.case_files.records import SavedCase
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.data.records import ClipFeatures, Neighbours, SimilarClips
from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.diagnosis.what_if_records import WhatIf, WhatIfAnswer
from asl_inspector.engine import changing
from asl_inspector.engine.comparing import Comparer
from asl_inspector.engine.messages import (
    CaseSpec,
    CaseView,
    CompareSide,
    CompareView,
    Exported,
    InspectionView,
    PairView,
)
from asl_inspector.engine.tensor_messages import (
    HealthView,
    OptimizerView,
    SliceRequest,
    SliceView,
    StatisticsPart,
    TensorView,
)
from asl_inspector.engine.views import case_view, inspection_view
from asl_inspector.errors import InspectorError
from asl_inspector.inference.records import ClipDetail, Settings
from asl_inspector.inspection import Inspector
from asl_inspector.inspection_epochs import EpochRuns
from asl_inspector.programs.consent import Offer
from asl_inspector.progress import Cancelled, CancelToken, Progress, Step
from asl_inspector.report.changes.records import Changes
from asl_inspector.report.contents import Inspected
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.partial_words import partial_words
from asl_inspector.report.sample_table import sample_table
from asl_inspector.samples.mapping import Correction
from asl_inspector.sweep.reading import read_sweep
from asl_inspector.sweep.records import Sweep
from asl_inspector.sweep.report import export_sweep
from asl_inspector.workers.preview_records import ClipPreview

if TYPE_CHECKING:
    from asl_inspector.engine.looks import Looks

Publish = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Talk:
    """How an answer under way speaks with the window: progress, cancellation, first results."""

    progress: Progress
    cancel: CancelToken
    publish: Publish


class Service:
    """The requests that the window may make.

    Args:
        kept: Where runs are kept while they last, for an engine that has to take this one's place; or None.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self.inspector = Inspector(kept=kept)
        self.inspected: Inspected | None = None
        self._shown: Inspected | None = None  # what the window shows, the first figures included
        self._looks: Looks | None = None
        self._saved: SavedCase | None = None  # the case file that was opened or written last, its result included
        self.comparer = Comparer()
        self.epoch_runs = EpochRuns(self.inspector)

    def _sync(self, spec: CaseSpec, talk: Talk) -> Case:
        """Make the inspector's case that of `spec`."""
        self.inspector.start_over()
        wanted = {path.absolute() for path in spec.paths}
        missing = self.inspector.keep_only(wanted)
        chosen: dict[Path, Role] = dict(spec.chosen)
        self.inspector.forget_choices()
        self.inspector.add(sorted(missing, key=str), chosen, progress=talk.progress, cancel=talk.cancel)
        return self.inspector.correct(dict(spec.corrections), cancel=talk.cancel)

    def warm_up(self, talk: Talk) -> str:
        """Import what the first run needs, while the window is idle."""
        import scipy.stats  # noqa: F401
        import torch

        import asl_inspector.diagnosis.diagnosing
        import asl_inspector.inference.running
        import asl_inspector.programs.choosing  # noqa: F401

        return str(torch.__version__)

    def open(self, talk: Talk, spec: CaseSpec) -> CaseView:
        """Open the files of a case."""
        return case_view(self._sync(spec, talk))

    def inspect(self, talk: Talk, spec: CaseSpec, settings: Settings) -> InspectionView:
        """Run and diagnose; the first figures are published before the training clips are run."""
        self._shown = None
        self._sync(spec, talk)
        self.inspector.settings = settings

        def show_first(found: Inspected) -> None:
            self._shown = found
            talk.publish(inspection_view(found, partial=True))

        self.inspected = self._shown = self.inspector.inspect(
            progress=talk.progress, cancel=talk.cancel, preliminary=show_first
        )
        if not partial_words(self.inspected):
            self.inspector.forget_kept()
        return inspection_view(self.inspected, partial=False)

    def unfinished(
        self, talk: Talk, spec: CaseSpec | None = None, settings: Settings | None = None
    ) -> InspectionView | None:
        """What an interrupted inspection had found, or None; with a case, that of an engine that has ended."""
        if spec is not None and settings is not None:
            self._sync(spec, talk)
            self.inspector.settings = settings
        found = self.inspector.unfinished(from_kept=spec is not None, progress=talk.progress, cancel=talk.cancel)
        if found is None:
            return None
        self.inspected = self._shown = found
        return inspection_view(found, partial=False)

    def epochs(self, talk: Talk) -> Diagnosis | None:
        """Score the other files of the run; what is known after each one is published on the way."""
        before = self.inspected
        if before is None:
            return None

        def keep(along: object) -> None:
            nonlocal before
            if self.inspected is before:  # and not the next inspection, which came meanwhile
                self.inspected = before = self.epoch_runs.latest
            talk.publish(along)

        with contextlib.suppress(Cancelled):  # what was scored until then is an answer too, marked partial
            self.epoch_runs.score(before, progress=talk.progress, cancel=talk.cancel, publish=keep)
        return self.inspected.diagnosis if self.inspected is not None else None

    def preview(self, talk: Talk, path: Path, correction: Correction) -> ClipPreview:
        """The clips of a file as a correction of its layout would have them; the case stays as it is."""
        return self.inspector.preview(path, correction, cancel=talk.cancel)

    def clip(self, talk: Talk, index: int) -> ClipDetail:
        """One validation clip, recomputed, and aligned with what was signed."""
        from asl_inspector.report.clip_alignment import with_alignment

        if self.inspected is None and self._shown is None and self._saved is not None:
            raise InspectorError(
                "The frames of a clip are not kept with a case.", advice="Choose Run > Run again, then the clip."
            )
        detail = self.inspector.clip_detail(index)
        shown = self._shown
        return detail if shown is None else with_alignment(shown, detail)

    def clip_features(self, talk: Talk, index: int) -> ClipFeatures:
        """The numbers of one validation clip."""
        return self.inspector.clip_features(index)

    def what_if(self, talk: Talk, asked: WhatIf | None) -> WhatIfAnswer:
        """The figures of the validation clips for another decoding; with None what may be asked, and the figures as they are."""
        from asl_inspector.diagnosis import what_if

        shown = self._shown
        if shown is None or shown.validation is None:
            raise InspectorError("Nothing was predicted.", advice="Drop the checkpoint and its validation clips.")
        scored, diagnosis = shown.validation, shown.diagnosis
        choices = what_if.choices(scored, diagnosis)
        decoder = scored.decoder if scored.decoder in choices.decoders else choices.decoders[0]
        refused = bool(choices.refusal)
        figures = None if refused else what_if.answer(scored, diagnosis, asked or WhatIf(decoder=decoder))
        return WhatIfAnswer(choices, figures)

    def glosses(self, talk: Talk, decoder: str) -> GlossMeasures | None:
        """What each gloss is taken for, by one decoder; None where no clip was run."""
        from asl_inspector.report.gloss_pairs import gloss_measures

        shown = self._shown
        samples = sample_table(shown) if shown is not None else None
        if shown is None or samples is None:
            return None
        continuous = shown.diagnosis.continuous
        return gloss_measures(samples, decoder, continuous, progress=talk.progress, cancel=talk.cancel)

    def similar(self, talk: Talk, index: int) -> SimilarClips:
        """The validation clips whose features are nearest to those of one."""
        return self.inspector.similar_clips(index, progress=talk.progress, cancel=talk.cancel)

    def offer(self, talk: Talk, path: Path | None) -> Offer:
        """What the user should know before a file is run."""
        return self.inspector.offer(path)

    def tensor(self, talk: Talk, index: int) -> TensorView:
        """One tensor of the checkpoint."""
        return self._look().tensor(index, talk.cancel)

    def part(self, talk: Talk, request: SliceRequest) -> SliceView:
        """A rectangle of a tensor."""
        return self._look().part(request)

    def statistics(self, talk: Talk) -> StatisticsPart:
        """Facts of every tensor of the checkpoint; most of them are published on the way."""
        return self._look().statistics(talk.progress, talk.cancel, talk.publish)

    def health(self, talk: Talk) -> HealthView:
        """The health of the weights."""
        return self._look().health(talk.progress, talk.cancel)

    def optimizers(self, talk: Talk) -> tuple[OptimizerView, ...]:
        """The optimizers of the checkpoint."""
        return self._look().optimizers()

    def _look(self) -> Looks:
        """The checkpoint of the case; what was measured is kept while it is the same."""
        main = self.inspector.case.checkpoint
        if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
            raise InspectorError("There is no checkpoint.", advice="Drop one on the window.")
        looks = self._looks
        if looks is None or looks.checkpoint is not main.opened:
            from asl_inspector.engine.looks import Looks

            looks = self._looks = Looks(main.opened, main.file.view)
        return looks

    def compare(self, talk: Talk, a: CompareSide, b: CompareSide) -> CompareView:
        """Two checkpoints, of the case or not, compared."""
        return self.comparer.compare(self.inspector.case, a, b, talk.progress, talk.cancel)

    def pair(self, talk: Talk, a: str, b: str) -> PairView:
        """Two corresponding tensors of the last comparison, by their keys."""
        return self.comparer.pair(a, b, talk.cancel)

    def neighbours(self, talk: Talk, method: str) -> Neighbours:
        """The nearest training clip of every validation clip, by a method ("resampled" or "dtw")."""
        return self.inspector.neighbours(method, progress=talk.progress, cancel=talk.cancel)

    def read_case(self, talk: Talk, path: Path) -> SavedCase:
        """What a case file says; nothing that it names is opened yet. The result that it keeps is published."""
        from asl_inspector.engine.saved_cases import kept_view

        self.inspected = self._shown = None
        self._saved = read_case(path)
        view = kept_view(self._saved)
        if view is not None:
            talk.publish(CaseView(view.files, (), None))
            talk.publish(view)
        return replace(self._saved, cached=None)

    def kept(self, talk: Talk) -> InspectionView | None:
        """The result that the opened case file keeps, where its files look as they did; else None, and it is run."""
        from asl_inspector.engine.saved_cases import kept_view

        files = self.inspector.case.files
        if self._saved is None or any(one.file is not None and not one.file.is_current() for one in files):
            return None
        return kept_view(self._saved, {one.row.path: one.row for one in files})

    def save_case(self, talk: Talk, path: Path, spec: CaseSpec, settings: Settings) -> SavedCase:
        """Write the case as it is, with the hashes of its files, and say what was written."""
        from asl_inspector.engine.saved_cases import save, save_again

        talk.progress(Step("Hashing the files"))
        case, corrections = self.inspector.hash_files(cancel=talk.cancel), dict(spec.corrections)
        inspected = self.inspector.with_current_rows(self.inspected) if self.inspected is not None else None
        if inspected is not None and partial_words(inspected):
            inspected = None  # a part of a result is none to come back to
        if inspected is None and self._saved is not None and self._saved.cached is not None:
            save_again(path, self._saved, case, spec.paths)
        else:
            save(path, case, spec.paths, settings=settings, corrections=corrections, inspected=inspected)
        self._saved = read_case(path)
        return replace(self._saved, cached=None)

    def changes(self, talk: Talk, saved: SavedCase) -> tuple[str, ...]:
        """What is not as it was when the case was saved, as sentences; hashes its files."""
        from asl_inspector.case_files.changes import changed_files, changed_result
        from asl_inspector.case_files.writing import result_of

        told = changed_files(saved, self.inspector.hash_files(cancel=talk.cancel))
        if self.inspected is None:
            return told
        result = changed_result(saved.result, result_of(self.inspected))
        return (*told, result) if result else told

    def compare_reports(self, talk: Talk, before: Path | None, after: Path | None) -> Changes:
        """Two diagnoses compared, None standing for the case that is open."""
        return changing.compare((before, after), self.inspected, self._saved)

    def export_changes(
        self, talk: Talk, before: Path | None, after: Path | None, path: Path, kind: str, options: ReportOptions
    ) -> Exported:
        """Write such a comparison."""
        started = time.perf_counter()
        changing.export(self.compare_reports(talk, before, after), path, kind, options)
        return Exported(path, time.perf_counter() - started)

    def open_sweep(self, talk: Talk, path: Path) -> Sweep:
        """Read the result of a sweep."""
        return read_sweep(path)

    def export_sweep(self, talk: Talk, source: Path, path: Path, kind: str, options: ReportOptions) -> Exported:
        """Write such a result as a report."""
        started = time.perf_counter()
        export_sweep(read_sweep(source), path, kind, options)
        return Exported(path, time.perf_counter() - started)

    def export(self, talk: Talk, path: Path, kind: str, options: ReportOptions = STANDARD) -> Exported:
        """Write the last inspection as one of the kinds of file that `exporting` knows."""
        from asl_inspector.report.exporting import export

        started = time.perf_counter()
        if self.inspected is None and (self._saved is None or not self.inspector.case.files):
            raise InspectorError("There is nothing to export yet.", advice="Drop a checkpoint on the window first.")
        if self.inspected is None:  # what is shown was kept with the case; a report needs the whole of it
            self.inspected = self._shown = self.inspector.inspect(progress=talk.progress, cancel=talk.cancel)
        talk.progress(Step("Hashing the files"))
        self.inspector.hash_files(cancel=talk.cancel)
        talk.progress(Step(f"Writing {path.name}"))
        notes = export(self.inspector.with_current_rows(self.inspected), path, kind, options)
        return Exported(path, time.perf_counter() - started, notes)
