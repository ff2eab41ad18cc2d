"""A file of clips becomes `Clips`, by content."""

from __future__ import annotations

from asl_inspector.errors import DataError, InspectorError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken
from asl_inspector.samples.feature_caches import open_feature_cache
from asl_inspector.samples.records import Clips
from asl_inspector.sniffing import Kind, sniff

NOT_CLIPS = {
    Kind.EMPTY: ("is empty.", "The download or the copy failed; fetch it again."),
    Kind.LFS_POINTER: ("is only a Git-LFS pointer.", "Run `git lfs pull` in the repository it came from."),
    Kind.HTML: ("is a web page: the download saved an error page.", "Download the file itself."),
}


def open_clips(file: MappedFile, *, cancel: CancelToken | None = None) -> Clips:
    """Read clips with their labels; features stay in the file.

    Raises:
        DataError: If the file is no collection of clips, or holds none.
        Cancelled: If `cancel` was set.
    """
    kind = sniff(file.view)
    if kind is not Kind.PICKLE:
        what, advice = NOT_CLIPS.get(
            kind, (f"holds no clips that can be read: it is {kind.value}.", "Drop a pickled feature cache.")
        )
        raise DataError(f"“{file.path.name}” {what}", advice=advice)
    try:
        clips = open_feature_cache(file, cancel=cancel)
    except DataError:
        raise
    except InspectorError as error:
        raise DataError(
            f"“{file.path.name}” cannot be read as a feature cache. {error.sentence}",
            advice="Copy or download it again.",
            detail=error.detail,
        ) from error
    if not len(clips):
        raise DataError(f"“{file.path.name}” holds no clips.", advice="Run the feature extraction again.")
    return clips
