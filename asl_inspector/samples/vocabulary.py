"""Vocabularies: which gloss has which id. All the forms in which they are found are brought to one map."""

from __future__ import annotations

import re
from pathlib import Path

from asl_inspector.delimited import cells_of
from asl_inspector.errors import DataError
from asl_inspector.inert_pickle.plain import attributes_of, class_of
from asl_inspector.inert_pickle.records import Pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.field_names import GLOSSES, pick
from asl_inspector.samples.job import Job
from asl_inspector.samples.labels import whole
from asl_inspector.samples.nodes import Fields, Look, Node, Numbers, Sequence
from asl_inspector.samples.npy import array_node
from asl_inspector.samples.pickled import PickleLook
from asl_inspector.samples.records import Vocabulary

LARGEST_FILE = 64 << 20
ID_AND_COUNT = 2  # what `gloss_dict.npy` of continuous recognisers gives each gloss
LONGEST_GLOSS = 60
MOST_WORDS = 5
SIZE_KEYS = ("vocab_size", "num_classes", "size")
FORWARD_KEYS = (
    "gloss_to_id",
    "gloss2id",
    "word2idx",
    "label_to_id",
    "label2id",
    "class_to_idx",
    "sign_to_id",
    "label_map",
)
BACKWARD_KEYS = ("id_to_gloss", "id2gloss", "idx2word", "id_to_label", "id2label", "idx_to_class")
ID_COLUMNS = ("classid", "class_id", "id", "label_id", "gloss_id", "index", "idx", "label", "class")
NAME_COLUMNS = (*GLOSSES, "name", "en", "english")
LABEL_ENCODERS = {("sklearn.preprocessing._label", "LabelEncoder"), ("sklearn.preprocessing.label", "LabelEncoder")}
_NUMBERED = re.compile(r"^(\d{1,6})\s*[,;:\t ]\s*(\S.*)$")
_THEN_NUMBER = re.compile(r"^(.*\S)\s*[,;:\t ]\s*(\d{1,6})$")


def json_vocabulary(path: Path, held: object) -> Vocabulary:
    """A vocabulary in JSON: any of `gloss_to_id`, `id_to_gloss`, a plain map, a list of glosses or of entries.

    Args:
        path: The file.
        held: Its JSON.

    Raises:
        DataError: If it lists no glosses.
    """
    found = vocabulary_of(path, json_look(held), json_look)
    if found is None:
        raise DataError(
            f"“{path.name}” is JSON, but lists no glosses.",
            advice="A vocabulary is a JSON object that gives each gloss its id.",
        )
    return found


def json_look(value: object) -> Node:
    """A node for a value that JSON may hold."""
    if isinstance(value, dict):
        return Fields([(str(key), held) for key, held in value.items()])
    if isinstance(value, list):
        return Sequence(value)
    return value if isinstance(value, bool | int | float | str | Fields | Sequence) else None


def vocabulary_of(path: Path, root: Node, look: Look) -> Vocabulary | None:
    """The vocabulary that a tree holds, or None where it holds none."""
    if isinstance(root, Sequence):
        glosses = [_gloss_of(look(raw), look) for raw in root.items]
        known = [gloss for gloss in glosses if gloss is not None]
        if not known or len(known) < len(glosses):
            return None
        return _vocabulary(path, {gloss: index for index, gloss in enumerate(known)}, None)
    if not isinstance(root, Fields):
        return None
    by_name = {name.lower(): raw for name, raw in root.by_name.items()}
    size = next((number for key in SIZE_KEYS if (number := _whole(look(by_name.get(key)))) is not None), None)
    forward_key, backward_key = pick(by_name, FORWARD_KEYS), pick(by_name, BACKWARD_KEYS)
    forward = _map_of(look(by_name[forward_key]), look) if forward_key else {}
    if not forward and backward_key:
        forward = _map_of(look(by_name[backward_key]), look)
    if forward or forward_key:
        return _vocabulary(path, forward, size)
    forward = _map_of(root, look)
    return _vocabulary(path, forward, size) if forward else None


def _gloss_of(node: Node, look: Look) -> str | None:
    """A gloss itself, or an entry `{"gloss": ..., "instances": [...]}` as WLASL lists them."""
    if isinstance(node, Fields) and "instances" in node.by_name:
        node = look(node.by_name.get("gloss"))
    return node if isinstance(node, str) else None


def _map_of(node: Node, look: Look) -> dict[str, int]:
    """`{gloss: id}`, `{gloss: [id, count]}` or `{id: gloss}`; anything else gives nothing."""
    if not isinstance(node, Fields):
        return {}
    forward: dict[str, int] = {}
    backward: dict[str, int] = {}
    for name, raw in node.pairs:
        held = look(raw)
        number = _whole(held)
        if number is None and isinstance(held, Sequence) and len(held.items) == ID_AND_COUNT:
            number = _whole(look(held.items[0]))
        if number is None and isinstance(held, Numbers) and held.is_whole and held.shape == (ID_AND_COUNT,):
            number = int(held.all().tolist()[0])
        if number is not None:
            forward[name] = number
        elif isinstance(held, str) and name.isdecimal():
            backward[held] = int(name)
        else:
            return {}
    return forward if not backward else backward if not forward else {}


def _whole(node: Node) -> int | None:
    return None if isinstance(node, Fields | Sequence | Numbers | float) else whole(node)


def pickled_vocabulary(file: MappedFile, pickle: Pickle) -> Vocabulary | None:
    """The vocabulary of a pickle file: a LabelEncoder of scikit-learn, a map, or a list; or None."""
    look = PickleLook(file.view, in_file=True)
    if class_of(pickle.value) in LABEL_ENCODERS:
        classes = {name: held for name, held in attributes_of(pickle.value) or [] if isinstance(name, str)}
        return vocabulary_of(file.path, look(classes.get("classes_")), look)
    return vocabulary_of(file.path, look(pickle.value), look)


def npy_vocabulary(file: MappedFile, job: Job) -> Vocabulary | None:
    """The vocabulary of an `.npy`: an array of glosses, or `gloss_dict.npy` with `{gloss: [id, count]}`; or None.

    Raises:
        DataError: If the file is damaged.
    """
    root, look = array_node(file, job)
    return vocabulary_of(file.path, root, look)


def text_vocabulary(file: MappedFile) -> Vocabulary | None:
    """The vocabulary of a text file: a gloss a line, alone or with its id, or a CSV with such columns; or None."""
    if file.size > LARGEST_FILE:
        return None
    text = bytes(file.view).decode("utf-8-sig", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or any(len(line) > 4 * LONGEST_GLOSS for line in lines):
        return None
    forward = (
        _from_columns(lines) or _from_numbered(lines, _NUMBERED, 1, 2) or _from_numbered(lines, _THEN_NUMBER, 2, 1)
    )
    if not forward and all(_is_gloss(line) for line in lines) and len(set(lines)) == len(lines):
        forward = {line: index for index, line in enumerate(lines)}
    return _vocabulary(file.path, forward, None) if forward else None


def _is_gloss(line: str) -> bool:
    words = line.replace("_", " ").split()
    plain = not re.search(r"[=:{}\[\]()<>%;,|]|\d\.\d|^#", line)
    is_sentence = len(words) > 2 and line.endswith((".", "!", "?"))
    return (
        plain
        and not is_sentence
        and len(line) <= LONGEST_GLOSS
        and len(words) <= MOST_WORDS
        and any(one.isalpha() for one in line)
    )


def _from_numbered(lines: list[str], form: re.Pattern[str], number: int, gloss: int) -> dict[str, int]:
    told = [form.match(line) for line in lines]
    found = {one.group(gloss).strip(): int(one.group(number)) for one in told if one}
    sound = all(told) and len(found) == len(lines) and all(_is_gloss(name) for name in found)
    return found if sound and len(set(found.values())) == len(found) else {}


def _from_columns(lines: list[str]) -> dict[str, int]:
    """A CSV whose header names an id and a gloss."""
    delimiter = max((",", "\t", ";"), key=lines[0].count)
    rows = [cells_of(line, delimiter) for line in lines]
    columns = [name.strip() for name in rows[0]]
    number = pick(columns, ID_COLUMNS)
    if number is None or len(columns) < 2:
        return {}
    place = columns.index(number)
    if not all(len(row) == len(columns) and row[place].strip().isdecimal() for row in rows[1:]):
        return {}
    named = pick(columns, NAME_COLUMNS, but=(number,))
    for gloss in dict.fromkeys([named, *columns]):  # the column that tells all ids apart
        if gloss is None or gloss == number:
            continue
        found = {row[columns.index(gloss)].strip(): int(row[place]) for row in rows[1:]}
        if len(found) == len(rows) - 1 == len(set(found.values())) and all(_is_gloss(name) for name in found):
            return found
    return {}


def _vocabulary(path: Path, forward: dict[str, int], size: int | None) -> Vocabulary:
    notes = []
    shared = len(forward) - len(set(forward.values()))
    if shared:
        notes.append(f"“{path.name}” lists {len(forward)} glosses but only {len(forward) - shared} different ids.")
    if not forward:
        notes.append(f"“{path.name}” lists no gloss at all.")
    return Vocabulary(path, forward, {number: gloss for gloss, number in forward.items()}, size, tuple(notes))
