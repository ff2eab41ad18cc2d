"""One process's side of a sweep: the data opened once, and one checkpoint after the other inspected on it.

The inspection is the one of `diagnose`; nothing here knows which engine asks.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from asl_inspector.case.records import Case, Role
from asl_inspector.case.same_run import shapes_of
from asl_inspector.checkpoints.records import Checkpoint, parameter_count
from asl_inspector.errors import DataError, InspectorError
from asl_inspector.inference.records import Settings
from asl_inspector.inspection import Inspector
from asl_inspector.progress import CancelToken
from asl_inspector.samples.records import UNLABELLED, Clips
from asl_inspector.samples.sources import ClipSources
from asl_inspector.sweep.records import (
    CauseFacts,
    ClipAnswers,
    ClipList,
    DataFacts,
    DataFile,
    Facts,
    Figures,
    Job,
    Part,
    Setup,
)

if TYPE_CHECKING:
    from asl_inspector.diagnosis.evidence import Scored
    from asl_inspector.report.contents import Inspected

LONGEST_SETTING = 200
DIGITS = 4  # of a confidence


class Workbench:
    """Holds the data of a sweep.

    Args:
        setup: What is the same for all jobs.

    Raises:
        InspectorError: If a file of the data is missing or holds something else.
    """

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.inspector = Inspector(
            Settings(device=setup.device, decoder=setup.decoder, blank=setup.blank, choices=setup.choices)
        )
        self._roles = _roles_of(setup)
        self.inspector.add(list(self._roles), self._roles)
        self._check()

    def _check(self) -> None:
        for one in self.inspector.case.files:
            row = one.row
            wanted = self._roles.get(row.path)
            if row.problem:
                raise DataError(row.problem, advice=row.advice)
            if wanted is not None and wanted not in row.choices:
                raise DataError(f"“{row.path.name}” cannot be the {wanted.value}: it holds {row.summary}.")
        if self.inspector.case.validation is None:
            raise DataError("There are no validation clips.", advice="Give them with --val.")

    @property
    def clips(self) -> Clips:
        """The validation clips."""
        found = self.inspector.case.validation
        assert found is not None  # noqa: S101 - checked when the bench was made
        return found

    def facts(self) -> DataFacts:
        """The files with their hashes, and the clips."""
        case = self.inspector.hash_files()
        files = [
            DataFile(one.row.path, one.row.role.value, one.row.bytes, one.row.sha256 or "")
            for one in case.files
            if one.row.role is not Role.UNUSED
        ]
        clips = self.clips
        glosses = tuple(gloss or "" for gloss in clips.glosses)
        return DataFacts(tuple(files), ClipList(clips.ids, glosses, tuple(clips.gloss_ids.tolist())))

    def prepare(self) -> None:
        """Look through the clips, and let go of the processes that read, so that this process can be copied."""
        self.inspector.look_through()
        self.inspector.close_readers()

    def start_apart(self) -> None:
        """For a copy of the process in which the bench was made: two processes must not write to one spool."""
        for clips in (self.inspector.case.validation, self.inspector.case.train):
            if clips is not None and isinstance(clips.content, ClipSources):
                clips.content.start_apart()

    def inspect(self, job: Job, cancel: CancelToken | None = None) -> Part:
        """Inspect one file; whatever is wrong with it becomes a sentence.

        Raises:
            Cancelled: If `cancel` was set.
        """
        started = time.perf_counter()
        try:
            return self._inspect(job, started, cancel or CancelToken())
        except InspectorError as error:
            return Part(job.key, error.sentence, error.advice)
        except MemoryError:
            return Part(job.key, "There is not enough memory to inspect this file.", "Use fewer workers.", again=True)
        except Exception as error:  # noqa: BLE001 - one file must not end the sweep of the others
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            sentence = f"Inspecting “{job.path.name}” met an error of the program itself"
            return Part(job.key, f"{sentence} ({type(error).__name__} in {where}).", "Please report it.", again=True)
        finally:
            self.inspector.keep_only(set(self._roles))
            self.inspector.forget_networks()

    def _inspect(self, job: Job, started: float, cancel: CancelToken) -> Part:
        path = job.path.absolute()
        case = self.inspector.add([path], {path: Role.CHECKPOINT}, cancel=cancel)
        facts = _facts(case, path)
        if facts is None:
            return _without_network(job, case, path)
        inspected = self.inspector.inspect(cancel=cancel)
        scored = inspected.validation
        if scored is None:
            told = inspected.problems[0] if inspected.problems else None
            sentence = told.sentence if told else "Nothing was predicted."
            return Part(job.key, sentence, told.advice if told else "", facts=facts)
        if inspected.architecture is not None:
            facts = _with_network(facts, inspected.architecture.description)
        clips = _answers(inspected, scored)
        return Part(
            job.key, facts=facts, figures=_figures(inspected, scored, clips, time.perf_counter() - started), clips=clips
        )


def _roles_of(setup: Setup) -> dict[Path, Role]:
    roles = {setup.validation.absolute(): Role.VALIDATION}
    if setup.train is not None:
        roles[setup.train.absolute()] = Role.TRAIN
    if setup.stage1 is not None:
        roles[setup.stage1.absolute()] = Role.STAGE1
    return roles | {path.absolute(): Role.VOCABULARY for path in setup.vocabularies}


def _without_network(job: Job, case: Case, path: Path) -> Part:
    row = next((one.row for one in case.files if one.row.path == path), None)
    if row is None:
        return Part(job.key, f"“{path.name}” is not there any more.", again=True)
    if row.problem:
        return Part(job.key, row.problem, row.advice)
    return Part(job.key, f"“{path.name}” holds no network: it holds {row.summary}.", other=True)


def _facts(case: Case, path: Path) -> Facts | None:
    one = next((one for one in case.files if one.row.path == path), None)
    if one is None or not isinstance(one.opened, Checkpoint):
        return None
    checkpoint = one.opened
    contents = checkpoint.contents
    settings = {
        key: value[:LONGEST_SETTING] if isinstance(value, str) else value
        for key, value in contents.hyperparameters.items()
        if isinstance(value, bool | int | str) or value is None or (isinstance(value, float) and math.isfinite(value))
    }
    weights = tuple(checkpoint.weights.values())
    vocabulary = contents.gloss_to_id
    return Facts(
        epoch=contents.epoch,
        settings=settings,
        shapes=_digest(sorted((name, list(shape)) for name, shape in shapes_of(checkpoint))),
        vocabulary=_digest(sorted(vocabulary.items())) if vocabulary else "",
        parameters=parameter_count(weights),
        architecture="",
    )


def _with_network(facts: Facts, architecture: str) -> Facts:
    return Facts(facts.epoch, facts.settings, facts.shapes, facts.vocabulary, facts.parameters, architecture)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def _answers(inspected: Inspected, scored: Scored) -> ClipAnswers:
    from asl_inspector.diagnosis.along_epochs import answers_of
    from asl_inspector.diagnosis.labels import truth_by_name
    from asl_inspector.report.sample_table import gloss_names

    found = answers_of(scored)
    names = gloss_names(inspected)
    by_name = truth_by_name(inspected.diagnosis.labels)
    truth = scored.clips.gloss_ids if by_name is None else by_name
    labelled = np.not_equal(scored.clips.gloss_ids, UNLABELLED)
    best = np.exp(scored.predictions.top_log_prob[:, 0].astype(np.float64))
    blank = scored.predictions.blank
    return ClipAnswers(
        answers=tuple(found.answers.tolist()),
        spoken=tuple(found.spoken.tolist()),
        said=tuple("" if one == blank else names.get(one, "") for one in found.answers.tolist()),
        confidence=tuple(round(one, DIGITS) if math.isfinite(one) else None for one in best.tolist()),
        truth=tuple(np.where(labelled, truth, UNLABELLED).tolist()),
        ran=_letters(found.ran),
        empty=_letters(found.empty),
    )


def _letters(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    return "".join("1" if one else "0" for one in mask.tolist())


def _figures(inspected: Inspected, scored: Scored, clips: ClipAnswers, seconds: float) -> Figures:
    from asl_inspector.diagnosis.along_epochs import answers_of
    from asl_inspector.diagnosis.measures import effective_classes

    diagnosis, measures = inspected.diagnosis, inspected.diagnosis.validation
    found = answers_of(scored)
    labelled = scored.labelled
    truth = np.array(clips.truth)
    train = inspected.train
    spoken = found.spoken[found.ran & ~found.empty].astype(np.int64)
    return Figures(
        right=int(np.equal(found.answers, truth)[labelled].sum()),
        of=int(labelled.sum()),
        top5=measures.top5.correct if measures is not None and measures.top5 is not None else None,
        blank_share=found.blank_share,
        empty_share=float(found.empty[found.ran].mean()) if found.ran.any() else None,
        effective=effective_classes(spoken) if len(spoken) else None,
        loss=found.loss,
        train_right=int(train.right(train.answer).sum()) if train is not None else None,
        train_of=int(train.labelled.sum()) if train is not None else None,
        by_name=diagnosis.labels is not None and bool((truth != scored.clips.gloss_ids)[labelled].any()),
        verdict=diagnosis.verdict,
        headline=diagnosis.headline,
        causes=tuple(
            CauseFacts(one.id, one.title, round(one.confidence, DIGITS), one.severity) for one in diagnosis.causes
        ),
        glosses=found.glosses,
        device=scored.predictions.device,
        seconds=round(seconds, 3),
    )
