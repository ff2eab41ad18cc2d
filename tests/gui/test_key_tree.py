"""The tree of keys."""

from __future__ import annotations

from pathlib import Path

import torch
from makers import make_notebook, save_notebook
from PySide6.QtTest import QAbstractItemModelTester

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.gui.key_nodes import build_tree
from asl_inspector.gui.key_tree import KeyModel
from asl_inspector.mapped_file import MappedFile
from asl_inspector.report.sizes import size_text


def checkpoint(tmp_path: Path) -> Checkpoint:
    path = save_notebook(tmp_path / "a.pt", make_notebook(), note="hello", gloss_to_id={"a.b": 1})
    return open_checkpoint(MappedFile(path))


def test_the_model_passes_qts_tester(tmp_path: Path) -> None:
    model = KeyModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_root(build_tree(checkpoint(tmp_path)))
    model.set_root(build_tree(checkpoint(tmp_path), "nothing has this"))
    tester.deleteLater()


def test_modules_have_the_sums_of_what_is_below_them(tmp_path: Path) -> None:
    root = build_tree(checkpoint(tmp_path))
    state = next(node for node in root.children if node.name == "model_state_dict")
    network = make_notebook()
    assert state.numbers == sum(tensor.numel() for tensor in network.parameters())
    encoder = next(node for node in state.children if node.name == "encoder")
    assert encoder.numbers == sum(tensor.numel() for tensor in network.encoder.parameters())
    assert [node.name for node in state.children] == ["encoder", "classifier"]


def test_a_dict_key_with_dots_that_is_no_tensor_stays_whole(tmp_path: Path) -> None:
    root = build_tree(checkpoint(tmp_path))
    vocabulary = next(node for node in root.children if node.name == "gloss_to_id")
    assert [node.name for node in vocabulary.children] == ["a.b"]


def test_search_finds_names_types_shapes_and_values(tmp_path: Path) -> None:
    found = checkpoint(tmp_path)

    def leaves(search: str) -> list[str]:
        names, todo = [], [build_tree(found, search)]
        while todo:
            node = todo.pop()
            names += [node.name] if node.tensor or node.value else []
            todo += node.children
        return sorted(names)

    assert leaves("classifier") == ["bias", "weight"]
    assert leaves("7 × 16") == ["weight"]
    assert leaves("HELLO") == ["note"]
    assert leaves("float32") == sorted(name.rpartition(".")[2] for name in make_notebook().state_dict())
    assert leaves("zzz") == []


def test_a_key_can_be_found_by_its_end(tmp_path: Path) -> None:
    model = KeyModel()
    model.set_root(build_tree(checkpoint(tmp_path)))
    index = model.find("encoder.lstm.weight_hh_l0")
    assert index.isValid()
    assert model.node(index).tensor is not None
    assert model.node(model.find("gloss_to_id")).name == "gloss_to_id"
    assert not model.find("nonsense").isValid()


def test_hostile_keys_are_shown_escaped(tmp_path: Path) -> None:
    torch.save({"\u202eevil\x1b": torch.ones(2)}, tmp_path / "a.pt")
    root = build_tree(open_checkpoint(MappedFile(tmp_path / "a.pt")))
    assert root.children[0].name == "\\u202eevil\\x1b"


def test_sizes_are_short() -> None:
    assert [size_text(size) for size in (0, 999, 1_500, 7_119_931, 4_180_000_000)] == [
        "0 B",
        "999 B",
        "1.5 KB",
        "7.1 MB",
        "4.2 GB",
    ]
