"""A large folder of clips that has not changed is not read again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.case.surveying import Tree, survey
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.samples.folders import FolderBatch
from asl_inspector.samples.mapping import NO_CORRECTION, Correction
from asl_inspector.samples.records import Clips
from asl_inspector.spool import Spool
from asl_inspector.workers import folders, remembering
from asl_inspector.workers.calling import Readers
from asl_inspector.workers.folders import open_tree
from asl_inspector.workers.messages import ReadRequest
from asl_inspector.workers.remembering import Memory, key_of

FILES = 24


class CountingReaders(Readers):
    """Counts the files that reading processes are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def ask(
        self, request: ReadRequest, cancel: CancelToken, spool: Spool | None = None, progress: Progress = silent
    ) -> object:
        self.asked += len(request.files) if request.method == "files" else 0
        return super().ask(request, cancel, spool, progress)


@pytest.fixture(scope="module")
def readers() -> Iterator[CountingReaders]:
    found = CountingReaders()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "FEWEST_FILES", FILES)
    monkeypatch.setattr(folders, "BATCH_FILES", 10)


def make(folder: Path, ending: str) -> Path:
    for index in range(FILES):
        held = np.random.default_rng(index).normal(size=(4 + index % 3, 5)).astype("f4")
        path = folder / f"gloss{index % 3}" / f"{index:02}{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".npy":
            np.save(path, held)
        else:
            path.write_text(json.dumps({"keypoints": held.tolist()}))
    return folder


def opened(folder: Path, readers: CountingReaders, memory: Memory, correction: Correction = NO_CORRECTION) -> Clips:
    readers.asked = 0
    (tree,) = survey(folder).trees
    found = open_tree(tree, readers=readers, memory=memory, correction=correction)
    assert found is not None
    assert isinstance(found.opened, Clips)
    return found.opened


def assert_same(one: Clips, other: Clips) -> None:
    assert one.ids == other.ids
    assert one.glosses == other.glosses
    assert one.notes == other.notes
    assert one.mapping == other.mapping
    for index in range(FILES):
        np.testing.assert_array_equal(one.features(index), other.features(index))


@pytest.mark.parametrize("ending", [".npy", ".json"])
def test_an_unchanged_folder_is_remembered(tmp_path: Path, readers: CountingReaders, ending: str) -> None:
    folder, memory = make(tmp_path / "clips", ending), Memory(tmp_path / "memory")
    first = opened(folder, readers, memory)
    assert readers.asked == folders.PROBED + FILES
    again = opened(folder, readers, Memory(tmp_path / "memory"))
    assert readers.asked == folders.PROBED
    assert_same(first, again)


def test_a_file_that_changed_is_read_anew_with_its_batch(tmp_path: Path, readers: CountingReaders) -> None:
    folder, memory = make(tmp_path / "clips", ".npy"), Memory(tmp_path / "memory")
    opened(folder, readers, memory)
    changed = folder / "gloss0" / "00.npy"
    np.save(changed, np.full((9, 5), 7.0, np.float32))
    found = opened(folder, readers, memory)
    assert readers.asked == folders.PROBED + 10
    assert found.lengths[0] == 9
    assert found.features(0)[0, 0] == 7.0


def test_another_correction_is_another_reading(tmp_path: Path, readers: CountingReaders) -> None:
    folder, memory = make(tmp_path / "clips", ".npy"), Memory(tmp_path / "memory")
    opened(folder, readers, memory)
    turned = opened(folder, readers, memory, Correction(time_axis=1))
    assert readers.asked == folders.PROBED + FILES
    assert turned.lengths[0] == 5


def test_a_damaged_memory_is_no_memory(tmp_path: Path, readers: CountingReaders) -> None:
    folder, memory = make(tmp_path / "clips", ".npy"), Memory(tmp_path / "memory")
    first = opened(folder, readers, memory)
    kept = sorted((tmp_path / "memory").iterdir())
    assert len(kept) == 3
    kept[0].write_bytes(b"")
    kept[1].write_bytes(kept[1].read_bytes()[:-9])
    kept[2].write_bytes(kept[2].read_bytes().replace(b"FolderBatch", b"FolderBotch"))
    again = opened(folder, readers, memory)
    assert readers.asked == folders.PROBED + FILES
    assert_same(first, again)


def test_where_nothing_can_be_kept_folders_open_all_the_same(tmp_path: Path, readers: CountingReaders) -> None:
    (tmp_path / "file").write_text("no folder")
    folder, memory = make(tmp_path / "clips", ".npy"), Memory(tmp_path / "file" / "memory")
    assert len(opened(folder, readers, memory)) == FILES
    assert len(opened(folder, readers, memory)) == FILES


def test_the_oldest_go_first_and_a_small_folder_is_not_kept(
    tmp_path: Path, readers: CountingReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(tmp_path / "memory")
    monkeypatch.setattr(folders, "FEWEST_FILES", FILES + 1)
    opened(make(tmp_path / "small", ".npy"), readers, memory)
    assert not memory.folder.exists()
    batch = FolderBatch(("a.npy",), None)
    for age, name in enumerate("cba"):
        memory.keep(name, batch, b"x" * 100)
        os.utime(memory.folder / f"{name}.batch", (1_000 - age, 1_000 - age))
    assert {path.stem for path in memory.folder.iterdir()} == set("abc")
    assert memory.recall("a") == (batch, b"x" * 100)  # and is thereby the youngest
    size = (memory.folder / "a.batch").stat().st_size
    monkeypatch.setattr(remembering, "MOST_KEPT", 2 * size)
    memory.keep("d", batch, b"x" * 100)
    assert {path.stem for path in memory.folder.iterdir()} == {"a", "d"}


def test_numbers_beyond_a_bound_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(tmp_path / "memory")
    monkeypatch.setattr(remembering, "MOST_NUMBERS", 10)
    memory.keep("a", FolderBatch((), None), b"x" * 11)
    assert memory.recall("a") is None


def test_a_batch_is_known_by_all_that_it_was_read_from(tmp_path: Path) -> None:
    (tree,) = survey(make(tmp_path / "clips", ".npy")).trees
    files = tree.files
    keys = {
        key_of(tree.folder, files, NO_CORRECTION),
        key_of(tmp_path, files, NO_CORRECTION),
        key_of(tree.folder, files[1:], NO_CORRECTION),
        key_of(tree.folder, (replace(files[0], bytes=1), *files[1:]), NO_CORRECTION),
        key_of(tree.folder, (replace(files[0], modified_ns=1), *files[1:]), NO_CORRECTION),
        key_of(tree.folder, (replace(files[0], name="x"), *files[1:]), NO_CORRECTION),
        key_of(tree.folder, files, Correction(time_axis=1)),
    }
    assert len(keys) == 7
    assert isinstance(tree, Tree)
