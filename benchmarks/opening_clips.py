"""Opening clips of every format, beside the plain call of the library that wrote them; and a folder of many files.

The program opens in a process that is limited and watched, and reads labels and places; the plain calls load every
number. What both then have in hand is not the same, so the time of going through all clips once is measured as well.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from safetensors.numpy import load_file, save_file

from asl_inspector.case.surveying import survey
from asl_inspector.samples.records import Clips
from asl_inspector.workers.calling import Readers, open_file
from asl_inspector.workers.folders import open_tree
from asl_inspector.workers.remembering import Memory
from benchmarks.measuring import Result, median, timed

RUNS = 5
CLIPS, FRAMES, FEATURES = 3_000, 60, 36
FILES = 20_000
SECONDS_FOR_ALL = 20.0
ISOLATION = 0.05


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how it is written, the plain way to load it, and what is to be held."""

    name: str
    write: Callable[[Path, np.ndarray], object]
    load: Callable[[Path], object]
    rival: str
    at_most: float | None  # times the plain call; None where only the promise below holds


def cache(path: Path, clips: np.ndarray) -> None:
    """The seed's cache."""
    held = {
        f"v{index:06}": {"features": clip.copy(), "gloss": f"g{index % 100}", "gloss_id": index % 100, "split": "val"}
        for index, clip in enumerate(clips)
    }
    path.write_bytes(pickle.dumps(held, protocol=4))


def packed_cache(path: Path, clips: np.ndarray) -> None:
    """The same, packed."""
    plain = path.with_suffix(".plain")
    cache(plain, clips)
    path.write_bytes(gzip.compress(plain.read_bytes(), 1))


def groups(path: Path, clips: np.ndarray) -> None:
    """HDF5 with a group a clip."""
    with h5py.File(path, "w") as file:
        for index, clip in enumerate(clips):
            group = file.create_group(f"v{index:06}")
            group["keypoints"] = clip
            group.attrs["gloss"] = f"g{index % 100}"


def load_groups(path: Path) -> object:
    """All of it."""
    with h5py.File(path, "r") as file:
        return {name: (group["keypoints"][:], group.attrs["gloss"]) for name, group in file.items()}


def stack(path: Path, clips: np.ndarray) -> None:
    """HDF5 with packed columns."""
    with h5py.File(path, "w") as file:
        file.create_dataset("features", data=clips, chunks=(16, FRAMES, FEATURES), compression="gzip")
        file["labels"] = np.arange(len(clips)) % 100


def load_stack(path: Path) -> object:
    """All of it."""
    with h5py.File(path, "r") as file:
        return file["features"][:], file["labels"][:]


def table(path: Path, clips: np.ndarray) -> None:
    """Parquet with a row a clip."""
    flat = pa.FixedSizeListArray.from_arrays(pa.array(clips.reshape(-1)), FEATURES)
    rows = pa.ListArray.from_arrays(pa.array(np.arange(len(clips) + 1, dtype="i4") * FRAMES), flat)
    pq.write_table(pa.table({"keypoints": rows, "label": np.arange(len(clips)) % 100}), path, row_group_size=500)


def nested(path: Path, clips: np.ndarray) -> None:
    """JSON; a tenth of the clips, since it is that slow for everybody."""
    held = [{"keypoints": clip.tolist(), "gloss": f"g{index % 100}"} for index, clip in enumerate(clips[: CLIPS // 10])]
    path.write_text(json.dumps(held))


FORMATS = (
    Format("cache", cache, lambda path: pickle.loads(path.read_bytes()), "pickle.loads", None),  # noqa: S301
    Format(
        "packed_cache",
        packed_cache,
        lambda path: pickle.loads(gzip.decompress(path.read_bytes())),  # noqa: S301
        "gzip.decompress and pickle.loads",
        3.0,
    ),
    Format(
        "npz",
        lambda path, clips: np.savez(path, X=clips, y=np.arange(len(clips)) % 100),
        lambda path: dict(np.load(path)),
        "np.load",
        2.0,
    ),
    Format(
        "npz_deflated",
        lambda path, clips: np.savez_compressed(path, X=clips, y=np.arange(len(clips)) % 100),
        lambda path: dict(np.load(path)),
        "np.load",
        3.0,
    ),
    Format(
        "torch",
        lambda path, clips: torch.save({"X": torch.from_numpy(clips), "y": torch.arange(len(clips)) % 100}, path),
        lambda path: torch.load(path, weights_only=True),
        "torch.load",
        2.0,
    ),
    Format(
        "safetensors",
        lambda path, clips: save_file({"X": clips, "y": np.arange(len(clips)) % 100}, path),
        load_file,
        "safetensors.numpy.load_file",
        2.0,
    ),
    Format("hdf5_groups", groups, load_groups, "h5py, every dataset and label", 2.5),
    Format("hdf5_packed", stack, load_stack, "h5py, both datasets", 2.0),
    Format("parquet", table, lambda path: pq.read_table(path, use_threads=False), "pyarrow.parquet.read_table", 4.0),
    Format("json", nested, lambda path: json.loads(path.read_text()), "json.loads", 3.0),
)


@contextmanager
def reading() -> Iterator[Readers]:
    """Reading processes, closed again."""
    readers = Readers()
    try:
        yield readers
    finally:
        readers.close()


def measure() -> list[Result]:
    """Ratios, each rival in the same run."""
    clips = np.random.default_rng(0).normal(size=(CLIPS, FRAMES, FEATURES)).astype(np.float32)
    with tempfile.TemporaryDirectory() as name, reading() as readers:
        results = [_of_format(one, Path(name), clips, readers) for one in FORMATS]
        results += _of_folder(Path(name) / "folder", clips, readers)
    return results


def _of_format(one: Format, folder: Path, clips: np.ndarray, readers: Readers) -> Result:
    path = folder / f"{one.name}.npz"  # NumPy appends this ending to any other one; nobody here looks at it
    one.write(path, clips)

    def ours() -> None:
        opened = open_file(path, readers=readers).opened
        assert isinstance(opened, Clips)
        opened.features(len(opened) // 2)

    ours()
    one.load(path)
    own, plain = [], []
    for _ in range(RUNS):
        own.append(timed(ours))
        plain.append(timed(lambda: one.load(path)))
    path.unlink()
    limit, goal = CLIPS * SECONDS_FOR_ALL / 100_000, f"so fast that 100,000 clips open in {SECONDS_FOR_ALL:g} s"
    if one.at_most is not None:
        limit = one.at_most * median(plain) + ISOLATION
        goal = f"at most {one.at_most:g} times the plain call, and {1000 * ISOLATION:g} ms for a process of its own"
    return Result(
        name=f"open_{one.name}",
        what=f"Seconds to open {CLIPS:,} clips of {FRAMES} x {FEATURES} and read one of them.",
        value=median(own),
        unit="s",
        rival=one.rival,
        rival_value=median(plain),
        goal=goal,
        met=median(own) <= limit,
        runs=RUNS,
    )


def _of_folder(folder: Path, clips: np.ndarray, readers: Readers) -> list[Result]:
    """A file a clip in a folder a gloss."""
    for index in range(FILES):
        gloss = folder / f"gloss{index % 100:03}"
        if index < 100:
            gloss.mkdir(parents=True)
        out = io.BytesIO()
        np.save(out, clips[index % CLIPS])
        (gloss / f"{index}.npy").write_bytes(out.getvalue())

    def ours(memory: Path) -> None:
        (tree,) = survey(folder).trees
        one = open_tree(tree, readers=readers, memory=Memory(memory))
        assert one is not None
        assert isinstance(one.opened, Clips)
        assert len(one.opened) == FILES

    def plain() -> None:
        assert len([np.load(path) for path in sorted(folder.glob("*/*.npy"))]) == FILES

    own, again, rival = [], [], []
    for run in range(4):
        memory = folder.with_name(f"memory{run}")
        own.append(timed(lambda memory=memory: ours(memory)))  # type: ignore[misc]
        again.append(timed(lambda memory=memory: ours(memory)))  # type: ignore[misc]
        rival.append(timed(plain))
    own, again, rival = own[1:], again[1:], rival[1:]  # the first run finds the disk cold
    return [
        Result(
            name=name,
            what=f"Seconds to open a folder of {FILES:,} files, a file a clip{when}.",
            value=median(values),
            unit="s",
            rival="np.load of every file",
            rival_value=median(rival),
            goal=goal,
            met=median(values) <= most * median(rival),
            runs=3,
        )
        for name, when, values, goal, most in (
            ("open_folder", "", own, "at most twice the plain call", 2.0),
            ("open_folder_again", ", unchanged since it was opened before", again, "at most half the plain call", 0.5),
        )
    ]
