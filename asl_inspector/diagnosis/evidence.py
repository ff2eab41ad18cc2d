"""Everything that the questions may look at, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asl_inspector.case.records import Case
from asl_inspector.checkpoints.comparison_records import Comparison
from asl_inspector.checkpoints.health_records import HealthNote
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.data.records import DataMeasures
from asl_inspector.history.records import History
from asl_inspector.inference import decoding
from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.records import EffectiveRanks, LayerResets
from asl_inspector.inference.saved import SavedFacts
from asl_inspector.networks.records import Architecture
from asl_inspector.samples.records import UNLABELLED, Clips

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """Predictions on labelled clips, with the decoded glosses. N clips.

    Attributes:
        clips: The clips.
        predictions: What the network made of them.
        decoder: The decoder that the questions go by: "majority", "first_token", "score" or "beam".
    """

    clips: Clips
    predictions: Predictions
    decoder: str = "majority"

    @cached_property
    def labelled(self) -> BoolArray:
        """(N,), clips that ran and have a true id."""
        return self.predictions.ran & np.not_equal(self.clips.gloss_ids, UNLABELLED)

    @cached_property
    def majority(self) -> IntArray:
        """(N,), gloss by the majority of frames."""
        return decoding.majority(self.predictions).astype(np.int64)

    @cached_property
    def first_token(self) -> IntArray:
        """(N,), first token of the greedy path."""
        return decoding.first_token(self.predictions).astype(np.int64)

    @cached_property
    def score(self) -> IntArray:
        """(N,), gloss with the highest exact CTC probability."""
        return self.predictions.top[:, 0].astype(np.int64)

    @property
    def answer(self) -> IntArray:
        """(N,), by the decoder that was chosen."""
        return self.by_decoder.get(self.decoder, self.majority)

    @property
    def by_decoder(self) -> dict[str, IntArray]:
        """The decoders by the names of the contract; a beam search only where it was asked for."""
        found = {"majority": self.majority, "first_token": self.first_token, "score": self.score}
        if self.predictions.beam is not None:
            found["beam"] = self.predictions.beam.first(self.predictions.blank).astype(np.int64)
        return found

    @cached_property
    def _highest(self) -> IntArray | None:
        found = None if self.predictions.one_answer_a_clip else decoding.max_over_time(self.predictions)
        return None if found is None else found.astype(np.int64)

    @property
    def rules(self) -> dict[str, IntArray]:
        """All rules that the outputs were decoded by: the decoders, the mean logit and the maximum over time."""
        found = self.by_decoder
        predictions = self.predictions
        if self._highest is not None:  # without a blank the mean logit is the score
            if predictions.mean_logit is not None:
                found["mean_logit"] = predictions.mean_logit.astype(np.int64)
            found["max_over_time"] = self._highest
        return found

    @cached_property
    def empty(self) -> BoolArray:
        """(N,), clips whose frames are all blank."""
        return np.equal(self.majority, self.predictions.blank)

    def right(self, predicted: IntArray, truth: IntArray | None = None) -> BoolArray:
        """(n,), which of the labelled clips are right."""
        true_ids = self.clips.gloss_ids if truth is None else truth
        return np.equal(predicted[self.labelled], true_ids[self.labelled])


@dataclass(frozen=True)
class Evidence:
    """What is known of a case.

    Attributes:
        case: The files.
        checkpoint: The checkpoint, or None.
        architecture: Its network, or None where none could be built.
        validation: Predictions on the validation clips, or None.
        train: Predictions on the training clips, or None.
        stage1: The network compared with the Stage 1 checkpoint, or None.
        stage1_name: Name of the Stage 1 file.
        history: The run's history, or None.
        nonfinite: Weights that are not finite, by key.
        health: What the weights themselves answer.
        data: What was found in the clips, or None where they were not looked through.
        saved: What is known of saved outputs, where they stand for a network's, or None.
        saved_names: Glosses by the classes of saved outputs, where they are known.
        saturated: Share of the first layer's gates that the validation features drive to their ends, or None.
        realigned: Predictions on the validation clips after a repair of their features, by the repair's name.
        ranks: In how many directions features and encoder outputs spread, or None where no network was run.
        resets: How many answers stay when each layer is drawn anew, or None where no network was run.
    """

    case: Case
    checkpoint: Checkpoint | None
    architecture: Architecture | None
    validation: Scored | None
    train: Scored | None
    stage1: Comparison | None
    stage1_name: str
    history: History | None
    nonfinite: dict[str, int]
    health: tuple[HealthNote, ...] = ()
    data: DataMeasures | None = None
    saved: SavedFacts | None = None
    saved_names: Mapping[int, str] = field(default_factory=dict)
    saturated: float | None = None
    realigned: Mapping[str, Scored] = field(default_factory=dict)
    ranks: EffectiveRanks | None = None
    resets: LayerResets | None = None
