"""Answers to what the tensors leave open: from the user, the keys' names, the settings, the labels, else assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asl_inspector.checkpoints.records import Scalar
from asl_inspector.errors import UnknownArchitecture
from asl_inspector.networks.blank_evidence import NONE, find_blank
from asl_inspector.networks.plans import EVERY_FRAME, MOST_NUMBER, Answer, Labels, Plan, Question
from asl_inspector.networks.preparation import SCALING, stated_scaling
from asl_inspector.networks.records import Architecture, Choice, SettledBy

BLANK, POOLING = "blank", "pooling"
GROUNDS: dict[SettledBy, str] = {
    "assumed": "assumed: nothing in the file settles it",
    "names": "as the names and settings in the file say",
    "settings": "as the checkpoint's settings say",
    "labels": "as the ids of labels and vocabulary say",
    "measured": "because it reproduces the stored figures",
    "you": "as you said",
}
POOLING_WORDS = {
    "mean": "mean",
    "avg": "mean",
    "average": "mean",
    "max": "max",
    "last": "last frame",
    "attention": "attention",
    "attn": "attention",
    "cls": "class token",
}


def answer_questions(
    plan: Plan, settings: Mapping[str, Scalar], labels: Labels, chosen: Mapping[str, str]
) -> dict[str, Answer]:
    """An answer for every question of a plan and for the blank.

    Raises:
        UnknownArchitecture: If something was chosen that cannot be.
    """
    names = (BLANK, *(question.name for question in plan.questions))
    for name in chosen:
        if name not in names:
            raise UnknownArchitecture(
                f"Nothing called “{name}” is open about this network: it can be {_listed(names)}."
            )
    answers = {question.name: _answer(question, settings, chosen) for question in plan.questions}
    pooling = answers.get(POOLING)
    pooled = pooling is not None and pooling.settled_by != "assumed" and pooling.value != EVERY_FRAME
    answers[BLANK] = _blank(plan, settings, labels, chosen, pooled=pooled or pooling is None)
    if pooling is not None and pooling.settled_by == "assumed":
        question = next(one for one in plan.questions if one.name == POOLING)
        if answers[BLANK].value != NONE:
            answers[POOLING] = Answer(EVERY_FRAME, answers[BLANK].settled_by)
        else:
            answers[POOLING] = Answer(next(one for one in question.options if one != EVERY_FRAME), "assumed")
    if answers[BLANK].value != NONE and answers.get(POOLING, Answer(EVERY_FRAME, "names")).value != EVERY_FRAME:
        raise UnknownArchitecture(
            f"A network that pools its frames ({answers[POOLING].value}) gives one answer a clip and has no blank.",
            advice=f"Choose “{EVERY_FRAME}” for the pooling, or “none” for the blank.",
        )
    return answers


def _answer(question: Question, settings: Mapping[str, Scalar], chosen: Mapping[str, str]) -> Answer:
    if question.name in chosen:
        wanted = chosen[question.name]
        if wanted not in question.options and not any(_is_of(wanted, form) for form in question.forms):
            possible = (*question.options, *(form.format("N") for form in question.forms))
            raise UnknownArchitecture(
                f"“{wanted}” cannot be chosen for the {question.name}: it can be {_listed(possible)}."
            )
        return Answer(wanted, "you")
    if question.hint:
        return Answer(question.hint, "names")
    if question.name == SCALING:
        stated = stated_scaling(settings, question.options)
        return Answer(question.options[0], "assumed") if stated is None else Answer(stated, "settings")
    for name, value in settings.items():
        last = name.rpartition(".")[2].lower()
        if any(word in last for word in question.words):
            text = str(value).lower()
            found = next((one for one in question.options if one == text), None)
            if found is None and question.name == POOLING:
                found = next((held for word, held in POOLING_WORDS.items() if word in text), None)
            if found in question.options:
                return Answer(str(found), "settings")
    return Answer(question.options[0], "assumed")


def _is_of(wanted: str, form: str) -> bool:
    """True for an answer of a form with a number that makes sense."""
    start, _, end = form.partition("{}")
    number = wanted.removeprefix(start).removesuffix(end)
    return wanted == form.format(number) and number.isdecimal() and 1 <= int(number) <= MOST_NUMBER


def _blank(
    plan: Plan, settings: Mapping[str, Scalar], labels: Labels, chosen: Mapping[str, str], *, pooled: bool
) -> Answer:
    if BLANK in chosen:
        value = chosen[BLANK]
        if value != NONE and not (value.isdecimal() and int(value) < plan.classes):
            raise UnknownArchitecture(
                f"The blank cannot be {value}: the network has {plan.classes} outputs, 0 to {plan.classes - 1}."
            )
        return Answer(value, "you")
    if plan.settled:
        why = f"the keys are those of the {plan.family} layout, whose training code has it so"
        return Answer(NONE if plan.blank is None else str(plan.blank), "names", why)
    found = find_blank(plan.classes, plan.keys.values(), settings, labels, pooled=pooled)
    return found or Answer(NONE, "assumed")


def described(plan: Plan, answers: Mapping[str, Answer]) -> tuple[Choice, ...]:
    """The answers as choices, each with a sentence."""
    blank = answers[BLANK]
    options = (NONE, "0", str(plan.classes - 1))
    if blank.value == NONE:
        sentence = "There is no blank among the outputs"
    else:
        sentence = f"The network is a CTC recogniser with the blank at index {blank.value}"
    why = f"because {blank.why}" if blank.why else GROUNDS[blank.settled_by]
    last = plan.classes - 1
    found = [
        Choice(BLANK, blank.value, options, blank.settled_by, f"{sentence}, {why}.", forms=("{}",), least=0, most=last)
    ]
    for question in plan.questions:
        answer = answers[question.name]
        text = question.sentence.format(answer.value).removesuffix(".")
        found.append(
            Choice(
                question.name,
                answer.value,
                question.options,
                answer.settled_by,
                f"{text}, {GROUNDS[answer.settled_by]}.",
                question.forms,
                1 if question.forms else 0,
                MOST_NUMBER if question.forms else 0,
            )
        )
    return tuple(found)


def architecture_of(plan: Plan, blank: Answer, choices: Sequence[Choice], *, pooled: bool) -> Architecture:
    """What is known of a network: of its plan, and of what was chosen; what the user said comes first."""
    told = [choice.sentence for choice in choices if choice.settled_by == "you"]
    assumed = [choice.sentence for choice in choices if choice.settled_by != "you"]
    return Architecture(
        family=plan.family,
        source=plan.source,
        body=plan.body,
        parts=plan.parts,
        inputs=plan.inputs,
        classes=plan.classes,
        blank=None if blank.value == NONE else int(blank.value),
        pooled=pooled,
        assumptions=(*told, *assumed, *plan.facts),
        choices=tuple(choices),
    )


def _listed(options: tuple[str, ...]) -> str:
    return ", ".join(options[:-1]) + (f" or {options[-1]}" if len(options) > 1 else options[-1])
