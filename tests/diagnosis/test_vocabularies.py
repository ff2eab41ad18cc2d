"""Vocabularies that number the glosses otherwise than the training clips."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnosis.stories import evidence, make_clips, scored

from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.samples.records import Vocabulary

GLOSSES = [f"g{number:02d}" for number in range(1, 11)]
IDS = {gloss: number for number, gloss in enumerate(GLOSSES, start=1)}


def case(mapping: dict[str, int]) -> Evidence:
    """A network that is right about every clip, and a vocabulary."""
    sides = {}
    for side, copies in (("validation", 4), ("train", 8)):
        names = [gloss for gloss in GLOSSES for _ in range(copies)]
        ids = [IDS[name] for name in names]
        sides[side] = scored(make_clips(names, ids, path=f"{side}.pkl", seed=copies), ids, classes=len(GLOSSES) + 1)
    vocabularies = (Vocabulary(Path("v.json"), mapping, {}, None),)
    return evidence(validation=sides["validation"], train=sides["train"], vocabularies=vocabularies)


def told(mapping: dict[str, int]) -> tuple[Diagnosis, dict[str, str]]:
    diagnosis = diagnose(case(mapping))
    return diagnosis, {one.id: one.sentence for one in diagnosis.findings if one.id.startswith("vocabulary-")}


def test_a_vocabulary_of_the_next_gloss_each_is_named_though_the_splits_agree() -> None:
    diagnosis, sentences = told({gloss: number % len(GLOSSES) + 1 for gloss, number in IDS.items()})
    assert sentences == {
        "vocabulary-differs": "“v.json” gives 10 of 10 glosses another id than the training clips: “g01” is 2 there and 1 in "
        "the training clips; “g02” is 3 there and 2 in the training clips; “g03” is 4 there and 3 in the training clips."
    }
    first = diagnosis.causes[0]
    assert (first.id, first.severity) == ("label-map-mismatch", "critical")
    assert first.title == "Label map mismatch between vocabulary and training clips"
    assert diagnosis.headline == "The vocabulary does not mean what the network learned"
    assert "stays as it is" in first.expectation
    assert "ids-agree" in first.opposing


def test_two_glosses_that_are_exchanged_are_enough() -> None:
    _, sentences = told(IDS | {"g01": 2, "g02": 1})
    assert "2 of 10 glosses" in sentences["vocabulary-differs"]


@pytest.mark.parametrize(("step", "word"), [(-1, "lower"), (1, "higher")])
def test_another_start_of_counting_is_a_warning_and_no_cause(step: int, word: str) -> None:
    diagnosis, sentences = told({gloss: number + step for gloss, number in IDS.items()})
    assert list(sentences) == ["vocabulary-offset"]
    assert f"all 10 glosses one {word}" in sentences["vocabulary-offset"]
    assert "label-map-mismatch" not in {cause.id for cause in diagnosis.causes}


@pytest.mark.parametrize(
    "mapping", [IDS, {f"other{number}": number for number in range(1, 11)}, {"g01": 4, "other": 2}]
)
def test_equal_ids_and_other_glosses_say_nothing(mapping: dict[str, int]) -> None:
    diagnosis, sentences = told(mapping)
    assert not sentences
    assert "label-map-mismatch" not in {cause.id for cause in diagnosis.causes}
