"""Files are recognised by content and get their roles over the whole case."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from makers import Run, make_clips, make_notebook, save_notebook, write_cache
from safetensors.torch import save_file

from asl_inspector.case.belonging import together
from asl_inspector.case.recognising import open_file
from asl_inspector.case.records import Case, Role
from asl_inspector.case.roles import assign, second_checkpoints
from asl_inspector.case.surveying import survey


def expand_folders(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """The entries that a drop of these paths gives, and the notes on them."""
    found = [survey(path) for path in together(list(paths))]
    return [path for one in found for path in one.files], [note for one in found for note in one.notes]


def case_of(*paths: Path, **chosen: Role) -> Case:
    files, notes = expand_folders(paths)
    return assign(
        [open_file(path) for path in files],
        {path: role for path in files for name, role in chosen.items() if name in path.name},
        tuple(notes),
    )


def roles(case: Case) -> dict[str, Role]:
    return {one.row.path.name: one.row.role for one in case.files}


def test_a_folder_fills_every_role(run: Run) -> None:
    assert roles(case_of(run.folder)) == {
        "checkpoint.pt": Role.CHECKPOINT,
        "features_train.pkl": Role.TRAIN,
        "features_val.pkl": Role.VALIDATION,
        "train_log.txt": Role.HISTORY,
        "vocabulary.json": Role.VOCABULARY,
    }


def test_extensions_do_not_matter(run: Run, tmp_path: Path) -> None:
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    shutil.copy(run.checkpoint, swapped / "a.txt")
    shutil.copy(run.validation, swapped / "b.json")
    shutil.copy(run.vocabulary, swapped / "c.pt")
    assert roles(case_of(swapped)) == {"a.txt": Role.CHECKPOINT, "b.json": Role.VALIDATION, "c.pt": Role.VOCABULARY}


def test_why_names_the_split_that_the_clips_state(run: Run) -> None:
    case = case_of(run.folder)
    assert "split “train”" in next(one.row.why for one in case.files if one.row.role is Role.TRAIN)


def test_without_a_stated_split_the_name_decides(tmp_path: Path) -> None:
    for name in ("my_train.pkl", "my_dev.pkl"):
        cache = make_clips()
        for entry in cache.values():
            del entry["split"]
        write_cache(tmp_path / name, cache)
    assert roles(case_of(tmp_path)) == {"my_train.pkl": Role.TRAIN, "my_dev.pkl": Role.VALIDATION}


def test_without_any_hint_the_smaller_file_is_validation(tmp_path: Path) -> None:
    for name, count in (("a.pkl", 8), ("b.pkl", 2)):
        cache = make_clips(clips_a_gloss=count)
        for entry in cache.values():
            del entry["split"]
        write_cache(tmp_path / name, cache)
    assert roles(case_of(tmp_path)) == {"a.pkl": Role.TRAIN, "b.pkl": Role.VALIDATION}


def test_an_encoder_beside_a_network_is_stage_1(run: Run) -> None:
    torch.save({"epoch": 1, "encoder_state_dict": run.network.encoder.state_dict()}, run.folder / "other.pt")
    assert roles(case_of(run.folder))["other.pt"] is Role.STAGE1


def test_an_encoder_alone_is_the_checkpoint(tmp_path: Path) -> None:
    torch.save({"epoch": 1, "encoder_state_dict": make_notebook().encoder.state_dict()}, tmp_path / "other.pt")
    assert roles(case_of(tmp_path))["other.pt"] is Role.CHECKPOINT


def test_of_two_checkpoints_the_first_is_inspected_and_the_other_waits_for_the_user(run: Run) -> None:
    second = save_notebook(run.folder / "later.pt", run.network)
    case = case_of(run.checkpoint, second)
    assert roles(case) == {"checkpoint.pt": Role.CHECKPOINT, "later.pt": Role.UNUSED}
    assert second_checkpoints(case) == [second]


def test_a_chosen_role_is_kept(run: Run) -> None:
    second = save_notebook(run.folder / "later.pt", run.network)
    case = case_of(run.checkpoint, second, later=Role.CHECKPOINT)
    assert roles(case) == {"checkpoint.pt": Role.UNUSED, "later.pt": Role.CHECKPOINT}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull|Git-LFS pointer"),
        (b"<html><head><title>Sign in</title></head></html>", "web page"),
        (b"PK\x03\x04 cut", "cut short"),
        (b"\x80\x02}q\x00X\x05", "breaks off|announced"),
        (b"hello, world\n", "without any epoch"),
        (b'{"a": {"b": 1}}', "lists no glosses"),
        (b"\x00\x01\x02\x03" * 40, "binary file"),
    ],
)
def test_bad_files_become_rows_with_a_sentence(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "best_model.pt"
    path.write_bytes(content)
    row = open_file(path).row
    assert row.role is Role.UNUSED
    assert row.problem
    assert any(part in f"{row.problem} {row.advice}" for part in why.split("|")), row.problem


def test_a_missing_file_a_folder_and_a_pipe_become_sentences(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no longer there" in open_file(tmp_path / "gone.pt").row.problem
    assert "is not a file" in open_file(tmp_path / "pipe").row.problem
    assert "not a file" in open_file(tmp_path).row.problem or "folder" in open_file(tmp_path).row.problem


def test_folders_are_searched_without_hidden_files(run: Run) -> None:
    (run.folder / ".hidden").write_text("x")
    (run.folder / ".git").mkdir()
    (run.folder / ".git" / "config").write_text("x")
    files, _ = expand_folders([run.folder])
    assert not any(".hidden" in str(path) or ".git" in str(path) for path in files)


def test_a_pickle_that_would_act_is_named_with_what_it_would_run(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
    row = open_file(tmp_path / "model.pt").row
    assert [(run.call, run.arguments) for run in row.would_run] == [("os.system", "('touch canary',)")]


def test_prose_beside_the_files_is_unused_without_a_complaint(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("# The demo case\n\nTwo files and a notebook.\n")
    row = open_file(path).row
    assert not row.problem
    assert row.choices == (Role.UNUSED,)


def save_shards(folder: Path) -> list[Path]:
    """An index with two shards."""
    folder.mkdir(exist_ok=True)
    homes = {}
    for number in (1, 2):
        save_file({f"layer.{number}.weight": torch.ones(2, 2)}, folder / f"model-{number}.safetensors")
        homes[f"layer.{number}.weight"] = f"model-{number}.safetensors"
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": homes}))
    return [folder / "model.safetensors.index.json", *(folder / name for name in homes.values())]


def save_distributed(folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch tells that it saves from one process
        dcp.save({"model_state_dict": make_notebook().state_dict()}, checkpoint_id=folder, no_dist=True)
    return folder


def test_an_index_with_its_shards_is_one_entry_however_they_are_dropped(tmp_path: Path) -> None:
    index, first, second = save_shards(tmp_path / "shards")
    for paths in ([tmp_path / "shards"], [tmp_path], [second, index, first], [index]):
        files, _ = expand_folders(paths)
        assert files == [index]
    case = case_of(tmp_path)
    (one,) = case.files
    assert (one.row.role, one.row.summary) == (Role.CHECKPOINT, "8 parameters")
    assert one.row.bytes == sum(path.stat().st_size for path in (index, first, second))
    assert one.file is not None
    assert one.file.is_current()
    second.touch()
    assert not one.file.is_current()


def test_shards_without_their_index_are_files_of_their_own(tmp_path: Path) -> None:
    _, first, second = save_shards(tmp_path)
    assert expand_folders([first, second])[0] == [first, second]


def test_a_distributed_checkpoint_is_one_entry_however_it_is_dropped(run: Run) -> None:
    saved = save_distributed(run.folder / "saved")
    parts = [saved / ".metadata", *saved.glob("*.distcp")]
    assert expand_folders([saved])[0] == [saved]
    assert expand_folders(parts)[0] == [saved]
    case = case_of(run.folder)
    one = next(one for one in case.files if one.row.path == saved)
    assert one.row.problem == ""
    assert one.opened is not None
    assert one.row.choices[0] is Role.CHECKPOINT
    assert [path.name for path in second_checkpoints(case)] == ["saved"]


def test_arrays_beside_a_network_wait_for_the_user_and_alone_are_the_checkpoint(run: Run, tmp_path: Path) -> None:
    np.savez(run.folder / "a_weights.npz", weight=np.ones((2, 2), "f4"))
    case = case_of(run.folder)
    assert roles(case)["a_weights.npz"] is Role.UNUSED
    assert roles(case)["checkpoint.pt"] is Role.CHECKPOINT
    assert second_checkpoints(case) == []
    assert roles(case_of(run.folder / "a_weights.npz")) == {"a_weights.npz": Role.CHECKPOINT}


def test_a_snapshot_of_a_cache_is_read_through_its_own_links_and_no_others(tmp_path: Path) -> None:
    shards = save_shards(tmp_path / "blobs")
    snapshot = tmp_path / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for number, path in enumerate(shards):
        (snapshot / path.name).symlink_to(path.rename(path.with_name(f"{number:064x}")))
    (tmp_path / "secret.pt").write_bytes(b"x")
    (snapshot / "other.pt").symlink_to(tmp_path / "secret.pt")
    case = case_of(snapshot)
    (one,) = case.files
    assert (one.row.path.name, one.row.summary, one.row.problem) == (shards[0].name, "8 parameters", "")
    assert any("1 link in" in note for note in case.notes)
