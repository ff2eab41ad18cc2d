"""Files that look like checkpoints and are none: data sets and models of other libraries."""

from __future__ import annotations

import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from makers import make_notebook
from tensors_alike import opened
from torch import nn
from torch.utils.data import TensorDataset

from asl_inspector.case.recognising import open_file
from asl_inspector.case.records import Role
from asl_inspector.case.roles import assign
from asl_inspector.checkpoints.tensor_numbers import read_array


def clip(length: int) -> torch.Tensor:
    return torch.randn(length, 6)


DATA = {
    "tensor data set": (TensorDataset(torch.randn(4, 5, 6), torch.arange(4)), "TensorDataset of 2 tensors"),
    "list of clips": ([clip(4), clip(5), clip(6)], "list of 3 tensors"),
    "list of pairs": ([(clip(4), torch.tensor(1)), (clip(5), torch.tensor(2))], "list of 2 clips"),
    "list of dicts": (
        [{"features": clip(4), "gloss": "apple"}, {"features": clip(7), "gloss": "book"}],
        "list of 2 clips",
    ),
    "dict of clips": ({"v1": clip(4), "v2": clip(5), "v3": clip(4)}, "dict of 3 clips"),
    "dict of dicts": ({f"v{i}": {"features": clip(3 + i), "gloss_id": i} for i in range(3)}, "dict of 3 clips"),
    "features and labels": (
        {"features": torch.randn(4, 5, 6), "labels": torch.arange(4)},
        "data set of features, labels",
    ),
    "arrays": ({"X": np.ones((4, 5, 6)), "y": np.arange(4)}, "data set of X, y"),
    "one tensor": (torch.randn(3, 4), "single tensor"),
}


@pytest.mark.parametrize("name", DATA)
def test_a_data_set_opens_as_what_it_is(name: str, tmp_path: Path) -> None:
    value, sentence = DATA[name]
    torch.save(value, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert "no weights of a network" in checkpoint.notes[0]
    assert sentence in checkpoint.notes[0]
    assert checkpoint.tensors
    assert checkpoint.weights == {}
    assert checkpoint.contents.layout is None
    assert {record.role for record in checkpoint.tensors} == {"other"}


WEIGHTS = {
    "state dict": make_notebook().state_dict(),
    "run": {"model_state_dict": make_notebook().state_dict(), "epoch": 3},
    "parameters": list(nn.Linear(3, 3).parameters()),
    "odd names": {"w1": torch.randn(4, 6), "w2": torch.randn(8, 4)},
    "list of state dicts": [nn.Linear(2, 2).state_dict(), nn.Linear(2, 2).state_dict()],
    "layers of one width": OrderedDict((f"layers.{i}.weight", torch.randn(4 + i, 6)) for i in range(4)),
    "modules": [nn.Linear(2, 2), nn.Linear(2, 2)],
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_not_taken_for_data(name: str, tmp_path: Path) -> None:
    torch.save(WEIGHTS[name], tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert not any("no weights" in note for note in checkpoint.notes)
    assert checkpoint.weights


def test_a_data_set_is_not_chosen_as_the_checkpoint(tmp_path: Path) -> None:
    torch.save([clip(4), clip(5), clip(6)], tmp_path / "clips.pt")
    torch.save(make_notebook().state_dict(), tmp_path / "model.pt")
    case = assign([open_file(tmp_path / "clips.pt"), open_file(tmp_path / "model.pt")], {})
    assert [one.row.role for one in case.files] == [Role.VALIDATION, Role.CHECKPOINT]
    assert case.files[0].row.why.startswith("Clips without labels")


class LabelEncoder:
    """Stands in for scikit-learn's: a class of that name in a module of that name."""


class NumpyArrayWrapper:
    """Stands in for joblib's."""


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules that can be named in a pickle while it is written, and are gone when it is read."""
    for module, kind in (("sklearn.preprocessing._label", LabelEncoder), ("joblib.numpy_pickle", NumpyArrayWrapper)):
        parents = ["joblib"] if module.startswith("joblib") else ["sklearn", "sklearn.preprocessing"]
        for name in (*parents, module):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        setattr(sys.modules[module], kind.__name__, kind)
        monkeypatch.setattr(kind, "__module__", module)


class _JoblibPickler(pickle._Pickler):
    """Writes arrays as joblib 1.6 does: a wrapper, then padding to 16 bytes, then the elements."""

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if not isinstance(obj, np.ndarray):
            super().save(obj, save_persistent_id)
            return
        fortran = obj.flags.f_contiguous and not obj.flags.c_contiguous
        wrapper = NumpyArrayWrapper()
        wrapper.__dict__ |= {
            "subclass": np.ndarray,
            "shape": obj.shape,
            "order": "F" if fortran else "C",
            "dtype": obj.dtype,
        }
        wrapper.__dict__ |= {"allow_mmap": True, "numpy_array_alignment_bytes": 16}
        super().save(wrapper, save_persistent_id)
        if self.proto >= 4:
            self.framer.commit_frame(force=True)
        if obj.dtype.hasobject:
            pickle.dump(obj, self.stream, protocol=2)
            return
        padding = 16 - (self.stream.tell() + 1) % 16
        self.stream.write(bytes([padding]) + b"\xff" * padding)
        self.stream.write(obj.tobytes("F" if fortran else "C"))


def joblib_dump(value: object, path: Path, protocol: int) -> Path:
    with path.open("wb") as stream:
        pickler = _JoblibPickler(stream, protocol=protocol)
        pickler.stream = stream
        pickler.dump(value)
    return path


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.usefixtures("libraries")
def test_a_file_of_joblib_is_named_and_its_values_are_shown(protocol: int, tmp_path: Path) -> None:
    encoder = LabelEncoder()
    encoder.classes_ = np.array(["apple", "book", "chair"])
    encoder.counts = np.arange(6, dtype=np.int64).reshape(2, 3)
    encoder.columns = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    encoder.objects = np.array(["x", None, 3], dtype=object)
    encoder.after = "end"
    checkpoint, file = opened(joblib_dump(encoder, tmp_path / "a.pkl", protocol))
    assert checkpoint.notes[0].startswith(
        "This is a scikit-learn LabelEncoder written with joblib, not a PyTorch checkpoint"
    )
    values = {value.path: value.text for value in checkpoint.values}
    assert values["classes_",] == "['apple', 'book', 'chair']"
    assert [values["objects", str(index)] for index in range(3)] == ["'x'", "None", "3"]
    assert values["after",] == "'end'"
    arrays = {record.path[0]: read_array(record, file.view) for record in checkpoint.tensors}
    np.testing.assert_array_equal(arrays["counts"], encoder.counts)
    np.testing.assert_array_equal(arrays["columns"], encoder.columns)
    assert checkpoint.weights == {}
    assert [run.call for run in checkpoint.would_run] == ["sklearn.preprocessing._label.LabelEncoder"]


@pytest.mark.usefixtures("libraries")
def test_calls_among_the_objects_of_a_joblib_array_are_told(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            import os

            return os.system, ("true",)

    path = joblib_dump({"a": np.array([Evil()], dtype=object)}, tmp_path / "a.pkl", 4)
    checkpoint, _ = opened(path)
    assert [run.call.rpartition(".")[2] for run in checkpoint.would_run] == ["system"]


@pytest.mark.usefixtures("libraries")
def test_a_joblib_cache_of_clips_is_a_cache(tmp_path: Path) -> None:
    held = {
        f"v{i}": {
            "features": np.random.default_rng(i).normal(size=(4 + i, 6)).astype("f4"),
            "gloss": "apple",
            "gloss_id": 1,
        }
        for i in range(3)
    }
    path = joblib_dump(held, tmp_path / "cache.pkl", 4)
    clips = open_file(path).opened
    np.testing.assert_array_equal(clips.features(2), held["v2"]["features"])


@pytest.mark.usefixtures("libraries")
def test_a_plain_pickle_of_a_library_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps({"encoder": LabelEncoder()}))
    checkpoint, _ = opened(tmp_path / "a.pkl")
    assert checkpoint.notes[0].startswith("This holds a scikit-learn LabelEncoder;")


def test_arrays_of_objects_and_of_text_are_data(tmp_path: Path) -> None:
    held = {
        "grid": np.array([[1, "a"], [None, [2, 3]]], dtype=object),
        "names": np.array(["apple", "b\u00fcch"]),
        "bytes": np.array([b"x", b"yz"]),
        "big": np.arange(3, dtype=">i4"),
    }
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(held))
    checkpoint, file = opened(tmp_path / "a.pkl")
    values = {value.path: value.text for value in checkpoint.values}
    assert values["grid", "0,1"] == "'a'"
    assert values["grid", "1,1", "1"] == "3"
    assert values["names",] == "['apple', 'b\u00fcch']"
    assert values["bytes",] == "['x', 'yz']"
    (big,) = checkpoint.tensors
    assert read_array(big, file.view).tolist() == [0, 1, 2]


def test_a_long_list_of_clips_shows_every_clip_and_a_long_list_of_numbers_one_row(tmp_path: Path) -> None:
    torch.save({"clips": [torch.ones(2, 3)] * 3000, "losses": [0.5] * 3000}, tmp_path / "a.pt")
    checkpoint, _ = opened(tmp_path / "a.pt")
    assert len(checkpoint.tensors) == 3000
    assert len(checkpoint.values) == 1
