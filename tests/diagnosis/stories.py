"""Evidence made by hand: predictions that are what a test wants them to be, with labels and files around them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from asl_inspector.case.records import Case, CaseFile, OpenFile, Role
from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.history.records import History
from asl_inspector.inference.predictions import Predictions
from asl_inspector.samples.records import Clips, FeaturePlace, Places, Vocabulary

BLANK = 0


def make_clips(glosses: list[str], ids: list[int], *, length: int = 4, path: str = "val.pkl", seed: int = 0) -> Clips:
    """Labelled clips with random features."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(len(ids), length, 3)).astype(np.float32)
    size = length * 3 * 4
    return Clips(
        path=Path(path),
        ids=tuple(f"{path}{index}" for index in range(len(ids))),
        glosses=tuple(glosses),
        gloss_ids=np.array(ids),
        splits=(None,) * len(ids),
        lengths=np.full(len(ids), length),
        feature_count=3,
        places=Places.of(FeaturePlace(index * size, (length, 3), "<f4") for index in range(len(ids))),
        content=features.tobytes(),
    )


def scored(
    clips: Clips, said: list[int], *, classes: int, lead: float = 5.0, hidden: list[int] | None = None
) -> Scored:
    """Predictions: one spike a clip that says `said`, blanks elsewhere; `hidden` is the best gloss under the blanks."""
    length = int(clips.lengths[0])
    count = len(clips)
    best = np.repeat(np.array(hidden if hidden is not None else [max(s, 1) for s in said]), length)
    leads = np.full(count * length, lead, np.float32)
    for index, gloss in enumerate(said):
        if gloss != BLANK:
            leads[index * length + 1] = -lead
            best[index * length + 1] = gloss
    top = np.zeros((count, 5), np.int32)
    top[:, 0] = hidden if hidden is not None else said
    log_prob = np.tile(np.array([-0.1, -3, -4, -5, -6], np.float32), (count, 1))
    return Scored(
        clips,
        Predictions(
            classes=classes,
            blank=BLANK,
            ran=np.ones(count, bool),
            starts=np.arange(count + 1) * length,
            best_gloss=best.astype(np.int32),
            blank_lead=leads,
            blank_posterior=np.full(count * length, 0.9, np.float32),
            empty_log_prob=np.zeros(count, np.float32),
            top=top,
            top_log_prob=log_prob,
            loss=np.full(count, 2.0, np.float32),
            padding_reads_as=BLANK,
            device="",
            seconds=1.0,
        ),
    )


def evidence(
    *,
    validation: Scored | None = None,
    train: Scored | None = None,
    vocabularies: tuple[Vocabulary, ...] = (),
    history: History | None = None,
) -> Evidence:
    """Evidence around predictions, without a checkpoint."""
    files = []
    for role, one in ((Role.VALIDATION, validation), (Role.TRAIN, train)):
        if one is not None:
            files.append(OpenFile(CaseFile(one.clips.path, role, "", 0), None, one.clips))
    files += [OpenFile(CaseFile(one.path, Role.VOCABULARY, "", 0), None, one) for one in vocabularies]
    return Evidence(
        case=Case(tuple(files)),
        checkpoint=None,
        architecture=None,
        validation=validation,
        train=train,
        stage1=None,
        stage1_name="",
        history=history,
        nonfinite={},
    )
