"""Which files are of one run, which seed and epoch each has, and which runs differ by their seed alone.

A run is the files of one folder whose names differ only by epoch, step, or words such as "best" and "last", whose weights
have the same names and shapes, and that state one seed; a file that could not be opened goes by its name. A folder of its own for each
epoch ("epoch_03/model.pt") does not count as a folder.

The seed is read from the names of file and folders ("seed1", "s2"), else from the configuration in the file. A condition
is what is left of a run's name without its seed, where that groups runs, together with what differs in their
configurations; where every run is named differently, the configurations alone tell.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.case.same_run import EPOCH_WORD, named_epoch
from asl_inspector.sweep.records import Facts, Setting

SEED_WORD = re.compile(r"(?<![a-z])(?:seed|rng|s)[ ._=-]?(\d{1,9})(?!\d)", re.IGNORECASE)
SEED_SETTINGS = {"seed", "random_seed", "manual_seed", "rng_seed", "torch_seed", "global_seed", "seed_everything"}
POSITIONS = re.compile(
    r"(?<![a-z])(?:checkpoints?|ckpt|model|net|network|weights|state|dict|best|last|final|latest|step|iter|global)(?![a-z])",
    re.IGNORECASE,
)
STEP = re.compile(r"(?<![a-z])(?:step|iter|global[_-]?step)s?[ ._=-]*\d+", re.IGNORECASE)
METRIC = re.compile(r"(?<![a-z])(?:val|train)?[_-]?(?:acc|loss|wer|f1)[a-z]*[ ._=-]*\d+(?:\.\d+)?", re.IGNORECASE)
BARE_NUMBER = re.compile(r"(?:^|[ ._-])\d{1,6}$")
SEPARATORS = re.compile(r"[ ._=-]+")
NOT_OF_A_CONDITION = ("epoch", "step", "path", "dir", "file", "time", "date", "name", "device", "host", "rank", "git")
MOST_SETTINGS_SHOWN = 12
Mark = tuple[str, int]  # the network's shapes and the seed


@dataclass(frozen=True, slots=True)
class Placed:
    """A file's place among the runs.

    Attributes:
        run: The run's name.
        epoch: Or None.
        seed: Or None.
        label: The run's name without its seed.
    """

    run: str
    epoch: int | None
    seed: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """The files of one run, by their places in the sequence that was grouped, in the order of epochs."""

    name: str
    condition: str
    seed: int | None
    settings: Mapping[str, Setting]
    members: tuple[int, ...]


def place(path: Path, root: Path, facts: Facts | None) -> Placed:
    """Where a file belongs, by its name below `root` and what it says of itself."""
    folder = path.parent
    if EPOCH_WORD.search(path.stem) is None and EPOCH_WORD.search(folder.name) is not None and folder != root:
        folder = folder.parent
    below = os.path.relpath(folder, root) if folder != root else ""
    parts = [part for part in (below.replace(os.sep, "/"), without_position(path.stem)) if part and part != "."]
    run = "/".join(parts) or root.name
    seed_words = SEED_WORD.findall(run)
    seed = int(seed_words[-1]) if seed_words else _stated_seed(facts)
    label = _tidy(SEED_WORD.sub(" ", run))
    epoch = named_epoch(path)
    return Placed(run, epoch if epoch is not None else facts.epoch if facts else None, seed, label)


def without_position(stem: str) -> str:
    """A file's name without what tells its place in the run: epoch, step, metrics, "best", "checkpoint"."""
    for pattern in (METRIC, STEP, EPOCH_WORD, POSITIONS):
        stem = pattern.sub(" ", stem)
    return _tidy(BARE_NUMBER.sub("", stem.strip(" ._=-")))


def _tidy(text: str) -> str:
    return "/".join(SEPARATORS.sub("_", part).strip("_") for part in text.split("/")).strip("/")


def _stated_seed(facts: Facts | None) -> int | None:
    for name, value in (facts.settings if facts else {}).items():
        if name.rpartition(".")[2].lower() in SEED_SETTINGS and type(value) is int:
            return value
    return None


def group(
    files: Sequence[tuple[Path, Facts | None]], roots: Sequence[Path]
) -> tuple[tuple[Group, ...], list[int | None]]:
    """The runs, in the order of their names, and the epoch of every file.

    Args:
        files: Each with what it says of itself, or None where it could not be opened.
        roots: The folders that were swept.
    """
    base = _common(roots, {path for path, _ in files})
    placed = [place(path, base, facts) for path, facts in files]
    marks = _marks_by_run(placed, [facts for _, facts in files])
    members: dict[tuple[str, Mark], list[int]] = defaultdict(list)
    for index, (one, mark) in enumerate(zip(placed, marks, strict=True)):
        members[one.run, mark].append(index)
    several = Counter(run for run, _ in members)
    runs = []
    for number, ((run, _), indices) in enumerate(sorted(members.items()), start=1):
        name = run if several[run] == 1 else f"{run} ({number})"
        in_order = sorted(indices, key=lambda index: _order(placed[index].epoch, files[index][0]))
        runs.append((name, placed[indices[0]], in_order, _settings_of(files[index][1] for index in in_order)))
    conditions, differing = _conditions([(one, settings) for _, one, _, settings in runs])
    seeds = [_seed_of(placed, members_of) for _, _, members_of, _ in runs]
    groups = tuple(
        Group(name, condition, seed, {key: settings[key] for key in differing if key in settings}, tuple(in_order))
        for (name, _, in_order, settings), condition, seed in zip(runs, conditions, seeds, strict=True)
    )
    return groups, [one.epoch for one in placed]


def _common(roots: Sequence[Path], files: Container[Path]) -> Path:
    """The folder below which names are read; a file that was named by itself stands for its folder."""
    folders = [str(root.parent if root in files else root) for root in (one.absolute() for one in roots)]
    try:
        return Path(os.path.commonpath(folders))
    except ValueError:  # on several drives there is none
        return Path(folders[0])


def _order(epoch: int | None, path: Path) -> tuple[bool, int, str]:
    return epoch is None, epoch or 0, path.name


def _marks_by_run(placed: Sequence[Placed], facts: Sequence[Facts | None]) -> list[Mark]:
    """What tells runs of one name apart, for each file; a file that could not be opened goes with most of its name."""
    own = [(said.shapes, one.seed or 0) if said is not None else None for one, said in zip(placed, facts, strict=True)]
    known: dict[str, Counter[Mark]] = defaultdict(Counter)
    for one, mark in zip(placed, own, strict=True):
        if mark is not None:
            known[one.run][mark] += 1
    return [
        mark if mark is not None else known[one.run].most_common(1)[0][0] if known[one.run] else ("", 0)
        for one, mark in zip(placed, own, strict=True)
    ]


def _seed_of(placed: Sequence[Placed], members: Sequence[int]) -> int | None:
    return next((placed[index].seed for index in members if placed[index].seed is not None), None)


def _settings_of(facts: Iterable[Facts | None]) -> dict[str, Setting]:
    """What the files of a run agree on; what changes along it is no setting of the run."""
    found: dict[str, Setting] = {}
    changing = set()
    for one in facts:
        for key, value in (one.settings if one else {}).items():
            if found.setdefault(key, value) != value:
                changing.add(key)
    return {key: value for key, value in found.items() if key not in changing}


def _conditions(runs: Sequence[tuple[Placed, Mapping[str, Setting]]]) -> tuple[list[str], list[str]]:
    """The condition of every run, and the settings in which runs differ."""
    keys = sorted({key for _, settings in runs for key in settings})
    differing = [
        key
        for key in keys
        if not any(word in key.lower() for word in (*NOT_OF_A_CONDITION, "seed"))
        and len({settings.get(key) for _, settings in runs}) > 1
    ][:MOST_SETTINGS_SHOWN]
    labels = Counter(one.label for one, _ in runs)
    named = any(count > 1 for count in labels.values()) or any(one.label and one.label != one.run for one, _ in runs)
    found = []
    for one, settings in runs:
        words = ", ".join(f"{key.rpartition('.')[2]}={settings.get(key)}" for key in differing if key in settings)
        if named:
            same = {tuple(other.get(key) for key in differing) for placed, other in runs if placed.label == one.label}
            label = one.label or "all"
            found.append(label if len(same) == 1 else f"{label}, {words}")
        elif keys:  # every run is named differently: their configurations tell
            found.append(words or "one configuration")
        else:
            found.append(one.label or one.run)
    return found, differing
