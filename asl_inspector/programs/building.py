"""From a hosted network to one that the rest of the program can run: how it is called, what its answers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.records import Scalar
from asl_inspector.errors import DataError, InferenceError
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.answering import BLANK, POOLING, answer_questions, architecture_of, described
from asl_inspector.networks.blank_evidence import NONE
from asl_inspector.networks.building import BuiltNetwork, preparation_of
from asl_inspector.networks.plans import EVERY_FRAME, Answer, Labels, Plan, Question
from asl_inspector.networks.preparation import LENGTH, PADDED, RESAMPLED, preparation_questions
from asl_inspector.networks.records import Choice
from asl_inspector.programs.consent import FAMILY
from asl_inspector.programs.hosting import Host
from asl_inspector.programs.network import Asker, ProgramNetwork
from asl_inspector.programs.records import Kind, Made, Prepare
from asl_inspector.programs.trying import all_lengths, find_way, likely_blank
from asl_inspector.programs.ways import WORDS, Way
from asl_inspector.progress import CancelToken

CLIPS_TO_TRY = 8
CLIPS_AT_ONCE = 64
LEAST_BLANK_SHARE = 0.3
NAMES: dict[Kind, str] = {
    "code": "your own code",
    "TorchScript": "the TorchScript program in the file",
    "torch.export": "the exported program in the file",
    "onnx": "the ONNX program in the file",
}
BODIES: dict[Kind, str] = {
    "code": "own code",
    "TorchScript": "TorchScript program",
    "torch.export": "exported program",
    "onnx": "ONNX program",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What trying a network has shown."""

    made: Made
    asker: Asker
    way: Way
    sample: tuple[NDArray[np.float32], ...]


class HostedProgram:
    """A network in a process of its own and the clips to try it on.

    Args:
        host: Its process.
        kind: What it is.
        clips: The clips of the case; the first file is tried.
        settings: Settings in the checkpoint, dotted names.
        facts: What else is to be said of it, as sentences.
    """

    def __init__(
        self,
        host: Host,
        kind: Kind,
        clips: Sequence[ClipSource],
        settings: Mapping[str, Scalar],
        facts: tuple[str, ...] = (),
    ) -> None:
        self.host, self.kind = host, kind
        self._clips, self._settings, self._facts = tuple(clips), settings, facts
        self._found: Found | None = None
        self._prepared: dict[tuple[str, bytes], ClipSource] = {}

    def prepared(self, clips: ClipSource, cancel: CancelToken) -> ClipSource:
        """The clips as `prepare` of the researcher's code gives them; the same clips where there is none.

        Raises:
            InferenceError: If it fails on a clip.
            Cancelled: If `cancel` was set.
        """
        if not self.host.made(cancel).prepares:
            return clips
        key = (clips.name, clips.lengths.tobytes())
        if key not in self._prepared:
            self._prepared[key] = self._with_prepared(clips, cancel)
        return self._prepared[key]

    def _with_prepared(self, clips: ClipSource, cancel: CancelToken) -> ClipSource:
        """A pass over all clips, for what they are like afterwards; each is prepared again when it is run."""
        lengths, widths = np.zeros(len(clips.lengths), np.int64), set()
        usable: list[int] = np.flatnonzero(clips.lengths > 0).tolist()
        for start in range(0, len(usable), CLIPS_AT_ONCE):
            part = usable[start : start + CLIPS_AT_ONCE]
            made = self.host.call(Prepare(tuple(clips.features(index) for index in part)), cancel).arrays
            lengths[part] = [len(one) for one in made]
            widths |= {one.shape[1] for one in made}
        host = self.host

        def features(index: int) -> NDArray[np.float32]:
            held: NDArray[np.float32] = host.call(Prepare((clips.features(index),))).arrays[0]
            return held

        return replace(
            clips, lengths=lengths, features=features, feature_count=widths.pop() if len(widths) == 1 else None
        )

    def build(self, blank: int | None, chosen: Mapping[str, str], labels: Labels, cancel: CancelToken) -> BuiltNetwork:
        """The network, tried where it was not yet.

        Raises:
            InspectorError: If it cannot be run, or a choice is impossible.
            Cancelled: If `cancel` was set.
        """
        try:
            return self._built(blank, chosen, labels, cancel)
        except MemoryError as error:
            raise InferenceError(
                f"{error} It was tried on two clips of a usual length.",
                advice="Close other programs; or let the network do with less.",
            ) from None

    def end(self) -> None:
        """End its process."""
        self.host.end()

    def _built(self, blank: int | None, chosen: Mapping[str, str], labels: Labels, cancel: CancelToken) -> BuiltNetwork:
        found = self._found
        if found is None:
            found = self._found = self._try(cancel)
        module = ProgramNetwork(found.asker, found.way)
        module.heed(cancel)
        if not found.way.pooled and not found.way.same_length and found.way.fewest != found.way.most:
            for frames in self._lengths(cancel):
                module.output_frames(frames)
        wanted = dict(chosen)
        if blank is not None:
            wanted[BLANK] = NONE if blank < 0 else str(blank)
        plan = self._plan(found)
        answers = answer_questions(plan, self._settings, labels, wanted)
        choices = [choice for choice in described(plan, answers) if choice.name != POOLING]
        if answers[BLANK].settled_by == "assumed" and not found.way.pooled:
            answers, choices = self._with_likely_blank(found, module, labels, answers, choices)
        module.heed(CancelToken())
        architecture = architecture_of(plan, answers[BLANK], choices, pooled=found.way.pooled)
        return BuiltNetwork(module, architecture, preparation_of(answers))

    def _lengths(self, cancel: CancelToken) -> list[int]:
        every = [self.prepared(clips, cancel).lengths for clips in self._clips]
        return all_lengths(np.concatenate(every)) if every else []

    def _try(self, cancel: CancelToken) -> Found:
        made = self.host.made(cancel)
        sample = self._sample(cancel)
        asker = Asker(self.host, made, sample[0].shape[1])
        asker.cancel = cancel
        examples = [shape[axis] for shape in made.examples for axis in (1, 0, 2) if len(shape) > axis]
        way = find_way(asker.run, made.ports, sample, [*self._lengths(cancel), *(one for one in examples if one > 1)])
        asker.cancel = CancelToken()
        return Found(made, asker, way, sample)

    def _sample(self, cancel: CancelToken) -> tuple[NDArray[np.float32], ...]:
        """A few sound clips of the first file."""
        for source in self._clips:
            clips = self.prepared(source, cancel)
            usable = np.flatnonzero(clips.lengths > 0)
            if clips.feature_count is None or not len(usable):
                continue
            places = np.unique(np.linspace(0, len(usable) - 1, 4 * CLIPS_TO_TRY).astype(np.int64))
            held = (clips.features(int(usable[place])) for place in places)
            sound = [clip for clip in held if np.isfinite(clip).all()][:CLIPS_TO_TRY]
            if sound:
                return tuple(sound)
        raise DataError(
            "There is no clip with finite features of one width to try the network on.",
            advice="Drop the features that it was trained on.",
        )

    def _plan(self, found: Found) -> Plan:
        """The network as the questions about it see it."""
        way = found.way
        questions = [Question(POOLING, (EVERY_FRAME,), "{}", hint=EVERY_FRAME)] if not way.pooled else []
        if not found.made.prepares:
            questions += preparation_questions(found.asker.inputs, self._settings)
        if way.most is not None and way.most == way.fewest:
            options = (PADDED.format(way.most), RESAMPLED.format(way.most))
            fixed = Question(
                LENGTH, options, "It takes clips of one length only; a clip's length before the network: {}."
            )
            questions = [*(one for one in questions if one.name != LENGTH), fixed]
            if found.made.prepares:
                questions = [one for one in questions if one.name != LENGTH]
        what = found.made.what
        return Plan(
            family=FAMILY,
            source=f"It is computed by {NAMES[self.kind]}, in a process of its own.",
            body=BODIES[self.kind] + (f" {what}" if self.kind == "code" else ""),
            parts=(),
            inputs=found.asker.inputs,
            classes=way.classes,
            keys={},
            build=_never_built,
            questions=tuple(questions),
            facts=(*self._facts, *_told_of(way)),
        )

    def _with_likely_blank(
        self,
        found: Found,
        module: ProgramNetwork,
        labels: Labels,
        answers: dict[str, Answer],
        choices: list[Choice],
    ) -> tuple[dict[str, Answer], list[Choice]]:
        """The blank by what the network says most, where neither labels nor settings tell."""
        way = found.way
        free = {0, way.classes - 1} - set(labels.ids) - set(labels.vocabulary.values())
        made = [way.ask(found.asker.run, _within(clip, way)[np.newaxis], found.made.ports)[0] for clip in found.sample]
        likely = likely_blank(made, free, LEAST_BLANK_SHARE)
        if likely is None:
            return answers, choices
        index, share = likely
        sentence = (
            f"The network is a CTC recogniser with the blank at index {index}, assumed: no label has this index, and it is the"
            f" likeliest answer in {100 * share:.0f} % of the frames of a few clips."
        )
        changed = [replace(one, value=str(index), sentence=sentence) if one.name == BLANK else one for one in choices]
        return answers | {BLANK: Answer(str(index), "assumed")}, changed


def _never_built(answers: Mapping[str, str]) -> ProgramNetwork:  # noqa: ARG001 - a builder takes them
    raise AssertionError("a program is not built from a plan")


def _within(clip: NDArray[np.float32], way: Way) -> NDArray[np.float32]:
    """A clip of a length that the network takes."""
    frames = max(way.fewest, min(len(clip), way.most or len(clip)))
    return clip if frames == len(clip) else np.resize(clip, (frames, clip.shape[1]))


def _told_of(way: Way) -> tuple[str, ...]:
    """What was found by trying, as sentences."""
    takes = f"By trying: it takes {WORDS[way.order]}"
    if way.batch is not None:
        takes += f", always {way.batch} clips at a time."
    else:
        takes += "." if way.together or way.order == "TF" else ", one clip at a time."
    gives = "one answer a clip" if way.pooled else "an answer for every frame"
    if not way.pooled and not way.same_length:
        gives = "fewer frames than the clip has"
    found = [takes, f"By trying: it gives {gives}, as {way.scores}."]
    if way.most is not None and way.most == way.fewest:
        found.append(f"By trying: it takes clips of {way.most} frames and no other length.")
    elif way.fewest > 1:
        found.append(f"By trying: the shortest clip that it takes has {way.fewest} frames.")
    return (*found, *way.assumptions)
