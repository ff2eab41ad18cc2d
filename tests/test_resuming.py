"""An inspection that was cancelled goes on where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from makers import Run

from asl_inspector import inspection_networks
from asl_inspector.errors import DataError
from asl_inspector.inference import columns
from asl_inspector.inference.records import Settings
from asl_inspector.inference.sources import ClipSource
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.samples.records import Clips


@pytest.fixture(autouse=True)
def _no_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clips are run once: this network is wrong on most of them, for which repairs would be tried."""
    monkeypatch.setattr("asl_inspector.diagnosis.realigned.worth_trying", lambda _: False)


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


def test_what_was_run_before_clips_became_unreadable_is_kept_and_marked(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the file vanishes, or the process that reads it is killed, in the middle of a run."""
    plain = inspection_networks.clip_source
    read: list[int] = []

    def vanishing(clips: Clips) -> ClipSource:
        source = plain(clips)

        def features(index: int) -> np.ndarray:
            if len(read) >= 9:
                raise DataError(f"“{clips.path.name}” is not there any more.", advice="Put it back.")
            read.append(index)
            return source.features(index)

        return replace(source, features=features)

    monkeypatch.setattr(inspection_networks, "clip_source", vanishing)
    inspector = Inspector(Settings(device="cpu", batch_frames=12))
    inspector.add([run.checkpoint, run.validation])
    partial = inspector.inspect()
    assert partial.validation is not None
    predictions = partial.validation.predictions
    assert not predictions.complete
    assert 0 < predictions.ran.sum() <= 9
    told = [problem.sentence for problem in partial.problems]
    assert told[0] == f"“{run.validation.name}” is not there any more."
    count, total = int(predictions.ran.sum()), len(partial.validation.clips)
    assert told[1].startswith(f"Partial: {count} of the {total} clips of “{run.validation.name}” were run before that")
    assert any(note.startswith("Partial: ") for note in json.loads(to_json(inspection_json(partial)))["notes"])
    monkeypatch.setattr(inspection_networks, "clip_source", plain)
    whole = Inspector(Settings(device="cpu"))
    whole.add([run.checkpoint, run.validation])
    wanted = whole.inspect().validation
    assert wanted is not None
    ran = predictions.ran
    np.testing.assert_allclose(predictions.loss[ran], wanted.predictions.loss[ran], atol=1e-5)
    np.testing.assert_array_equal(predictions.top[ran], wanted.predictions.top[ran])
