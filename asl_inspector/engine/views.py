"""From the core's results, which hold open files, to what may travel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asl_inspector.case.records import Case
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.data.records import ClipSurvey, DataMeasures
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.report.contents import Inspected
from asl_inspector.report.partial_words import partial_words
from asl_inspector.report.sample_table import clips_alone, sample_table


def case_view(case: Case) -> CaseView:
    """The case without its open files."""
    main = case.checkpoint
    checkpoint = main.opened if main is not None and isinstance(main.opened, Checkpoint) else None
    return CaseView(tuple(one.row for one in case.files), case.notes, checkpoint)


def inspection_view(inspected: Inspected, *, partial: bool) -> InspectionView:
    """The inspection without its open files."""
    runs = [scored.predictions for scored in (inspected.validation, inspected.train) if scored is not None]
    return InspectionView(
        files=tuple(one.row for one in inspected.case.files),
        architecture=inspected.architecture,
        diagnosis=inspected.diagnosis,
        samples=sample_table(inspected) or clips_alone(inspected),
        history=inspected.history,
        problems=inspected.problems,
        device=runs[0].device if runs else "",
        device_why=runs[0].device_why if runs else "",
        clips=sum(int(run.ran.sum()) for run in runs),
        frames=sum(int(run.starts[-1]) for run in runs),
        seconds=sum(run.seconds for run in runs),
        partial=partial,
        data=compact(inspected.data),
        saved=inspected.saved,
        settings=inspected.settings,
        interrupted="" if partial else partial_words(inspected),
    )


def compact(data: DataMeasures | None) -> DataMeasures | None:
    """The measures of the clips without what only the core needs: fingerprints, and the means of every clip."""
    if data is None:
        return None
    return replace(data, validation=_without_prints(data.validation), train=_without_prints(data.train), among=None)


def _without_prints(found: ClipSurvey | None) -> ClipSurvey | None:
    if found is None:
        return None
    return replace(found, digests=(), frame_prints=np.zeros(0, np.uint64), means=np.zeros((0, 0)))
