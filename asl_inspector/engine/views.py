"""From the core's results, which hold open files, to what may travel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asl_inspector.case.records import Case
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.statistics import tensor_statistics
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array
from asl_inspector.data.records import ClipSurvey, DataMeasures
from asl_inspector.engine.messages import CaseView, InspectionView, TensorView
from asl_inspector.errors import InspectorError
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken
from asl_inspector.report.contents import Inspected
from asl_inspector.report.sample_table import sample_table

BINS = 64
FIRST = 12


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
        data=compact(inspected.data),
    )


def compact(data: DataMeasures | None) -> DataMeasures | None:
    """The measures of the clips without what only the core needs: fingerprints, and the means of every clip."""
    if data is None:
        return None
    return replace(data, validation=_without_prints(data.validation), train=_without_prints(data.train))


def _without_prints(found: ClipSurvey | None) -> ClipSurvey | None:
    if found is None:
        return None
    return replace(found, digests=(), frame_prints=np.zeros(0, np.uint64), means=np.zeros((0, 0)))


def tensor_view(checkpoint: Checkpoint, content: Content, name: str, cancel: CancelToken) -> TensorView:
    """Facts and a histogram of one tensor; trouble where its numbers are not to be had."""
    nothing = (np.zeros(0, np.int64), np.zeros(0), ())
    tensor = next((one for one in checkpoint.tensors if one.name == name), None)
    if tensor is None:
        return TensorView(name, None, *nothing, trouble=f"There is no tensor “{name}” in this file.")
    try:
        facts = tensor_statistics(tensor, content, cancel=cancel)
        first = tuple(
            f"{number:g}" if isinstance(number, complex) else float(number)
            for number in first_numbers(tensor, content, FIRST)
        )
        counts, edges = np.zeros(0, np.int64), np.zeros(0)
        if facts.minimum is not None and facts.maximum is not None:
            values = (
                np.abs(read_array(tensor, content)).reshape(-1)
                if tensor.dtype.startswith("complex")
                else (read_array(tensor, content).reshape(-1))
            )
            finite = values[np.isfinite(values)].astype(np.float64)
            counts, edges = np.histogram(finite, bins=min(BINS, max(1, finite.size)))
    except InspectorError as error:
        return TensorView(name, None, *nothing, trouble=error.sentence)
    return TensorView(name, facts, counts.astype(np.int64), edges, first)
