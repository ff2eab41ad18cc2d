"""An inspection that was cancelled goes on where it stopped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from makers import Run

from asl_inspector.inference import columns
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken, Step


def test_a_cancelled_inspection_goes_on_where_it_stopped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    plain = columns.Columns.fill

    def counting(self: columns.Columns, clips: np.ndarray, reduced: dict[str, Any]) -> None:
        ran.extend(clips.tolist())
        plain(self, clips, reduced)

    monkeypatch.setattr(columns.Columns, "fill", counting)
    inspector = Inspector(Settings(device="cpu", batch_frames=12))
    inspector.add([run.checkpoint, run.validation])
    cancel = CancelToken()

    def progress(step: Step) -> None:
        if step.unit == "clips" and step.done >= 4:
            cancel.cancel()

    with pytest.raises(Cancelled):
        inspector.inspect(progress=progress, cancel=cancel)
    before = len(ran)
    found = inspector.inspect()
    assert found.validation is not None
    assert found.validation.predictions.complete
    assert 4 <= before < len(found.validation.clips)
    assert len(ran) == len(set(ran)) == len(found.validation.clips)
