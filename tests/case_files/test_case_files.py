"""A case saved, moved, changed, mailed by a stranger, and opened again."""

from __future__ import annotations

import base64
import io
import json
import shutil
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from makers import Run

from asl_inspector import cli
from asl_inspector.case.records import Role
from asl_inspector.case_files.changes import changed_files, changed_result
from asl_inspector.case_files.reading import is_case_file, read_case
from asl_inspector.case_files.records import SavedCase, SavedResult
from asl_inspector.case_files.writing import write_case
from asl_inspector.engine import saved_views
from asl_inspector.engine.saved_cases import kept_view, save
from asl_inspector.errors import DataError, InspectorError
from asl_inspector.inference.records import Consent, Settings
from asl_inspector.inspection import Inspector
from asl_inspector.samples.mapping import Correction
from asl_inspector.wire import write_frame


def saved(run: Run, path: Path, **settings: object) -> Inspector:
    """The case of a run, hashed and saved."""
    inspector = Inspector(Settings(**settings))  # type: ignore[arg-type]
    inspector.add([run.checkpoint, run.validation, run.train])
    inspector.hash_files()
    write_case(path, inspector.case, [run.checkpoint, run.validation, run.train], settings=inspector.settings)
    return inspector


def changes(path: Path) -> tuple[str, ...]:
    """What is told when the case is opened again."""
    case = read_case(path)
    inspector = Inspector()
    inspector.add(case.added, case.chosen)
    return changed_files(case, inspector.hash_files())


def test_a_case_comes_back_as_it_was(run: Run) -> None:
    path = run.folder / "a.aslcase"
    inspector = Inspector(Settings(decoder="score", blank=0, choices=(("pooling", "mean"),), mixed=True))
    inspector.add([run.checkpoint, run.validation], {run.validation: Role.TRAIN})
    inspector.hash_files()
    corrections = {run.validation: Correction(features="features", time_axis=1, label_is="one")}
    added = [run.checkpoint, run.validation]
    write_case(path, inspector.case, added, settings=inspector.settings, corrections=corrections)
    case = read_case(path)
    assert set(case.added) == {run.checkpoint, run.validation}
    assert case.chosen == {run.validation: Role.TRAIN}
    assert case.corrections == corrections
    assert case.settings == inspector.settings
    assert all(file.sha256 and file.bytes == file.path.stat().st_size for file in case.files)
    assert changed_files(case, inspector.case) == ()


def test_what_is_a_matter_of_the_machine_or_of_trust_is_not_saved(run: Run) -> None:
    path = run.folder / "a.aslcase"
    consent = Consent(run.checkpoint, "0" * 64)
    saved(run, path, device="cuda:3", batch_frames=77, consent=consent)
    assert read_case(path).settings == Settings()
    assert "cuda" not in path.read_text()
    assert "0000" not in path.read_text()


def test_a_folder_moves_with_its_case(run: Run, tmp_path: Path) -> None:
    saved(run, run.folder / "a.aslcase")
    moved = tmp_path / "elsewhere"
    shutil.move(run.folder, moved)
    case = read_case(moved / "a.aslcase")
    assert {file.path.parent for file in case.files} == {moved}
    assert all(file.path.exists() for file in case.files)
    assert changes(moved / "a.aslcase") == ()


def test_a_case_beside_its_data_finds_them_where_they_were(run: Run, tmp_path: Path) -> None:
    """The case alone is moved: the paths as seen from it lead nowhere, those of the machine still do."""
    home = tmp_path / "cases" / "deep"
    home.mkdir(parents=True)
    saved(run, home / "a.aslcase")
    away = tmp_path / "away.aslcase"
    shutil.move(home / "a.aslcase", away)
    assert {file.path for file in read_case(away).files} == {run.checkpoint, run.validation, run.train}


def test_files_of_a_folder_come_with_it_again(run: Run) -> None:
    inspector = Inspector()
    inspector.add([run.folder])
    write_case(run.folder / "a.aslcase", inspector.hash_files(), [run.folder], settings=Settings())
    case = read_case(run.folder / "a.aslcase")
    assert case.added == (run.folder,)
    assert {file.path.name for file in case.files} > {"checkpoint.pt", "features_val.pkl"}


def test_a_case_that_left_the_folder_it_lay_in_takes_up_nothing_of_the_new_one(run: Run, tmp_path: Path) -> None:
    inspector = Inspector()
    inspector.add([run.folder])
    held = inspector.hash_files()
    write_case(run.folder / "a.aslcase", held, [run.folder], settings=Settings())
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "of somebody else.json").write_text("{}")
    shutil.move(run.folder / "a.aslcase", downloads / "a.aslcase")
    case = read_case(downloads / "a.aslcase")
    assert set(case.added) == {downloads / one.row.path.name for one in held.files}
    assert all("any more. Drop it" in sentence for sentence in changed_files(case, Inspector().case))


def test_changed_missing_and_moved_files_are_named_by_hash(run: Run) -> None:
    path = run.folder / "a.aslcase"
    inspector = saved(run, path)
    hashes = {one.row.path: str(one.row.sha256) for one in inspector.case.files}
    shutil.copyfile(run.train, run.folder / "copy.pkl")
    run.train.unlink()
    with run.checkpoint.open("ab") as file:
        file.write(b"more")
    told = changes(path)
    assert any("checkpoint.pt” changed" in one and hashes[run.checkpoint][:12] in one for one in told)
    assert any("features_train.pkl” (SHA-256 " in one and hashes[run.train][:12] in one for one in told)
    case = read_case(path)
    again = Inspector()
    again.add([*case.added, run.folder / "copy.pkl"])
    assert any("is now “copy.pkl”" in one for one in changed_files(case, again.hash_files()))


def test_new_figures_are_told_beside_the_old() -> None:
    before = SavedResult("x", (("label-map-mismatch", 0.99), ("overfitting", 0.2)), 7, 168)
    after = SavedResult("y", (("overfitting", 0.9),), 37, 168)
    told = changed_result(before, after)
    assert told == (
        "Since the case was saved: accuracy 7 of 168 (4.2 %) then, 37 of 168 (22.0 %) now; gone: label-map-mismatch."
    )
    assert changed_result(before, before) == ""
    assert changed_result(None, after) == ""


# -- files of strangers -----------------------------------------------------------------------------------------------

GOOD = {"kind": "ASL Inspector case", "schema": 1, "files": []}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no JSON"),
        (b"\x80\x04}.", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "another kind"),
        (json.dumps(GOOD | {"kind": "x"}).encode(), "another kind"),
        (json.dumps(GOOD | {"schema": 2, "program": "9.9"}).encode(), "later version of the program \\(9.9\\)"),
        (json.dumps(GOOD | {"files": 3}).encode(), "no list of files"),
        (json.dumps(GOOD | {"files": [3]}).encode(), "no list of files"),
        (json.dumps(GOOD | {"files": [{}]}).encode(), "without a path"),
        (json.dumps(GOOD | {"files": [{"path": "a\0b"}]}).encode(), "cannot be"),
        (json.dumps(GOOD | {"files": [{"path": "x" * 5000}]}).encode(), "cannot be"),
        (json.dumps(GOOD | {"files": [{"path": "/etc/passwd"}]}).encode(), "not relative"),
        (json.dumps(GOOD | {"files": [{"absolute": "\\\\host\\share\\a.pt"}]}).encode(), "another machine"),
        (json.dumps(GOOD | {"files": [{"path": "//host/share/a.pt"}]}).encode(), "another machine"),
        (json.dumps(GOOD | {"files": [{"path": "a", "role": "king"}]}).encode(), "role that does not exist"),
        (json.dumps(GOOD | {"files": [{"path": "a", "layout": {"x": 1}}]}).encode(), "does not know"),
        (json.dumps(GOOD | {"files": [{"path": "a", "layout": {"time_axis": "1"}}]}).encode(), "for “time_axis”"),
        (json.dumps(GOOD | {"files": [{"path": "a", "layout": {"padding": "eat"}}]}).encode(), "for “padding”"),
    ],
)
def test_what_is_no_case_is_refused_with_a_reason(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.aslcase").write_bytes(content)
    with pytest.raises(DataError, match=why):
        read_case(tmp_path / "a.aslcase")


def test_settings_that_are_not_understood_are_left_out(tmp_path: Path) -> None:
    odd = {"decoder": "oracle", "blank": True, "choices": [], "mixed": "yes", "consent": {"path": "/x"}, "device": "x"}
    (tmp_path / "a.aslcase").write_text(json.dumps(GOOD | {"settings": odd, "result": {"causes": [["a"], 3]}}))
    case = read_case(tmp_path / "a.aslcase")
    assert case.settings == Settings()
    assert case.result == SavedResult("", (), None, None)


def test_dots_are_taken_out_of_paths(tmp_path: Path) -> None:
    entry = {"path": "../../data/./a.pt"}
    (tmp_path / "a.aslcase").write_text(json.dumps(GOOD | {"files": [entry]}))
    assert read_case(tmp_path / "a.aslcase").added == (tmp_path.parent.parent / "data" / "a.pt",)


def test_only_a_file_is_a_case(tmp_path: Path) -> None:
    (tmp_path / "folder.aslcase").mkdir()
    assert not is_case_file(tmp_path / "folder.aslcase")
    assert is_case_file(tmp_path / "A.ASLCASE")
    with pytest.raises(InspectorError):
        read_case(tmp_path / "folder.aslcase")


# -- on the command line ----------------------------------------------------------------------------------------------


def test_a_case_is_saved_and_run_again_on_the_command_line(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.aslcase"
    files = [str(run.checkpoint), str(run.validation), "--train", str(run.train)]
    first = cli.main(
        ["diagnose", *files, "--decoder", "score", "--save-case", str(path), "--json", str(tmp_path / "1")]
    )
    case: SavedCase = read_case(path)
    assert case.settings.decoder == "score"
    assert case.chosen == {run.train: Role.TRAIN}
    assert case.result is not None
    capsys.readouterr()
    assert cli.main(["diagnose", str(path), "--json", str(tmp_path / "2")]) == first
    one, other = (json.loads((tmp_path / name).read_text()) for name in "12")
    assert one["case"] == other["case"]
    assert one["causes"] == other["causes"]
    assert "Since the case was saved" not in capsys.readouterr().err


def test_changes_are_told_on_the_command_line(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kept.aslcase"
    cli.main(
        ["diagnose", str(run.checkpoint), str(run.validation), "--train", str(run.train), "--save-case", str(path)]
    )
    run.train.write_bytes(run.validation.read_bytes())
    capsys.readouterr()
    cli.main(["diagnose", str(path)])
    assert "“features_train.pkl” changed since the case was saved" in capsys.readouterr().err


def test_two_cases_at_once_are_refused(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.aslcase", "b.aslcase"):
        saved(run, tmp_path / name)
    assert cli.main(["diagnose", str(tmp_path / "a.aslcase"), str(tmp_path / "b.aslcase")]) == 2
    assert "are two cases" in capsys.readouterr().err


def test_a_case_in_its_own_folder_is_no_part_of_itself(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = run.folder / "mine.aslcase"
    for _ in range(2):  # the second time the file is in the folder
        cli.main(["diagnose", str(run.folder), "--save-case", str(path)])
        assert "mine.aslcase" not in {file.path.name for file in read_case(path).files}
    capsys.readouterr()
    cli.main(["diagnose", str(path)])
    assert "was not part of the case" not in capsys.readouterr().err


# -- the result that a case keeps -----------------------------------------------------------------------------------


@pytest.fixture
def kept(run: Run, capsys: pytest.CaptureFixture[str]) -> Path:
    """A case of a whole folder, with its result."""
    path = run.folder / "kept.aslcase"
    cli.main(["diagnose", str(run.folder), "--save-case", str(path), "--fail-on", "never"])
    capsys.readouterr()
    return path


def is_kept(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> bool:
    """True where what was found is shown and nothing is run."""
    cli.main(["diagnose", str(path), "--fail-on", "never", *options])
    return "These results are kept in" in capsys.readouterr().err


def test_an_unchanged_case_is_shown_without_a_run(
    kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the case was run")

    cli.main(["diagnose", str(kept), "--rerun", "--json", "-"])
    fresh = json.loads(capsys.readouterr().out)
    cli.main(["diagnose", str(kept), "--rerun"])
    text = capsys.readouterr().out
    monkeypatch.setattr(Inspector, "inspect", never)
    monkeypatch.setattr(Inspector, "add", never)
    assert cli.main(["diagnose", str(kept)]) in (0, 1)
    told = capsys.readouterr()
    assert told.out == text
    assert f"found by version {read_case(kept).program} on 20" in told.err
    assert "--rerun computes them anew" in told.err
    cli.main(["diagnose", str(kept), "--json", "-"])
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == fresh.keys()
    told_apart = ("predictions", "case", "notes")  # times, and the case file itself among the files of its folder
    assert {name: document[name] for name in document if name not in told_apart} == {
        name: fresh[name] for name in fresh if name not in told_apart
    }
    assert document["predictions"]["accuracy"] == fresh["predictions"]["accuracy"]


def test_a_changed_file_leads_to_a_run_though_its_size_is_the_same(
    kept: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(run.log.read_bytes())
    content[-2] ^= 1
    run.log.write_bytes(content)
    assert not is_kept(kept, capsys)


def test_a_new_or_missing_file_leads_to_a_run(kept: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert is_kept(kept, capsys)
    (run.folder / "new.txt").write_text("Epoch 1: loss 2.0")
    assert not is_kept(kept, capsys)
    (run.folder / "new.txt").unlink()
    assert is_kept(kept, capsys)
    run.log.unlink()
    assert not is_kept(kept, capsys)


@pytest.mark.parametrize(
    "options", [("--rerun",), ("--decoder", "score"), ("--device", "cpu"), ("--blank", "0"), ("--no-epochs",)]
)
def test_what_asks_for_another_result_leads_to_a_run(
    kept: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    assert not is_kept(kept, capsys, *options)


def test_a_result_of_another_version_leads_to_a_run(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = json.loads(kept.read_text())
    held["cached"]["program"] = "0.0.1"
    kept.write_text(json.dumps(held))
    assert not is_kept(kept, capsys)


def test_a_moved_folder_keeps_its_result_and_tells_its_new_places(
    kept: Path, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "elsewhere"
    shutil.move(run.folder, moved)
    assert str(run.folder) not in (moved / "kept.aslcase").read_text()
    target = tmp_path / "a.json"
    assert is_kept(moved / "kept.aslcase", capsys, "--json", str(target))
    files = json.loads(target.read_text())["case"]["files"]
    assert {Path(one["path"]).parent for one in files if one["role"] != "unused"} == {moved}


def test_a_network_that_cannot_be_run_is_remembered_with_its_status(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.aslcase"
    assert (
        cli.main(["diagnose", str(run.checkpoint), str(run.validation), "--blank", "77", "--save-case", str(path)]) == 2
    )
    first = capsys.readouterr().err
    assert cli.main(["diagnose", str(path)]) == 2
    told = capsys.readouterr().err
    assert "These results are kept in" in told
    assert "The blank cannot be 77" in first
    assert "The blank cannot be 77" in told


@pytest.mark.parametrize("cached", [None, [], "x", {"report": []}, {"report": {}, "problems": [1, [2]], "view": 3}])
def test_a_result_of_the_wrong_shape_is_as_good_as_none(
    kept: Path, capsys: pytest.CaptureFixture[str], cached: object
) -> None:
    held = json.loads(kept.read_text())
    held["cached"] = cached
    kept.write_text(json.dumps(held))
    assert not is_kept(kept, capsys)


@pytest.mark.slow
def test_a_view_that_unpacks_to_very_much_is_refused() -> None:
    layout = saved_views.LAYOUT
    bomb = base64.b64encode(zlib.compress(b"ASLI" + bytes(300 << 20), 9)).decode()
    assert saved_views.unpack_view(f"{layout}:{bomb}", [], {}) is None
    many = {"same": 0, "count": 10**12, "kind": "tuple"}
    stream = io.BytesIO()
    write_frame(stream, [json.dumps(many).encode()])
    packed = base64.b64encode(zlib.compress(stream.getvalue())).decode()
    assert saved_views.unpack_view(f"{layout}:{packed}", [], {}) is None


def test_consent_is_not_kept_with_the_result(run: Run, tmp_path: Path) -> None:
    inspector = Inspector()
    inspector.add([run.checkpoint, run.validation])
    inspector.hash_files()
    found = inspector.inspect()
    consent = Consent(tmp_path / "mine.py", "f" * 64)
    trusted = replace(found, settings=replace(found.settings, consent=consent))
    path = tmp_path / "a.aslcase"
    save(path, inspector.case, [], settings=trusted.settings, inspected=trusted)
    view = kept_view(read_case(path))
    assert view is not None
    assert view.settings.consent is None
    assert "f" * 64 not in path.read_text()
