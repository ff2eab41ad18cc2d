"""From the core's results, which hold open files, to what may travel."""

from __future__ import annotations

from asl_inspector.case.records import Case
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.report.contents import Inspected
from asl_inspector.report.sample_table import sample_table


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
        samples=sample_table(inspected),
        history=inspected.history,
        problems=inspected.problems,
        device=runs[0].device if runs else "",
        clips=sum(int(run.ran.sum()) for run in runs),
        frames=sum(int(run.starts[-1]) for run in runs),
        seconds=sum(run.seconds for run in runs),
        partial=partial,
    )
