"""Which checkpoints are epochs of one run, and of which epoch each is.

Files are of one run where their weights have the same names and shapes, they lie in one folder, they do not hold
different vocabularies, and each tells where in the run it stands: by an epoch in its name, by a word such as "best" or
"last", or by a stated epoch that no other file of the folder states. Networks of several seeds in one folder state the
same epoch and have no epoch in their names, so they are not taken for one run.

A name comes before the stated epoch: a periodic save that writes the metadata of the best epoch states a wrong one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.case.records import Case, OpenFile, Role
from asl_inspector.checkpoints.records import Checkpoint

EPOCH_WORD = re.compile(r"(?<![a-z])(?:epochs?|ep|e)[ ._=-]*0*(\d{1,6})(?!\d)", re.IGNORECASE)
LAST_NUMBER = re.compile(r"(?:^|[._-])(?:checkpoint|ckpt|model|net|weights)[._-]?0*(\d{1,6})$", re.IGNORECASE)
MARKERS = ("best", "last", "final", "latest")
CHECKPOINT_SUFFIXES = {".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".tar", ".pt2", ".onnx"}
Decision = tuple[Role, str]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What tells the run of a checkpoint."""

    folder: Path
    shapes: frozenset[tuple[str, tuple[int, ...]]]
    vocabulary: frozenset[tuple[str, int]]
    named: int | None
    stated: int | None
    marked: bool
    is_best: bool


def _facts(one: OpenFile) -> _Facts | None:
    if not isinstance(one.opened, Checkpoint):
        return None
    path, contents = one.row.path, one.opened.contents
    words = re.findall(r"[a-z]+", path.stem.lower())
    in_folder = EPOCH_WORD.search(path.stem) is None and EPOCH_WORD.search(path.parent.name) is not None
    return _Facts(
        folder=path.parent.parent if in_folder else path.parent,
        shapes=shapes_of(one.opened),
        vocabulary=frozenset((contents.gloss_to_id or {}).items()),
        named=named_epoch(path),
        stated=contents.epoch,
        marked=any(word.startswith(MARKERS) for word in words),
        is_best=any(word.startswith("best") for word in words),
    )


def shapes_of(checkpoint: Checkpoint) -> frozenset[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the weights."""
    return frozenset((name, tensor.shape) for name, tensor in checkpoint.weights.items())


def named_epoch(path: Path) -> int | None:
    """The epoch in a file's name, else in that of its folder, or None."""
    found = EPOCH_WORD.search(path.stem) or EPOCH_WORD.search(path.parent.name) or LAST_NUMBER.search(path.stem)
    return int(found[1]) if found else None


def _fit(one: _Facts, other: _Facts) -> bool:
    """True where nothing speaks against one run."""
    vocabularies_fit = not one.vocabulary or not other.vocabulary or one.vocabulary == other.vocabulary
    return one.folder == other.folder and one.shapes == other.shapes and vocabularies_fit


def _groups(files: Sequence[OpenFile]) -> list[list[OpenFile]]:
    """The files that tell where in a run they stand, by run."""
    groups: list[list[tuple[OpenFile, _Facts]]] = []
    for one in files:
        facts = _facts(one)
        if facts is None:
            continue
        group = next((group for group in groups if _fit(group[0][1], facts)), None)
        if group is None:
            groups.append(group := [])
        group.append((one, facts))
    runs = []
    for group in groups:
        stated = Counter(facts.stated for _, facts in group)
        runs.append(
            [
                one
                for one, facts in group
                if facts.named is not None or facts.marked or (facts.stated is not None and stated[facts.stated] == 1)
            ]
        )
    return runs


def choose_main(candidates: Sequence[OpenFile]) -> OpenFile | None:
    """The checkpoint to inspect: of the largest run the one called best, else its last epoch; else the first file."""
    if not candidates:
        return None
    run = max(_groups(candidates), key=len, default=[])
    if len(run) < 2:
        return candidates[0]
    best = next((one for one in run if (facts := _facts(one)) is not None and facts.is_best), None)
    if best is not None:
        return best
    epochs = epochs_of(run)
    return max(run, key=lambda one: -1 if (epoch := epochs[one.row.path]) is None else epoch)


def roles_beside(main: OpenFile, others: Iterable[OpenFile]) -> dict[Path, Decision]:
    """The role of every other checkpoint beside the inspected one."""
    others = [one for one in others if one is not main]
    runs = _groups([main, *others])  # the inspected file itself need not tell where it stands
    run = next((run for run in runs if run and _same_run(main, run[0])), [])
    names = {one.row.path for one in run}
    return {one.row.path: _beside(main, one, is_of_run=one.row.path in names) for one in others}


def _same_run(one: OpenFile, other: OpenFile) -> bool:
    a, b = _facts(one), _facts(other)
    return a is not None and b is not None and _fit(a, b)


def _beside(main: OpenFile, one: OpenFile, *, is_of_run: bool) -> Decision:
    name = main.row.path.name
    if is_of_run:
        return (
            Role.EPOCH,
            f"Its tensors have the names and shapes of those of “{name}”, and it lies in the same folder.",
        )
    a, b = _facts(main), _facts(one)
    if a is None or b is None or a.shapes != b.shapes:
        return Role.UNUSED, (
            f"It holds another network than “{name}” (other names or shapes of tensors), so it is no epoch of the same "
            "run; one checkpoint is inspected at a time. Choose its role."
        )
    reason = "it does not tell its epoch"
    if a.folder != b.folder:
        reason = "it lies in another folder"
    elif not _fit(a, b):
        reason = "its vocabulary is another"
    return Role.UNUSED, (
        f"It holds the weights of a network like “{name}”, but {reason}; one checkpoint is inspected at a time. "
        "Choose its role: the checkpoint, or an epoch of the run."
    )


def epochs_of(files: Iterable[OpenFile]) -> dict[Path, int | None]:
    """The epoch of each checkpoint of a run.

    Where every file with an epoch in its name states the epoch before, the run counts from 0 inside its files, and
    files without an epoch in their names are counted from 1 like the others.
    """
    known = {one.row.path: facts for one in files if (facts := _facts(one)) is not None}
    apart = [one.named - one.stated for one in known.values() if one.named is not None and one.stated is not None]
    shift = 1 if len(apart) > 1 and set(apart) == {1} else 0
    return {
        path: one.named if one.named is not None else None if one.stated is None else one.stated + shift
        for path, one in known.items()
    }


def unreadable_epochs(case: Case) -> list[OpenFile]:
    """Files beside those of the run that are called like an epoch of it and could not be opened."""
    run = [one for one in (case.checkpoint, *case.epochs) if one is not None]
    folders = {facts.folder for one in run if (facts := _facts(one)) is not None}
    return [
        one
        for one in case.files
        if one.row.problem and one.opened is None and one.row.path.suffix.lower() in CHECKPOINT_SUFFIXES
        if one.row.path.parent in folders and case.epochs and named_epoch(one.row.path) is not None
    ]
