"""Which checkpoints are epochs of one run, which one is inspected, and of which epoch each is."""

from __future__ import annotations

from pathlib import Path

import pytest
from makers import GLOSSES, make_notebook, save_notebook

from asl_inspector.case.records import Case, Role
from asl_inspector.case.same_run import epochs_of, named_epoch, unreadable_epochs
from asl_inspector.inspection import Inspector


def opened(*paths: Path, chosen: dict[Path, Role] | None = None) -> Case:
    return Inspector().add(paths, chosen)


def roles(case: Case) -> dict[str, Role]:
    return {one.row.path.name: one.row.role for one in case.files}


def whys(case: Case) -> dict[str, str]:
    return {one.row.path.name: one.row.why for one in case.files}


@pytest.mark.parametrize(
    ("path", "epoch"),
    [
        ("checkpoint_epoch_50.pt", 50),
        ("epoch=003-val_loss=0.22.ckpt", 3),
        ("model.ep7.pth", 7),
        ("ckpt-0012.pt", 12),
        ("model_40.pt", 40),
        ("epoch_20/model.pt", 20),
        ("checkpoint_best.pt", None),
        ("stage1_checkpoint_best.pt", None),
        ("resnet50.pt", None),
        ("recipe2.pt", None),
    ],
)
def test_the_epoch_in_a_name(path: str, epoch: int | None) -> None:
    assert named_epoch(Path("/runs") / path) == epoch


def test_numbered_files_of_a_folder_are_one_run_and_the_last_is_inspected(tmp_path: Path) -> None:
    for epoch in (5, 10, 20):
        save_notebook(tmp_path / f"checkpoint_epoch_{epoch}.pt", make_notebook(epoch), epoch=epoch)
    case = opened(tmp_path)
    assert roles(case) == {
        "checkpoint_epoch_10.pt": Role.EPOCH,
        "checkpoint_epoch_20.pt": Role.CHECKPOINT,
        "checkpoint_epoch_5.pt": Role.EPOCH,
    }
    assert "same folder" in whys(case)["checkpoint_epoch_5.pt"]


def test_the_file_called_best_is_inspected(tmp_path: Path) -> None:
    for name, epoch in (("checkpoint_epoch_10.pt", 10), ("checkpoint_best.pt", 7), ("checkpoint_epoch_20.pt", 20)):
        save_notebook(tmp_path / name, make_notebook(epoch), epoch=epoch)
    case = opened(tmp_path)
    assert case.checkpoint is not None
    assert case.checkpoint.row.path.name == "checkpoint_best.pt"
    assert len(case.epochs) == 2


def test_another_network_is_no_epoch_of_the_run_and_is_named(tmp_path: Path) -> None:
    for epoch in (1, 2):
        save_notebook(tmp_path / f"checkpoint_epoch_{epoch}.pt", make_notebook(epoch), epoch=epoch)
    save_notebook(tmp_path / "checkpoint_epoch_3.pt", make_notebook(3, hidden=4), epoch=3)
    case = opened(tmp_path)
    assert roles(case)["checkpoint_epoch_3.pt"] is Role.UNUSED
    assert "another network than “checkpoint_epoch_2.pt”" in whys(case)["checkpoint_epoch_3.pt"]


def test_another_folder_and_another_vocabulary_are_not_taken_for_the_run(tmp_path: Path) -> None:
    ids = {gloss: number for number, gloss in enumerate(GLOSSES, start=1)}
    other = {gloss: number for number, gloss in enumerate(reversed(GLOSSES), start=1)}
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first = save_notebook(tmp_path / "a" / "epoch_1.pt", make_notebook(1), epoch=1, gloss_to_id=ids)
    second = save_notebook(tmp_path / "a" / "epoch_2.pt", make_notebook(2), epoch=2, gloss_to_id=ids)
    renamed = save_notebook(tmp_path / "a" / "epoch_3.pt", make_notebook(3), epoch=3, gloss_to_id=other)
    elsewhere = save_notebook(tmp_path / "b" / "epoch_4.pt", make_notebook(4), epoch=4, gloss_to_id=ids)
    case = opened(first, second, renamed, elsewhere)
    assert roles(case) == {
        "epoch_1.pt": Role.EPOCH,
        "epoch_2.pt": Role.CHECKPOINT,
        "epoch_3.pt": Role.UNUSED,
        "epoch_4.pt": Role.UNUSED,
    }
    assert "its vocabulary is another" in whys(case)["epoch_3.pt"]
    assert "lies in another folder" in whys(case)["epoch_4.pt"]
    assert roles(opened(first, second, elsewhere, chosen={elsewhere: Role.EPOCH}))["epoch_4.pt"] is Role.EPOCH


def test_networks_of_several_seeds_are_not_one_run(tmp_path: Path) -> None:
    """They lie in one folder, state the same epoch, and their names have no epoch."""
    for seed in (101, 102, 103):
        save_notebook(tmp_path / f"seed_{seed}.pt", make_notebook(seed), epoch=30)
    case = opened(tmp_path)
    assert sorted(roles(case).values()) == [Role.CHECKPOINT, Role.UNUSED, Role.UNUSED]
    assert "does not tell its epoch" in whys(case)["seed_103.pt"]


def test_a_chosen_checkpoint_has_the_others_beside_it(tmp_path: Path) -> None:
    paths = [save_notebook(tmp_path / f"epoch_{n}.pt", make_notebook(n), epoch=n) for n in (1, 2, 3)]
    assert roles(opened(*paths, chosen={paths[0]: Role.CHECKPOINT})) == {
        "epoch_1.pt": Role.CHECKPOINT,
        "epoch_2.pt": Role.EPOCH,
        "epoch_3.pt": Role.EPOCH,
    }


def test_a_name_comes_before_a_stale_stated_epoch(tmp_path: Path) -> None:
    for epoch, stated in ((10, 8), (20, 8), (30, 27)):
        save_notebook(tmp_path / f"epoch_{epoch}.pt", make_notebook(epoch), epoch=stated)
    found = epochs_of(opened(tmp_path).files)
    assert {path.name: epoch for path, epoch in found.items()} == {
        "epoch_10.pt": 10,
        "epoch_20.pt": 20,
        "epoch_30.pt": 30,
    }


def test_a_run_that_counts_from_zero_inside_its_files_is_counted_from_one(tmp_path: Path) -> None:
    for epoch in (10, 20):
        save_notebook(tmp_path / f"epoch_{epoch}.pt", make_notebook(epoch), epoch=epoch - 1)
    save_notebook(tmp_path / "best.pt", make_notebook(3), epoch=14)
    found = epochs_of(opened(tmp_path).files)
    assert {path.name: epoch for path, epoch in found.items()} == {"best.pt": 15, "epoch_10.pt": 10, "epoch_20.pt": 20}


def test_a_damaged_file_of_the_run_is_known_by_its_name(tmp_path: Path) -> None:
    for epoch in (1, 2):
        save_notebook(tmp_path / f"epoch_{epoch}.pt", make_notebook(epoch), epoch=epoch)
    (tmp_path / "epoch_3.pt").write_bytes((tmp_path / "epoch_2.pt").read_bytes()[:3000])
    (tmp_path / "notes.pt").write_bytes(b"")
    case = opened(tmp_path)
    assert [one.row.path.name for one in unreadable_epochs(case)] == ["epoch_3.pt"]
