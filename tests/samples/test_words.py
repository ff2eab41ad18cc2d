"""Texts with spaces: one gloss, or several?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from makers import write_cache

from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.labels import Label, words_are_glosses
from asl_inspector.samples.opening import open_clips

PHRASES = ["thank you", "good morning", "ice cream", "thank God"]


def test_words_that_recur_are_glosses_unless_each_clip_has_one_id() -> None:
    sentences = [Label((text,)) for text in ("IX DOG WALK", "DOG BIG", "IX BIG WALK")]
    assert words_are_glosses(sentences)
    assert not words_are_glosses([Label((text,), (number,)) for number, text in enumerate(PHRASES)])
    assert words_are_glosses([Label(one.glosses, (1, 2)) for one in sentences])
    assert not words_are_glosses([])


def test_a_gloss_of_two_words_with_an_id_stays_one_gloss(tmp_path: Path) -> None:
    cache = {
        f"c{index}": {
            "features": np.ones((4, 6), np.float32),
            "gloss": PHRASES[index % 4],
            "gloss_id": 1 + index % 4,
        }
        for index in range(12)
    }
    clips = open_clips(MappedFile(write_cache(tmp_path / "features_val.pkl", cache)))
    assert clips.glosses[:2] == ("thank you", "good morning")
    assert not clips.is_continuous
    assert clips.names_to_ids["thank God"] == {4}
