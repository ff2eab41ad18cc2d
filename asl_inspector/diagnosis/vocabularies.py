"""Do the vocabularies number the glosses as the training clips do?

Idea: the network learned the ids of its training clips. A vocabulary, in the checkpoint or in a file, names its answers;
where it gives a gloss another id, every answer that is named by it, and every accuracy counted by those names, is wrong,
though the network may be right. A vocabulary in which two glosses share an id contradicts itself.

Null: none is needed; a disagreement is a fact. Guards: names are compared as they are written, and a vocabulary that
differs by one and the same step everywhere only counts otherwise (from nought, or without the blank): that is a warning.

Source: the audit of ids and names in docs/decisions/0004-labels-first.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Fact, Finding
from asl_inspector.diagnosis.records import Cause

WHERE = "keys:gloss_to_id"
MOST_NAMED = 3
FEWEST_COMMON = 2  # glosses that both must have: one can be a coincidence of names
TITLE = "Label map mismatch between vocabulary and training clips"
HEADLINE = "The vocabulary does not mean what the network learned"


def ask(evidence: Evidence, learned: Mapping[str, int]) -> list[Finding]:
    """Findings on the vocabulary in the checkpoint and on those that were dropped.

    Args:
        evidence: The case.
        learned: Gloss to id in the training clips; empty where they are not there or give no names.
    """
    sources = [(f"“{one.path.name}”", one.gloss_to_id) for one in evidence.case.vocabularies]
    stored = evidence.checkpoint.contents.gloss_to_id if evidence.checkpoint else None
    if stored:
        sources.append(("the vocabulary in the checkpoint", stored))
    broken = [(name, mapping) for name, mapping in sources if has_shared_ids(mapping)]
    sound = [(name, mapping) for name, mapping in sources if not has_shared_ids(mapping)]
    return [*_shared(broken), *_differing(sound, learned)]


def has_shared_ids(mapping: Mapping[str, int]) -> bool:
    """True where two glosses have one id, so that the map cannot be what a network was trained with."""
    return len(set(mapping.values())) < len(mapping)


def joined(glosses: Iterable[str]) -> str:
    """`“a”, “b” and “c”`."""
    quoted = [f"“{gloss}”" for gloss in glosses]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]


def retold(cause: Cause) -> Cause:
    """The cause in words about the vocabulary, where the ids of the splits agree and only a vocabulary does not."""
    is_the_vocabulary = "vocabulary-differs" in cause.supporting and "ids-agree" in cause.opposing
    if cause.id != "label-map-mismatch" or not is_the_vocabulary:
        return cause
    return replace(
        cause,
        title=TITLE,
        next_experiment="Name a few answers by the ids of the training clips and look whether they are right. No training "
        "is needed.",
        fix="Save the vocabulary that the training clips were numbered with, inside the checkpoint and beside it, and read "
        "that file wherever answers are named.",
        would_change="A vocabulary that gives every gloss the id of the training clips.",
        expectation="The accuracy told here is counted by ids and stays as it is; answers that are named by the vocabulary, "
        "and what is counted by those names, become right.",
    )


def headline_of(cause: Cause, usual: str) -> str:
    """What the verdict says of this cause."""
    return HEADLINE if cause.title == TITLE else usual


def _shared(broken: list[tuple[str, Mapping[str, int]]]) -> Iterator[Finding]:
    """A vocabulary in which two glosses share an id was put together from different numberings."""
    if not broken:
        return
    mapping = broken[0][1]
    ids = Counter(mapping.values())
    number = ids.most_common(1)[0][0]
    sharing = sorted(gloss for gloss, held in mapping.items() if held == number)[:MOST_NAMED]
    names = " and ".join(name for name, _ in broken)
    sentence = (
        f"{_capital(names)} list{'s' if len(broken) == 1 else ''} {len(mapping)} glosses but only {len(ids)} "
        f"different ids: {joined(sharing)} are {'both' if len(sharing) == 2 else 'all'} {number}."
    )
    facts: dict[str, Fact] = {"glosses": len(mapping), "ids": len(ids), "sources": [name for name, _ in broken]}
    yield Finding("glosses-share-ids", "labels", "critical", sentence, facts, WHERE)


def _differing(sound: list[tuple[str, Mapping[str, int]]], learned: Mapping[str, int]) -> Iterator[Finding]:
    """Vocabularies that give glosses other ids than the training clips; told of the first of each kind."""
    told: set[str] = set()
    for name, mapping in sound:
        common = sorted(set(mapping) & set(learned), key=learned.__getitem__)
        other = [gloss for gloss in common if mapping[gloss] != learned[gloss]]
        if len(common) < FEWEST_COMMON or not other:
            continue
        steps = {mapping[gloss] - learned[gloss] for gloss in common}
        kind = "vocabulary-offset" if steps in ({1}, {-1}) else "vocabulary-differs"
        if kind in told:
            continue
        told.add(kind)
        facts: dict[str, Fact] = {"glosses": len(other), "of": len(common), "source": name}
        if kind == "vocabulary-offset":
            step = "higher" if steps == {1} else "lower"
            sentence = (
                f"{_capital(name)} numbers all {len(common)} glosses one {step} than the training clips: it counts from "
                "another start, or without the blank. Add the difference before naming answers by it."
            )
            yield Finding(kind, "labels", "warning", sentence, facts, WHERE)
        else:
            shown = "; ".join(
                f"“{gloss}” is {mapping[gloss]} there and {learned[gloss]} in the training clips"
                for gloss in other[:MOST_NAMED]
            )
            sentence = f"{_capital(name)} gives {len(other)} of {len(common)} glosses another id than the training clips: {shown}."
            yield Finding(kind, "labels", "critical", sentence, facts, WHERE)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
