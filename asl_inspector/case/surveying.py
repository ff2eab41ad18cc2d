"""What is in the folders that were dropped: files to open one by one, and trees of clips that are one entry.

Names, sizes and times of change are all that is looked at, but for the lists of shards in small JSON files. Links are not
followed, since they may lead to files that nobody named; only those of a Hugging Face cache into its own blobs are.
"""

from __future__ import annotations

import os
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.case.belonging import together
from asl_inspector.checkpoints.folders import DISTRIBUTED_PART, is_distributed_folder
from asl_inspector.mapped_file import is_in_blobs
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.field_names import SPLIT_WORDS
from asl_inspector.samples.openpose import ENDING

MOST_FILES = 2_000  # of files that are opened one by one
MOST_ENTRIES = 2_000_000
DEEPEST_FOLDER = 8
FEWEST_CLIPS = 4
FEWEST_GLOSSES = 2
FILES_BETWEEN_STEPS = 1_000
CLIP_ENDINGS = (
    ".npy",
    ".npz",
    ".pkl",
    ".pickle",
    ".pt",
    ".pose",
    ".parquet",
    ".json",
    ".h5",
    ".hdf5",
    ".feather",
    ".arrow",
)
FLAT_ENDINGS = (".pose", ".parquet", ".npy")  # in these, several files side by side are clips more often than not
INDEX_ENDINGS = (".csv", ".tsv")
MOST_INDICES = 8


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file below a folder: its name there, its size and its time of change in nanoseconds."""

    name: str
    bytes: int
    modified_ns: int

    @property
    def folder(self) -> str:
        """The folder it is in, from the root of the search; empty for the root itself."""
        return self.name.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Tree:
    """Files that seem to be one clip each.

    Attributes:
        folder: What they are below.
        files: Names, sizes and times of change, in the order of their names.
        indices: Tables of text beside them, which may name glosses.
        glosses_are_folders: True where every gloss has a folder of its own.
    """

    folder: Path
    files: tuple[FoundFile, ...]
    indices: tuple[FoundFile, ...] = ()
    glosses_are_folders: bool = True

    def gloss_of(self, name: str) -> str | None:
        """The folder of a clip, or None where folders do not name glosses."""
        return posixpath.basename(posixpath.dirname(name)) or None if self.glosses_are_folders else None


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found below a folder.

    Attributes:
        files: To be opened one by one.
        trees: Clips that are one entry each.
        notes: Sentences on what was left out.
    """

    files: tuple[Path, ...]
    trees: tuple[Tree, ...] = ()
    notes: tuple[str, ...] = ()


def survey(path: Path, *, progress: Progress = silent, cancel: CancelToken | None = None) -> Survey:
    """A file as itself, or what is in a folder.

    Raises:
        Cancelled: If `cancel` was set.
    """
    if not path.is_dir():
        return Survey((path,))
    cancel = cancel or CancelToken()
    found: list[FoundFile] = []
    whole: list[Path] = []
    links = 0
    for one in _below(path, whole):
        if one is None:
            links += 1
            continue
        found.append(one)
        if len(found) % FILES_BETWEEN_STEPS == 0:
            cancel.raise_if_cancelled()
            progress(Step(f"Looking through {path.name}", len(found), None, "files"))
        if len(found) >= MOST_ENTRIES:
            break
    found.sort(key=lambda one: one.name)
    placed = [(tree, _prefix_of(tree, path)) for tree in _trees(path, found)]
    taken = {posixpath.join(prefix, one.name) for tree, prefix in placed for one in tree.files}
    left = sorted([*whole, *together([path / one.name for one in found if one.name not in taken])])
    notes = []
    if links:
        what = "1 link" if links == 1 else f"{links:,} links"
        notes.append(f"{what} in “{path.name}” were not followed; drop what they point to.")
    if len(left) > MOST_FILES:
        notes.append(f"“{path.name}” holds {len(left):,} files; only the first {MOST_FILES:,} were looked at.")
    return Survey(tuple(left[:MOST_FILES]), tuple(tree for tree, _ in placed), tuple(notes))


def _prefix_of(tree: Tree, root: Path) -> str:
    """Where a tree is below the folder in which it was found; empty where it is that folder."""
    return "" if tree.folder == root else tree.folder.relative_to(root).as_posix()


def _below(folder: Path, whole: list[Path]) -> Iterator[FoundFile | None]:
    """Every plain file below a folder that is not hidden; None for a link.

    Folders that are one checkpoint are put into `whole`, and their parts are left out.
    """
    todo = [("", 0)]
    while todo:
        prefix, depth = todo.pop()
        try:
            entries = list(os.scandir(folder / prefix))
        except OSError:
            continue  # a folder that may not be read has nothing to show
        is_whole = is_distributed_folder(entry.name for entry in entries)
        if is_whole:
            whole.append(folder / prefix)
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.name.startswith(".") or (is_whole and entry.name.endswith(DISTRIBUTED_PART)):
                continue
            if entry.is_symlink():
                yield _cached(folder / prefix, name, entry)
            elif entry.is_dir(follow_symlinks=False):
                if depth < DEEPEST_FOLDER:
                    todo.append((f"{name}/", depth + 1))
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                yield FoundFile(name, status.st_size, status.st_mtime_ns)


def _cached(folder: Path, name: str, link: os.DirEntry[str]) -> FoundFile | None:
    """A link in a snapshot of a Hugging Face cache as the file that it is; None for all other links."""
    real = Path(os.path.realpath(link.path))
    if not is_in_blobs(folder, real) or not real.is_file():
        return None
    status = real.stat()
    return FoundFile(name, status.st_size, status.st_mtime_ns)


def _trees(root: Path, found: list[FoundFile]) -> list[Tree]:
    """Groups of files of one ending in sibling folders; or many of them side by side."""
    groups: dict[tuple[str, str], list[FoundFile]] = defaultdict(list)
    for one in found:
        frames = one.name.endswith(ENDING)
        clip = one.folder if frames else one.name
        ending = ENDING if frames else posixpath.splitext(one.name)[1].lower()
        if ending in CLIP_ENDINGS or frames:
            groups[posixpath.dirname(posixpath.dirname(clip)), ending].append(one)
    trees = []
    for (place, ending), members in sorted(groups.items()):
        trees += _tree(root, place, ending, members, found)
    return trees


def _tree(root: Path, place: str, ending: str, members: list[FoundFile], found: list[FoundFile]) -> list[Tree]:
    depth = (place.count("/") + 1 if place else 0) + (1 if ending == ENDING else 0)
    by_folder = Counter(one.name.split("/", depth + 1)[: depth + 1][-1] for one in members)
    nested = [one for one in members if one.name.count("/") > depth]
    folders = {one.folder for one in nested}
    splits = {name.lower() for name in by_folder} & SPLIT_WORDS
    if ending == ENDING and len(members) >= FEWEST_CLIPS:
        return [_made(root, place, members, found, glosses_are_folders=bool(nested))]
    if len(nested) >= FEWEST_CLIPS and len(folders) >= FEWEST_GLOSSES and not splits:
        return [_made(root, place, nested, found, glosses_are_folders=True)]
    trees = []
    if ending in FLAT_ENDINGS:
        for folder in sorted({one.folder for one in members}):
            side_by_side = [one for one in members if one.folder == folder]
            if len(side_by_side) >= FEWEST_CLIPS:
                trees.append(_made(root, folder, side_by_side, found, glosses_are_folders=False))
    return trees


def _made(
    root: Path, place: str, members: list[FoundFile], found: list[FoundFile], *, glosses_are_folders: bool
) -> Tree:
    """A tree, with names relative to it; it starts higher up where a table beside its folder may name the glosses."""
    indices = _indices(place, found)
    base = place
    if indices and not all(one.folder == base for one in indices):
        base = indices[0].folder
        indices = tuple(one for one in indices if one.folder == base)
    start = len(base) + 1 if base else 0

    def relative(one: FoundFile) -> FoundFile:
        return FoundFile(one.name[start:], one.bytes, one.modified_ns)

    files = tuple(relative(one) for one in members)
    return Tree(root / base, files, tuple(relative(one) for one in indices), glosses_are_folders)


def _indices(place: str, found: Iterable[FoundFile]) -> tuple[FoundFile, ...]:
    """Tables of text in the folder of the clips, or in the one above it."""
    near = [place, posixpath.dirname(place)] if place else [place]
    tables = [one for one in found if one.name.lower().endswith(INDEX_ENDINGS)]
    return tuple(one for folder in near for one in tables if one.folder == folder)[:MOST_INDICES]
