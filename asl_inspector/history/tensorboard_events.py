"""TensorBoard event files: the scalars in them, read by a small bounded reader of our own.

A file is a row of records: eight bytes of length, their masked CRC-32C, the data, its masked CRC-32C. The data is an
`Event` message; its summary has values with a tag and a number (an old `simple_value`, or a tensor of one number).
Everything else (pictures, histograms, graphs) is skipped unread. A file that is cut short is read up to the cut.

Steps become epochs where the run logged an "epoch" beside its figures, or where the validation figures stand at
consecutive steps; else one point is made of every validation.

Sources: TensorFlow `core/lib/io/record_writer.h`, `core/util/event.proto`, `core/framework/summary.proto` and
`tensor.proto`; Protocol Buffers encoding; Castagnoli's polynomial, RFC 3720 appendix B.4; the mask is
`record_writer`'s rotation by 15 bits plus 0xa282ead8.
"""

from __future__ import annotations

import bisect
import math
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from asl_inspector.errors import DataError
from asl_inspector.history.figures import Epoch, Side, build, figure_of, words_of
from asl_inspector.history.records import FIGURE_NAMES, FigureName, History
from asl_inspector.inert_pickle.records import Buffer

MOST_SCALARS = 500_000
LARGEST_RECORD = 64 << 10  # a record with pictures or histograms is larger and holds no scalar that is missed
MASK_DELTA = 0xA282EAD8
MOST_POINTS = 2_000
FLOAT, DOUBLE, INT32, INT64 = 1, 2, 3, 9
Scalars = dict[str, list[tuple[int, float]]]


def _crc_table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = (number >> 1) ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return tuple(table)


CRC_TABLE = _crc_table()


def masked_crc(data: bytes) -> int:
    """CRC-32C of `data` as the format writes it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & 0xFFFFFFFF


def records(content: Buffer) -> Iterator[bytes | None]:
    """The data of each record; None for one that is too large to hold scalars.

    Raises:
        EOFError: Where the file breaks off, after all whole records.
        ValueError: At the first record whose checksum is wrong.
    """
    view = memoryview(content)
    place = 0
    while place < len(view):
        if place + 12 > len(view):
            raise EOFError
        head = bytes(view[place : place + 8])
        (length,) = struct.unpack("<Q", head)
        if struct.unpack_from("<I", view, place + 8)[0] != masked_crc(head):
            raise ValueError("length")
        if place + 16 + length > len(view):
            raise EOFError
        if length > LARGEST_RECORD:
            yield None
        else:
            data = bytes(view[place + 12 : place + 12 + length])
            if struct.unpack_from("<I", view, place + 12 + length)[0] != masked_crc(data):
                raise ValueError("data")
            yield data
        place += 16 + length


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a protobuf message: an int for varints and fixed numbers, else bytes.

    Raises:
        ValueError: If the message is built wrongly.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield number, value
            continue
        if wire == 2:
            size, place = _varint(data, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if place + size > len(data):
            raise ValueError("a field that breaks off")
        yield number, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            raise ValueError("a number that breaks off")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("a number of more than ten bytes")


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def scalars_of(event: bytes) -> tuple[int, list[tuple[str, float]]]:
    """Step and scalars of one event.

    Raises:
        ValueError: If the message is built wrongly.
    """
    step = 0
    found: list[tuple[str, float]] = []
    for number, value in fields(event):
        if number == 2 and isinstance(value, int):
            step = _signed(value)
        elif number == 5 and isinstance(value, bytes):
            for inner, message in fields(value):
                if inner == 1 and isinstance(message, bytes):
                    tag, scalar = _value(message)
                    if scalar is not None:
                        found.append((tag, scalar))
    return step, found


def _value(message: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, value in fields(message):
        if number == 1 and isinstance(value, bytes):
            tag = value.decode("utf-8", "replace")
        elif number == 2 and isinstance(value, bytes) and len(value) == 4:
            scalar = float(struct.unpack("<f", value)[0])
        elif number == 8 and isinstance(value, bytes):
            scalar = _tensor(value)
    return tag, scalar


def _tensor(message: bytes) -> float | None:
    """The number of a tensor that holds one, else None."""
    kind, content = 0, b""
    formats = {FLOAT: "<f", DOUBLE: "<d", INT32: "<i", INT64: "<q"}
    for number, value in fields(message):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number in (4, 5, 6) and isinstance(value, bytes):
            content = value
    form = formats.get(kind)
    if form is None or len(content) != struct.calcsize(form):
        return None
    return float(struct.unpack(form, content)[0])


def read_events(source: str, content: Buffer, side: Side | None = None) -> History:
    """The history in an event file.

    Args:
        source: Name of the file.
        content: Its bytes.
        side: What its folder says ("train", "validation"): Keras writes one file for each.

    Raises:
        DataError: If the first record is damaged already.
    """
    scalars: Scalars = defaultdict(list)
    notes: list[str] = []
    whole = held = 0
    try:
        for data in records(content):
            whole += 1
            if data is None:
                continue
            step, found = scalars_of(data)
            held += len(found)
            for tag, value in found:
                scalars[tag].append((step, value))
            if held >= MOST_SCALARS:
                notes.append(f"Only the first {MOST_SCALARS:,} scalars were read.")
                break
    except EOFError:
        notes.append(f"“{source}” is cut short; its {whole:,} whole records were read.")
    except ValueError:
        if not whole:
            raise DataError(
                f"“{source}” is a damaged TensorBoard event file.", advice="Copy it again from where it was written."
            ) from None
        notes.append(f"“{source}” is damaged after {whole:,} records; those before were read.")
    return replace(_history(source, scalars, side), notes=tuple(notes))


def _history(source: str, scalars: Scalars, side: Side | None) -> History:
    chosen = _tags(scalars, side)
    series = {figure: _last_a_step(scalars[tag]) for figure, tag in chosen.items()}
    if not series:
        return History(source, kind="events")
    numbered = _numbered(scalars)
    if numbered is not None:
        return _by_epoch(source, series, numbered)
    validation = [one for name in ("val_acc", "val_loss") if (one := series.get(name))]
    main = validation[0] if validation else max(series.values(), key=len)
    steps = sorted(main)
    consecutive = steps == list(range(steps[0], steps[0] + len(steps))) and steps[0] in (0, 1)
    if consecutive or (all(one.keys() == main.keys() for one in series.values()) and len(steps) <= MOST_POINTS):
        axis = "epoch" if consecutive else "step"
        points = [(step, {name: one[step] for name, one in series.items() if step in one}) for step in steps]
        return _built(source, points, axis)
    return _between(source, series, steps)


def _tags(scalars: Scalars, side: Side | None) -> dict[FigureName, str]:
    """The tag of each figure: the plainest name, those of single steps last."""
    found: dict[FigureName, str] = {}
    for tag in sorted(scalars, key=lambda one: ("step" in words_of(one), len(words_of(one)), one)):
        figure = figure_of(tag.removesuffix("_step"), side)
        if figure is not None:
            found.setdefault(figure, tag)
    return found


def _last_a_step(points: list[tuple[int, float]]) -> dict[int, float]:
    """By step; where a run was resumed and wrote a step again, the later number counts."""
    return dict(points)


def _numbered(scalars: Scalars) -> dict[int, int] | None:
    """Epoch of each step, where the run logged it."""
    tag = next((tag for tag in scalars if tag.lower().rsplit("/", 1)[-1] == "epoch"), None)
    if tag is None:
        return None
    return {step: math.ceil(value - 1e-9) for step, value in scalars[tag] if math.isfinite(value)}


def _by_epoch(source: str, series: dict[FigureName, dict[int, float]], numbered: dict[int, int]) -> History:
    """One point an epoch, each with the last number of that epoch."""
    table: dict[int, dict[FigureName, float]] = defaultdict(dict)
    known = sorted(numbered)
    for name, points in series.items():
        for step in sorted(points):
            at = known[max(0, bisect.bisect_right(known, step) - 1)]
            table[numbered[at]][name] = points[step]
    return _built(source, sorted(table.items()), "epoch")


def _between(source: str, series: dict[FigureName, dict[int, float]], steps: list[int]) -> History:
    """One point a validation: training figures are the mean since the one before; without validation, binned."""
    if len(steps) > MOST_POINTS:
        every = -(-len(steps) // MOST_POINTS)
        steps = steps[every - 1 :: every]
    gathered: list[dict[FigureName, list[float]]] = [defaultdict(list) for _ in steps]
    for name, one in series.items():
        for step in sorted(one):
            at = bisect.bisect_left(steps, step)
            if at < len(steps):
                gathered[at][name].append(one[step])
    points = []
    for step, row in zip(steps, gathered, strict=True):
        mean: dict[FigureName, float] = {
            name: inside[-1] if name.startswith("val") else sum(inside) / len(inside) for name, inside in row.items()
        }
        points.append((step, mean))
    return _built(source, points, "step")


def _built(source: str, points: list[tuple[int, dict[FigureName, float]]], axis: str) -> History:
    epochs = []
    for number, row in points:
        epoch = Epoch(number, f"{axis} {number}")
        for name in FIGURE_NAMES:
            if name in row:
                epoch.take(name, row[name], percent=False)
        epochs.append(epoch)
    return build(source, epochs, kind="events", axis=axis)
