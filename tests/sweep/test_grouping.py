"""Names and configurations as people write them, and the runs that they make."""

from __future__ import annotations

from pathlib import Path

import pytest

from asl_inspector.sweep.finding import find_checkpoints
from asl_inspector.sweep.grouping import group, place, without_position
from asl_inspector.sweep.records import Facts, Setting

ROOT = Path("/runs")


def facts(shapes: str = "s", epoch: int | None = None, **settings: Setting) -> Facts:
    return Facts(epoch, settings, shapes, "", 1, "")


@pytest.mark.parametrize(
    ("name", "run", "seed", "epoch"),
    [
        ("base_seed1/checkpoint_epoch_3.pt", "base_seed1", 1, 3),
        ("base_seed1/epoch_03/model.pt", "base_seed1", 1, 3),
        ("base/seed-2/ep12.pth", "base/seed-2", 2, 12),
        ("base_s4_e07.pt", "base_s4", 4, 7),
        ("lr0.1/checkpoint_best.pt", "lr0.1", None, None),
        ("lr0.1/last.ckpt", "lr0.1", None, None),
        ("exp/epoch=4-step=1200-val_acc=0.53.ckpt", "exp", None, 4),
        ("exp/wide_model_9.pt", "exp/wide", None, 9),
    ],
)
def test_names_tell_run_seed_and_epoch(name: str, run: str, seed: int | None, epoch: int | None) -> None:
    found = place(ROOT / name, ROOT, None)
    assert (found.run, found.seed, found.epoch) == (run, seed, epoch)


def test_a_name_keeps_what_does_not_tell_the_place_in_the_run() -> None:
    assert without_position("bilstm_128_best") == "bilstm"  # a number at the end counts files
    assert without_position("bilstm-wide.epoch.3") == "bilstm_wide"


def test_seeds_of_one_setting_are_one_condition() -> None:
    files = [
        (ROOT / f"{kind}_seed{seed}/epoch_{epoch}.pt", facts()) for kind in "ab" for seed in (1, 2) for epoch in (10, 9)
    ]
    runs, epochs = group(files, [ROOT])
    assert [(run.name, run.condition, run.seed) for run in runs] == [
        ("a_seed1", "a", 1),
        ("a_seed2", "a", 2),
        ("b_seed1", "b", 1),
        ("b_seed2", "b", 2),
    ]
    assert [epochs[index] for index in runs[0].members] == [9, 10]


def test_runs_with_names_of_their_own_are_grouped_by_their_configurations() -> None:
    files = [
        (ROOT / f"run{number}/last.pt", facts(**{"config.seed": number, "config.lr": lr}))
        for number, lr in enumerate((0.1, 0.1, 0.01, 0.01))
    ]
    runs, _ = group(files, [ROOT])
    assert [run.condition for run in runs] == ["lr=0.1", "lr=0.1", "lr=0.01", "lr=0.01"]
    assert [run.seed for run in runs] == [0, 1, 2, 3]
    assert runs[0].settings == {"config.lr": 0.1}


def test_a_seed_in_the_name_comes_before_one_that_every_configuration_repeats() -> None:
    files = [(ROOT / f"a_seed{seed}/last.pt", facts(**{"config.seed": 42})) for seed in (1, 2)]
    assert [run.seed for run in group(files, [ROOT])[0]] == [1, 2]


def test_one_folder_with_two_networks_is_two_runs_and_a_damaged_file_goes_by_its_name() -> None:
    files = [
        (ROOT / "a/epoch_1.pt", facts("small")),
        (ROOT / "a/epoch_2.pt", facts("small")),
        (ROOT / "a/epoch_3.pt", None),
        (ROOT / "a/epoch_4.pt", facts("large")),
    ]
    runs, _ = group(files, [ROOT])
    assert sorted(run.members for run in runs) == [(0, 1, 2), (3,)]


def test_files_of_one_name_that_state_several_seeds_are_several_runs() -> None:
    files = [(ROOT / f"nets/model_{number}.pt", facts(seed=number % 2)) for number in (1, 2, 3, 4)]
    runs, _ = group(files, [ROOT])
    assert sorted(run.members for run in runs) == [(0, 2), (1, 3)]
    assert {run.condition for run in runs} == {"nets"}


def test_settings_that_change_along_a_run_are_no_settings_of_it() -> None:
    files = [(ROOT / f"a/epoch_{epoch}.pt", facts(lr_now=1 / epoch, width=3)) for epoch in (1, 2)]
    files += [(ROOT / f"b/epoch_{epoch}.pt", facts(lr_now=2 / epoch, width=4)) for epoch in (1, 2)]
    runs, _ = group(files, [ROOT])
    assert [run.settings for run in runs] == [{"width": 3}, {"width": 4}]


def test_checkpoints_are_found_below_folders_and_nothing_else_is(tmp_path: Path) -> None:
    names = [
        "a/epoch_1.pt",
        "a/epoch_2.pt",
        "a/val.pkl",
        "b/model-00001-of-00002.safetensors",
        "b/notes.txt",
        ".hidden/c.pt",
    ]
    names += ["b/model.safetensors.index.json", "d/.metadata", "d/__0_0.distcp", "out/parts/old.pt", "val.pt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.pt").symlink_to(tmp_path / "a" / "epoch_1.pt")
    found = find_checkpoints([tmp_path], [tmp_path / "val.pt", tmp_path / "out"])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "a/epoch_1.pt",
        "a/epoch_2.pt",
        "b/model.safetensors.index.json",
        "d",
    ]


def test_a_single_run_is_called_like_its_folder() -> None:
    root = ROOT / "plain_seed4"
    (run,), _ = group([(root / f"epoch_{epoch}.pt", facts(seed=42, lr=0.1)) for epoch in (1, 2)], [root])
    assert (run.name, run.condition, run.seed) == ("plain_seed4", "plain", 4)
