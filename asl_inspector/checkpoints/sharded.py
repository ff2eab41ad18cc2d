"""A checkpoint in shards: an index in JSON says which file beside it holds each tensor.

The index is `model.safetensors.index.json` or `pytorch_model.bin.index.json`, but is recognised by its `weight_map`.
Shards are opened by plain name only and read as they would be alone; what is missing is listed with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from asl_inspector.bounded_json import read_json
from asl_inspector.checkpoints.companions import Companions
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import TensorRecord, ValueRecord, WouldRun
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken

DEEPEST_INDEX = 64
LARGEST_INDEX = 256 << 20
LONGEST_VALUE = 2_000
SEARCHED = 1 << 20  # bytes from the start in which the word `weight_map` must come

ReadFile = Callable[[MappedFile, CancelToken], Reading]


def looks_like_index(content: memoryview) -> bool:
    """True for JSON that may be an index; cheap, and certain only after `read_weight_map`."""
    return b'"weight_map"' in bytes(content[:SEARCHED])


def read_weight_map(file: MappedFile) -> tuple[dict[str, str], dict[str, object]]:
    """Which shard holds each tensor, and the index's other entries.

    Raises:
        UnreadableCheckpoint: If the file is no index.
    """
    if file.size > LARGEST_INDEX:
        raise UnreadableCheckpoint(f"The index has {file.size >> 20:,} MB, and no real one is so large.")
    try:
        held = read_json(bytes(file.view), deepest=DEEPEST_INDEX)
    except ValueError as error:
        raise UnreadableCheckpoint(f"The JSON of the index {error}.", advice="Download it again.") from None
    shards = held.pop("weight_map", None) if isinstance(held, dict) else None
    if not isinstance(held, dict) or not isinstance(shards, dict):
        raise UnreadableCheckpoint("It is JSON without the `weight_map` that an index of shards has.")
    wrong = next((key for key, shard in shards.items() if not isinstance(shard, str)), None)
    if wrong is not None:
        raise UnreadableCheckpoint(f"The index names no file for “{wrong}”.")
    return {key: str(shard) for key, shard in shards.items()}, held


@dataclass(slots=True)
class _Shards:
    """What the shards hold, gathered."""

    formats: Counter[str] = field(default_factory=Counter)
    tensors: dict[str, dict[str, TensorRecord]] = field(default_factory=dict)
    values: dict[tuple[tuple[str, ...], str], ValueRecord] = field(default_factory=dict)
    would_run: list[WouldRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gloss_to_id: dict[str, int] | None = None
    unread: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, reading: Reading) -> None:
        self.formats[reading.format] += 1
        self.tensors[name] = {tensor.name: tensor.in_part(name) for tensor in reading.tensors}
        for value in reading.values:
            self.values.setdefault((value.path, value.text), value)
        self.would_run += reading.would_run
        self.notes += [f"{name}: {note}" for note in reading.notes]
        self.gloss_to_id = self.gloss_to_id or reading.gloss_to_id


def read_sharded(file: MappedFile, cancel: CancelToken, read_file: ReadFile) -> Reading:
    """The tensors of all shards that an index names, in the index's order.

    Args:
        file: The index.
        cancel: Asked between shards.
        read_file: Reads one shard.

    Raises:
        UnreadableCheckpoint: If the file is no index.
    """
    weight_map, rest = read_weight_map(file)
    beside = Companions(file)
    shards = _Shards()
    for name in dict.fromkeys(weight_map.values()):
        cancel.raise_if_cancelled()
        shard = beside.find(name)
        if shard is None:
            shards.unread[name] = f"its shard was not opened: {beside.why_not(name)}"
            continue
        try:
            shards.add(name, read_file(shard, cancel))
        except InspectorError as error:
            shards.unread[name] = f"its shard “{name}” cannot be read"
            shards.notes.append(f"The shard “{name}” cannot be read. {error.sentence}")
    tensors, disagreements = _in_order_of_index(weight_map, shards)
    kind = shards.formats.most_common(1)[0][0] if shards.formats else "checkpoint"
    return Reading(
        format=f"sharded {kind}",
        tensors=tuple(tensors),
        values=(*_values_of(rest), *shards.values.values()),
        would_run=tuple(shards.would_run),
        notes=(*beside.notes(), *disagreements, *shards.notes),
        gloss_to_id=shards.gloss_to_id,
        parts=beside.opened,
    )


def _in_order_of_index(weight_map: Mapping[str, str], shards: _Shards) -> tuple[list[TensorRecord], list[str]]:
    """Every tensor of the index, then those it does not name; and where index and shards disagree."""
    homes: dict[str, str] = {}
    for name, held in shards.tensors.items():
        for key in held:
            homes.setdefault(key, name)
    tensors, moved, absent = [], [], []
    for key, name in weight_map.items():
        found = shards.tensors.get(name, {}).get(key)
        if found is None and key in homes:
            moved.append(key)
            found = shards.tensors[homes[key]][key]
        elif found is None and name in shards.tensors:
            absent.append(key)
            found = _absent(key, name, f"the index says that it is in “{name}”, and it is not there")
        tensors.append(found or _absent(key, name, shards.unread.get(name, "its shard was not opened")))
    extra = [tensor for held in shards.tensors.values() for key, tensor in held.items() if key not in weight_map]
    twice = sum(len(held) for held in shards.tensors.values()) - len(homes)
    notes = [
        f"{_named(keys)} {rest}"
        for keys, rest in (
            (moved, "in another shard than the index says."),
            (absent, "named in the index and in none of the shards."),
            ([tensor.name for tensor in extra], "in a shard and not named in the index."),
        )
        if keys
    ]
    if twice:
        notes.append(f"{twice:,} tensors are in two shards; the one that the index names is used.")
    return [*tensors, *extra], notes


def _named(keys: list[str]) -> str:
    return f"“{keys[0]}” is" if len(keys) == 1 else f"{len(keys):,} tensors (“{keys[0]}” for one) are"


def _absent(key: str, shard: str, why: str) -> TensorRecord:
    """A tensor of which only the name is known: it counts as no numbers."""
    return TensorRecord(
        path=(key,),
        dtype="unknown",
        shape=(0,),
        strides=(1,),
        storage=f"{shard}/{key}",
        storage_bytes=0,
        storage_offset=0,
        file_offset=None,
        trouble=why,
    )


def _values_of(rest: Mapping[str, object]) -> list[ValueRecord]:
    """The index's own entries, `metadata.total_size` above all."""
    rows = []
    for key, held in rest.items():
        inner = held.items() if isinstance(held, dict) else [("", held)]
        for name, value in inner:
            path = (key, str(name)) if name else (key,)
            rows.append(ValueRecord(path, type(value).__name__, repr(value)[:LONGEST_VALUE]))
    return rows
