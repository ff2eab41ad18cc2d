"""From the tensors of a checkpoint to a network that runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.mapped_file import Content
from asl_inspector.networks import foreign
from asl_inspector.networks.answering import BLANK, POOLING, answer_questions, architecture_of, described
from asl_inspector.networks.network import Network
from asl_inspector.networks.plans import EVERY_FRAME, Answer, Labels, Plan
from asl_inspector.networks.preparation import LENGTH, SCALING, Preparation, preparation_questions
from asl_inspector.networks.recognising import find_plan, without_a_place
from asl_inspector.networks.records import Architecture, Tried

MOST_NAMED_KEYS = 6
MOST_STRANGERS = 3
AS_THEY_ARE = Preparation()


@dataclass(frozen=True, slots=True)
class BuiltNetwork:
    """A network in evaluation mode on the CPU, with what is known of it."""

    module: Network
    architecture: Architecture
    preparation: Preparation = AS_THEY_ARE


def recognise(checkpoint: Checkpoint, *, chosen: Mapping[str, str] | None = None) -> Architecture | None:
    """What network a checkpoint holds, without building it, or None where no layout fits."""
    settings = checkpoint.contents.hyperparameters
    plan = _plan(checkpoint)
    if plan is None:
        return None
    answers = answer_questions(plan, settings, Labels(), chosen or {})
    return _architecture(plan, answers)


def build_network(
    checkpoint: Checkpoint,
    content: Content,
    *,
    blank: int | None = None,
    chosen: Mapping[str, str] | None = None,
    labels: Labels | None = None,
) -> BuiltNetwork:
    """Rebuild the network whose weights a checkpoint holds.

    Args:
        checkpoint: The opened checkpoint.
        content: The bytes of its file.
        blank: Index of the blank where the user knows better than the layout; -1 says that there is none.
        chosen: Answers to open questions where the user, or a measurement, knows better, by name.
        labels: What labels and vocabularies say.

    Raises:
        UnknownArchitecture: If no known layout takes every tensor of the state dict, or a choice is impossible.
        UnreadableCheckpoint: If a tensor's numbers are not to be had.
    """
    if not checkpoint.weights:
        raise UnknownArchitecture(
            f"“{checkpoint.path.name}” holds no state dict, so there is no network to run.",
            advice="Drop the checkpoint that the training script saved.",
        )
    plan = _plan(checkpoint)
    if plan is None:
        raise _unknown(checkpoint)
    wanted = dict(chosen or {})
    if blank is not None:
        wanted[BLANK] = "none" if blank < 0 else str(blank)
    settings = checkpoint.contents.hyperparameters
    answers = answer_questions(plan, settings, labels or Labels(), wanted)
    module = plan.build({name: answer.value for name, answer in answers.items()})
    state = {
        name: torch.from_numpy(np.array(read_array(checkpoint.weights[key], content), dtype=np.float32))
        for name, key in plan.keys.items()
    }
    try:
        module.load_state_dict(plan.shape_state(state), strict=True)
    except RuntimeError as error:
        raise UnknownArchitecture(
            f"The tensors of “{checkpoint.path.name}” do not fit the {plan.family} layout that their names and shapes say.",
            detail=str(error),
        ) from None
    return BuiltNetwork(module.eval(), _architecture(plan, answers), preparation_of(answers))


def _plan(checkpoint: Checkpoint) -> Plan | None:
    """The plan with the questions about preprocessing; a layout of the seed project settles them: there is none."""
    plan = find_plan(checkpoint.weights)
    if plan is None:
        return None
    stated = checkpoint.contents.hyperparameters
    more = preparation_questions(plan.inputs, stated, settled=plan.prepared, frames=plan.frames)
    return replace(plan, questions=(*plan.questions, *more))


def preparation_of(answers: Mapping[str, Answer]) -> Preparation:
    """What is done to clips before the network, by the answers to the questions about it."""
    if SCALING not in answers:
        return Preparation()
    return Preparation(answers[SCALING].value, answers[LENGTH].value)


def _architecture(plan: Plan, answers: Mapping[str, Answer]) -> Architecture:
    pooling = answers.get(POOLING)
    pooled = pooling is None or pooling.value != EVERY_FRAME
    return architecture_of(plan, answers[BLANK], described(plan, answers), pooled=pooled)


def with_choices_measured(
    network: BuiltNetwork, settled: Mapping[str, str], undecided: Mapping[str, str]
) -> BuiltNetwork:
    """The same network, with new sentences for choices that were tried, by their names.

    Args:
        network: The network, built with what trying has shown.
        settled: Sentences of choices that a stored figure settles.
        undecided: Sentences of choices that stay assumed.
    """
    sentences = {**settled, **undecided}
    before = {choice.sentence: choice.name for choice in network.architecture.choices if choice.name in sentences}
    choices = tuple(
        replace(
            choice,
            settled_by="measured" if choice.name in settled else "assumed",
            sentence=sentences[choice.name],
        )
        if choice.name in sentences
        else choice
        for choice in network.architecture.choices
    )
    assumptions = tuple(sentences[before[one]] if one in before else one for one in network.architecture.assumptions)
    architecture = replace(network.architecture, choices=choices, assumptions=assumptions)
    return replace(network, architecture=architecture)


def with_tries(network: BuiltNetwork, tries: Mapping[str, tuple[Tried, ...]]) -> BuiltNetwork:
    """The same network, with what the options of its choices gave where they were tried; `tries` by choice."""
    choices = tuple(
        replace(choice, tries=tries[choice.name]) if choice.name in tries else choice
        for choice in network.architecture.choices
    )
    return replace(network, architecture=replace(network.architecture, choices=choices))


def _unknown(checkpoint: Checkpoint) -> UnknownArchitecture:
    keys = list(checkpoint.weights)
    named = ", ".join(f"`{key}`" for key in keys[:MOST_NAMED_KEYS])
    more = f" and {len(keys) - MOST_NAMED_KEYS} more" if len(keys) > MOST_NAMED_KEYS else ""
    what = foreign.name_of(keys)
    if what is not None:
        return UnknownArchitecture(f"“{checkpoint.path.name}” holds {what.name}. {what.why}", advice=what.advice)
    strange = without_a_place(checkpoint.weights)
    if strange:
        told = "; ".join(f"`{one.key}` is {one.why}" for one in strange[:MOST_STRANGERS])
        rest = f"; and {len(strange) - MOST_STRANGERS} more" if len(strange) > MOST_STRANGERS else ""
        return UnknownArchitecture(
            f"“{checkpoint.path.name}” has recurrent layers but is of an unknown architecture: {told}{rest}.",
            advice=foreign.OWN_CODE,
            detail="\n".join(f"{one.key}: {one.why}" for one in strange),
        )
    return UnknownArchitecture(
        f"No known network layout has the tensors of “{checkpoint.path.name}”: {named}{more}.",
        advice=f"Its keys can be inspected and compared. {foreign.OWN_CODE}",
    )
