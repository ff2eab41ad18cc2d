"""A correction of a file's layout, tried before it is kept."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.case.records import OpenFile
from asl_inspector.case.surveying import survey
from asl_inspector.progress import CancelToken
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.records import UNLABELLED, Clips
from asl_inspector.workers.calling import Readers, open_file
from asl_inspector.workers.folders import open_tree
from asl_inspector.workers.preview_records import ClipPreview, PreviewRow

ROWS = 8


def preview(
    path: Path, correction: Correction, *, readers: Readers | None = None, cancel: CancelToken | None = None
) -> ClipPreview:
    """The clips of a file or a folder as a correction would have them.

    Raises:
        Cancelled: If `cancel` was set.
    """
    own = Readers() if readers is None else None
    try:
        one = open_corrected(path, correction, readers=readers or own or Readers(), cancel=cancel)
    finally:
        if own is not None:
            own.close()
    if one is None or not isinstance(one.opened, Clips):
        problem = one.row.problem if one is not None else ""
        advice = one.row.advice if one is not None else ""
        return ClipPreview(0, 0, 0, None, (), problem=problem or f"“{path.name}” holds no clips.", advice=advice)
    return _preview_of(one.opened)


def _preview_of(clips: Clips) -> ClipPreview:
    labels = [_label(clips, index) for index in range(len(clips))]
    rows = tuple(
        PreviewRow(clips.ids[index], labels[index], int(clips.lengths[index])) for index in range(min(ROWS, len(clips)))
    )
    labelled = sum(bool(label) for label in labels)
    return ClipPreview(len(clips), labelled, clips.gloss_count, clips.mapping, rows, clips.notes)


def _label(clips: Clips, index: int) -> str:
    """The label of a clip in words; empty where it has none."""
    if clips.targets and clips.targets[index]:
        return " ".join(clips.targets[index])
    if clips.target_ids and clips.target_ids[index]:
        return " ".join(map(str, clips.target_ids[index]))
    gloss, number = clips.glosses[index], int(clips.gloss_ids[index])
    parts = [gloss or "", f"({number})" if gloss else str(number)] if number != UNLABELLED else [gloss or ""]
    return " ".join(part for part in parts if part)


def open_corrected(
    path: Path, correction: Correction, *, readers: Readers, cancel: CancelToken | None = None
) -> OpenFile | None:
    """A file or a folder of clips, read as the user says; None where the folder holds no clips.

    Raises:
        Cancelled: If `cancel` was set.
    """
    if not path.is_dir():
        return open_file(path, readers=readers, cancel=cancel, correction=correction)
    for tree in survey(path, cancel=cancel).trees:
        found = open_tree(tree, readers=readers, correction=correction, cancel=cancel)
        if found is not None and found.row.path == tree.folder:
            return found
    return None
