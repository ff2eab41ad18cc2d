"""Sums by module; shared memory counts once wherever it is met."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from asl_inspector.checkpoints.modules import module_tree, shared_places
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.mapped_file import MappedFile


def saved(path: Path, held: object) -> Checkpoint:
    torch.save(held, path)
    return open_checkpoint(MappedFile(path))


def test_a_module_has_the_sums_of_what_is_below_it(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5)))
    tree = module_tree(saved(tmp_path / "a.pt", {"state_dict": network.state_dict()}).tensors).children["state_dict"]
    assert tree.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert tree.numbers == sum(tensor.numel() for tensor in network.state_dict().values())
    assert tree.nbytes == sum(tensor.nbytes for tensor in network.state_dict().values())
    assert tree.children["1"].parameters == sum(parameter.numel() for parameter in network[1].parameters())
    assert list(tree.children["1"].children["1"].tensors) == [
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]


def test_shared_memory_counts_once_in_every_module_that_has_it(tmp_path: Path) -> None:
    tied = torch.randn(6, 5)
    tree = module_tree(saved(tmp_path / "a.pt", {"a.x.weight": tied, "a.y.weight": tied, "b.weight": tied}).tensors)
    assert (tree.numbers, tree.shared, tree.count) == (30, 60, 3)
    assert (tree.children["a"].numbers, tree.children["b"].numbers) == (30, 30)
    assert tree.children["a"].children["y"].numbers == 30


def test_windows_of_one_storage_are_not_taken_for_shared_numbers(tmp_path: Path) -> None:
    whole = torch.randn(10)
    checkpoint = saved(tmp_path / "a.pt", {"a": whole[:4], "b": whole[4:]})
    assert shared_places(checkpoint.tensors) == set()
    assert module_tree(checkpoint.tensors).numbers == 10


def test_meta_tensors_share_nothing(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path / "a.pt", {"a": torch.empty(3, device="meta"), "b": torch.empty(3, device="meta")})
    assert module_tree(checkpoint.tensors).numbers == 6
