"""Vocabulary files."""

from __future__ import annotations

import json
import pickle
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.case.recognising import open_file
from asl_inspector.case.records import Role
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import load_json
from asl_inspector.samples.records import Vocabulary
from asl_inspector.samples.vocabulary import json_vocabulary


def read(tmp_path: Path, held: object):  # type: ignore[no-untyped-def]
    (tmp_path / "v.json").write_text(json.dumps(held))
    return json_vocabulary(tmp_path / "v.json", load_json(MappedFile(tmp_path / "v.json")))


@pytest.mark.parametrize(
    "held",
    [
        {"gloss_to_id": {"a": 1, "b": 2}, "id_to_gloss": {"1": "a", "2": "b"}, "vocab_size": 3},
        {"a": 1, "b": 2},
        {"1": "a", "2": "b"},
        {"id_to_gloss": {"1": "a", "2": "b"}},
    ],
)
def test_every_usual_form_gives_the_same_map(tmp_path: Path, held: object) -> None:
    vocabulary = read(tmp_path, held)
    assert dict(vocabulary.gloss_to_id) == {"a": 1, "b": 2}
    assert dict(vocabulary.id_to_gloss) == {1: "a", 2: "b"}


def test_a_list_counts_from_zero(tmp_path: Path) -> None:
    assert dict(read(tmp_path, ["a", "b"]).gloss_to_id) == {"a": 0, "b": 1}


def test_ids_that_glosses_share_are_noted(tmp_path: Path) -> None:
    vocabulary = read(tmp_path, {"gloss_to_id": {"a": 1, "b": 1, "c": 2}})
    assert "3 glosses but only 2" in vocabulary.notes[0]


def test_an_empty_vocabulary_is_noted(tmp_path: Path) -> None:
    assert "no gloss" in read(tmp_path, {"gloss_to_id": {}, "vocab_size": 1}).notes[0]


@pytest.mark.parametrize("held", [{"x": {"y": 1}}, [1, 2], "text", 5, {"a": "b"}])
def test_other_json_is_refused(tmp_path: Path, held: object) -> None:
    with pytest.raises(DataError, match="lists no glosses"):
        read(tmp_path, held)


def test_broken_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text('{"gloss_to_id": {')
    with pytest.raises(DataError, match="no valid JSON"):
        load_json(MappedFile(tmp_path / "v.json"))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text("[" * 200_000)
    with pytest.raises(DataError, match="no valid JSON"):
        load_json(MappedFile(tmp_path / "v.json"))


# -- other forms ---------------------------------------------------------------------------------------------------


def vocabulary(path: Path) -> Vocabulary:
    opened = open_file(path).opened
    assert isinstance(opened, Vocabulary), open_file(path).row.problem
    return opened


EXPECTED = {"apple": 0, "book": 1, "thank you": 2}


@pytest.mark.parametrize(
    "held",
    [
        {"label_map": EXPECTED},
        {"id2label": {"0": "apple", "1": "book", "2": "thank you"}},
        {"word2idx": EXPECTED, "idx2word": {"0": "x"}},
        {"apple": [0, 17], "book": [1, 4], "thank you": [2, 9]},
        [
            {"gloss": "apple", "instances": []},
            {"gloss": "book", "instances": []},
            {"gloss": "thank you", "instances": []},
        ],
    ],
    ids=["label_map", "id2label", "word2idx", "with counts", "WLASL"],
)
def test_json_of_other_projects(tmp_path: Path, held: object) -> None:
    assert dict(read(tmp_path, held).gloss_to_id) == EXPECTED


def test_the_index_map_of_the_competition(cases: Path) -> None:
    found = vocabulary(cases / "real" / "islr_parquet" / "sign_to_prediction_index_map.json")
    assert (len(found.gloss_to_id), found.gloss_to_id["airplane"]) == (250, 2)


def test_a_class_list_of_a_data_set_keeps_the_column_that_tells_all_apart(cases: Path) -> None:
    found = vocabulary(cases / "real" / "autsl_scores" / "SignList_ClassId_TR_EN.csv")
    assert (len(found.gloss_to_id), found.gloss_to_id["abla"]) == (226, 0)


class LabelEncoder:
    """Pickles as scikit-learn's own does: module, name, and `classes_` in its state."""

    def __init__(self, classes: np.ndarray) -> None:
        self.classes_ = classes


LabelEncoder.__module__ = "sklearn.preprocessing._label"


@pytest.mark.parametrize("dtype", ["<U9", object])
def test_a_label_encoder_of_scikit_learn(tmp_path: Path, dtype: object, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("sklearn.preprocessing._label")
    module.LabelEncoder = LabelEncoder  # type: ignore[attr-defined]
    for name in ("sklearn", "sklearn.preprocessing"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "sklearn.preprocessing._label", module)
    raw = pickle.dumps(LabelEncoder(np.array(list(EXPECTED), dtype)))
    (tmp_path / "label_encoder.pkl").write_bytes(raw)
    assert dict(vocabulary(tmp_path / "label_encoder.pkl").gloss_to_id) == EXPECTED


def test_pickled_maps_and_lists(tmp_path: Path) -> None:
    for name, held in (("map", EXPECTED), ("list", list(EXPECTED)), ("back", {0: "apple", 1: "book", 2: "thank you"})):
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(held))
        assert dict(vocabulary(tmp_path / f"{name}.pkl").gloss_to_id) == EXPECTED, name


def test_gloss_dict_npy_and_an_array_of_glosses(tmp_path: Path) -> None:
    np.save(tmp_path / "gloss_dict.npy", {gloss: [number, 5] for gloss, number in EXPECTED.items()})
    np.save(tmp_path / "classes.npy", np.array(list(EXPECTED)))
    for name in ("gloss_dict.npy", "classes.npy"):
        assert dict(vocabulary(tmp_path / name).gloss_to_id) == EXPECTED, name


@pytest.mark.parametrize(
    "text",
    [
        "apple\nbook\nthank you\n",
        "0\tapple\n1\tbook\n2\tthank you\n",
        "0 apple\n1 book\n2 thank you",
        "apple,0\nbook,1\nthank you,2\n",
        "label_id,sign\n0,apple\n1,book\n2,thank you\n",
    ],
)
def test_lists_in_text(tmp_path: Path, text: str) -> None:
    (tmp_path / "classes.txt").write_text(text)
    assert dict(vocabulary(tmp_path / "classes.txt").gloss_to_id) == EXPECTED


@pytest.mark.parametrize(
    "text",
    [
        "signer1_sample1,5\nsigner1_sample2,5\nsigner2_sample1,7\n",
        "import os\nimport sys\n\nprint(os.getcwd())\n",
        "The quick brown fox jumps over the lazy dog and on it goes.\nAnd another sentence of the same kind.\n",
        "0.1 0.2\n0.3 0.4\n",
    ],
)
def test_other_text_is_no_vocabulary(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    one = open_file(tmp_path / "a.txt")
    assert not isinstance(one.opened, Vocabulary)
    assert Role.VOCABULARY not in one.row.choices
