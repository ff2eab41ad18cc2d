"""Several checkpoints of one run, from files to findings, JSON and report: a run is trained here, epoch by epoch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import torch
from conftest import CASES, ROOT
from makers import GLOSSES, make_clips, make_notebook, save_notebook, write_cache
from trained_runs import TrainedRun, cache_of, signs, train_run

from asl_inspector.case.records import Role
from asl_inspector.cli import main
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.inspection_epochs import EpochRuns
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.inspection_json import inspection_json
from asl_inspector.report.json_text import to_json
from asl_inspector.report.pdf import pdf_report
from asl_inspector.report.summary_text import summary_text

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())
COLLAPSES = {"blank-collapse-begins", "blank-collapse-later", "narrowing-begins", "narrowing-later"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    return train_run(tmp_path_factory.mktemp("sound"), epochs=6)


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    return train_run(tmp_path_factory.mktemp("collapsed"), epochs=9, collapse_from=7)


def inspected(*paths: Path, chosen: dict[Path, Role] | None = None) -> Inspected:
    inspector = Inspector(Settings(device="cpu"))
    inspector.add(paths, chosen)
    return EpochRuns(inspector).score(inspector.inspect())


def along(found: Inspected) -> AlongEpochs:
    assert found.diagnosis.along is not None
    return found.diagnosis.along


def ids(found: Inspected) -> set[str]:
    return {one.id for one in found.diagnosis.findings if one.question == "along_epochs"}


def test_a_trained_run_has_the_figures_of_its_own_training_code(sound: TrainedRun) -> None:
    found = inspected(sound.folder)
    points = along(found).points
    assert [one.epoch for one in points] == list(sound.correct)
    assert [one.accuracy.correct for one in points if one.accuracy] == list(sound.correct.values())
    assert [round((one.empty_share or 0) * 60) for one in points] == list(sound.empty.values())
    assert [one.inspected for one in points] == [False] * 5 + [True]
    assert not ids(found) & COLLAPSES
    assert found.diagnosis.verdict == "healthy"


def test_a_collapse_from_a_known_epoch_is_named(collapsed: TrainedRun) -> None:
    found = inspected(collapsed.folder)
    sentence = next(one.sentence for one in found.diagnosis.findings if one.id == "blank-collapse-begins")
    assert sentence.startswith("The collapse to blanks begins at epoch 7")
    cause = found.diagnosis.causes[0]
    assert (cause.id, cause.severity) == ("blank-collapse", "critical")
    assert found.diagnosis.headline == "The run collapsed to blanks before this file was written"
    best = max(collapsed.correct, key=lambda epoch: (collapsed.correct[epoch], -epoch))
    assert cause.next_experiment.startswith(f"Use “checkpoint_epoch_{best}.pt” (epoch {best})")
    assert "checkpoint_epoch_9.pt (inspected)" in summary_text(found)


def test_a_file_that_a_bias_rescues_in_part_is_still_beaten_by_the_file_before(collapsed: TrainedRun) -> None:
    files = [collapsed.checkpoints[epoch] for epoch in (4, 5, 6, 7, 8)]
    cause = inspected(*files, collapsed.validation).diagnosis.causes[0]
    assert (cause.id, cause.title) == ("blank-collapse", "The blank hides the answers")
    assert cause.next_experiment.startswith("Use “checkpoint_epoch_")
    assert "To rescue this file instead: take the bias" in cause.next_experiment


def test_an_older_file_of_a_run_that_collapses_later_is_not_ill(collapsed: TrainedRun) -> None:
    found = inspected(collapsed.folder, chosen={collapsed.checkpoints[6]: Role.CHECKPOINT})
    assert "blank-collapse-later" in ids(found)
    assert found.diagnosis.verdict == "healthy"
    assert "blank-collapse" not in [cause.id for cause in found.diagnosis.causes]


def test_of_sparse_files_the_collapse_lies_between_two(collapsed: TrainedRun) -> None:
    chosen = [collapsed.checkpoints[epoch] for epoch in (4, 8, 9)]
    found = inspected(*chosen, collapsed.validation)
    collapse = along(found).collapse
    assert collapse is not None
    assert (collapse.after, collapse.begins) == (4, 8)
    assert "between epoch 4 and epoch 8" in next(
        one.sentence for one in found.diagnosis.findings if one.id in COLLAPSES
    )


def test_clashing_ids_are_scored_by_gloss_name_and_the_file_to_use_is_named(
    collapsed: TrainedRun, tmp_path: Path
) -> None:
    clips, numbers = signs(10, seed=2)
    cache = cache_of(clips, numbers, "val")
    for entry in cache.values():
        entry["gloss_id"] = int(str(entry["gloss_id"])) % len(GLOSSES) + 1  # every id means the next gloss
    other = write_cache(tmp_path / "features_val.pkl", cache)
    early = collapsed.checkpoints[2]
    found = inspected(*collapsed.checkpoints.values(), collapsed.train, other, chosen={early: Role.CHECKPOINT})
    assert along(found).by_name
    points = along(found).points
    assert [one.accuracy.correct for one in points if one.accuracy] == list(collapsed.correct.values())
    assert {one.loss for one in points} == {None}
    cause = next(one for one in found.diagnosis.causes if one.id == "label-map-mismatch")
    best = max(collapsed.correct.values())
    assert f"{best} of 60 clips" in cause.next_experiment
    assert "by gloss name, the best of the 9 files of the run. No training is needed." in cause.next_experiment


def test_clips_without_labels_still_show_a_collapse(collapsed: TrainedRun, tmp_path: Path) -> None:
    clips, numbers = signs(10, seed=2)
    cache = {name: {"features": entry["features"]} for name, entry in cache_of(clips, numbers, "val").items()}
    found = inspected(*collapsed.checkpoints.values(), write_cache(tmp_path / "features_val.pkl", cache))
    assert {one.accuracy for one in along(found).points} == {None}
    assert along(found).best is None
    collapse = along(found).collapse
    assert collapse is not None
    assert (collapse.kind, collapse.begins) == ("blank", 7)
    assert "which have no labels" in summary_text(found)
    jsonschema.validate(json.loads(to_json(inspection_json(found))), SCHEMA)


def test_two_equal_files_are_not_shown_to_differ(sound: TrainedRun, tmp_path: Path) -> None:
    for name in ("epoch_1.pt", "epoch_2.pt"):
        (tmp_path / name).write_bytes(sound.checkpoints[3].read_bytes())
    found = inspected(tmp_path, sound.validation)
    assert along(found).shown is False
    assert {one.p for one in along(found).points} == {None, 1.0}
    assert ids(found) == {"inspected-file-is-best"}


def test_another_network_and_a_damaged_file_are_named_and_the_others_go_on(sound: TrainedRun, tmp_path: Path) -> None:
    for epoch in (3, 4):
        (tmp_path / f"epoch_{epoch}.pt").write_bytes(sound.checkpoints[epoch].read_bytes())
    save_notebook(tmp_path / "epoch_5.pt", make_notebook(5, hidden=5), epoch=5)
    (tmp_path / "epoch_6.pt").write_bytes(sound.checkpoints[4].read_bytes()[:4000])
    broken = torch.load(sound.checkpoints[2], weights_only=True)
    broken["model_state_dict"]["classifier.weight"][:] = float("nan")
    torch.save(broken, tmp_path / "epoch_2.pt")
    found = inspected(tmp_path, sound.validation)
    told = {one.name: one.problem for one in along(found).points}
    assert set(told) == {"epoch_2.pt", "epoch_3.pt", "epoch_4.pt", "epoch_6.pt"}
    assert "not finite" in told["epoch_2.pt"]
    assert "cut short" in told["epoch_6.pt"]
    assert [one.name for one in along(found).scored] == ["epoch_3.pt", "epoch_4.pt"]
    row = next(one.row for one in found.case.files if one.row.path.name == "epoch_5.pt")
    assert row.role is Role.UNUSED
    assert "another network" in row.why


def test_a_chosen_epoch_with_another_network_is_named_and_not_scored(sound: TrainedRun, tmp_path: Path) -> None:
    other = save_notebook(tmp_path / "epoch_9.pt", make_notebook(9, hidden=5), epoch=9)
    found = inspected(sound.checkpoints[6], sound.validation, other, chosen={other: Role.EPOCH})
    point = next(one for one in along(found).points if one.name == "epoch_9.pt")
    assert "no epoch of its run" in point.problem


def test_an_inspected_file_with_nan_still_gets_the_file_to_use(sound: TrainedRun, tmp_path: Path) -> None:
    for epoch in (4, 5):
        (tmp_path / f"epoch_{epoch}.pt").write_bytes(sound.checkpoints[epoch].read_bytes())
    broken = torch.load(sound.checkpoints[6], weights_only=True)
    broken["model_state_dict"]["classifier.bias"][:] = float("nan")
    torch.save(broken, tmp_path / "epoch_6.pt")
    found = inspected(tmp_path, sound.validation)
    assert "not finite" in along(found).points[-1].problem
    assert [one.accuracy.correct for one in along(found).scored if one.accuracy] == [
        sound.correct[4],
        sound.correct[5],
    ]
    assert "best-file" in ids(found)


def test_a_cancel_in_the_middle_keeps_what_is_done(sound: TrainedRun) -> None:
    inspector = Inspector(Settings(device="cpu"))
    inspector.add([sound.folder])
    base = inspector.inspect()
    runs, token = EpochRuns(inspector), CancelToken()
    told: list[AlongEpochs] = []

    def publish(one: AlongEpochs) -> None:
        told.append(one)
        if len(one.scored) == 3:
            token.cancel()

    with pytest.raises(Cancelled):
        runs.score(base, cancel=token, publish=publish)
    assert runs.latest is not None
    kept = along(runs.latest)
    assert [one.epoch for one in kept.scored] == [1, 2, 6]
    assert kept.waiting == ("checkpoint_epoch_3.pt", "checkpoint_epoch_4.pt", "checkpoint_epoch_5.pt")
    assert "3 of 6 were not scored" in summary_text(runs.latest)
    held = json.loads(to_json(inspection_json(runs.latest)))
    jsonschema.validate(held, SCHEMA)
    assert (held["epochs"]["partial"], held["epochs"]["scored"]) == (True, 3)
    steps: list[Step] = []
    whole = runs.score(base, progress=steps.append)
    assert len(along(whole).scored) == 6
    assert {step.what for step in steps} == {f"Scoring epoch {epoch} ({epoch} of 5)" for epoch in (3, 4, 5)}


def test_a_round_that_goes_on_ends_like_one_that_was_never_stopped(collapsed: TrainedRun) -> None:
    """In between, the collapse takes a cause off the list; its counterfactual must not be lost."""
    inspector = Inspector(Settings(device="cpu"))
    inspector.add([collapsed.folder])
    base = inspector.inspect()
    runs, token = EpochRuns(inspector), CancelToken()
    with pytest.raises(Cancelled):
        runs.score(base, cancel=token, publish=lambda one: token.cancel() if len(one.scored) == 8 else None)
    assert runs.latest is not None
    assert along(runs.latest).partial
    gone_on, at_once = runs.score(runs.latest).diagnosis, EpochRuns(inspector).score(base).diagnosis
    assert gone_on.along == at_once.along
    assert gone_on.causes == at_once.causes
    assert gone_on.findings == at_once.findings
    assert (gone_on.headline, gone_on.summary) == (at_once.headline, at_once.summary)


def test_another_inspected_file_of_the_run_costs_no_second_round(sound: TrainedRun) -> None:
    inspector = Inspector(Settings(device="cpu"))
    inspector.add([sound.folder])
    runs = EpochRuns(inspector)
    first = runs.score(inspector.inspect())
    inspector.choose_role(sound.checkpoints[3], Role.CHECKPOINT)
    steps: list[Step] = []
    second = runs.score(inspector.inspect(), progress=steps.append)
    assert {step.what for step in steps} == {"Scoring epoch 6 (5 of 5)"}  # it was the inspected one before
    figures = [[(one.epoch, one.accuracy) for one in along(found).points] for found in (first, second)]
    assert figures[0] == figures[1]


def test_json_and_report_tell_the_files(collapsed: TrainedRun) -> None:
    found = inspected(collapsed.folder)
    held = json.loads(to_json(inspection_json(found)))
    jsonschema.validate(held, SCHEMA)
    epochs = held["epochs"]
    assert [one["accuracy"]["correct"] for one in epochs["points"]] == list(collapsed.correct.values())
    assert (epochs["collapse"]["kind"], epochs["collapse"]["first_epoch"]) == ("blank", 7)
    assert epochs["shown_better"] is True
    assert {file["role"] for file in held["case"]["files"]} == {"checkpoint", "epoch", "val", "train"}
    section = next(one for one in document(found)["sections"] if one["title"] == "Training history")  # type: ignore[union-attr,index,call-overload]
    kinds = [part["kind"] for part in section["parts"]]  # type: ignore[index,union-attr,call-overload]
    assert kinds.count("chart") == 3
    assert "table" in kinds
    assert pdf_report(found).startswith(b"%PDF")


def test_one_checkpoint_has_no_files_to_compare(sound: TrainedRun) -> None:
    found = inspected(sound.checkpoints[6], sound.validation)
    assert found.diagnosis.along is None
    assert json.loads(to_json(inspection_json(found)))["epochs"] is None


# -- command line -----------------------------------------------------------------------------------------------------


def test_the_command_line_scores_them_and_can_leave_it(
    sound: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnose", str(sound.folder), "--json", str(tmp_path / "a.json")]) == 0
    assert "The 6 files of this run on the same 60 clips" in capsys.readouterr().out
    assert main(["diagnose", str(sound.folder), "--no-epochs", "--json", str(tmp_path / "b.json")]) == 0
    assert "files of this run" not in capsys.readouterr().out
    assert json.loads((tmp_path / "a.json").read_text())["epochs"]["scored"] == 6
    assert json.loads((tmp_path / "b.json").read_text())["epochs"] is None


def test_a_named_damaged_file_of_the_run_is_said_and_the_status_is_2(
    sound: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for epoch in (4, 5):
        (tmp_path / f"epoch_{epoch}.pt").write_bytes(sound.checkpoints[epoch].read_bytes())
    (tmp_path / "epoch_6.pt").write_bytes(sound.checkpoints[4].read_bytes()[:4000])
    files = [str(path) for path in sorted(tmp_path.glob("*.pt"))]
    assert main(["diagnose", *files, str(sound.validation)]) == 2
    said = capsys.readouterr()
    assert "“epoch_6.pt”" in said.err
    assert "The other files of the run are scored without it." in said.err
    assert "checkpoint_epoch" not in said.out
    assert "epoch_5.pt (inspected)" in said.out


def test_a_foreign_checkpoint_beside_a_run_is_said(
    sound: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = save_notebook(tmp_path / "other.pt", make_notebook(1, hidden=5), epoch=1)
    files = [str(sound.checkpoints[epoch]) for epoch in (5, 6)]
    assert main(["diagnose", *files, str(other), str(sound.validation)]) == 0
    assert "“other.pt” is not used. It holds another network" in capsys.readouterr().err


def test_the_role_can_be_said(sound: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = tmp_path / "copy.pt"
    elsewhere.write_bytes(sound.checkpoints[4].read_bytes())
    files = ["--checkpoint", str(sound.checkpoints[6]), "--epoch", str(elsewhere), "--val", str(sound.validation)]
    assert main(["diagnose", *files]) == 0
    assert "The 2 files of this run" in capsys.readouterr().out


@pytest.mark.slow
def test_an_interrupt_leaves_the_inspection_with_the_files_scored_by_then(sound: TrainedRun, tmp_path: Path) -> None:
    """Status 130; the inspection itself had come to its end, and the table of the run says that it is partial."""
    code = (
        "import signal, os, sys\n"
        "from asl_inspector import inspection_epochs\n"
        "real = inspection_epochs.EpochRuns._run\n"
        "def run(self, *more):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    return real(self, *more)\n"
        "inspection_epochs.EpochRuns._run = run\n"
        "from asl_inspector.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    target = tmp_path / "out.json"
    command = [sys.executable, "-c", code, "diagnose", str(sound.folder), "--json", str(target)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 130, ran.stderr
    assert "only those scored by then" in ran.stderr
    held = json.loads(target.read_text())
    jsonschema.validate(held, SCHEMA)
    assert held["predictions"]["complete"] is True
    assert held["epochs"]["partial"] is True


# -- real runs --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases is not beside the project")
def test_two_epochs_of_the_overfit_run_are_not_shown_to_differ() -> None:
    later = CASES / "overfit_epoch50" / "checkpoint_epoch_50.pt"
    found = inspected(CASES / "overfit", later, chosen={later: Role.EPOCH})
    truth = {
        folder: json.loads((CASES / folder / "truth.json").read_text()) for folder in ("overfit", "overfit_epoch50")
    }
    assert truth["overfit"] != truth["overfit_epoch50"]
    assert [(one.epoch, one.accuracy.correct, one.accuracy.of) for one in along(found).points if one.accuracy] == [
        (49, 42, 168),
        (50, 37, 168),
    ]
    assert along(found).shown is False
    assert ids(found) == {"inspected-file-is-best"}
    assert found.diagnosis.causes[0].id == "overfitting"


@pytest.mark.slow
@pytest.mark.skipif(not CASES.is_dir(), reason="shared/cases is not beside the project")
def test_the_two_files_of_a_public_run_are_one_run(tmp_path: Path) -> None:
    features = make_clips(glosses=[f"g{number}" for number in range(29)], clips_a_gloss=2, features=63)
    for number, entry in enumerate(features.values()):
        entry["gloss_id"] = number // 2
    found = inspected(CASES / "real" / "sign2sound", write_cache(tmp_path / "features_val.pkl", features))
    assert [(one.name, one.epoch, one.inspected, one.problem) for one in along(found).points] == [
        ("best_model.pth", 22, True, ""),
        ("checkpoint_epoch_25.pth", 25, False, ""),
    ]
    assert not along(found).above_guessing  # the clips are random numbers
    assert along(found).points[0].blank_share is None
