"""A stream with everything nested in it, as a reader's `Reading`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from asl_inspector.checkpoints.flattening import Nested, TensorReader, array_record, flatten
from asl_inspector.checkpoints.nested_streams import NestedStreams
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.storages import Storage
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.torch_values import Surroundings, tensor_of
from asl_inspector.checkpoints.would_run import MOST_LISTED, would_run
from asl_inspector.inert_pickle.numpy_arrays import array_of
from asl_inspector.inert_pickle.records import Built, Global
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken


def read_stream(
    format_name: str,
    stream: Stream,
    content: Content,
    cancel: CancelToken,
    *,
    is_part: Callable[[Global], bool] = lambda _: False,
) -> Reading:
    """Rows, notes and meaning of a stream.

    Args:
        format_name: The format's name for users.
        stream: The outermost stream.
        content: The whole file.
        cancel: Asked now and then.
        is_part: Tells names that the file itself defines, which no load would import.
    """
    nested = NestedStreams(stream, cancel)

    def reader_of(held: Stream) -> TensorReader:
        def find(identity: object) -> Storage | None:
            return nested.storage(identity) if isinstance(identity, Built) else held.find_storage(identity)

        def array(value: object) -> TensorRecord | None:
            found = array_of(value)
            return array_record((), found, held.region) if found is not None else None

        around = Surroundings(content, array, held.find_tensor)
        return lambda value: tensor_of(value, find, around)

    def open_nested(value: object) -> Nested | None:
        inner = nested.of(value)
        return None if inner is None else Nested(inner.pickle.value, reader_of(inner), inner.region)

    tree = flatten(
        stream.pickle.value,
        reader_of(stream),
        pickle_offset=stream.region.offset,
        cancel=cancel,
        source=stream.region.content,
        open_nested=open_nested,
    )
    runs = list(would_run(stream.pickle, opened=nested.opened, is_part=is_part))
    for aside in (aside for held in (stream, *nested.streams) for aside in held.asides):
        runs += would_run(aside, is_part=is_part)
    for inner in nested.streams:
        # offsets are counted from where the outermost stream starts, as far as both are in the file
        shift = (inner.region.offset or 0) - (stream.region.offset or 0) if inner.region.offset is not None else 0
        runs += [replace(run, offset=run.offset + shift) for run in would_run(inner.pickle, opened=nested.opened)]
    inner_notes = [note for inner in nested.streams for note in (*inner.notes, *inner.pickle.notes)]
    notes = [*stream.notes, *stream.pickle.notes, *dict.fromkeys(inner_notes), *nested.notes, *tree.notes]
    return Reading(
        format_name,
        tuple(tree.tensors),
        tuple(tree.values),
        tuple(sorted(runs, key=lambda run: run.offset)[:MOST_LISTED]),
        tuple(notes),
        stream.pickle.value,
        is_damaged=tree.is_cut or any(held.pickle.is_damaged for held in (stream, *nested.streams)),
    )
