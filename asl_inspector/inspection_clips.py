"""The clips of a case looked through: what they hold, how two sets of them differ, which are near each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asl_inspector.case.records import Case
from asl_inspector.errors import DataError
from asl_inspector.inspection_parts import Key, identity_of
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.samples.records import Clips

if TYPE_CHECKING:
    from asl_inspector.data.records import ClipFeatures, ClipSurvey, DataMeasures, Neighbours, SimilarClips


class ClipLooks:
    """What was found in clips; a file is looked through once while it stays the same."""

    def __init__(self) -> None:
        self._surveys: dict[Key, ClipSurvey] = {}
        self._measured: tuple[tuple[Key | None, Key | None], DataMeasures] | None = None

    def clear(self) -> None:
        """Forget everything."""
        self._surveys, self._measured = {}, None

    def look_through(self, case: Case, progress: Progress, cancel: CancelToken) -> DataMeasures | None:
        """What is found in the clips; a file is looked through once while it stays the same."""
        from asl_inspector.data.measuring import against_each_other

        validation, train = case.validation, case.train
        if validation is None and train is None:
            return None
        ours = self._survey(case, validation, "validation", progress, cancel) if validation is not None else None
        theirs = self._survey(case, train, "training", progress, cancel) if train is not None else None
        key = _key_of(case, validation), _key_of(case, train)
        if self._measured is None or self._measured[0] != key:
            measured = against_each_other(validation, train, ours, theirs, progress=progress, cancel=cancel)
            self._measured = key, measured
        return self._measured[1]

    def _survey(self, case: Case, clips: Clips, what: str, progress: Progress, cancel: CancelToken) -> ClipSurvey:
        from asl_inspector.data.surveying import survey

        key = _key_of(case, clips) or ()
        if key not in self._surveys:
            self._surveys[key] = survey(clips, what, progress=progress, cancel=cancel)
        return self._surveys[key]

    def neighbours(self, case: Case, method: str, progress: Progress, cancel: CancelToken) -> Neighbours:
        """The nearest training clip of every validation clip.

        Args:
            case: The case.
            method: "resampled" or "dtw".
            progress: Told how far it is.
            cancel: Asked now and then.

        Raises:
            DataError: If there is nothing to compare.
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.data.measuring import nearest_clips
        from asl_inspector.data.shift import compare

        if case.validation is None or case.train is None:
            raise DataError("There is nothing to compare.", advice="Drop the training and the validation clips.")
        known = self._survey(case, case.train, "training", progress, cancel)
        shift = compare(self._survey(case, case.validation, "validation", progress, cancel), known)
        return nearest_clips(
            case.validation,
            case.train,
            known,
            method,
            ignored=shift.extreme if shift is not None else (),
            progress=progress,
            cancel=cancel,
        )

    def similar_clips(self, case: Case, index: int, progress: Progress, cancel: CancelToken) -> SimilarClips:
        """The validation clips whose features are nearest to those of one.

        Raises:
            DataError: If there are no features, or they cannot be compared.
            Cancelled: If `cancel` was set.
        """
        from asl_inspector.data.similar import similar_clips

        if case.validation is None:
            raise DataError("The features of the clips are not at hand.", advice="Add the validation clips.")
        known = self._survey(case, case.validation, "validation", progress, cancel)
        return similar_clips(known, index, progress=progress, cancel=cancel)

    def clip_features(self, case: Case, index: int) -> ClipFeatures:
        """One validation clip's numbers as they are in the file.

        Raises:
            DataError: If there is no such clip, or its numbers cannot be read.
        """
        from asl_inspector.data.clip_features import clip_features

        source = next((one for one in case.files if one.opened is case.validation), None)
        known = self._surveys.get(identity_of(source)) if source is not None else None
        return clip_features(case.validation, index, known)


def _key_of(case: Case, clips: Clips | None) -> Key | None:
    """What tells the content of the clips' file from another one's; None without clips."""
    return None if clips is None else identity_of(next(one for one in case.files if one.opened is clips))
