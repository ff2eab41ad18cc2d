"""Clips in pickle files as they are found: the seed's cache and its older forms, lists, tensors, masked arrays."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import make_clips, write_cache

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import UNLABELLED, Clips


def opened(tmp_path: Path, cache: object, protocol: int = 4) -> Clips:
    return open_clips(MappedFile(write_cache(tmp_path / "cache.pkl", cache, protocol)))


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_columns_and_features_equal_what_was_written(tmp_path: Path, protocol: int) -> None:
    cache = make_clips()
    clips = opened(tmp_path, cache, protocol)
    assert clips.ids == tuple(cache)
    assert clips.glosses == tuple(entry["gloss"] for entry in cache.values())
    assert clips.gloss_ids.tolist() == [entry["gloss_id"] for entry in cache.values()]
    assert set(clips.splits) == {"val"}
    assert clips.feature_count == 6
    for index, entry in enumerate(cache.values()):
        np.testing.assert_array_equal(clips.features(index), entry["features"])


def test_features_of_other_types_become_float32(tmp_path: Path) -> None:
    cache = make_clips(dtype="float64")
    clips = opened(tmp_path, cache)
    first = next(iter(cache.values()))["features"]
    assert clips.features(0).dtype == np.float32
    np.testing.assert_array_equal(clips.features(0), first.astype(np.float32))


def test_fortran_order_is_undone(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(120, dtype=np.float32).reshape(20, 6))
    np.testing.assert_array_equal(opened(tmp_path, {"a": {"features": array}}).features(0), array)


def test_bare_arrays_have_no_labels(tmp_path: Path) -> None:
    clips = opened(tmp_path, {"a": np.ones((5, 6), "f4"), "b": np.ones((7, 6), "f4")})
    assert clips.glosses == (None, None)
    assert clips.gloss_ids.tolist() == [UNLABELLED, UNLABELLED]
    assert clips.lengths.tolist() == [5, 7]


def test_numpy_scalars_are_ids(tmp_path: Path) -> None:
    clips = opened(
        tmp_path, {"a": {"features": np.ones((5, 6), "f4"), "gloss": np.str_("go"), "gloss_id": np.int64(3)}}
    )
    assert clips.gloss_ids.tolist() == [3]


@pytest.mark.parametrize("empty", [np.zeros((0, 6), "f4"), np.zeros(0, "f4")])
def test_a_clip_without_frames_is_kept_with_length_zero(tmp_path: Path, empty: np.ndarray) -> None:
    cache = make_clips(clips_a_gloss=1)
    cache["val_apple_0"]["features"] = empty
    clips = opened(tmp_path, cache)
    assert clips.lengths[0] == 0
    assert clips.feature_count == 6


def test_clips_of_different_widths_have_no_common_feature_count(tmp_path: Path) -> None:
    assert opened(tmp_path, {"a": np.ones((5, 6), "f4"), "b": np.ones((5, 7), "f4")}).feature_count is None


def test_landmarks_of_three_dimensions_are_flattened_by_frame(tmp_path: Path) -> None:
    array = np.arange(5 * 4 * 3, dtype=np.float32).reshape(5, 4, 3)
    clips = opened(tmp_path, {"a": {"features": array}})
    np.testing.assert_array_equal(clips.features(0), array.reshape(5, 12))


def test_a_name_with_several_ids_shows_all_of_them(tmp_path: Path) -> None:
    cache = make_clips(clips_a_gloss=2)
    cache["val_apple_1"]["gloss_id"] = 9
    assert opened(tmp_path, cache).names_to_ids["apple"] == {1, 9}


class Payload:
    """Would run a command if it were ever unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.canary}",)


def test_a_payload_in_a_cache_is_not_run_and_the_clips_are_read(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    cache = make_clips()
    cache["val_apple_0"]["note"] = Payload(canary)
    clips = opened(tmp_path, cache)
    assert len(clips) == len(cache)
    assert not canary.exists()
    pickle.loads((tmp_path / "cache.pkl").read_bytes())  # the payload is live: an ordinary load fires it
    assert canary.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "pointer"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (pickle.dumps({"a": 1}), "holds no clips"),
        (pickle.dumps(make_clips())[:500], "breaks off|announced"),
        (b"\x89PNG\r\n", "image"),
    ],
)
def test_files_that_are_no_cache_say_what_they_are(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "cache.pkl").write_bytes(content)
    with pytest.raises(DataError, match=why):
        open_clips(MappedFile(tmp_path / "cache.pkl"))


def test_an_entry_without_features_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    cache: dict[str, object] = dict(make_clips())
    cache["strange"] = {"gloss": "x"}
    clips = opened(tmp_path, cache)
    assert len(clips) == len(cache) - 1
    assert any("“strange”" in note and "1 entry has" in note for note in clips.notes)


def test_a_file_where_most_entries_have_no_features_is_refused(tmp_path: Path) -> None:
    cache: dict[str, object] = dict(make_clips(clips_a_gloss=1))
    cache |= {f"strange{index}": {"gloss": "x"} for index in range(20)}
    with pytest.raises(DataError, match=r"20 of 26 entries .* have no features"):
        opened(tmp_path, cache)


def test_the_mapping_is_said_in_a_line(tmp_path: Path) -> None:
    sentence = opened(tmp_path, make_clips()).mapping.sentence
    assert sentence == (
        "pickle, one entry a clip; features: “features”, label: “gloss” and “gloss_id”, split: “split”, "
        "6 numbers a frame."
    )


def test_names_that_numpy_1_wrote_are_read(tmp_path: Path) -> None:
    raw = pickle.dumps(make_clips(), protocol=4)
    assert b"numpy._core.multiarray" in raw
    old = raw.replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray")
    assert old != raw
    (tmp_path / "old.pkl").write_bytes(_reframed(old))
    clips = open_clips(MappedFile(tmp_path / "old.pkl"))
    np.testing.assert_array_equal(clips.features(0), next(iter(make_clips().values()))["features"])


def _reframed(stream: bytes) -> bytes:
    """The stream without its FRAME opcodes, whose lengths would no longer fit; they are optional."""
    out, position = stream[:2], 2
    while position < len(stream):
        if stream[position] == 0x95:
            size = int.from_bytes(stream[position + 1 : position + 9], "little")
            position += 9
            if position + size > len(stream):
                out += stream[position:]
                break
            continue
        out += stream[position:]
        break
    return out


def test_masked_numbers_are_read_as_zero_and_noted(tmp_path: Path) -> None:
    data = np.arange(1, 13, dtype=np.float32).reshape(4, 3)
    masked = np.ma.masked_array(data, mask=data > 10)
    clips = opened(tmp_path, {"a": {"features": masked, "gloss": "go"}, "b": {"features": masked, "gloss": "stay"}})
    np.testing.assert_array_equal(clips.features(0), masked.filled(0))
    assert any("Masked numbers were read as zero" in note for note in clips.notes)


def test_arrays_packed_as_text_by_protocol_2_are_unpacked(tmp_path: Path) -> None:
    cache = make_clips(clips_a_gloss=1)
    clips = opened(tmp_path, cache, protocol=2)
    for index, entry in enumerate(cache.values()):
        np.testing.assert_array_equal(clips.features(index), entry["features"])


def test_fortran_order_of_three_dimensions_is_undone(tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(5 * 6 * 3, dtype=np.float32).reshape(5, 6, 3))
    np.testing.assert_array_equal(opened(tmp_path, {"a": {"features": array}}).features(0), array.reshape(5, 18))


def test_lists_of_glosses_and_ids_are_continuous_targets(tmp_path: Path) -> None:
    cache = {
        "a": {"features": np.ones((9, 4), "f4"), "gloss": ["MY", "NAME"], "gloss_id": [3, 7]},
        "b": {"features": np.ones((5, 4), "f4"), "gloss": ["YOU"], "gloss_id": [2]},
        "c": {"features": np.ones((5, 4), "f4"), "gloss": ["YOU", "GO"], "gloss_id": np.array([2, 5])},
    }
    clips = opened(tmp_path, cache)
    assert clips.is_continuous
    assert clips.targets == (("MY", "NAME"), ("YOU",), ("YOU", "GO"))
    assert clips.target_ids == ((3, 7), (2,), (2, 5))
    assert clips.glosses == (None, "YOU", None)
    assert clips.gloss_ids.tolist() == [UNLABELLED, 2, UNLABELLED]
    assert clips.gloss_count == 4


def phoenix(count: int = 6) -> list[dict[str, object]]:
    """Records as the Phoenix data set's feature files hold them."""
    random = np.random.default_rng(0)
    words = ["MORGEN REGEN NORD", "REGEN", "NORD WIND MORGEN"]
    return [
        {
            "name": f"train/clip_{index}",
            "signer": f"Signer0{index % 2}",
            "gloss": words[index % 3],
            "text": "am tag ...",
            "sign": torch.from_numpy(random.normal(size=(4 + index, 8)).astype(np.float32)),
        }
        for index in range(count)
    ]


def test_phoenix_records_give_sentences_of_glosses_and_tensors_where_they_lie(tmp_path: Path) -> None:
    records = phoenix()
    clips = opened(tmp_path, records)
    assert clips.ids[2] == "train/clip_2"
    assert clips.signers == ("Signer00", "Signer01") * 3
    assert clips.targets[0] == ("MORGEN", "REGEN", "NORD")
    assert clips.glosses[1] == "REGEN"
    assert clips.places.part_names == ("",), "the numbers stay in the file"
    for index, record in enumerate(records):
        np.testing.assert_array_equal(clips.features(index), record["sign"].numpy())


def test_glosses_of_two_words_among_many_of_one_stay_one_gloss(tmp_path: Path) -> None:
    clips = opened(tmp_path, make_clips(glosses=("thank you", "book", "chair", "dog")))
    assert not clips.is_continuous
    assert "thank you" in clips.glosses


@pytest.mark.parametrize(
    "held",
    [
        lambda x, y: (x, y),
        lambda x, y: {"X": x, "y": y},
        lambda x, y: {"data": list(x), "labels": y.tolist()},
        lambda x, y: [(clip, int(label)) for clip, label in zip(x, y, strict=True)],
    ],
    ids=["tuple", "dict", "lists", "pairs"],
)
def test_arrays_and_labels_side_by_side_are_columns(tmp_path: Path, held: object) -> None:
    x = np.random.default_rng(0).normal(size=(7, 9, 5)).astype(np.float32)
    y = np.array([2, 0, 1, 2, 2, 1, 0])
    clips = opened(tmp_path, held(x, y))
    assert clips.gloss_ids.tolist() == y.tolist()
    for index in range(7):
        np.testing.assert_array_equal(clips.features(index), x[index])


def test_splits_in_one_file_are_told(tmp_path: Path) -> None:
    cache = {"train": make_clips(split="a", clips_a_gloss=2), "val": make_clips(split="b", clips_a_gloss=1)}
    for part in cache.values():
        for entry in part.values():
            del entry["split"]
    clips = opened(tmp_path, cache)
    assert clips.splits == ("train",) * 12 + ("val",) * 6


def test_a_pickled_state_dict_of_arrays_is_no_collection_of_clips(tmp_path: Path) -> None:
    state = {"fc.weight": np.ones((4, 6), "f4"), "out.weight": np.ones((3, 4), "f4")}
    with pytest.raises(DataError, match="holds no clips"):
        opened(tmp_path, state)


@pytest.mark.parametrize("claim", [(1 << 40, 6), (3, 1 << 40), (-1, 6)])
def test_an_array_that_claims_more_than_it_holds_is_no_clip(tmp_path: Path, claim: tuple[int, int]) -> None:
    class Liar:
        def __reduce__(self) -> tuple[object, ...]:
            made = np.ones((3, 6), "f4").__reduce__()
            return made[0], made[1], (1, claim, np.dtype("f4"), False, b"\0" * 72)

    with pytest.raises(DataError):
        opened(tmp_path, {"a": {"features": Liar(), "gloss": "x"}, "b": {"features": Liar(), "gloss": "y"}})
