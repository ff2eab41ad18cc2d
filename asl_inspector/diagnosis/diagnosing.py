"""All questions, asked in order, and their answers put together."""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.diagnosis import (
    blanks,
    capacity,
    causes,
    chance,
    classes,
    collapse,
    counterfactuals,
    data_quality,
    decoders,
    labels,
    metadata,
    overfitting,
    pretraining,
    training,
    weights,
)
from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.diagnosis.findings import Answers, Finding, Undetermined
from asl_inspector.diagnosis.measures import Accuracy, accuracy
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.progress import CancelToken


@dataclass(frozen=True)
class ClipMeasures:
    """Figures of one file of clips.

    Attributes:
        accuracies: By decoder; None where no clip is labelled.
        top5: True gloss among the five with the highest exact probability.
        blanks: Blank figures.
        histogram: What the network says.
        losses: Mean CTC losses.
    """

    accuracies: dict[str, Accuracy | None]
    top5: Accuracy | None
    blanks: blanks.BlankMeasures
    histogram: collapse.HistogramMeasures
    losses: metadata.Losses


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        verdict: In one word.
        headline: In one sentence.
        summary: A second sentence with the figure that matters.
        causes: Most likely first.
        findings: In the order of the questions.
        undetermined: What the files cannot answer.
        validation: Figures of the validation clips, or None.
        train: Figures of the training clips, or None.
        by_name: Majority accuracy by gloss name, or None.
        labels: The label audit, or None.
        stage1: What became of the Stage 1 file.
        chance: The accuracy beside guessing, or None.
        reproduction: Stored figures against measured ones.
        sweep: The blank-bias sweep, or None.
    """

    verdict: causes.Verdict
    headline: str
    summary: str
    causes: tuple[causes.Cause, ...]
    findings: tuple[Finding, ...]
    undetermined: tuple[Undetermined, ...]
    validation: ClipMeasures | None
    train: ClipMeasures | None
    by_name: Accuracy | None
    labels: labels.LabelAudit | None
    stage1: pretraining.Stage1Verdict
    chance: chance.ChanceTest | None
    reproduction: metadata.Reproduction
    sweep: blanks.BlankSweep | None


def measure(scored: Scored | None) -> ClipMeasures | None:
    """Figures of one file of clips, or None where none was run."""
    if scored is None:
        return None
    blank_figures = blanks.measure(scored.predictions)
    mask = scored.labelled
    in_top = (scored.predictions.top[mask] == scored.clips.gloss_ids[mask][:, None]).any(axis=1)
    return ClipMeasures(
        accuracies={name: accuracy(scored.right(ids)) for name, ids in scored.by_decoder.items()},
        top5=accuracy(in_top),
        blanks=blank_figures,
        histogram=collapse.measure(scored, blank_figures.padded_frames),
        losses=metadata.measure_losses(scored),
    )


def diagnose(evidence: Evidence, *, cancel: CancelToken | None = None) -> Diagnosis:
    """Ask every question and rank the causes.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    validation, train = measure(evidence.validation), measure(evidence.train)
    audit = labels.audit(evidence)
    truth = audit.learned_ids if audit is not None and audit.agree < audit.of else None
    labels_wrong = truth is not None
    epochs = len(evidence.history.epochs) if evidence.history else None
    tested = chance.compare_with_guessing(evidence.validation, epochs, truth) if evidence.validation else None
    above = tested.above if tested else None
    swept = blanks.sweep(evidence.validation, truth) if evidence.validation else None
    stage1 = pretraining.judge(evidence.stage1, evidence.history)
    reproduction = metadata.reproduce(evidence, validation.losses if validation else None)
    remapped, remap_answers = counterfactuals.remap(evidence.validation, audit)
    answers = [
        labels.ask(evidence, audit),
        remap_answers,
        classes.ask(evidence),
        weights.ask(evidence),
        metadata.ask(evidence, reproduction),
        chance.ask(evidence, tested),
        pretraining.ask(evidence, stage1),
        training.ask(evidence),
        blanks.ask(validation.blanks if validation else None, swept),
        collapse.ask(validation.histogram if validation else None),
        decoders.ask(evidence.validation, truth),
        data_quality.ask(evidence, cancel),
        capacity.ask(evidence),
        overfitting.ask(evidence, labels_wrong=labels_wrong, above_chance=above),
    ]
    findings = tuple(finding for answer in answers for finding in answer.findings)
    computed = {
        "label-map-mismatch": remapped,
        "blank-collapse": counterfactuals.without_blank(swept),
        "decoder-mismatch": counterfactuals.best_decoder(evidence.validation, audit),
    }
    ranked = causes.rank(findings, {key: value for key, value in computed.items() if value is not None})
    verdict = causes.verdict_of(ranked, above)
    headline, summary = _headline(verdict, ranked, findings, evidence)
    return Diagnosis(
        verdict=verdict,
        headline=headline,
        summary=summary,
        causes=ranked,
        findings=findings,
        undetermined=_undetermined(answers, evidence),
        validation=validation,
        train=train,
        by_name=counterfactuals.by_gloss_name(evidence.validation, audit),
        labels=audit,
        stage1=stage1,
        chance=tested,
        reproduction=reproduction,
        sweep=swept,
    )


def _undetermined(answers: list[Answers], evidence: Evidence) -> tuple[Undetermined, ...]:
    found = [one for answer in answers for one in answer.undetermined]
    if evidence.validation is None:
        found.insert(
            0,
            Undetermined(
                "How good is the network?",
                "Nothing was predicted, so blanks, accuracy and collapse are unknown.",
                "Drop the checkpoint and its validation clips.",
            ),
        )
    return tuple(found)


def _headline(
    verdict: causes.Verdict, ranked: tuple[causes.Cause, ...], findings: tuple[Finding, ...], evidence: Evidence
) -> tuple[str, str]:
    """The verdict in one sentence, and the finding that carries it."""
    sentences = {finding.id: finding.sentence for finding in findings}
    chance_sentence = sentences.get("above-chance", sentences.get("at-chance", ""))
    if verdict == "healthy":
        return "Nothing critical is wrong with this network.", chance_sentence
    if ranked and (verdict == "ill" or ranked[0].severity != "info"):
        first = (
            next((one for one in ranked if one.severity == "critical"), ranked[0]) if verdict == "ill" else ranked[0]
        )
        leading = ranked[0] if ranked[0].confidence >= causes.ILL_FROM else first
        return REMEDIES[leading.id].headline, sentences[leading.supporting[0]]
    if evidence.validation is None:
        return "There is not enough here for a diagnosis yet.", "Drop the checkpoint and its validation clips."
    return "No cause was found, and the accuracy cannot be told from guessing.", chance_sentence
