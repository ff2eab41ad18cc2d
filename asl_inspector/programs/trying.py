"""How does a network want its clips, and how does it answer? Found by trying it on small clips.

Nothing is believed that was not seen: which axis is the batch is told by whether a clip's answer is the same alone and
beside another clip, which axis is time by what changes with the number of frames.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import InferenceError
from asl_inspector.programs.records import Arrays, Port
from asl_inspector.programs.ways import ORDERS, WORDS, FloatArray, Order, Run, Unwilling, Way, shape_text

USUAL_LENGTHS = (
    *(32, 64, 100, 16, 128, 50, 30, 60, 20, 25, 40, 48, 75, 80, 90, 96, 120, 150, 160, 180, 192, 200, 224, 240),
    *(256, 300, 320, 384, 400, 500, 512, 24, 10, 8),
)
LENGTHS_OF_CLIPS = 5
TOLERANCE = 1e-3  # of the largest answer: batches of other sizes sum in another order
ANSWER_WORDS = ("logit", "log_prob", "logprob", "prob", "score", "output", "pred")


def find_way(run: Run, ports: Sequence[Port], sample: Sequence[FloatArray], lengths: Sequence[int]) -> Way:
    """Try a network until it is known how it wants to be called.

    Args:
        run: Calls it; raises `Unwilling` where it raised.
        ports: Its inputs.
        sample: A few clips, (T, F) each; at least one with a frame.
        lengths: Frames that clips may well have, the likeliest first.

    Raises:
        InferenceError: If no way was found; says what was tried, and what it answered.
    """
    fills, assumptions = _fills(ports)
    first = ports[fills.index("features")]
    width = sample[0].shape[1]
    refusals, detail = list[str](), ""
    fallback: tuple[Way, int] | None = None
    candidates = _candidates(first, fills, width)
    for frames in _lengths_to_try(first, lengths, width):
        for way in candidates:
            if not _fits(first, way, frames) or (way.order == "TF" and fallback is not None):
                continue
            try:
                found, sure = _tried(way, run, ports, _pair(sample, frames))
            except Unwilling as error:
                refusals.append(f"{WORDS[way.order]}, {frames} frames: {error}")
                detail = detail or error.detail
                continue
            if sure:
                found = replace(found, assumptions=(*assumptions, *found.assumptions))
                return _with_range(found, run, ports, sample, frames, lengths)
            fallback = fallback or (found, frames)
        if fallback is not None:
            break
    if fallback is not None:
        odd = "Its answer for a clip depends on the other clips of a batch, so clips are run one by one."
        found, frames = fallback
        found = replace(found, assumptions=(*assumptions, *found.assumptions, odd))
        return _with_range(found, run, ports, sample, frames, lengths)
    raise InferenceError(
        f"The network does not take clips of {width} features a frame in any usual arrangement.",
        advice="Drop the features that it was trained on; its own words are below.",
        detail="\n\n".join(("\n".join(dict.fromkeys(refusals))[:20_000], detail)).strip(),
    )


def _fills(ports: Sequence[Port]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What goes into every input, and what is assumed in saying so."""
    fills: list[str] = []
    for port in ports:
        name = port.name.lower()
        whole = port.kind.startswith(("int", "bool"))
        if "features" not in fills and not whole and "len" not in name and "mask" not in name:
            fills.append("features")
        elif "pad" in name and "mask" in name:
            fills.append("padding")
        elif "mask" in name or "valid" in name or port.kind == "bool":
            fills.append("valid frames")
        elif "len" in name or (whole and (port.shape is None or len(port.shape) == 1)):
            fills.append("lengths")
        else:
            listed = ", ".join(f"“{one.name}”" for one in ports)
            raise InferenceError(
                f"The network wants inputs that clips do not have: {listed}.",
                advice="Wrap it in a module that takes the features alone (Run > Run with code of your own, or --trust CODE.py).",
            )
    if "features" not in fills:
        raise InferenceError("The network has no input that could take features.")
    told = {
        "lengths": "Its input “{}” is taken to be the number of frames of each clip.",
        "valid frames": "Its input “{}” is taken to mark the frames that count with 1.",
        "padding": "Its input “{}” is taken to mark padded frames with 1.",
    }
    pairs = zip(fills, ports, strict=True)
    return tuple(fills), tuple(told[fill].format(port.name) for fill, port in pairs if fill in told)


def _candidates(port: Port, fills: tuple[str, ...], width: int) -> list[Way]:
    """The arrangements that the declared shape of the features allows, the most usual first."""
    shape = port.shape
    plain = [Way(order, fills) for order in ORDERS]
    if shape is None:
        return plain
    if len(shape) == 4:
        splits = [
            (joints, axes, last)
            for joints, axes, last in ((shape[2], shape[3], False), (shape[3], shape[1], True))
            if joints is not None and axes is not None and joints * axes == width
        ]
        return [Way("NTF", fills, (joints, axes), last) for joints, axes, last in splits]
    plain = [replace(way, batch=_fixed_batch(shape, way.order)) for way in plain]
    place = {"NTF": 2, "TNF": 2, "NFT": 1, "TF": 1}
    return [way for way in plain if len(way.order) == len(shape) and shape[place[way.order]] in (None, width)]


def _fixed_batch(shape: tuple[int | None, ...], order: Order) -> int | None:
    """How many clips the declared shape asks for, where it is more than one."""
    size = shape[order.index("N")] if "N" in order and len(shape) == len(order) else None
    return size if size is not None and size > 1 else None


def _lengths_to_try(port: Port, lengths: Sequence[int], width: int) -> list[int]:
    """Numbers of frames, the declared ones first; never as many as features, which would confuse."""
    declared = [size for size in port.shape or () if size is not None and size > 1]
    listed = [*lengths[:LENGTHS_OF_CLIPS], *USUAL_LENGTHS]
    others = [frames for frames in listed if frames > 0 and frames != width]
    return list(dict.fromkeys([*declared, *others]))


def _fits(port: Port, way: Way, frames: int) -> bool:
    """True where the declared shape allows so many frames."""
    if port.shape is None:
        return True
    axis = (2 if way.joints_last else 1) if way.split is not None else way.order.index("T")
    return port.shape[axis] in (None, frames)


def _pair(sample: Sequence[FloatArray], frames: int) -> FloatArray:
    """Two clips of so many frames, (2, T, F): clips of the sample, from the start again where they are shorter."""
    made = []
    for index in range(2):
        clip = sample[index % len(sample)]
        clip = clip[::-1] if index >= len(sample) else clip
        made.append(np.resize(clip, (frames, clip.shape[1])))
    pair: FloatArray = np.stack(made).astype(np.float32)
    return pair


def _tried(way: Way, run: Run, ports: Sequence[Port], pair: FloatArray) -> tuple[Way, bool]:
    """The way with what is learned from two clips, alone and together; False where their answers depend on each other.

    Raises:
        Unwilling: If it does not even take one clip.
    """
    alone = [run(way.inputs(pair[index : index + 1], ports)) for index in range(2)]
    if way.order == "NFT" and _takes(way, run, ports, np.concatenate([pair, pair[..., :1]], axis=2)[:1]):
        raise Unwilling("it takes any number of features there, so these are no features")
    output = _output_of(alone[0])
    both = None
    if way.order != "TF":
        try:
            both = run(way.inputs(pair, ports))
        except Unwilling:
            both = None
    singles = [one.arrays[output] for one in alone]
    if way.batch is not None:
        axis = _axis_of_copies(way.batch, singles, both.arrays[output] if both is not None else None)
        return _named(way, run, ports, pair, output, axis or 0, together=axis is not None), axis is not None
    batch = _batch_axis(singles, both.arrays[output] if both is not None else None)
    if both is not None and both.arrays[output].ndim != singles[0].ndim:  # the axis of a single clip is left out
        return _named(way, run, ports, pair, output, None, together=False), True
    if batch is None and both is not None:
        guess = 1 if way.order == "TNF" and singles[0].ndim == 3 else 0
        return _named(way, run, ports, pair, output, guess, together=False), False
    if batch is None and 1 in singles[0].shape and singles[0].ndim > 1 and way.order != "TF":
        batch = singles[0].shape.index(1)
    return _named(way, run, ports, pair, output, batch, together=both is not None), True


def _takes(way: Way, run: Run, ports: Sequence[Port], clips: FloatArray) -> bool:
    """True where the network takes these clips."""
    try:
        run(way.inputs(clips, ports))
    except Unwilling:
        return False
    return True


def _output_of(made: Arrays) -> int:
    """Which of the outputs holds the scores: the first that is named so, else the first that could."""
    fitting = [
        index for index, one in enumerate(made.arrays) if one.dtype.kind == "f" and 1 <= one.ndim <= 3 and one.size > 1
    ]
    if not fitting:
        shapes = ", ".join(shape_text(one.shape) for one in made.arrays) or "nothing"
        raise InferenceError(
            f"The network answers {shapes}, which are no scores of frames or clips.",
            advice="It has to give (clips, frames, classes) or (clips, classes).",
        )
    names = dict(enumerate(made.names))
    named = [index for index in fitting if any(word in names.get(index, "").lower() for word in ANSWER_WORDS)]
    return (named or fitting)[0]


def _batch_axis(alone: Sequence[NDArray[Any]], both: NDArray[Any] | None) -> int | None:
    """The axis along which two answers lie side by side, unchanged."""
    if both is None or both.ndim != alone[0].ndim:
        return None
    for axis in range(both.ndim):
        sizes = [*alone[0].shape]
        sizes[axis] *= 2
        if tuple(sizes) == both.shape and _alike(np.concatenate(alone, axis), both):
            return axis
    return None


def _axis_of_copies(count: int, alone: Sequence[NDArray[Any]], both: NDArray[Any] | None) -> int | None:
    """The axis along which copies of one clip have one answer each, the same one beside another clip."""
    for axis in range(alone[0].ndim):
        if both is None or alone[0].shape[axis] != count or both.shape != alone[0].shape:
            continue
        first = [np.take(one, 0, axis) for one in alone]
        copies = all(_alike(one, np.take(alone[0], index, axis)) for index in range(count) for one in first[:1])
        if copies and all(_alike(one, np.take(both, index, axis)) for index, one in enumerate(first)):
            return axis
    return None


def _alike(wanted: NDArray[Any], found: NDArray[Any]) -> bool:
    sound = np.isfinite(wanted)
    if not np.array_equal(sound, np.isfinite(found)):
        return False
    scale = float(np.abs(wanted[sound]).max(initial=0))
    return bool(np.abs(wanted[sound] - found[sound]).max(initial=0) <= TOLERANCE * max(scale, 1e-6))


def _named(
    way: Way, run: Run, ports: Sequence[Port], pair: FloatArray, output: int, batch: int | None, *, together: bool
) -> Way:
    """The way with the names of the answer's axes and what its numbers are."""
    frames = pair.shape[1]
    one = run(way.inputs(pair[:1], ports)).arrays[output]
    left = [axis for axis in range(one.ndim) if axis != batch]
    assumptions: list[str] = []
    time: int | None = None
    if len(left) == 2:
        time = _time_axis(way, run, ports, pair, output, one, left)
        if time is None:
            fitting = [axis for axis in left if one.shape[axis] == frames]
            time = fitting[0] if len(fitting) == 1 else left[0]
            if len(fitting) != 1:
                assumptions.append("Which axis of its answer is time is assumed: it takes clips of one length only.")
    elif len(left) != 1:
        raise InferenceError(
            f"The network answers {shape_text(one.shape)} for {shape_text(pair[:1].shape)}, which is no score of frames or clips.",
            advice="It has to give (clips, frames, classes) or (clips, classes).",
        )
    axes = "".join("N" if axis == batch else "T" if axis == time else "C" for axis in range(one.ndim))
    classes = one.shape[axes.index("C")]
    if classes < 2:
        raise InferenceError(f"The network answers {shape_text(one.shape)}: a single number a frame names no gloss.")
    named = replace(way, output=output, axes=axes, classes=classes, together=together)
    if time is not None:
        named = replace(named, same_length=one.shape[time] == frames)
    again = run(way.inputs(pair[:1], ports)).arrays[output]
    if again.shape == one.shape and not _alike(one, again):
        assumptions.append("It gives another answer every time: dropout, or other chance, is at work in it.")
    return replace(named, scores=_scores(named.answers(one)), assumptions=tuple(assumptions))


def _time_axis(
    way: Way, run: Run, ports: Sequence[Port], pair: FloatArray, output: int, one: NDArray[Any], left: list[int]
) -> int | None:
    """The axis that grows with the clip, or None where the network takes no other length."""
    frames = pair.shape[1]
    for more in (2 * frames, frames + 8, frames + 1, max(1, frames // 2)):
        longer = np.resize(pair[0], (1, more, pair.shape[2])).astype(np.float32)
        try:
            other = run(way.inputs(longer, ports)).arrays[output]
        except Unwilling:
            continue
        changed = [axis for axis in left if other.ndim == one.ndim and other.shape[axis] != one.shape[axis]]
        if len(changed) == 1:
            return changed[0]
    return None


def _scores(answers: FloatArray) -> str:
    """What the numbers are, by their sums over the classes."""
    finite = answers[np.isfinite(answers).all(axis=-1)]
    if not finite.size:
        return "logits"
    if finite.min() >= 0 and np.allclose(finite.sum(axis=-1), 1, atol=1e-3):
        return "probabilities"
    if finite.max() <= 1e-4 and np.allclose(np.exp(finite.astype(np.float64)).sum(axis=-1), 1, atol=1e-3):
        return "log posteriors"
    return "logits"


def _with_range(
    way: Way, run: Run, ports: Sequence[Port], sample: Sequence[FloatArray], works: int, lengths: Sequence[int]
) -> Way:
    """The way with the fewest and most frames that it takes, looked for among the lengths of the clips."""
    others = [frames for frames in (works + 1, 2 * works) if _taken(way, run, ports, sample, frames) is not None]
    if not others and _taken(way, run, ports, sample, max(1, works - 1)) is None:
        return replace(way, fewest=works, most=works)
    known = sorted({*lengths, works})
    shorter, longer = [one for one in known if one <= works], [one for one in known if one >= works]
    least = _first_taken(shorter, lambda frames: _taken(way, run, ports, sample, frames))
    last = _first_taken(longer[::-1], lambda frames: _taken(way, run, ports, sample, frames))
    seen = [_taken(way, run, ports, sample, frames) for frames in (least, last, *others[:1])]
    pairs = zip((least, last, *others[:1]), seen, strict=True)
    same = way.same_length and all(made == frames for frames, made in pairs if made is not None)
    return replace(
        way,
        fewest=1 if least == known[0] else least,
        most=None if last == known[-1] else last,
        same_length=same or way.pooled,
    )


def _first_taken(lengths: Sequence[int], taken: Callable[[int], int | None]) -> int:
    """The first of the lengths that is taken, where all after it are and the last one surely is; by halving."""
    low, high = 0, len(lengths) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if taken(lengths[middle]) is not None else (middle + 1, high)
    return lengths[low]


def _taken(way: Way, run: Run, ports: Sequence[Port], sample: Sequence[FloatArray], frames: int) -> int | None:
    """Output frames of a clip of so many frames, or None where it is not taken."""
    try:
        made = run(way.inputs(_pair(sample, frames)[:1], ports)).arrays
    except Unwilling:
        return None
    if way.output >= len(made) or made[way.output].ndim != len(way.axes):
        return None
    return 1 if way.pooled else int(made[way.output].shape[way.axes.index("T")])


def likely_blank(answers: Sequence[FloatArray], free: set[int], share: float) -> tuple[int, float] | None:
    """The first or last class where it is no gloss and wins so often that it must be the blank, with how often.

    Args:
        answers: (T', C), of a few clips.
        free: Indices that no label has.
        share: Least share of the frames that it has to win.
    """
    best = np.concatenate([one.argmax(axis=-1) for one in answers]) if answers else np.zeros(0, np.int64)
    classes = answers[0].shape[-1] if answers else 0
    shares = [(float((best == index).mean()), index) for index in {0, classes - 1} & free if len(best)]
    found = max(shares, default=(0.0, 0))
    return (found[1], found[0]) if found[0] >= share else None


def all_lengths(lengths: NDArray[np.int64]) -> list[int]:
    """The frames that clips have: the middle one first, then the others in no order that matters."""
    known = sorted({int(one) for one in lengths.tolist() if one > 0})
    if not known:
        return []
    middle = int(np.median([one for one in lengths.tolist() if one > 0]))
    nearest = min(known, key=lambda one: abs(one - middle))
    return list(itertools.chain([nearest], (one for one in known if one != nearest)))
