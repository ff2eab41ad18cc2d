"""Clips in HDF5 files, written by h5py; and files that reach for other files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from asl_inspector.case.recognising import open_file
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import BLOCK, THE_FILE, Clips
from asl_inspector.workers import calling
from asl_inspector.workers.calling import Readers

N, T, F = 12, 9, 5
SECRET = 123456.75


def features(seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=(3 + index % 5, F)).astype(np.float32) for index in range(N)]


def written(tmp_path: Path, fill: Callable[[h5py.File], None], **options: Any) -> Path:
    with h5py.File(tmp_path / "clips.h5", "w", **options) as file:
        fill(file)
    return tmp_path / "clips.h5"


def opened(path: Path) -> Clips:
    return open_clips(MappedFile(path))


def groups(file: h5py.File, **how: Any) -> None:
    for index, array in enumerate(features()):
        group = file.create_group(f"clip_{index:02}")
        group.create_dataset("keypoints", data=array, **how)
        group.create_dataset("gloss", data=f"gloss{index % 3}")
        group.attrs["signer"] = f"s{index % 2}"


@pytest.mark.parametrize(
    ("how", "part"),
    [
        ({}, THE_FILE),
        ({"chunks": (2, F)}, f"{BLOCK}0"),
        ({"chunks": (2, F), "compression": "gzip", "shuffle": True}, f"{BLOCK}0"),
        ({"chunks": (2, F), "compression": "lzf", "fletcher32": True}, f"{BLOCK}0"),
    ],
    ids=["plain", "chunks", "gzip", "lzf"],
)
def test_a_group_a_clip(tmp_path: Path, how: dict[str, Any], part: str) -> None:
    clips = opened(written(tmp_path, lambda file: groups(file, **how)))
    assert clips.ids[3] == "clip_03"
    assert clips.glosses[:4] == ("gloss0", "gloss1", "gloss2", "gloss0")
    assert clips.signers[:2] == ("s0", "s1")
    assert clips.places.part_names == (part,)
    for index, array in enumerate(features()):
        np.testing.assert_array_equal(clips.features(index), array)


@pytest.mark.parametrize("how", [{}, {"chunks": (4, T, F), "compression": "gzip"}], ids=["plain", "gzip"])
def test_padded_columns(tmp_path: Path, how: dict[str, Any]) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(N, T, F)).astype("f4")
    lengths = random.integers(1, T + 1, N)

    def fill(file: h5py.File) -> None:
        file.create_dataset("features", data=x, **how)
        file.create_dataset("lengths", data=lengths)
        file.create_dataset("gloss", data=[f"g{index % 4}" for index in range(N)])

    clips = opened(written(tmp_path, fill))
    assert clips.lengths.tolist() == lengths.tolist()
    for index in (0, 5, N - 1):
        np.testing.assert_array_equal(clips.features(index), x[index, : lengths[index]])
    assert clips.glosses[5] == "g1"


def test_a_file_with_a_user_block_tells_the_right_numbers(tmp_path: Path) -> None:
    clips = opened_after(tmp_path)
    for index, array in enumerate(features()):
        np.testing.assert_array_equal(clips.features(index), array)


def opened_after(tmp_path: Path) -> Clips:
    return opened(written(tmp_path, groups, userblock_size=512))


def test_blocks_are_split_and_decoded_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asl_inspector.samples.placing.BLOCK_BYTES", 4 * T * F * 4)
    x = np.random.default_rng(0).normal(size=(N, T, F)).astype("f4")
    path = written(tmp_path, lambda file: file.create_dataset("X", data=x, chunks=(1, T, F), compression="gzip"))
    with h5py.File(path, "a") as file:
        file["y"] = np.arange(N)
    clips = opened(path)
    assert len(clips.blocks) == 3
    for index in (11, 0, 6, 7):
        np.testing.assert_array_equal(clips.features(index), x[index])


def test_a_network_of_keras_is_no_clips(tmp_path: Path) -> None:
    path = written(tmp_path, lambda file: file.create_group("model_weights").create_dataset("a", data=np.ones((3, 4))))
    row = open_file(path).row
    assert "Keras" in row.problem


# -- files that reach for other files ------------------------------------------------------------------------------


def secret(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["keypoints"] = np.full((4, F), SECRET, "f4")
        file["group/keypoints"] = np.full((4, F), SECRET, "f4")
        file["stack"] = np.full((N, T, F), SECRET, "f4")
    (tmp_path / "secret.raw").write_bytes(np.full((4, F), SECRET, "f4").tobytes())
    return tmp_path / "secret.h5"


def external_link(file: h5py.File, tmp_path: Path) -> None:
    file["evil"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/group")


def external_in_group(file: h5py.File, tmp_path: Path) -> None:
    file.create_group("evil")["keypoints"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/keypoints")


def soft_through_external(file: h5py.File, tmp_path: Path) -> None:
    file["way"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/")
    file.create_group("evil")["keypoints"] = h5py.SoftLink("/way/keypoints")


def external_storage(file: h5py.File, tmp_path: Path) -> None:
    group = file.create_group("evil")
    group.create_dataset("keypoints", (4, F), "f4", external=[(str(tmp_path / "secret.raw"), 0, 80)])


def virtual(file: h5py.File, tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((4, F), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "keypoints", shape=(4, F))
    file.create_group("evil").create_virtual_dataset("keypoints", layout)


def soft_link(file: h5py.File, tmp_path: Path) -> None:
    file.create_group("evil")["keypoints"] = h5py.SoftLink("/clip_00/keypoints")


def fifo(file: h5py.File, tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    file.create_group("evil")["keypoints"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/keypoints")


TRICKS = [external_link, external_in_group, soft_through_external, external_storage, virtual, soft_link, fifo]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_other_file_is_read_and_the_sound_clips_are(
    tmp_path: Path, trick: Callable[[h5py.File, Path], None], readers: Readers
) -> None:
    secret(tmp_path)

    def fill(file: h5py.File) -> None:
        groups(file)
        trick(file, tmp_path)

    path = written(tmp_path, fill)
    for clips in (opened(path), calling.open_file(path, readers=readers).opened):
        assert isinstance(clips, Clips)
        assert len(clips) == N
        assert not any((clips.features(index) == SECRET).any() for index in range(N))
        assert any("Left alone" in note for note in clips.notes), clips.notes


@pytest.mark.parametrize("trick", [external_in_group, soft_through_external, external_storage, virtual])
def test_the_tricks_would_work_on_the_plain_library(tmp_path: Path, trick: Callable[[h5py.File, Path], None]) -> None:
    secret(tmp_path)
    path = written(tmp_path, lambda file: trick(file, tmp_path))
    with h5py.File(path, "r") as file:
        assert (file["evil/keypoints"][:] == SECRET).all()


@pytest.mark.parametrize("trick", TRICKS)
def test_a_file_of_nothing_else_is_refused_with_the_reason(
    tmp_path: Path, trick: Callable[[h5py.File, Path], None]
) -> None:
    secret(tmp_path)
    path = written(tmp_path, lambda file: trick(file, tmp_path))
    with pytest.raises(DataError, match=r"without clips that can be read\. Left alone"):
        opened(path)


def test_a_block_that_became_a_link_is_not_decoded(tmp_path: Path) -> None:
    """A decoder is given paths; it follows hard links only, whatever the paths say."""
    from asl_inspector.samples.hdf5 import decode_hdf5
    from asl_inspector.samples.records import Block
    from asl_inspector.spool import Spool

    secret(tmp_path)
    path = written(tmp_path, lambda file: soft_through_external(file, tmp_path))
    with pytest.raises(DataError, match="is a link"):
        decode_hdf5(MappedFile(path), Block("hdf5", ("/evil/keypoints",), 0, -1, 80), Spool())
    with pytest.raises(DataError, match="is a link"):
        decode_hdf5(MappedFile(path), Block("hdf5", ("/way/keypoints",), 0, -1, 80), Spool())


def test_groups_that_hold_themselves_end(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.create_group("a")
        file["a/again"] = file["a"]
        file["a/root"] = file["/"]

    with pytest.raises(DataError, match="without clips"):
        opened(written(tmp_path, fill))


def test_a_dataset_that_claims_everything_is_refused(tmp_path: Path, readers: Readers) -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("X", (1 << 40, 100, 50), "f4", chunks=(1, 100, 50), compression="gzip")
        file["y"] = np.arange(3)

    row = calling.open_file(written(tmp_path, fill), readers=readers).row
    assert row.problem
    assert len(row.problem) < 300


@pytest.mark.parametrize("keep", [8, 100, 600, 2000, -200])
def test_a_file_cut_short_becomes_a_sentence(tmp_path: Path, keep: int, readers: Readers) -> None:
    path = written(tmp_path, groups)
    path.write_bytes(path.read_bytes()[:keep])
    row = calling.open_file(path, readers=readers).row
    assert row.problem


def test_flipped_bits_never_get_beyond_a_sentence(tmp_path: Path, readers: Readers) -> None:
    whole = written(tmp_path, lambda file: groups(file, chunks=(2, F), compression="gzip")).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(25):
        raw = bytearray(whole)
        for place in random.integers(8, 4000, 3):
            raw[place] ^= 1 << random.integers(8)
        (tmp_path / "flipped.h5").write_bytes(raw)
        one = calling.open_file(tmp_path / "flipped.h5", readers=readers)
        assert one.row.problem or isinstance(one.opened, Clips)


def test_a_file_that_takes_too_long_is_shown_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asl_inspector.samples.hdf5 import read_hdf5_clips
    from asl_inspector.samples.job import Job

    monkeypatch.setattr("asl_inspector.samples.gathering.ENTRIES_BETWEEN_CHECKS", 4)
    clips = read_hdf5_clips(MappedFile(written(tmp_path, groups)), Job(latest=0.0))
    assert clips is not None
    assert len(clips) == 4
    assert any("Only the first 4 of 12 entries" in note for note in clips.notes)
