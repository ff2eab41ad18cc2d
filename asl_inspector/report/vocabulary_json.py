"""The vocabulary that the network learned, and what each id of the validation file is there, as a file to train and score by.

The file is a vocabulary as this program and the training scripts that it knows read them: `gloss_to_id`, `id_to_gloss`,
`vocab_size`. Beside them "renumbered" holds the pairs that differ, and "clips" the right id of every validation clip.
"""

from __future__ import annotations

from asl_inspector.diagnosis.relabelling import KNOWN
from asl_inspector.errors import ExportError
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import to_json
from asl_inspector.samples.records import UNLABELLED


def vocabulary_json(inspected: Inspected) -> str:
    """The corrected vocabulary.

    Raises:
        ExportError: If nothing tells what the ids should be.
    """
    audit, scored = inspected.diagnosis.labels, inspected.validation
    clips = scored.clips if scored is not None else inspected.case.validation
    if audit is not None and audit.certain and clips is not None:
        glosses = {gloss: number for number, gloss in sorted(audit.reference_glosses.items())}
        ids = audit.learned_ids.tolist()
        source = f"the ids of {audit.reference}, by gloss name"
    elif (pairs := _found(inspected)) is not None and clips is not None:
        glosses = {}
        ids = [pairs.get(number, UNLABELLED) for number in clips.gloss_ids.tolist()]
        source = "the numbering that fits the network's answers; by statistics, not by name"
    else:
        raise ExportError(
            "Nothing tells what the ids of the validation clips should be.",
            advice="Add the training clips or the training vocabulary, with gloss names.",
        )
    now = clips.gloss_ids.tolist()
    changed = sorted({(old, new) for old, new in zip(now, ids, strict=True) if new != UNLABELLED and old != new})
    outputs = inspected.architecture.classes if inspected.architecture is not None else None
    return to_json(
        {
            "gloss_to_id": glosses,
            "id_to_gloss": {str(number): gloss for gloss, number in glosses.items()},
            "vocab_size": outputs or 1 + max([*glosses.values(), *ids], default=0),
            "source": source,
            "renumbered": [{"validation": old, "training": new} for old, new in changed],
            "clips": {name: number for name, number in zip(clips.ids, ids, strict=True) if number != UNLABELLED},
        }
    )


def _found(inspected: Inspected) -> dict[int, int] | None:
    """The numbering that was found without names: ids of the file to those of training."""
    finding = next((one for one in inspected.diagnosis.findings if one.id == KNOWN), None)
    pairs = finding.evidence.get("ids") if finding is not None else None
    if not isinstance(pairs, list):
        return None
    return {int(str(one[0])): int(str(one[1])) for one in pairs if isinstance(one, list) and len(one) == 2}
