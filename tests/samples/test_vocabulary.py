"""Vocabulary files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.vocabulary import read_vocabulary


def read(tmp_path: Path, held: object):  # type: ignore[no-untyped-def]
    (tmp_path / "v.json").write_text(json.dumps(held))
    return read_vocabulary(MappedFile(tmp_path / "v.json"))


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
    assert vocabulary.id_count == 2
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
        read_vocabulary(MappedFile(tmp_path / "v.json"))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "v.json").write_text("[" * 200_000)
    with pytest.raises(DataError, match="no valid JSON"):
        read_vocabulary(MappedFile(tmp_path / "v.json"))
