"""A whole case in which something breaks: files that vanish, processes that are killed, cancelling at every stage."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from makers import Run, make_notebook, save_notebook, write_cache
from networks.families import BiLstmState
from test_rebuilding import cache, spread_out, trained_for

from asl_inspector.commands.diagnosing import diagnose
from asl_inspector.commands.parsing import parser
from asl_inspector.commands.terminal import Terminal
from asl_inspector.inference import rebuilding, running
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken, Progress, Step
from asl_inspector.report.contents import Inspected, Problem
from asl_inspector.workers.messages import ReadRequest
from asl_inspector.workers.reading_process import ReadingProcess

SMALL = Settings(device="cpu", batch_frames=12)
WIDE = 2048


@pytest.fixture(autouse=True)
def _no_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clips are run once: this network is wrong on most of them, for which repairs would be tried."""
    monkeypatch.setattr("asl_inspector.diagnosis.realigned.worth_trying", lambda _: False)


def opened(*paths: Path) -> Inspector:
    inspector = Inspector(SMALL)
    inspector.add(paths)
    return inspector


def losses(found: Inspected) -> np.ndarray:
    assert found.validation is not None
    return found.validation.predictions.loss


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint, and clips that a reading process unpacks when they are asked for: four at a time, in two goes."""
    folder = tmp_path_factory.mktemp("packed")
    with h5py.File(folder / "features_val.h5", "w") as file:
        for index in range(8):
            group = file.create_group(f"clip{index:02}")
            frames = np.full((500, WIDE), index / 8, np.float32)
            group.create_dataset("features", data=frames, chunks=(100, WIDE), compression="gzip", compression_opts=1)
            group.attrs["gloss"], group.attrs["gloss_id"] = f"g{index % 4}", index % 4 + 1
    network = make_notebook(inputs=WIDE, hidden=4, classes=5)
    return save_notebook(folder / "checkpoint.pt", network), folder / "features_val.h5"


# -- files ------------------------------------------------------------------------------------------------------------


def test_clips_that_vanish_before_the_run_are_named_and_come_back(run: Run) -> None:
    inspector = opened(run.checkpoint, run.validation)
    wanted = losses(inspector.inspect())
    content, times = run.validation.read_bytes(), run.validation.stat()
    run.validation.unlink()
    found = inspector.inspect()
    assert found.validation is None
    assert run.validation.name in found.problems[0].sentence
    assert found.problems[0].advice
    run.validation.write_bytes(content)
    os.utime(run.validation, ns=(times.st_atime_ns, times.st_mtime_ns))
    inspector.keep_only({run.checkpoint})
    inspector.add([run.validation])
    np.testing.assert_allclose(losses(inspector.inspect()), wanted, atol=1e-6)


def test_a_checkpoint_that_vanishes_before_the_run_is_named(run: Run) -> None:
    inspector = opened(run.checkpoint, run.validation)
    run.checkpoint.unlink()
    found = inspector.inspect()
    assert run.checkpoint.name in found.problems[0].sentence
    assert found.validation is None


@pytest.mark.parametrize("which", ["validation", "checkpoint"])
def test_files_deleted_during_the_run_are_still_read(run: Run, which: str) -> None:
    """They were opened once and are never asked for by their names again."""
    wanted = losses(opened(run.checkpoint, run.validation).inspect())
    inspector = opened(run.checkpoint, run.validation)

    def delete(step: Step) -> None:
        if step.what.startswith("Running"):
            getattr(run, which).unlink(missing_ok=True)

    found = inspector.inspect(progress=delete)
    assert not getattr(run, which).exists()
    np.testing.assert_allclose(losses(found), wanted, atol=1e-6)
    assert not found.problems


@pytest.fixture(scope="module")
def packed_losses(packed: tuple[Path, Path]) -> np.ndarray:
    """The losses of these clips where nothing goes wrong."""
    return losses(opened(*packed).inspect())


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["deleted", "replaced"])
def test_clips_unpacked_on_demand_that_vanish_in_the_run_leave_a_part(
    packed: tuple[Path, Path], packed_losses: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    checkpoint, path = packed[0], tmp_path / "features_val.h5"
    shutil.copyfile(packed[1], path)
    asked = counting(monkeypatch, lambda _: path.unlink() if fault == "deleted" else path.write_bytes(b"x"))
    found = opened(checkpoint, path).inspect()
    assert len(asked) >= 2
    first = of_a_part(found, packed_losses)
    assert path.name in first.sentence
    assert ("no longer there" if fault == "deleted" else "was replaced") in first.sentence
    assert first.advice


def of_a_part(found: Inspected, wanted: np.ndarray) -> Problem:
    """What went wrong, where the first four of eight clips were run and are told to be a part."""
    assert found.validation is not None
    ran = found.validation.predictions.ran
    assert 0 < ran.sum() <= 4
    np.testing.assert_allclose(losses(found)[ran], wanted[ran], atol=1e-6)
    first, part = found.problems
    assert part.sentence.startswith(f"Partial: {int(ran.sum())} of the {len(ran)} clips")
    assert "Run again" in part.advice
    return first


# -- processes --------------------------------------------------------------------------------------------------------


def counting(monkeypatch: pytest.MonkeyPatch, then: Callable[[ReadingProcess], object]) -> list[ReadRequest]:
    """Requests for numbers; before the second something is done, given the process that is to read them."""
    asked: list[ReadRequest] = []
    plain = ReadingProcess.ask

    def ask(self: ReadingProcess, request: ReadRequest, *rest: object) -> object:
        if request.method == "numbers":
            asked.append(request)
            if len(asked) == 2:
                then(self)
        return plain(self, request, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(ReadingProcess, "ask", ask)
    return asked


@pytest.mark.slow
def test_a_reader_that_is_killed_in_the_run_leaves_a_part_and_the_next_run_goes_on(
    packed: tuple[Path, Path], packed_losses: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspector = opened(*packed)
    asked = counting(monkeypatch, lambda reader: os.kill(reader.process.pid, signal.SIGKILL))
    first = of_a_part(inspector.inspect(), packed_losses)
    assert packed[1].name in first.sentence
    assert "ended unexpectedly" in first.sentence
    done = inspector.inspect()
    assert not done.problems
    np.testing.assert_allclose(losses(done), packed_losses, atol=1e-6)
    assert len(asked) > 2


# -- cancelling -------------------------------------------------------------------------------------------------------


def cancel_when(cancel: CancelToken, beginning: str) -> Progress:
    """A `Progress` that cancels when a step begins so."""

    def progress(step: Step) -> None:
        if step.what.startswith(beginning):
            cancel.cancel()

    return progress


def test_cancelled_while_files_are_read_the_case_is_as_it_was(run: Run) -> None:
    inspector, cancel = opened(run.checkpoint), CancelToken()
    with pytest.raises(Cancelled):
        inspector.add([run.validation], progress=cancel_when(cancel, "Opening"), cancel=cancel)
    assert [one.row.path for one in inspector.case.files] == [run.checkpoint]
    inspector.add([run.validation])
    assert losses(inspector.inspect()).size


def test_cancelled_while_the_network_is_rebuilt_the_next_inspection_is_whole(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, cancel = rebuilding.build_network, CancelToken()

    def built(*given: object, **named: object) -> object:
        cancel.cancel()
        return plain(*given, **named)  # type: ignore[arg-type]

    inspector = opened(run.checkpoint, run.validation)
    monkeypatch.setattr(rebuilding, "build_network", built)
    with pytest.raises(Cancelled):
        inspector.inspect(cancel=cancel)
    assert inspector.unfinished() is None
    monkeypatch.setattr(rebuilding, "build_network", plain)
    assert losses(inspector.inspect()).size


def test_cancelled_while_answers_are_tried_the_next_inspection_tries_them(tmp_path: Path) -> None:
    """Trying runs the network too, before the network that is shown is settled."""
    network = spread_out(BiLstmState())
    clips = cache(60, 1)
    accuracy = trained_for(network, clips, 0.8)
    torch.save({"model_state_dict": network.state_dict(), "val_acc": 100 * accuracy}, tmp_path / "a.pt")
    inspector = opened(tmp_path / "a.pt", write_cache(tmp_path / "features_val.pkl", clips))
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        inspector.inspect(progress=cancel_when(cancel, "Trying"), cancel=cancel)
    assert inspector.unfinished() is None
    found = inspector.inspect()
    assert found.architecture is not None
    assert any(choice.settled_by == "measured" for choice in found.architecture.choices)


@pytest.mark.parametrize("stage", ["Measuring tensors", "Running", "Looking through", "Diagnosing"])
def test_cancelled_in_the_inspection_the_next_one_equals_an_undisturbed_one(run: Run, stage: str) -> None:
    wanted = losses(opened(run.checkpoint, run.validation).inspect())
    inspector, cancel = opened(run.checkpoint, run.validation), CancelToken()
    with pytest.raises(Cancelled):
        inspector.inspect(progress=cancel_when(cancel, stage), cancel=cancel)
    np.testing.assert_allclose(losses(inspector.inspect()), wanted, atol=1e-6)


class Pressing(Terminal):
    """Stands for Ctrl-C while a report is written."""

    def __init__(self, cancel: CancelToken) -> None:
        super().__init__(quiet=True)
        self.cancel = cancel

    def show(self, step: Step) -> None:
        if step.what.startswith("Writing"):
            self.cancel.cancel()


def test_cancelled_while_results_are_written_each_is_whole_or_not_there(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "out.html", tmp_path / "out.json"
    words = ["diagnose", str(run.checkpoint), str(run.validation), "--html", str(first), "--json", str(second)]
    options: argparse.Namespace = parser().parse_args(words)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        diagnose(options, Pressing(cancel), cancel)
    assert first.read_text().rstrip().endswith("</html>")
    assert not second.exists()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["out.html"]


# -- numbers ----------------------------------------------------------------------------------------------------------


def test_a_clip_that_makes_the_network_overflow_is_named_and_every_figure_is_of_the_others(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = running.PlacedNetwork.logits

    def overflowing(self: running.PlacedNetwork, features: object, lengths: object = None) -> object:
        logits = plain(self, features, lengths)  # type: ignore[arg-type]
        logits[features[:, 0, 0] == marked] = np.nan  # type: ignore[index]
        return logits

    wanted = losses(opened(run.checkpoint, run.validation).inspect())
    inspector = opened(run.checkpoint, run.validation)
    clips = inspector.case.validation
    assert clips is not None
    marked = float(clips.features(5)[0, 0])
    monkeypatch.setattr(running.PlacedNetwork, "logits", overflowing)
    found = inspector.inspect()
    assert found.validation is not None
    assert np.flatnonzero(~found.validation.predictions.ran).tolist() == [5]
    (told,) = [one.sentence for one in found.diagnosis.findings if one.id == "outputs-not-finite"]
    assert clips.ids[5] in told
    others = np.arange(len(wanted)) != 5
    np.testing.assert_allclose(losses(found)[others], wanted[others], atol=1e-6)
    assert found.diagnosis.validation is not None
    assert found.diagnosis.validation.accuracies["majority"].of == len(wanted) - 1
