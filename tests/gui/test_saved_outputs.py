"""A case without a checkpoint: the panels show what was saved of the answers, and say what they cannot."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from gui.conftest import DirectEngine
from gui.test_window import open_and_wait, texts
from pytestqt.qtbot import QtBot
from saved_answers import CLIPS, make_answers, make_frames, write_labels

from asl_inspector.gui.main_window import MainWindow


def test_scores_of_clips_fill_the_panels_without_a_confidence(
    window: MainWindow, qtbot: QtBot, engine: DirectEngine, tmp_path: Path
) -> None:
    answers = make_answers()
    scores = tmp_path / "joint.pkl"
    scores.write_bytes(pickle.dumps(dict(zip(answers.names, answers.scores, strict=True))))
    open_and_wait(window, qtbot, [scores, write_labels(tmp_path / "labels.csv", answers)])
    shown = texts(window.diagnosis)
    assert f"{answers.correct} / {CLIPS}" in shown
    assert f"{answers.in_five} / {CLIPS}" in shown
    assert "raw scores of 12 classes" in shown
    assert "Only what the network answered was saved" in shown
    model = window.samples._model
    assert model.rowCount() == CLIPS
    titles = [column.title for column in model._columns]
    held = [model._columns[titles.index("confidence")].text(row) for row in range(CLIPS)]
    assert set(held) == {""}
    assert "Only one answer a clip was saved" in texts(window.blanks)
    assert "60 clips x 12" in texts(window.sidebar)


def test_scores_of_frames_fill_the_blank_panel_and_the_clip_below_the_table(
    window: MainWindow, qtbot: QtBot, engine: DirectEngine, tmp_path: Path
) -> None:
    answers = make_answers()
    frames, lengths = make_frames(answers)
    np.savez(tmp_path / "val.npz", logits=frames, lengths=lengths, labels=answers.labels + 1)
    open_and_wait(window, qtbot, [tmp_path / "val.npz"])
    share = 100 * (lengths.sum() - CLIPS) / lengths.sum()
    assert f"{share:.2f} %" in texts(window.blanks)
    assert "the padding of the network is not known" in texts(window.blanks)
    detail = engine.service.inspector.clip_detail(3)
    assert detail.log_posteriors.shape == (lengths[3], frames.shape[2])
    np.testing.assert_allclose(np.exp(detail.log_posteriors).sum(axis=1), 1, atol=1e-5)
    assert detail.log_posteriors[lengths[3] // 2].argmax() == 1 + answers.predicted[3]
