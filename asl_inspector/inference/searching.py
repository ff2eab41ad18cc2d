"""Which combinations of open choices are worth a run over all clips? A sample tells, where there are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from asl_inspector.errors import InspectorError
from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.settling import (
    GOOD_ACCURACY,
    MOST_COMBINATIONS,
    MOST_ON_A_SAMPLE,
    NEAR,
    SAMPLE,
    Settled,
    Stored,
    best_accuracy,
    combinations,
    settle,
)
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.preparation import LENGTH, PADDED, RESAMPLED, USUAL_LENGTHS
from asl_inspector.networks.records import Choice
from asl_inspector.progress import Progress, Step

Way = Mapping[str, str]
FIRST_LENGTHS = (32, 64)  # a network that was fed with another length is still often right at these
MOST_AT_FIRST_LENGTHS = 128
MOST_ROUGH = 4  # combinations that are tried at every length
FORMS = (RESAMPLED, PADDED)


@dataclass(frozen=True)
class Search:
    """Tries combinations over clips with labels.

    Attributes:
        choices: What is known and open.
        stored: The figures to reproduce.
        clips: The clips that they were measured on.
        run: Runs the network over clips with these answers.
        progress: Told how far it is.
    """

    choices: Sequence[Choice]
    stored: Stored
    clips: ClipSource
    run: Callable[[ClipSource, Way], Predictions]
    progress: Progress

    def settled(self, lengths: Sequence[int]) -> Settled:
        """What reproduces the stored figures.

        Args:
            lengths: Lengths to try besides the usual ones, before them.

        Raises:
            Cancelled: By `run`.
        """
        sampled = self.stored.accuracy is not None and self.stored.accuracy >= GOOD_ACCURACY
        ways: Sequence[Way] = combinations(self.choices, MOST_ON_A_SAMPLE if sampled else MOST_COMBINATIONS)
        if len(ways) > MOST_COMBINATIONS:
            ways = self._near(ways)
        found = self._over_all(ways)
        if found.chosen is None and sampled and self._length_is_open():
            with_length = self._over_all(self._near(self._with_lengths(lengths)))
            return found if with_length.chosen is None else with_length
        return found

    def _over_all(self, ways: Sequence[Way]) -> Settled:
        done = 0

        def run(way: Way) -> Predictions:
            nonlocal done
            self.progress(Step("Trying what the checkpoint leaves open", done, len(ways), "ways"))
            done += 1
            return self.run(self.clips, way)

        return settle(ways, self.stored, self.clips.gloss_ids, run)

    def _near(self, ways: Sequence[Way]) -> list[Way]:
        """Those that come near the stored accuracy on the sample, the nearest first where they are too many."""
        wanted = (self.stored.accuracy or 0) - NEAR
        tried = [(accuracy, way) for accuracy, way in self._on_sample(ways) if accuracy >= wanted]
        if len(tried) > MOST_COMBINATIONS:
            tried = sorted(tried, key=lambda one: -one[0])[:MOST_COMBINATIONS]
        return [way for _, way in tried]

    def _with_lengths(self, lengths: Sequence[int]) -> list[Way]:
        """The likeliest combinations of everything else, each with every length."""
        others = combinations([one for one in self.choices if one.name != LENGTH], MOST_AT_FIRST_LENGTHS)
        first = [{**one, LENGTH: RESAMPLED.format(number)} for number in FIRST_LENGTHS for one in others]
        wanted = (self.stored.accuracy or 0) / 2
        rough = sorted(self._on_sample(first), key=lambda one: -one[0])
        likely = [way for accuracy, way in rough if accuracy >= wanted][:MOST_ROUGH]
        numbers = dict.fromkeys([*lengths, *USUAL_LENGTHS])
        return [{**way, LENGTH: form.format(number)} for way in likely for number in numbers for form in FORMS]

    def _length_is_open(self) -> bool:
        return any(one.name == LENGTH and one.settled_by == "assumed" for one in self.choices)

    def _on_sample(self, ways: Sequence[Way]) -> Iterable[tuple[float, Way]]:
        labelled = np.flatnonzero((self.clips.lengths > 0) & (self.clips.gloss_ids >= 0))
        count = min(SAMPLE, len(labelled))
        places = labelled[np.unique(np.linspace(0, len(labelled) - 1, count).astype(np.int64))]
        features = self.clips.features
        sample = replace(
            self.clips,
            lengths=self.clips.lengths[places],
            gloss_ids=self.clips.gloss_ids[places],
            features=lambda index: features(int(places[index])),
            target_ids=(),
        )
        for number, way in enumerate(ways):
            self.progress(Step("Trying what may have been done to the clips", number, len(ways), "ways"))
            try:
                yield best_accuracy(self.run(sample, way), sample.gloss_ids), way
            except InspectorError:  # what cannot be run is not what was done
                continue


def lengths_of(train: ClipSource | None) -> list[int]:
    """The length that all training clips have, where they have one."""
    known = np.unique(train.lengths[train.lengths > 0]) if train is not None else np.empty(0, np.int64)
    return [int(known[0])] if len(known) == 1 else []
