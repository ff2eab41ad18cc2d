"""The answers clip by clip, as the JSON of a diagnosis has them: what a later comparison pairs by."""

from __future__ import annotations

from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.sample_table import sample_table
from asl_inspector.samples.records import UNLABELLED


def samples_json(inspected: Inspected) -> Json:
    """Columns of equal length, one value a validation clip in file order, or None where nothing was predicted.

    `id_in_training` is the id that the clip's gloss has in training, null where that is unknown; `answer` the decoded
    id, null for a clip that was not run. Right or wrong follows from them.
    """
    table, scored = sample_table(inspected), inspected.validation
    if table is None or scored is None:
        return None
    known = (table.true_ids.tolist(), table.learned_ids.tolist())
    true_ids, learned_ids = ([None if one == UNLABELLED else one for one in column] for column in known)
    answers = zip(scored.answer.tolist(), table.ran.tolist(), strict=True)
    return {
        "decoder": scored.decoder,
        "clip": list(table.clip_ids),
        "gloss": list(table.glosses),
        "id": true_ids,
        "id_in_training": learned_ids,
        "answer": [answer if ran else None for answer, ran in answers],
    }
