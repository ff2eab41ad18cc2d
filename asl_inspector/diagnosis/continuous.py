"""How well are the glosses of continuous clips recognised, in order?

Idea: where clips hold several glosses, a clip is not right or wrong; the fewest edits from what was recognised to what
was signed are counted (`inference.word_errors`). What is recognised is the greedy CTC path, or the best prefix of a beam
search where that decoder was chosen; the rate of the greedy path is then told beside it.

Units: the word error rate is a fraction of the glosses signed and may exceed 1. Guards: a gloss that the network has no
output for counts as signed and can only be an error; where the files give names, glosses are compared by name, so that
ids which are numbered differently in two files cost nothing here and are named instead.

Source: Levenshtein 1966; NIST's sclite for the convention.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from asl_inspector.case.records import Case
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.diagnosis.continuous_records import BEAM, GREEDY, ContinuousMeasures
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.inference.decoding import greedy_paths
from asl_inspector.inference.word_errors import WordErrors, together, word_errors
from asl_inspector.samples.records import UNLABELLED, Clips

Paths = Sequence[tuple[int, ...]]
NO_OUTPUT = -1
MOSTLY = 2 / 3
FEWEST_ERRORS = 10


def measure(scored: Scored | None, case: Case, checkpoint: Checkpoint | None) -> ContinuousMeasures | None:
    """Count the edits, or None where the clips are not continuous or their glosses have no ids."""
    if scored is None or scored.predictions.one_answer_a_clip or not _several_a_clip(scored.clips):
        return None
    clips, ran = scored.clips, scored.predictions.ran
    reference, learned = _reference(case, checkpoint)
    if clips.targets and learned:
        signed = tuple(tuple(learned.get(gloss, NO_OUTPUT) for gloss in target) for target in clips.targets)
    elif clips.target_ids:
        signed, reference = tuple(tuple(target) for target in clips.target_ids), ""
    else:
        return None
    beam = scored.predictions.beam if scored.decoder == "beam" else None
    greedy = greedy_paths(scored.predictions)
    recognised = greedy if beam is None else beam.paths
    counted = _counted(signed, recognised)
    known = list(itertools.compress(counted, ran.tolist()))
    columns = np.array([(one.substitutions, one.deletions, one.insertions) for one in counted], np.int64).reshape(-1, 3)
    columns.flags.writeable = False
    both = zip(signed, clips.target_ids, strict=True) if reference and clips.target_ids else ()
    same = [a == b for ours, theirs in both for a, b in zip(ours, theirs, strict=False)]
    return ContinuousMeasures(
        signed=signed,
        recognised=recognised,
        substitutions=columns[:, 0],
        deletions=columns[:, 1],
        insertions=columns[:, 2],
        total=together(known),
        clips=len(known),
        reference=reference,
        other_ids=same.count(False),
        compared=len(same),
        decoder=GREEDY if beam is None else BEAM,
        greedy=None if beam is None else together(itertools.compress(_counted(signed, greedy), ran.tolist())),
        names={number: gloss for gloss, number in (learned or _names_to_ids(clips)).items()},
    )


def _counted(signed: Paths, recognised: Paths) -> list[WordErrors]:
    return [word_errors(*both) for both in zip(signed, recognised, strict=True)]


def _several_a_clip(clips: Clips) -> bool:
    """True where clips hold several glosses, and are not labelled by one id each."""
    if clips.target_ids:
        return any(len(ids) > 1 for ids in clips.target_ids)
    return any(len(names) > 1 for names in clips.targets) and bool((clips.gloss_ids == UNLABELLED).all())


def _reference(case: Case, checkpoint: Checkpoint | None) -> tuple[str, dict[str, int]]:
    """Gloss to id as the network learned it: the training clips, else the checkpoint's map, else a vocabulary."""
    train = _names_to_ids(case.train)
    if train:
        return "the training clips", train
    stored = checkpoint.contents.gloss_to_id if checkpoint else None
    if stored:
        return "the checkpoint's own vocabulary", dict(stored)
    for vocabulary in case.vocabularies:
        if vocabulary.gloss_to_id:
            return f"“{vocabulary.path.name}”", dict(vocabulary.gloss_to_id)
    return "", {}


def _names_to_ids(clips: Clips | None) -> dict[str, int]:
    """Each gloss's most frequent id, ties to the lowest."""
    if clips is None or not clips.targets or not clips.target_ids:
        return {}
    pairs = zip(clips.targets, clips.target_ids, strict=True)
    counts = Counter(pair for names, ids in pairs for pair in zip(names, ids, strict=False))
    best: dict[str, tuple[int, int]] = {}
    for (gloss, number), count in counts.items():
        best[gloss] = max(best.get(gloss, (0, 0)), (count, -number))
    return {gloss: -negative for gloss, (_, negative) in best.items()}


def rate_words(total: WordErrors) -> str:
    """ "23.44 %: 10 substitutions, 3 deletions and 2 insertions in 64 glosses", or why there is no rate."""
    if total.rate is None:
        return "undefined, because nothing was signed"
    kinds = ((total.substitutions, "substitution"), (total.deletions, "deletion"), (total.insertions, "insertion"))
    counted = [f"{count:,} {name}{'s' if count != 1 else ''}" for count, name in kinds]
    return f"{100 * total.rate:.2f} %: {counted[0]}, {counted[1]} and {counted[2]} in {total.glosses:,} glosses"


def ask(measures: ContinuousMeasures | None, train: ContinuousMeasures | None) -> Answers:
    """Findings on continuous clips."""
    if measures is None or measures.total.rate is None:
        return Answers()
    total = measures.total
    facts: dict[str, Fact] = {
        "rate": total.rate,
        "substitutions": total.substitutions,
        "deletions": total.deletions,
        "insertions": total.insertions,
        "glosses": total.glosses,
        "clips": measures.clips,
        "train_rate": train.total.rate if train is not None else None,
    }
    beside = ""
    if train is not None and train.total.rate is not None:
        beside = f" On the training clips it is {100 * train.total.rate:.2f} %."
    if measures.greedy is not None and measures.greedy.rate is not None:
        facts["greedy_rate"] = measures.greedy.rate
        beside = f" That of the greedy path is {100 * measures.greedy.rate:.2f} %.{beside}"
    sentence = (
        f"The word error rate of the {measures.decoder} is {rate_words(total)} of {measures.clips:,} clips.{beside}"
    )
    findings = [Finding("word-error-rate", "continuous", "info", sentence, facts, "samples")]
    findings += _mostly(total)
    if measures.reference and measures.compared and not measures.other_ids:
        sentence = f"All {measures.compared:,} glosses signed have the ids that they have in {measures.reference}."
        same: dict[str, Fact] = {"compared": measures.compared}
        findings.append(Finding("target-ids-agree", "continuous", "info", sentence, same, "samples"))
    if measures.other_ids:
        sentence = (
            f"{measures.other_ids:,} of {measures.compared:,} glosses signed have another id in the validation file than in "
            f"{measures.reference}. The word error rate is by gloss name; by these ids it would be higher."
        )
        ids: dict[str, Fact] = {"other_ids": measures.other_ids, "glosses": total.glosses}
        findings.append(Finding("target-ids-disagree", "continuous", "warning", sentence, ids, "samples"))
    return Answers(tuple(findings))


def _mostly(total: WordErrors) -> list[Finding]:
    """One kind of error that outweighs the others says where to look."""
    errors = total.substitutions + total.deletions + total.insertions
    if errors < FEWEST_ERRORS:
        return []
    if total.deletions > MOSTLY * errors:
        sentence = f"{total.deletions:,} of {errors:,} errors are deletions: the blank wins where a gloss was signed."
        facts: dict[str, Fact] = {"deletions": total.deletions, "errors": errors}
        return [Finding("mostly-deletions", "continuous", "info", sentence, facts, "blanks")]
    if total.insertions > MOSTLY * errors:
        sentence = f"{total.insertions:,} of {errors:,} errors are insertions: glosses are said more than once or where none is."
        return [
            Finding(
                "mostly-insertions",
                "continuous",
                "info",
                sentence,
                {"insertions": total.insertions, "errors": errors},
                "samples",
            )
        ]
    return []
