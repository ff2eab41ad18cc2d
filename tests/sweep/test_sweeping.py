"""A sweep from folders to answers, in this process: what is done, kept, done again, and left alone."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from make_sweep_schema import schema
from makers import make_clips, write_cache
from sweeps_at_hand import EngineHere
from swept_runs import SweptRuns, write_runs

from asl_inspector.cli import main
from asl_inspector.errors import DataError, ExportError, InferenceError
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.report.rendering import rendered
from asl_inspector.sweep.engines.ray import RayEngine, check_reachable
from asl_inspector.sweep.naming import is_sweep
from asl_inspector.sweep.reading import read_sweep
from asl_inspector.sweep.records import Setup, Sweep
from asl_inspector.sweep.report import sweep_document, sweep_text
from asl_inspector.sweep.results import Results
from asl_inspector.sweep.sweeping import sweep, time_left
from asl_inspector.sweep.tables import rows_csv


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> SweptRuns:
    """Two conditions of one seed, the second of which collapses at epoch 5; beside them a damaged file and clips."""
    folder = tmp_path_factory.mktemp("runs")
    written = write_runs(folder, seeds=(2,), epochs=6, collapse_from=5)
    damaged = (folder / "wide_seed2" / "checkpoint_epoch_4.pt").read_bytes()
    (folder / "wide_seed2" / "checkpoint_epoch_7.pt").write_bytes(damaged[: len(damaged) // 2])
    shutil.copy(folder / "plain_seed2" / "checkpoint_epoch_4.pt", folder / "plain_seed2" / "checkpoint_best.pt")
    write_cache(folder / "clips.pt", make_clips())
    return written


@pytest.fixture(scope="module")
def setup(runs: SweptRuns) -> Setup:
    return Setup(runs.validation, device="cpu")


@pytest.fixture(scope="module")
def swept(runs: SweptRuns, setup: Setup, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, Path, EngineHere]:
    out, engine = tmp_path_factory.mktemp("result") / "run", EngineHere()
    return sweep([runs.folder], setup, Results(out), engine), out, engine


def test_files_become_runs_and_epochs(swept: tuple[Sweep, Path, EngineHere]) -> None:
    found, _, engine = swept
    assert [(run.name, run.condition, run.seed) for run in found.runs] == [
        ("plain_seed2", "plain", 2),
        ("wide_seed2", "wide", 2),
    ]
    assert [found.rows[index].epoch for index in found.runs[1].rows] == [1, 2, 3, 4, 5, 6, 7]
    assert found.waiting == 0
    assert engine.closed


def test_the_figures_are_those_of_the_training_code_and_of_diagnose(
    swept: tuple[Sweep, Path, EngineHere], runs: SweptRuns
) -> None:
    found, _, _ = swept
    for run in runs.runs.values():
        for epoch, path in run.checkpoints.items():
            row = next(row for row in found.rows if row.path == path)
            assert row.figures is not None
            assert (row.figures.right, row.figures.empty_share) == (run.correct[epoch], run.empty[epoch] / 60)
    path = runs.runs["plain", 2].checkpoints[4]
    inspector = Inspector(Settings(device="cpu"))
    inspector.add([path, runs.validation])
    alone = inspector.inspect()
    row = next(row for row in found.rows if row.path == path)
    assert row.figures is not None
    assert row.figures.headline == alone.diagnosis.headline
    assert [one.id for one in row.figures.causes] == [one.id for one in alone.diagnosis.causes]


def test_the_planted_collapse_is_found_within_one_checkpoint(
    swept: tuple[Sweep, Path, EngineHere], runs: SweptRuns
) -> None:
    found, _, _ = swept
    sound, collapsed = found.runs
    assert sound.collapse is None
    assert collapsed.collapse is not None
    assert abs(collapsed.collapse.begins - runs.collapse_from) <= 1
    assert "The collapse to blanks begins at epoch" in sweep_text(found)


def test_a_damaged_file_is_a_row_with_its_sentence_and_clips_are_left_out(
    swept: tuple[Sweep, Path, EngineHere],
) -> None:
    found, _, _ = swept
    (failed,) = (row for row in found.rows if row.problem)
    assert failed.name == "checkpoint_epoch_7.pt"
    assert "checkpoint_epoch_7.pt" in failed.problem
    assert failed.accuracy is None
    assert found.left_out == ("“clips.pt” holds no network: it holds 18 clips.",)


def test_equal_contents_are_inspected_once_and_are_a_row_each(swept: tuple[Sweep, Path, EngineHere]) -> None:
    found, _, engine = swept
    twins = [row for row in found.rows if row.name in ("checkpoint_best.pt", "checkpoint_epoch_4.pt")]
    assert twins[0].key == twins[1].key
    assert twins[0].figures == twins[1].figures
    assert len(engine.asked) == len({job.key for job in engine.asked}) == 14  # 6 + 6 epochs, a damaged file, clips


def test_nothing_is_done_twice_and_only_what_changed_is_done_again(
    swept: tuple[Sweep, Path, EngineHere], runs: SweptRuns, setup: Setup, tmp_path: Path
) -> None:
    folder, out = tmp_path / "runs", tmp_path / "out"
    shutil.copytree(runs.folder, folder)
    shutil.copytree(swept[1], out)
    again = EngineHere()
    found = sweep([folder], setup, Results(out), again)
    assert again.asked == []  # the same contents at another place
    assert [row.figures for row in found.rows] == [row.figures for row in swept[0].rows]
    changed = folder / "wide_seed2" / "checkpoint_epoch_1.pt"
    shutil.copy(folder / "wide_seed2" / "checkpoint_epoch_2.pt", changed)
    mended = folder / "wide_seed2" / "checkpoint_epoch_7.pt"
    mended.write_bytes(mended.read_bytes() + b"x")
    sweep([folder], setup, Results(out), again)
    assert [job.path for job in again.asked] == [mended]  # the changed file has a content that is known


def test_another_decoder_is_another_job(
    swept: tuple[Sweep, Path, EngineHere], runs: SweptRuns, setup: Setup, tmp_path: Path
) -> None:
    shutil.copytree(swept[1], tmp_path / "out")
    engine = EngineHere()
    one = runs.runs["plain", 2].checkpoints[1]
    sweep([one], replace(setup, decoder="score"), Results(tmp_path / "out"), engine)
    assert [job.path for job in engine.asked] == [one]


def test_a_cancelled_sweep_keeps_what_is_done_and_goes_on_from_there(
    runs: SweptRuns, setup: Setup, tmp_path: Path
) -> None:
    out, folder = tmp_path / "out", runs.folder / "plain_seed2"
    files = [folder / f"checkpoint_{name}.pt" for name in ("epoch_1", "epoch_4", "best")]
    with pytest.raises(Cancelled):
        sweep(files, setup, Results(out), EngineHere(stop_after=1), cancel=CancelToken())
    half = read_sweep(out)
    assert (len(half.rows), half.waiting) == (2, 1)  # epoch 4 lies there under two names, and the best comes first
    assert "1 file not inspected yet" in sweep_text(half)
    engine = EngineHere()
    assert sweep(files, setup, Results(out), engine).waiting == 0
    assert len(engine.asked) == 1


def test_a_failing_job_is_a_row_and_is_tried_again_by_the_next_sweep(
    runs: SweptRuns, setup: Setup, tmp_path: Path
) -> None:
    name, folder = "checkpoint_epoch_2.pt", runs.folder / "plain_seed2"
    files = [folder / "checkpoint_epoch_1.pt", folder / name]
    found = sweep(files, setup, Results(tmp_path / "out"), EngineHere(fail_on=name))
    assert [row.name for row in found.rows if row.problem] == [name]
    engine = EngineHere()
    found = sweep(files, setup, Results(tmp_path / "out"), engine)
    assert [job.path.name for job in engine.asked] == [name]
    assert not any(row.problem for row in found.rows)


def test_a_damaged_part_counts_as_not_done(
    swept: tuple[Sweep, Path, EngineHere], runs: SweptRuns, setup: Setup, tmp_path: Path
) -> None:
    shutil.copytree(swept[1], tmp_path / "out")
    row = next(row for row in swept[0].rows if row.name == "checkpoint_epoch_1.pt")
    part = tmp_path / "out" / "parts" / f"{row.key}.json"
    part.write_text(part.read_text()[:100])
    engine = EngineHere()
    sweep([runs.folder], setup, Results(tmp_path / "out"), engine)
    assert [job.key for job in engine.asked] == [row.key]


def test_the_result_is_read_again_as_it_was(swept: tuple[Sweep, Path, EngineHere]) -> None:
    found, out, _ = swept
    assert is_sweep(out)
    assert is_sweep(out / "sweep.json")
    assert read_sweep(out) == replace(found, made=read_sweep(out).made)


def test_the_tables_hold_every_file_and_every_prediction(swept: tuple[Sweep, Path, EngineHere]) -> None:
    found, out, _ = swept
    checkpoints = pq.read_table(out / "checkpoints.parquet").to_pylist()
    assert [row["path"] for row in checkpoints] == [str(row.path) for row in found.rows]
    predictions = pq.read_table(out / "predictions.parquet").to_pylist()
    assert len(predictions) == 12 * 60
    for index, row in enumerate(found.rows):
        right = [one["right"] for one in predictions if one["checkpoint"] == index]
        if right:
            assert sum(right) == checkpoints[index]["right"] == row.accuracy.correct if row.accuracy else False
    assert pq.read_table(out / "clips.parquet").num_rows == 60
    assert len(rows_csv(found).splitlines()) == 1 + len(found.rows)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda held: held | {"schema": "asl-inspector/sweep/9"}, "later version"),
        (lambda held: held | {"schema": "other"}, "another kind"),
        (lambda held: held | {"rows": held["rows"][:1]}, "does not hold"),
        (lambda held: held | {"waiting": "two"}, "Sweep.waiting"),
        (lambda held: {key: value for key, value in held.items() if key != "clips"}, "lacks fields"),
        (lambda held: held | {"rows": [{**one, "outcome": "1"} for one in held["rows"]]}, "clips are not those"),
    ],
)
def test_a_result_that_is_built_wrongly_is_refused_with_a_sentence(
    swept: tuple[Sweep, Path, EngineHere], tmp_path: Path, change: object, told: str
) -> None:
    held = json.loads((swept[1] / "sweep.json").read_text())
    assert callable(change)
    (tmp_path / "sweep.json").write_text(json.dumps(change(held)))
    with pytest.raises(DataError, match=told):
        read_sweep(tmp_path)


def test_the_report_has_every_run_in_every_kind(swept: tuple[Sweep, Path, EngineHere]) -> None:
    document = sweep_document(swept[0])
    for kind in ("html", "md"):
        text = rendered(document, kind).decode()
        for word in ("plain", "wide", "collapse", "Which file to keep", "checkpoint"):
            assert word in text, (kind, word)


def test_the_picture_covers_every_clip_of_every_file_once(swept: tuple[Sweep, Path, EngineHere]) -> None:
    found = swept[0]
    clips = next(one for one in sweep_document(found)["sections"] if one["title"] == "Clips")
    picture = next(part for part in clips["parts"] if part["kind"] == "matrix")
    scored = [row for row in found.rows if row.outcome]
    assert (picture["rows"], picture["columns"]) == (len(scored), 60)
    for layer, letter in zip(picture["layers"], "10", strict=True):
        cells = sum(int(width) for width in re.findall(r"h(\d+)v1h-\d+z", layer["path"]))
        assert cells == sum(row.outcome.count(letter) for row in scored)


@pytest.mark.slow
def test_the_report_is_typeset_with_its_picture(swept: tuple[Sweep, Path, EngineHere]) -> None:
    assert rendered(sweep_document(swept[0]), "pdf").startswith(b"%PDF-")


def test_folders_without_checkpoints_and_foreign_results_are_refused(setup: Setup, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no checkpoint"):
        sweep([tmp_path], setup, Results(tmp_path / "out"), EngineHere())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(ExportError, match="other files"):
        Results(tmp_path / "mine")


def test_the_time_left_is_told_in_words() -> None:
    assert time_left(0, 10, 0.0) == ""
    assert time_left(5, 10, 50.0) == ", about 50 s left"
    assert time_left(1, 1_000, 3.0) == ", about 50 min left"
    assert time_left(10, 10, 3.0) == ""


def test_the_result_follows_the_published_schema(swept: tuple[Sweep, Path, EngineHere]) -> None:
    published = json.loads((ROOT / "docs" / "sweep.schema.json").read_text())
    assert published == schema(), "run scripts/make_sweep_schema.py"
    jsonschema.validate(json.loads((swept[1] / "sweep.json").read_text()), published)


def test_names_that_steer_or_mark_up_stay_text(swept: tuple[Sweep, Path, EngineHere]) -> None:
    found = swept[0]
    nasty = "<script>alert(1)<br>\x1b[31m| `x` _y_"
    evil = replace(
        found,
        rows=tuple(replace(row, path=row.path.with_name(nasty), problem=row.problem and nasty) for row in found.rows),
        runs=tuple(replace(run, name=nasty, condition=nasty) for run in found.runs),
    )
    page = rendered(sweep_document(evil), "html").decode()
    assert "<script>alert" not in page
    for text in (page, rendered(sweep_document(evil), "md").decode(), rows_csv(evil)):
        assert "\x1b" not in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--workers", "0"], "--workers must be at least 1"),
        (["--address", "auto"], "Add --engine ray"),
        (["--blank", "first"], "--blank first cannot be used"),
        (["--assume", "pooling"], "says nothing"),
        (["--stage1", "no_such.pt"], "no file “no_such.pt”"),
    ],
)
def test_a_command_that_cannot_be_meant_ends_before_anything_starts(
    runs: SweptRuns, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    given = ["sweep", str(runs.folder), "--val", str(runs.validation), "--out", str(tmp_path / "out"), *options]
    assert main(given) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.glob("out/parts/*"))


def test_without_ray_the_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InferenceError, match=r"asl-inspector\[cluster\]"):
        RayEngine()


def test_an_address_at_which_nothing_listens_is_said_at_once() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"  # bound, and nobody listens
        with pytest.raises(InferenceError, match="no Ray cluster at"):
            check_reachable(address)
    check_reachable("auto")
    check_reachable(None)
