"""Which file is for what, decided over all files of a case together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from asl_inspector.case.records import Case, OpenFile, Role
from asl_inspector.case.roles_of_outputs import roles_of_outputs
from asl_inspector.case.same_run import Decision, choose_main, roles_beside
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.history.records import History
from asl_inspector.samples.records import Clips, Vocabulary

TRAIN_WORDS = {"train", "training"}
VALIDATION_WORDS = {"val", "valid", "validation", "dev"}
TEST_WORDS = {"test", "testing", "eval"}
STAGE1_WORDS = {"stage1", "pretrain", "pretrained", "pretraining"}
ARRAY_FORMATS = ("npy", "npz")


def assign(files: list[OpenFile], chosen: Mapping[Path, Role], notes: tuple[str, ...] = ()) -> Case:
    """Give every file its role.

    Args:
        files: Opened files in the order in which they came.
        chosen: Roles that the user chose; they are kept.
        notes: Notes of the case.
    """
    decisions: dict[Path, Decision] = {}
    taken = {chosen[one.row.path] for one in files if one.row.path in chosen}
    free = [one for one in files if one.row.path not in chosen and one.opened is not None]
    main = next((one for one in files if chosen.get(one.row.path) is Role.CHECKPOINT and one.opened is not None), None)
    decisions |= _checkpoints([one for one in free if isinstance(one.opened, Checkpoint)], taken, main)
    decisions |= _clips([one for one in free if isinstance(one.opened, Clips)], taken)
    decisions |= roles_of_outputs(files, free, taken)
    for one in free:
        if isinstance(one.opened, Vocabulary):
            decisions[one.row.path] = (Role.VOCABULARY, "It gives each gloss an id.")
        elif isinstance(one.opened, History):
            role = Role.HISTORY if one.opened.tells_of_a_run else Role.UNUSED
            decisions[one.row.path] = (role, _history_reason(one.opened))
    return Case(tuple(_decided(one, chosen, decisions) for one in files), notes)


def _decided(one: OpenFile, chosen: Mapping[Path, Role], decisions: Mapping[Path, Decision]) -> OpenFile:
    path = one.row.path
    if path in chosen:
        return replace(one, row=replace(one.row, role=chosen[path], why="You chose this role.", chosen=True))
    if path in decisions:
        role, why = decisions[path]
        return replace(one, row=replace(one.row, role=role, why=why, chosen=False))
    return replace(one, row=replace(one.row, role=Role.UNUSED, chosen=False))


def _history_reason(history: History) -> str:
    if history.epochs:
        verb = "prints" if history.kind in ("log", "notebook") else "holds"
        return f"It {verb} the losses and accuracies of {len(history.epochs):,} {history.axis}s."
    if history.stage1:
        return "It prints whether pre-trained weights were loaded."
    if history.hints:
        return "It is training code; its text was read and not run."
    if history.kind == "code":
        return "It is Python code without anything that is known to go wrong."
    if history.kind == "events":
        return "It is a TensorBoard event file without a loss or an accuracy."
    return "It is text without any epoch of a training run."


def _words(path: Path) -> set[str]:
    """The words of a file name, `stage1_checkpoint-best.pt` giving stage1, checkpoint, best."""
    return set(re.findall(r"[a-z]+\d*", path.stem.lower().replace("stage_1", "stage1")))


def _checkpoints(files: list[OpenFile], taken: set[Role], main: OpenFile | None) -> dict[Path, Decision]:
    """The checkpoint to inspect, other epochs of its run, and the one that it may have started from."""
    decisions: dict[Path, Decision] = {}
    candidates: list[OpenFile] = []
    for one in files:
        checkpoint = one.opened
        if not isinstance(checkpoint, Checkpoint):
            continue
        if not checkpoint.tensors:
            decisions[one.row.path] = (Role.UNUSED, "A pickle file without tensors.")
        elif not checkpoint.weights:
            decisions[one.row.path] = (Role.UNUSED, "It holds tensors, but no weights of a network.")
        elif checkpoint.contents.layout == "stage-1" and Role.STAGE1 not in taken and len(files) > 1:
            why = "It holds an encoder without an output layer, as pre-training saves it."
            decisions[one.row.path] = (Role.STAGE1, why)
            taken = taken | {Role.STAGE1}
        else:
            candidates.append(one)
    return decisions | _among(candidates, taken, main)


def _among(candidates: list[OpenFile], taken: set[Role], main: OpenFile | None) -> dict[Path, Decision]:
    decisions: dict[Path, Decision] = {}
    networks = [one for one in candidates if not _is_bare_arrays(one)]
    if networks:  # beside a network, arrays are more likely data than another network
        arrays = [one for one in candidates if _is_bare_arrays(one)]
        why = "It holds NumPy arrays, and another file holds a network. Choose its role if these are weights."
        decisions |= {one.row.path: (Role.UNUSED, why) for one in arrays}
        candidates = networks
    if len(candidates) > 1 and Role.STAGE1 not in taken:
        named = [one for one in candidates if _words(one.row.path) & STAGE1_WORDS]
        if len(named) == 1:
            decisions[named[0].row.path] = (Role.STAGE1, "Its name says that it is the pre-trained one.")
            candidates = [one for one in candidates if one is not named[0]]
    inspected = main or choose_main(candidates)
    if inspected is None:
        return decisions
    if main is None:
        decisions[inspected.row.path] = (Role.CHECKPOINT, "It holds the weights of a network.")
    return decisions | roles_beside(inspected, candidates)


def _is_bare_arrays(one: OpenFile) -> bool:
    """True for NumPy files, which hold weights less often than data."""
    return isinstance(one.opened, Checkpoint) and one.opened.format in ARRAY_FORMATS


def second_checkpoints(case: Case) -> list[Path]:
    """Checkpoints that have no role because another one is inspected and the user has not chosen."""
    main = case.checkpoint
    arrays_count = main is None or _is_bare_arrays(main)
    return [
        one.row.path
        for one in case.files
        if isinstance(one.opened, Checkpoint) and one.opened.weights and one.row.role is Role.UNUSED
        if not one.row.chosen and (arrays_count or not _is_bare_arrays(one))
    ]


def _split_of(one: OpenFile) -> tuple[str | None, str]:
    """What a clip file says of its split, and where it says so."""
    clips = one.opened
    told = Counter(split.lower() for split in clips.splits if split) if isinstance(clips, Clips) else Counter[str]()
    if told:
        word = told.most_common(1)[0][0]
        return word, f"its clips say split “{word}”"
    words = _words(one.row.path)
    named = next((word for word in sorted(words) if word in TRAIN_WORDS | VALIDATION_WORDS | TEST_WORDS), None)
    return named, "its name says so"


def _clips_of(one: OpenFile) -> str:
    return "Clips with labels" if isinstance(one.opened, Clips) and one.opened.has_labels else "Clips without labels"


def _clips(files: list[OpenFile], taken: set[Role]) -> dict[Path, Decision]:
    """Which clips are for training and which for validation: by their own split, their name, their number."""
    decisions: dict[Path, Decision] = {}
    splits = {one.row.path: _split_of(one) for one in files}

    def give(role: Role, words: set[str], what: str) -> None:
        nonlocal taken
        for one in files:
            word, where = splits[one.row.path]
            if word in words and one.row.path not in decisions and role not in taken:
                decisions[one.row.path] = (role, f"{_clips_of(one)}; {where}{what}.")
                taken = taken | {role}

    give(Role.TRAIN, TRAIN_WORDS, "")
    give(Role.VALIDATION, VALIDATION_WORDS, "")
    give(Role.VALIDATION, TEST_WORDS, ", and there are no validation clips")
    left = sorted((one for one in files if one.row.path not in decisions), key=lambda one: one.row.bytes)
    for one in left:
        word, _ = splits[one.row.path]
        if word is None and Role.VALIDATION not in taken:
            decisions[one.row.path] = (Role.VALIDATION, f"{_clips_of(one)}; no split is named.")
            taken = taken | {Role.VALIDATION}
        elif word is None and Role.TRAIN not in taken:
            decisions[one.row.path] = (Role.TRAIN, f"{_clips_of(one)}, more than in the validation file.")
            taken = taken | {Role.TRAIN}
        else:
            decisions[one.row.path] = (Role.UNUSED, f"{_clips_of(one)}; another file has this part already.")
    return decisions
