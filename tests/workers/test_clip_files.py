"""Every format of clips, read by a process that can do nothing else, is what it is when it is read here."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from makers import make_clips, make_notebook, save_notebook, write_cache, write_log
from workers.standing_in import stand_in

from asl_inspector.case import recognising
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.samples.hdf5 import read_hdf5_clips
from asl_inspector.samples.job import Job
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.records import SPOOL, THE_FILE, Clips
from asl_inspector.spool import Spool
from asl_inspector.workers import serving, starting
from asl_inspector.workers.calling import Readers, open_file, request_for

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and resource limits")
X = np.random.default_rng(0).normal(size=(8, 6, 5)).astype("f4")
Y = np.arange(8) % 3


def masked(path: Path) -> None:
    held = np.ma.masked_array(X[0], mask=X[0] > 1)
    path.write_bytes(pickle.dumps({f"v{index}": {"features": held, "gloss": "a"} for index in range(3)}))


def hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for index in range(8):
            group = file.create_group(f"clip{index}")
            group.create_dataset("keypoints", data=X[index], chunks=(2, 5), compression="gzip")
            group.attrs["gloss"] = f"g{Y[index]}"


def arrow_stream(path: Path) -> None:
    table = pa.table({"features": X.tolist(), "label": Y})
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)


def spoter(path: Path) -> None:
    lines = ["labels,nose_X,nose_Y,wrist_left_X,wrist_left_Y"]
    lines += [",".join([str(index), *(f'"{X[index, :, joint].tolist()}"' for joint in range(4))]) for index in range(8)]
    path.write_text("\n".join(lines))


def openpose(path: Path) -> None:
    path.write_text(json.dumps({"people": [{"pose_keypoints_2d": [0.5] * 75}]}))


def pose(path: Path) -> None:
    import struct

    part = struct.pack("<H", 4) + b"HAND" + struct.pack("<H", 3) + b"XYC" + struct.pack("<3H", 2, 0, 0)
    names = struct.pack("<H", 1) + b"A" + struct.pack("<H", 1) + b"B"
    head = struct.pack("<f3HH", 0.2, 640, 480, 0, 1) + part + names
    path.write_bytes(head + struct.pack("<fIH", 25, 6, 1) + X[0, :, :4].tobytes() + np.ones((6, 2), "<f4").tobytes())


WRITERS: dict[str, Callable[[Path], object]] = {
    "cache": lambda path: write_cache(path, make_clips()),
    "old protocol": lambda path: write_cache(path, make_clips(), 2),
    "masked": masked,
    "npz deflated": lambda path: np.savez_compressed(path, X=X, y=Y),
    "npy": lambda path: np.save(path, X[0]),
    "npy of a dict": lambda path: np.save(path, make_clips(), allow_pickle=True),
    "torch": lambda path: torch.save({"X": torch.from_numpy(X), "y": torch.from_numpy(Y)}, path),
    "hdf5": hdf5,
    "parquet": lambda path: pq.write_table(pa.table({"features": X.tolist(), "label": Y}), path),
    "arrow": arrow_stream,
    "spoter": spoter,
    "openpose": openpose,
    "pose": pose,
    "json": lambda path: path.write_text(json.dumps([{"keypoints": one.tolist(), "gloss": "a"} for one in X])),
}


def made(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "clips.npz" if "npz" in name else tmp_path / "clips.npy" if "npy" in name else tmp_path / "clips"
    WRITERS[name](path)
    return path


@pytest.mark.parametrize("name", WRITERS)
def test_clips_read_elsewhere_are_what_they_are_read_here(name: str, tmp_path: Path, readers: Readers) -> None:
    path = made(tmp_path, name)
    there, here = open_file(path, readers=readers), recognising.open_file(path)
    assert there.row == here.row
    assert isinstance(there.opened, Clips), there.row.problem
    assert isinstance(here.opened, Clips)
    assert there.opened.ids == here.opened.ids
    assert there.opened.landmarks == here.opened.landmarks
    for index in range(len(here.opened)):
        np.testing.assert_array_equal(there.opened.features(index), here.opened.features(index))


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_packed_with_gzip_is_unpacked_and_read(name: str, tmp_path: Path, readers: Readers) -> None:
    path = made(tmp_path, name)
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain, one = open_file(path, readers=readers), open_file(packed, readers=readers)
    assert isinstance(one.opened, Clips), one.row.problem
    assert isinstance(plain.opened, Clips)
    assert one.row.bytes == packed.stat().st_size
    for index in range(len(plain.opened)):
        np.testing.assert_array_equal(one.opened.features(index), plain.opened.features(index))


def test_checkpoints_and_histories_may_be_packed_too(tmp_path: Path, readers: Readers) -> None:
    whole = save_notebook(tmp_path / "a.pt", make_notebook()).read_bytes()
    (tmp_path / "a.pt.gz").write_bytes(gzip.compress(whole))
    (tmp_path / "log.gz").write_bytes(gzip.compress(write_log(tmp_path / "log").read_bytes()))
    checkpoint = open_file(tmp_path / "a.pt.gz", readers=readers)
    assert isinstance(checkpoint.opened, Checkpoint)
    assert checkpoint.file is not None
    assert bytes(checkpoint.file.view) == whole
    assert b"".join(checkpoint.file.blocks()) == (tmp_path / "a.pt.gz").read_bytes()
    assert isinstance(open_file(tmp_path / "log.gz", readers=readers).opened, History)


def test_members_of_a_gzip_archive_follow_each_other(tmp_path: Path, readers: Readers) -> None:
    whole = write_cache(tmp_path / "a.pkl", make_clips()).read_bytes()
    (tmp_path / "a.gz").write_bytes(gzip.compress(whole[:1000]) + gzip.compress(whole[1000:]))
    assert isinstance(open_file(tmp_path / "a.gz", readers=readers).opened, Clips)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda raw: raw[:-20], "cut short"),
        (lambda raw: raw[:40] + b"\xff" * 40 + raw[80:], "damaged"),
        (gzip.compress, "packed twice"),
    ],
)
def test_a_damaged_archive_becomes_a_sentence(
    tmp_path: Path, readers: Readers, change: Callable[[bytes], bytes], words: str
) -> None:
    raw = gzip.compress(write_cache(tmp_path / "a.pkl", make_clips()).read_bytes())
    (tmp_path / "a.gz").write_bytes(change(raw))
    assert words in open_file(tmp_path / "a.gz", readers=readers).row.problem


def test_an_archive_that_unpacks_without_end_is_stopped(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asl_inspector.spool.MOST", 64 << 20)
    monkeypatch.setattr(Spool.__init__, "__defaults__", (64 << 20,))
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    with open(tmp_path / "bomb.gz", "wb") as file:
        for _ in range(200):
            file.write(engine.compress(b"\0" * (1 << 20)))
        file.write(engine.flush())
    row = open_file(tmp_path / "bomb.gz", readers=readers).row
    assert "take more than" in row.problem
    assert isinstance(open_file(write_cache(tmp_path / "a.pkl", make_clips()), readers=readers).opened, Clips)


@POSIX
def test_unpacked_copies_go_when_nothing_needs_them(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(write_cache(tmp_path / "a.pkl", make_clips()).read_bytes()))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    one = open_file(tmp_path / "a.gz", readers=readers)
    assert isinstance(one.opened, Clips)
    first = one.opened.features(0)
    assert first.shape[1] == 6
    del one, first
    import gc

    gc.collect()
    assert list((tmp_path / "temporary").iterdir()) == []


@POSIX
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts threads through /proc")
@pytest.mark.parametrize("name", ["parquet", "hdf5"])
def test_the_native_readers_start_no_thread(name: str, tmp_path: Path) -> None:
    path = made(tmp_path, name)
    code = (
        "import os, sys; from pathlib import Path; from asl_inspector.workers import serving\n"
        "from asl_inspector.samples.opening import open_clips; from asl_inspector.mapped_file import MappedFile\n"
        "serving._preload('file'); serving._load(['arrow', 'hdf5'])\n"
        f"clips = open_clips(MappedFile(Path({str(path)!r}))); clips.features(0)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    environment = os.environ | starting.reader_environment()
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert ran.stdout.strip() == "1"


@pytest.mark.parametrize("once", [True, False])
def test_numbers_stream_through_processes_of_both_kinds(once: bool, tmp_path: Path) -> None:
    path = made(tmp_path, "npz deflated")
    found = Readers(once=once)
    clips = open_file(path, readers=found).opened
    found.close()
    assert isinstance(clips, Clips)
    assert clips.places.part_names == (SPOOL,)
    np.testing.assert_array_equal(clips.features(7), X[7])


def test_decoding_on_demand_can_fail_and_says_so(tmp_path: Path, readers: Readers) -> None:
    path = made(tmp_path, "hdf5")
    clips = open_file(path, readers=readers).opened
    assert isinstance(clips, Clips)
    path.write_bytes(b"something else")
    from asl_inspector.errors import DataError

    with pytest.raises(DataError, match="was replaced"):
        clips.features(0)


@pytest.mark.slow
def test_cancelling_ends_the_unpacking(tmp_path: Path, readers: Readers) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(np.random.default_rng(0).bytes(1 << 20) * 100))
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        open_file(path, readers=readers, cancel=cancel)


# -- while they stream ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_many_groups_are_looked_through_with_progress_and_none_stays_open(tmp_path: Path, readers: Readers) -> None:
    count = 3_000
    path = tmp_path / "clips.h5"
    with h5py.File(path, "w") as file:
        for index in range(count):
            group = file.create_group(f"clip_{index:05d}")
            group["keypoints"] = np.full((3, 4), index, np.float32)
            group.attrs["gloss"] = f"g{index % 7}"
    steps: list[Step] = []
    clips = open_file(path, readers=readers, progress=steps.append).opened
    assert isinstance(clips, Clips)
    assert len(clips) == count
    assert clips.features(count - 1)[0, 0] == count - 1
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps
    assert {(step.total, step.unit) for step in steps} == {(count, "entries")}
    before = h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_DATASET)
    here = read_hdf5_clips(MappedFile(path), Job())
    assert here is not None
    assert h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_DATASET) == before


@POSIX
def test_numbers_that_nobody_asked_for_end_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "outlet.put(b'x' * 100)")
    (tmp_path / "a").write_bytes(b"x")
    found = Readers()
    from asl_inspector.errors import InspectorError

    with pytest.raises(InspectorError, match="ended unexpectedly"):
        found.open(request_for("checkpoint", MappedFile(tmp_path / "a")), MappedFile(tmp_path / "a"), CancelToken())
    found.close()


def test_the_libraries_are_loaded_only_when_they_are_needed() -> None:
    code = "import sys; from asl_inspector.workers import serving; serving._preload('file')\n"
    code += "print([name for name in ('h5py', 'pyarrow', 'torch') if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
    assert set(serving._loaded) == set()


# -- corrections ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cache", "torch", "hdf5", "parquet", "npz deflated"])
def test_corrections_reach_every_reader(name: str, tmp_path: Path, readers: Readers) -> None:
    path = made(tmp_path, name)
    one = open_file(path, readers=readers, correction=Correction(label="no such field"))
    assert isinstance(one.opened, Clips)
    assert one.opened.mapping.label == ""
    assert set(one.opened.glosses) == {None}
    assert THE_FILE in one.opened.places.part_names or one.opened.blocks or SPOOL in one.opened.places.part_names
