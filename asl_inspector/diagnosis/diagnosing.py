"""All questions, asked in order, and their answers put together."""

from __future__ import annotations

from dataclasses import replace

from asl_inspector.data.measuring import measure_clips
from asl_inspector.diagnosis import (
    agreement,
    blanks,
    capacity,
    causes,
    chance,
    classes,
    collapse,
    confidence,
    continuous,
    counterfactuals,
    data_quality,
    decoders,
    dependence,
    epoch_findings,
    feasibility,
    files,
    labels,
    landmarks,
    metadata,
    multiplicity,
    nearest,
    offsets,
    overfitting,
    padding,
    pretraining,
    probing,
    realigned,
    relabelling,
    run,
    saved_outputs,
    structure,
    training,
    vocabularies,
    weights,
)
from asl_inspector.diagnosis.advising import advice_for_all, advised
from asl_inspector.diagnosis.code_of_run import code_of
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.diagnosis.expecting import Known
from asl_inspector.diagnosis.findings import Answers, Finding, Undetermined
from asl_inspector.diagnosis.measures import accuracy
from asl_inspector.diagnosis.records import Cause, ClipMeasures, Diagnosis, LabelAudit, Verdict
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.inference.predictions import TOP
from asl_inspector.progress import CancelToken, Progress, silent


def measure(scored: Scored | None) -> ClipMeasures | None:
    """Figures of one file of clips, or None where none was run."""
    if scored is None:
        return None
    blank_figures = blanks.measure(scored.predictions)
    mask = scored.labelled
    in_top = (scored.predictions.top[mask] == scored.clips.gloss_ids[mask][:, None]).any(axis=1)
    return ClipMeasures(
        accuracies={name: accuracy(scored.right(ids)) for name, ids in scored.rules.items()},
        top5=accuracy(in_top) if scored.predictions.ranked >= min(TOP, scored.predictions.glosses) else None,
        blanks=blank_figures,
        histogram=collapse.measure(scored, blank_figures.padded_frames if blank_figures else 0),
        losses=metadata.measure_losses(scored),
    )


def diagnose(
    evidence: Evidence, *, measured: bool = False, progress: Progress = silent, cancel: CancelToken | None = None
) -> Diagnosis:
    """Ask every question and rank the causes.

    Args:
        evidence: The case.
        measured: True where its clips are not to be looked through here, even if nothing is known of them.
        progress: Told how far the longer questions are.
        cancel: Asked now and then.

    Raises:
        Cancelled: If `cancel` was set.
    """
    data = evidence.data
    if data is None and evidence.saved is None and not measured:
        data = measure_clips(evidence.case.validation, evidence.case.train, progress=progress, cancel=cancel)
    validation, train = measure(evidence.validation), measure(evidence.train)
    audit = labels.audit(evidence)
    labels_wrong = audit is not None and audit.agree < audit.of
    truth = labels.truth_by_name(audit)
    tested = (
        chance.compare_with_guessing(evidence.validation, chance.looks(evidence.history), truth)
        if evidence.validation
        else None
    )
    above = tested.above if tested else None
    swept = blanks.sweep(evidence.validation, truth) if evidence.validation else None
    stage1 = pretraining.judge(evidence.stage1, evidence.history)
    probes = probing.measure(evidence, data, truth, labels_wrong=labels_wrong)
    reproduction = metadata.reproduce(evidence, validation.losses if validation else None, probes.padding)
    run_measures = run.measure(evidence)
    remapped, remap_answers = counterfactuals.remap(evidence.validation, audit)
    mended = realigned.best(evidence.validation, evidence.realigned, truth, swept)
    offset = offsets.find(evidence.validation) if evidence.saved is not None and truth is None else None
    unnamed = audit is None and offset is None
    renumbered = relabelling.find(evidence.validation, progress=progress, cancel=cancel) if unnamed else None
    spoken, spoken_train = (
        continuous.measure(one, evidence.case, evidence.checkpoint) for one in (evidence.validation, evidence.train)
    )
    answers = [
        continuous.ask(spoken, spoken_train),
        labels.ask(evidence, audit),
        remap_answers,
        classes.ask(evidence),
        weights.ask(evidence),
        metadata.ask(evidence, reproduction, validation.losses if validation else None),
        chance.ask(evidence, tested, by_name=truth is not None),
        pretraining.ask(evidence, stage1),
        training.ask(evidence),
        blanks.ask(
            validation.blanks if validation else None,
            swept,
            no_blank=validation is not None and validation.blanks is None and not _one_saved_answer(evidence),
        ),
        blanks.ask_training(blanks.sweep(evidence.train) if evidence.train else None),
        collapse.ask(validation.histogram if validation else None, train.histogram if train else None),
        collapse.ask_training(evidence.train),
        decoders.ask(evidence.validation, truth, reproduction.decoder),
        confidence.ask(evidence.validation, truth),
        dependence.ask(evidence.validation),
        data_quality.ask(evidence, data),
        landmarks.ask(data),
        structure.ask(data),
        realigned.ask(
            mended,
            data,
            evidence.saturated if evidence.case.train is None else None,
            tried=bool(evidence.realigned),
        ),
        feasibility.ask(evidence),
        agreement.ask(evidence, data, mended=mended is not None),
        nearest.ask(data, evidence.validation, truth),
        capacity.ask(evidence),
        files.ask(evidence),
        saved_outputs.ask(evidence),
        offsets.ask(offset, tried=evidence.saved is not None and truth is None),
        relabelling.ask(renumbered, tried=unnamed and evidence.validation is not None),
        overfitting.ask(
            evidence,
            labels_wrong=labels_wrong,
            above_chance=above,
            cleared=agreement.is_cleared(data) and mended is None and audit is not None and not labels_wrong,
        ),
        run.ask(evidence, run_measures),
        *probing.ask(probes, evidence, truth, reproduction.stored_acc),
    ]
    tests = multiplicity.count(answers)
    answers = multiplicity.correct(answers, tests)
    findings = tuple(finding for answer in answers for finding in answer.findings)
    computed = {
        "label-map-mismatch": remapped or offsets.counterfactual(offset) or relabelling.counterfactual(renumbered),
        "blank-collapse": counterfactuals.without_blank(swept),
        "decoder-mismatch": padding.counterfactual(probes.padding, reproduction.stored_acc)
        or counterfactuals.best_decoder(evidence.validation, audit, reproduction.decoder),
        "feature-mismatch": mended[1] if mended else None,
        "validation-leak": counterfactuals.without_copies(evidence.validation, data, truth),
    }
    known = {key: value for key, value in computed.items() if value is not None}
    facts = Known(evidence, data, tested, {finding.id: finding for finding in findings}, reproduction)
    advice = advice_for_all(code_of(evidence), facts, known)
    ranked = tuple(advised(cause, advice) for cause in causes.rank(findings, known))
    verdict = causes.verdict_of(ranked, above)
    headline, summary = _headline(
        verdict,
        ranked,
        findings,
        audit,
        predicted=evidence.validation is not None,
        missing=_what_is_missing(evidence),
    )
    return Diagnosis(
        verdict=verdict,
        headline=headline,
        summary=summary,
        causes=ranked,
        findings=findings,
        undetermined=_undetermined(answers, evidence, names_compared=spoken is not None and bool(spoken.reference)),
        validation=validation,
        train=train,
        by_name=counterfactuals.by_gloss_name(evidence.validation, audit),
        labels=audit,
        stage1=stage1,
        chance=tested,
        reproduction=reproduction,
        sweep=swept,
        run=run_measures,
        continuous=spoken,
        continuous_train=spoken_train,
        probes=probes,
        tests=tests,
        advice=advice,
    )


def _one_saved_answer(evidence: Evidence) -> bool:
    """True where saved outputs have one answer a clip, which says nothing about blanks."""
    return evidence.saved is not None and not evidence.saved.per_frame


def with_epochs(diagnosis: Diagnosis, along: AlongEpochs) -> Diagnosis:
    """The diagnosis with what the other files of the run add: findings, their weight, and which file to use."""
    kept = tuple(finding for finding in diagnosis.findings if finding.question != epoch_findings.QUESTION)
    findings = kept + epoch_findings.ask(along).findings
    computed = {cause.id: cause.counterfactual for cause in diagnosis.causes if cause.counterfactual is not None}
    advice = diagnosis.advice
    plain = (advised(cause, advice) if advice else cause for cause in causes.rank(findings, computed))
    ranked = tuple(epoch_findings.advised(cause, along, advice) for cause in plain)
    verdict = causes.verdict_of(ranked, diagnosis.chance.above if diagnosis.chance else None)
    predicted = diagnosis.validation is not None
    headline, summary = _headline(
        verdict, ranked, findings, diagnosis.labels, predicted=predicted, missing=diagnosis.summary
    )
    collapsed = any(cause.id == "blank-collapse" and epoch_findings.is_late_collapse(cause) for cause in ranked)
    if collapsed and headline == REMEDIES["blank-collapse"].headline:
        headline = epoch_findings.COLLAPSED
        summary = next(one.sentence for one in findings if one.id in epoch_findings.COLLAPSES)
    return replace(
        diagnosis,
        verdict=verdict,
        headline=headline,
        summary=summary,
        causes=ranked,
        findings=findings,
        along=along,
    )


def _undetermined(answers: list[Answers], evidence: Evidence, *, names_compared: bool) -> tuple[Undetermined, ...]:
    found = [one for answer in answers for one in answer.undetermined]
    if names_compared:  # gloss by gloss of continuous clips
        found = [one for one in found if one.question != labels.MEANING]
    if evidence.validation is None:
        found.insert(
            0,
            Undetermined(
                "How good is the network?",
                "Nothing was predicted, so blanks, accuracy and collapse are unknown.",
                _what_is_missing(evidence),
            ),
        )
    return tuple(found)


def _what_is_missing(evidence: Evidence) -> str:
    """What to drop to have something predicted, or where to look if it is there already."""
    if evidence.checkpoint is not None and evidence.case.validation is not None:
        return "Both files are here, but the network could not be run; see what was said of it."
    if evidence.checkpoint is not None:
        return "Add the validation clips of this checkpoint."
    if evidence.case.validation is not None:
        return "Add the checkpoint of these clips."
    return "Add the checkpoint and its validation clips."


def _summary(cause: Cause, sentences: dict[str, str], audit: LabelAudit | None) -> str:
    """The figure that carries a cause, in one or two sentences."""
    if cause.id == "label-map-mismatch" and audit is not None and audit.agree < audit.of:
        wrong = audit.of - audit.agree
        return (
            f"{wrong} of {audit.of} validation clips carry an id that stands for another gloss in {audit.reference}. "
            "No accuracy measured with these ids says anything about the network."
        )
    return sentences[cause.supporting[0]]


def _headline(
    verdict: Verdict,
    ranked: tuple[Cause, ...],
    findings: tuple[Finding, ...],
    audit: LabelAudit | None,
    *,
    predicted: bool,
    missing: str = "",
) -> tuple[str, str]:
    """The verdict in one sentence, and the finding that carries it, or what is missing for any."""
    sentences = {finding.id: finding.sentence for finding in findings}
    chance_sentence = sentences.get("above-chance", sentences.get("at-chance", ""))
    if verdict == "healthy":
        return "Nothing critical is wrong with this network", chance_sentence
    if ranked and (verdict == "ill" or ranked[0].severity != "info"):
        first = ranked[0]
        leading = next((one for one in ranked if one.severity == "critical"), first) if verdict == "ill" else first
        summary = _summary(leading, sentences, audit)
        if leading is not first:  # a warning may come before what makes the verdict
            summary += f" To be settled first: “{first.title}”."
        return vocabularies.headline_of(leading, REMEDIES[leading.id].headline), summary
    if not predicted:
        return "There is not enough here for a diagnosis yet", missing
    collapsed = next((sentences[one] for one in epoch_findings.COLLAPSES if one in sentences), "")
    if "word-error-rate" in sentences:  # one gloss a clip is not what these were trained for
        return "No cause was found; see the word error rate", collapsed or sentences["word-error-rate"]
    return "No cause was found, and the accuracy cannot be told from guessing", collapsed or chance_sentence
