"""What an interrupted inspection has run is shown, marked as partial in every output, and not run a second time."""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import jsonschema
import numpy as np
import pytest
from conftest import ROOT
from makers import Run, make_clips, write_cache

from asl_inspector.commands.diagnosing import diagnose
from asl_inspector.commands.parsing import parser
from asl_inspector.commands.terminal import INTERRUPTED, Terminal
from asl_inspector.engine.client import Engine, EngineEnded
from asl_inspector.engine.messages import CaseSpec, CaseView, InspectionView
from asl_inspector.inference import running
from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.records import Settings
from asl_inspector.inference.unfinished import CODEC, KeptRun
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.report.contents import Inspected
from asl_inspector.report.exporting import content_of
from asl_inspector.wire import read_frame, write_frame

SMALL = Settings(device="cpu", batch_frames=12)
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())


@pytest.fixture(autouse=True)
def _no_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clips are run once: this network is wrong on most of them, for which repairs would be tried."""
    monkeypatch.setattr("asl_inspector.diagnosis.realigned.worth_trying", lambda _: False)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The clips that were given to a network, in order."""
    found: list[int] = []
    plain = running.Loader._load  # type: ignore[attr-defined]

    def noting(self: object, clips: np.ndarray) -> object:
        found.extend(clips.tolist())
        return plain(self, clips)

    monkeypatch.setattr(running.Loader, "_load", noting)  # type: ignore[attr-defined]
    return found


def opened(run: Run, *, kept: Path | None = None, train: bool = False) -> Inspector:
    inspector = Inspector(SMALL, kept=kept)
    inspector.add([run.checkpoint, run.validation, *([run.train] if train else [])])
    return inspector


def interrupted_at(what: str, inspector: Inspector, *, after: int = 4) -> None:
    """Cancel an inspection when it says `what`, and this many units of it are done."""
    cancel = CancelToken()

    def progress(step: Step) -> None:
        if step.what.startswith(what) and step.done >= after:
            cancel.cancel()

    with pytest.raises(Cancelled):
        inspector.inspect(progress=progress, cancel=cancel)


def whole(run: Run, *, train: bool = False) -> Inspected:
    return opened(run, train=train).inspect()


def agree(some: Predictions, wanted: Predictions) -> None:
    ran = some.ran
    np.testing.assert_array_equal(some.top[ran], wanted.top[ran])
    np.testing.assert_allclose(some.loss[ran], wanted.loss[ran], atol=1e-5)


def test_a_cancelled_run_shows_what_was_run_and_says_of_how_many(run: Run) -> None:
    inspector = opened(run)
    interrupted_at("Running", inspector)
    found = inspector.unfinished()
    assert found is not None
    assert found.validation is not None
    ran, clips = int(found.validation.predictions.ran.sum()), len(found.validation.clips)
    assert 4 <= ran < clips
    agree(found.validation.predictions, cast("Predictions", whole(run).validation.predictions))  # type: ignore[union-attr]
    said = (
        f"Partial: {ran} of the {clips} clips of “{run.validation.name}” were run before the inspection was interrupted"
    )
    assert found.problems[-1].sentence.startswith(said)
    document = json.loads(content_of(found, "json"))
    jsonschema.validate(document, SCHEMA)
    assert (document["predictions"]["clips"], document["predictions"]["of"]) == (ran, clips)
    assert document["predictions"]["complete"] is False
    assert any(note.startswith(said) for note in document["notes"])
    for kind in ("md", "html"):
        assert "Partial: " in content_of(found, kind).decode()
    told = {finding.id for finding in found.diagnosis.findings}
    assert "features-not-finite" not in told  # clips that were not reached are no clips with NaN


def test_a_run_that_came_to_its_end_is_not_marked(run: Run) -> None:
    found = whole(run)
    assert json.loads(content_of(found, "json"))["predictions"]["complete"] is True
    assert "Partial: " not in content_of(found, "md").decode()


def test_cancelled_while_the_training_clips_run_the_validation_clips_are_whole(run: Run, read: list[int]) -> None:
    inspector = opened(run, train=True)
    interrupted_at(f"Running {run.train.name}", inspector)
    found = inspector.unfinished()
    assert found is not None
    assert found.validation is not None
    assert found.train is not None
    assert found.validation.predictions.complete
    assert not found.train.predictions.complete
    assert run.train.name in found.problems[-1].sentence
    assert run.validation.name not in found.problems[-1].sentence
    before = len(read)
    done = inspector.inspect()
    assert done.train is not None
    assert done.train.predictions.complete
    assert not done.interrupted
    clips = len(found.validation.clips) + len(done.train.clips)
    assert len(read) <= clips + len(found.train.clips) - int(found.train.predictions.ran.sum())
    assert len(read) > before
    assert inspector.unfinished() is None


@pytest.mark.parametrize("stage", ["Running", "Looking through", "Diagnosing"])
def test_cancelled_at_any_stage_what_was_run_is_shown_and_the_next_inspection_is_whole(run: Run, stage: str) -> None:
    inspector = opened(run)
    interrupted_at(stage, inspector, after=0)
    found = inspector.unfinished()
    done = inspector.inspect()
    assert done.validation is not None
    assert done.validation.predictions.complete
    if stage != "Running":
        assert found is not None
        assert found.validation is not None
        assert found.validation.predictions.complete
        assert "had not yet looked at" in found.problems[-1].sentence
        agree(found.validation.predictions, done.validation.predictions)


def test_cancelled_before_a_clip_was_run_there_is_nothing_to_show(run: Run) -> None:
    inspector, cancel = opened(run), CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        inspector.inspect(cancel=cancel)
    assert inspector.unfinished() is None


# -- another process --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beam", [False, True])
def test_another_process_goes_on_with_what_was_kept(run: Run, tmp_path: Path, read: list[int], beam: bool) -> None:
    folder = tmp_path / "kept"
    first = opened(run, kept=folder)
    first.settings = Settings(device="cpu", batch_frames=12, decoder="beam" if beam else "majority")
    interrupted_at("Running", first)
    partial = first.unfinished()
    assert partial is not None
    assert partial.validation is not None
    ran = partial.validation.predictions.ran
    del read[:]
    second = opened(run, kept=folder)
    second.settings = Settings(device="auto", decoder=first.settings.decoder)  # how it is run changes no prediction
    told = second.unfinished(from_kept=True)
    assert told is not None
    assert told.validation is not None
    np.testing.assert_array_equal(told.validation.predictions.ran, ran)
    assert told.architecture == partial.architecture
    assert not read
    done = second.inspect()
    assert sorted(read) == np.flatnonzero(~ran).tolist()
    assert done.validation is not None
    fresh = Inspector(first.settings)
    fresh.add([run.checkpoint, run.validation])
    wanted = fresh.inspect().validation
    assert wanted is not None
    agree(done.validation.predictions, wanted.predictions)
    np.testing.assert_array_equal(done.validation.predictions.best_gloss, wanted.predictions.best_gloss)
    if beam:
        assert done.validation.predictions.beam is not None
        assert wanted.predictions.beam is not None
        assert done.validation.predictions.beam.paths == wanted.predictions.beam.paths
    second.forget_kept()
    assert not folder.exists()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def _garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[40:60] = b"x" * 20
    path.write_bytes(content)


def _wrong_classes(path: Path) -> None:
    """Glosses that the network does not have."""
    with open(path, "rb") as stream:
        held = cast("KeptRun", CODEC.decode(read_frame(stream) or []))
    other = replace(held, predictions=replace(held.predictions, best_gloss=held.predictions.best_gloss + 1_000))
    with open(path, "wb") as stream:
        write_frame(stream, CODEC.encode(other))


@pytest.mark.parametrize("damage", [_cut, _garble, _wrong_classes, Path.unlink])
def test_what_is_kept_and_damaged_is_passed_over(run: Run, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = tmp_path / "kept"
    first = opened(run, kept=folder)
    interrupted_at("Running", first)
    assert first.unfinished() is not None
    (path,) = folder.glob("*.run")
    damage(path)
    second = opened(run, kept=folder)
    assert second.unfinished(from_kept=True) is None
    done = second.inspect().validation
    assert done is not None
    assert done.predictions.complete


def test_another_checkpoint_under_the_same_name_starts_anew(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = opened(run, kept=folder)
    interrupted_at("Running", first)
    assert first.unfinished() is not None
    os.utime(run.checkpoint, ns=(1, 1))
    assert opened(run, kept=folder).unfinished(from_kept=True) is None


def test_a_long_run_is_kept_while_it_lasts(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that something is there where the process is killed."""
    monkeypatch.setattr(running, "SECONDS_BETWEEN_KEEPS", 0.0)
    folder = tmp_path / "kept"
    first, cancel = opened(run, kept=folder), CancelToken()
    there: list[int] = []

    def progress(step: Step) -> None:
        found = opened(run, kept=folder).unfinished(from_kept=True) if step.done >= 8 and not there else None
        if found is not None and found.validation is not None:
            there.append(int(found.validation.predictions.ran.sum()))
            cancel.cancel()

    with pytest.raises(Cancelled):
        first.inspect(progress=progress, cancel=cancel)
    assert there[0] > 0


def test_a_run_that_is_too_long_to_be_kept_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_FRAMES_KEPT", 10)
    found = opened(run, kept=tmp_path / "kept").inspect()
    assert found.validation is not None
    (note,) = found.validation.predictions.notes
    assert "too long to be kept" in note
    assert not (tmp_path / "kept").exists()


# -- the command line -------------------------------------------------------------------------------------------------


class Interrupting(Terminal):
    """Stands for somebody who presses Ctrl-C in the middle of the run."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__(quiet=True)
        self.cancel, self.said = cancel, []
        self.said: list[str]

    def show(self, step: Step) -> None:
        if step.what.startswith("Running") and step.done >= 4:
            self.cancel.cancel()

    def say(self, text: str) -> None:
        self.said.append(text)


def options(run: Run, out: Path, *more: str) -> argparse.Namespace:
    words = ["diagnose", str(run.checkpoint), str(run.validation), "--json", str(out), "--device", "cpu"]
    return parser().parse_args([*words, "--batch-frames", "12", "--fail-on", "never", *more])


def test_ctrl_c_writes_what_was_found_and_the_next_command_goes_on(
    run: Run, tmp_path: Path, read: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    out, folder, cancel = tmp_path / "out.json", tmp_path / "kept", CancelToken()
    terminal = Interrupting(cancel)
    assert diagnose(options(run, out, "--unfinished", str(folder)), terminal, cancel) == INTERRUPTED
    document = json.loads(out.read_text())
    assert document["predictions"]["complete"] is False
    assert terminal.said[0].startswith("Interrupted.")
    assert f"--unfinished {folder} goes on" in terminal.said[-1]
    assert document["headline"] in capsys.readouterr().out
    del read[:]
    assert diagnose(options(run, out, "--unfinished", str(folder)), Terminal(quiet=True), CancelToken()) == 0
    again = json.loads(out.read_text())
    assert again["predictions"]["complete"] is True
    assert len(read) == again["predictions"]["of"] - document["predictions"]["clips"]
    assert not folder.exists()


def test_ctrl_c_without_a_folder_tells_how_to_keep_a_run(run: Run, tmp_path: Path) -> None:
    cancel = CancelToken()
    terminal = Interrupting(cancel)
    assert diagnose(options(run, tmp_path / "out.json"), terminal, cancel) == INTERRUPTED
    assert "With --unfinished FOLDER" in terminal.said[-1]


# -- the engine -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_engine_killed_in_the_middle_leaves_what_was_run_to_the_next(run: Run) -> None:
    many = write_cache(run.train, make_clips(clips_a_gloss=2_000, split="train"))
    engine, spec = Engine(), CaseSpec((run.checkpoint, run.validation, many))

    def kill(step: Step) -> None:
        if step.what == f"Running {many.name}" and engine.pid is not None:
            os.kill(engine.pid, signal.SIGKILL)

    try:
        with pytest.raises(EngineEnded, match="ended unexpectedly"):
            engine.call("inspect", spec, SMALL, progress=kill)
        found = cast("InspectionView", engine.call("unfinished", spec, SMALL))
        assert found.interrupted.startswith("Partial: ")
        assert found.samples is not None
        assert found.samples.ran.all()
        kept = engine._kept
        assert kept is not None
        assert list(kept.glob("*.run"))
    finally:
        engine.stop()
    assert not kept.exists()


@pytest.mark.slow
def test_clips_cut_short_in_place_end_the_engine_with_what_to_try(run: Run) -> None:
    """A training script that writes its features anew: bytes that are mapped are gone, which ends any process."""
    many = write_cache(run.folder / "features_val2.pkl", make_clips(clips_a_gloss=2_000))
    engine, spec = Engine(), CaseSpec((run.checkpoint, many))

    def cut(step: Step) -> None:
        if step.what == f"Running {many.name}":
            os.truncate(many, 0)

    try:
        with pytest.raises(EngineEnded, match=r"ended unexpectedly \(signal 7\)") as raised:
            engine.call("inspect", spec, SMALL, progress=cut)
        assert "cut short while it was read" in raised.value.advice
        assert isinstance(engine.call("open", CaseSpec((run.checkpoint,))), CaseView)
    finally:
        engine.stop()
