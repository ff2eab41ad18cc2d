"""The engine process: results equal the direct call, cancellation is heard, its death is survived."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from makers import GLOSSES, Run, make_clips, write_cache
from trained_runs import train_run

from asl_inspector.case.records import Role
from asl_inspector.checkpoints.health_records import QUESTIONS
from asl_inspector.data.records import ClipFeatures, Neighbours
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.engine import tensor_messages
from asl_inspector.engine.client import Engine, EngineEnded
from asl_inspector.engine.messages import CaseSpec, CaseView, InspectionView
from asl_inspector.engine.service import Service
from asl_inspector.engine.tensor_messages import HealthView, SliceRequest, SliceView, StatisticsPart, TensorView
from asl_inspector.engine.travelling import CODEC
from asl_inspector.errors import InspectorError
from asl_inspector.inference.records import ClipDetail, Settings
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.report.sample_table import sample_table


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.stop()


def spec(run: Run) -> CaseSpec:
    return CaseSpec(tuple(run.files))


# -- the process ------------------------------------------------------------------------------------------------------


def test_opening_and_inspecting_equal_the_direct_call(engine: Engine, run: Run) -> None:
    case = cast("CaseView", engine.call("open", spec(run)))
    assert {row.role for row in case.files} == {
        Role.CHECKPOINT,
        Role.VALIDATION,
        Role.TRAIN,
        Role.VOCABULARY,
        Role.HISTORY,
    }
    parts: list[object] = []
    steps: list[Step] = []
    view = cast(
        "InspectionView",
        engine.call("inspect", spec(run), Settings("cpu"), progress=steps.append, publish=parts.append),
    )
    inspector = Inspector(Settings("cpu"))
    inspector.add(run.files)
    direct = inspector.inspect()
    table = sample_table(direct)
    assert table is not None
    assert view.samples is not None
    np.testing.assert_array_equal(view.samples.majority, table.majority)
    np.testing.assert_allclose(view.samples.loss, table.loss, atol=1e-5)
    assert view.diagnosis.headline == direct.diagnosis.headline
    assert [cause.id for cause in view.diagnosis.causes] == [cause.id for cause in direct.diagnosis.causes]
    assert not view.partial
    (preliminary,) = parts
    assert isinstance(preliminary, InspectionView)
    assert preliminary.partial
    assert preliminary.diagnosis.train is None
    assert steps


@pytest.mark.slow
def test_a_clip_and_a_tensor_can_be_asked_for(engine: Engine, run: Run) -> None:
    engine.call("inspect", spec(run), Settings("cpu"))
    clip = cast("ClipDetail", engine.call("clip", 2))
    assert clip.log_posteriors.shape[1] == len(GLOSSES) + 1
    np.testing.assert_allclose(np.exp(clip.log_posteriors).sum(axis=1), 1, atol=1e-5)
    tensor = cast("TensorView", engine.call("tensor", 16))
    assert tensor.name == "model_state_dict.classifier.weight"
    assert tensor.statistics is not None
    assert tensor.counts.sum() == tensor.statistics.count
    with pytest.raises(InspectorError, match="no tensor number 99"):
        engine.call("tensor", 99)


@pytest.mark.slow
def test_the_numbers_of_a_clip_travel_with_what_they_are(engine: Engine, tmp_path: Path) -> None:
    cache = make_clips(features=84, clips_a_gloss=2)
    path = write_cache(tmp_path / "features_val.pkl", cache)
    engine.call("inspect", CaseSpec((path,)), Settings("cpu"))
    clip = cast("ClipFeatures", engine.call("clip_features", 3))
    np.testing.assert_array_equal(clip.features, list(cache.values())[3]["features"])
    assert clip.landmarks is not None
    assert [group.part for group in clip.landmarks.groups] == ["left hand", "right hand"]
    assert clip.mean.shape == (84,)
    with pytest.raises(InspectorError, match="not at hand"):
        engine.call("clip_features", 99)


@pytest.mark.slow
def test_a_rectangle_of_a_tensor_travels_as_it_is_kept(engine: Engine, run: Run) -> None:
    engine.call("open", CaseSpec((run.checkpoint,)))
    request = SliceRequest(16, (), (2, 5), (3, 11), (1, 2))
    view = cast("SliceView", engine.call("part", request))
    assert view.request == request
    assert view.values.tolist() == run.network.classifier.weight[2:5, 3:11:2].tolist()
    wrong = cast("SliceView", engine.call("part", SliceRequest(16, (1,), (0, 1), (0, 1))))
    assert "dimensions" in wrong.trouble


@pytest.mark.slow
def test_all_statistics_and_the_health_arrive(engine: Engine, run: Run) -> None:
    engine.call("open", CaseSpec((run.checkpoint,)))
    parts: list[object] = []
    parts.append(engine.call("statistics", publish=parts.append))
    facts = {index: one for part in parts for index, one in cast("StatisticsPart", part).facts().items()}
    state = list(run.network.state_dict().values())
    assert sorted(facts) == list(range(len(state)))
    for index, tensor in enumerate(state):
        assert facts[index].mean == pytest.approx(tensor.double().mean().item(), rel=1e-9)
    health = cast("HealthView", engine.call("health"))
    assert {note.question for note in health.notes} == set(QUESTIONS)
    assert engine.call("optimizers") == ()


@pytest.mark.slow
def test_a_file_taken_out_of_the_case_is_forgotten(engine: Engine, run: Run) -> None:
    engine.call("open", spec(run))
    case = cast("CaseView", engine.call("open", CaseSpec((run.checkpoint,))))
    assert [row.path for row in case.files] == [run.checkpoint]


@pytest.mark.slow
def test_chosen_roles_are_kept_and_given_back(engine: Engine, run: Run) -> None:
    chosen = CaseSpec((run.validation,), ((run.validation, Role.TRAIN),))
    assert cast("CaseView", engine.call("open", chosen)).files[0].role is Role.TRAIN
    assert cast("CaseView", engine.call("open", CaseSpec((run.validation,)))).files[0].role is Role.VALIDATION


def test_errors_arrive_as_sentences(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InspectorError, match="nothing to export"):
        engine.call("export", tmp_path / "x.pdf", "pdf")
    with pytest.raises(InspectorError, match="no network"):
        engine.call("clip", 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pdf", "json", "csv"])
def test_exports_are_written_by_the_engine(engine: Engine, run: Run, tmp_path: Path, kind: str) -> None:
    engine.call("inspect", spec(run), Settings("cpu"))
    engine.call("export", tmp_path / f"x.{kind}", kind)
    assert (tmp_path / f"x.{kind}").stat().st_size > 500


def test_cancelling_is_heard_while_the_network_runs(engine: Engine, run: Run) -> None:
    many = write_cache(run.folder / "many.pkl", make_clips(clips_a_gloss=3_000))
    cancel = CancelToken()

    def progress(step: Step) -> None:
        if step.unit == "clips":
            cancel.cancel()

    with pytest.raises(Cancelled):
        engine.call(
            "inspect",
            CaseSpec((run.checkpoint, many)),
            Settings("cpu", batch_frames=64),
            progress=progress,
            cancel=cancel,
        )
    assert isinstance(engine.call("open", spec(run)), CaseView)


@pytest.mark.slow
def test_a_pause_is_heard_while_the_network_runs_and_loses_nothing(engine: Engine, run: Run) -> None:
    many = write_cache(run.folder / "many.pkl", make_clips(clips_a_gloss=600))
    token, steps = CancelToken(), list[tuple[float, Step]]()
    paused: list[float] = []

    def progress(step: Step) -> None:
        steps.append((time.monotonic(), step))
        if step.what.startswith("Running") and not paused:
            paused.append(time.monotonic())
            token.pause()
            threading.Timer(1.0, token.go_on).start()

    settings = Settings("cpu", batch_frames=64)
    view = cast(
        "InspectionView",
        engine.call("inspect", CaseSpec((run.checkpoint, many)), settings, progress=progress, cancel=token),
    )
    heard = paused[0] + 0.3
    assert not [step for at, step in steps if heard < at < paused[0] + 0.95]
    assert view.clips == 3_600
    assert not view.interrupted


def test_the_death_of_the_process_is_an_error_and_the_next_call_starts_another(engine: Engine, run: Run) -> None:
    engine.call("open", spec(run))
    first = engine.pid
    assert first is not None
    threading.Timer(0.2, lambda: os.kill(first, signal.SIGKILL)).start()
    deadline = time.monotonic() + 20
    with pytest.raises(EngineEnded, match="ended unexpectedly"):
        while time.monotonic() < deadline:
            engine.call("inspect", spec(run), Settings("cpu"))
    assert isinstance(engine.call("open", spec(run)), CaseView)
    assert engine.pid != first


@pytest.mark.slow
def test_stopping_ends_the_process(run: Run) -> None:
    engine = Engine()
    engine.call("open", spec(run))
    pid = engine.pid
    assert pid is not None
    engine.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def _records_within(hint: object, found: set[type]) -> set[type]:
    """Every dataclass and enum that a value of this type may hold."""
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or issubclass(hint, Enum)):
        if hint not in found:
            found.add(hint)
            if dataclasses.is_dataclass(hint):
                for inner in typing.get_type_hints(hint, localns=CODEC.types | vars(tensor_messages)).values():
                    _records_within(inner, found)
        return found
    for inner in typing.get_args(hint):
        _records_within(inner, found)
    return found


def test_all_that_an_answer_can_hold_may_travel() -> None:
    held: set[type] = set()
    for name, method in vars(Service).items():
        if not name.startswith("_") and callable(method):
            hints = typing.get_type_hints(method, localns=vars(tensor_messages))
            hints.pop("talk", None)
            for hint in hints.values():
                _records_within(hint, held)
    assert len(held) > 30
    assert {one.__name__ for one in held} - set(CODEC.types) == set()


# -- searches ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_nearest_clips_equal_the_direct_call_and_travel_whole(engine: Engine, run: Run) -> None:
    engine.call("open", spec(run))
    steps: list[Step] = []
    found = cast("Neighbours", engine.call("neighbours", "dtw", progress=steps.append))
    inspector = Inspector()
    inspector.add(run.files)
    wanted = inspector.neighbours("dtw")
    np.testing.assert_array_equal(found.nearest, wanted.nearest)
    assert (found.method, found.correct, found.of) == ("dtw", wanted.correct, wanted.of)
    view = cast("InspectionView", engine.call("inspect", spec(run), Settings("cpu")))
    assert view.data is not None
    assert view.data.train is not None
    assert view.data.train.digests == ()
    assert view.data.neighbours is not None
    assert view.diagnosis.run is not None


@pytest.mark.slow
def test_a_search_hears_its_cancellation(engine: Engine, run: Run) -> None:
    rng = np.random.default_rng(0)
    many = {
        f"c{index}": {
            "features": rng.normal(size=(60, 6)).astype("float32"),
            "gloss": "a",
            "gloss_id": 1,
            "split": split,
        }
        for split in ("train", "val")
        for index in range(900)
    }
    files = []
    for split in ("train", "val"):
        clips = {f"{split}{name}": held | {"split": split} for name, held in many.items()}
        files.append(write_cache(run.folder / f"many_{split}.pkl", clips))
    engine.call("open", CaseSpec(tuple(files)))
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        engine.call("neighbours", "dtw", progress=lambda step: cancel.cancel(), cancel=cancel)
    with pytest.raises(InspectorError, match="nothing to compare"):
        engine.call("open", CaseSpec((run.checkpoint,)))
        engine.call("neighbours", "dtw")


# -- epochs -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_other_epochs_are_scored_after_the_inspection_and_a_cancel_keeps_them(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = train_run(tmp_path_factory.mktemp("run"), epochs=5)
    wanted = CaseSpec((run.folder,))
    first = cast("InspectionView", engine.call("inspect", wanted, Settings(device="cpu")))
    assert first.diagnosis.along is None
    parts: list[AlongEpochs] = []
    cancel = CancelToken()

    def publish(part: object) -> None:
        parts.append(cast("AlongEpochs", part))
        if len(parts) == 2:
            cancel.cancel()

    stopped = cast("Diagnosis", engine.call("epochs", cancel=cancel, publish=publish))
    assert stopped.along is not None
    assert len(stopped.along.scored) >= 2
    whole = cast("Diagnosis", engine.call("epochs"))
    assert whole.along is not None
    assert not whole.along.partial
    assert [one.accuracy.correct for one in whole.along.points if one.accuracy] == list(run.correct.values())
