"""What a correction of the layout would give."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from asl_inspector.samples.mapping import Correction
from asl_inspector.workers.calling import Readers
from asl_inspector.workers.previewing import preview

X = np.random.default_rng(0).normal(size=(8, 6, 5)).astype("f4")


Y = np.arange(8) % 3


def test_a_preview_shows_what_a_correction_would_give(tmp_path: Path, readers: Readers) -> None:
    np.savez(tmp_path / "a.npz", pose=X, other=X + 1, gloss_id=Y, category=7 - Y)
    guess = preview(tmp_path / "a.npz", Correction(), readers=readers)
    assert (guess.clips, guess.labelled, guess.mapping.features) == (8, 8, "pose")
    assert guess.mapping.available[:2] == ("pose: float32 (8, 6, 5)", "other: float32 (8, 6, 5)")
    changed = preview(tmp_path / "a.npz", Correction(features="other", label="category"), readers=readers)
    assert changed.mapping.label == "category"
    assert [row.label for row in changed.rows[:3]] == ["7", "6", "5"]
    nothing = preview(tmp_path / "a.npz", Correction(features="nothing of this name"), readers=readers)
    assert nothing.clips == 0
    assert nothing.problem


def test_a_preview_of_no_clips_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY")
    assert "breaks off" in preview(tmp_path / "a.npy", Correction()).problem
