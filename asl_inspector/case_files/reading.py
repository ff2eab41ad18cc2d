"""A case file read again. It may come from anyone: it names files, and can do nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path, PurePosixPath
from typing import get_args, get_type_hints

from asl_inspector.bounded_json import read_json, shortened
from asl_inspector.case.records import SAVED_CASE, Role
from asl_inspector.case_files.records import SUFFIX, CachedResult, SavedCase, SavedFile, SavedResult
from asl_inspector.case_files.writing import SCHEMA
from asl_inspector.errors import DataError
from asl_inspector.inference.records import Settings
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.mapping import Correction

MOST_BYTES = 64 << 20
MOST_FILES = 100_000
DEEPEST = 24
LONGEST_PATH = 4_096
DECODERS = ("majority", "first_token", "score", "beam")
MAKE_ANEW = "Drop the files of the case themselves, and save it anew."


def is_case_file(path: Path) -> bool:
    """True for a path that is named like a saved case."""
    return path.suffix.lower() == SUFFIX and not path.is_dir()


def read_case(path: Path) -> SavedCase:
    """What a case file says. Nothing that it names is opened here.

    Raises:
        DataError: If it is no case file, or damaged, or of a later version of the program.
    """
    path = path.absolute()
    file = MappedFile(path)
    if file.size > MOST_BYTES:
        raise _broken(path, f"has {file.size >> 20} MB")
    try:
        held = read_json(bytes(file.view), deepest=DEEPEST)
    except ValueError as error:
        raise _broken(path, f"holds no JSON: it {shortened(error)}") from None
    if not isinstance(held, dict) or held.get("kind") != SAVED_CASE:
        raise _broken(path, "is JSON of another kind")
    schema = held.get("schema")
    if not isinstance(schema, int) or schema > SCHEMA:
        raise DataError(
            f"“{path.name}” was saved by a later version of the program ({_text(held, 'program') or 'unknown'}).",
            advice="Update ASL Inspector, or drop the files of the case themselves.",
        )
    rows = held.get("files")
    if not isinstance(rows, list) or len(rows) > MOST_FILES or not all(isinstance(row, dict) for row in rows):
        raise _broken(path, "has no list of files")
    return SavedCase(
        path,
        _without_strange_folders(tuple(_file(row, path) for row in rows)),
        _settings(held.get("settings")),
        _result(held.get("result")),
        _text(held, "program"),
        _text(held, "saved"),
        _cached(held.get("cached")),
    )


def _file(row: Mapping[str, object], case: Path) -> SavedFile:
    role, used_as, size, folder = _text(row, "role"), _text(row, "used_as"), row.get("bytes"), row.get("folder")
    for name in filter(None, (role, used_as)):
        if name not in set(Role):
            raise _broken(case, f"names a role that does not exist (“{name[:40]}”)")
    return SavedFile(
        _place(row, case),
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else 0,
        _text(row, "sha256") or None,
        Role(role) if role else None,
        Role(used_as) if used_as else Role.UNUSED,
        _correction(row.get("layout"), case),
        _place(folder, case) if isinstance(folder, dict) else None,
    )


def _without_strange_folders(files: tuple[SavedFile, ...]) -> tuple[SavedFile, ...]:
    """The files by themselves where their folder holds none of them: the case was moved alone into somebody else's folder."""
    known = {file.folder for file in files if file.folder is not None and _exists(file.path)}
    return tuple(file if file.folder in known else replace(file, folder=None) for file in files)


def _place(row: Mapping[str, object], case: Path) -> Path:
    """Where the file is: beside the case file as it was then, or where it was on the machine that saved it."""
    relative, absolute = _text(row, "path"), _text(row, "absolute")
    if not relative and not absolute:
        raise _broken(case, "names a file without a path")
    for text in (relative, absolute):
        if "\0" in text or len(text) > LONGEST_PATH:
            raise _broken(case, "names a path that cannot be")
        if text.startswith(("\\\\", "//")):  # opening one sends the user's name to another machine
            raise _broken(case, "names a file on another machine")
    near = case.parent.joinpath(*_plain(PurePosixPath(relative), case).parts) if relative else None
    if near is not None and (not absolute or _exists(near)):
        return _without_dots(near)
    return Path(absolute) if Path(absolute).is_absolute() else _without_dots(near or case.parent / absolute)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file can have
        return False


def _plain(relative: PurePosixPath, case: Path) -> PurePosixPath:
    if relative.is_absolute() or ":" in (relative.parts or ("",))[0]:
        raise _broken(case, "names a path that is not relative where one was expected")
    return relative


def _without_dots(path: Path) -> Path:
    """The path without its `..`, links left as they are."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != "..":
            parts.append(part)
    return Path(*parts)


def _correction(held: object, case: Path) -> Correction:
    if held is None:
        return Correction()
    hints = get_type_hints(Correction)
    known = {field.name for field in fields(Correction)}
    if not isinstance(held, dict) or not set(held) <= known:
        raise _broken(case, "corrects a layout in a way that this program does not know")
    for name, value in held.items():
        if not _fits(value, hints[name]):
            raise _broken(case, f"has “{str(value)[:40]}” for “{name}” of a layout")
    return Correction(**held)


def _fits(value: object, hint: object) -> bool:
    """True where a value is of a field's type: a text, a whole number, or one of some words."""
    for one in get_args(hint):
        if isinstance(one, type) and type(value) is one:
            return True
        if value in get_args(one) and isinstance(value, str):
            return True
    return False


def _settings(held: object) -> Settings:
    """What changes the figures; what is not understood is left as it is by default."""
    if not isinstance(held, dict):
        return Settings()
    decoder, blank, choices = held.get("decoder"), held.get("blank"), held.get("choices")
    return Settings(
        decoder=decoder if isinstance(decoder, str) and decoder in DECODERS else "majority",
        blank=blank if isinstance(blank, int) and not isinstance(blank, bool) and blank >= -1 else None,
        choices=tuple((str(name), str(value)) for name, value in choices.items()) if isinstance(choices, dict) else (),
        mixed=held.get("mixed") is True,
    )


def _result(held: object) -> SavedResult | None:
    if not isinstance(held, dict):
        return None
    causes, correct, clips = held.get("causes"), held.get("correct"), held.get("clips")
    listed = causes if isinstance(causes, list) else []
    return SavedResult(
        _text(held, "headline"),
        tuple(
            (one[0], float(one[1]))
            for one in listed
            if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], int | float)
        ),
        correct if isinstance(correct, int) else None,
        clips if isinstance(clips, int) else None,
    )


def _cached(held: object) -> CachedResult | None:
    """The kept result; one that is not of the right shape is as good as none."""
    if not isinstance(held, dict) or not isinstance(held.get("report"), dict):
        return None
    problems = held.get("problems")
    listed = problems if isinstance(problems, list) else []
    return CachedResult(
        held["report"],
        _text(held, "text"),
        tuple((str(one[0]), str(one[1])) for one in listed if isinstance(one, list) and len(one) == 2),
        _text(held, "view"),
        _text(held, "program"),
        _text(held, "found"),
    )


def _text(held: Mapping[str, object], name: str) -> str:
    value = held.get(name)
    return value if isinstance(value, str) else ""


def _broken(path: Path, why: str) -> DataError:
    return DataError(f"“{path.name}” is no case of this program: it {why}.", advice=MAKE_ANEW)
