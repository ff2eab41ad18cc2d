"""From a checkpoint and the clips at hand to a network that may be trusted as far as can be known.

The tensors come first. What they leave open is taken from the user, from the settings and the labels, and where a
stored figure can decide, from trying it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.preparing import Spread, measure_spread, prepared
from asl_inspector.inference.records import Settings
from asl_inspector.inference.running import run_network
from asl_inspector.inference.searching import Search, lengths_of
from asl_inspector.inference.settling import MOST_CLIPS, combinations, stored_figures
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import Content
from asl_inspector.networks.building import BuiltNetwork, build_network, with_choices_measured, with_tries
from asl_inspector.networks.plans import Labels
from asl_inspector.networks.preparation import STANDARDISED
from asl_inspector.progress import CancelToken, Progress, silent


class Program(Protocol):
    """A network that keys alone cannot rebuild: code of the researcher, or a program in the file."""

    def build(self, blank: int | None, chosen: Mapping[str, str], labels: Labels, cancel: CancelToken) -> BuiltNetwork:
        """The network, with these answers to what is open about it."""
        ...

    def prepared(self, clips: ClipSource, cancel: CancelToken) -> ClipSource:
        """The clips as the program's own preparation gives them."""
        ...

    def end(self) -> None:
        """It is not needed any more."""
        ...


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A network with what its clips need.

    Attributes:
        network: The network.
        spread: Of the training clips, where features are to be standardised.
        program: Where the network comes from, if not from keys and shapes.
    """

    network: BuiltNetwork
    spread: Spread | None
    program: Program | None = None

    def end(self) -> None:
        """It is not needed any more."""
        if self.program is not None:
            self.program.end()

    def prepare(self, clips: ClipSource, cancel: CancelToken | None = None) -> ClipSource:
        """The clips as the network is to see them.

        Raises:
            InferenceError: If the training clips are needed and not there.
            Cancelled: If `cancel` was set.
        """
        if self.program is not None:
            clips = self.program.prepared(clips, cancel or CancelToken())
        return prepared(clips, self.network.preparation, self.spread)


def labels_of(checkpoint: Checkpoint, clips: Iterable[ClipSource], vocabularies: Iterable[Mapping[str, int]]) -> Labels:
    """What labels and vocabularies say of the outputs."""
    sources = list(clips)
    ids = {int(number) for source in sources for number in set(source.gloss_ids.tolist()) if number >= 0}
    ids.update(number for source in sources for target in source.target_ids for number in target if number >= 0)
    listed = checkpoint.contents.gloss_to_id or next((held for held in vocabularies if held), {})
    return Labels(frozenset(ids), listed)


def rebuild(
    checkpoint: Checkpoint,
    content: Content,
    settings: Settings,
    *,
    validation: ClipSource | None,
    train: ClipSource | None,
    vocabularies: Iterable[Mapping[str, int]] = (),
    program: Program | None = None,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Rebuilt:
    """Rebuild the network of a checkpoint.

    Args:
        checkpoint: The opened checkpoint.
        content: The bytes of its file.
        settings: What the user chose.
        validation: Clips that the stored figures were measured on, or None.
        train: Training clips, or None.
        vocabularies: Gloss to id, of every vocabulary file.
        program: What makes the network, if not keys and shapes.
        progress: Told how far the trials are.
        cancel: Asked between and in the trials.

    Raises:
        InspectorError: If no network can be built.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    try:
        return _rebuilt(checkpoint, content, settings, validation, train, vocabularies, program, progress, cancel)
    except BaseException:
        if program is not None:
            program.end()
        raise


def _rebuilt(
    checkpoint: Checkpoint,
    content: Content,
    settings: Settings,
    validation: ClipSource | None,
    train: ClipSource | None,
    vocabularies: Iterable[Mapping[str, int]],
    program: Program | None,
    progress: Progress,
    cancel: CancelToken,
) -> Rebuilt:
    labels = labels_of(checkpoint, [one for one in (validation, train) if one is not None], vocabularies)
    chosen = dict(settings.choices)

    def build(more: Mapping[str, str]) -> BuiltNetwork:
        if program is not None:
            return program.build(settings.blank, {**more, **chosen}, labels, cancel)
        return build_network(checkpoint, content, blank=settings.blank, chosen={**more, **chosen}, labels=labels)

    network = build({})
    spread: Spread | None = None

    def spread_for(one: BuiltNetwork) -> Spread | None:
        nonlocal spread
        if one.preparation.scaling == STANDARDISED and spread is None and train is not None:
            spread = measure_spread(train, cancel=cancel)
        return spread

    stored = stored_figures(checkpoint.contents.stored)
    told = validation is not None and len(validation.lengths) <= MOST_CLIPS and bool((validation.gloss_ids >= 0).any())
    if stored is None or validation is None or len(combinations(network.architecture.choices)) < 2 or not told:
        return Rebuilt(network, spread_for(network), program)

    def run(some: ClipSource, more: Mapping[str, str]) -> Predictions:
        one = build(more)
        return run_network(one, prepared(some, one.preparation, spread_for(one)), device=settings.device, cancel=cancel)

    clips = validation if program is None else program.prepared(validation, cancel)
    found = Search(network.architecture.choices, stored, clips, run, progress).settled(lengths_of(train))
    if found.chosen is None:
        return Rebuilt(with_tries(network, found.by_choice), spread_for(network), program)
    best = with_choices_measured(build(found.chosen), found.sentences, found.undecided)
    return Rebuilt(with_tries(best, found.by_choice), spread_for(best), program)
